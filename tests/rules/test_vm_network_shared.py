"""Which network definitions lie on the nodes' network or on a VLAN of somebody else."""

import json

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.vm_network_shared import RULE
from rbac_audit.snapshot.objects import Namespace, NetworkAttachmentDefinition
from tests.rules.estate import estate, found, not_evaluated

SHOP, LAB = "c-m-abcd1234:p-shop", "c-m-abcd1234:p-lab"
PLACES = "".join(
    f"""
apiVersion: v1
kind: Namespace
metadata: {{name: {name}, annotations: {{field.cattle.io/projectId: "{project}"}}}}
---
"""
    for name, project in {
        "shop-dev": SHOP,
        "shop-prod": SHOP,
        "lab-net": LAB,
        "default": "c-m-abcd1234:p-default",
        "kube-system": "c-m-abcd1234:p-system",
        "sandbox": "",
        "harvester-public": "",
    }.items()
)


def network(place: str, vlan: object = 0, bridge: str = "vm-net-br", *, name: str = "net", **fields: object) -> str:
    """Write a definition."""
    config = {"cniVersion": "0.3.1", "name": name, "type": "bridge", "bridge": bridge, "vlan": vlan, **fields}
    return written(place, json.dumps(config), name)


def written(place: str, config: str, name: str = "net") -> str:
    """Write a definition with this configuration."""
    return f"""
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {{name: {name}, namespace: {place}}}
spec: {json.dumps({"config": config})}
---
"""


@pytest.mark.parametrize(("place", "severity"), [("lab-net", Severity.HIGH)] + [
    (place, Severity.MEDIUM) for place in ("default", "harvester-public", "sandbox")
])  # fmt: skip
def test_untagged_on_the_network_of_the_nodes_is_found(place: str, severity: Severity) -> None:
    [finding] = found(RULE, estate(PLACES + network(place, 0, "mgmt-br")))
    assert (finding.severity, finding.confidence) == (severity, Confidence.CERTAIN)
    assert str(finding.object) == f"NetworkAttachmentDefinition {place}/net"
    assert finding.message.endswith("is untagged on cluster network mgmt, that of the nodes")


@pytest.mark.parametrize(
    "text",
    [
        network("lab-net", 200, "mgmt-br"),
        network("lab-net", 0),
        network("lab-net", 0, "mgmt-br", vlanTrunk=[{"minID": 2, "maxID": 4}]),
        network("harvester-system", 0, "mgmt-br"),
        network("lab-net", 0, "", type="kube-ovn", provider="net.lab-net.ovn"),
    ],
)
def test_a_network_of_its_own_is_clean(text: str) -> None:
    assert not found(RULE, estate(PLACES + text))


@pytest.mark.parametrize("name", ["storagenetwork-abcde", "rwx-network-abcde"])
def test_untagged_beside_the_storage_network_is_found(name: str) -> None:
    storage = network("harvester-system", 7, "fast-br", name=name)
    [finding] = found(RULE, estate(PLACES + storage + network("lab-net", 0, "fast-br")))
    assert finding.severity is Severity.HIGH
    assert finding.message.endswith("is untagged on cluster network fast, that of the storage network")
    assert not found(RULE, estate(PLACES + storage + network("lab-net", 8, "fast-br")))


@pytest.mark.parametrize(("place", "name"), [("shop-prod", "storagenetwork-abcde"), ("harvester-system", "other")])
def test_only_harvesters_own_network_is_that_of_the_storage(place: str, name: str) -> None:
    assert not found(RULE, estate(PLACES + network(place, 7, "fast-br", name=name) + network("lab-net", 0, "fast-br")))


def test_what_everybody_may_use_is_not_told_where_two_projects_share() -> None:
    three = network("lab-net", 120) + network("shop-prod", 120) + network("default", 120)
    assert {it.object.namespace for it in found(RULE, estate(PLACES + three))} == {"lab-net", "shop-prod"}


def test_a_vlan_of_the_platform_is_found() -> None:
    storage = network("harvester-system", 7, "mgmt-br", name="storagenetwork-abcde")
    [finding] = found(RULE, estate(PLACES + storage + network("lab-net", 7, "mgmt-br")))
    assert finding.object.namespace == "lab-net"
    assert "has VLAN 7 of cluster network mgmt" in finding.message
    assert finding.message.endswith("NetworkAttachmentDefinition harvester-system/storagenetwork-abcde of the platform")


