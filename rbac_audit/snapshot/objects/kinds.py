"""The literal table of the kinds that a snapshot keeps."""

from rbac_audit.snapshot.objects import admission, harvester, kubernetes, networks, platform, rancher, rancher_clusters
from rbac_audit.snapshot.objects.base import KubernetesObject

Kind = type[KubernetesObject]

KINDS: tuple[type[KubernetesObject], ...] = (
    kubernetes.Namespace,
    kubernetes.Node,
    kubernetes.ServiceAccount,
    kubernetes.Role,
    kubernetes.ClusterRole,
    kubernetes.RoleBinding,
    kubernetes.ClusterRoleBinding,
    kubernetes.Secret,
    kubernetes.PersistentVolumeClaim,
    kubernetes.ResourceQuota,
    kubernetes.Pod,
    kubernetes.Deployment,
    kubernetes.DaemonSet,
    kubernetes.StatefulSet,
    kubernetes.Job,
    kubernetes.CronJob,
    admission.ValidatingWebhookConfiguration,
    admission.MutatingWebhookConfiguration,
    admission.ValidatingAdmissionPolicy,
    admission.ValidatingAdmissionPolicyBinding,
    admission.APIGroupDiscovery,
    rancher.User,
    rancher.UserAttribute,
    rancher.GlobalRole,
    rancher.GlobalRoleBinding,
    rancher.RoleTemplate,
    rancher.ClusterRoleTemplateBinding,
    rancher.ProjectRoleTemplateBinding,
    rancher_clusters.Project,
    rancher_clusters.ManagementCluster,
    rancher_clusters.ProvisioningCluster,
    rancher_clusters.ClusterRegistrationToken,
    rancher.Token,
    rancher_clusters.RancherSetting,
    rancher_clusters.Feature,
    rancher_clusters.FleetWorkspace,
    harvester.HarvesterSetting,
    harvester.Addon,
    harvester.VirtualMachineImage,
    harvester.VirtualMachineTemplate,
    harvester.VirtualMachineBackup,
    harvester.KeyPair,
    harvester.VirtualMachine,
    harvester.VirtualMachineInstance,
    harvester.KubeVirt,
    networks.NetworkAttachmentDefinition,
    networks.IPPool,
    harvester.ManagedChart,
    platform.VirtualMachineTemplateVersion,
    platform.VirtualMachineRestore,
    platform.HarvesterResourceQuota,
    platform.DataVolume,
    platform.CDI,
    networks.ClusterNetwork,
    networks.VlanConfig,
    platform.PCIDevice,
    platform.PCIDeviceClaim,
    platform.LoadBalancer,
    platform.HelmChart,
    platform.FleetBundle,
)

_BY_NAME = {(kind.group, kind.kind): kind for kind in KINDS}
_BY_PLURAL = {(kind.group, kind.plural): kind for kind in KINDS}


def kind_of(group: str, kind: str) -> type[KubernetesObject] | None:
    """Find the type of a kind; None for a kind that the snapshot does not keep."""
    return _BY_NAME.get((group, kind))


def kind_of_plural(group: str, plural: str) -> type[KubernetesObject] | None:
    """Find the type of a resource; None for one that the snapshot does not keep."""
    return _BY_PLURAL.get((group, plural))


def kind_key(kind: Kind) -> tuple[str, str]:
    """Sort kinds: by group, then by name."""
    return kind.group, kind.kind
