"""External role templates that nothing is compared with."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.external_template_unchecked import RULE
from tests.rules.estate import estate, found


def rancher(fields: str, version: str = "v2.15.0") -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: operator}}
{fields}
---
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {{name: server-version}}
value: "{version}"
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: prtb, namespace: p-shop}}
projectName: "local:p-shop"
roleTemplateName: operator
userName: u-erin
"""


MEANT = "context: project\nexternal: true"


@pytest.mark.parametrize(
    ("version", "severity", "confidence"),
    [
        ("v2.15.0", Severity.LOW, Confidence.CERTAIN),
        ("v2.8.4", Severity.HIGH, Confidence.CERTAIN),
        ("v2.7.14", Severity.LOW, Confidence.CERTAIN),
        ("head", Severity.HIGH, Confidence.POSSIBLE),
    ],
)
def test_the_version_decides_how_bad_it_is(version: str, severity: Severity, confidence: Confidence) -> None:
    [finding] = found(RULE, estate("", rancher(MEANT, version)))
    assert (finding.severity, finding.confidence) == (severity, confidence)
    assert [str(subject) for subject in finding.subjects] == ["User:u-erin"]


def test_one_without_a_context_counts_too() -> None:
    assert found(RULE, estate("", rancher("external: true")))


@pytest.mark.parametrize(
    "fields",
    [
        f"{MEANT}\nbuiltin: true",
        f"{MEANT}\nexternalRules: [{{apiGroups: [x], resources: [y], verbs: [get]}}]",
        "context: cluster\nexternal: true",
        "context: project",
    ],
)
def test_others_are_clean(fields: str) -> None:
    assert found(RULE, estate("", rancher(fields))) == []
