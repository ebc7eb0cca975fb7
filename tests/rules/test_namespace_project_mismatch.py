"""Namespaces between projects."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.namespace_project_mismatch import RULE
from tests.rules.estate import estate, found


def namespace(label: str, annotation: str) -> str:
    labels = f'labels: {{field.cattle.io/projectId: "{label}"}}, ' if label else ""
    annotations = f'annotations: {{field.cattle.io/projectId: "{annotation}"}}' if annotation else ""
    return f"{{apiVersion: v1, kind: Namespace, metadata: {{name: ns, {labels}{annotations}}}}}"


def rancher(aggregated: bool = False) -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: Project
metadata: {{name: p-shop, namespace: c-m-abcd1234}}
---
apiVersion: management.cattle.io/v3
kind: Feature
metadata: {{name: aggregated-roletemplates}}
spec: {{value: {str(aggregated).lower()}}}
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: prtb, namespace: p-lab}}
projectName: "c-m-abcd1234:p-lab"
roleTemplateName: edit
userName: u-lab
"""


@pytest.mark.parametrize(
    ("label", "annotation", "words"),
    [
        ("", "c-m-dead0001:p-shop", "of a cluster that Rancher does not have"),
        ("", "c-m-abcd1234:p-gone", "which does not exist"),
        ("p-lab", "c-m-abcd1234:p-shop", "labelled as one of project p-lab"),
        ("p-lab", "", "but it has no annotation"),
    ],
)
def test_each_mismatch_is_told(label: str, annotation: str, words: str) -> None:
    [finding] = found(RULE, estate(namespace(label, annotation), rancher()))
    assert (finding.severity, finding.subjects) == (Severity.MEDIUM, ())
    assert words in finding.message


def test_in_the_aggregated_model_the_members_of_the_label_s_project_get_in() -> None:
    [finding] = found(RULE, estate(namespace("p-lab", "c-m-abcd1234:p-shop"), rancher(aggregated=True)))
    assert finding.severity is Severity.HIGH
    assert [str(subject) for subject in finding.subjects] == ["User:u-lab"]


@pytest.mark.parametrize(
    ("label", "annotation"),
    [("p-shop", "c-m-abcd1234:p-shop"), ("", "c-m-abcd1234:p-shop"), ("", ""), ("p-own", "local:p-own")],
)
def test_agreement_is_clean(label: str, annotation: str) -> None:
    assert found(RULE, estate(namespace(label, annotation), rancher())) == []
