"""Classes of subjects and namespaces that access policies speak of: members, owners, shipped, platform, …"""

from functools import cached_property
from typing import TYPE_CHECKING

from rbac_audit.access import Binding
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.identity import MASTERS
from rbac_audit.access.permission import ALL, Permission
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.ownership import Claim, Ownership
from rbac_audit.rancher.templates import grants
from rbac_audit.snapshot.objects import Namespace, ServiceAccount, Subject

if TYPE_CHECKING:  # a view holds its classes
    from rbac_audit.audit.estate import View

PUBLIC = "harvester-public"
SUBJECT_CLASSES = (
    "project-members",
    "members-by-shipped-roles",
    "project-roles",
    "cluster-owners",
    "cluster-admins",
    "shipped",
    "platform",
)
RANCHER_CLASSES = frozenset({"project-members", "members-by-shipped-roles", "project-roles", "cluster-owners"})
NAMESPACE_CLASSES = ("projects", "system", "public", "unassigned", "all", "cluster")

# Namespaces of the platform: rancher pkg/settings (system-namespaces), harvester pkg/util/constants.go
# (DefaultHarvesterNamespaceWhiteList).
_SYSTEM_NAMES = frozenset(
    {"kube-system", "kube-public", "kube-node-lease", "harvester-system", "longhorn-system", "local"}
)
_SYSTEM_PREFIXES = ("cattle-", "fleet-", "cluster-fleet-", "rancher-", "forklift")
_CONTROL_PLANE = ("system:kube-", "system:node", "system:apiserver", "kube-apiserver", "system:monitoring")
_OWN_CLUSTER = Permission("own", "management.cattle.io", "clusters")
EVERYTHING = Permission(ALL, ALL, ALL)


