"""External templates that give more on a cluster than the webhook looks at, and who can give that away."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.external_template_wider_here import RULE
from rbac_audit.snapshot.objects import ClusterRole
from tests.rules.estate import estate, found, not_evaluated

GET = "{apiGroups: [db.example.com], resources: [databases], verbs: [get]}"
SECRETS = '{apiGroups: [""], resources: [secrets], verbs: [get]}'
WRITE = "{apiGroups: [management.cattle.io], resources: [projectroletemplatebindings], verbs: [create]}"
BOTH = f"{GET}, {SECRETS}"
EXTERNAL = "context: project\nexternal: true"
STATED = f"{EXTERNAL}\nexternalRules: [{GET}]"


def role(name: str, rules: str) -> str:
    """Write a ClusterRole."""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: "{name}"}}
rules: [{rules}]
---
"""


def template(name: str, fields: str) -> str:
    """Write a role template."""
    return f"""
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: {name}}}
{fields}
---
"""


def lead(rules: str = f"{GET}, {WRITE}", more: str = "") -> str:
    """Write the template of those who make members."""
    return template("lead", f"context: project\nrules: [{rules}]\n{more}")


def bound(name: str, subject: str = "userName: u-erin", project: str = "c-m-abcd1234:p-shop") -> str:
    """Bind somebody to a template in a project."""
    return f"""
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: "prtb-{name}-{len(subject)}-{project[-6:].replace(":", "-")}", namespace: p-shop}}
projectName: "{project}"
roleTemplateName: {name}
{subject}
---
"""


def on_cluster(name: str) -> str:
    """Bind the same user on the cluster."""
    return f"""
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {{name: crtb-{name}, namespace: c-m-abcd1234}}
clusterName: c-m-abcd1234
roleTemplateName: {name}
userName: u-erin
---
"""


def is_in(group: str) -> str:
    """Put the user into a group."""
    return f"""
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: u-erin}}
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {{name: u-erin}}
GroupPrincipals: {{okta: {{Items: [{{metadata: {{name: "{group}"}}}}]}}}}
---
"""


ADMIN = """
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: admin}
builtin: true
---
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-1}
globalRoleName: admin
userName: u-erin
---
"""
ERIN = lead() + bound("lead")
STEPS = 'groupPrincipalName: "okta_group://leads"'


@pytest.mark.parametrize(
    ("rancher", "words"),
    [
        (template("db", STATED), "which is its externalRules: get on secrets in core; User:u-erin may bind it"),
        (
            template("db", EXTERNAL) + role("db", GET),
            "which is ClusterRole db of rancher: get on secrets in core; User",
        ),
        (
            template("db", STATED.replace("project", "cluster"))
            + template("rt-db", "context: project\nroleTemplateNames: [db]"),
            "get on secrets in core; User:u-erin may bind it",
        ),
        (template("db", STATED) + on_cluster("gone"), "get on secrets in core; User:u-erin may bind it"),
    ],
)
def test_who_can_give_more_than_they_hold_is_high(rancher: str, words: str) -> None:
    [finding] = found(RULE, estate(role("db", BOTH), rancher + ERIN))
    assert (finding.severity, str(finding.object)) == (Severity.HIGH, "RoleTemplate db")
    assert (finding.cluster, finding.object.cluster) == ("harvester", "rancher")
    assert words in finding.message
    assert [str(subject) for subject in finding.subjects] == ["User:u-erin"]


def test_a_right_to_write_on_the_cluster_counts() -> None:
    owner = lead().replace("context: project", "context: cluster") + on_cluster("lead")
    [finding] = found(RULE, estate(role("db", BOTH), template("db", STATED) + owner))
    assert finding.severity is Severity.HIGH


@pytest.mark.parametrize(
    "holders",
    [
        "",
        lead(),
        # Of another cluster.
        lead() + bound("lead", project="c-m-other:p-shop"),
        # Members cannot be made, or the webhook refuses, for want of what it looks at.
        lead(GET) + bound("lead"),
        lead(WRITE) + bound("lead"),
        # What is held in another project does not help, nor on the cluster and in the project by halves.
        lead(WRITE) + bound("lead") + template("rt", f"rules: [{GET}]") + bound("rt", project="c-m-abcd1234:p-other"),
        # They have it themselves: by the same template, by another one, by a group, as administrators.
        lead(f"{BOTH}, {WRITE}") + bound("lead"),
        lead(more="roleTemplateNames: [db]") + bound("lead"),
        ERIN + template("rt", f"rules: [{SECRETS}]") + on_cluster("rt"),
        ERIN + template("rt", f"rules: [{SECRETS}]") + bound("rt", STEPS) + is_in("okta_group://leads"),
        ERIN + ADMIN,
    ],
)
def test_where_nobody_can_a_template_of_ones_own_is_low(holders: str) -> None:
    [finding] = found(RULE, estate(role("db", BOTH), template("db", STATED) + holders))
    assert (finding.severity, finding.subjects) == (Severity.LOW, ())
    assert "nobody is known who can give it" in finding.message


