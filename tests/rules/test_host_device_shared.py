"""Which tenants have devices of hosts."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.host_device_shared import RULE
from rbac_audit.snapshot.objects import PCIDeviceClaim, ProjectRoleTemplateBinding
from tests.rules.estate import CLUSTER_ID, estate, found, not_evaluated

PROJECTS = "".join(
    f"""
apiVersion: v1
kind: Namespace
metadata: {{name: {name}, annotations: {{field.cattle.io/projectId: "{CLUSTER_ID}:{project}"}}}}
---
"""
    for name, project in (("shop", "p-shop"), ("shop-dev", "p-shop"), ("lab", "p-lab"))
)
SANDBOX = "{apiVersion: v1, kind: Namespace, metadata: {name: sandbox}}\n---\n"
DEVICE = "node1-000003b00"
CANARY = "made-up-canary"


def machine(place: str, name: str = "vm", device: str = DEVICE, field: str = "hostDevices") -> str:
    return f"""
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {{name: {name}, namespace: {place}}}
spec:
  template:
    spec:
      domain: {{devices: {{{field}: [{{name: "{device}", deviceName: nvidia.com/A100}}, {{name: "{CANARY} /?"}}]}}}}
---
"""


def claim(user: str, name: str = DEVICE) -> str:
    return f"""
apiVersion: devices.harvesterhci.io/v1beta1
kind: PCIDeviceClaim
metadata: {{name: {name}}}
spec: {{nodeName: node1, address: "0000:3b:00.0", userName: "{user}"}}
---
"""


RANCHER = f"""
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: u-carol}}
username: carol
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: u-owner}}
username: admin
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {{name: u-carol}}
UserName: u-carol
GroupPrincipals: {{okta: {{Items: [{{metadata: {{name: "okta_group://gpu"}}}}]}}}}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: cluster-owner}}
context: cluster
rules: [{{verbs: ["*"], apiGroups: ["*"], resources: ["*"]}}]
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {{name: crtb, namespace: {CLUSTER_ID}}}
clusterName: {CLUSTER_ID}
roleTemplateName: cluster-owner
userName: u-owner
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: prtb, namespace: {CLUSTER_ID}-p-shop}}
projectName: "{CLUSTER_ID}:p-shop"
roleTemplateName: project-member
groupPrincipalName: "okta_group://gpu"
"""


@pytest.mark.parametrize("user", ["u-carol", "carol"])
@pytest.mark.parametrize("field", ["hostDevices", "gpus"])
def test_a_claim_of_somebody_elses(user: str, field: str) -> None:
    [finding] = found(RULE, estate(PROJECTS + machine("lab", field=field) + claim(user), RANCHER))
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.POSSIBLE)
    assert str(finding.object) == "VirtualMachine lab/vm"
    assert [str(ref) for ref in finding.related] == [f"PCIDeviceClaim {DEVICE}"]
    assert [str(subject) for subject in finding.subjects] == ["User:u-carol"]
    assert CANARY not in repr(finding)


def test_a_device_of_two_projects() -> None:
    text = PROJECTS + machine("lab") + machine("shop") + machine("shop-dev") + claim("admin")
    [finding] = found(RULE, estate(text, RANCHER))
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.CERTAIN)
    assert str(finding.object) == "VirtualMachine lab/vm"
    assert [str(ref) for ref in finding.related] == ["VirtualMachine shop/vm", "VirtualMachine shop-dev/vm"]
    assert f"of 2 projects: {CLUSTER_ID}:p-lab, {CLUSTER_ID}:p-shop" in finding.message


def test_a_device_in_no_project() -> None:
    [finding] = found(RULE, estate(PROJECTS + SANDBOX + machine("sandbox") + claim("carol"), RANCHER))
    assert (finding.severity, str(finding.object)) == (Severity.MEDIUM, "VirtualMachine sandbox/vm")


@pytest.mark.parametrize(
    "text",
    [
        machine("shop") + claim("carol"),
        machine("shop") + machine("shop-dev") + claim("carol"),
        machine("lab") + claim("admin"),
        machine("lab") + claim("somebody"),
        machine("lab") + claim("carol", "node2-000003b00"),
        machine("lab"),
        machine("lab") + machine("shop", device="node2-000003b00") + claim("admin"),
        claim("carol"),
    ],
    ids=["member by group", "one project", "owner", "unknown", "other device", "no claim", "two devices", "no VM"],
)
def test_what_is_as_it_should_be_is_clean(text: str) -> None:
    assert not found(RULE, estate(PROJECTS + text, RANCHER))


def test_without_members_nobody_is_called_a_stranger() -> None:
    text = PROJECTS + machine("lab") + claim("carol")
    unbound = RANCHER.rpartition("---")[0]
    assert found(RULE, estate(text, unbound))
    assert not found(RULE, estate(text, unbound, unread=[ProjectRoleTemplateBinding]))
    assert not found(RULE, estate(text))


def test_claims_that_were_not_read_are_missed_only_where_a_vm_has_a_device() -> None:
    [told] = not_evaluated(RULE, estate(PROJECTS + machine("shop"), RANCHER, unread=[PCIDeviceClaim]))
    assert told.partly
    assert "no PCIDeviceClaim was read" in " ".join(told.because)
    assert not not_evaluated(RULE, estate(PROJECTS + machine("shop", device="/"), RANCHER, unread=[PCIDeviceClaim]))
    assert not not_evaluated(RULE, estate(PROJECTS + machine("shop"), RANCHER))
