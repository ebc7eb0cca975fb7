"""Bindings of Rancher that point at nothing."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.template_binding_astray import RULE
from tests.rules.estate import estate, found

RANCHER = """
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
status: {backingNamespace: c-m-abcd1234-p-shop}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: here}
context: project
---
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: here}
---
"""


def prtb(
    namespace: str = "c-m-abcd1234-p-shop",
    project: str = "c-m-abcd1234:p-shop",
    role: str = "here",
    who: str = "userName: u-a",
) -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: b, namespace: {namespace}}}
projectName: "{project}"
roleTemplateName: {role}
{who}
"""


def crtb(namespace: str = "c-m-abcd1234", cluster: str = "c-m-abcd1234") -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {{name: b, namespace: {namespace}}}
clusterName: {cluster}
roleTemplateName: here
userName: u-a
"""


def grb(role: str) -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {{name: b}}
globalRoleName: {role}
userName: u-a
"""


@pytest.mark.parametrize(
    ("binding", "lacks"),
    [
        (prtb(role="gone"), "role template gone does not exist"),
        (prtb(project="c-m-abcd1234:p-gone"), "project c-m-abcd1234:p-gone does not exist"),
        (prtb(project="c-gone:p-shop"), "Rancher has no cluster c-gone"),
        (prtb(namespace="p-shop"), "it lies in namespace p-shop, those of its project in c-m-abcd1234-p-shop"),
        (prtb(who=""), "it names nobody"),
        (crtb(namespace="local"), "it lies in namespace local, those of its cluster in c-m-abcd1234"),
        (crtb("c-gone", "c-gone"), "Rancher has no cluster c-gone"),
        (grb("gone"), "global role gone does not exist"),
    ],
)
def test_what_a_binding_lacks_is_told(binding: str, lacks: str) -> None:
    [finding] = found(RULE, estate("", RANCHER + binding))
    assert finding.severity is Severity.MEDIUM
    assert lacks in finding.message
    assert finding.object.name == "b"


@pytest.mark.parametrize(
    "binding", [prtb(), crtb(), grb("here"), prtb(who="serviceAccount: 'a:b'"), prtb(who="userName: u-a\ngroupName: g")]
)
def test_what_points_at_something_is_clean(binding: str) -> None:
    assert found(RULE, estate("", RANCHER + binding)) == []


def test_a_project_without_a_backing_namespace_has_that_of_its_name() -> None:
    old = RANCHER.replace("status: {backingNamespace: c-m-abcd1234-p-shop}", "")
    assert found(RULE, estate("", old + prtb(namespace="p-shop"))) == []
