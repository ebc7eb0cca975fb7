"""Measures planning: raw bindings over 500 projects into project bindings. See README.md here."""

import argparse
import gc
import json
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

from rbac_audit.audit.estate import Estate
from rbac_audit.fix import document
from rbac_audit.fix.choose import AllowGain
from rbac_audit.fix.planner import Request, plan
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import KubernetesObject
from rbac_audit.sources import SourceSpec, read_estate

EXAMPLE = Path(__file__).parent.parent / "examples" / "lived-in"
SIZES, PROJECTS, PLACES, USERS = (1_000, 3_000, 10_000), 500, 3, 2_000
ROLES = ("kubevirt.io:edit", "kubevirt.io:view", "kubevirt.io:admin", "view", "edit")
RBAC, MANAGEMENT = "rbac.authorization.k8s.io/v1", "management.cattle.io/v3"
MIB = 1024 if sys.platform != "darwin" else 1024 * 1024
Raw = dict[str, object]


def item(api: str, kind: str, name: str, namespace: str = "", **more: object) -> KubernetesObject:
    """Make one object; `annotations` go into its metadata."""
    metadata: Raw = {"name": name, **({"namespace": namespace} if namespace else {})}
    metadata["annotations"] = more.pop("annotations", {})
    found = decode({"apiVersion": api, "kind": kind, "metadata": metadata, **more})
    assert found is not None
    return found


def estate(bindings: int) -> Estate:
    """Add projects, users and raw bindings to the example."""
    chosen = random.Random(1)
    read = read_estate([SourceSpec(str(EXAMPLE))])
    view = next(view for view in Estate(read).harvesters)
    assert view.rancher is not None
    cluster_id, manager = view.rancher_id, view.rancher.cluster.name
    here: list[KubernetesObject] = []
    there: list[KubernetesObject] = []
    for number in range(PROJECTS):
        project = f"{cluster_id}:p-bench{number}"
        status = {"backingNamespace": f"{cluster_id}-p-bench{number}"}
        there.append(item(MANAGEMENT, "Project", f"p-bench{number}", cluster_id, spec={}, status=status))
        for place in range(PLACES):
            annotations = {"field.cattle.io/projectId": project}
            here.append(item("v1", "Namespace", f"bench{number}-{place}", annotations=annotations))
    names = [f"u-b{number}" for number in range(USERS)]
    there += [item(MANAGEMENT, "User", name, principalIds=[f"local://{name}"]) for name in names]
    for number in range(bindings):
        place = f"bench{chosen.randrange(PROJECTS)}-{chosen.randrange(PLACES)}"
        ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": chosen.choice(ROLES)}
        users = [{"kind": "User", "name": chosen.choice(names)}]
        here.append(item(RBAC, "RoleBinding", f"raw{number}", place, roleRef=ref, subjects=users))
    more = {view.name: here, manager: there}
    return Estate(
        Snapshot(
            Cluster(
                cluster.name,
                [*(each for items in cluster.objects.values() for each in items), *more.get(cluster.name, ())],
                collected=cluster.collected,
            )
            for cluster in read.clusters
        )
    )


def measure(bindings: int, allow: str) -> Raw:
    """Plan every raw binding of the generated projects; times are CPU seconds of this process."""
    of = estate(bindings)
    (view,) = of.harvesters
    for index in ("by_subject", "by_role"):
        getattr(view.access, index)
    for index in ("people", "projects", "ownership"):
        getattr(view, index)
    projects = tuple(f"{view.rancher_id}:p-bench{number}" for number in range(PROJECTS))
    started = time.process_time()
    made = plan(of, view, Request(projects=projects, allow_gain=AllowGain(allow)))
    planned = time.process_time()
    text = document.write(made)
    written = time.process_time()
    return {
        "bindings": bindings,
        "allow_gain": allow,
        "steps": len(made.steps),
        "refusals": len(made.refusals),
        "plan_seconds": round(planned - started, 2),
        "milliseconds_a_binding": round(1000 * (planned - started) / bindings, 2),
        "write_seconds": round(written - planned, 2),
        "megabytes": round(len(text) / 1e6, 1),
        "peak_mebibytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB),
    }


def main() -> None:
    """Measure each size in a process of its own, so that its peak memory is its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--allow-gain", choices=[each.value for each in AllowGain], default="none")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        gc.disable()
        print(json.dumps(measure(options.one, options.allow_gain)), flush=True)
        return
    for size in options.sizes:
        command = [sys.executable, __file__, "--one", str(size), "--allow-gain", options.allow_gain]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
