"""Kinds of Harvester, KubeVirt and their neighbours that tenancy rules look at.

Source: harvester/harvester pkg/apis/harvesterhci.io/v1beta1, kubevirt/api core/v1, rancher/fleet.
"""

from typing import ClassVar

from rbac_audit.snapshot.objects.base import KubernetesObject, Referring, Struct

HARVESTER = "harvesterhci.io"


class RegistrationUrl(Struct, frozen=True):
    """What `cluster-registration-url` says, without the token that is part of the URL."""

    scheme: str = ""
    host: str = ""
    plain: bool = False
    insecure_skip_tls_verify: bool = False


class HarvesterSetting(KubernetesObject, frozen=True):
    """A Harvester setting; the value is kept only for those of `reshape.KEPT_SETTINGS`."""

    group: ClassVar[str] = HARVESTER
    kind: ClassVar[str] = "Setting"
    plural: ClassVar[str] = "settings"
    namespaced: ClassVar[bool] = False
    value: str = ""
    default: str = ""
    registration: RegistrationUrl | None = None


class AddonSpec(Struct, frozen=True):
    """Whether the add-on is on, and in which version."""

    enabled: bool = False
    version: str = ""


class Addon(KubernetesObject, frozen=True):
    """A Harvester add-on; its values, and the URL that may have a password, are dropped."""

    group: ClassVar[str] = HARVESTER
    kind: ClassVar[str] = "Addon"
    plural: ClassVar[str] = "addons"
    namespaced: ClassVar[bool] = True
    spec: AddonSpec = AddonSpec()


class ImageSpec(Struct, frozen=True):
    """What an image is called and where it came from."""

    display_name: str = ""
    source_type: str = ""


class VirtualMachineImage(Referring, frozen=True):
    """A VM image, the volume or image that it was made of, and the StorageClass that volumes of it have."""

    group: ClassVar[str] = HARVESTER
    kind: ClassVar[str] = "VirtualMachineImage"
    plural: ClassVar[str] = "virtualmachineimages"
    namespaced: ClassVar[bool] = True
    spec: ImageSpec = ImageSpec()
    storage_class: str = ""


class VirtualMachineTemplate(Referring, frozen=True):
    """A VM template, and its default version."""

    group: ClassVar[str] = HARVESTER
    kind: ClassVar[str] = "VirtualMachineTemplate"
    plural: ClassVar[str] = "virtualmachinetemplates"
    namespaced: ClassVar[bool] = True


class VirtualMachineBackup(KubernetesObject, frozen=True):
    """A VM backup: that it is there."""

    group: ClassVar[str] = HARVESTER
    kind: ClassVar[str] = "VirtualMachineBackup"
    plural: ClassVar[str] = "virtualmachinebackups"
    namespaced: ClassVar[bool] = True


class KeyPair(KubernetesObject, frozen=True):
    """A public SSH key: that it is there."""

    group: ClassVar[str] = HARVESTER
    kind: ClassVar[str] = "KeyPair"
    plural: ClassVar[str] = "keypairs"
    namespaced: ClassVar[bool] = True


class VirtualMachine(Referring, frozen=True):
    """A KubeVirt VM, what it refers to, and the names of its host devices; its cloud-init data is never kept."""

    group: ClassVar[str] = "kubevirt.io"
    kind: ClassVar[str] = "VirtualMachine"
    plural: ClassVar[str] = "virtualmachines"
    namespaced: ClassVar[bool] = True
    host_devices: tuple[str, ...] = ()


class VirtualMachineInstance(KubernetesObject, frozen=True):
    """A running KubeVirt VM: that it is there."""

    group: ClassVar[str] = "kubevirt.io"
    kind: ClassVar[str] = "VirtualMachineInstance"
    plural: ClassVar[str] = "virtualmachineinstances"
    namespaced: ClassVar[bool] = True


class DeveloperConfiguration(Struct, frozen=True):
    """KubeVirt's feature gates."""

    feature_gates: tuple[str, ...] = ()


class KubeVirtConfiguration(Struct, frozen=True):
    """The part of the KubeVirt configuration that changes who may do what."""

    developer_configuration: DeveloperConfiguration = DeveloperConfiguration()
    role_aggregation_strategy: str = ""


class KubeVirtSpec(Struct, frozen=True):
    """The configuration of KubeVirt."""

    configuration: KubeVirtConfiguration = KubeVirtConfiguration()


class KubeVirtStatus(Struct, frozen=True):
    """Which KubeVirt runs."""

    observed_kube_virt_version: str = ""


class KubeVirt(KubernetesObject, frozen=True):
    """The KubeVirt installation."""

    group: ClassVar[str] = "kubevirt.io"
    kind: ClassVar[str] = "KubeVirt"
    plural: ClassVar[str] = "kubevirts"
    namespaced: ClassVar[bool] = True
    spec: KubeVirtSpec = KubeVirtSpec()
    status: KubeVirtStatus = KubeVirtStatus()


class ManagedChartSpec(Struct, frozen=True):
    """Which version is asked for; the chart may be a URL with a password."""

    version: str = ""


class ManagedChart(KubernetesObject, frozen=True):
    """A chart that the embedded Rancher installs; `fleet-local/harvester` is Harvester itself."""

    group: ClassVar[str] = "management.cattle.io"
    kind: ClassVar[str] = "ManagedChart"
    plural: ClassVar[str] = "managedcharts"
    namespaced: ClassVar[bool] = True
    spec: ManagedChartSpec = ManagedChartSpec()
