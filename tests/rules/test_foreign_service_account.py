"""Accounts at home and abroad."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.foreign_service_account import RULE
from tests.rules.estate import estate, found

NAMESPACES = """
apiVersion: v1
kind: Namespace
metadata: {name: shop-prod, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: lab, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-lab"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: sandbox}
---
"""


def binding(subject: str, place: str = "shop-prod", role: str = "edit") -> str:
    """Write a RoleBinding for one subject."""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: b, namespace: {place}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "{role}"}}
subjects: [{subject}]
---
"""


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("{kind: ServiceAccount, name: ci, namespace: lab}", "project c-m-abcd1234:p-lab"),
        ('{kind: User, name: "system:serviceaccount:lab:ci"}', "project c-m-abcd1234:p-lab"),
        ('{kind: Group, name: "system:serviceaccounts:lab"}', "project c-m-abcd1234:p-lab"),
        ("{kind: ServiceAccount, name: ops, namespace: sandbox}", "no project (sandbox)"),
        ("{kind: ServiceAccount, name: ops, namespace: no-such-namespace}", "no project (no-such-namespace)"),
        ("{kind: ServiceAccount, name: ops, namespace: harvester-public}", "no project (harvester-public)"),
    ],
)
def test_an_account_of_another_tenant_is_found(subject: str, words: str) -> None:
    [finding] = found(RULE, estate(NAMESPACES + binding(subject)))
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.CERTAIN)
    assert str(finding.object) == "RoleBinding shop-prod/b"
    assert finding.scope.project == "c-m-abcd1234:p-shop"
    assert words in finding.message


@pytest.mark.parametrize(
    "subject",
    [
        "{kind: ServiceAccount, name: ci}",
        "{kind: ServiceAccount, name: ci, namespace: shop-prod}",
        "{kind: ServiceAccount, name: ci, namespace: shop-dev}",
        "{kind: User, name: u-lab}",
        '{kind: Group, name: "system:serviceaccounts:shop-dev"}',
        '{kind: Group, name: "system:serviceaccounts"}',
    ],
)
def test_accounts_of_the_same_project_and_people_are_not_meant(subject: str) -> None:
    assert not found(RULE, estate(NAMESPACES + binding(subject)))


def test_a_namespace_of_no_project_is_no_tenants() -> None:
    assert not found(RULE, estate(NAMESPACES + binding("{kind: ServiceAccount, name: ci, namespace: lab}", "sandbox")))


def test_an_account_of_the_platform_is_told_as_info() -> None:
    text = binding("{kind: ServiceAccount, name: agent, namespace: cattle-fleet-system}")
    [finding] = found(RULE, estate(NAMESPACES + text))
    assert (finding.severity, finding.confidence) == (Severity.INFO, Confidence.POSSIBLE)


def test_harvesters_pattern_for_guest_clusters() -> None:
    role = "harvesterhci.io:cloudprovider"
    assert not found(RULE, estate(NAMESPACES + binding("{kind: ServiceAccount, name: guest}", role=role)))
    [finding] = found(
        RULE, estate(NAMESPACES + binding("{kind: ServiceAccount, name: guest, namespace: lab}", role=role))
    )
    assert "of the same namespace only" in finding.message


def test_a_project_member_that_is_an_account_of_another_project_is_told_at_the_template_binding() -> None:
    rendered = binding("{kind: ServiceAccount, name: ci, namespace: lab}").replace(
        "name: b,", "name: rb-x, labels: {authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-shop_prtb},"
    )
    rancher = """
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: edit}
context: project
external: true
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: edit
serviceAccount: "lab:ci"
"""
    [finding] = found(RULE, estate(NAMESPACES + rendered, rancher))
    assert str(finding.object) == "ProjectRoleTemplateBinding c-m-abcd1234-p-shop/prtb"
    assert [str(item) for item in finding.related] == ["RoleBinding shop-prod/rb-x"]


@pytest.mark.parametrize(
    ("namespace", "role", "flagged"),
    [
        ("harvester-system", "harvesterhci.io:cloudprovider", True),
        ("harvester-public", "harvesterhci.io:cloudprovider", True),
        ("sandbox", "harvesterhci.io:cloudprovider", False),
        ("harvester-system", "harvesterhci.io:cloudprovider-of-ours", False),
    ],
)
def test_no_guest_cluster_belongs_to_the_platform(namespace: str, role: str, *, flagged: bool) -> None:
    findings = found(RULE, estate(NAMESPACES + binding("{kind: ServiceAccount, name: guest}", namespace, role=role)))
    assert [str(item.object) for item in findings] == [f"RoleBinding {namespace}/b"] * flagged
    assert all(item.severity is Severity.HIGH and "no guest cluster belongs" in item.message for item in findings)


GUEST = "harvesterhci.io:cloudprovider"
ELSEWHERE = "{kind: ServiceAccount, name: guest, namespace: shop-dev}"


@pytest.mark.parametrize(
    ("subject", "place", "severity"),
    [
        (ELSEWHERE, "shop-prod", Severity.HIGH),  # of the same project
        (ELSEWHERE, "sandbox", Severity.HIGH),
        ('{kind: Group, name: "system:serviceaccounts:lab"}', "sandbox", Severity.HIGH),
        ("{kind: User, name: u-bob}", "shop-prod", Severity.MEDIUM),
        ("{kind: Group, name: devs}", "sandbox", Severity.MEDIUM),
    ],
)
def test_the_role_of_guest_clusters_is_for_accounts_of_the_namespace(
    subject: str, place: str, severity: Severity
) -> None:
    [finding] = found(RULE, estate(NAMESPACES + binding(subject, place, GUEST)))
    assert (finding.severity, str(finding.object)) == (severity, f"RoleBinding {place}/b")
    assert "for accounts of the same namespace only" in finding.message


@pytest.mark.parametrize("place", ["shop-prod", "sandbox"])
def test_a_guest_cluster_in_its_own_namespace_is_regular(place: str) -> None:
    assert not found(RULE, estate(NAMESPACES + binding("{kind: ServiceAccount, name: guest}", place, GUEST)))


def test_an_account_of_another_tenant_with_that_role_is_told_once() -> None:
    text = binding("{kind: ServiceAccount, name: guest, namespace: lab}", "shop-prod", GUEST)
    assert len(found(RULE, estate(NAMESPACES + text))) == 1
