"""What is kept of what an object refers to: names in other namespaces, and nothing else."""

import json

import msgspec
import pytest

from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.objects import (
    NetworkAttachmentDefinition,
    NetworkConfig,
    PersistentVolumeClaim,
    Referring,
    VirtualMachineImage,
    VlanTrunk,
)
from rbac_audit.snapshot.reshape import Raw

HARVESTER = "harvesterhci.io/v1beta1"
CLAIMS = "harvesterhci.io/volumeClaimTemplates"
KEYS = "harvesterhci.io/sshNames"


def raw(api_version: str, kind: str, annotations: dict[str, str] | None = None, **fields: object) -> Raw:
    metadata = {"name": "x", "namespace": "own", "annotations": annotations or {}}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def kept(item: Raw) -> Referring:
    found = decode(item)
    assert isinstance(found, Referring)
    return found


def told(item: Raw) -> list[str]:
    return [str(reference.ref()) for reference in kept(item).references]


def claims(*images: object) -> str:
    return json.dumps([{"metadata": {"name": "d", "annotations": {"harvesterhci.io/imageId": it}}} for it in images])


def networks(*names: object) -> Raw:
    return {"template": {"spec": {"networks": [{"name": "n", "multus": {"networkName": name}} for name in names]}}}


def machine(annotations: dict[str, str] | None = None, spec: object = None) -> Raw:
    return raw("kubevirt.io/v1", "VirtualMachine", annotations, spec=spec)


CDI = "cdi.kubevirt.io/v1beta1"
TEMPLATE = {
    "templateId": "t/template",
    "imageId": "t/image",
    "keyPairIds": ["t/key", "own/key"],
    "vm": {"metadata": {"annotations": {CLAIMS: claims("u/image")}}, "spec": networks("t/net")},
}
REFERENCES: list[tuple[Raw, list[str]]] = [
    (machine(spec=networks("other/net", "net", "own/net")), ["NetworkAttachmentDefinition other/net"]),
    (machine({CLAIMS: claims("other/image", "own/image", "")}), ["VirtualMachineImage other/image"]),
    (machine({CLAIMS: claims("harvester-public/image")}, networks("harvester-public/net")), []),
    (machine(spec={"template": {"metadata": {"annotations": {KEYS: '["other/k", "own/k"]'}}}}), ["KeyPair other/k"]),
    (
        machine(spec={"dataVolumeTemplates": [{"spec": {"source": {"pvc": {"namespace": "other", "name": "d"}}}}]}),
        ["PersistentVolumeClaim other/d"],
    ),
    (
        raw(CDI, "DataVolume", spec={"source": {"snapshot": {"namespace": "other", "name": "s"}}}),
        ["VolumeSnapshot other/s"],
    ),
    (
        raw(CDI, "DataVolume", spec={"sourceRef": {"kind": "DataSource", "namespace": "other", "name": "s"}}),
        ["DataSource other/s"],
    ),
    (raw(CDI, "DataVolume", spec={"source": {"pvc": {"namespace": "own", "name": "d"}}}), []),
    (raw("v1", "PersistentVolumeClaim", {"harvesterhci.io/imageId": "other/i"}), ["VirtualMachineImage other/i"]),
    (
        raw(HARVESTER, "VirtualMachineImage", spec={"pvcNamespace": "other", "pvcName": "d"}),
        ["PersistentVolumeClaim other/d"],
    ),
    (
        raw(
            HARVESTER,
            "VirtualMachineImage",
            spec={"securityParameters": {"sourceImageNamespace": "other", "sourceImageName": "i"}},
        ),
        ["VirtualMachineImage other/i"],
    ),
    (
        raw(
            HARVESTER,
            "VirtualMachineRestore",
            spec={"virtualMachineBackupNamespace": "other", "virtualMachineBackupName": "b"},
        ),
        ["VirtualMachineBackup other/b"],
    ),
    (
        raw(HARVESTER, "VirtualMachineTemplate", spec={"defaultVersionId": "other/v"}),
        ["VirtualMachineTemplateVersion other/v"],
    ),
    (
        raw(HARVESTER, "VirtualMachineTemplateVersion", spec=TEMPLATE),
        [
            "KeyPair t/key",
            "NetworkAttachmentDefinition t/net",
            "VirtualMachineImage t/image",
            "VirtualMachineImage u/image",
            "VirtualMachineTemplate t/template",
        ],
    ),
]


@pytest.mark.parametrize(("item", "expected"), REFERENCES)
def test_what_lies_in_another_namespace_is_kept(item: Raw, expected: list[str]) -> None:
    assert told(item) == expected
    assert not kept(item).unreadable


