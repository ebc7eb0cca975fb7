"""Which VLANs of which cluster network a network definition is on; VLANs are bits of an int, the untagged one bit 0.

Source: harvester/network-controller-harvester pkg/utils/nad.go (NetConf, VlanTrunk) and bridge.go.
"""

from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import NetworkConfig

OVERLAY = "kube-ovn"
BRIDGES = ("bridge", "")
_SUFFIX = "-br"
_LAST = 4094


def cluster_network(config: NetworkConfig | None) -> str:
    """Read the cluster network out of the name of its bridge; "" for another type and what is no such name."""
    known = config is not None and config.type in BRIDGES and config.bridge.endswith(_SUFFIX)
    return config.bridge.removesuffix(_SUFFIX) if config and known else ""


def vlans(config: NetworkConfig | None) -> int:
    """Read the VLANs, none for those that cannot be; a trunk counts where there is no VLAN beside it."""
    if config is None:
        return 0
    if config.vlan or not config.vlan_trunk:
        return _range(config.vlan, config.vlan)
    found = 0
    for part in config.vlan_trunk:
        found |= _range(part.id, part.id) | _range(part.min_id, part.max_id)
    return found


def _range(first: int | None, last: int | None) -> int:
    if first is None or last is None or not 0 <= first <= last <= _LAST:
        return 0
    return ((1 << (last - first + 1)) - 1) << first


def vlan_words(held: int) -> str:
    """Say which VLANs these are."""
    found = [number for number in range(_LAST + 1) if held >> number & 1]
    if found == [0]:
        return "the untagged network"
    return f"VLAN{'s' * (len(found) > 1)} {names(found)}"
