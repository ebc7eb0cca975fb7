"""What if: a snapshot with some objects added, changed or taken away, before anyone does it."""

from collections.abc import Iterable

from rbac_audit.errors import WrongUse
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import KubernetesObject


def overlay(
    snapshot: Snapshot, cluster: str, *, added: Iterable[KubernetesObject] = (), removed: Iterable[str] = ()
) -> Snapshot:
    """Return a snapshot in which one cluster has the added objects, by key instead of those that are there.

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
    return Cluster(
        cluster.name,
        objects.values(),
        collected=cluster.collected,
        origins=cluster.origins,
        unread_namespaces=cluster.unread_namespaces,
        partial=cluster.partial,
    )
