"""Bindings to operator roles alone: who else holds what decides."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.kubevirt_only_binding import RULE
from tests.rules.estate import estate, found

ROLES = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "kubevirt.io:edit"}
rules: [{apiGroups: [kubevirt.io], resources: [virtualmachines], verbs: [get, list, update]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit}
rules: [{apiGroups: [harvesterhci.io], resources: [virtualmachineimages], verbs: [get, list]}]
---
"""


def binding(
    role: str, *subjects: str, name: str = "vm-operators", labels: str = "{}", annotations: str = "{}", place: str = "a"
) -> str:
    """Write one binding; an empty `place` makes it cluster-wide."""
    kind, where = ("RoleBinding", f", namespace: {place}") if place else ("ClusterRoleBinding", "")
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: {name}{where}, labels: {labels}, annotations: {annotations}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "{role}"}}
subjects: [{", ".join(subjects)}]
---
"""


FRANK = "{kind: User, name: u-frank}"
GRACE = "{kind: User, name: u-grace}"
TEAM = "{kind: Group, name: net-team}"
ROBOT = "{kind: ServiceAccount, name: runner, namespace: a}"
ROBOT_WITHOUT_NAMESPACE = "{kind: ServiceAccount, name: runner}"


@pytest.mark.parametrize("subject", [FRANK, TEAM, ROBOT])
@pytest.mark.parametrize("role", ["kubevirt.io:edit", "cdi.kubevirt.io:edit", "instancetype.kubevirt.io:view"])
def test_an_operator_role_alone_is_found(subject: str, role: str) -> None:
    [finding] = found(RULE, estate(ROLES.replace("kubevirt.io:edit", role) + binding(role, subject)))
    assert (finding.severity, str(finding.object)) == (Severity.MEDIUM, "RoleBinding a/vm-operators")
    assert finding.scope.namespaces == ("a",)
    assert [link.step for link in finding.chain][:2] == (
        ["subject", "group"] if subject == TEAM else ["subject", "binding"]
    )
    assert "upgrade survival kubevirt-role" in finding.chain[-1].text


def test_two_operator_roles_are_still_operator_roles() -> None:
    text = binding("kubevirt.io:edit", FRANK, name="one") + binding("cdi.kubevirt.io:edit", FRANK, name="two")
    assert [finding.object.name for finding in found(RULE, estate(text))] == ["one", "two"]


def test_cluster_wide_is_found() -> None:
    [finding] = found(RULE, estate(ROLES + binding("kubevirt.io:view", TEAM, place="")))
    assert finding.scope.cluster_wide


def test_only_those_subjects_are_named_who_have_nothing_else() -> None:
    text = ROLES + binding("kubevirt.io:edit", FRANK, GRACE, ROBOT) + binding("edit", GRACE, name="editors")
    [finding] = found(RULE, estate(text))
    assert [str(subject) for subject in finding.subjects] == ["ServiceAccount:a/runner", "User:u-frank"]


def test_the_operators_label_makes_it_certain() -> None:
    text = binding("kubevirt.io:edit", FRANK, labels="{app.kubernetes.io/managed-by: virt-operator}")
    [finding] = found(RULE, estate(text))
    assert finding.severity is Severity.HIGH
    assert "will be deleted" in finding.message


@pytest.mark.parametrize("label", ["virt-operator-like", "Helm"])
def test_a_label_that_only_looks_like_it_does_not(label: str) -> None:
    text = binding("kubevirt.io:edit", FRANK, labels=f"{{app.kubernetes.io/managed-by: {label}}}")
    [finding] = found(RULE, estate(text))
    assert finding.severity is Severity.MEDIUM
    assert "may be lost" in finding.message


def test_a_binding_of_a_helm_release_says_so() -> None:
    text = binding("kubevirt.io:edit", FRANK, annotations="{meta.helm.sh/release-name: gitops}")
    [finding] = found(RULE, estate(text))
    assert "Helm release gitops" in finding.chain[-1].text


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (binding("edit", FRANK, name="editors"), "edit in the same namespace"),
        (binding("edit", FRANK, name="editors", place=""), "edit in every namespace"),
        (binding("own-role", FRANK, name="own"), "a role of one's own"),
    ],
)
def test_more_than_operator_roles_is_clean(other: str, why: str) -> None:
    assert not found(RULE, estate(ROLES + binding("kubevirt.io:edit", FRANK) + other)), why


def test_edit_in_another_namespace_does_not_help() -> None:
    text = ROLES + binding("kubevirt.io:edit", FRANK) + binding("edit", FRANK, name="editors", place="b")
    assert len(found(RULE, estate(text))) == 1


def test_an_own_role_with_kubevirt_in_its_name_is_clean() -> None:
    assert not found(RULE, estate(binding("kubevirt-power-operator", FRANK)))


def test_an_account_without_namespace_is_the_one_of_the_binding() -> None:
    text = ROLES + binding("kubevirt.io:edit", ROBOT_WITHOUT_NAMESPACE) + binding("edit", ROBOT, name="editors")
    assert not found(RULE, estate(text))


MEMBER = """
apiVersion: v1
kind: Namespace
metadata: {name: a, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-lab"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: rb-6qf2ld5pst
  namespace: a
  labels: {authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-lab_prtb-vm}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "kubevirt.io:edit"}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: u-frank}]
