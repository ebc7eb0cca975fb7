"""In which classes of subjects a binding puts somebody, whatever its role allows: worked out once, as bits.

What a binding says of itself is believed where nobody could verify it: that nothing was verified is said once, as a
gap.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from rbac_audit.access import Binding
from rbac_audit.access.identity import account_of, home_of, known_as
from rbac_audit.access.permission import EVERYTHING
from rbac_audit.harvester.platform import is_platform
from rbac_audit.harvester.role_templates import is_built_in
from rbac_audit.rancher.bindings import GlobalBinding, TemplateBinding
from rbac_audit.rancher.ownership import Claim, Ownership
from rbac_audit.rancher.templates import makes_owner
from rbac_audit.snapshot.objects import GlobalRole, Subject

if TYPE_CHECKING:  # a view holds its classes
    from rbac_audit.audit.estate import View

GUEST_DRIVER = ("", "harvesterhci.io:csi-driver")
_OWNER_ROLES = frozenset({"cluster-admin", "cluster-owner", "cluster-owner-aggregator", "cattle-globalrole-admin"})
# As in the label, because crtb-owner ends alike.
_LEGACY = "/rtb-owner"

BITS = {
    name: 1 << number
    for number, name in enumerate(
        (
            "project-members",
            "project-roles",
            "template-roles",
            "builtin-global-roles",
            "cluster-owners",
            "cluster-admins",
            "guest-clusters",
            "platform",
        )
    )
}
(
    _PROJECT_MEMBERS,
    _PROJECT_ROLES,
    _TEMPLATE_ROLES,
    _BUILTIN_GLOBAL_ROLES,
    _CLUSTER_OWNERS,
    _CLUSTER_ADMINS,
    _GUEST_CLUSTERS,
    _PLATFORM,
) = BITS.values()


def bits_of(names: Iterable[str]) -> int:
    """Add up classes; what is none of these counts nothing."""
    return sum(BITS.get(name, 0) for name in set(names))


class Standing:
    """Who the subjects of one cluster's bindings are to its Rancher and its platform."""

    def __init__(self, view: "View") -> None:
        """Look at one cluster."""
        self._view = view
        self._projects: dict[Subject, frozenset[str]] = {}
        self._named: dict[Subject, tuple[str, ...]] = {}
        self._whoever: dict[Subject, tuple[int, frozenset[str]]] = {}
        self._found: dict[Binding, tuple[tuple[Subject, int], ...]] = {}

    def of(self, binding: Binding) -> tuple[tuple[Subject, int], ...]:
        """List the subjects of a binding that the API server knows, each once, with its classes there."""
        found = self._found.get(binding)
        if found is None:
            known: Iterable[Subject] = [who for it in binding.subjects if (who := known_as(it, binding.namespace))]
            if len(binding.subjects) > 1:
                known = dict.fromkeys(known)
            found = self._found[binding] = tuple([(who, self.at(binding, who)) for who in known])
        return found

    def at(self, binding: Binding, who: Subject) -> int:
        """Add up the classes that somebody is in where a binding reaches him, as one of its subjects or through one."""
        whoever = self._whoever.get(who)
        if whoever is None:
            whoever = self._whoever[who] = self._anywhere(who), self.projects_of(who)
        found, projects = whoever
        found |= self._made(binding, self._view.ownership[binding])
        if projects and binding.namespace:
            project = self._view.projects.of(binding.namespace)
            if project is not None and project.id in projects:
                found |= _PROJECT_MEMBERS
        return found | _GUEST_CLUSTERS if binding.role == GUEST_DRIVER and home_of(who) else found

    def _anywhere(self, who: Subject) -> int:
        owner = _CLUSTER_OWNERS if self.is_cluster_owner(who) else 0
        admin = _CLUSTER_ADMINS if self.is_cluster_admin(who) else 0
        return owner | admin | (_PLATFORM if is_platform(who) else 0)

    def _made(self, binding: Binding, verdict: Ownership) -> int:
        """Add up the classes that a binding puts all of its subjects in, because of what Rancher makes it from."""
        found = 0
        if verdict.claim is Claim.HOLDS:
            for owner in verdict.owners:
                if isinstance(owner, TemplateBinding):
                    found |= _TEMPLATE_ROLES | (_PROJECT_ROLES if binding.namespace and owner.project else 0)
                elif owner.role is not None and is_built_in(owner.role):
                    found |= _BUILTIN_GLOBAL_ROLES
        elif verdict.claim is Claim.UNPROVEN:
            found = _unproven(binding, verdict.marker)
        return found | _CLUSTER_OWNERS if self._is_of_unread_role(binding, verdict) else found

    def _is_of_unread_role(self, binding: Binding, verdict: Ownership) -> bool:
        """Tell whether a binding may be of administrators: it is made for a global role that was not read."""
        if self._knows_global_roles or binding.namespace or binding.role_ref.name not in _OWNER_ROLES:
            return False
        return any(isinstance(owner, GlobalBinding) and owner.role is None for owner in verdict.owners)

    @cached_property
    def _knows_global_roles(self) -> bool:
        return self._view.rancher is None or self._view.rancher.cluster.whole(GlobalRole)

    @cached_property
    def _memberships(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for owner in self._view.rancher.bindings if self._view.rancher else ():
            if owner.project and owner.subject:
                found.setdefault(key_of(owner.subject), set()).add(owner.project)
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
            found = self._named[subject] = (key_of(subject), *groups)
        return found

    @cached_property
    def _owners(self) -> set[str]:
        rancher = self._view.rancher
        if rancher is None:
            return set()
        found = {key_of(item.subject) for item in rancher.globals if item.admin and item.subject}
        for item in rancher.bindings:
            here = not item.project and item.cluster == self._view.rancher_id
            if item.subject and here and makes_owner(rancher.templates.closure(item.template), "clusters"):
                found.add(key_of(item.subject))
        return found

    def is_cluster_owner(self, subject: Subject) -> bool:
        """Tell whether a subject owns the cluster or is a Rancher administrator, by itself or through a group."""
        return not self._owners.isdisjoint(self._names(subject))

    def is_owner_through(self, binding: Binding, subject: Subject) -> bool:
        """Tell whether a subject owns the cluster, or a mark of Rancher that is not disproven says so."""
        return bool(self.at(binding, subject) & _CLUSTER_OWNERS)

    @cached_property
    def _admins(self) -> frozenset[str]:
        holders = self._view.access.holders(EVERYTHING)
        bindings = (grant.binding for grant in holders if grant.binding is not None and not grant.binding.namespace)
        return frozenset(key_of(subject) for binding in bindings for subject in binding.subjects)

    def is_cluster_admin(self, subject: Subject) -> bool:
        """Tell whether a subject itself may do everything on the cluster, whoever gave it that."""
        return self._names(subject)[0] in self._admins


def _unproven(binding: Binding, marker: str) -> int:
    def says(*marks: str) -> bool:
        return any(mark in marker for mark in marks)

    found = 0
    if binding.namespace and says("prtb", _LEGACY):
        found |= _PROJECT_MEMBERS | _PROJECT_ROLES
    if says("prtb", "crtb", _LEGACY, "aggregation", "binding-owner", "ownerReference"):
        found |= _TEMPLATE_ROLES
    of_owners = not binding.namespace and binding.role_ref.name in _OWNER_ROLES
    if of_owners and says("globaladmin", "crtb", _LEGACY, "authz.management.cattle.io/"):
        found |= _CLUSTER_OWNERS
    return found


def key_of(subject: Subject | str) -> str:
    """Spell an account in one way, whether it is written as such or as a User."""
    text = str(subject)
    account = account_of(text.removeprefix("User:")) if text.startswith("User:") else None
    return f"ServiceAccount:{account[0]}/{account[1]}" if account else text
