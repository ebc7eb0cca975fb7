"""Rancher's kinds (management.cattle.io/v3 and provisioning.cattle.io/v1), fields where Rancher puts them.

Source: rancher/rancher pkg/apis/management.cattle.io/v3 {authn,authz,cluster,global}_types.go. GlobalRole,
GlobalRoleBinding, RoleTemplate, both template bindings, User and Setting have no `spec`: their fields stand at the top.
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

    Rancher writes GroupPrincipals, LastRefresh and UserName capitalised (no json tags); `decode` flattens them.
    """

    group: ClassVar[str] = MANAGEMENT
    kind: ClassVar[str] = "UserAttribute"
    plural: ClassVar[str] = "userattributes"
    namespaced: ClassVar[bool] = False
    user_name: str = ""
    groups: tuple[GroupPrincipal, ...] = ()
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


class ProjectSpec(Struct, frozen=True):
    """What a project is called, and in which cluster it is."""

    display_name: str = ""
    description: str = ""
    cluster_name: str = ""
    resource_quota: Mapping[str, object] | None = None


class ProjectStatus(Struct, frozen=True):
    """Where the project's bindings lie; empty means: in the namespace of the project's name."""

    backing_namespace: str = ""


class Project(KubernetesObject, frozen=True):
    """A project; lies in the namespace of its cluster's id on the management cluster."""

    group: ClassVar[str] = MANAGEMENT
    kind: ClassVar[str] = "Project"
    plural: ClassVar[str] = "projects"
    namespaced: ClassVar[bool] = True
    spec: ProjectSpec = ProjectSpec()
    status: ProjectStatus = ProjectStatus()


class ClusterSpec(Struct, frozen=True):
    """The human name of a managed cluster."""

    display_name: str = ""
    fleet_workspace_name: str = ""
    internal: bool = False


class Condition(Struct, frozen=True):
    """One status condition."""

    type: str = ""
    status: str = ""
    reason: str = ""


class ClusterStatus(Struct, frozen=True):
    """How a managed cluster came and whether it answers; credentials are dropped."""

    driver: str = ""
    provider: str = ""
    conditions: tuple[Condition, ...] = ()


class ManagementCluster(KubernetesObject, frozen=True):
    """A management.cattle.io Cluster: `local`, `c-xxxxx` or `c-m-xxxxxxxx`."""

    group: ClassVar[str] = MANAGEMENT
    kind: ClassVar[str] = "Cluster"
    plural: ClassVar[str] = "clusters"
    namespaced: ClassVar[bool] = False
    spec: ClusterSpec = ClusterSpec()
    status: ClusterStatus = ClusterStatus()


class ProvisioningStatus(Struct, frozen=True):
    """Which management Cluster a provisioning Cluster stands for."""

    cluster_name: str = ""
    ready: bool = False
    agent_deployed: bool = False


class ProvisioningCluster(KubernetesObject, frozen=True):
    """A provisioning.cattle.io Cluster."""

    group: ClassVar[str] = "provisioning.cattle.io"
    kind: ClassVar[str] = "Cluster"
    plural: ClassVar[str] = "clusters"
    namespaced: ClassVar[bool] = True
    status: ProvisioningStatus = ProvisioningStatus()


class ClusterRegistrationToken(KubernetesObject, frozen=True):
    """That a registration token is there and whether its value is visible; never the value."""

    group: ClassVar[str] = MANAGEMENT
    kind: ClassVar[str] = "ClusterRegistrationToken"
    plural: ClassVar[str] = "clusterregistrationtokens"
    namespaced: ClassVar[bool] = True
    cluster_name: str = ""
    token_visible: bool = False


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


class RancherSetting(KubernetesObject, frozen=True):
    """A Rancher setting; the value is kept only for those of `decode.KEPT_SETTINGS`."""

    group: ClassVar[str] = MANAGEMENT
    kind: ClassVar[str] = "Setting"
    plural: ClassVar[str] = "settings"
    namespaced: ClassVar[bool] = False
    value: str = ""
    default: str = ""


class FeatureSpec(Struct, frozen=True):
    """What an administrator chose."""

    value: bool | None = None


class FeatureStatus(Struct, frozen=True):
    """What Rancher made of it."""

    default: bool = False
    locked_value: bool | None = None


class Feature(KubernetesObject, frozen=True):
    """A feature flag."""

    group: ClassVar[str] = MANAGEMENT
    kind: ClassVar[str] = "Feature"
    plural: ClassVar[str] = "features"
    namespaced: ClassVar[bool] = False
    spec: FeatureSpec = FeatureSpec()
    status: FeatureStatus = FeatureStatus()

    @property
    def enabled(self) -> bool:
        """status.lockedValue, else spec.value, else status.default (pkg/features/feature.go)."""
        chosen = (self.status.locked_value, self.spec.value, self.status.default)
        return next(value for value in chosen if value is not None)


class FleetWorkspace(KubernetesObject, frozen=True):
    """A Fleet workspace: that it is there."""

    group: ClassVar[str] = MANAGEMENT
    kind: ClassVar[str] = "FleetWorkspace"
    plural: ClassVar[str] = "fleetworkspaces"
    namespaced: ClassVar[bool] = False
