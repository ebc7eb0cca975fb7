"""Rights of a role template that neither it nor its parents state."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.widened_by_inheritance import RULE
from tests.rules.estate import estate, found

PODS = '{apiGroups: [""], resources: [pods], verbs: [get, list]}'
LOGS = '{apiGroups: [""], resources: [pods/log], verbs: [get]}'
SECRETS = '{apiGroups: [""], resources: [secrets], verbs: [get]}'
RESTART = "{apiGroups: [subresources.kubevirt.io], resources: [virtualmachines/restart], verbs: [update]}"
ALL = '{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}'


def template(name: str, inherits: str = "", rule: str = "", more: str = "") -> str:
    """Write a role template."""
    return f"""
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: {name}}}
context: project
roleTemplateNames: [{inherits}]
rules: [{rule}]
{more}
---
"""


BOUND = """
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-erin, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: rt-desk
groupPrincipalName: okta_group://desk
---
"""


def behind(name: str, rule: str) -> str:
    """Write the ClusterRole of an external template."""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {name}}}
rules: [{rule}]
---
"""


EXTERNAL = "external: true"


@pytest.mark.parametrize(
    ("text", "severity", "words"),
    [
        (template("rt-desk", "a") + template("a", "b") + template("b", "", SECRETS), Severity.MEDIUM, "read Secrets"),
        (
            template("rt-desk", "a", PODS) + template("a", "b") + template("b", "c") + template("c", "", RESTART),
            Severity.MEDIUM,
            "lets its holders update on virtualmachines/restart in subresources.kubevirt.io, which neither it",
        ),
        (template("rt-desk", "a") + template("a", "b") + template("b", "", LOGS), Severity.LOW, "get on pods/log"),
        (template("rt-desk", "a") + template("a", "b") + template("b", "", ALL), Severity.MEDIUM, "do everything"),
        (
            template("rt-desk", "a")
            + template("a", "edit")
            + template("edit", more=EXTERNAL)
            + behind("edit", SECRETS),
            Severity.MEDIUM,
            "lets its holders read Secrets, which neither it nor a template that it names states: that comes from edit",
        ),
        (
            template("rt-desk", "a") + template("a", "project-member") + template("project-member", "", SECRETS),
            Severity.MEDIUM,
            "that comes from project-member",
        ),
        (
            template("rt-desk", "a, b") + template("a", "c") + template("b", "c") + template("c", "", SECRETS),
            Severity.MEDIUM,
            "that comes from c",
        ),
    ],
)
def test_what_comes_from_further_than_the_parents_is_told(text: str, severity: Severity, words: str) -> None:
    [finding] = found(RULE, estate("", text + BOUND))
    assert (finding.object.name, finding.severity, finding.confidence) == ("rt-desk", severity, Confidence.CERTAIN)
    assert words in finding.message
    assert [str(subject) for subject in finding.subjects] == ["Group:okta_group://desk"]


def test_the_way_is_spelled_out() -> None:
    text = template("rt-desk", "a") + template("a", "b") + template("b", "c") + template("c", "", SECRETS) + BOUND
    [finding] = found(RULE, estate("", text))
    assert [link.text for link in finding.chain] == ["rt-desk inherits a", "a inherits b", "b inherits c"]


def test_a_cluster_role_that_is_not_there_may_be_on_the_clusters() -> None:
    text = template("rt-desk", "a") + template("a", "edit") + template("edit", more=EXTERNAL) + BOUND
    [finding] = found(RULE, estate("", text))
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.POSSIBLE)
    assert "do what ClusterRole edit of each cluster allows" in finding.message


def test_nobody_bound_is_low() -> None:
    [finding] = found(RULE, estate("", template("rt-x", "a") + template("a", "b") + template("b", "", SECRETS)))
    assert (finding.object.name, finding.severity) == ("rt-x", Severity.LOW)


@pytest.mark.parametrize(
    "text",
    [
        template("rt-desk", "", SECRETS),
        template("rt-desk", "a") + template("a", "", SECRETS),
        template("rt-desk", "a", SECRETS) + template("a", "b") + template("b", "", SECRETS),
        template("rt-desk", "a") + template("a", "b", SECRETS) + template("b", "", SECRETS),
        template("rt-desk", "a, b") + template("a", "b") + template("b", "", SECRETS),
        # What Rancher and Harvester's chart ship states all that it inherits.
        template("rt-desk", "project-member")
        + template("project-member", "edit")
        + template("edit", more=EXTERNAL)
        + behind("edit", SECRETS),
        template("project-owner", "admin") + template("admin", "x") + template("x", "", SECRETS),
        template("rt-desk", "a") + template("a", "b") + template("b", "rt-desk", SECRETS),
        template("rt-desk", "a") + template("a", "gone"),
    ],
)
def test_what_is_stated_is_clean(text: str) -> None:
    assert not found(RULE, estate("", text + BOUND))
