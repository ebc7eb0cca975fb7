"""Accounts of the platform with rights that nobody ships."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.platform_account_rights import RULE
from tests.rules.estate import estate, found


def bound(rule: str, account: str = "kube-system", kind: str = "ClusterRoleBinding") -> str:
    """Write a role of one rule, bound to an account."""
    place = ", namespace: kube-system" if kind == "RoleBinding" else ""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: own}}
rules: [{rule}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: own{place}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: own}}
subjects: [{{kind: ServiceAccount, name: default, namespace: {account}}}]
---
"""


SECRETS = '{apiGroups: [""], resources: [secrets], verbs: [list]}'


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (SECRETS, "list secrets"),
        ('{apiGroups: [""], resources: [nodes/proxy], verbs: [get]}', "get nodes/proxy"),
        ("{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}", "bind clusterroles"),
        ('{apiGroups: [harvesterhci.io], resources: ["*"], verbs: ["*"]}', "update settings.harvesterhci.io"),
    ],
)
def test_grave_rights_are_found(rule: str, words: str) -> None:
    [finding] = found(RULE, estate(bound(rule)))
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.POSSIBLE)
    assert [str(subject) for subject in finding.subjects] == ["ServiceAccount:kube-system/default"]
    assert words in finding.message


@pytest.mark.parametrize(
    ("subject", "flagged"),
    [
        ('{kind: User, name: "system:serviceaccount:kube-system:default"}', True),
        ('{kind: Group, name: "system:serviceaccounts:kube-system"}', True),
        ('{kind: Group, name: "system:nodes"}', True),
        ('{kind: Group, name: "system:masters"}', False),
        ('{kind: Group, name: "system:serviceaccounts:shop-dev"}', False),
    ],
)
def test_other_names_of_the_platform(subject: str, flagged: bool) -> None:
    account = "{kind: ServiceAccount, name: default, namespace: kube-system}"
    assert bool(found(RULE, estate(bound(SECRETS).replace(account, subject)))) is flagged


@pytest.mark.parametrize(
    "text",
    [
        bound(SECRETS, account="shop-dev"),
        bound(SECRETS, kind="RoleBinding"),
        bound('{apiGroups: [""], resources: [nodes], verbs: [get]}'),
        bound('{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}'),  # cluster-admin-equivalent tells
    ],
)
def test_tenants_namespaces_and_harmless_rights_are_not_meant(text: str) -> None:
    assert not found(RULE, estate(text))
