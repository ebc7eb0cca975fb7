"""Feature gates of KubeVirt."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.host_disk_enabled import RULE
from rbac_audit.snapshot.objects import KubeVirt
from tests.rules.estate import estate, found, not_evaluated


def kubevirt(gates: str) -> str:
    """Write the KubeVirt object."""
    return f"""
apiVersion: kubevirt.io/v1
kind: KubeVirt
metadata: {{name: kubevirt, namespace: harvester-system}}
spec: {{configuration: {{developerConfiguration: {{featureGates: [{gates}]}}}}}}
"""


def test_host_disk_is_critical() -> None:
    [finding] = found(RULE, estate(kubevirt("CPUManager, HostDisk")))
    assert (finding.severity, str(finding.object)) == (Severity.CRITICAL, "KubeVirt harvester-system/kubevirt")


@pytest.mark.parametrize(
    "gates", ["", "CPUManager, DeclarativeHotplugVolumes, ExpandDisks, HostDevices", "LiveMigration"]
)
def test_shipped_gates_are_not_meant(gates: str) -> None:
    assert not found(RULE, estate(kubevirt(gates)))


@pytest.mark.parametrize("gate", ["HostDisks", "Sidecar"])
def test_a_gate_that_nobody_ships_has_to_be_looked_up(gate: str) -> None:
    [finding] = found(RULE, estate(kubevirt(f"CPUManager, {gate}")))
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.POSSIBLE)
    assert finding.message.endswith(f"ships: {gate}")
    assert len(found(RULE, estate(kubevirt(f"HostDisk, {gate}")))) == 2


def test_without_the_object_nothing_is_said_to_be_clean() -> None:
    [told] = not_evaluated(RULE, estate("{apiVersion: v1, kind: Namespace, metadata: {name: a}}", unread=[KubeVirt]))
    assert not told.partly
