"""VMs in harvester-public."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.public_namespace_workload import RULE
from tests.rules.estate import estate, found, not_evaluated

KINDS = {
    "VirtualMachine": "kubevirt.io/v1",
    "VirtualMachineInstance": "kubevirt.io/v1",
    "VirtualMachineBackup": "harvesterhci.io/v1beta1",
    "VirtualMachineImage": "harvesterhci.io/v1beta1",
    "VirtualMachineTemplate": "harvesterhci.io/v1beta1",
    "KeyPair": "harvesterhci.io/v1beta1",
}


def item(kind: str, namespace: str = "harvester-public", name: str = "x") -> str:
    """Write an object."""
    return f"""
apiVersion: {KINDS[kind]}
kind: {kind}
metadata: {{name: {name}, namespace: {namespace}}}
---
"""


@pytest.mark.parametrize("kind", ["VirtualMachine", "VirtualMachineInstance", "VirtualMachineBackup"])
def test_vms_and_their_backups_are_found(kind: str) -> None:
    [finding] = found(RULE, estate(item(kind)))
    assert (finding.severity, str(finding.object)) == (Severity.MEDIUM, f"{kind} harvester-public/x")
    assert not found(RULE, estate(item(kind, "shop-dev")))


@pytest.mark.parametrize("kind", ["VirtualMachineImage", "VirtualMachineTemplate", "KeyPair"])
def test_what_is_to_be_shared_is_clean(kind: str) -> None:
    assert not found(RULE, estate(item(kind)))


def test_a_running_vm_is_told_once() -> None:
    [finding] = found(RULE, estate(item("VirtualMachineInstance") + item("VirtualMachine")))
    assert finding.object.kind == "VirtualMachine"


def test_where_the_namespace_was_not_read_nothing_is_clean() -> None:
    [told] = not_evaluated(RULE, estate(item("VirtualMachine", "shop-dev"), unread_namespaces=["harvester-public"]))
    assert not told.partly
