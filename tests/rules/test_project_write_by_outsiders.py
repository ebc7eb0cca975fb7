"""Who may write in the namespaces of a project and is outside of it; what counts as writing, test_policies says."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from tests.rules.estate import estate, found
from tests.rules.test_policies import SHOP, bound, policy

TWO_PROJECTS = """
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-lab, namespace: c-m-abcd1234}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: looks}
context: project
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: owner}
context: cluster
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: admin}
builtin: true
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-alice}
principalIds: ["okta_user://alice"]
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {name: u-alice}
UserName: u-alice
GroupPrincipals: {okta: {Items: [{metadata: {name: "okta_group://devs"}}]}}
---
"""


def member(who: str, project: str = "c-m-abcd1234:p-shop") -> str:
    """Write a binding of a project."""
    return f"""
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: prtb, namespace: {project.replace(":", "-")}}}
projectName: "{project}"
roleTemplateName: looks
{who}
"""


def owner(who: str, cluster: str = "c-m-abcd1234") -> str:
    """Write a binding of a cluster."""
    return f"""
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {{name: crtb, namespace: {cluster}}}
clusterName: {cluster}
roleTemplateName: owner
{who}
"""


ADMIN = """
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb}
globalRoleName: admin
userName: u-alice
"""
IN_SHOP, IN_LAB = (
    "{kind: ServiceAccount, name: ci, namespace: shop}",
    "{kind: ServiceAccount, name: ci, namespace: lab}",
)
ALICE, DEVS = "{kind: User, name: u-alice}", '{kind: Group, name: "okta_group://devs"}'


@pytest.mark.parametrize(
    ("subject", "rancher", "flagged"),
    [
        (ALICE, "", True),
        (ALICE, member("userName: u-alice"), False),
        (ALICE, member("userPrincipalName: okta_user://alice"), False),
        (ALICE, member("groupPrincipalName: okta_group://devs"), False),
        (ALICE, member("groupPrincipalName: okta_group://Devs"), True),
        (ALICE, member("userName: u-alice", "c-m-abcd1234:p-lab"), True),
        (ALICE, member("userName: u-alice", "local:p-shop"), True),
        (ALICE, owner("userName: u-alice"), False),
        (ALICE, owner("userName: u-alice", "local"), True),
        (ALICE, ADMIN, False),
        (DEVS, member("groupPrincipalName: okta_group://devs"), False),
        (DEVS, member("userName: u-alice"), True),
        (IN_SHOP, "", False),
        ("{kind: ServiceAccount, name: ci}", "", False),
        ('{kind: Group, name: "system:serviceaccounts:shop"}', "", False),
        ('{kind: User, name: "system:serviceaccount:shop:ci"}', "", False),
        (IN_LAB, "", True),
        ('{kind: User, name: "system:serviceaccount:lab:ci"}', "", True),
        (IN_LAB, member('serviceAccount: "lab:ci"'), False),
        ('{kind: Group, name: "system:serviceaccounts:lab"}', "", True),
        ("{kind: ServiceAccount, name: mover, namespace: harvester-system}", "", False),
    ],
)
def test_who_is_outside_of_a_project_follows_from_rancher(subject: str, rancher: str, *, flagged: bool) -> None:
    lab = SHOP.replace("name: shop", "name: lab").replace("p-shop", "p-lab")
    text = (
        SHOP + lab + bound("patch kubevirt.io virtualmachines", "shop").replace("{kind: User, name: u-alice}", subject)
    )
    result = found(policy("project-write-by-outsiders"), estate(text, TWO_PROJECTS + rancher))
    assert [(item.severity, item.confidence) for item in result] == [(Severity.HIGH, Confidence.CERTAIN)] * flagged


@pytest.mark.parametrize(
    ("right", "severity"),
    [
        ("update subresources.kubevirt.io virtualmachines/addvolume", Severity.MEDIUM),
        ("update subresources.kubevirt.io,kubevirt.io virtualmachines,virtualmachines/addvolume", Severity.HIGH),
    ],
)
def test_stopping_a_vm_of_another_project_is_less_bad_than_changing_it(right: str, severity: Severity) -> None:
    [finding] = found(policy("project-write-by-outsiders"), estate(SHOP + bound(right, "shop")))
    assert (finding.severity, finding.confidence) == (severity, Confidence.POSSIBLE)
