"""A small estate with everything that Rancher writes, in either model, and ways to change it."""

from rbac_audit.audit.estate import Estate, View
from rbac_audit.rancher.naming import role_binding_name
from rbac_audit.rancher.rendering import render
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import (
    KINDS,
    ClusterRoleBinding,
    Kind,
    KubernetesObject,
    Metadata,
    RoleBinding,
    RoleRef,
    Subject,
)
from tests.rancher.rendering.test_render import DOWN, DOWNSTREAM, GLOBAL, MANAGEMENT, crtb, prtb
from tests.rancher.worlds import objects

RBAC = "rbac.authorization.k8s.io"
ALICE = Subject(kind="User", name="u-abc12", api_group=RBAC)
Objects = dict[tuple[str, str, str, str], KubernetesObject]
Sides = dict[str, Objects]
SETTLED = (
    DOWNSTREAM
    + """
---
apiVersion: v1
kind: Namespace
metadata: {name: shop-test, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-x1y2z"}}
"""
)
PLACES = """
---
{apiVersion: v1, kind: Namespace, metadata: {name: c-m-abcd1234}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: c-m-abcd1234-p-x1y2z}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: fleet-default}}
"""
ESTATE = (
    prtb("project-member") + prtb("keeper", "groupPrincipalName: ad_group://devs", "keepers") + crtb("boss") + GLOBAL
)


def feature(aggregated: bool) -> str:
    name = "{apiVersion: management.cattle.io/v3, kind: Feature, metadata: {name: aggregated-roletemplates}"
    return f"\n---\n{name}, spec: {{value: {str(aggregated).lower()}}}}}\n"


def settled(management: str = ESTATE, *, aggregated: bool, model: bool | None = None) -> Sides:
    """An estate with all that Rancher writes, in the model of its feature or another one."""
    sides = [
        objects(MANAGEMENT + management + PLACES + feature(aggregated)),
        objects(SETTLED + "\n---\n{apiVersion: v1, kind: Namespace, metadata: {name: kube-system}}"),
    ]
    estate = Estate(Snapshot([Cluster("rancher", sides[0]), Cluster("harvester", sides[1])]))
    clusters = {view.rancher_id: view.cluster for view in estate.views}
    made = render(estate.ranchers[0], clusters, aggregated_model=aggregated if model is None else model)
    laid = {"rancher": (sides[0], made["local"]), "harvester": (sides[1], made[DOWN])}
    return {
        name: {**{item.key: item for item in before}, **{item.key: item for item in after}}
        for name, (before, after) in laid.items()
    }


def estate_of(sides: Sides, unread: tuple[Kind, ...] = (), partial: tuple[Kind, ...] = ()) -> Estate:
    """The clusters as they are now, read whole but for some kinds."""
    read = set(KINDS) - set(unread)
    of_harvester = {kind for kind in read if not kind.__module__.endswith(".rancher")}
    objects_of = {name: [item for item in side.values() if type(item) in read] for name, side in sides.items()}
    clusters = [
        Cluster("rancher", objects_of["rancher"], collected=read),
        Cluster("harvester", objects_of["harvester"], collected=of_harvester, partial=partial),
    ]
    return Estate(Snapshot(clusters))


def views(sides: Sides, unread: tuple[Kind, ...] = (), partial: tuple[Kind, ...] = ()) -> dict[str, View]:
    return {view.name: view for view in estate_of(sides, unread, partial).views}


def put(sides: Sides, item: KubernetesObject, cluster: str = "harvester") -> Sides:
    return {**sides, cluster: {**sides[cluster], item.key: item}}


def without(sides: Sides, item: KubernetesObject, cluster: str = "harvester") -> Sides:
    return {**sides, cluster: {key: other for key, other in sides[cluster].items() if key != item.key}}


def bindings(sides: Sides, cluster: str = "harvester") -> list[RoleBinding | ClusterRoleBinding]:
    return [item for item in sides[cluster].values() if isinstance(item, RoleBinding | ClusterRoleBinding)]


def binding(sides: Sides, namespace: str, role: str, user: str = "u-abc12") -> RoleBinding:
    name = role_binding_name(namespace, "ClusterRole", role, "User", user)
    found = sides["harvester"][RBAC, "RoleBinding", namespace, name]
    assert isinstance(found, RoleBinding)
    return found


def member(aggregated: bool) -> str:
    return "project-member-aggregator" if aggregated else "project-member"


def raw(name: str, namespace: str, role: str, subject: Subject) -> RoleBinding:
    return RoleBinding(
        metadata=Metadata(name=name, namespace=namespace),
        role_ref=RoleRef(kind="ClusterRole", name=role, api_group=RBAC),
        subjects=(subject,),
    )
