"""How many people own a cluster or a project."""

from collections.abc import Iterable

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.many_owners import RULE
from tests.rules.estate import CLUSTER_ID, estate, found

MANAGEMENT = "apiVersion: management.cattle.io/v3"
TEMPLATES = f"""
{{{MANAGEMENT}, kind: RoleTemplate, metadata: {{name: project-owner}}, context: project,
 rules: [{{apiGroups: [management.cattle.io], resources: [projects], verbs: [own]}}]}}
---
{{{MANAGEMENT}, kind: RoleTemplate, metadata: {{name: heir}}, context: project, roleTemplateNames: [project-owner]}}
---
{{{MANAGEMENT}, kind: RoleTemplate, metadata: {{name: everything}}, context: project,
 rules: [{{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}}]}}
---
{{{MANAGEMENT}, kind: RoleTemplate, metadata: {{name: project-member}}, context: project,
 rules: [{{apiGroups: [management.cattle.io], resources: [projects], verbs: [get]}}]}}
---
{{{MANAGEMENT}, kind: RoleTemplate, metadata: {{name: cluster-owner}}, context: cluster,
 rules: [{{apiGroups: [management.cattle.io], resources: [clusters], verbs: [own]}}]}}
---
{{{MANAGEMENT}, kind: GlobalRole, metadata: {{name: admin}}, builtin: true}}
---
"""
SIX = tuple(f"userName: u-{number}" for number in range(6))
GROUP = 'groupPrincipalName: "okta_group://devs"'


def members(number: int, start: int = 0, group: str = "devs") -> str:
    """Write people who were last seen in a group; all have the same display name."""
    return "".join(
        f"""
{{{MANAGEMENT}, kind: User, metadata: {{name: u-g{it}}}, displayName: Kim}}
---
{{{MANAGEMENT}, kind: UserAttribute, metadata: {{name: u-g{it}}}, UserName: u-g{it},
 GroupPrincipals: {{okta: {{Items: [{{metadata: {{name: "okta_group://{group}"}}}}]}}}}}}
---
"""
        for it in range(start, start + number)
    )


def projects(subjects: Iterable[str], template: str = "project-owner", project: str = "p-shop") -> str:
    return "".join(
        f"""
{{{MANAGEMENT}, kind: ProjectRoleTemplateBinding, metadata: {{name: {template}-{number}, namespace: {project}}},
 projectName: "{CLUSTER_ID}:{project}", roleTemplateName: {template}, {subject}}}
---
"""
        for number, subject in enumerate(subjects)
    )


def clusters(subjects: Iterable[str]) -> str:
    return (
        projects(subjects, "cluster-owner")
        .replace("Project", "Cluster")
        .replace(f'projectName: "{CLUSTER_ID}:p-shop"', f"clusterName: {CLUSTER_ID}")
    )


def admins(subjects: Iterable[str]) -> str:
    return "".join(
        f"{{{MANAGEMENT}, kind: GlobalRoleBinding, metadata: {{name: g{n}}}, globalRoleName: admin, {it}}}\n---\n"
        for n, it in enumerate(subjects)
    )


@pytest.mark.parametrize(
    ("text", "target", "words"),
    [
        (projects(SIX), f"Project {CLUSTER_ID}/p-shop", f"6 people own project {CLUSTER_ID}:p-shop: u-0, u-1"),
        (projects(SIX, "heir"), f"Project {CLUSTER_ID}/p-shop", "6 people own"),
        (projects(SIX, "everything"), f"Project {CLUSTER_ID}/p-shop", "6 people own"),
        (projects(SIX[:3]) + projects(SIX[3:], "heir"), f"Project {CLUSTER_ID}/p-shop", "6 people own"),
        (projects((*SIX[:1], GROUP)) + members(5), f"Project {CLUSTER_ID}/p-shop", "6 people own"),
        (clusters(SIX), f"Cluster {CLUSTER_ID}", f"6 people own cluster {CLUSTER_ID}"),
        (admins(SIX), "GlobalRole admin", "6 people own every cluster, by global role admin"),
    ],
)
def test_more_than_five_are_told_once(text: str, target: str, words: str) -> None:
    [finding] = found(RULE, estate("", TEMPLATES + text))
    assert (finding.severity, str(finding.object)) == (Severity.LOW, target)
    assert words in finding.message


@pytest.mark.parametrize(
    "text",
    [
        projects(SIX[:5]),
        projects(SIX, "project-member"),
        projects(SIX[:3]) + projects(SIX[3:], project="p-lab"),
        projects(SIX[:5]) + projects(SIX[:5], "heir"),
        projects(SIX[:5]) + clusters(SIX[5:]),
        projects((*SIX[:5], GROUP)),
        projects((GROUP,)) + members(5),
    ],
    ids=["five", "members", "two projects", "the same five", "cluster and project", "unknown group", "a small group"],
)
def test_five_or_other_rights_are_clean(text: str) -> None:
    assert not found(RULE, estate("", TEMPLATES + text))
