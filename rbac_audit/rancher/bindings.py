"""Rancher's own bindings made uniform: whom each puts where, by which template, and what that renders.

Source: rancher pkg/rbac/common.go (BuildSubjectFromRTB), pkg/controllers/management/auth (reconcileSubject,
IsAdminGlobalRole).
"""

from collections.abc import Iterable

import msgspec

from rbac_audit.access.permission import ALL
from rbac_audit.rancher.naming import short_hash
from rbac_audit.rancher.people import People
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    GlobalRole,
    GlobalRoleBinding,
    PolicyRule,
    ProjectRoleTemplateBinding,
    Subject,
)

_RBAC = "rbac.authorization.k8s.io"


class TemplateBinding(msgspec.Struct, frozen=True, eq=False):
    """A project or cluster role template binding.

    `project` is "" for a cluster's, `subject` None where none is valid.
    """

    source: ProjectRoleTemplateBinding | ClusterRoleTemplateBinding
    cluster: str
    project: str
    template: str
    subject: Subject | None


def template_bindings(
    prtbs: Iterable[ProjectRoleTemplateBinding], crtbs: Iterable[ClusterRoleTemplateBinding], people: People
) -> tuple[TemplateBinding, ...]:
    """Make both kinds uniform; a projectName without a colon gives a binding of no cluster."""
    projects = (
        TemplateBinding(
            source=item,
            cluster=item.project_name.partition(":")[0],
            project=item.project_name,
            template=item.role_template_name,
            subject=_subject(item, people),
        )
        for item in prtbs
    )
    clusters = (
        TemplateBinding(item, item.cluster_name, "", item.role_template_name, _subject(item, people)) for item in crtbs
    )
    return (*projects, *clusters)


def _subject(
    item: ProjectRoleTemplateBinding | ClusterRoleTemplateBinding | GlobalRoleBinding, people: People
) -> Subject | None:
    if isinstance(item, ProjectRoleTemplateBinding) and item.service_account:
        namespace, _, name = item.service_account.partition(":")
        return Subject(kind="ServiceAccount", name=name, namespace=namespace)
    group_name = "" if isinstance(item, GlobalRoleBinding) else item.group_name
    user = item.user_name or (people.user_for(item.user_principal_name) if item.user_principal_name else "")
    named = [("User", user), ("Group", item.group_principal_name), ("Group", group_name)]
    found = [(kind, name) for kind, name in named if name]
    if len(found) != 1:
        return None
    return Subject(kind=found[0][0], name=found[0][1], api_group=_RBAC)


class GlobalBinding(msgspec.Struct, frozen=True, eq=False):
    """A global role binding; `admin` when its role also makes its subject cluster-admin of every cluster."""

    source: GlobalRoleBinding
    role: GlobalRole | None
    subject: Subject | None
    admin: bool

    @property
    def admin_binding_name(self) -> str:
        """Name of the ClusterRoleBinding to cluster-admin on each cluster (rbac.GetGRBTargetKey)."""
        target = self.source.user_name or f"u-{short_hash(self.source.group_principal_name)}"
        return f"globaladmin-{target}"


Owner = TemplateBinding | GlobalBinding
"""What Rancher renders objects from."""


def global_bindings(
    bindings: Iterable[GlobalRoleBinding], roles: Iterable[GlobalRole], people: People
) -> tuple[GlobalBinding, ...]:
    """Join global role bindings with their roles."""
    by_name = {role.name: role for role in roles}
    return tuple(
        GlobalBinding(item, role := by_name.get(item.global_role_name), _subject(item, people), is_admin(role))
        for item in bindings
    )


def is_admin(role: GlobalRole | None) -> bool:
    """Tell whether Rancher makes who has a global role cluster-admin of every cluster (IsAdminGlobalRole)."""
    if role is None:
        return False
    return (role.builtin and role.name == "admin") or (
        any(_everything(rule) for rule in role.rules)
        and any(ALL in rule.non_resource_urls and ALL in rule.verbs for rule in role.rules)
    )


def _everything(rule: PolicyRule) -> bool:
    return ALL in rule.resources and ALL in rule.api_groups and ALL in rule.verbs
