"""What lies in namespaces of no project."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.namespace_outside_project import RULE
from tests.rules.estate import estate, found

KINDS = {
    "VirtualMachine": "kubevirt.io/v1",
    "VirtualMachineInstance": "kubevirt.io/v1",
    "VirtualMachineImage": "harvesterhci.io/v1beta1",
    "PersistentVolumeClaim": "v1",
    "Secret": "v1",
    "Pod": "v1",
}


def namespace(name: str, project: str = "") -> str:
    """Write a namespace with the annotation that puts it into a project."""
    return f"""
apiVersion: v1
kind: Namespace
metadata: {{name: {name}, annotations: {{field.cattle.io/projectId: "{project}"}}}}
---
"""


def item(kind: str, place: str) -> str:
    """Write one object."""
    return f"""
apiVersion: {KINDS[kind]}
kind: {kind}
metadata: {{name: x, namespace: {place}}}
---
"""


@pytest.mark.parametrize(
    "kind", ["VirtualMachine", "VirtualMachineInstance", "VirtualMachineImage", "PersistentVolumeClaim"]
)
def test_it_is_found_outside_and_clean_inside_of_a_project(kind: str) -> None:
    [finding] = found(RULE, estate(namespace("sandbox") + item(kind, "sandbox")))
    assert (finding.severity, str(finding.object)) == (Severity.MEDIUM, "Namespace sandbox")
    assert [str(ref) for ref in finding.related] == [f"{kind} sandbox/x"]
    assert not found(RULE, estate(namespace("sandbox", "c-m-abcd1234:p-lab") + item(kind, "sandbox")))


@pytest.mark.parametrize("kind", ["Secret", "Pod"])
def test_other_things_are_not_meant(kind: str) -> None:
    assert not found(RULE, estate(namespace("sandbox") + item(kind, "sandbox")))


def test_an_empty_namespace_is_clean() -> None:
    assert not found(RULE, estate(namespace("sandbox") + namespace("empty")))


@pytest.mark.parametrize(
    "name", ["harvester-system", "longhorn-system", "cattle-monitoring-system", "harvester-public"]
)
def test_the_platform_is_not_meant(name: str) -> None:
    assert not found(RULE, estate(namespace(name) + item("PersistentVolumeClaim", name)))


def test_default_is_low() -> None:
    [finding] = found(RULE, estate(namespace("default") + item("VirtualMachine", "default")))
    assert finding.severity is Severity.LOW


def test_an_annotation_that_names_no_project_is_none() -> None:
    assert found(RULE, estate(namespace("sandbox", "p-lab") + item("VirtualMachine", "sandbox")))


def test_a_namespace_is_told_once() -> None:
    text = namespace("sandbox") + item("VirtualMachine", "sandbox") + item("PersistentVolumeClaim", "sandbox")
    assert len(found(RULE, estate(text))) == 1


def bound(rule: str, subject: str, place: str = "sandbox") -> str:
    """Write a Role and a RoleBinding to it."""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: own, namespace: {place}}}
rules: [{rule}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: own, namespace: {place}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: own}}
subjects: [{subject}]
---
"""


ALICE, MOVER = "{kind: User, name: u-alice}", "{kind: ServiceAccount, name: mover, namespace: harvester-system}"
RULE_OF = "{{verbs: [{}], apiGroups: [{}], resources: [{}]}}"


@pytest.mark.parametrize(
    ("rule", "subject", "place", "told"),
    [
        (RULE_OF.format("patch", "kubevirt.io", "virtualmachines"), ALICE, "sandbox", True),
        (RULE_OF.format("create", '""', "pods"), ALICE, "sandbox", True),
        (RULE_OF.format("get", "subresources.kubevirt.io", "virtualmachineinstances/vnc"), ALICE, "sandbox", True),
        (RULE_OF.format("create", "subresources.kubevirt.io", "virtualmachineinstances/vnc"), ALICE, "sandbox", False),
        (RULE_OF.format("list", '""', "secrets"), ALICE, "sandbox", True),
        (RULE_OF.format("get", '""', "pods"), ALICE, "sandbox", False),
        (RULE_OF.format('"*"', '"*"', '"*"'), ALICE, "other", False),
        (RULE_OF.format('"*"', '"*"', '"*"'), MOVER, "sandbox", False),
    ],
    ids=[
        "changes VMs",
        "runs pods",
        "opens consoles",
        "no verb for consoles",
        "reads Secrets",
        "looks",
        "elsewhere",
        "the platform",
    ],
)
def test_whom_bindings_there_let_in_is_named(rule: str, subject: str, place: str, *, told: bool) -> None:
    text = namespace("sandbox") + item("VirtualMachine", "sandbox") + bound(rule, subject, place)
    [finding] = found(RULE, estate(text))
    assert [str(who) for who in finding.subjects] == ["User:u-alice"] * told
    assert ("RoleBinding sandbox/own" in map(str, finding.related)) is told
    assert ("let User:u-alice change or open VMs" in finding.message) is told
