"""Projects and their namespaces."""

from rbac_audit.rancher.projects import Projects
from rbac_audit.snapshot.objects import Namespace, Project
from tests.rancher.worlds import objects

WORLD = """
{apiVersion: management.cattle.io/v3, kind: Project, metadata: {name: p-shop, namespace: c-1}, spec: {displayName: shop, clusterName: c-1},
 status: {backingNamespace: c-1-p-shop}}
---
{apiVersion: management.cattle.io/v3, kind: Project, metadata: {name: p-sys, namespace: c-1, labels: {authz.management.cattle.io/system-project: "true"}},
 spec: {displayName: System}}
---
{apiVersion: management.cattle.io/v3, kind: Project, metadata: {name: p-shop, namespace: c-2}, spec: {displayName: other}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: dev, annotations: {field.cattle.io/projectId: "c-1:p-shop"}, labels: {field.cattle.io/projectId: p-old}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: label-only, labels: {field.cattle.io/projectId: p-shop}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: stale, annotations: {field.cattle.io/projectId: "c-dead:p-x"}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: malformed, annotations: {field.cattle.io/projectId: "p-shop"}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: kube-system, annotations: {field.cattle.io/projectId: "c-1:p-sys"}}}
"""


def projects(rancher_id: str = "c-1", *, known: bool = True) -> Projects:
    found = objects(WORLD)
    return Projects(
        rancher_id,
        [item for item in found if isinstance(item, Project) and known],
        [item for item in found if isinstance(item, Namespace)],
    )


def name_of(namespace: str) -> str | None:
    project = projects().of(namespace)
    return project.id if project else None


def test_the_annotation_decides() -> None:
    assert name_of("dev") == "c-1:p-shop"
    assert name_of("label-only") is None
    assert name_of("malformed") is None
    assert name_of("stale") == "c-dead:p-x"


def test_the_label_is_kept_beside() -> None:
    assert projects().label_of("dev") == "p-old"
    assert projects().label_of("kube-system") == ""


def test_projects_of_other_clusters_do_not_count() -> None:
    shop = projects().find("c-1:p-shop")
    assert shop is not None
    assert (shop.name, shop.namespaces, shop.backing_namespace) == ("shop", ("dev",), "c-1-p-shop")
    assert projects().find("c-2:p-shop") is None


def test_backing_namespace_falls_back_to_the_name() -> None:
    system = projects().find("c-1:p-sys")
    assert system is not None
    assert (system.backing_namespace, system.system) == ("p-sys", True)
    assert projects().system_namespaces() == {"kube-system"}


def test_without_project_objects_kube_system_tells_the_system_project() -> None:
    blind = projects(known=False)
    found = {project.id: (project.system, project.known) for project in blind.all}
    assert found == {"c-1:p-shop": (False, False), "c-1:p-sys": (True, False), "c-dead:p-x": (False, False)}
