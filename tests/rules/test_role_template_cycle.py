"""Circles among role templates: which templates, who is bound, and what comes of it."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.role_template_cycle import RULE
from rbac_audit.snapshot.objects import Feature
from tests.rules.estate import estate, found, not_evaluated


def templates(*lines: str) -> str:
    """Write role templates, each line a name and what it inherits."""
    return "".join(
        f"{{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {{name: {line.split()[0]}}},"
        f" context: project, roleTemplateNames: [{', '.join(line.split()[1:])}]}}\n---\n"
        for line in lines
    )


def bound(template: str, kind: str = "Project") -> str:
    """Bind a user to a template, in a project or on the cluster."""
    place = 'projectName: "c-m-abcd1234:p-shop"' if kind == "Project" else "clusterName: c-m-abcd1234"
    return f"""
apiVersion: management.cattle.io/v3
kind: {kind}RoleTemplateBinding
metadata: {{name: rtb-1, namespace: c-m-abcd1234}}
{place}
roleTemplateName: {template}
userName: u-erin
---
"""


def feature(value: str) -> str:
    """Write the feature that chooses the model."""
    return f"""
apiVersion: management.cattle.io/v3
kind: Feature
metadata: {{name: aggregated-roletemplates}}
spec: {{value: {value}}}
---
"""


@pytest.mark.parametrize("kind", ["Project", "Cluster"])
@pytest.mark.parametrize(
    ("lines", "template", "target", "words"),
    [
        (["a b", "b a"], "a", "a", "role template a, b inherit each other in a circle"),
        (["a b", "b a"], "b", "a", "role template a, b inherit each other in a circle"),
        (["c b", "a c", "b a"], "c", "a", "role template a, b, c inherit each other in a circle"),
        (["x a", "a b d", "b a", "d"], "x", "a", "role template a, b inherit each other in a circle"),
        (["self self"], "self", "self", "role template self inherits itself"),
    ],
)
def test_a_circle_is_told_once_with_who_is_bound(
    lines: list[str], template: str, target: str, words: str, kind: str
) -> None:
    [finding] = found(RULE, estate("", templates(*lines) + bound(template, kind)))
    assert (finding.object.name, finding.severity) == (target, Severity.MEDIUM)
    assert words in finding.message
    assert [str(subject) for subject in finding.subjects] == ["User:u-erin"]


def test_two_circles_are_two_findings_though_one_leads_into_the_other() -> None:
    text = templates("a b", "b a c", "c d", "d c") + bound("a")
    names = {finding.object.name: len(finding.subjects) for finding in found(RULE, estate("", text))}
    assert names == {"a": 1, "c": 1}


def test_nobody_bound_is_low() -> None:
    [finding] = found(RULE, estate("", templates("a b", "b a", "other") + bound("other")))
    assert (finding.severity, finding.subjects) == (Severity.LOW, ())


@pytest.mark.parametrize(
    ("value", "words"),
    [("true", "each gives what all of them hold together:"), ("false", "so none of them gives anything:")],
)
def test_the_model_decides_what_comes_of_it(value: str, words: str) -> None:
    [finding] = found(RULE, estate("", templates("a b", "b a") + feature(value) + bound("a")))
    assert words in finding.message


def test_a_model_that_is_not_known_leaves_both_open() -> None:
    text = templates("a b", "b a") + bound("a")
    [finding] = found(RULE, estate("", text, unread=[Feature]))
    assert "none of them gives anything, or each what all of them hold together" in finding.message
    assert not_evaluated(RULE, estate("", text, unread=[Feature]))[0].partly


@pytest.mark.parametrize("lines", [["a b c", "b d", "c d", "d"], ["a gone"], ["a", "b a"]])
def test_what_two_parents_share_is_no_circle(lines: list[str]) -> None:
    assert not found(RULE, estate("", templates(*lines) + bound("a")))