@pytest.mark.parametrize(
    "text",
    ["", "other/", "/image", "other/im age", "other/image/x", "password: other/image", "Other/Image", None, 5, ["a/b"]],
)
def test_what_is_no_name_is_not_kept(text: object) -> None:
    assert told(machine({CLAIMS: claims(text)}, networks(text))) == []
    assert told(raw(HARVESTER, "VirtualMachineTemplateVersion", spec={"imageId": text, "keyPairIds": [text]})) == []


@pytest.mark.parametrize("key", [CLAIMS, KEYS])
@pytest.mark.parametrize("text", ["[", '{"a": 1}', '"other/k"', "5", "[" * 100_000, '["\ud800"]'])
def test_an_annotation_that_cannot_be_read_is_told(key: str, text: str) -> None:
    annotations = {key: text}
    spec = networks("other/net") | {"template": {**networks("other/net")["template"], "metadata": {"annotations": {}}}}
    item = machine(annotations if key == CLAIMS else {}, spec)
    if key == KEYS:
        spec["template"]["metadata"]["annotations"] = annotations
    assert kept(item).unreadable
    assert told(item) == ["NetworkAttachmentDefinition other/net"], "what can be read all the same"


@pytest.mark.parametrize("text", ["[]", "null", ""])
def test_an_empty_annotation_is_none(text: str) -> None:
    assert not kept(machine({CLAIMS: text})).unreadable


def test_nothing_else_of_a_machine_is_kept() -> None:
    cloud_init = {"cloudInitNoCloud": {"userData": "CANARY", "secretRef": {"name": "CANARY"}}}
    credentials = [{"sshPublicKey": {"source": {"secret": {"secretName": "CANARY"}}}}]
    spec = {"template": {"spec": {"volumes": [cloud_init], "accessCredentials": credentials, "hostname": "CANARY"}}}
    for item in (
        machine({"harvesterhci.io/note": "CANARY"}, spec),
        raw(HARVESTER, "VirtualMachineTemplateVersion", spec={"vm": {"spec": spec}, "description": "CANARY"}),
        raw(CDI, "DataVolume", spec={"source": {"http": {"url": "CANARY", "secretRef": "CANARY"}}}),
        raw(HARVESTER, "VirtualMachineImage", spec={"url": "CANARY", "checksum": "CANARY"}),
    ):
        assert b"CANARY" not in msgspec.json.encode(kept(item))


@pytest.mark.parametrize(("backend", "expected"), [("backingimage", "lh-1"), ("", "lh-1"), ("cdi", "")])
def test_an_image_has_a_class_of_its_own_unless_cdi_keeps_it(backend: str, expected: str) -> None:
    item = raw(HARVESTER, "VirtualMachineImage", spec={"backend": backend}, status={"storageClassName": "lh-1"})
    found = kept(item)
    assert isinstance(found, VirtualMachineImage)
    assert found.storage_class == expected


def test_a_volume_has_the_class_that_it_asks_for() -> None:
    found = kept(raw("v1", "PersistentVolumeClaim", spec={"storageClassName": "lh-1"}))
    assert isinstance(found, PersistentVolumeClaim)
    assert found.storage_class == "lh-1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type": "bridge", "bridge": "mgmt-br", "vlan": 7}', NetworkConfig(type="bridge", bridge="mgmt-br", vlan=7)),
        (
            '{"type": "bridge", "bridge": "a-br", "vlan": "7", "secret": 1}',
            NetworkConfig(type="bridge", bridge="a-br", vlan=7),
        ),
        (
            '{"bridge": "a-br", "vlanTrunk": [{"minID": 2, "maxID": 4}, {"id": 9}]}',
            NetworkConfig(bridge="a-br", vlan_trunk=(VlanTrunk(min_id=2, max_id=4), VlanTrunk(id=9))),
        ),
        ("", NetworkConfig()),
        (None, NetworkConfig()),
        ("no JSON", None),
        ("[]", None),
        ('{"vlan": "a"}', None),
        ('{"vlan": "\ud800"}', None),
        ('{"ipam": ' + "[" * 100_000, None),
        (5, None),
    ],
)
def test_a_network_is_what_its_configuration_says(text: object, expected: NetworkConfig | None) -> None:
    found = decode(raw("k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition", spec={"config": text}))
    assert isinstance(found, NetworkAttachmentDefinition)
    assert found.config == expected
    again = msgspec.json.decode(msgspec.json.encode(found), type=NetworkAttachmentDefinition)
    assert again == found
