"""Classes of subjects and namespaces that access policies speak of: members, owners, shipped, platform, …"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from rbac_audit.access import Binding, RoleKey
from rbac_audit.access.bindings import by_role
from rbac_audit.audit.standing import BITS, bits_of, key_of
from rbac_audit.harvester.platform import is_platform_namespace
from rbac_audit.snapshot.objects import Namespace, PolicyRule, ServiceAccount, Subject

if TYPE_CHECKING:  # a view holds its classes
    from rbac_audit.audit.estate import View

PUBLIC = "harvester-public"
# Those of Standing, and two that depend on the rules of the role.
SUBJECT_CLASSES = (*BITS, "members-by-shipped-roles", "shipped")
RANCHER_CLASSES = frozenset(
    {"project-members", "members-by-shipped-roles", "project-roles", "template-roles", "builtin-global-roles"}
    | {"cluster-owners"}
)
NAMESPACE_CLASSES = ("projects", "system", "public", "unassigned", "all", "cluster")


class Strangers:
    """Whom the bindings of some namespaces reach outside of some classes."""

    def __init__(self, view: "View", reaching: Mapping[RoleKey, list[Binding]], names: frozenset[str]) -> None:
        """Take the bindings by role, and the classes, or single subjects among them."""
        self._view, self._reaching = view, reaching
        self._classes, self._called = bits_of(names), frozenset(map(key_of, names.difference(SUBJECT_CLASSES)))
        self._shipped, self._members_as_shipped = "shipped" in names, "members-by-shipped-roles" in names
        self._bound: dict[RoleKey, tuple[tuple[Binding, tuple[Subject, ...]], ...]] = {}

    def bound_to(self, role: RoleKey) -> tuple[tuple[Binding, tuple[Subject, ...]], ...]:
        """List the bindings to a role that reach any, with these; looked up once for each role."""
        found = self._bound.get(role)
        if found is None:
            each = ((binding, self.of(binding)) for binding in self._reaching.get(role, ()))
            found = self._bound[role] = tuple(item for item in each if item[1])
        return found

    def of(self, binding: Binding) -> tuple[Subject, ...]:
        """Find the subjects of a binding that are in none of the classes, whatever its role allows."""
        standing = self._view.standing.of(binding)
        found = [who for who, classes in standing if not classes & self._classes]
        return tuple([who for who in found if key_of(who) not in self._called] if self._called else found)

    def by_rule(self, binding: Binding, subjects: tuple[Subject, ...], rule: PolicyRule) -> tuple[Subject, ...]:
        """Leave out of these whom a rule of the role makes one of the classes: what is shipped so is meant so."""
        if self._shipped and binding in self._view.shipped and self._is_shipped(binding, rule):
            subjects = tuple(who for who in subjects if not self._view.baseline.ships(binding.source, who))
        if self._members_as_shipped and self._is_shipped(binding, rule):
            project = self._view.projects.of(binding.namespace) if binding.namespace else None
            inside = project.id if project is not None else ""
            subjects = tuple(who for who in subjects if not self._view.standing.is_member(who, inside))
        return subjects

    def _is_shipped(self, binding: Binding, rule: PolicyRule) -> bool:
        return self._view.baseline.ships_rule(self._view.access.roles.get(binding.role), rule)

    def has(self, binding: Binding, who: Subject) -> bool:
        """Tell whether somebody whom a binding reaches, as one of its subjects or through one, is one of them."""
        return not self._view.standing.at(binding, who) & self._classes and key_of(who) not in self._called


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
        wanted = frozenset(names)
        if not isinstance(where, str):
            places = self._view.access.by_namespace
            chosen = by_role(binding for place in dict.fromkeys(("", *where)) for binding in places.get(place, ()))
            return Strangers(self._view, chosen, wanted)
        found = self._strangers.get((where, wanted))
        if found is None:
            found = self._strangers[where, wanted] = Strangers(self._view, self.reaching(where), wanted)
        return found

    def is_shipped(self, binding: Binding, rule: PolicyRule | None, subject: Subject) -> bool:
        """Tell whether a component ships this subject in this binding, and the rule in its role."""
        return (
            binding in self._view.shipped
            and self._view.baseline.ships(binding.source, subject)
            and self._view.baseline.ships_rule(self._view.access.roles.get(binding.role), rule)
        )
