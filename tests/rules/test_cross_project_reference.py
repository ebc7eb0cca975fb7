"""References that leave the project."""

import json

import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.cross_project_reference import RULE
from rbac_audit.snapshot.estate import Cluster, Gap, Snapshot
from rbac_audit.snapshot.objects import (
    KINDS,
    DataVolume,
    Kind,
    Namespace,
    PersistentVolumeClaim,
    RoleBinding,
    VirtualMachine,
    VirtualMachineImage,
    VirtualMachineRestore,
)
from tests.rules.estate import HARVESTER, estate, found, not_evaluated

SHOP, LAB = "c-m-abcd1234:p-shop", "c-m-abcd1234:p-lab"
PLACES = {
    "shop-dev": SHOP,
    "shop-prod": SHOP,
    "lab-vms": LAB,
    "default": "c-m-abcd1234:p-default",
    "kube-system": "c-m-abcd1234:p-system",
    "sandbox": "",
    "attic": "",
    "harvester-public": "",
}


def places(**changed: str) -> str:
    return "".join(
        f"""
apiVersion: v1
kind: Namespace
metadata: {{name: {name}, annotations: {{field.cattle.io/projectId: "{project}"}}}}
---
"""
        for name, project in (PLACES | changed).items()
    )


def thing(api_version: str, kind: str, place: str, *, name: str = "x", notes: str = "{}", spec: str = "{}") -> str:
    return f"""
apiVersion: {api_version}
kind: {kind}
metadata: {{name: {name}, namespace: {place}, annotations: {notes}}}
spec: {spec}
---
"""


def images(*names: str) -> str:
    told = [{"metadata": {"annotations": {"harvesterhci.io/imageId": name}}} for name in names]
    return json.dumps({"harvesterhci.io/volumeClaimTemplates": json.dumps(told)})


def machine(place: str, *names: str, network: str = "") -> str:
    spec = f"{{template: {{spec: {{networks: [{{multus: {{networkName: {network}}}}}]}}}}}}" if network else "{}"
    return thing("kubevirt.io/v1", "VirtualMachine", place, notes=images(*names), spec=spec)


def harvester(kind: str, place: str, spec: str) -> str:
    return thing("harvesterhci.io/v1beta1", kind, place, spec=spec)


def restore(place: str, backup: str) -> str:
    spec = f"{{virtualMachineBackupName: nightly, virtualMachineBackupNamespace: {backup}}}"
    return harvester("VirtualMachineRestore", place, spec)


def volume(place: str, image: str = "", storage_class: str = "lh-x") -> str:
    notes = json.dumps({"harvesterhci.io/imageId": image} if image else {})
    return thing("v1", "PersistentVolumeClaim", place, notes=notes, spec=f"{{storageClassName: {storage_class}}}")


def image(place: str, name: str, storage_class: str) -> str:
    return harvester("VirtualMachineImage", place, "{}").replace("name: x", f"name: {name}").replace(
        "spec:", f"status: {{storageClassName: {storage_class}}}\nspec:"
    )  # fmt: skip


VERSION = "{templateId: lab-vms/t, imageId: shop-dev/i, keyPairIds: [shop-dev/k]}"
CROSSING = [
    (machine("lab-vms", "shop-dev/i"), Severity.HIGH, ["VirtualMachineImage shop-dev/i"]),
    (machine("lab-vms", network="shop-prod/n"), Severity.HIGH, ["NetworkAttachmentDefinition shop-prod/n"]),
    (restore("lab-vms", "shop-prod"), Severity.HIGH, ["VirtualMachineBackup shop-prod/nightly"]),
    (volume("lab-vms", "shop-dev/i"), Severity.HIGH, ["VirtualMachineImage shop-dev/i"]),
    (
        harvester("VirtualMachineImage", "lab-vms", "{pvcNamespace: shop-prod, pvcName: d}"),
        Severity.HIGH,
        ["PersistentVolumeClaim shop-prod/d"],
    ),
    (
        harvester(
            "VirtualMachineImage",
            "lab-vms",
            "{securityParameters: {sourceImageNamespace: shop-dev, sourceImageName: i}}",
        ),
        Severity.HIGH,
        ["VirtualMachineImage shop-dev/i"],
    ),
    (
        harvester("VirtualMachineTemplateVersion", "lab-vms", VERSION),
        Severity.MEDIUM,
        ["KeyPair shop-dev/k", "VirtualMachineImage shop-dev/i"],
    ),
    (
        harvester("VirtualMachineTemplateVersion", "lab-vms", "{keyPairIds: [shop-dev/k]}"),
        Severity.LOW,
        ["KeyPair shop-dev/k"],
    ),
    (
        harvester("VirtualMachineTemplate", "lab-vms", "{defaultVersionId: shop-dev/v}"),
        Severity.LOW,
        ["VirtualMachineTemplateVersion shop-dev/v"],
    ),
    (
        thing(
            "cdi.kubevirt.io/v1beta1", "DataVolume", "lab-vms", spec="{source: {pvc: {namespace: shop-prod, name: d}}}"
        ),
        Severity.MEDIUM,
        ["PersistentVolumeClaim shop-prod/d"],
    ),
]


