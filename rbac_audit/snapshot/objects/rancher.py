"""Rancher's kinds that say who may do what (management.cattle.io/v3), fields where Rancher puts them.

Source: rancher/rancher pkg/apis/management.cattle.io/v3 {authn,authz}_types.go. GlobalRole, GlobalRoleBinding,
RoleTemplate, both template bindings, User and Token have no `spec`: their fields stand at the top.
"""

from collections.abc import Mapping
from typing import ClassVar

from rbac_audit.snapshot.objects.base import KubernetesObject, Struct
from rbac_audit.snapshot.objects.kubernetes import PolicyRule

MANAGEMENT = "management.cattle.io"


class User(KubernetesObject, frozen=True):
    """A Rancher user; an absent `enabled` means enabled (User.GetEnabled)."""

    group: ClassVar[str] = MANAGEMENT
    kind: ClassVar[str] = "User"
    plural: ClassVar[str] = "users"
    namespaced: ClassVar[bool] = False
    display_name: str = ""
    username: str = ""
    principal_ids: tuple[str, ...] = ()
    enabled: bool | None = None


class GroupPrincipal(Struct, frozen=True):
    """One group of a user, as the auth provider named it at the last login or refresh."""

    name: str
    provider: str = ""
    display_name: str = ""


class UserAttribute(KubernetesObject, frozen=True):
    """Which groups a user was in, and when that was last learnt; stale by design.

    `principal_ids` and `usernames` are those that all providers together gave at the last logins. Rancher writes
    GroupPrincipals, ExtraByProvider, LastRefresh and UserName capitalised (no json tags); `reshape` flattens them.
    """

    group: ClassVar[str] = MANAGEMENT
    kind: ClassVar[str] = "UserAttribute"
    plural: ClassVar[str] = "userattributes"
    namespaced: ClassVar[bool] = False
    user_name: str = ""
    groups: tuple[GroupPrincipal, ...] = ()
    principal_ids: tuple[str, ...] = ()
    usernames: tuple[str, ...] = ()
    last_refresh: str = ""
    last_login: str = ""


class FleetPermissions(Struct, frozen=True):
    """GlobalRole.inheritedFleetWorkspacePermissions."""

    resource_rules: tuple[PolicyRule, ...] = ()
    workspace_verbs: tuple[str, ...] = ()


class GlobalRole(KubernetesObject, frozen=True):
    """A GlobalRole: `rules` count on the management cluster only."""

    group: ClassVar[str] = MANAGEMENT
    kind: ClassVar[str] = "GlobalRole"
    plural: ClassVar[str] = "globalroles"
    namespaced: ClassVar[bool] = False
    display_name: str = ""
    builtin: bool = False
    new_user_default: bool = False
    rules: tuple[PolicyRule, ...] = ()
    inherited_cluster_roles: tuple[str, ...] = ()
    namespaced_rules: Mapping[str, tuple[PolicyRule, ...]] = {}
    inherited_namespaced_rules: Mapping[str, tuple[PolicyRule, ...]] = {}
    inherited_fleet_workspace_permissions: FleetPermissions | None = None


class GlobalRoleBinding(KubernetesObject, frozen=True):
    """A GlobalRole bound to a user or a group principal."""

    group: ClassVar[str] = MANAGEMENT
    kind: ClassVar[str] = "GlobalRoleBinding"
    plural: ClassVar[str] = "globalrolebindings"
    namespaced: ClassVar[bool] = False
    global_role_name: str = ""
    user_name: str = ""
    user_principal_name: str = ""
    group_principal_name: str = ""


class RoleTemplate(KubernetesObject, frozen=True):
    """A role template; `context` is project, cluster or "" (not bindable)."""

    group: ClassVar[str] = MANAGEMENT
    kind: ClassVar[str] = "RoleTemplate"
    plural: ClassVar[str] = "roletemplates"
    namespaced: ClassVar[bool] = False
    display_name: str = ""
    context: str = ""
    builtin: bool = False
    external: bool = False
    hidden: bool = False
    locked: bool = False
    administrative: bool = False
    cluster_creator_default: bool = False
    project_creator_default: bool = False
    rules: tuple[PolicyRule, ...] = ()
    external_rules: tuple[PolicyRule, ...] = ()
    role_template_names: tuple[str, ...] = ()


class ClusterRoleTemplateBinding(KubernetesObject, frozen=True):
    """A role template bound on a whole cluster; lies in the namespace of the cluster's id."""

    group: ClassVar[str] = MANAGEMENT
    kind: ClassVar[str] = "ClusterRoleTemplateBinding"
    plural: ClassVar[str] = "clusterroletemplatebindings"
    namespaced: ClassVar[bool] = True
    cluster_name: str = ""
    role_template_name: str = ""
    user_name: str = ""
    user_principal_name: str = ""
    group_name: str = ""
    group_principal_name: str = ""


class ProjectRoleTemplateBinding(KubernetesObject, frozen=True):
    """A role template bound in a project; `project_name` is `<cluster id>:<project id>`."""

    group: ClassVar[str] = MANAGEMENT
    kind: ClassVar[str] = "ProjectRoleTemplateBinding"
    plural: ClassVar[str] = "projectroletemplatebindings"
    namespaced: ClassVar[bool] = True
    project_name: str = ""
    role_template_name: str = ""
    user_name: str = ""
    user_principal_name: str = ""
    group_name: str = ""
    group_principal_name: str = ""
    service_account: str = ""


class Token(KubernetesObject, frozen=True):
    """An API token's metadata; never its value."""

    group: ClassVar[str] = MANAGEMENT
    kind: ClassVar[str] = "Token"
    plural: ClassVar[str] = "tokens"
    namespaced: ClassVar[bool] = False
    user_id: str = ""
    auth_provider: str = ""
    is_derived: bool = False
    ttl: int = 0
    expires_at: str = ""
    cluster_name: str = ""
