"""Which Rancher of an estate manages a cluster, under which id, and how that is known."""

from collections import Counter
from collections.abc import Iterable, Mapping

from rbac_audit.errors import WrongUse
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.projects import PROJECT_ID
from rbac_audit.snapshot.estate import Cluster, Gap
from rbac_audit.snapshot.objects import ManagementCluster, Namespace


def link(cluster: Cluster, ranchers: Mapping[str, Rancher], stated: str) -> tuple[Rancher | None, str, str]:
    """Find the Rancher that manages a cluster, under which id, and how that is known.

    Without a statement, the id under which the cluster was read through Rancher decides, else the project annotations
    of the namespaces, if they name exactly one cluster that a Rancher of the estate manages; the management cluster
    itself is `local`.
    """
    others = [rancher for rancher in ranchers.values() if rancher.cluster is not cluster]
    own = ranchers.get(cluster.name)
    if stated:
        return _stated(cluster.name, stated, others, own), stated, "stated"
    read = (cluster.rancher_id,) if cluster.rancher_id else ()
    named = read or _named_clusters(cluster.of(Namespace))
    because = "it was read through Rancher" if read else "the project annotations of its namespaces"
    links = [(rancher, name) for rancher in others for name in named if name in rancher.clusters and name != "local"]
    if len(links) == 1:
        return *links[0], because
    if own is not None and _manages_itself(own, named):
        return own, "local", "it holds Rancher's own objects"
    rancher_id = named[0] if len(named) == 1 else ""
    return None, rancher_id, because if rancher_id else ""


def unlinked(cluster: str) -> Gap:
    """Say that a Rancher was read, but not whether it manages a cluster."""
    return Gap(
        cluster=cluster,
        what="the Rancher that manages it",
        reason="its namespaces do not name exactly one cluster that a Rancher of this estate manages",
        advice=f"state it: --rancher-id {cluster}=ID, its name among clusters.management.cattle.io",
        kinds=("User.management.cattle.io", "UserAttribute.management.cattle.io"),
    )


def _manages_itself(own: Rancher, named: Iterable[str]) -> bool:
    """Tell a management cluster from a Harvester cluster whose embedded Rancher has users.

    The embedded one makes no bindings, and does not know the cluster ids that another Rancher wrote into namespaces.
    """
    return bool(own.bindings) or all(name == "local" or name in own.clusters for name in named)


def _stated(name: str, stated: str, others: Iterable[Rancher], own: Rancher | None) -> Rancher | None:
    """Find the Rancher that has a stated id, or did not show its clusters; None where no other Rancher was read.

    Raises WrongUse where no Rancher knows the id, and where several may.
    """
    if own is not None and (stated == "local" or stated in own.clusters):
        return own
    ranchers = tuple(others)
    found = [item for item in ranchers if stated in item.clusters]
    found = found or [item for item in ranchers if not item.cluster.has(ManagementCluster)]
    if len(found) > 1:
        managers = ", ".join(item.cluster.name for item in found)
        raise WrongUse("option", f"--rancher-id {name}={stated}", f"it may be of {managers}", "leave out all but one")
    if ranchers and not found:
        known = ", ".join(sorted({cluster for item in ranchers for cluster in item.clusters}))
        raise WrongUse("option", f"--rancher-id {name}={stated}", "no Rancher has this cluster", f"one of: {known}")
    return found[0] if found else None


def _named_clusters(namespaces: Iterable[Namespace]) -> tuple[str, ...]:
    wanted = (namespace.metadata.annotations.get(PROJECT_ID, "") for namespace in namespaces)
    counts = Counter(value.partition(":")[0] for value in wanted if ":" in value)
    return tuple(name for name, _ in counts.most_common())
