"""Who of the tenants holds a right: distinct roles first, their bindings second."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from rbac_audit.access import Binding, Permission, RoleKey
from rbac_audit.access.authorizer import Grant
from rbac_audit.audit.classes import Strangers
from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import PolicyRule, Subject

_NOT_TENANTS = ("shipped", "platform", "cluster-owners", "cluster-admins")


class Held(msgspec.Struct, frozen=True, eq=False):
    """A binding, the rule of its role that grants the right, and the tenants among its subjects."""

    binding: Binding
    rule: PolicyRule
    tenants: tuple[Subject, ...]

    @property
    def grant(self) -> Grant:
        """The binding with the rule."""
        return Grant(self.binding, self.rule)


def roles_holding(
    view: View, permissions: Iterable[Permission], named: Iterable[Permission] = ()
) -> dict[RoleKey, PolicyRule]:
    """Map each role that grants any of some permissions, or of `named` for some names only, to the rule that does."""
    found: dict[RoleKey, PolicyRule] = {}
    for permission in permissions:
        for role, rule in view.access.allowing(permission).items():
            found.setdefault(role, rule)
    for permission in named:
        for role, rule in view.access.allowing_named(permission):
            found.setdefault(role, rule)
    return found


def held_by_tenants(
    view: View,
    roles: Mapping[RoleKey, PolicyRule],
    places: Iterable[str] | None = None,
    besides: tuple[str, ...] = (),
) -> Iterator[Held]:
    """Find the bindings of roles that reach anybody but the platform, what it ships, and who owns the cluster.

    All of them, or those in some namespaces, of which "" is the whole cluster; `besides` are more classes of subjects,
    as policies name them, that are not meant.
    """
    strangers = view.classes.strangers((*_NOT_TENANTS, *besides))
    for binding, found in _reached(strangers, view, roles, places):
        rule = roles[binding.role]
        if tenants := strangers.by_rule(binding, found, rule):
            yield Held(binding, rule, tenants)


def _reached(
    strangers: Strangers, view: View, roles: Mapping[RoleKey, PolicyRule], places: Iterable[str] | None
) -> Iterator[tuple[Binding, tuple[Subject, ...]]]:
    if places is None:
        yield from (found for role in roles for found in strangers.bound_to(role))
        return
    for place in places:
        found = (binding for binding in view.access.by_namespace.get(place, ()) if binding.role in roles)
        yield from ((binding, strangers.of(binding)) for binding in found)


def how_many(held: Iterable[Held]) -> str:
    """Count the tenants, in words."""
    number = len({subject for item in held for subject in item.tenants})
    return f"{number} subject{'' if number == 1 else 's'}"


def reach_of(held: Iterable[Held]) -> tuple[FindingScope, str]:
    """Say where bindings reach together, as the scope of a finding and in words."""
    found = {item.binding.namespace for item in held}
    places = tuple(sorted(found - {""}))
    words = f"in namespace{'' if len(places) == 1 else 's'} {names(places)}"
    return FindingScope(places, cluster_wide="" in found), "in the whole cluster" if "" in found else words
