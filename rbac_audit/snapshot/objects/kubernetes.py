"""Kubernetes: RBAC, and what RBAC is about (namespaces, accounts, workloads)."""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from rbac_audit.snapshot.objects.base import KubernetesObject, Referring, Struct

RBAC = "rbac.authorization.k8s.io"
SERVICE_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105  # a type, not a token
ACCOUNT_NAME = "kubernetes.io/service-account.name"


class PolicyRule(Struct, frozen=True):
    """One rule of a Role or ClusterRole (k8s.io/api/rbac/v1 PolicyRule)."""

    verbs: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = msgspec.field(name="nonResourceURLs", default=())


class Subject(Struct, frozen=True):
    """A subject of a binding: a User, a Group or a ServiceAccount.

    A namespace is kept of a ServiceAccount only: the API server takes one of a User or Group, and never looks at it
    (kubernetes pkg/apis/rbac/validation ValidateRoleBindingSubject, plugin/pkg/auth/authorizer/rbac appliesToUser).
    """

    kind: str
    name: str
    namespace: str = ""
    api_group: str = ""

    def __post_init__(self) -> None:
        """Leave out a namespace that means nothing, so that two spellings of somebody are one."""
        if self.namespace and self.kind in {"User", "Group"}:
            msgspec.structs.force_setattr(self, "namespace", "")

    def __str__(self) -> str:
        """`User:alice`, `Group:devs`, `ServiceAccount:ns/name`."""
        return f"{self.kind}:{self.namespace}/{self.name}" if self.namespace else f"{self.kind}:{self.name}"


class RoleRef(Struct, frozen=True):
    """The role that a binding grants."""

    kind: str
    name: str
    api_group: str = ""


