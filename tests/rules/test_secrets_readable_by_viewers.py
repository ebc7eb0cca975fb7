"""Secrets that come with looking."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.secrets_readable_by_viewers import RULE
from rbac_audit.snapshot.objects import Secret
from tests.rules.estate import estate, found

ROLES = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "harvesterhci.io:view", labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view, labels: {rbac.authorization.k8s.io/aggregate-to-edit: "true"}}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "system:aggregate-to-edit", labels: {rbac.authorization.k8s.io/aggregate-to-edit: "true"}}
rules:
- {apiGroups: [""], resources: [pods], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {rbac.authorization.k8s.io/aggregate-to-edit: "true"}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: read-only-aggregator}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {rbac.authorization.k8s.io/aggregate-to-edit: "true"}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: own-reader}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [get]}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop-prod, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
"""
PROJECT = """
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
spec: {displayName: shop}
"""
PUBLIC = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: harvester-public, namespace: harvester-public}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}]
---
"""


def binding(user: str, namespace: str, role: str = "view") -> str:
    """Write a RoleBinding of a user."""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {user}, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {user}}}]
---
"""


def secret(namespace: str, kind: str = "Opaque", name: str = "s") -> str:
    """Write a Secret."""
    return f"{{apiVersion: v1, kind: Secret, metadata: {{name: {name}, namespace: {namespace}}}, type: {kind}}}\n---\n"


TOKEN = "kubernetes.io/service-account-token"


@pytest.mark.parametrize(
    ("secrets", "severity", "words"),
    [
        (secret("shop-dev"), Severity.MEDIUM, "(1 of type Opaque)"),
        (secret("shop-dev") + secret("shop-prod", TOKEN), Severity.HIGH, f"1 of type {TOKEN}"),
        (secret("lab", TOKEN), Severity.LOW, "none at present"),
    ],
)
def test_one_finding_for_a_project(secrets: str, severity: Severity, words: str) -> None:
    text = ROLES + binding("u-a", "shop-dev") + binding("u-b", "shop-prod") + secrets
    [finding] = found(RULE, estate(text, PROJECT))
    assert (finding.severity, str(finding.object)) == (severity, "Project c-m-abcd1234/p-shop")
    assert [str(subject) for subject in finding.subjects] == ["User:u-a", "User:u-b"]
    assert "project shop, namespaces shop-dev, shop-prod" in finding.message
    assert words in finding.message
    assert any("ClusterRole harvesterhci.io:view" in link.text for link in finding.chain)


def test_secrets_that_were_not_read_are_unknown() -> None:
    [finding] = found(RULE, estate(ROLES + binding("u-a", "shop-dev"), PROJECT, unread=[Secret]))
    assert finding.severity is Severity.MEDIUM
    assert "not known" in finding.message


@pytest.mark.parametrize(
    ("secrets", "severity"),
    [
        ("", Severity.INFO),
        (secret("harvester-public", "secret", "iso-image-template-userdata"), Severity.INFO),
        (secret("harvester-public", "Opaque"), Severity.MEDIUM),
        (secret("harvester-public", TOKEN), Severity.HIGH),
    ],
)
def test_the_shipped_binding_is_told_by_what_lies_there(secrets: str, severity: Severity) -> None:
    [finding] = found(RULE, estate(ROLES + binding("u-a", "harvester-public") + PUBLIC + secrets))
    assert (finding.severity, str(finding.object)) == (severity, "RoleBinding harvester-public/harvester-public")


@pytest.mark.parametrize(
    "text",
    [
        binding("u-a", "shop-dev", "edit"),  # works there, and so has Secrets anyhow
        binding("u-a", "shop-dev", "own-reader"),  # somebody wanted that
        binding("u-a", "shop-dev").replace("User, name: u-a", 'Group, name: "system:unauthenticated"'),
        binding("u-a", "shop-dev").replace("kind: User, name: u-a", "kind: ServiceAccount, name: x, namespace: local"),
    ],
)
def test_others_are_not_meant(text: str) -> None:
    assert not found(RULE, estate(ROLES + text, PROJECT))


def test_it_is_found_through_two_steps_of_aggregation() -> None:
    text = ROLES.replace(
        'read-only-aggregator}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {rbac.authorization.k8s.io/aggregate-to-edit: "true"}}]}',
        "read-only-aggregator}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {part: view}}]}",
    ).replace("metadata: {name: view, labels: {", "metadata: {name: view, labels: {part: view, ")
    [finding] = found(RULE, estate(text + binding("u-a", "shop-dev", "read-only-aggregator"), PROJECT))
    steps = [link.text for link in finding.chain if link.step == "aggregated-from"]
    assert steps == ["aggregated from ClusterRole view", "aggregated from ClusterRole harvesterhci.io:view"]


def test_a_subject_that_means_nobody_reads_nothing() -> None:
    text = ROLES + binding("u-a", "shop-dev")
    assert found(RULE, estate(text))
    assert not found(RULE, estate(text.replace("kind: User", "kind: Person")))
