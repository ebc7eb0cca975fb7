"""Who holds every part of an allOf in one place: by one binding or several, themselves or through groups."""

import operator
from collections.abc import Callable, Iterable, Iterator

import msgspec

from rbac_audit.access import Binding, Identity
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.identity import (
    ALL_SERVICE_ACCOUNTS,
    AUTHENTICATED,
    UNAUTHENTICATED,
    account_groups,
    account_of,
    home_of,
    subject_key,
)
from rbac_audit.access.permission import Permission
from rbac_audit.audit.estate import View
from rbac_audit.snapshot.objects import ObjectRef, Subject


class Hit(msgspec.Struct, frozen=True, eq=False):
    """A subject that holds permissions of one entry in one place ("" for cluster-wide) and is not allowed to.

    `cause` is the ClusterRole that brought the right into a shipped role which does not have it, where that is so.
    `holder` is who has it: the subject, or somebody in the group that is the subject.
    """

    entry: int
    grant: Grant
    binding: Binding
    subject: Subject
    holder: Subject
    place: str
    permissions: tuple[Permission, ...]
    cause: ObjectRef | None


Held = dict[str, list[Hit]]
"""Hits by place."""


def together(
    view: View, entries: int, hits: Iterable[Hit], allowed: Callable[[Hit, Subject], bool]
) -> Iterator[list[Hit]]:
    """Group the hits of allOf by the bindings through which a holder has every entry in one place.

    Cluster-wide rights count in every place. A group that has every entry is told, and not its members once more.
    """
    held: dict[str, Held] = {}
    who: dict[str, Subject] = {}
    for hit in hits:
        key = subject_key(hit.subject, "") or str(hit.subject)
        who.setdefault(key, hit.subject)
        held.setdefault(key, {}).setdefault(hit.place, []).append(hit)
    groups: dict[tuple[Binding, ...], dict[Hit, None]] = {}
    told: set[tuple[str, str]] = set()
    for key, holder, others in _holders(view, held, who):
        for place in dict.fromkeys(place for one in (key, *others) for place in held.get(one, ())):
            names = [one for one in (key, *others) if (one, place) not in told and (one, "") not in told]
            found = [hit for one in names for hit in _in(held.get(one, {}), place)]
            found = [hit for hit in found if hit.subject == holder or not allowed(hit, holder)]
            everywhere = {hit.entry for hit in found if not hit.place}
            # What is dangerous cluster-wide is said once, not again for each namespace.
            if len({hit.entry for hit in found}) == entries and (not place or len(everywhere) < entries):
                told.add((key, place))
                ordered = sorted(found, key=operator.attrgetter("entry"))
                bindings = tuple(dict.fromkeys(hit.binding for hit in ordered))
                with_holder = (msgspec.structs.replace(hit, holder=holder) for hit in ordered)
                groups.setdefault(bindings, {}).update(dict.fromkeys(with_holder))
    for group in groups.values():
        yield sorted(group, key=operator.attrgetter("entry"))


def _in(held: Held, place: str) -> list[Hit]:
    return [*held.get(place, ()), *(held.get("", ()) if place else ())]


def _holders(
    view: View, held: dict[str, Held], who: dict[str, Subject]
) -> Iterator[tuple[str, Subject, tuple[str, ...]]]:
    """Yield everybody who may hold the parts, wide groups first, each with the keys of the groups they are in."""
    for key in sorted(key for key in held if key.startswith("g:")):
        yield key, who[key], tuple(f"g:{name}" for name in _wider(who[key]) if f"g:{name}" in held)
    users = {key: who[key] for key in held if key.startswith("u:")}
    for person in view.people.all:
        users.setdefault(f"u:{person.user}", Subject(kind="User", name=person.user))
    for key, subject in users.items():
        name = key.removeprefix("u:")
        account = account_of(name)
        identity = Identity.of_account(*account) if account else view.people.identity(name)
        groups = tuple(f"g:{name}" for name in identity.groups if f"g:{name}" in held)
        if key in held or len(groups) > 1:
            yield key, subject, groups


def _wider(group: Subject) -> tuple[str, ...]:
    """Name the groups that every member of a group is in as well."""
    if home := home_of(group):
        return tuple(name for name in account_groups(home) if name != group.name)
    return () if group.name in {AUTHENTICATED, UNAUTHENTICATED, ALL_SERVICE_ACCOUNTS} else (AUTHENTICATED,)
