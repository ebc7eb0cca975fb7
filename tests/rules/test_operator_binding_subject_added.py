"""Somebody in a binding that is not theirs."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.operator_binding_subject_added import RULE
from tests.rules.estate import estate, found

EVERYBODY = '{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}'


def binding(name: str, subjects: str, role: str = "") -> str:
    """Write a ClusterRoleBinding to the role of its own name, or to another."""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: "{name}"}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "{role or name}"}}
subjects: [{subjects}]
---
"""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("kubevirt.io:default", "virt-operator resets it at the next upgrade"),
        ("harvester-authenticated", "Harvester resets it at its next start"),
        ("system:discovery", "the API server leaves there what was added"),
    ],
)
def test_only_the_added_subject_is_told(name: str, words: str) -> None:
    [finding] = found(RULE, estate(binding(name, f"{EVERYBODY}, {{kind: User, name: u-frank}}")))
    assert (finding.severity, str(finding.object)) == (Severity.HIGH, f"ClusterRoleBinding {name}")
    assert [str(subject) for subject in finding.subjects] == ["User:u-frank"]
    assert words in finding.message
    assert "User:u-frank was added" in finding.message


def test_with_another_role_nobody_in_it_is_shipped() -> None:
    [finding] = found(RULE, estate(binding("kubevirt.io:default", EVERYBODY, "edit")))
    assert [str(subject) for subject in finding.subjects] == ["Group:system:authenticated"]
    assert "to ClusterRole edit, but kubevirt ships it with ClusterRole kubevirt.io:default" in finding.message
    assert "added" not in finding.message


@pytest.mark.parametrize(
    "text",
    [
        binding("kubevirt.io:default", EVERYBODY),
        binding("kubevirt.io:default", ""),
        binding("kubevirt.io:default-of-ours", "{kind: User, name: u-frank}", "kubevirt.io:default"),
        binding("cdi.kubevirt.io:config-reader", f'{EVERYBODY}, {{kind: Group, name: "system:serviceaccount"}}'),
    ],
)
def test_as_shipped_and_own_ones_are_clean(text: str) -> None:
    assert not found(RULE, estate(text))
