"""Classes of subjects and namespaces that access policies speak of: members, owners, shipped, platform, …"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING

from rbac_audit.access import Binding, RoleKey
from rbac_audit.access.bindings import by_role
from rbac_audit.access.identity import account_of, home_of, placed, subject_key
from rbac_audit.access.permission import ALL, Permission
from rbac_audit.audit.made_by_rancher import MadeByRancher
from rbac_audit.harvester.platform import is_platform, is_platform_namespace
from rbac_audit.rancher.templates import grants
from rbac_audit.snapshot.objects import (
    Namespace,
    PolicyRule,
    ServiceAccount,
    Subject,
)

if TYPE_CHECKING:  # a view holds its classes
    from rbac_audit.audit.estate import View

OfSubject = Callable[[Binding, Subject], bool]
OfRule = Callable[[Binding, PolicyRule | None, Subject], bool]
Strangers = Callable[[Binding], tuple[Subject, ...]]

PUBLIC = "harvester-public"
GUEST_DRIVER = ("", "harvesterhci.io:csi-driver")
SUBJECT_CLASSES = (
    "project-members",
    "members-by-shipped-roles",
    "project-roles",
    "template-roles",
    "builtin-global-roles",
    "cluster-owners",
    "cluster-admins",
    "guest-clusters",
    "shipped",
    "platform",
)
RANCHER_CLASSES = frozenset(
    {"project-members", "members-by-shipped-roles", "project-roles", "template-roles", "builtin-global-roles"}
    | {"cluster-owners"}
)
NAMESPACE_CLASSES = ("projects", "system", "public", "unassigned", "all", "cluster")

_OWN_CLUSTER = Permission("own", "management.cattle.io", "clusters")
EVERYTHING = Permission(ALL, ALL, ALL)


class Classes:
    """Decides for one cluster in which classes a subject or namespace is."""

    def __init__(self, view: "View") -> None:
        """Look at one cluster."""
        self._view = view
        self._classes: dict[str, str] = {}
        self._projects: dict[Subject, frozenset[str]] = {}
        self._reaching: dict[str, Mapping[RoleKey, list[Binding]]] = {}
        self._strangers: dict[frozenset[str], Strangers] = {}
        self._named: dict[Subject, tuple[str, ...]] = {}

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

    @cached_property
    def _memberships(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for owner in self._view.rancher.bindings if self._view.rancher else ():
            if owner.project and owner.subject:
                found.setdefault(_key(owner.subject), set()).add(owner.project)
        return found

    def projects_of(self, subject: Subject) -> frozenset[str]:
        """Name the projects in which Rancher shows a subject, by itself or through one of its groups.

        The service accounts of a project's namespaces are in it: its members can run pods as them.
        """
        found = self._projects.get(subject)
        if found is None:
            home = self._view.projects.of(home_of(subject))
            shown = (self._memberships.get(name, set()) for name in self._names(subject))
            found = self._projects[subject] = frozenset({home.id} if home else ()).union(*shown)
        return found

    def is_member(self, subject: Subject, project: str) -> bool:
        """Tell whether a project is among those of a subject."""
        return project in self.projects_of(subject)

    def _names(self, subject: Subject) -> tuple[str, ...]:
        """Spell a subject, then its known groups."""
        found = self._named.get(subject)
        if found is None:
            person = self._view.people.find(subject.name) if subject.kind == "User" else None
            groups = (f"Group:{group}" for group in (person.groups if person else ()))
            found = self._named[subject] = (_key(subject), *groups)
        return found

    @cached_property
    def _owners(self) -> set[str]:
        rancher = self._view.rancher
        if rancher is None:
            return set()
        found = {_key(item.subject) for item in rancher.globals if item.admin and item.subject}
        for item in rancher.bindings:
            if item.subject and not item.project and item.cluster == self._view.rancher_id:
                closure = rancher.templates.closure(item.template).templates
                if any(grants(part.rules, _OWN_CLUSTER) or part.name == "cluster-admin" for part in closure):
                    found.add(_key(item.subject))
        return found

    def is_cluster_owner(self, subject: Subject) -> bool:
        """Tell whether a subject owns the cluster or is a Rancher administrator, by itself or through a group."""
        return not self._owners.isdisjoint(self._names(subject))

    def is_owner_through(self, binding: Binding, subject: Subject) -> bool:
        """Tell whether a subject owns the cluster, or a mark of Rancher that is not disproven says so."""
        return self.is_cluster_owner(subject) or binding in self._made.like_owners

    @cached_property
    def _admins(self) -> frozenset[str]:
        holders = self._view.access.holders(EVERYTHING)
        bindings = (grant.binding for grant in holders if grant.binding is not None and not grant.binding.namespace)
        return frozenset(_key(subject) for binding in bindings for subject in binding.subjects)

    def is_cluster_admin(self, subject: Subject) -> bool:
        """Tell whether a subject itself may do everything on the cluster, whoever gave it that."""
        return self._names(subject)[0] in self._admins

    def is_shipped(self, binding: Binding, rule: PolicyRule | None, subject: Subject) -> bool:
        """Tell whether a component ships this subject in this binding, and the rule in its role."""
        return self._view.baseline.ships(binding.source, subject) and self._view.baseline.ships_rule(
            self._view.access.roles.get(binding.role), rule
        )

    def tests(self, names: Iterable[str]) -> tuple[list[OfSubject], list[OfRule]]:
        """Make the tests of classes, or of single subjects among them: those of the subject, those of each rule too."""
        of_rule = [self._of_rule[name] for name in names if name in self._of_rule]
        rest = [name for name in names if name not in self._of_rule]
        called = frozenset(map(_key, rest)) - self._of_subject.keys()
        of_subject = [self._of_subject[name] for name in rest if name in self._of_subject]
        return [*of_subject, *([lambda _, who: _key(who) in called] if called else [])], of_rule

    def strangers(self, names: Iterable[str]) -> Strangers:
        """Make what finds the subjects of a binding that are in none of some classes, whatever its rules.

        Looked up once for each binding, by whichever rule: many allow the same classes.
        """
        wanted = frozenset(names).difference(self._of_rule)
        if wanted not in self._strangers:
            self._strangers[wanted] = cache(partial(_strangers, self.tests(sorted(wanted))[0]))
        return self._strangers[wanted]

    @cached_property
    def _made(self) -> MadeByRancher:
        return MadeByRancher(self._view.ownership, self._view.rancher)

    @cached_property
    def _of_rule(self) -> Mapping[str, OfRule]:
        return {"shipped": self.is_shipped, "members-by-shipped-roles": self._is_member_by_shipped_role}

    @cached_property
    def _of_subject(self) -> Mapping[str, OfSubject]:
        return {
            "project-roles": lambda binding, _: binding in self._made.project_roles,
            "template-roles": lambda binding, _: binding in self._made.template_roles,
            "builtin-global-roles": lambda binding, _: binding in self._made.builtin_global_roles,
            "project-members": lambda binding, who: self._is_here(binding, who) or binding in self._made.like_members,
            "platform": lambda _, who: is_platform(who),
            "guest-clusters": lambda binding, who: binding.role == GUEST_DRIVER and bool(home_of(who)),
            "cluster-owners": self.is_owner_through,
            "cluster-admins": lambda _, who: self.is_cluster_admin(who),
        }

    def _is_here(self, binding: Binding, who: Subject) -> bool:
        project = self._view.projects.of(binding.namespace) if binding.namespace else None
        return project is not None and self.is_member(who, project.id)

    def _is_member_by_shipped_role(self, binding: Binding, rule: PolicyRule | None, who: Subject) -> bool:
        return self._is_here(binding, who) and self._view.baseline.ships_rule(
            self._view.access.roles.get(binding.role), rule
        )


def _strangers(of_subject: list[OfSubject], binding: Binding) -> tuple[Subject, ...]:
    found = (placed(subject, binding.namespace) for subject in binding.subjects)
    real = (who for who in dict.fromkeys(found) if subject_key(who, "") is not None)
    return tuple(who for who in real if not any(test(binding, who) for test in of_subject))


def _key(subject: Subject | str) -> str:
    """Spell an account in one way, whether it is written as such or as a User."""
    text = str(subject)
    account = account_of(text.removeprefix("User:")) if text.startswith("User:") else None
    return f"ServiceAccount:{account[0]}/{account[1]}" if account else text
