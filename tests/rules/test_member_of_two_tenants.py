"""Who writes in two projects."""

import pytest

from rbac_audit.rules.member_of_two_tenants import RULE
from rbac_audit.snapshot.objects import ProjectRoleTemplateBinding, Role
from tests.rules.estate import estate, found, not_evaluated

NAMESPACES = """
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: lab-vms, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-lab"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-system, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-system"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [update]}]
---
"""
RANCHER = """
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-lab, namespace: c-m-abcd1234}
---
apiVersion: management.cattle.io/v3
kind: Project
metadata:
  {name: p-system, namespace: c-m-abcd1234, labels: {authz.management.cattle.io/system-project: "true"}}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: edit}
context: project
external: true
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: member}
context: project
roleTemplateNames: [edit]
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-bob}
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {name: u-bob}
GroupPrincipals: {ldap: {Items: [{metadata: {name: "ldap_group://devs"}}, {metadata: {name: "ldap_group://ops"}}]}}
LastRefresh: "2026-11-01T00:00:00Z"
---
"""


def prtb(project: str, field: str, name: str, template: str = "member", cluster: str = "c-m-abcd1234") -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: {project}-{"".join(c for c in name if c.isalnum())}, namespace: {cluster}-{project}}}
projectName: "{cluster}:{project}"
roleTemplateName: {template}
{field}: "{name}"
---
"""


def role_binding(namespace: str, subject: str) -> str:
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: by-hand, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}}
subjects: [{subject}]
---
"""


BOB = "{apiGroup: rbac.authorization.k8s.io, kind: User, name: u-bob}"


def told(tenants: str, *rancher: str) -> dict[str, set[str]]:
    """Map the subjects of each finding to the objects that it names."""
    findings = found(RULE, estate(NAMESPACES + tenants, RANCHER + "".join(rancher)))
    return {
        " ".join(f"{s.kind}:{s.name}" for s in one.subjects): {one.object.name, *(item.name for item in one.related)}
        for one in findings
    }


def test_rights_of_one_subject_in_two_projects_are_told() -> None:
    shown = told("", prtb("p-shop", "userName", "u-bob"), prtb("p-lab", "userName", "u-bob"))
    assert shown == {"User:u-bob": {"p-shop-ubob", "p-lab-ubob"}}


def test_a_right_by_hand_counts_as_much() -> None:
    assert told(role_binding("lab-vms", BOB), prtb("p-shop", "userName", "u-bob")) == {
        "User:u-bob": {"p-shop-ubob", "by-hand"}
    }


def test_an_account_is_one_however_it_is_spelled() -> None:
    account = "{kind: ServiceAccount, name: ci, namespace: lab-vms}"
    user = '{kind: User, name: "system:serviceaccount:lab-vms:ci"}'
    assert told(role_binding("lab-vms", account) + role_binding("shop-dev", user)).keys() == {"ServiceAccount:ci"}
    short = role_binding("lab-vms", "{kind: ServiceAccount, name: ci}") + role_binding("shop-dev", account)
    assert told(short).keys() == {"ServiceAccount:ci"}
    assert not told(role_binding("lab-vms", account) + role_binding("shop-dev", user.replace("lab-vms", "shop-dev")))


def test_a_person_has_the_rights_of_both_groups_together() -> None:
    groups = (
        prtb("p-shop", "groupPrincipalName", "ldap_group://devs"),
        prtb("p-lab", "groupPrincipalName", "ldap_group://ops"),
    )
    assert told("", *groups) == {"User:u-bob": {"p-shop-ldapgroupdevs", "p-lab-ldapgroupops"}}
    [finding] = found(RULE, estate(NAMESPACES, RANCHER + "".join(groups)))
    assert any("2026-11-01T00:00:00Z" in link.text for link in finding.chain)


def test_a_disabled_person_is_in_no_group() -> None:
    groups = (
        prtb("p-shop", "groupPrincipalName", "ldap_group://devs"),
        prtb("p-lab", "groupPrincipalName", "ldap_group://ops"),
    )
    rancher = RANCHER.replace("{name: u-bob}\n---", "{name: u-bob}\nenabled: false\n---", 1)
    assert rancher != RANCHER
    assert found(RULE, estate(NAMESPACES, rancher + "".join(groups))) == []


def test_a_group_in_both_is_told_once_and_not_for_each_member() -> None:
    groups = tuple(prtb(project, "groupPrincipalName", "ldap_group://devs") for project in ("p-shop", "p-lab"))
    assert list(told("", *groups)) == ["Group:ldap_group://devs"]


def test_what_a_group_adds_to_a_bridge_is_told_with_it() -> None:
    direct = prtb("p-shop", "userName", "u-bob") + prtb("p-lab", "userName", "u-bob")
    shown = told("", direct, prtb("p-shop", "groupPrincipalName", "ldap_group://devs"))
    assert shown == {"User:u-bob": {"p-shop-ubob", "p-lab-ubob", "p-shop-ldapgroupdevs"}}


