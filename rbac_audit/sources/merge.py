"""A snapshot file as one of several sources: its clusters are joined with those read before."""

import msgspec

from rbac_audit.errors import WrongUse
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.sources.evidence import Evidence, Tally


def merge(snapshot: Snapshot, label: str, name: str, evidence: Evidence) -> None:
    """Add a snapshot; `name` renames its only cluster. Raises WrongUse when it has several."""
    if name and len(snapshot.clusters) != 1:
        problem = f"it holds {len(snapshot.clusters)} clusters, and {name}= names one"
        raise WrongUse("snapshot", label, problem, f"leave {name}= out: a snapshot names its clusters itself")
    if name and snapshot.clusters[0].name != name:
        evidence.note(f"cluster {snapshot.clusters[0].name} of {label} is called {name} here")
    for cluster in snapshot.clusters:
        _merge_cluster(cluster, label, name or cluster.name, evidence)
    for gap in snapshot.gaps:
        evidence.gaps.append(msgspec.structs.replace(gap, cluster=name) if name and gap.cluster else gap)
    for note in snapshot.notes:
        evidence.note(note)
    for kind, count in snapshot.unknown_kinds.items():
        evidence.unknown(kind, count)


def _merge_cluster(cluster: Cluster, label: str, name: str, evidence: Evidence) -> None:
    target, replaced = evidence.cluster(name), Tally()
    target.collected |= cluster.collected - cluster.partial
    target.partial |= cluster.partial
    target.unread_namespaces |= cluster.unread_namespaces
    target.origins |= {*cluster.origins}
    target.rancher_id = cluster.rancher_id or target.rancher_id
    for members in cluster.objects.values():
        for item in members:
            if not target.add(item):
                replaced.add(item)
    evidence.replaced(name, label, replaced)
