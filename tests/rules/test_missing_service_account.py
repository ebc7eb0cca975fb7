"""Accounts that are there, gone, or in a namespace that nobody looked into."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.missing_service_account import RULE
from rbac_audit.snapshot.objects import ServiceAccount
from tests.rules.estate import estate, found, not_evaluated

ACCOUNT = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: runner, namespace: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: lab}
---
"""


def binding(subject: str, place: str = "shop", name: str = "b") -> str:
    """Write one binding; an empty `place` makes it cluster-wide."""
    kind, where = ("RoleBinding", f", namespace: {place}") if place else ("ClusterRoleBinding", "")
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: "{name}"{where}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}}
subjects: [{subject}]
"""


@pytest.mark.parametrize(
    ("subject", "place", "severity"),
    [
        ("{kind: ServiceAccount, name: gone, namespace: shop}", "shop", Severity.MEDIUM),
        ("{kind: ServiceAccount, name: gone}", "shop", Severity.MEDIUM),
        ("{kind: ServiceAccount, name: gone, namespace: lab}", "shop", Severity.HIGH),
        ("{kind: ServiceAccount, name: gone, namespace: shop}", "", Severity.HIGH),
        ('{kind: User, name: "system:serviceaccount:shop:gone"}', "", Severity.HIGH),
        ("{kind: ServiceAccount, name: gone, namespace: longhorn-system}", "", Severity.LOW),
        ("{kind: ServiceAccount, name: runner, namespace: lab}", "shop", Severity.HIGH),
    ],
)
def test_an_account_that_is_gone(subject: str, place: str, severity: Severity) -> None:
    [finding] = found(RULE, estate(ACCOUNT + binding(subject, place)))
    assert finding.severity is severity
    assert finding.object.name == "b"


@pytest.mark.parametrize(
    ("subject", "place"),
    [
        ("{kind: ServiceAccount, name: runner, namespace: shop}", ""),
        ("{kind: ServiceAccount, name: runner}", "shop"),
        ('{kind: User, name: "system:serviceaccount:shop:runner"}', "lab"),
        ("{kind: User, name: gone}", "shop"),
        ('{kind: Group, name: "system:serviceaccounts:gone"}', "shop"),
        ("{kind: ServiceAccount, name: gone}", ""),
    ],
    ids=["named", "of the binding's namespace", "as a user", "user", "group", "of no namespace: matches nobody"],
)
def test_what_is_no_missing_account(subject: str, place: str) -> None:
    assert not found(RULE, estate(ACCOUNT + binding(subject, place)))


def test_only_the_missing_ones_are_named() -> None:
    subjects = "{kind: ServiceAccount, name: runner}, {kind: ServiceAccount, name: gone}"
    [finding] = found(RULE, estate(ACCOUNT + binding(subjects)))
    assert [str(subject) for subject in finding.subjects] == ["ServiceAccount:shop/gone"]


def test_the_accounts_of_the_controller_manager_come_when_they_are_needed() -> None:
    job = binding("{kind: ServiceAccount, name: job-controller, namespace: kube-system}", "", "system:controller:job")
    assert not found(RULE, estate(ACCOUNT + job))
    assert found(RULE, estate(ACCOUNT + job.replace("kube-system", "shop")))


def test_a_namespace_that_does_not_exist_is_said() -> None:
    [finding] = found(RULE, estate(ACCOUNT + binding("{kind: ServiceAccount, name: gone, namespace: old}", "")))
    assert "whoever may create namespace old" in finding.message


def test_a_namespace_that_was_not_read_is_not_judged() -> None:
    text = ACCOUNT + binding("{kind: ServiceAccount, name: gone, namespace: lab}", "")
    assert not found(RULE, estate(text, unread_namespaces=["lab"]))
    assert found(RULE, estate(text, unread_namespaces=["other"]))


def test_without_accounts_nothing_is_judged() -> None:
    text = binding("{kind: ServiceAccount, name: gone, namespace: shop}")
    [entry] = not_evaluated(RULE, estate(text, unread=[ServiceAccount]))
    assert entry.because == ("no ServiceAccount was read from harvester",)


def test_a_shipped_binding_waits_for_its_part_of_harvester() -> None:
    subject = "{kind: ServiceAccount, name: harvester, namespace: harvester-system}"
    text = binding(subject, "", "harvester").replace("name: edit}", "name: cluster-admin}")
    assert not found(RULE, estate(ACCOUNT + text))
    [finding] = found(RULE, estate(ACCOUNT + text.replace('name: "harvester"', 'name: "harvester-too"')))
    assert finding.severity is Severity.LOW
    [finding] = found(
        RULE, estate(ACCOUNT + text.replace("[{kind", "[{kind: ServiceAccount, name: gone, namespace: shop}, {kind"))
    )
    assert [str(item) for item in finding.subjects] == ["ServiceAccount:shop/gone"]