"""
RANCHER = """
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: "kubevirt.io:edit"}
context: project
external: true
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-vm, namespace: c-m-abcd1234-p-lab}
projectName: "c-m-abcd1234:p-lab"
roleTemplateName: "kubevirt.io:edit"
userName: u-frank
"""


def test_what_rancher_renders_is_clean() -> None:
    assert not found(RULE, estate(MEMBER, RANCHER))


def test_a_label_of_rancher_without_its_owner_is_no_excuse() -> None:
    stranger = RANCHER.replace("userName: u-frank", "userName: u-grace")
    assert len(found(RULE, estate(MEMBER, stranger))) == 1


def test_what_the_operator_ships_is_clean() -> None:
    shipped = binding(
        "kubevirt.io:default",
        '{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}',
        name='"kubevirt.io:default"',
        labels="{app.kubernetes.io/managed-by: virt-operator}",
        place="",
    )
    assert not found(RULE, estate(shipped))
    copied = shipped.replace('metadata: {name: "kubevirt.io:default"', "metadata: {name: copied")
    assert [finding.severity for finding in found(RULE, estate(copied))] == [Severity.HIGH]


PEOPLE = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-frank}
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {name: u-frank}
GroupPrincipals: {github: {Items: [{metadata: {name: "github_team://7"}}]}}
"""
GROUP = '{kind: Group, name: "github_team://7"}'
ACCOUNTS = '{kind: Group, name: "system:serviceaccounts:a"}'
EVERYBODY = '{kind: Group, name: "system:authenticated"}'


@pytest.mark.parametrize(
    ("subject", "group", "role", "place", "flagged"),
    [
        (FRANK, GROUP, "edit", "a", False),
        (FRANK, GROUP, "edit", "", False),
        (FRANK, GROUP, "edit", "b", True),
        (FRANK, GROUP, "kubevirt.io:edit", "a", True),
        (ROBOT, ACCOUNTS, "edit", "a", False),
        (FRANK, ACCOUNTS, "edit", "a", True),
        (FRANK, EVERYBODY, "edit", "a", True),
    ],
)
def test_what_comes_through_a_known_group_counts(
    subject: str, group: str, role: str, place: str, *, flagged: bool
) -> None:
    text = ROLES + binding("kubevirt.io:edit", subject) + binding(role, group, name="through", place=place)
    findings = [item for item in found(RULE, estate(text, PEOPLE)) if item.object.name == "vm-operators"]
    assert bool(findings) is flagged


def test_a_role_that_is_not_there_gives_nothing() -> None:
    [finding] = found(RULE, estate(ROLES + binding("kubevirt.io:operate", FRANK)))
    assert "upgrade survival dangling" in finding.chain[-1].text
