"""One binding on which Rancher fails, and the members who pay for it."""

import pytest

from rbac_audit.audit.finding import Confidence, Finding, Severity
from rbac_audit.rules.project_broken_by_binding import RULE
from tests.rules.estate import estate, found

SHOP = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: p-shop-namespaces-readonly}
rules: RULES
---
"""
LISTED = '[{apiGroups: [""], resources: [namespaces], verbs: [get], resourceNames: [shop]}]'
TEMPLATES = """
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: good}
context: project
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: hole}
context: project
roleTemplateNames: [gone]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: circle}
context: project
roleTemplateNames: [circle]
---
"""


def prtb(name: str, template: str, who: str, project: str = "c-m-abcd1234:p-shop") -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: {name}, namespace: c-m-abcd1234-p-shop}}
projectName: "{project}"
roleTemplateName: {template}
{who}
---
"""


MEMBER = prtb("member", "good", "userName: u-member")


def findings(bindings: str, rules: str = "[]") -> list[Finding]:
    told = found(RULE, estate(SHOP.replace("RULES", rules), TEMPLATES + MEMBER + bindings))
    return [item for item in told if item.cluster == "harvester"]


@pytest.mark.parametrize(
    ("binding", "because"),
    [
        (prtb("b", "hole", "userName: u-b"), "inherits gone, which does not exist"),
        (prtb("b", "circle", "userName: u-b"), "inherits in a circle"),
        (prtb("b", "good", "userName: u-b\ngroupPrincipalName: g"), "it names several subjects"),
        (prtb("b", "good", "groupName: g\ngroupPrincipalName: g"), "it names several subjects"),
    ],
)
def test_the_binding_at_fault_is_told_with_the_members_it_harms(binding: str, because: str) -> None:
    [finding] = findings(binding)
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.CERTAIN)
    assert str(finding.object) == "ProjectRoleTemplateBinding c-m-abcd1234-p-shop/b"
    assert because in finding.message
    assert "shop is not in its roles" in finding.message
    assert [str(subject) for subject in finding.subjects] == ["User:u-member"]


@pytest.mark.parametrize(
    "binding",
    [prtb("b", "nowhere", "userName: u-b"), prtb("b", "good", ""), prtb("b", "good", "userName: u-b")],
    ids=["missing template", "no subject", "sound"],
)
def test_what_rancher_gets_over_is_clean(binding: str) -> None:
    assert findings(binding) == []


def test_it_is_possible_while_the_namespaces_are_still_listed() -> None:
    [finding] = findings(prtb("b", "hole", "userName: u-b"), LISTED)
    assert finding.confidence is Confidence.POSSIBLE
    assert "lose what changes from now on" in finding.message


def test_a_project_of_another_cluster_is_told_there() -> None:
    assert findings(prtb("b", "hole", "userName: u-b", "c-other:p-shop")) == []