def test_who_may_write_on_the_cluster_can_give_what_they_hold_in_the_project() -> None:
    text = template("db", STATED) + lead(WRITE) + on_cluster("lead") + template("rt", f"rules: [{GET}]") + bound("rt")
    [finding] = found(RULE, estate(role("db", BOTH), text))
    assert finding.severity is Severity.HIGH


def test_the_webhook_looks_at_the_cluster_and_at_the_project_each_alone() -> None:
    text = template("db", STATED.replace(GET, f"{GET}, {WRITE}")) + template("rt", f"rules: [{GET}]")
    text += lead(WRITE) + bound("lead") + on_cluster("rt")
    [finding] = found(RULE, estate(role("db", f"{BOTH}, {WRITE}"), text))
    assert finding.severity is Severity.LOW
    [finding] = found(RULE, estate(role("db", f"{BOTH}, {WRITE}"), text + bound("rt")))
    assert finding.severity is Severity.HIGH


def test_what_is_held_by_a_group_counts() -> None:
    text = template("db", STATED) + lead(WRITE) + bound("lead") + template("rt", f"rules: [{GET}]")
    text += bound("rt", STEPS) + is_in("okta_group://leads")
    [finding] = found(RULE, estate(role("db", BOTH), text))
    assert [str(subject) for subject in finding.subjects] == ["User:u-erin"]


@pytest.mark.parametrize(
    ("harvester", "rancher"),
    [
        (role("db", GET), template("db", STATED)),
        (role("db", BOTH), template("db", EXTERNAL) + role("db", BOTH)),
        (role("db", BOTH), template("db", EXTERNAL) + role("db", '{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}')),
        (role("other", BOTH), template("db", STATED)),
        # The webhook refuses to bind these.
        (role("db", BOTH), template("db", EXTERNAL)),
        (role("db", BOTH), template("db", f"{STATED}\nlocked: true")),
        (role("db", BOTH), template("db", STATED.replace("project", "cluster"))),
        (role("db", BOTH), template("db", f"{STATED}\nroleTemplateNames: [gone]")),
        (role("db", BOTH), template("db", f"{STATED}\nroleTemplateNames: [db]")),
        (role("db", BOTH), template("db", STATED.replace("external: true", "external: false"))),
    ],
)
def test_what_gives_no_more_or_cannot_be_bound_is_clean(harvester: str, rancher: str) -> None:
    assert found(RULE, estate(harvester, rancher + ERIN)) == []


ROUTES = '{apiGroups: [""], resources: [pods], verbs: [get]}'
SHIPPED = "context: project\nexternal: true\nbuiltin: true"
VIEW_HERE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view, labels: {kubernetes.io/bootstrapping: rbac-defaults}}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "kubevirt.io:view", labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}
rules:
- {apiGroups: [""], resources: [pods], verbs: [get]}
- {apiGroups: [kubevirt.io], resources: [virtualmachines], verbs: [get]}
---
"""


def test_shipped_templates_are_told_once_and_only_with_who_can_give_them() -> None:
    shipped = template("view", SHIPPED) + role("view", ROUTES) + template("edit", SHIPPED) + role("edit", ROUTES)
    here = VIEW_HERE + VIEW_HERE.replace("name: view", "name: edit").replace("to-view", "to-edit").replace(
        "kubevirt.io:view", "kubevirt.io:edit"
    )
    holder = lead(f"{ROUTES}, {WRITE}") + bound("lead")
    [finding] = found(RULE, estate(here, shipped + holder))
    assert finding.severity is Severity.LOW
    assert "which is how Rancher comes" in finding.message
    assert {finding.object.name, *(ref.name for ref in finding.related)} == {"view", "edit"}
    assert found(RULE, estate(here, shipped)) == []


def test_a_shipped_template_whose_role_was_widened_is_high() -> None:
    widened = VIEW_HERE.replace("resources: [virtualmachines]", "resources: [virtualmachines, kubevirts/finalizers]")
    text = template("view", SHIPPED) + role("view", ROUTES)
    [finding] = found(RULE, estate(widened, text + lead(f"{ROUTES}, {WRITE}") + bound("lead")))
    assert (finding.severity, finding.object.name) == (Severity.HIGH, "view")
    assert found(RULE, estate(widened, text)) == []


def test_without_the_cluster_roles_it_cannot_look() -> None:
    assert not_evaluated(RULE, estate(role("db", BOTH), template("db", EXTERNAL) + ERIN, unread=[ClusterRole]))