def test_a_vlan_of_two_projects_is_told_of_both() -> None:
    one, two = found(RULE, estate(PLACES + network("lab-net", 120) + network("shop-prod", 120)))
    assert {str(one.object), str(two.object)} == {
        "NetworkAttachmentDefinition lab-net/net",
        "NetworkAttachmentDefinition shop-prod/net",
    }
    assert [str(ref) for ref in one.related] == [str(two.object)]
    assert (one.severity, one.scope.project) == (Severity.HIGH, LAB)
    assert one.message == (
        f"NetworkAttachmentDefinition lab-net/net of project {LAB} has VLAN 120 of cluster network vm-net, as has "
        f"NetworkAttachmentDefinition shop-prod/net of project {SHOP}"
    )


@pytest.mark.parametrize(
    "text",
    [
        network("shop-dev", 120) + network("shop-prod", 120),
        network("lab-net", 120) + network("shop-prod", 121),
        network("lab-net", 120) + network("shop-prod", 120, "other-br"),
        network("lab-net", 120) + network("default", 120),
        network("lab-net", 120) + network("harvester-public", 120),
        network("lab-net", 120) + network("sandbox", 120),
        network("lab-net", 120) + network("shop-prod", 0, vlanTrunk=[{"minID": 2, "maxID": 119}, {"id": 121}]),
        network("lab-net", 120) + network("shop-prod", 7, vlanTrunk=[{"id": 120}]),
    ],
)
def test_what_is_not_shared_is_clean(text: str) -> None:
    assert not found(RULE, estate(PLACES + text))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([{"id": 120}], "VLAN 120"),
        ([{"minID": 1, "maxID": 4094}], "VLAN 120"),
        ([{"minID": 119, "maxID": 120}, {"id": 5}], "VLAN 120"),
    ],
)
def test_a_vlan_in_anothers_trunk_is_found(parts: list[dict[str, int]], words: str) -> None:
    one, two = found(RULE, estate(PLACES + network("lab-net", 120) + network("shop-prod", 0, vlanTrunk=parts)))
    assert words in one.message
    assert words in two.message


def test_two_trunks_say_what_they_share() -> None:
    both = network("lab-net", 0, vlanTrunk=[{"minID": 10, "maxID": 20}]) + network(
        "shop-prod", 0, vlanTrunk=[{"minID": 16, "maxID": 30}]
    )
    one, _ = found(RULE, estate(PLACES + both))
    assert "has VLANs 16, 17, 18 and 2 more of cluster network vm-net" in one.message


def test_the_untagged_network_of_two_projects_is_one() -> None:
    one, _ = found(RULE, estate(PLACES + network("lab-net", 0) + network("shop-prod", 0)))
    assert "has the untagged network of cluster network vm-net" in one.message


def test_a_waiver_does_not_cover_who_comes_later() -> None:
    two = PLACES + network("lab-net", 120) + network("shop-prod", 120)
    third = """
apiVersion: v1
kind: Namespace
metadata: {name: third, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-third"}}
---
"""
    before = {it.fingerprint for it in found(RULE, estate(two))}
    after = {it.fingerprint for it in found(RULE, estate(two + third + network("third", 120)))}
    assert before.isdisjoint(after)


@pytest.mark.parametrize("kind", ["macvlan", "host-device", "<script>"])
def test_another_type_may_take_anything(kind: str) -> None:
    [finding] = found(RULE, estate(PLACES + network("lab-net", 5, "mgmt-br", type=kind)))
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.POSSIBLE)
    assert f"CNI type {kind}," in finding.message


@pytest.mark.parametrize(
    "config",
    [
        "no JSON",
        "",
        '{"type": "bridge", "bridge": "mgmt"}',
        '{"bridge": "mgmt-br", "vlan": -1}',
        '{"bridge": "mgmt-br", "vlan": 4095}',
        '{"bridge": "mgmt-br", "vlanTrunk": [{"minID": 9, "maxID": 3}, {"minID": 4}]}',
        '{"bridge": "mgmt-br", "vlan": 99999999999999999999999}',
    ],
)
def test_what_cannot_be_told_is_said(config: str) -> None:
    [finding] = found(RULE, estate(PLACES + written("lab-net", config)))
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.POSSIBLE)
    assert not found(RULE, estate(PLACES + written("harvester-system", config)))


@pytest.mark.parametrize("kind", [NetworkAttachmentDefinition, Namespace])
def test_without_them_nothing_is_clean(kind: type[NetworkAttachmentDefinition] | type[Namespace]) -> None:
    harvester = {NetworkAttachmentDefinition: PLACES, Namespace: network("lab-net", 0, "mgmt-br")}[kind]
    [told] = not_evaluated(RULE, estate(harvester, unread=[kind]))
    assert not told.partly