@pytest.mark.parametrize(("text", "severity", "related"), CROSSING)
def test_what_leaves_the_project_is_found(text: str, severity: Severity, related: list[str]) -> None:
    [finding] = found(RULE, estate(places() + text))
    assert (finding.severity, finding.confidence) == (severity, Confidence.CERTAIN)
    assert [str(ref) for ref in finding.related] == related
    assert (finding.object.namespace, finding.object.name) == ("lab-vms", "x")
    reached = {"lab-vms", *(ref.namespace for ref in finding.related if ref.namespace)}
    assert (finding.scope.namespaces, finding.scope.project) == (tuple(sorted(reached)), LAB)


@pytest.mark.parametrize(("text", "_severity", "_related"), CROSSING)
def test_the_same_within_a_project_is_clean(text: str, _severity: Severity, _related: list[str]) -> None:
    assert not found(RULE, estate(places(**{"lab-vms": SHOP}) + text))


@pytest.mark.parametrize("text", [machine("lab-vms", "harvester-public/i"), restore("lab-vms", "default")])
def test_what_is_for_everybody_is_clean(text: str) -> None:
    assert not found(RULE, estate(places() + text))


def test_default_is_for_everybody_only_in_its_own_project() -> None:
    project = "apiVersion: management.cattle.io/v3\nkind: Project\nmetadata: {name: p-shop, namespace: c-m-abcd1234}"
    assert found(RULE, estate(places(default=SHOP) + machine("lab-vms", "default/i"), project))


@pytest.mark.parametrize("place", ["lab-vms", "sandbox"])
def test_what_is_the_platforms_is_found(place: str) -> None:
    [finding] = found(RULE, estate(places() + machine(place, network="harvester-system/storagenetwork-abcde")))
    assert finding.severity is Severity.HIGH
    assert finding.message.endswith("of the platform")


@pytest.mark.parametrize("place", ["harvester-system", "kube-system"])
def test_the_platform_may_use_everything(place: str) -> None:
    assert not found(RULE, estate(places() + machine(place, "shop-dev/i", network="lab-vms/n")))


def test_what_is_in_no_project_is_low() -> None:
    [finding] = found(RULE, estate(places() + machine("lab-vms", "sandbox/i")))
    assert finding.severity is Severity.LOW
    assert not found(RULE, estate(places() + machine("attic", "sandbox/i"))), "no project is touched"


def test_a_machine_in_no_project_that_uses_a_tenants_things_is_found() -> None:
    [finding] = found(RULE, estate(places() + machine("sandbox", "shop-dev/i")))
    assert (finding.severity, finding.scope.project) == (Severity.HIGH, "")
    assert "in namespace sandbox, which is in no project, uses" in finding.message


def test_publishing_a_tenants_volume_is_low() -> None:
    text = harvester("VirtualMachineImage", "harvester-public", "{pvcNamespace: shop-prod, pvcName: d}")
    [finding] = found(RULE, estate(places() + text))
    assert finding.severity is Severity.LOW
    [finding] = found(RULE, estate(places() + restore("harvester-public", "shop-prod")))
    assert finding.severity is Severity.HIGH, "its Secrets are then everybody's"


def test_a_namespace_that_is_gone_is_nobodys() -> None:
    assert not found(RULE, estate(places() + machine("lab-vms", "gone/i")))


def read(text: str, gaps: tuple[Gap, ...] = (), partial: tuple[Kind, ...] = ()) -> Estate:
    [view] = estate(places() + text).views
    items = [item for members in view.cluster.objects.values() for item in members]
    return Estate(Snapshot([Cluster(HARVESTER, items, collected=set(KINDS) - set(partial), partial=partial)], gaps))


@pytest.mark.parametrize("text", [machine("lab-vms", "gone/i"), machine("gone", "shop-dev/i")])
def test_a_namespace_that_was_not_read_may_be_anybodys(text: str) -> None:
    gap = Gap(HARVESTER, "namespaces", "refused", "ask", kinds=("Namespace",))
    [finding] = found(RULE, read(text, (gap,)))
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.POSSIBLE)
    assert "namespace gone, whose project was not read" in finding.message
    assert finding.fingerprint == found(RULE, read(text, (gap,)))[0].fingerprint


