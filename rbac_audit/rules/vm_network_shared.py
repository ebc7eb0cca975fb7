"""VM network of a project in the network of the nodes or of another project.

## What
A NetworkAttachmentDefinition in a namespace of a project that is untagged on the cluster network `mgmt` or on that of
the storage network, that has a VLAN of the platform, or one that another project's definition has too (alone or in a
trunk, on the same cluster network), or whose CNI type is none that Harvester makes. Networks in harvester-public and
`default`, which everybody may use, and in namespaces of no project share no VLAN in this sense; untagged on `mgmt` they
are medium. A VLAN of its own on `mgmt` is clean, although no object says in which VLAN the nodes themselves are where
they were installed with one. Overlay networks (kube-ovn) are not judged.

## Why
Every owner and every member of a project may create a definition for any VLAN on any cluster network: Harvester checks
its form, and not whose the VLAN is. In the untagged network of `mgmt` a VM reaches the nodes themselves: the API
server, SSH, the storage traffic where that has no network of its own, and it may answer for their addresses. In another
tenant's VLAN it sees and forges that tenant's traffic past every network policy. A type such as macvlan or host-device
takes whatever interface of the node it names (read in the code of the webhook, not tried).

## Example
```yaml flagged
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: fast, namespace: lab-net}
spec: {config: '{"cniVersion": "0.3.1", "name": "fast", "type": "bridge", "bridge": "mgmt-br", "vlan": 0}'}
```

```yaml flagged
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: listen, namespace: lab-net}
spec: {config: '{"cniVersion": "0.3.1", "name": "listen", "type": "bridge", "bridge": "vm-net-br", "vlan": 120}'}
```

```yaml clean
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: lab, namespace: lab-net}
spec: {config: '{"cniVersion": "0.3.1", "name": "lab", "type": "bridge", "bridge": "vm-net-br", "vlan": 200}'}
```

```yaml both
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: shop, namespace: shop-prod}
spec: {config: '{"cniVersion": "0.3.1", "name": "shop", "type": "bridge", "bridge": "vm-net-br", "vlan": 120}'}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop-prod, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: lab-net, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-lab"}}
```
"""

from collections.abc import Iterable, Iterator

import msgspec

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rules._tenants import tenant_of
from rbac_audit.rules._vlans import BRIDGES, OVERLAY, cluster_network, vlan_words, vlans
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import Namespace, NetworkAttachmentDefinition

_PLATFORM = "the platform"
_MANAGEMENT = "mgmt"
_UNTAGGED = 1
# Harvester's own networks for storage (network-controller-harvester pkg/utils/nad.go, IsSystemNetworkNad).
_STORAGE = ("storagenetwork-", "rwx-network-")


class _Segment(msgspec.Struct, frozen=True):
    """A definition, the cluster network that it is on, its VLANs as bits, and its owner ("" for no tenant)."""

    item: NetworkAttachmentDefinition
    network: str
    vlans: int
    owner: str


def check(view: View) -> Iterator[Problem]:
    """Lay the definitions of each cluster network side by side."""
    networks: dict[str, list[_Segment]] = {}
    for item in view.cluster.of(NetworkAttachmentDefinition):
        segment = _segment(view, item)
        if segment.network and segment.vlans:
            networks.setdefault(segment.network, []).append(segment)
        elif segment.owner != _PLATFORM and not (item.config and item.config.type == OVERLAY):
            yield _unknown(view, segment)
    for name, segments in networks.items():
        of_nodes = name == _MANAGEMENT or any(_is_storage(segment.item) for segment in segments)
        shared = _shared(segments)
        for segment in segments:
            if segment.owner == _PLATFORM:
                continue
            if of_nodes and segment.vlans == _UNTAGGED:
                yield _untagged(view, segment)
            elif segment.owner and segment.vlans & shared:
                yield _with_others(view, segment, segments)


def _segment(view: View, item: NetworkAttachmentDefinition) -> _Segment:
    system = view.classes.namespace_class(item.namespace) == "system"
    owner = _PLATFORM if system else tenant_of(view, item.namespace)
    return _Segment(item, cluster_network(item.config), vlans(item.config), owner)


def _shared(segments: Iterable[_Segment]) -> int:
    """Find the VLANs that more than one owner has."""
    owned: dict[str, int] = {}
    for segment in segments:
        if segment.owner:
            owned[segment.owner] = owned.get(segment.owner, 0) | segment.vlans
    once = twice = 0
    for held in owned.values():
        twice |= once & held
        once |= held
    return twice


def _is_storage(item: NetworkAttachmentDefinition) -> bool:
    return item.namespace == "harvester-system" and item.name.startswith(_STORAGE)


def _untagged(view: View, segment: _Segment) -> Problem:
    network = "of the nodes" if segment.network == _MANAGEMENT else "of the storage network"
    return _problem(
        view,
        segment,
        f"is untagged on cluster network {segment.network}, that {network}",
        None if segment.owner else Severity.MEDIUM,
        key="untagged",
    )


def _with_others(view: View, segment: _Segment, segments: Iterable[_Segment]) -> Problem:
    others = [it for it in segments if it.owner and it.owner != segment.owner and it.vlans & segment.vlans]
    owners = sorted({other.owner for other in others})
    common = 0
    for other in others:
        common |= other.vlans & segment.vlans
    message = f"has {vlan_words(common)} of cluster network {segment.network}, as has {names(it.item for it in others)}"
    whose = names(owner if owner == _PLATFORM else f"project {owner}" for owner in owners)
    return _problem(view, segment, f"{message} of {whose}", None, others, key=",".join(owners))


def _unknown(view: View, segment: _Segment) -> Problem:
    config = segment.item.config
    if config is not None and config.type not in BRIDGES:
        message = f"is of CNI type {config.type[:40]}, none of Harvester's, and may take any interface of a node"
        return _problem(view, segment, message, None, key="type", confidence=Confidence.POSSIBLE)
    message = "is on a network that cannot be told from its configuration"
    return _problem(view, segment, message, Severity.LOW, key="unreadable", confidence=Confidence.POSSIBLE)


def _problem(  # noqa: PLR0913  # what a problem is made of
    view: View,
    segment: _Segment,
    message: str,
    severity: Severity | None,
    others: Iterable[_Segment] = (),
    *,
    key: str,
    confidence: Confidence = Confidence.CERTAIN,
) -> Problem:
    item, project = segment.item, view.projects.of(segment.item.namespace)
    whose = f" of project {project.id}" if project else ""
    return Problem(
        target=item.ref(view.name),
        message=f"{item}{whose} {message}",
        related=tuple(other.item.ref(view.name) for other in others),
        scope=FindingScope((item.namespace,), project.id if project else ""),
        severity=severity,
        confidence=confidence,
        key=key,
    )


RULE = Rule(
    id="vm-network-shared",
    page=__doc__ or "",
    severity=Severity.HIGH,
    needs=(NetworkAttachmentDefinition, Namespace),
    fix=Fix(
        Safety.MANUAL,
        "Ask whose the VLAN is. Give the project a VLAN of its own, move its VMs there, and delete this definition. To "
        "keep it so, take the right to create definitions out of the project's role template, or refuse VLANs that are "
        "not its own with a ValidatingAdmissionPolicy.",
    ),
    references=(
        "harvester/network-controller-harvester pkg/webhook/nad/validator.go (checkNadConfig)",
        "harvester/network-controller-harvester pkg/utils/nad.go (NetConf, IsSystemNetworkNad)",
    ),
    check=check,
)
