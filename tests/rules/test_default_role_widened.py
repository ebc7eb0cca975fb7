"""What everybody new gets."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.default_role_widened import RULE
from rbac_audit.snapshot.objects import RoleTemplate
from tests.rules.estate import estate, found, not_evaluated


def role(kind: str, name: str, fields: str) -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: {kind}
metadata: {{name: {name}}}
{fields}
"""


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        (
            role("GlobalRole", "own", "newUserDefault: true\ninheritedClusterRoles: [nodes]"),
            "every new user: nodes on every cluster",
        ),
        (
            role("GlobalRole", "settings-manage", "builtin: true\nnewUserDefault: true"),
            "every new user: it has no rules",
        ),
        (role("RoleTemplate", "own", "clusterCreatorDefault: true"), "whoever creates a cluster"),
        (
            role("RoleTemplate", "own", "projectCreatorDefault: true\nroleTemplateNames: [edit]"),
            "a project: all of edit",
        ),
        (
            role("RoleTemplate", "cluster-owner", "builtin: true\ncontext: cluster\nprojectCreatorDefault: true"),
            "whoever creates a project",
        ),
        (
            role("RoleTemplate", "own", "context: cluster\nclusterCreatorDefault: true\nprojectCreatorDefault: true"),
            "whoever creates a cluster and whoever creates a project",
        ),
    ],
)
def test_a_default_that_is_not_shipped_so_is_told(text: str, whom: str) -> None:
    [finding] = found(RULE, estate("", text))
    assert whom in finding.message


@pytest.mark.parametrize(
    "text",
    [
        role("GlobalRole", "user", "builtin: true\nnewUserDefault: true"),
        role("GlobalRole", "user-base", "builtin: true\nnewUserDefault: true"),
        role("RoleTemplate", "project-owner", "builtin: true\ncontext: project\nprojectCreatorDefault: true"),
        role("RoleTemplate", "cluster-owner", "builtin: true\ncontext: cluster\nclusterCreatorDefault: true"),
        role("RoleTemplate", "read-only", "builtin: true\ncontext: project\nprojectCreatorDefault: true"),
        role("RoleTemplate", "own", "locked: true\nprojectCreatorDefault: true"),
        role("GlobalRole", "own", "newUserDefault: false"),
    ],
)
def test_what_rancher_ships_is_clean(text: str) -> None:
    assert found(RULE, estate("", text)) == []


RULE_OF = "{{apiGroups: [management.cattle.io], resources: [{1}], verbs: [{0}]}}"
SECRETS = '{apiGroups: [""], resources: [secrets], verbs: [get]}'


@pytest.mark.parametrize(
    ("name", "fields", "severity", "gives"),
    [
        ("admin", "builtin: true", Severity.CRITICAL, "it has no rules"),
        ("own", "inheritedClusterRoles: [owner]", Severity.CRITICAL, "owner on every cluster"),
        ("own", "inheritedClusterRoles: [nodes]", Severity.HIGH, "nodes on every cluster"),
        (
            "own",
            f"inheritedNamespacedRules: {{kube-system: [{SECRETS}]}}",
            Severity.HIGH,
            "get on secrets in core in namespace kube-system of every cluster",
        ),
        (
            "own",
            f"namespacedRules: {{fleet-default: [{SECRETS}]}}",
            Severity.HIGH,
            "get on secrets in core in namespace fleet-default",
        ),
        (
            "own",
            f"inheritedFleetWorkspacePermissions: {{resourceRules: [{SECRETS}]}}",
            Severity.MEDIUM,
            "get on secrets in core in every Fleet workspace",
        ),
        ("own", f"rules: [{SECRETS}]", Severity.HIGH, "get on secrets in core"),
        ("user", f"rules: [{SECRETS}]", Severity.HIGH, "get on secrets in core"),
        ("own", f"rules: [{RULE_OF.format('patch', 'roletemplates')}]", Severity.HIGH, "patch on roletemplates in "),
        ("own", f"rules: [{RULE_OF.format('create', 'clusters')}]", Severity.MEDIUM, "create on clusters in "),
        ("own", f"rules: [{RULE_OF.format('get', 'users')}]", Severity.MEDIUM, "get on users in "),
        (
            "own",
            f"namespacedRules: {{apps: [{SECRETS}]}}",
            Severity.MEDIUM,
            "get on secrets in core in namespace apps",
        ),
        ("own", "rules: null", Severity.LOW, "it has no rules"),
    ],
)
def test_what_every_new_user_gets_says_how_bad_it_is(name: str, fields: str, severity: Severity, gives: str) -> None:
    owner = role("RoleTemplate", "owner", 'rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]')
    text = f"{owner}---{role('GlobalRole', name, f'newUserDefault: true{chr(10)}{fields}')}"
    [finding] = found(RULE, estate("", f"{text}---{role('User', 'u-any', '')}"))
    assert (finding.severity, str(finding.object)) == (severity, f"GlobalRole {name}")
    assert f"goes to every new user: {gives}" in finding.message


def test_global_roles_are_judged_where_role_templates_were_not_read() -> None:
    text = role("GlobalRole", "own", "newUserDefault: true") + "---" + role("User", "u-any", "")
    of = estate("", text, unread=[RoleTemplate])
    assert len(found(RULE, of)) == 1
    assert [entry.partly for entry in not_evaluated(RULE, of)] == [True]