def test_a_part_of_the_namespaces_is_not_all_of_them() -> None:
    [finding] = found(RULE, read(machine("lab-vms", "gone/i"), partial=(Namespace,)))
    assert finding.confidence is Confidence.POSSIBLE


def test_what_is_certain_makes_it_so() -> None:
    gap = Gap(HARVESTER, "namespaces", "refused", "ask", kinds=("Namespace",))
    [finding] = found(RULE, read(machine("lab-vms", "gone/i", "shop-dev/i"), (gap,)))
    assert finding.confidence is Confidence.CERTAIN


def test_the_storage_class_of_an_image_counts_like_its_name() -> None:
    theirs = image("shop-dev", "i", "lh-i") + volume("lab-vms", storage_class="lh-i")
    [finding] = found(RULE, estate(places() + theirs))
    assert str(finding.object) == "PersistentVolumeClaim lab-vms/x"
    assert [str(ref) for ref in finding.related] == ["VirtualMachineImage shop-dev/i"]
    own = image("lab-vms", "i", "lh-i") + volume("lab-vms", storage_class="lh-i")
    assert not found(RULE, estate(places() + own))
    both = image("shop-dev", "i", "longhorn-i") + image("lab-vms", "i", "longhorn-i")
    assert not found(RULE, estate(places() + both + volume("lab-vms", storage_class="longhorn-i")))
    assert not found(RULE, estate(places() + both + volume("sandbox", storage_class="longhorn-i")))
    everybodys = image("harvester-public", "i", "lh-i") + volume("lab-vms", storage_class="lh-i")
    assert not found(RULE, estate(places() + everybodys))
    assert not found(RULE, estate(places() + image("shop-dev", "i", "") + volume("lab-vms", storage_class='""')))


def test_a_machine_and_its_volume_are_told_once() -> None:
    text = image("shop-dev", "i", "lh-i") + volume("lab-vms", "shop-dev/i", "lh-i") + machine("lab-vms", "shop-dev/i")
    [finding] = found(RULE, estate(places() + text))
    assert finding.object.kind == "VirtualMachine"
    [_, _] = found(RULE, estate(places() + text + volume("sandbox", "shop-dev/i")))


RIGHTS = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: images}
rules: [{apiGroups: [harvesterhci.io], resources: [virtualmachineimages], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: x, namespace: shop-dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: images}
subjects: [{kind: User, name: u-alice, apiGroup: rbac.authorization.k8s.io}]
---
"""
ALICE = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-alice}
displayName: Alice
"""


@pytest.mark.parametrize(
    ("user", "text"),
    [
        ("u-alice", "made by User:u-alice (Alice), who may read all of that"),
        ("u-bob", "made by User:u-bob, whom no binding lets read VirtualMachineImage shop-dev/i"),
    ],
)
def test_who_made_it_and_whether_they_might_is_told(user: str, text: str) -> None:
    made = machine("lab-vms", "shop-dev/i").replace(
        "annotations: {", f'annotations: {{"field.cattle.io/creatorId": {user}, '
    )
    [finding] = found(RULE, estate(places() + made + RIGHTS, ALICE))
    assert [(link.step, link.text) for link in finding.chain] == [("person", text)]
    [finding] = found(RULE, estate(places() + made, ALICE, unread=[RoleBinding]))
    assert finding.chain == ()


def test_a_waiver_does_not_cover_what_comes_later() -> None:
    [one] = found(RULE, estate(places() + machine("lab-vms", "shop-dev/i")))
    [two] = found(RULE, estate(places() + machine("lab-vms", "shop-dev/i", "shop-dev/j")))
    assert one.object == two.object
    assert one.fingerprint != two.fingerprint


def test_what_cannot_be_read_is_told() -> None:
    broken = thing("kubevirt.io/v1", "VirtualMachine", "lab-vms", notes='{harvesterhci.io/volumeClaimTemplates: "["}')
    [finding] = found(RULE, estate(places() + broken))
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.POSSIBLE)


@pytest.mark.parametrize(
    "kind", [VirtualMachine, VirtualMachineImage, VirtualMachineRestore, DataVolume, PersistentVolumeClaim]
)
def test_without_a_kind_it_is_evaluated_in_part(kind: Kind) -> None:
    [told] = not_evaluated(RULE, estate(places(), unread=[kind]))
    assert (told.partly, told.because) == (True, (f"no {kind.kind} was read from harvester",))


def test_without_namespaces_nothing_is_clean() -> None:
    [told] = not_evaluated(RULE, estate(machine("lab-vms", "shop-dev/i"), unread=[Namespace]))
    assert not told.partly
