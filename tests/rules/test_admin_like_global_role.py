"""Global roles of one's own that own every cluster."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.admin_like_global_role import RULE
from tests.rules.estate import estate, found

ALL = '{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}'
URLS = '{nonResourceURLs: ["*"], verbs: ["*"]}'


def rancher(fields: str, bound: bool = True, name: str = "gr") -> str:
    binding = f"""
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {{name: grb}}
globalRoleName: {name}
userName: u-erin
"""
    return f"""
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {{name: {name}}}
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
        (f"builtin: true\nrules: [{ALL}, {URLS}]", "everything on every cluster"),
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


@pytest.mark.parametrize("bound", [True, False])
def test_without_urls_it_is_no_administrator_of_every_cluster(bound: bool) -> None:
    [finding] = found(RULE, estate("", rancher(f"rules: [{ALL}]", bound)))
    assert "everything on the management cluster" in finding.message


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        (f"builtin: true\nrules: [{ALL}, {URLS}]", "admin"),
        ("inheritedClusterRoles: [nodes]", "gr"),
        ("inheritedClusterRoles: [gone]", "gr"),
        ("rules: [{apiGroups: [apps], resources: ['*'], verbs: ['*']}]", "gr"),
        ("rules: null\ninheritedClusterRoles: null", "gr"),
    ],
    ids=["shipped", "a modest cluster role", "a missing cluster role", "everything of one group", "nothing"],
)
def test_others_are_clean(fields: str, name: str) -> None:
    assert found(RULE, estate("", rancher(fields, name=name))) == []


@pytest.mark.parametrize(
    ("fields", "behind", "told"),
    [
        ("", ALL, True),
        (f"externalRules: [{ALL}]", "", True),
        (f"rules: [{ALL}]", '{apiGroups: [""], resources: [nodes], verbs: [get]}', False),
    ],
    ids=["the ClusterRole behind it", "what it states", "rules of an external one count nothing"],
)
def test_an_external_cluster_role_gives_what_stands_behind_it_on_a_cluster(
    fields: str, behind: str, *, told: bool
) -> None:
    external = f"""
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: heir}}
context: cluster
roleTemplateNames: [external]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: external}}
context: cluster
external: true
{fields}
---
"""
    role = f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: external}}
rules: [{behind}]
"""
    text = external + rancher("inheritedClusterRoles: [heir]")
    assert [str(item.object) for item in found(RULE, estate(role, text))] == ["GlobalRoleBinding grb"] * told
    assert not found(RULE, estate("", text + "\n---\n" + role)) or "externalRules" in fields
