"""Who may make namespaces privileged."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.pod_security_by_members import RULE
from tests.rules.estate import estate, found

OTHERS = """
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: cluster-owner}
context: cluster
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {name: owner, namespace: c-m-abcd1234}
clusterName: c-m-abcd1234
roleTemplateName: cluster-owner
userName: u-owner
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: child}
context: project
roleTemplateNames: [rt]
---
"""


def rancher(rule: str, template: str = "rt", user: str = "u-erin", external: str = "false") -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: rt}}
context: project
external: {external}
rules: [{rule}]
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: prtb, namespace: p-shop}}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: {template}
userName: {user}
---
{OTHERS}"""


PSA = "{apiGroups: [management.cattle.io], resources: [projects], verbs: [updatepsa]}"
NAMED = "{apiGroups: [management.cattle.io], resources: [projects], verbs: [updatepsa], resourceNames: [p-shop]}"
WILD = '{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}'
SHOP = "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"


@pytest.mark.parametrize("rule", [PSA, NAMED, WILD])
def test_a_template_that_gives_it_is_told_with_its_holders(rule: str) -> None:
    [finding] = found(RULE, estate("", rancher(rule)))
    assert (finding.severity, str(finding.object)) == (Severity.HIGH, "RoleTemplate rt")
    assert [str(item) for item in finding.related] == ["ProjectRoleTemplateBinding p-shop/prtb"]
    assert [str(subject) for subject in finding.subjects] == ["User:u-erin"]


def test_it_is_followed_through_inheritance() -> None:
    [finding] = found(RULE, estate("", rancher(PSA, template="child")))
    assert str(finding.object) == "RoleTemplate child"
    assert "which it inherits from rt" in finding.message


@pytest.mark.parametrize(
    "text",
    [
        rancher("{apiGroups: [management.cattle.io], resources: [projects], verbs: [get, own]}"),
        rancher("{apiGroups: [apps], resources: [projects], verbs: [updatepsa]}"),
        rancher(PSA, external="true"),
        rancher(PSA, template="none"),
    ],
    ids=["other verbs", "another group", "an external template's own rules grant nothing", "not bound"],
)
def test_what_does_not_give_it_is_clean(text: str) -> None:
    assert found(RULE, estate("", text)) == []
