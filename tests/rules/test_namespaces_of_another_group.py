"""The word namespaces in another API group."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.namespaces_of_another_group import RULE
from tests.rules.estate import estate, found


def rancher(rule: str, version: str = "") -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: rt}}
context: project
rules: [{rule}]
---
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {{name: server-version}}
value: "{version}"
"""


MEANT = "{apiGroups: [x.example.com], resources: [namespaces], verbs: [create]}"


@pytest.mark.parametrize(
    ("version", "severity", "confidence"),
    [
        ("v2.8.1", Severity.HIGH, Confidence.CERTAIN),
        ("v2.8.2", Severity.LOW, Confidence.CERTAIN),
        ("v2.7.10", Severity.LOW, Confidence.CERTAIN),
        ("v2.7.9", Severity.HIGH, Confidence.CERTAIN),
        ("v2.5.17", Severity.HIGH, Confidence.CERTAIN),
        ("v2.15.0", Severity.LOW, Confidence.CERTAIN),
        ("head", Severity.HIGH, Confidence.POSSIBLE),
        ("", Severity.HIGH, Confidence.POSSIBLE),
    ],
)
def test_the_version_decides_how_bad_it_is(version: str, severity: Severity, confidence: Confidence) -> None:
    [finding] = found(RULE, estate("", rancher(MEANT, version)))
    assert (finding.severity, finding.confidence) == (severity, confidence)


@pytest.mark.parametrize(
    "rule",
    [
        '{apiGroups: [""], resources: [namespaces], verbs: [create]}',
        '{apiGroups: ["*"], resources: [namespaces], verbs: [create]}',
        "{apiGroups: [x.example.com], resources: [namespaces], verbs: [get]}",
        "{apiGroups: [x.example.com], resources: [things], verbs: [create]}",
    ],
)
def test_others_are_clean(rule: str) -> None:
    assert found(RULE, estate("", rancher(rule))) == []
