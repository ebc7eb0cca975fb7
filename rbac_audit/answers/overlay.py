"""What if: a snapshot with some objects added, changed or taken away, before anyone does it."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from rbac_audit.access import Aggregation
from rbac_audit.errors import WrongUse
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import ClusterRole, KubernetesObject


def overlay(
    snapshot: Snapshot, cluster: str, *, added: Iterable[KubernetesObject] = (), removed: Iterable[str] = ()
) -> Snapshot:
    """Return a snapshot in which one cluster has the added objects, by key instead of those that are there.

    Aggregated ClusterRoles that a changed one reaches get the rules that the controller would write.
    `removed` are written as everywhere: `RoleBinding tenant-a/devs`. Raises WrongUse for one that is not there.
    """
    more, fewer = tuple(added), tuple(removed)
    changed = _changed(snapshot.cluster(cluster), more, fewer)
    note = f"what if: in {cluster}, {len(more)} objects were applied and {len(fewer)} deleted"
    others = (item for item in snapshot.clusters if item.name != cluster)
    return Snapshot((*others, changed), snapshot.gaps, snapshot.unknown_kinds, (*snapshot.notes, note))


def _changed(cluster: Cluster, added: tuple[KubernetesObject, ...], removed: tuple[str, ...]) -> Cluster:
    objects = {item.key: item for items in cluster.objects.values() for item in items}
    names = {str(item): key for key, item in objects.items()}
    for name in removed:
        if name not in names:
            raise WrongUse("option", "--without", f"there is no {name} in {cluster.name}", "write Kind namespace/name")
        objects.pop(names[name], None)
    objects.update({item.key: item for item in added})
    after = {item.name: item for item in objects.values() if isinstance(item, ClusterRole)}
    objects.update({role.key: role for role in _aggregated_anew(cluster, after)})
    return Cluster(
        cluster.name,
        objects.values(),
        collected=cluster.collected,
        origins=cluster.origins,
        unread_namespaces=cluster.unread_namespaces,
        # That one of a kind is added does not mean that the others were read.
        partial=cluster.partial | {type(item) for item in added} - cluster.collected,
        rancher_id=cluster.rancher_id,
    )


def _aggregated_anew(cluster: Cluster, after: dict[str, ClusterRole]) -> Iterator[ClusterRole]:
    """Fill the aggregated ClusterRoles that select, by way of others too, one that is new, different or gone."""
    before = {role.name: role for role in cluster.of(ClusterRole)}
    differing = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    if not differing:
        return
    reached = _reached(differing, Aggregation(before.values()), Aggregation(after.values()))
    old, new = (
        Aggregation(
            replace(role, rules=()) if role.aggregation_rule and role.name in reached else role
            for role in roles.values()
        )
        for roles in (before, after)
    )
    for name in sorted(reached.intersection(new.names)):
        # What no member explains came from one that was not read; where all were, the controller drops it.
        stored = before[name].rules if name in before and not cluster.whole(ClusterRole) else ()
        kept = (rule for rule in stored if rule not in old.effective(name))
        yield replace(after[name], rules=tuple(dict.fromkeys((*new.effective(name), *kept))))


def _reached(differing: set[str], *states: Aggregation) -> set[str]:
    """Name the aggregated roles that differ themselves, or select one that does, before or after."""
    selectors = {(name, member) for state in states for name in state.names for member in state.members(name)}
    found = differing & {name for state in states for name in state.names}
    while more := {name for name, member in selectors if member in differing | found} - found:
        found |= more
    return found
