"""The estate as it will be: a plan applied to a snapshot, with what Rancher renders because of it."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from rbac_audit.access.aggregation import Aggregation
from rbac_audit.audit.estate import Estate, View
from rbac_audit.fix.objects import typed
from rbac_audit.fix.offers import known_rancher, knows_rancher
from rbac_audit.fix.plan import Change, Edits, Step, Target
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.rendering import render
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import ClusterRole, KubernetesObject

Key = tuple[str, str, str, str]
Objects = dict[Key, KubernetesObject]


class Simulation(msgspec.Struct, frozen=True, eq=False):
    """The snapshot after a plan, and by cluster what stood where Rancher wrote: None where there was nothing."""

    after: Snapshot
    before: Mapping[str, Mapping[Key, KubernetesObject | None]]


def simulate(estate: Estate, view: View, steps: Iterable[Step]) -> Simulation:
    """Apply steps, whether they have consent or not.

    Aggregated roles follow their parts. Rancher's part is the difference between what it renders before and after; it
    never adopts or overwrites a binding of a name that is taken. Where its objects were not read, it has none.
    """
    before = {cluster.name: _objects(cluster) for cluster in estate.snapshot.clusters}
    after = {name: dict(objects) for name, objects in before.items()}
    for step in steps:
        edit(after, step.do)
    written: dict[str, dict[Key, KubernetesObject | None]] = {name: {} for name in before}
    for cluster in estate.snapshot.clusters:
        for role in summed(cluster, after[cluster.name]):
            written[cluster.name][role.key] = after[cluster.name][role.key]
            after[cluster.name][role.key] = role
    if knows_rancher(view):
        _render(estate, known_rancher(view), before, after, written)
    return Simulation(_snapshot(estate.snapshot, after), written)


def _render(
    estate: Estate,
    rancher: Rancher,
    before: Mapping[str, Objects],
    after: Mapping[str, Objects],
    written: Mapping[str, dict[Key, KubernetesObject | None]],
) -> None:
    views = {item.rancher_id: item.name for item in estate.views if item.rancher is rancher}
    was = _rendered(estate.snapshot, rancher, views, before)
    now = _rendered(estate.snapshot, rancher, views, after)
    for rancher_id, name in views.items():
        for key, item in _difference(was[rancher_id], now[rancher_id], after[name]):
            written[name].setdefault(key, after[name].get(key))
            after[name][key] = item


def summed(cluster: Cluster, after: Mapping[Key, KubernetesObject]) -> Iterator[ClusterRole]:
    """Find the aggregated roles whose sum is another one after a change, with the rules that are stored in them then.

    Of a cluster that was not read whole, only what came and went is changed: the parts that explain the rest may be
    missing from the source. Source: see `access.aggregation`.
    """
    was = {item.name: item for item in cluster.of(ClusterRole)}
    roles = {item.name: item for item in after.values() if isinstance(item, ClusterRole)}
    if was == roles:
        return
    old = Aggregation(was.values())
    whole = cluster.whole(ClusterRole)
    stored = {name for name, role in roles.items() if role.aggregation_rule and role.rules}
    found: dict[str, ClusterRole] = {}
    for _ in stored:
        new = Aggregation(roles.values())
        fresh = {
            name: role
            for name in sorted(stored)
            if (role := _sum(was.get(name), roles[name], old, new, whole=whole)) != roles[name]
        }
        if not fresh:
            break
        found |= fresh
        roles |= fresh
    yield from found.values()


def _sum(was: ClusterRole | None, role: ClusterRole, old: Aggregation, new: Aggregation, *, whole: bool) -> ClusterRole:
    before, after = old.resolved(role.name), new.resolved(role.name)
    # Whatever is written to a role makes the controller add it up anew.
    if before == after and was == role:
        return role
    gone = set(before).difference(after)
    kept = () if whole else (rule for rule in role.rules if rule not in gone)
    return msgspec.structs.replace(role, rules=tuple(dict.fromkeys((*kept, *after))))


def _difference(was: Objects, now: Objects, there: Objects) -> Iterator[tuple[Key, KubernetesObject]]:
    """Find what Rancher writes because of the plan: new objects of free names, and its own ones anew."""
    for key, item in now.items():
        if (key not in was and key not in there) or (key in was and was[key] != item and there.get(key) == was[key]):
            yield key, item


def revert(simulation: Simulation, estate: Estate, steps: Iterable[Step]) -> Snapshot:
    """Apply the inverse of steps to what came of them; Rancher and the API server take back what they wrote."""
    objects = {cluster.name: _objects(cluster) for cluster in simulation.after.clusters}
    for name, written in simulation.before.items():
        for key, item in written.items():
            if item is None:
                objects[name].pop(key, None)
            else:
                objects[name][key] = item
    for step in reversed(tuple(steps)):
        edit(objects, step.undo)
    return _snapshot(estate.snapshot, objects)


def _objects(cluster: Cluster) -> Objects:
    return {item.key: item for items in cluster.objects.values() for item in items}


def edit(clusters: Mapping[str, Objects], edits: Edits) -> None:
    """Make the writes of a step in a mapping of clusters."""
    for creation in edits.creates:
        item = typed(creation)
        clusters[creation.cluster].setdefault(item.key, item)
    for change in edits.changes:
        key = _key(change.target)
        clusters[change.target.cluster][key] = changed(clusters[change.target.cluster][key], change)
    for target in edits.deletes:
        clusters[target.cluster].pop(_key(target), None)


def changed(item: KubernetesObject, change: Change) -> KubernetesObject:
    """Set the fields and labels of a change."""
    labels = {**item.metadata.labels, **change.labels}
    metadata = msgspec.structs.replace(
        item.metadata, labels={name: value for name, value in labels.items() if value is not None}
    )
    fields = msgspec.convert({**msgspec.to_builtins(item), **change.fields}, type(item))
    return msgspec.structs.replace(fields, metadata=metadata)


def _key(target: Target) -> Key:
    return target.api_version.rpartition("/")[0], target.kind, target.namespace, target.name


def _rendered(
    snapshot: Snapshot, rancher: Rancher, views: Mapping[str, str], objects: Mapping[str, Objects]
) -> dict[str, Objects]:
    management = rancher.cluster.name
    clusters = {name: _cluster(snapshot.cluster(name), objects[name]) for name in {management, *views.values()}}
    managed = {rancher_id: clusters[name] for rancher_id, name in views.items()}
    found = render(Rancher(clusters[management]), managed, aggregated_model=bool(rancher.aggregated))
    return {name: {item.key: item for item in items} for name, items in found.items()}


def _cluster(cluster: Cluster, objects: Objects) -> Cluster:
    return Cluster(
        cluster.name,
        objects.values(),
        collected=cluster.collected,
        origins=cluster.origins,
        unread_namespaces=cluster.unread_namespaces,
        partial=cluster.partial,
    )


def _snapshot(snapshot: Snapshot, clusters: Mapping[str, Objects]) -> Snapshot:
    changed_ones = [_cluster(snapshot.cluster(name), objects) for name, objects in clusters.items()]
    return Snapshot(changed_ones, snapshot.gaps, snapshot.unknown_kinds, snapshot.notes)
