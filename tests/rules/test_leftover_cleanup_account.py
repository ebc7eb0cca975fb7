"""What a clean-up of Rancher leaves."""

import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.audit.evaluate import evaluate
from rbac_audit.audit.finding import Confidence, Finding, Severity
from rbac_audit.rules.leftover_cleanup_account import RULE
from tests.rules.estate import estate, found

MADE = "creationTimestamp: '2026-03-04T23:59:00Z'"


def thing(kind: str, name: str = "cattle-cleanup-x2", namespace: str = "default", group: str = "v1") -> str:
    place = f", namespace: {namespace}" if namespace else ""
    return f"{{apiVersion: {group}, kind: {kind}, metadata: {{name: {name}{place}, {MADE}}}}}\n---\n"


ROLE = thing("ClusterRole", "cattle-cleanup-r1", "", "rbac.authorization.k8s.io/v1")
ACCOUNT = thing("ServiceAccount", "cattle-cleanup-s1")
BINDING = f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: cattle-cleanup-b1, {MADE}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cattle-cleanup-r1}}
subjects: [{{kind: ServiceAccount, name: cattle-cleanup-s1, namespace: default}}]
---
"""
JOB = f"""
apiVersion: batch/v1
kind: Job
metadata: {{name: cattle-cleanup-j1, namespace: default, {MADE}}}
spec: {{template: {{spec: {{serviceAccountName: cattle-cleanup-s1}}}}}}
---
"""


def found_on(text: str, today: str) -> list[Finding]:
    return list(evaluate(Estate(estate(text).snapshot, today=today), [RULE]).findings)


def test_what_one_clean_up_made_is_told_together() -> None:
    other = thing("ServiceAccount", "cattle-cleanup-s9")
    first, second = found_on(ROLE + ACCOUNT + BINDING + JOB + other, "2026-03-05")
    assert (first.severity, first.confidence, str(first.object)) == (
        Severity.MEDIUM,
        Confidence.CERTAIN,
        "ClusterRoleBinding cattle-cleanup-b1",
    )
    assert {str(ref) for ref in first.related} == {
        "ClusterRole cattle-cleanup-r1",
        "ServiceAccount default/cattle-cleanup-s1",
        "Job default/cattle-cleanup-j1",
    }
    assert (second.severity, str(second.object)) == (Severity.LOW, "ServiceAccount default/cattle-cleanup-s9")


def test_a_clean_up_of_today_may_be_at_work() -> None:
    assert found_on(BINDING, "2026-03-04") == []
    assert found_on(BINDING, "2026-03-05")


def test_without_a_date_its_age_is_not_known() -> None:
    [finding] = found(RULE, estate(BINDING))
    assert finding.confidence is Confidence.POSSIBLE


@pytest.mark.parametrize(
    "text",
    [
        thing("ServiceAccount", "cattle-cleanup"),
        thing("ServiceAccount", "my-cattle-cleanup-x2"),
        thing("ServiceAccount", "cattle-cleanup-sa", "cattle-system"),
        thing("Secret"),
    ],
)
def test_other_names_and_places_are_clean(text: str) -> None:
    assert not found(RULE, estate(text))
