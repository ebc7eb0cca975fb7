"""Kinds of networks and of the address pools on them.

Source: k8snetworkplumbingwg/network-attachment-definition-client pkg/apis/k8s.cni.cncf.io/v1,
harvester/network-controller-harvester pkg/utils/nad.go and pkg/apis/network.harvesterhci.io/v1beta1,
harvester/load-balancer-harvester pkg/apis/loadbalancer.harvesterhci.io/v1beta1/ippool.go.
"""

from typing import ClassVar

import msgspec

from rbac_audit.snapshot.objects.base import KubernetesObject, Struct


class VlanTrunk(Struct, frozen=True):
    """One VLAN, or all from the first to the last, that a trunk lets through."""

    min_id: int | None = msgspec.field(name="minID", default=None)
    max_id: int | None = msgspec.field(name="maxID", default=None)
    id: int | None = None


class NetworkConfig(Struct, frozen=True):
    """The part of a CNI configuration that says which network it is (nad.go, NetConf)."""

    type: str = ""
    bridge: str = ""
    vlan: int = 0
    vlan_trunk: tuple[VlanTrunk, ...] = ()


class NetworkAttachmentDefinition(KubernetesObject, frozen=True):
    """A VM network; `config` is None where its CNI configuration is no JSON that could be read."""

    group: ClassVar[str] = "k8s.cni.cncf.io"
    kind: ClassVar[str] = "NetworkAttachmentDefinition"
    plural: ClassVar[str] = "network-attachment-definitions"
    namespaced: ClassVar[bool] = True
    config: NetworkConfig | None = None


class ClusterNetwork(KubernetesObject, frozen=True):
    """A cluster network: that it is there."""

    group: ClassVar[str] = "network.harvesterhci.io"
    kind: ClassVar[str] = "ClusterNetwork"
    plural: ClassVar[str] = "clusternetworks"
    namespaced: ClassVar[bool] = False


class VlanConfig(KubernetesObject, frozen=True):
    """The uplinks of a cluster network: that they are there."""

    group: ClassVar[str] = "network.harvesterhci.io"
    kind: ClassVar[str] = "VlanConfig"
    plural: ClassVar[str] = "vlanconfigs"
    namespaced: ClassVar[bool] = False


class PoolScope(Struct, frozen=True):
    """Who gets addresses: a project (`<cluster>/<project>`), a namespace; `*` for any, and "" as the pool has it."""

    project: str = ""
    namespace: str = ""


class PoolSelector(Struct, frozen=True):
    """Which network a pool is for (`<namespace>/<name>`), and who gets addresses of it."""

    network: str = ""
    scope: tuple[PoolScope, ...] = ()


class PoolSpec(Struct, frozen=True):
    """The part of a pool that says whose it is; its addresses are not kept."""

    selector: PoolSelector = PoolSelector()


class IPPool(KubernetesObject, frozen=True):
    """A pool of addresses for load balancers."""

    group: ClassVar[str] = "loadbalancer.harvesterhci.io"
    kind: ClassVar[str] = "IPPool"
    plural: ClassVar[str] = "ippools"
    namespaced: ClassVar[bool] = False
    spec: PoolSpec = PoolSpec()
