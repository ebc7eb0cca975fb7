"""Rancher's kinds that say where: projects, clusters, workspaces, and the settings of the whole of it.

Source: rancher/rancher pkg/apis/management.cattle.io/v3 {authz,cluster,global}_types.go, provisioning.cattle.io/v1.
A Setting has no `spec`: its fields stand at the top.
"""

from collections.abc import Mapping
from typing import ClassVar

from rbac_audit.snapshot.objects.base import KubernetesObject, Struct
from rbac_audit.snapshot.objects.rancher import MANAGEMENT


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
    """A management.cattle.io Cluster: `local`, `c-xxxxx` or `c-m-xxxxxxxx`.

    `credentials` names the fields that hold a credential in plain text, such as `serviceAccountToken in status`.
    """

    group: ClassVar[str] = MANAGEMENT
    kind: ClassVar[str] = "Cluster"
    plural: ClassVar[str] = "clusters"
    namespaced: ClassVar[bool] = False
    spec: ClusterSpec = ClusterSpec()
    status: ClusterStatus = ClusterStatus()
    credentials: tuple[str, ...] = ()


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


class RancherSetting(KubernetesObject, frozen=True):
    """A Rancher setting; the value is kept only for those of `reshape.KEPT_SETTINGS`."""

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
