"""Measures comparing what Rancher renders with what is there, against reading the same files. See README.md here."""

import argparse
import gc
import json
import tempfile
import time
from pathlib import Path

import msgspec

from rbac_audit.audit.estate import Estate
from rbac_audit.rancher.rendering import render
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleTemplateBinding,
    Feature,
    GlobalRole,
    KubernetesObject,
    ManagementCluster,
    Metadata,
    Namespace,
    PolicyRule,
    Project,
    ProjectRoleTemplateBinding,
    RoleTemplate,
    User,
)
from rbac_audit.snapshot.objects.rancher_clusters import FeatureSpec, ProjectStatus
from rbac_audit.sources import SourceSpec, read_estate

CLUSTER, PROJECTS, NAMESPACES, USERS, BINDINGS = "c-m-bench001", 100, 1_000, 200, 5_000
PODS = PolicyRule(verbs=("get", "list"), api_groups=("",), resources=("pods",))
NODES = PolicyRule(verbs=("get",), api_groups=("",), resources=("nodes",))
SECRETS = PolicyRule(verbs=("get",), api_groups=("",), resources=("secrets",))
CREATE = PolicyRule(verbs=("create",), api_groups=("",), resources=("namespaces",))


def named(name: str, namespace: str = "", **annotations: str) -> Metadata:
    """Describe an object."""
    return Metadata(name=name, namespace=namespace, annotations=annotations)


def management(aggregated: bool) -> list[KubernetesObject]:
    """Make a Rancher of 200 users with 5,000 bindings in 100 projects, to four templates."""
    templates = [
        RoleTemplate(metadata=named("viewer"), context="project", rules=(PODS, NODES)),
        RoleTemplate(metadata=named("keeper"), context="project", rules=(SECRETS,), role_template_names=("viewer",)),
        RoleTemplate(metadata=named("member"), context="project", rules=(CREATE,), role_template_names=("keeper",)),
        RoleTemplate(metadata=named("edit"), context="project", external=True),
    ]
    bindings = [
        ProjectRoleTemplateBinding(
            metadata=named(f"prtb-{number:05}", f"{CLUSTER}-p-{number % PROJECTS:04}"),
            project_name=f"{CLUSTER}:p-{number % PROJECTS:04}",
            role_template_name=templates[number // PROJECTS % 4].name,
            # Fifty people in each project.
            user_name=f"u-{(number // PROJECTS * 3 + number % PROJECTS) % USERS:04}",
        )
        for number in range(BINDINGS)
    ]
    return [
        *(ManagementCluster(metadata=named(name)) for name in ("local", CLUSTER)),
        *(User(metadata=named(f"u-{n:04}"), principal_ids=(f"local://u-{n:04}",)) for n in range(USERS)),
        *(
            Project(
                metadata=named(f"p-{n:04}", CLUSTER),
                status=ProjectStatus(backing_namespace=f"{CLUSTER}-p-{n:04}"),
            )
            for n in range(PROJECTS)
        ),
        *(Namespace(metadata=named(f"{CLUSTER}-p-{n:04}")) for n in range(PROJECTS)),
        Namespace(metadata=named(CLUSTER)),
        Feature(metadata=named("aggregated-roletemplates"), spec=FeatureSpec(value=aggregated)),
        GlobalRole(metadata=named("admin"), builtin=True),
        ClusterRoleTemplateBinding(
            metadata=named("owner", CLUSTER), cluster_name=CLUSTER, role_template_name="viewer", user_name="u-0000"
        ),
        *templates,
        *bindings,
    ]


def downstream() -> list[KubernetesObject]:
    """Make a cluster of 1,000 namespaces, ten in each project."""
    project = "field.cattle.io/projectId"
    return [
        ClusterRole(metadata=named("edit"), rules=(PODS, SECRETS)),
        *(
            Namespace(metadata=named(f"ns-{n:04}", "", **{project: f"{CLUSTER}:p-{n % PROJECTS:04}"}))
            for n in range(NAMESPACES)
        ),
    ]


def write(folder: Path, items: list[KubernetesObject]) -> None:
    """Write a cluster as Lists, one file a kind."""
    folder.mkdir(parents=True)
    lists: dict[str, list[object]] = {}
    for item in items:
        version = {"": "v1", "management.cattle.io": "management.cattle.io/v3"}.get(item.group, f"{item.group}/v1")
        raw = {"apiVersion": version, "kind": item.kind, **msgspec.to_builtins(item)}
        lists.setdefault(f"{item.plural}.{item.group}".rstrip("."), []).append(raw)
    for name, members in lists.items():
        text = msgspec.json.encode({"apiVersion": "v1", "kind": "List", "items": members})
        (folder / f"{name}.json").write_bytes(text)


def laid_over(before: list[KubernetesObject], made: tuple[KubernetesObject, ...]) -> list[KubernetesObject]:
    """Put what Rancher writes over what was there."""
    return list({item.key: item for item in (*before, *made)}.values())


def measure(folder: Path, *, aggregated: bool) -> dict[str, object]:
    """Write an estate with all that Rancher renders, then read it and compare; CPU seconds of this process."""
    sides = management(aggregated), downstream()
    estate = Estate(Snapshot([Cluster("rancher", sides[0]), Cluster("harvester", sides[1])]))
    clusters = {view.rancher_id: view.cluster for view in estate.views}
    made = render(estate.ranchers[0], clusters, aggregated_model=aggregated)
    write(folder / "rancher", laid_over(sides[0], made["local"]))
    write(folder / "harvester", laid_over(sides[1], made[CLUSTER]))
    gc.collect()
    # As the command does: what lives to the end needs no collector.
    gc.disable()
    started = time.process_time()
    read = Estate(read_estate([SourceSpec(str(folder))]))
    parsed = time.process_time()
    differences = sum(len(view.differences) for view in read.views)
    ended = time.process_time()
    gc.enable()
    compared = sum(len(view.ownership) for view in read.views if view.claims)
    if differences or not compared:
        raise SystemExit(
            f"{differences} differences of {compared} bindings, where there is none: this measures nothing"
        )
    return {
        "model": "aggregated" if aggregated else "legacy",
        "rendered": sum(map(len, made.values())),
        "parse_seconds": round(parsed - started, 2),
        "compare_seconds": round(ended - parsed, 2),
        "ratio": round((ended - parsed) / (parsed - started), 2),
    }


def main() -> None:
    """Measure both models."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    for aggregated in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure(Path(folder), aggregated=aggregated)), flush=True)


if __name__ == "__main__":
    main()
