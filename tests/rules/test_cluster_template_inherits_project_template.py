"""Project templates that count in a whole cluster."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.cluster_template_inherits_project_template import RULE
from tests.rules.estate import estate, found


def rancher(inherits: str, builtin: str = "false", bound: str = "top") -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: member}}
context: project
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: monitoring-ui-view}}
context: project
external: true
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: middle}}
context: cluster
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


@pytest.mark.parametrize("bound", ["top", "middle"])
def test_what_is_inherited_reaches_every_namespace(bound: str) -> None:
    [finding] = found(RULE, estate("", rancher("member", bound=bound)))
    assert (finding.severity, str(finding.object)) == (Severity.HIGH, "ClusterRoleTemplateBinding c-m-abcd1234/crtb")
    assert "gives User:u-erin member in every namespace of c-m-abcd1234" in finding.message
    assert finding.scope.cluster_wide


@pytest.mark.parametrize(
    "text",
    [
        rancher("nowhere"),
        rancher("monitoring-ui-view"),
        rancher("member", builtin="true"),
        rancher("member", bound="member"),
    ],
    ids=["nothing of a project", "one service", "shipped so", "not through a cluster template"],
)
def test_others_are_clean(text: str) -> None:
    assert found(RULE, estate("", text)) == []