class Requirement(Struct, frozen=True):
    """One matchExpressions entry: key, In | NotIn | Exists | DoesNotExist, values."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class LabelSelector(Struct, frozen=True):
    """A metav1.LabelSelector; an empty one matches everything."""

    match_labels: Mapping[str, str] = {}
    match_expressions: tuple[Requirement, ...] = ()


class AggregationRule(Struct, frozen=True):
    """Which ClusterRoles a ClusterRole is the union of."""

    cluster_role_selectors: tuple[LabelSelector, ...] = ()


class ClusterRole(KubernetesObject, frozen=True):
    """A ClusterRole; `rules` as stored, which for an aggregated one may be empty in manifests."""

    group: ClassVar[str] = RBAC
    kind: ClassVar[str] = "ClusterRole"
    plural: ClassVar[str] = "clusterroles"
    namespaced: ClassVar[bool] = False
    rules: tuple[PolicyRule, ...] = ()
    aggregation_rule: AggregationRule | None = None


class Role(KubernetesObject, frozen=True):
    """A Role."""

    group: ClassVar[str] = RBAC
    kind: ClassVar[str] = "Role"
    plural: ClassVar[str] = "roles"
    namespaced: ClassVar[bool] = True
    rules: tuple[PolicyRule, ...] = ()


class ClusterRoleBinding(KubernetesObject, frozen=True):
    """A ClusterRoleBinding."""

    group: ClassVar[str] = RBAC
    kind: ClassVar[str] = "ClusterRoleBinding"
    plural: ClassVar[str] = "clusterrolebindings"
    namespaced: ClassVar[bool] = False
    role_ref: RoleRef
    subjects: tuple[Subject, ...] = ()


class RoleBinding(KubernetesObject, frozen=True):
    """A RoleBinding."""

    group: ClassVar[str] = RBAC
    kind: ClassVar[str] = "RoleBinding"
    plural: ClassVar[str] = "rolebindings"
    namespaced: ClassVar[bool] = True
    role_ref: RoleRef
    subjects: tuple[Subject, ...] = ()


class Namespace(KubernetesObject, frozen=True):
    """A Namespace; its project is in the annotation field.cattle.io/projectId."""

    group: ClassVar[str] = ""
    kind: ClassVar[str] = "Namespace"
    plural: ClassVar[str] = "namespaces"
    namespaced: ClassVar[bool] = False


class Node(KubernetesObject, frozen=True):
    """A Node: that it is there, and its labels, by which Rancher knows a Harvester cluster."""

    group: ClassVar[str] = ""
    kind: ClassVar[str] = "Node"
    plural: ClassVar[str] = "nodes"
    namespaced: ClassVar[bool] = False


class ServiceAccount(KubernetesObject, frozen=True):
    """A ServiceAccount."""

    group: ClassVar[str] = ""
    kind: ClassVar[str] = "ServiceAccount"
    plural: ClassVar[str] = "serviceaccounts"
    namespaced: ClassVar[bool] = True
    automount_service_account_token: bool | None = None


class Secret(KubernetesObject, frozen=True):
    """A Secret without its values: the type and the names of its keys."""

    group: ClassVar[str] = ""
    kind: ClassVar[str] = "Secret"
    plural: ClassVar[str] = "secrets"
    namespaced: ClassVar[bool] = True
    type: str = ""
    keys: tuple[str, ...] = ()

    @property
    def stated_type(self) -> str:
        """The type, or where only the metadata was read what it says: only tokens of accounts name an account."""
        return self.type or (SERVICE_ACCOUNT_TOKEN if ACCOUNT_NAME in self.metadata.annotations else "")


class PersistentVolumeClaim(Referring, frozen=True):
    """A PersistentVolumeClaim, the VM image that it says it is a volume of, and its StorageClass."""

    group: ClassVar[str] = ""
    kind: ClassVar[str] = "PersistentVolumeClaim"
    plural: ClassVar[str] = "persistentvolumeclaims"
    namespaced: ClassVar[bool] = True
    storage_class: str = ""


class ResourceQuota(KubernetesObject, frozen=True):
    """A core ResourceQuota: that it is there."""

    group: ClassVar[str] = ""
    kind: ClassVar[str] = "ResourceQuota"
    plural: ClassVar[str] = "resourcequotas"
    namespaced: ClassVar[bool] = True


class Workload(KubernetesObject, frozen=True):
    """What runs pods: as which account, how many of them are there, and which Rancher (its host) an agent obeys."""

    service_account_name: str = ""
    replicas: int | None = None
    available_replicas: int | None = None
    images: tuple[str, ...] = ()
    rancher_server: str = ""


class Pod(Workload, frozen=True):
    """A Pod; `waiting` holds the reasons of its waiting containers, such as ImagePullBackOff."""

    group: ClassVar[str] = ""
    kind: ClassVar[str] = "Pod"
    plural: ClassVar[str] = "pods"
    namespaced: ClassVar[bool] = True
    phase: str = ""
    waiting: tuple[str, ...] = ()


class Deployment(Workload, frozen=True):
    """A Deployment."""

    group: ClassVar[str] = "apps"
    kind: ClassVar[str] = "Deployment"
    plural: ClassVar[str] = "deployments"
    namespaced: ClassVar[bool] = True


class DaemonSet(Workload, frozen=True):
    """A DaemonSet."""

    group: ClassVar[str] = "apps"
    kind: ClassVar[str] = "DaemonSet"
    plural: ClassVar[str] = "daemonsets"
    namespaced: ClassVar[bool] = True


class StatefulSet(Workload, frozen=True):
    """A StatefulSet."""

    group: ClassVar[str] = "apps"
    kind: ClassVar[str] = "StatefulSet"
    plural: ClassVar[str] = "statefulsets"
    namespaced: ClassVar[bool] = True


class Job(Workload, frozen=True):
    """A Job."""

    group: ClassVar[str] = "batch"
    kind: ClassVar[str] = "Job"
    plural: ClassVar[str] = "jobs"
    namespaced: ClassVar[bool] = True


class CronJob(Workload, frozen=True):
    """A CronJob."""

    group: ClassVar[str] = "batch"
    kind: ClassVar[str] = "CronJob"
    plural: ClassVar[str] = "cronjobs"
    namespaced: ClassVar[bool] = True
