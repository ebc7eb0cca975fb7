"""References to roles that are not there, and those that Rancher keeps on purpose."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.dangling_role_ref import RULE
from rbac_audit.snapshot.objects import Role
from tests.rules.estate import estate, found

ROLES = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: backup}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: restore, namespace: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
"""


def binding(kind: str, name: str, namespace: str = "shop") -> str:
    """Write a RoleBinding to one role."""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: b, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {kind}, name: {name}}}
subjects: [{{kind: ServiceAccount, name: runner}}]
"""


@pytest.mark.parametrize(
    ("kind", "name", "namespace", "dangles"),
    [
        ("ClusterRole", "backup", "shop", False),
        ("Role", "restore", "shop", False),
        ("ClusterRole", "backup-old", "shop", True),
        ("Role", "restore-old", "shop", True),
        ("Role", "backup", "shop", True),  # a ClusterRole of that name does not help
        ("ClusterRole", "restore", "shop", True),
        ("Role", "restore", "lab", True),  # a Role of another namespace does not help
    ],
)
def test_kind_name_and_namespace_must_fit(kind: str, name: str, namespace: str, dangles: bool) -> None:
    findings = found(RULE, estate(ROLES + binding(kind, name, namespace)))
    assert [str(finding.object) for finding in findings] == [f"RoleBinding {namespace}/b"] * dangles


def test_a_finding_tells_whom_it_was_for() -> None:
    [finding] = found(RULE, estate(ROLES + binding("ClusterRole", "backup-old")))
    assert finding.severity is Severity.MEDIUM
    assert [str(subject) for subject in finding.subjects] == ["ServiceAccount:shop/runner"]
    assert "ClusterRole backup-old, which does not exist" in [link.text for link in finding.chain][-1]


def test_bindings_to_roles_are_not_judged_without_roles() -> None:
    assert not found(RULE, estate(binding("Role", "restore"), unread=[Role]))
    assert found(RULE, estate(binding("ClusterRole", "restore"), unread=[Role]))


RENDERED = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rb-x, namespace: shop, labels: {authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-shop_own}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: monitoring-ui-view}
subjects: [{kind: User, name: u-owner}]
"""
RANCHER = """
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: owner}
context: project
roleTemplateNames: [monitoring-ui-view]
rules: [{apiGroups: [""], resources: [namespaces], verbs: [create]}]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: monitoring-ui-view}
context: project
external: true
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: own, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: owner
userName: u-owner
"""


def test_an_external_role_template_without_its_role_is_regular() -> None:
    assert not found(RULE, estate(ROLES + RENDERED, RANCHER))


def test_a_label_that_leads_nowhere_is_no_excuse() -> None:
    [finding] = found(RULE, estate(ROLES + RENDERED.replace("u-owner", "u-other"), RANCHER))
    assert finding.severity is Severity.MEDIUM


def test_without_rancher_it_is_only_possible() -> None:
    [finding] = found(RULE, estate(ROLES + RENDERED))
    assert (finding.severity, finding.confidence) == (Severity.INFO, Confidence.POSSIBLE)


GHOST = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: crb-x, labels: {c-m-abcd1234-p-ghost_prtb-ghost: owner-user}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: p-ghost-namespaces-edit}
subjects: [{kind: User, name: u-owner}]
"""
GHOST_OWNER = """
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-ghost, namespace: c-m-abcd1234-p-ghost}
projectName: "c-m-abcd1234:p-ghost"
roleTemplateName: owner
userName: u-owner
"""


def test_what_is_rendered_for_a_project_that_does_not_exist_is_told_as_low() -> None:
    [finding] = found(RULE, estate(GHOST, RANCHER + GHOST_OWNER))
    assert finding.severity is Severity.LOW
    assert str(finding.object) == "ProjectRoleTemplateBinding c-m-abcd1234-p-ghost/prtb-ghost"
    assert [str(item) for item in finding.related] == ["ClusterRoleBinding crb-x"]


ON_MANAGEMENT = """
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: r-cluster-shop-view-own
  namespace: fleet-default
  labels: {authz.cluster.cattle.io/prtb-owner: own}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r-cluster-shop-view}
subjects: [{kind: User, name: u-owner}]
"""


def test_the_projects_of_other_clusters_exist_for_the_management_cluster_too() -> None:
    assert not found(RULE, estate("", RANCHER + ON_MANAGEMENT))
    elsewhere = RANCHER.replace("name: p-shop, namespace: c-m-abcd1234", "name: p-shop, namespace: c-m-other123")
    [finding] = found(RULE, estate("", elsewhere + ON_MANAGEMENT))
    assert "because project c-m-abcd1234:p-shop does not exist" in finding.message
