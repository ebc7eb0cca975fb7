"""Disabled users, and the bindings that outlive that."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.disabled_user_bound import RULE
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
