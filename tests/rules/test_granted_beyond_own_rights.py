"""Access that its giver does not have."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.granted_beyond_own_rights import RULE
from tests.rules.estate import estate, found

MANAGE = '{apiGroups: [management.cattle.io], resources: [projectroletemplatebindings], verbs: ["*"]}'
PODS = '{apiGroups: [""], resources: [pods], verbs: [get]}'
SECRETS = '{apiGroups: [""], resources: [secrets], verbs: [get, list]}'


def role(name: str, *rules: str, more: str = "") -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: {name}}}
context: project
rules: [{", ".join(rules)}]
{more}
---
"""


def prtb(name: str, template: str, user: str, maker: str = "", project: str = "p-shop") -> str:
    annotations = f", annotations: {{field.cattle.io/creatorId: {maker}}}" if maker else ""
    return f"""
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: {name}, namespace: {project}{annotations}}}
projectName: "c-m-abcd1234:{project}"
roleTemplateName: {template}
userName: {user}
---
"""


PEOPLE = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-bob}
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {name: u-erin}
GroupPrincipals: {openldap: {Items: [{metadata: {name: "openldap_group://leads"}}]}}
---
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: admin}
builtin: true
---
"""
ROLES = (
    role("manage", MANAGE, PODS) + role("secrets", SECRETS) + role("pods", PODS) + role("edit", more="external: true")
)
ERIN = prtb("b-erin", "manage", "u-erin", "u-admin")
GIVEN = prtb("b-bob", "secrets", "u-bob", "u-erin")


def test_what_the_giver_does_not_have_is_told() -> None:
    [finding] = found(RULE, estate("", PEOPLE + ROLES + ERIN + GIVEN))
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.POSSIBLE)
    assert str(finding.object) == "ProjectRoleTemplateBinding p-shop/b-bob"
    assert {subject.name for subject in finding.subjects} == {"u-bob", "u-erin"}
    assert "get on secrets in core" in finding.message
    assert finding.scope.project == "c-m-abcd1234:p-shop"


def test_what_the_giver_gave_to_himself_is_not_his() -> None:
    own = prtb("b-own", "secrets", "u-erin", "u-erin")
    findings = found(RULE, estate("", PEOPLE + ROLES + ERIN + own))
    assert [str(finding.object) for finding in findings] == ["ProjectRoleTemplateBinding p-shop/b-own"]


def test_several_bindings_of_one_kind_are_one_finding() -> None:
    more = prtb("b-carl", "secrets", "u-carl", "u-erin")
    [finding] = found(RULE, estate("", PEOPLE + ROLES + ERIN + GIVEN + more))
    assert [str(ref) for ref in finding.related] == ["ProjectRoleTemplateBinding p-shop/b-carl"]


SYSTEM = 'apiVersion: management.cattle.io/v3\nkind: User\nmetadata: {name: u-sys}\nprincipalIds: ["system://local"]\n'
GROUP = ERIN.replace("userName: u-erin", 'groupPrincipalName: "openldap_group://leads"').replace("b-erin", "b-leads")


@pytest.mark.parametrize(
    "text",
    [
        # What is given is a part of what the giver has, by rules or by template, also through a group.
        ERIN + prtb("b-bob", "pods", "u-bob", "u-erin"),
        ERIN + prtb("b-bob", "manage", "u-bob", "u-erin"),
        ERIN + prtb("b-more", "secrets", "u-erin", "u-admin") + GIVEN,
        ERIN + GROUP.replace("roleTemplateName: manage", "roleTemplateName: secrets") + GIVEN,
        # Somebody without a role there, or who may not write bindings there, had more once.
        GIVEN,
        prtb("b-erin", "pods", "u-erin", "u-admin") + GIVEN,
        prtb("b-erin", "manage", "u-erin", "u-admin", "p-lab") + GIVEN,
        # Nobody is written down, or nobody whom Rancher knows.
        ERIN + prtb("b-bob", "secrets", "u-bob"),
        ERIN.replace("u-erin", "u-sys") + GIVEN.replace("u-erin", "u-sys") + SYSTEM,
        ERIN.replace("u-erin", "u-gone") + prtb("b-bob", "secrets", "u-bob", "u-gone"),
        # What an external template gives is not known where the cluster was not read.
        ERIN + prtb("b-more", "edit", "u-erin", "u-admin") + GIVEN,
        ERIN + prtb("b-bob", "edit", "u-bob", "u-erin"),
        ERIN + prtb("b-bob", "no-such-template", "u-bob", "u-erin"),
    ],
)
def test_what_may_be_in_order_is_clean(text: str) -> None:
    assert found(RULE, estate("", PEOPLE + ROLES + text)) == []


@pytest.mark.parametrize("who", ["userName: u-erin", 'groupPrincipalName: "openldap_group://leads"'])
def test_an_administrator_may_give_everything(who: str) -> None:
    grb = f"apiVersion: management.cattle.io/v3\nkind: GlobalRoleBinding\nmetadata: {{name: g}}\nglobalRoleName: admin\n{who}\n"
    assert found(RULE, estate("", PEOPLE + ROLES + ERIN + GIVEN + grb)) == []


def test_the_cluster_says_what_an_external_template_gives() -> None:
    cluster = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit}
rules: [{apiGroups: [""], resources: [RESOURCE], verbs: [get]}]
"""
    given = PEOPLE + ROLES + ERIN + prtb("b-bob", "edit", "u-bob", "u-erin")
    assert len(found(RULE, estate(cluster.replace("RESOURCE", "secrets"), given))) == 1
    assert found(RULE, estate(cluster.replace("RESOURCE", "pods"), given)) == []
