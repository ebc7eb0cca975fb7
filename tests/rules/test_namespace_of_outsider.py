"""Namespaces that somebody made who is not in their project."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.namespace_of_outsider import RULE
from tests.rules.estate import estate, found


def namespace(name: str, project: str = "c-m-abcd1234:p-shop", maker: str = "u-erin") -> str:
    made = f", field.cattle.io/creatorId: {maker}" if maker else ""
    return f"""
apiVersion: v1
kind: Namespace
metadata: {{name: {name}, annotations: {{field.cattle.io/projectId: "{project}"{made}}}}}
---
"""


RANCHER = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {name: u-erin}
GroupPrincipals: {openldap: {Items: [{metadata: {name: "openldap_group://devs"}}]}}
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
---
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: admin}
builtin: true
---
"""


def bound(kind: str, fields: str, who: str = "userName: u-erin") -> str:
    place = {
        "GlobalRoleBinding": "",
        "ProjectRoleTemplateBinding": ", namespace: p-shop",
        "ClusterRoleTemplateBinding": ", namespace: c-m-abcd1234",
    }[kind]
    return f"apiVersion: management.cattle.io/v3\nkind: {kind}\nmetadata: {{name: b{place}}}\n{fields}\n{who}\n---\n"


MEMBER = 'projectName: "c-m-abcd1234:p-shop"\nroleTemplateName: project-member'
GROUP = 'groupPrincipalName: "openldap_group://devs"'


def test_the_namespaces_of_one_maker_in_one_project_are_one_finding() -> None:
    [finding] = found(RULE, estate(namespace("one") + namespace("two"), RANCHER))
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.POSSIBLE)
    assert [str(ref) for ref in (finding.object, *finding.related)] == ["Namespace one", "Namespace two"]
    assert [subject.name for subject in finding.subjects] == ["u-erin"]


@pytest.mark.parametrize(
    "binding",
    [
        bound("ProjectRoleTemplateBinding", MEMBER),
        bound("ProjectRoleTemplateBinding", MEMBER, GROUP),
        bound("ClusterRoleTemplateBinding", "clusterName: c-m-abcd1234\nroleTemplateName: cluster-member"),
        bound("ClusterRoleTemplateBinding", "clusterName: c-m-abcd1234\nroleTemplateName: cluster-member", GROUP),
        bound("GlobalRoleBinding", "globalRoleName: admin"),
    ],
)
def test_a_maker_who_has_a_role_there_is_clean(binding: str) -> None:
    assert found(RULE, estate(namespace("one"), RANCHER + binding)) == []


@pytest.mark.parametrize(
    "text",
    [
        namespace("one", maker=""),
        namespace("one", maker="u-unknown"),
        namespace("one", project="c-m-abcd1234:p-gone"),
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: one, annotations: {field.cattle.io/creatorId: u-erin}}",
    ],
)
def test_without_a_known_maker_or_project_nothing_is_told(text: str) -> None:
    assert found(RULE, estate(text, RANCHER)) == []


@pytest.mark.parametrize(
    "binding",
    [
        bound("ProjectRoleTemplateBinding", MEMBER.replace("p-shop", "p-lab")),
        bound("ClusterRoleTemplateBinding", "clusterName: c-other\nroleTemplateName: cluster-member"),
        bound("GlobalRoleBinding", "globalRoleName: user"),
    ],
)
def test_a_role_elsewhere_is_none_there(binding: str) -> None:
    assert len(found(RULE, estate(namespace("one"), RANCHER + binding))) == 1
