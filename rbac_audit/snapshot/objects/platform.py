"""Kinds of Harvester and its neighbours of which it matters that they are there, and in whose namespace.

Source: harvester/harvester pkg/apis, harvester/pcidevices,
harvester/load-balancer-harvester, kubevirt/containerized-data-importer, k3s-io/helm-controller, rancher/fleet.
"""

from typing import ClassVar

from rbac_audit.snapshot.objects.base import KubernetesObject, Referring, Struct
from rbac_audit.snapshot.objects.harvester import HARVESTER


class VirtualMachineTemplateVersion(Referring, frozen=True):
    """A version of a VM template, and what it refers to; its cloud-init data is never kept."""

    group: ClassVar[str] = HARVESTER
    kind: ClassVar[str] = "VirtualMachineTemplateVersion"
    plural: ClassVar[str] = "virtualmachinetemplateversions"
    namespaced: ClassVar[bool] = True


class VirtualMachineRestore(Referring, frozen=True):
    """A restored VM backup, and where the backup lies."""

    group: ClassVar[str] = HARVESTER
    kind: ClassVar[str] = "VirtualMachineRestore"
    plural: ClassVar[str] = "virtualmachinerestores"
    namespaced: ClassVar[bool] = True


class HarvesterResourceQuota(KubernetesObject, frozen=True):
    """Harvester's own ResourceQuota, of snapshots: that it is there."""

    group: ClassVar[str] = HARVESTER
    kind: ClassVar[str] = "ResourceQuota"
    plural: ClassVar[str] = "resourcequotas"
    namespaced: ClassVar[bool] = True


class DataVolume(Referring, frozen=True):
    """A volume that CDI fills, and the volume that it is a copy of."""

    group: ClassVar[str] = "cdi.kubevirt.io"
    kind: ClassVar[str] = "DataVolume"
    plural: ClassVar[str] = "datavolumes"
    namespaced: ClassVar[bool] = True


class CDI(KubernetesObject, frozen=True):
    """The Containerized Data Importer: that it is there."""

    group: ClassVar[str] = "cdi.kubevirt.io"
    kind: ClassVar[str] = "CDI"
    plural: ClassVar[str] = "cdis"
    namespaced: ClassVar[bool] = False


class PCIDevice(KubernetesObject, frozen=True):
    """A device of a node: that it is there."""

    group: ClassVar[str] = "devices.harvesterhci.io"
    kind: ClassVar[str] = "PCIDevice"
    plural: ClassVar[str] = "pcidevices"
    namespaced: ClassVar[bool] = False


class PCIDeviceClaimSpec(Struct, frozen=True):
    """Who holds a device of which node."""

    node_name: str = ""
    user_name: str = ""


class PCIDeviceClaim(KubernetesObject, frozen=True):
    """That somebody holds a device."""

    group: ClassVar[str] = "devices.harvesterhci.io"
    kind: ClassVar[str] = "PCIDeviceClaim"
    plural: ClassVar[str] = "pcideviceclaims"
    namespaced: ClassVar[bool] = False
    spec: PCIDeviceClaimSpec = PCIDeviceClaimSpec()


class LoadBalancer(KubernetesObject, frozen=True):
    """A load balancer: that it is there."""

    group: ClassVar[str] = "loadbalancer.harvesterhci.io"
    kind: ClassVar[str] = "LoadBalancer"
    plural: ClassVar[str] = "loadbalancers"
    namespaced: ClassVar[bool] = True


class HelmChart(KubernetesObject, frozen=True):
    """A chart that RKE2 installs with all rights: that it is there; its values are never kept."""

    group: ClassVar[str] = "helm.cattle.io"
    kind: ClassVar[str] = "HelmChart"
    plural: ClassVar[str] = "helmcharts"
    namespaced: ClassVar[bool] = True


class FleetBundle(KubernetesObject, frozen=True):
    """What Fleet installs, such as mcc-harvester: that it is there; its content is never kept."""

    group: ClassVar[str] = "fleet.cattle.io"
    kind: ClassVar[str] = "Bundle"
    plural: ClassVar[str] = "bundles"
    namespaced: ClassVar[bool] = True
