"""Project templates that count in a whole cluster."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.cluster_template_inherits_project_template import RULE
from tests.rules.estate import estate, found

PODS = '{apiGroups: [""], resources: [pods], verbs: [create]}'
SECRETS = '{apiGroups: [""], resources: [secrets], verbs: [list]}'
LOOKS = '{apiGroups: [""], resources: [pods, services], verbs: [get, list]}'


def rancher(  # the parts of a Rancher
    inherits: str,
    builtin: str = "false",
    bound: str = "top",
    *,
    rule: str = PODS,
    context: str = "cluster",
    shipped: str = "true",
) -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: member}}
context: project
rules: [{rule}]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: monitoring-ui-view}}
context: project
builtin: {shipped}
external: true
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: middle}}
context: {context}
builtin: {builtin}
roleTemplateNames: [{inherits}]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: top}}
context: cluster
roleTemplateNames: [middle]
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {{name: crtb, namespace: c-m-abcd1234}}
clusterName: c-m-abcd1234
roleTemplateName: {bound}
userName: u-erin
"""


@pytest.mark.parametrize(
    ("bound", "context", "why"),
    [
        ("top", "cluster", "inherits it"),
        ("middle", "cluster", "inherits it"),
        ("middle", '""', "inherits it"),
        ("member", "cluster", "is one for projects"),
    ],
)
def test_what_is_for_projects_reaches_every_namespace(bound: str, context: str, why: str) -> None:
    [finding] = found(RULE, estate("", rancher("member", bound=bound, context=context)))
    assert finding.message.endswith(f"role template {bound} {why}")
    assert (finding.severity, str(finding.object)) == (Severity.HIGH, "ClusterRoleTemplateBinding c-m-abcd1234/crtb")
    assert "gives User:u-erin member in every namespace of c-m-abcd1234" in finding.message
    assert finding.scope.cluster_wide


@pytest.mark.parametrize(
    "text",
    [
        rancher("nowhere"),
        rancher("monitoring-ui-view"),
        rancher("member", builtin="true"),
        rancher("member", bound="monitoring-ui-view"),
    ],
    ids=["nothing of a project", "one service", "shipped so", "one service, bound itself"],
)
def test_others_are_clean(text: str) -> None:
    assert found(RULE, estate("", text)) == []


ROLE = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {}}}\nrules: [{}]\n"


@pytest.mark.parametrize(
    ("rule", "inherits", "cluster", "severity"),
    [
        (PODS, "member", "", Severity.HIGH),
        (SECRETS, "member", "", Severity.HIGH),
        (LOOKS, "member", "", Severity.MEDIUM),
        ("", "monitoring-ui-view", "", Severity.HIGH),
        ("", "monitoring-ui-view", ROLE.format("monitoring-ui-view", PODS), Severity.HIGH),
        ("", "monitoring-ui-view", ROLE.format("monitoring-ui-view", LOOKS), Severity.MEDIUM),
        ("", "monitoring-ui-view", ROLE.format("another", PODS), Severity.MEDIUM),
    ],
)
def test_how_bad_it_is_follows_from_what_is_given_there(
    rule: str, inherits: str, cluster: str, severity: Severity
) -> None:
    [finding] = found(RULE, estate(cluster, rancher(inherits, rule=rule, shipped="false")))
    assert finding.severity is severity


@pytest.mark.parametrize(("aggregated", "told"), [("true", 1), ("false", 0)])
def test_the_legacy_model_gives_nothing_by_a_missing_parent(aggregated: str, told: int) -> None:
    feature = f"""
---
apiVersion: management.cattle.io/v3
kind: Feature
metadata: {{name: aggregated-roletemplates}}
spec: {{value: {aggregated}}}
"""
    assert len(found(RULE, estate("", rancher("member, no-such") + feature))) == told
