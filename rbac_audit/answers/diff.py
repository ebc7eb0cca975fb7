"""What changed: rights gained and lost by subject and place, in effective rights, with the object that caused each."""

from collections.abc import Iterable, Iterator

import msgspec

from rbac_audit.access import Binding
from rbac_audit.access.bindings import RoleKey
from rbac_audit.access.escalation import breakdown, covers
from rbac_audit.access.identity import placed, subject_key
from rbac_audit.answers.access import identity_of
from rbac_audit.answers.unread import unread, unread_people
from rbac_audit.answers.what import compact, is_void
from rbac_audit.audit.estate import Estate, View
from rbac_audit.snapshot.objects import ObjectRef, PolicyRule, Subject

_Key = tuple[str, str]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What one subject gained or lost in one place ("" for the whole cluster).

    `rules` are single rights compacted; `because` are the bindings and roles that differ and carry them. It is not
    `complete` where the state in which they are missing was not read in full, and may hold them as well.
    """

    cluster: str
    subject: str
    display_name: str
    namespace: str
    gained: bool
    rules: tuple[PolicyRule, ...]
    because: tuple[ObjectRef, ...]
    complete: bool = True

    @property
    def order(self) -> tuple[str, str, str, bool, tuple[ObjectRef, ...]]:
        """By whom and where; two of these are apart only in why: by bindings, or by groups."""
        return (self.cluster, self.subject, self.namespace, self.gained, self.because)


class Difference(msgspec.Struct, frozen=True):
    """All changes, and the clusters that only one of the two estates has.

    `notes` say what could not be compared as one side or both did not read it; it is `complete` when nothing is.
    """

    changes: tuple[Change, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    complete: bool
    notes: tuple[str, ...]

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
    pairs = [(before[name], after[name]) for name in sorted(before.keys() & after.keys())]
    changes = [change for one, other in pairs for change in _changes(one, other)]
    only_old, only_new = (tuple(sorted(one.keys() - other.keys())) for one, other in ((before, after), (after, before)))
    notes = tuple(note for one, other in pairs for note in (*_notes(one, "old"), *_notes(other, "new")))
    ordered = tuple(sorted(changes, key=lambda change: change.order))
    return Difference(ordered, only_old, only_new, not (only_old or only_new or notes), notes)


def _notes(view: View, side: str) -> Iterator[str]:
    for line in unread(view):
        yield f"{side} state: {line}"
    for line in unread_people(view):
        yield f"{side} state: {line}; who is in which group is not compared in full"


def _changes(old: View, new: View) -> Iterator[Change]:
    one, other = _by_place(old), _by_place(new)
    for key in sorted(one.keys() | other.keys()):
        before, after = one.get(key, []), other.get(key, [])
        if _roles(old, before) != _roles(new, after):
            yield from _change(key, old, Side(new, after), gained=True)
            yield from _change(key, new, Side(old, before), gained=False)
    yield from _memberships(old, new, gained=True)
    yield from _memberships(new, old, gained=False)


class Side(msgspec.Struct, frozen=True):
    """What one subject holds in one place on one side of the comparison."""

    view: View
    held: list[tuple[Binding, Subject]]


def _by_place(view: View) -> dict[_Key, list[tuple[Binding, Subject]]]:
    found: dict[_Key, list[tuple[Binding, Subject]]] = {}
    for binding in view.access.bindings:
        for subject in binding.subjects:
            who = placed(subject, binding.namespace)
            if subject_key(who, "") is not None:
                found.setdefault((str(who), binding.namespace), []).append((binding, who))
    return found


def _roles(view: View, held: list[tuple[Binding, Subject]]) -> dict[RoleKey, tuple[PolicyRule, ...]]:
    return {binding.role: view.access.rules(binding.role) for binding, _ in held}


def _change(key: _Key, base: View, side: Side, *, gained: bool) -> Iterator[Change]:
    """Tell what one side holds and the base does not, by whatever way it holds it."""
    if not side.held:
        return
    subject = side.held[0][1]
    kept = base.access.rules_for(identity_of(base, subject), key[1])
    fresh = list(_fresh(side.view, (binding for binding, _ in side.held), kept))
    bindings = tuple(dict.fromkeys(binding for _, binding in fresh))
    if fresh:
        because = tuple(sorted(_because(side.view, base, bindings)))
        yield _told((base, side.view), subject, key[1], fresh, because, gained=gained)


def _fresh(
    view: View, bindings: Iterable[Binding], kept: tuple[PolicyRule, ...]
) -> Iterator[tuple[PolicyRule, Binding]]:
    for binding in bindings:
        for rule in view.access.rules(binding.role):
            for atom in breakdown(rule):
                if not (binding.namespace and is_void(atom)) and not covers(kept, (atom,)):
                    yield atom, binding


def _told(
    views: tuple[View, View],
    subject: Subject,
    place: str,
    fresh: list[tuple[PolicyRule, Binding]],
    because: tuple[ObjectRef, ...],
    *,
    gained: bool,
) -> Change:
    base, view = views
    return Change(
        cluster=view.name,
        subject=str(subject),
        display_name=view.display_name(subject),
        namespace=place,
        gained=gained,
        rules=compact(dict.fromkeys(atom for atom, _ in fresh)),
        because=because,
        complete=not unread(base, (place,)),
    )


def _memberships(base: View, view: View, *, gained: bool) -> Iterator[Change]:
    """Tell what people hold through groups that they are in on one side only, where both sides know their groups."""
    partly = bool(unread_people(base))
    for person in view.people.all:
        other = base.people.find(person.user)
        if partly and not (other and other.groups):
            continue
        groups = [name for name in person.groups if other is None or name not in other.groups]
        subject = Subject(kind="User", name=person.user)
        places: dict[str, list[Binding]] = {}
        for group in groups:
            for place, bindings in view.access.by_subject.get(f"g:{group}", {}).items():
                places.setdefault(place, []).extend(bindings)
        for place, bindings in places.items():
            kept = base.access.rules_for(identity_of(base, subject), place)
            if (fresh := list(_fresh(view, bindings, kept))) and view.rancher:
                because = ObjectRef("management.cattle.io", "UserAttribute", person.user, "", view.rancher.cluster.name)
                yield _told((base, view), subject, place, fresh, (because,), gained=gained)


def _because(view: View, base: View, bindings: tuple[Binding, ...]) -> Iterator[ObjectRef]:
    """Name the binding where it is new or different, else its role."""
    known = {(item.namespace, item.name): item for item in base.access.bindings}
    for binding in bindings:
        other = known.get((binding.namespace, binding.name))
        if other is None or other.subjects != binding.subjects or other.role != binding.role:
            yield binding.source.ref(view.name)
        elif role := view.access.roles.get(binding.role):
            yield role.ref(view.name)
