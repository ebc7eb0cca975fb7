"""The decisions of one cluster: may somebody, who may, what may somebody, and through which binding.

Source: k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac/rbac.go (Authorize, RulesFor) and
pkg/registry/rbac/validation/rule.go (VisitRulesFor, GetRoleReferenceRules). Answers come from distinct rules and an
index by subject and namespace, never from a scan over bindings.
"""

import itertools
from collections.abc import Iterator, Mapping
from functools import cached_property

import msgspec

from rbac_audit.access.aggregation import Aggregation
from rbac_audit.access.bindings import Binding, RoleKey, bindings_of, by_role, by_subject
from rbac_audit.access.identity import MASTERS, Identity
from rbac_audit.access.permission import EVERY_RIGHT, Permission, resource_words, rule_allows
from rbac_audit.snapshot.estate import Cluster
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding


class Grant(msgspec.Struct, frozen=True, eq=False):
    """One binding that allows a permission, and the first of its role's rules that does.

    `binding` is None for system:masters.
    """

    binding: Binding | None
    rule: PolicyRule | None


class Authorizer:
    """RBAC of one cluster, indexed."""

    def __init__(self, cluster: Cluster) -> None:
        """Resolve aggregation and index the bindings; O(objects)."""
        self.aggregation = Aggregation(cluster.of(ClusterRole))
        self.bindings = bindings_of(cluster.of(RoleBinding), cluster.of(ClusterRoleBinding))
        self.roles: dict[RoleKey, ClusterRole | Role] = {("", role.name): role for role in cluster.of(ClusterRole)}
        # Without a namespace its key would be that of a ClusterRole.
        self.roles.update({(role.namespace, role.name): role for role in cluster.of(Role) if role.namespace})
        self._allowing: dict[Permission, dict[RoleKey, PolicyRule]] = {}

    @cached_property
    def by_role(self) -> Mapping[RoleKey, list[Binding]]:
        """Bindings by the role they grant."""
        return by_role(self.bindings)

    @cached_property
    def by_namespace(self) -> dict[str, list[Binding]]:
        """Bindings by the namespace they are in, "" for cluster-wide."""
        index: dict[str, list[Binding]] = {}
        for binding in self.bindings:
            index.setdefault(binding.namespace, []).append(binding)
        return index

    @cached_property
    def by_subject(self) -> Mapping[str, Mapping[str, list[Binding]]]:
        """Bindings by subject key (`u:alice`, `g:devs`), then namespace."""
        return by_subject(self.bindings)

    @cached_property
    def _places(self) -> list[tuple[PolicyRule, list[tuple[int, RoleKey]]]]:
        """Each distinct rule, with its position in which roles."""
        places: dict[PolicyRule, list[tuple[int, RoleKey]]] = {}
        for key in self.roles:
            for position, rule in enumerate(self.rules(key)):
                places.setdefault(rule, []).append((position, key))
        return list(places.items())

    @cached_property
    def _about(self) -> dict[str, list[int]]:
        """Which distinct rules have a resource word in them, and under "" which are about URLs."""
        about: dict[str, list[int]] = {}
        for number, (rule, _) in enumerate(self._places):
            for word in {*rule.resources, *(("",) if rule.non_resource_urls else ())}:
                about.setdefault(word, []).append(number)
        return about

    @cached_property
    def named(self) -> frozenset[tuple[str, str]]:
        """Every API group with every resource that some rule of some role names."""
        return frozenset(
            pair for rule, _ in self._places for pair in itertools.product(rule.api_groups, rule.resources)
        )

    def rules(self, role: RoleKey) -> tuple[PolicyRule, ...]:
        """Return the rules of a role; empty when the role does not exist."""
        if role[0]:
            found = self.roles.get(role)
            return found.rules if found else ()
        return self.aggregation.effective(role[1])

    def allowing(self, permission: Permission) -> dict[RoleKey, PolicyRule]:
        """Find the roles that hold a permission, each with its first rule that does; decided once per distinct rule."""
        known = self._allowing.get(permission)
        if known is None:
            first: dict[RoleKey, tuple[int, PolicyRule]] = {}
            for rule, places in self._candidates(permission):
                for position, key in places if rule_allows(rule, permission) else ():
                    if key not in first or position < first[key][0]:
                        first[key] = (position, rule)
            known = self._allowing[permission] = {key: rule for key, (_, rule) in first.items()}
        return known

    def allowing_named(self, permission: Permission) -> Iterator[tuple[RoleKey, PolicyRule]]:
        """Find the roles that hold a permission for some names only, whichever these are, with each rule that does."""
        for rule, places in self._candidates(permission):
            if rule.resource_names and rule_allows(msgspec.structs.replace(rule, resource_names=()), permission):
                yield from ((key, rule) for _, key in places)

    def _candidates(self, permission: Permission) -> Iterator[tuple[PolicyRule, list[tuple[int, RoleKey]]]]:
        words = ("",) if permission.path else resource_words(permission.resource)
        for number in sorted({number for word in words for number in self._about.get(word, ())}):
            yield self._places[number]

    def first_allowing(self, role: RoleKey, permission: Permission) -> PolicyRule | None:
        """Find the first rule of one role that holds a permission."""
        return _first(self.rules(role), permission)

    def holders(self, permission: Permission) -> Iterator[Grant]:
        """Find every binding that grants a permission in its namespace or, for a ClusterRoleBinding, everywhere.

        A URL is granted by ClusterRoleBindings only. The first is system:masters, which need no binding.
        """
        yield Grant(None, None)
        for key, rule in self.allowing(permission).items():
            for binding in self.by_role.get(key, ()):
                if not (permission.path and binding.namespace):
                    yield Grant(binding, rule)

    def grants(self, who: Identity, permission: Permission, namespace: str = "") -> Iterator[Grant]:
        """Find every reason why a request is allowed; none means it is denied.

        `namespace` is that of the request, "" for cluster-scoped kinds, all namespaces and URLs: then only
        ClusterRoleBindings count.
        """
        if MASTERS in who.groups:
            yield Grant(None, None)
        for binding in self.bindings_for(who, "" if permission.path else namespace):
            if (rule := self.first_allowing(binding.role, permission)) is not None:
                yield Grant(binding, rule)

    def bindings_for(self, who: Identity, namespace: str = "") -> Iterator[Binding]:
        """Find the bindings that reach somebody in a namespace: cluster-wide ones first, each once."""
        keys = (f"u:{who.user}", *(f"g:{group}" for group in who.groups))
        for place in ("", namespace) if namespace else ("",):
            found = (binding for key in keys for binding in self.by_subject.get(key, {}).get(place, ()))
            yield from dict.fromkeys(found)

    def bound_to(self, *keys: str) -> Iterator[Binding]:
        """Find every binding that names one of some subject keys, each once."""
        places = (self.by_subject.get(key, {}) for key in keys)
        found = (binding for place in places for bindings in place.values() for binding in bindings)
        yield from dict.fromkeys(found)

    def allowed(self, who: Identity, permission: Permission, namespace: str = "") -> bool:
        """Decide a request as a SubjectAccessReview would."""
        return next(self.grants(who, permission, namespace), None) is not None

    def rules_for(self, who: Identity, namespace: str = "") -> tuple[PolicyRule, ...]:
        """List every rule that somebody holds in a namespace (and cluster-wide), as SelfSubjectRulesReview does.

        That one does not know what system:masters may: they are let through before any rule is looked at.
        """
        found = (rule for binding in self.bindings_for(who, namespace) for rule in self.rules(binding.role))
        return tuple(dict.fromkeys((*(EVERY_RIGHT if MASTERS in who.groups else ()), *found)))


def _first(rules: tuple[PolicyRule, ...], permission: Permission) -> PolicyRule | None:
    return next((rule for rule in rules if rule_allows(rule, permission)), None)
