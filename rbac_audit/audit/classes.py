"""Classes of subjects and namespaces that access policies speak of: members, owners, shipped, platform, …"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from rbac_audit.access import Binding, RoleKey
from rbac_audit.access.bindings import by_role
from rbac_audit.audit.standing import BITS, Standing, bits_of, key_of
from rbac_audit.harvester.platform import is_platform_namespace
from rbac_audit.snapshot.objects import Namespace, PolicyRule, ServiceAccount, Subject

if TYPE_CHECKING:  # a view holds its classes
    from rbac_audit.audit.estate import View

OfRule = Callable[[Binding, PolicyRule | None, Subject], bool]

PUBLIC = "harvester-public"
_OF_RULES = ("members-by-shipped-roles", "shipped")
SUBJECT_CLASSES = (*BITS, *_OF_RULES)
RANCHER_CLASSES = frozenset(
    {"project-members", "members-by-shipped-roles", "project-roles", "template-roles", "builtin-global-roles"}
    | {"cluster-owners"}
)
NAMESPACE_CLASSES = ("projects", "system", "public", "unassigned", "all", "cluster")


class Strangers:
    """Whom the bindings of some namespaces reach outside of some classes, whatever the roles say."""

    def __init__(self, standing: Standing, reaching: Mapping[RoleKey, list[Binding]], names: frozenset[str]) -> None:
        """Take the bindings by role, and the classes, or single subjects among them."""
        self._standing, self._reaching = standing, reaching
        self._classes, self._called = bits_of(names), frozenset(map(key_of, names - BITS.keys()))
        self._bound: dict[RoleKey, tuple[tuple[Binding, tuple[Subject, ...]], ...]] = {}

    def bound_to(self, role: RoleKey) -> tuple[tuple[Binding, tuple[Subject, ...]], ...]:
        """List the bindings to a role that reach any, with these; looked up once for each role."""
        found = self._bound.get(role)
        if found is None:
            each = ((binding, self.of(binding)) for binding in self._reaching.get(role, ()))
            found = self._bound[role] = tuple(item for item in each if item[1])
        return found

    def of(self, binding: Binding) -> tuple[Subject, ...]:
        """Find the subjects of a binding that are in none of the classes."""
        return tuple(
            [
                who
                for who, classes in self._standing.of(binding)
                if not classes & self._classes and not (self._called and key_of(who) in self._called)
            ]
        )

    def has(self, binding: Binding, who: Subject) -> bool:
        """Tell whether somebody whom a binding reaches, as one of its subjects or through one, is one of them."""
        return not self._standing.at(binding, who) & self._classes and key_of(who) not in self._called


class Classes:
    """Decides for one cluster in which class a namespace is, and whom its bindings reach outside of classes."""

    def __init__(self, view: "View") -> None:
        """Look at one cluster."""
        self._view = view
        self._classes: dict[str, str] = {}
        self._reaching: dict[str, Mapping[RoleKey, list[Binding]]] = {}
        self._strangers: dict[tuple[str, frozenset[str]], Strangers] = {}

    @cached_property
    def system_namespaces(self) -> frozenset[str]:
        """Namespaces of the platform and of the System project.

        Harvester-public is none, whatever its annotation says.
        """
        names = {namespace.name for namespace in self._view.cluster.of(Namespace)}
        names |= {account.namespace for account in self._view.cluster.of(ServiceAccount)}
        named = {name for name in names if is_platform_namespace(name)}
        return frozenset((named | self._view.projects.system_namespaces()) - {PUBLIC, "default"})

    def namespace_class(self, namespace: str) -> str:
        """Class of a namespace: public, system, projects or unassigned."""
        found = self._classes.get(namespace)
        if found is None:
            found = self._classes[namespace] = self._class_of(namespace)
        return found

    def _class_of(self, namespace: str) -> str:
        if namespace == PUBLIC:
            return "public"
        if namespace in self.system_namespaces or is_platform_namespace(namespace):
            return "system"
        return "projects" if self._view.projects.of(namespace) else "unassigned"

    def reaching(self, name: str) -> Mapping[RoleKey, list[Binding]]:
        """Index by role the bindings that reach the namespaces of a class, with the cluster-wide ones."""
        if name == "all":
            return self._view.access.by_role
        if name not in self._reaching:
            wide = self._view.access.by_namespace.get("", ())
            self._reaching[name] = by_role(itertools.chain(wide, self.bindings_in(name)))
        return self._reaching[name]

    def bindings_in(self, name: str) -> Iterator[Binding]:
        """List the bindings in the namespaces of a class, in their order; a cluster-wide one is in none."""
        for namespace, bindings in self._view.access.by_namespace.items():
            if namespace and self.namespace_class(namespace) == name:
                yield from bindings

    def strangers(self, names: Iterable[str], where: str | tuple[str, ...] = "all") -> Strangers:
        """Make what finds the subjects that are in none of some classes, in a class of namespaces or in named ones.

        Kept for each class of namespaces: many rules allow the same classes.
        """
        wanted = frozenset(names).difference(_OF_RULES)
        if not isinstance(where, str):
            places = self._view.access.by_namespace
            chosen = by_role(binding for place in dict.fromkeys(("", *where)) for binding in places.get(place, ()))
            return Strangers(self._view.standing, chosen, wanted)
        found = self._strangers.get((where, wanted))
        if found is None:
            found = self._strangers[where, wanted] = Strangers(self._view.standing, self.reaching(where), wanted)
        return found

    def tests(self, names: Iterable[str]) -> list[OfRule]:
        """Make the tests of those classes that depend on a rule of the role, too."""
        tests: dict[str, OfRule] = {"shipped": self.is_shipped, "members-by-shipped-roles": self._is_member_as_shipped}
        return [tests[name] for name in names if name in tests]

    def is_shipped(self, binding: Binding, rule: PolicyRule | None, subject: Subject) -> bool:
        """Tell whether a component ships this subject in this binding, and the rule in its role."""
        return (
            binding in self._shipped
            and self._view.baseline.ships(binding.source, subject)
            and self._view.baseline.ships_rule(self._view.access.roles.get(binding.role), rule)
        )

    @cached_property
    def _shipped(self) -> frozenset[Binding]:
        return frozenset(self._view.shipped)

    def _is_member_as_shipped(self, binding: Binding, rule: PolicyRule | None, who: Subject) -> bool:
        project = self._view.projects.of(binding.namespace) if binding.namespace else None
        return (
            project is not None
            and self._view.standing.is_member(who, project.id)
            and self._view.baseline.ships_rule(self._view.access.roles.get(binding.role), rule)
        )