def test_people_with_the_same_bindings_are_one_finding() -> None:
    ann = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-ann}
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {name: u-ann}
GroupPrincipals: {ldap: {Items: [{metadata: {name: "ldap_group://devs"}}, {metadata: {name: "ldap_group://ops"}}]}}
---
"""
    groups = (
        prtb("p-shop", "groupPrincipalName", "ldap_group://devs"),
        prtb("p-lab", "groupPrincipalName", "ldap_group://ops"),
    )
    assert list(told("", ann, *groups)) == ["User:u-ann User:u-bob"]


@pytest.mark.parametrize(
    ("why", "tenants", "rancher"),
    [
        ("one project twice", role_binding("shop-dev", BOB), prtb("p-shop", "userName", "u-bob")),
        ("the System project is another rule's", role_binding("kube-system", BOB), prtb("p-shop", "userName", "u-bob")),
        (
            "a project of another cluster",
            "",
            prtb("p-shop", "userName", "u-bob") + prtb("p-lab", "userName", "u-bob", cluster="local"),
        ),
        ("a project that does not exist", "", prtb("p-shop", "userName", "u-bob") + prtb("p-x", "userName", "u-bob")),
        (
            "a project of which only a namespace speaks",
            "{apiVersion: v1, kind: Namespace, metadata: {name: x, annotations: {field.cattle.io/projectId: 'c-m-abcd1234:p-x'}}}",
            prtb("p-shop", "userName", "u-bob") + prtb("p-x", "userName", "u-bob"),
        ),
        (
            "a member of the System project is another rule's",
            "",
            prtb("p-shop", "userName", "u-bob") + prtb("p-system", "userName", "u-bob"),
        ),
        (
            "a group that everybody is in",
            role_binding("lab-vms", "{kind: Group, name: 'system:authenticated'}")
            + role_binding("shop-dev", "{kind: Group, name: 'system:authenticated'}"),
            "",
        ),
        (
            "an account of the platform",
            role_binding("lab-vms", "{kind: ServiceAccount, name: x, namespace: kube-system}")
            + role_binding("shop-dev", "{kind: ServiceAccount, name: x, namespace: kube-system}"),
            "",
        ),
    ],
)
def test_no_bridge(why: str, tenants: str, rancher: str) -> None:
    assert told(tenants, rancher) == {}, why


OWNERS = {
    "an owner of the cluster": """
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: cluster-owner}
context: cluster
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {name: crtb, namespace: c-m-abcd1234}
clusterName: c-m-abcd1234
roleTemplateName: cluster-owner
userName: u-bob
---
""",
    "an administrator of Rancher": """
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: admin}
builtin: true
---
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb}
globalRoleName: admin
userName: u-bob
---
""",
}


@pytest.mark.parametrize("why", OWNERS)
def test_administrators_are_no_bridges(why: str) -> None:
    both = prtb("p-shop", "userName", "u-bob") + prtb("p-lab", "userName", "u-bob")
    assert told("", both, OWNERS[why]) == {}


@pytest.mark.parametrize(
    ("rule", "is_write"),
    [
        ("{apiGroups: [''], resources: [pods], verbs: [get, list, watch]}", False),
        ("{apiGroups: [authorization.k8s.io], resources: [localsubjectaccessreviews], verbs: [create]}", False),
        ("{apiGroups: [subresources.kubevirt.io], resources: [expand-vm-spec], verbs: [update]}", False),
        ("{apiGroups: [cdi.kubevirt.io], resources: [datavolumes/source], verbs: [create]}", False),
        ("{apiGroups: [cdi.kubevirt.io], resources: [datavolumes, datavolumes/source], verbs: [create]}", True),
        ("{apiGroups: [harvesterhci.io], resources: [supportbundles], verbs: ['*']}", False),
        ("{nonResourceURLs: ['/x'], verbs: ['*']}", False),
        ("{apiGroups: [''], resources: [pods], verbs: [delete]}", True),
        ("{apiGroups: ['*'], resources: ['*'], verbs: ['*']}", True),
        ("{apiGroups: [subresources.kubevirt.io], resources: [virtualmachines/stop], verbs: [update]}", True),
    ],
)
def test_what_a_write_is(rule: str, is_write: bool) -> None:
    template = f"""
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: own}}
context: project
rules: [{rule}]
---
"""
    both = prtb("p-shop", "userName", "u-bob", "own") + prtb("p-lab", "userName", "u-bob", "own")
    assert bool(told("", template, both)) is is_write


def test_what_was_not_read_is_said() -> None:
    world = estate(NAMESPACES, RANCHER, unread=(Role, ProjectRoleTemplateBinding))
    reasons = " ".join(reason for entry in not_evaluated(RULE, world) for reason in entry.because)
    assert "no Role was read" in reasons
    assert "no ProjectRoleTemplateBinding was read" in reasons


@pytest.mark.parametrize(("aggregated", "bridge"), [("true", True), ("false", False)])
def test_the_legacy_model_gives_nothing_by_a_missing_parent(aggregated: str, *, bridge: bool) -> None:
    feature = f"""
apiVersion: management.cattle.io/v3
kind: Feature
metadata: {{name: aggregated-roletemplates}}
spec: {{value: {aggregated}}}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: heir}}
context: project
roleTemplateNames: [edit, no-such]
---
"""
    both = prtb("p-shop", "userName", "u-bob", "heir") + prtb("p-lab", "userName", "u-bob", "heir")
    assert bool(told("", feature, both)) is bridge
