"""Tokens of service accounts that never expire."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.long_lived_token import RULE
from tests.rules.estate import estate, found

SHOP = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
"""
TYPE = "kubernetes.io/service-account-token"
CANARY = "c2VjcmV0LWNhbmFyeQ=="


def token(name: str = "ci-token", of: str = "ci", place: str = "shop", label: str = "", kind: str = TYPE) -> str:
    return f"""
apiVersion: v1
kind: Secret
metadata:
  name: {name}
  namespace: {place}
  annotations: {{kubernetes.io/service-account.name: "{of}"}}
  labels: {{{label}}}
type: {kind}
data: {{token: {CANARY}}}
---
"""


def bound(name: str, rule: str, subject: str, kind: str = "RoleBinding") -> str:
    place = ", namespace: shop" if kind == "RoleBinding" else ""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {name}}}
rules: [{rule}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: {name}{place}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {name}}}
subjects: [{subject}]
---
"""


READ = '{verbs: [list], apiGroups: [""], resources: [secrets]}'
NAMED = '{verbs: [get], apiGroups: [""], resources: [secrets], resourceNames: [NAME]}'
BOB, CI = "{kind: User, name: u-bob}", "{kind: ServiceAccount, name: ci, namespace: shop}"
PODS = '{verbs: [get], apiGroups: [""], resources: [pods]}'


def test_a_token_is_told_with_its_account_and_who_reads_it() -> None:
    text = SHOP + token() + bound("works", PODS, CI) + bound("lookers", READ, BOB)
    [finding] = found(RULE, estate(text))
    assert (finding.severity, str(finding.object)) == (Severity.MEDIUM, "Secret shop/ci-token")
    assert [str(subject) for subject in finding.subjects] == ["ServiceAccount:shop/ci"]
    assert "is a token of ServiceAccount:shop/ci that does not expire; User:u-bob can read it" in finding.message
    assert [str(ref) for ref in finding.related] == ["RoleBinding shop/lookers"]
    assert CANARY not in repr(finding)
    assert "secret-canary" not in repr(finding)


@pytest.mark.parametrize(
    ("rule", "kind", "reads"),
    [
        (READ, "ClusterRoleBinding", True),
        ('{verbs: ["*"], apiGroups: ["*"], resources: ["*"]}', "RoleBinding", True),
        (NAMED.replace("NAME", "ci-token"), "RoleBinding", True),
        (NAMED.replace("NAME", "other"), "RoleBinding", False),
        (READ.replace("list", "create"), "RoleBinding", False),
        (READ.replace('""', "apps"), "RoleBinding", False),
    ],
)
def test_who_reads_it_is_decided_by_rights(rule: str, kind: str, *, reads: bool) -> None:
    [finding] = found(RULE, estate(SHOP + token() + bound("own", rule, BOB, kind)))
    assert ("User:u-bob can read it" in finding.message) is reads
    assert ("no tenant can read Secrets there" in finding.message) is not reads


@pytest.mark.parametrize(
    "subject",
    [CI, '{kind: User, name: "system:serviceaccount:shop:ci"}', '{kind: Group, name: "system:serviceaccounts:shop"}'],
)
def test_an_account_with_rights_weighs_more(subject: str) -> None:
    alone, with_rights = SHOP + token(), SHOP + token() + bound("works", PODS, subject)
    assert [item.severity for item in found(RULE, estate(alone))] == [Severity.LOW]
    assert [item.severity for item in found(RULE, estate(with_rights))] == [Severity.MEDIUM]


def test_the_metadata_alone_says_what_it_is() -> None:
    alone = token(kind='""').replace(f"data: {{token: {CANARY}}}\n", "")
    [finding] = found(RULE, estate(SHOP + alone))
    assert str(finding.object) == "Secret shop/ci-token"


def test_tokens_of_one_account_are_one_finding() -> None:
    text = SHOP + token() + token("again") + token("old-token-x7b2k", "old")
    first, second = found(RULE, estate(text))
    assert str(first.object) == "Secret shop/again"
    assert [str(ref) for ref in first.related] == ["Secret shop/ci-token"]
    assert [str(subject) for subject in second.subjects] == ["ServiceAccount:shop/old"]


def test_where_the_account_is_not_named_the_secret_is_called_after_it() -> None:
    [finding] = found(RULE, estate(SHOP + token("guest-prod-token", "")))
    assert [str(subject) for subject in finding.subjects] == ["ServiceAccount:shop/guest-prod"]


@pytest.mark.parametrize(
    "text",
    [
        token(kind="Opaque"),
        token(place="cattle-system"),
        token(place="harvester-public"),
        token(label='kubernetes.io/legacy-token-invalid-since: "2026-08-20"'),
    ],
)
def test_other_secrets_and_places_are_clean(text: str) -> None:
    assert not found(RULE, estate(SHOP + text))
