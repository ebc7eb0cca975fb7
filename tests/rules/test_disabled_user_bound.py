"""Disabled users, and the bindings that outlive that."""

import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.audit.finding import Severity
from rbac_audit.rules.disabled_user_bound import RULE
from rbac_audit.snapshot.objects import GlobalRole
from tests.rules.estate import estate, found


def user(enabled: str) -> str:
    """Write a user; `enabled` is a whole line or nothing."""
    return f"""
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: u-temp1}}
displayName: Temp
principalIds: ["local://u-temp1"]
{enabled}
---
"""


PRTB = """
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: project-member
userName: u-temp1
---
"""
CRTB = """
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {name: crtb, namespace: c-m-abcd1234}
clusterName: c-m-abcd1234
roleTemplateName: cluster-member
userPrincipalName: "local://u-temp1"
---
"""


def global_binding(default: bool) -> str:
    """Write a global role and a binding to it."""
    return f"""
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {{name: some}}
newUserDefault: {str(default).lower()}
---
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {{name: grb}}
globalRoleName: some
userName: u-temp1
---
"""


@pytest.mark.parametrize(
    ("bindings", "related"),
    [
        (PRTB, ["ProjectRoleTemplateBinding c-m-abcd1234-p-shop/prtb"]),
        (CRTB, ["ClusterRoleTemplateBinding c-m-abcd1234/crtb"]),
        (global_binding(default=False), ["GlobalRoleBinding grb"]),
        (
            PRTB + CRTB,
            ["ProjectRoleTemplateBinding c-m-abcd1234-p-shop/prtb", "ClusterRoleTemplateBinding c-m-abcd1234/crtb"],
        ),
    ],
)
def test_one_finding_tells_all_that_a_disabled_user_keeps(bindings: str, related: list[str]) -> None:
    [finding] = found(RULE, estate("", user("enabled: false") + bindings))
    assert (finding.severity, str(finding.object)) == (Severity.LOW, "User u-temp1")
    assert [str(item) for item in finding.related] == related
    assert [subject.display_name for subject in finding.subjects] == ["Temp"]


@pytest.mark.parametrize("enabled", ["", "enabled: true", "enabled: null"])
def test_absent_means_enabled(enabled: str) -> None:
    assert not found(RULE, estate("", user(enabled) + PRTB))


def test_what_every_new_user_gets_does_not_count() -> None:
    assert not found(RULE, estate("", user("enabled: false") + global_binding(default=True)))


def test_a_disabled_user_without_bindings_is_clean() -> None:
    assert not found(RULE, estate("", user("enabled: false") + PRTB.replace("u-temp1", "u-other")))


def token(name: str, fields: str, user: str = "u-temp1") -> str:
    """Write a token."""
    return f"""
apiVersion: management.cattle.io/v3
kind: Token
metadata: {{name: {name}, labels: {{authn.management.cattle.io/kind: kubeconfig}}}}
userId: {user}
{fields}
---
"""


LATER = 'ttl: 1000\nexpiresAt: "2026-03-01T00:00:00Z"'
BEFORE = 'ttl: 1000\nexpiresAt: "2026-01-01T00:00:00Z"'


@pytest.mark.parametrize(
    ("tokens", "today", "count"),
    [
        (token("t1", "ttl: 0"), "", 1),
        (token("t1", LATER), "2026-02-01", 1),
        (token("t1", LATER) + token("t2", "ttl: 0") + token("t3", BEFORE), "2026-02-01", 2),
        (token("t1", LATER), "2026-03-01", 1),
        (token("t1", LATER), "", 0),
        (token("t1", BEFORE), "2026-02-01", 0),
        (token("t1", "ttl: 1000"), "2026-02-01", 0),
        (token("t1", "ttl: 0", "u-other"), "", 0),
    ],
)
def test_tokens_of_a_disabled_user_that_have_not_expired_are_told(tokens: str, today: str, count: int) -> None:
    snapshot = estate("", user("enabled: false") + tokens).snapshot
    findings = found(RULE, Estate(snapshot, today=today))
    assert [finding.severity for finding in findings] == [Severity.LOW] * bool(count)
    assert all(f"still has kubeconfig tokens that have not expired ({count})" in it.message for it in findings)


def test_tokens_of_an_enabled_user_and_of_a_bound_one() -> None:
    assert not found(RULE, estate("", user("enabled: true") + token("t1", "ttl: 0")))
    [finding] = found(RULE, estate("", user("enabled: false") + PRTB + token("t1", "ttl: 0")))
    assert "is disabled and still bound by" in finding.message
    assert "and still has kubeconfig tokens" in finding.message


def test_a_global_role_that_was_not_read_may_be_what_every_new_user_gets() -> None:
    text = (
        user("enabled: false")
        + """
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-any}
globalRoleName: user
userName: u-temp1
"""
    )
    assert not found(RULE, estate("", text, unread=[GlobalRole]))
