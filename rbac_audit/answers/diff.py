"""What changed: rights gained and lost by subject and place, in effective rights, with the object that caused each."""

from collections.abc import Iterator

import msgspec

from rbac_audit.access import Binding
from rbac_audit.access.bindings import RoleKey
from rbac_audit.access.escalation import breakdown, covers
from rbac_audit.access.identity import subject_key
from rbac_audit.answers.what import compact
from rbac_audit.audit.estate import Estate, View
from rbac_audit.audit.evidence import placed
from rbac_audit.snapshot.objects import ObjectRef, PolicyRule, Subject

_Key = tuple[str, str]


class Change(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What one subject gained or lost in one place ("" for the whole cluster).

    `rules` are single rights compacted; `because` are the bindings and roles that differ and carry them.
    """

    cluster: str
    subject: str
    display_name: str
    namespace: str
    gained: bool
    rules: tuple[PolicyRule, ...]
    because: tuple[ObjectRef, ...]


class Difference(msgspec.Struct, frozen=True):
    """All changes, and the clusters that only one of the two estates has."""

    changes: tuple[Change, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]

    @property
    def gained(self) -> bool:
        """Tell whether anybody gained anything."""
        return any(change.gained for change in self.changes)


def diff(old: Estate, new: Estate) -> Difference:
    """Compare two estates cluster by cluster.

    A right that is still covered by another rule is neither lost nor gained.
    """
    before = {view.name: view for view in old.views}
    after = {view.name: view for view in new.views}
    changes = [
        change for name in sorted(before.keys() & after.keys()) for change in _changes(before[name], after[name])
    ]
    return Difference(
        tuple(sorted(changes)), tuple(sorted(before.keys() - after.keys())), tuple(sorted(after.keys() - before.keys()))
    )


def _changes(old: View, new: View) -> Iterator[Change]:
    one, other = _by_place(old), _by_place(new)
    for key in sorted(one.keys() | other.keys()):
        before, after = one.get(key, []), other.get(key, [])
        if _same(old, before, new, after):
            continue
        yield from _change(new, key, (old, before), (new, after), gained=True)
        yield from _change(old, key, (new, after), (old, before), gained=False)


_Side = tuple[View, list[tuple[Binding, Subject]]]


def _by_place(view: View) -> dict[_Key, list[tuple[Binding, Subject]]]:
    found: dict[_Key, list[tuple[Binding, Subject]]] = {}
    for binding in view.access.bindings:
        for subject in binding.subjects:
            who = placed(subject, binding.namespace)
            if subject_key(who, "") is not None:
                found.setdefault((str(who), binding.namespace), []).append((binding, who))
    return found


def _same(old: View, before: list[tuple[Binding, Subject]], new: View, after: list[tuple[Binding, Subject]]) -> bool:
    """Most places do not change: the same roles with the same rules need no comparison of rights."""

    def rules(view: View, held: list[tuple[Binding, Subject]]) -> dict[RoleKey, tuple[PolicyRule, ...]]:
        return {binding.role: view.access.rules(binding.role) for binding, _ in held}

    return rules(old, before) == rules(new, after)


def _change(view: View, key: _Key, base: _Side, side: _Side, *, gained: bool) -> Iterator[Change]:
    held = _rules(base)
    fresh = [
        (atom, binding)
        for binding, _ in side[1]
        for rule in side[0].access.rules(binding.role)
        for atom in breakdown(rule)
        if not covers(held, (atom,))
    ]
    if not fresh:
        return
    bindings = tuple(dict.fromkeys(binding for _, binding in fresh))
    yield Change(
        cluster=view.name,
        subject=key[0],
        display_name=view.display_name(side[1][0][1]),
        namespace=key[1],
        gained=gained,
        rules=compact(dict.fromkeys(atom for atom, _ in fresh)),
        because=tuple(sorted(_because(side[0], base[0], bindings))),
    )


def _rules(side: _Side) -> tuple[PolicyRule, ...]:
    view, held = side
    return tuple(dict.fromkeys(rule for binding, _ in held for rule in view.access.rules(binding.role)))


def _because(view: View, base: View, bindings: tuple[Binding, ...]) -> Iterator[ObjectRef]:
    """Name the binding where it is new or different, else its role."""
    known = {(item.namespace, item.name): item for item in base.access.bindings}
    for binding in bindings:
        other = known.get((binding.namespace, binding.name))
        if other is None or other.subjects != binding.subjects or other.role != binding.role:
            yield binding.source.ref(view.name)
        elif role := view.access.roles.get(binding.role):
            yield role.ref(view.name)
