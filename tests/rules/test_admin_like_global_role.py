"""Global roles of one's own that own every cluster."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.admin_like_global_role import RULE
from tests.rules.estate import estate, found

ALL = '{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}'
URLS = '{nonResourceURLs: ["*"], verbs: ["*"]}'


def rancher(fields: str, bound: bool = True) -> str:
    binding = """
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb}
globalRoleName: gr
userName: u-erin
"""
    return f"""
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {{name: gr}}
{fields}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: cluster-owner}}
context: cluster
rules: [{ALL}]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: nodes}}
context: cluster
rules: [{{apiGroups: [""], resources: [nodes], verbs: [get]}}]
---
{binding if bound else ""}"""


@pytest.mark.parametrize(
    ("fields", "how"),
    [
        (f"rules: [{ALL}, {URLS}]", "everything on every cluster"),
        (f"rules: [{ALL}]", "everything on the management cluster"),
        ("inheritedClusterRoles: [nodes, cluster-owner]", "cluster-owner on every cluster"),
    ],
)
def test_each_way_to_own_all_clusters(fields: str, how: str) -> None:
    [finding] = found(RULE, estate("", rancher(fields)))
    assert (finding.severity, str(finding.object)) == (Severity.CRITICAL, "GlobalRoleBinding grb")
    assert how in finding.message
    assert [str(item) for item in finding.related] == ["GlobalRole gr"]


def test_one_that_nobody_has_is_low() -> None:
    [finding] = found(RULE, estate("", rancher(f"rules: [{ALL}, {URLS}]", bound=False)))
    assert (finding.severity, str(finding.object)) == (Severity.LOW, "GlobalRole gr")


@pytest.mark.parametrize(
    "fields",
    [
        f"builtin: true\nrules: [{ALL}, {URLS}]",
        "inheritedClusterRoles: [nodes]",
        "rules: [{apiGroups: [apps], resources: ['*'], verbs: ['*']}]",
    ],
    ids=["shipped", "a modest cluster role", "everything of one group"],
)
def test_others_are_clean(fields: str) -> None:
    assert found(RULE, estate("", rancher(fields))) == []