class Classes:
    """Decides for one cluster in which classes a subject or namespace is."""

    def __init__(self, view: "View") -> None:
        """Look at one cluster."""
        self._view = view

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
        if namespace == PUBLIC:
            return "public"
        if namespace in self.system_namespaces or is_platform_namespace(namespace):
            return "system"
        return "projects" if self._view.projects.of(namespace) else "unassigned"

    @cached_property
    def _members(self) -> dict[str, set[str]]:
        members: dict[str, set[str]] = {}
        for owner in self._view.rancher.bindings if self._view.rancher else ():
            if owner.project and owner.subject:
                members.setdefault(owner.project, set()).add(str(owner.subject))
        return members

    def is_member(self, subject: Subject, project: str) -> bool:
        """Tell whether Rancher shows a subject in a project, by itself or through one of its groups.

        The service accounts of a project's namespaces are in it: its members can run pods as them.
        """
        if subject.kind == "ServiceAccount":
            home = self._view.projects.of(subject.namespace)
            if home is not None and home.id == project:
                return True
        members = self._members.get(project, set())
        return any(name in members for name in self._names(subject))

    def _names(self, subject: Subject) -> tuple[str, ...]:
        person = self._view.people.find(subject.name) if subject.kind == "User" else None
        return (str(subject), *(f"Group:{group}" for group in (person.groups if person else ())))

    @cached_property
    def _owners(self) -> set[str]:
        rancher = self._view.rancher
        if rancher is None:
            return set()
        found = {str(item.subject) for item in rancher.globals if item.admin and item.subject}
        for item in rancher.bindings:
            if item.subject and not item.project and item.cluster == self._view.rancher_id:
                closure = rancher.templates.closure(item.template).templates
                if any(grants(part.rules, _OWN_CLUSTER) or part.name == "cluster-admin" for part in closure):
                    found.add(str(item.subject))
        return found

    def is_cluster_owner(self, subject: Subject) -> bool:
        """Tell whether a subject owns the cluster or is a Rancher administrator, by itself or through a group."""
        return any(name in self._owners for name in self._names(subject))

    @cached_property
    def _admins(self) -> frozenset[str]:
        holders = self._view.access.holders(EVERYTHING)
        bindings = (grant.binding for grant in holders if grant.binding is not None and not grant.binding.namespace)
        return frozenset(str(subject) for binding in bindings for subject in binding.subjects)

    def is_cluster_admin(self, subject: Subject) -> bool:
        """Tell whether a subject itself may do everything on the cluster, whoever gave it that."""
        return str(subject) in self._admins

    def is_platform(self, subject: Subject) -> bool:
        """Tell whether a subject is a part of the platform: its own accounts and the control plane's users."""
        if subject.kind == "ServiceAccount":
            return is_platform_namespace(subject.namespace)
        if subject.kind == "Group" and subject.name.startswith("system:serviceaccounts:"):
            return is_platform_namespace(subject.name.removeprefix("system:serviceaccounts:"))
        return subject.name == MASTERS or subject.name.startswith(_CONTROL_PLANE)

    def is_shipped(self, binding: Binding, subject: Subject, grant: Grant) -> bool:
        """Tell whether a component ships this subject in this binding, and the rule in its role."""
        return self._view.baseline.ships(binding.source, subject) and self._view.baseline.ships_rule(
            self._view.access.roles.get(binding.role), grant.rule
        )

    def allowed(self, classes: tuple[str, ...], grant: Grant, subject: Subject, namespace: str) -> bool:
        """Tell whether a subject is in any of the classes, or named among them, for what reaches a namespace."""
        return any(self._in_class(name, grant, subject, namespace) for name in classes)

    def _in_class(self, name: str, grant: Grant, subject: Subject, namespace: str) -> bool:
        binding = grant.binding
        if binding is None:
            return False
        match name:
            case "project-members":
                return self._is_in_project_of(namespace, subject) or self._believed(binding, "prtb", "rtb-owner")
            case "members-by-shipped-roles":
                return self._is_in_project_of(namespace, subject) and self._has_shipped_role(binding, grant)
            case "project-roles":
                return self._is_project_role(binding) or self._believed(binding, "prtb", "rtb-owner")
            case "cluster-owners":
                return self.is_cluster_owner(subject) or self._looks_like_owner(binding)
            case "shipped":
                return self.is_shipped(binding, subject, grant)
            case "platform":
                return self.is_platform(subject)
            case _:
                return name == str(subject) or (name == "cluster-admins" and self.is_cluster_admin(subject))

    def _has_shipped_role(self, binding: Binding, grant: Grant) -> bool:
        return self._view.baseline.ships_rule(self._view.access.roles.get(binding.role), grant.rule)

    def _looks_like_owner(self, binding: Binding) -> bool:
        owner = not binding.namespace and binding.role_ref.name in _OWNER_ROLES
        return owner and _unproven(self._view.ownership[binding], *_MARKS)

    def _is_in_project_of(self, namespace: str, subject: Subject) -> bool:
        project = self._view.projects.of(namespace) if namespace else None
        return project is not None and self.is_member(subject, project.id)

    def _is_project_role(self, binding: Binding) -> bool:
        if not binding.namespace:
            return False
        verdict = self._view.ownership[binding]
        rendered = any(isinstance(owner, TemplateBinding) and owner.project for owner in verdict.owners)
        return verdict.claim is Claim.HOLDS and rendered

    def _believed(self, binding: Binding, *marks: str) -> bool:
        return bool(binding.namespace) and _unproven(self._view.ownership[binding], *marks)


_MARKS = ("globaladmin", "crtb", "rtb-owner")
_OWNER_ROLES = frozenset({"cluster-admin", "cluster-owner", "cluster-owner-aggregator"})


def _unproven(verdict: Ownership, *marks: str) -> bool:
    """Believe a marker where Rancher's objects were not read: that nothing was verified is said once, as a gap."""
    return verdict.claim is Claim.UNPROVEN and any(mark in verdict.marker for mark in marks)


def is_platform_namespace(name: str) -> bool:
    """Tell by its name whether a namespace belongs to the platform."""
    return name in _SYSTEM_NAMES or name.startswith(_SYSTEM_PREFIXES)
