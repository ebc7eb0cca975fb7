"""What is left of the role restricted-admin."""

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.restricted_admin_left import RULE
from tests.rules.estate import estate, found

ROLE = "{apiVersion: management.cattle.io/v3, kind: GlobalRole, metadata: {name: NAME}}\n---\n"
BINDING = """
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb}
globalRoleName: NAME
userName: u-erin
"""


def test_its_holders_are_told() -> None:
    [finding] = found(RULE, estate("", (ROLE + BINDING).replace("NAME", "restricted-admin")))
    assert (finding.severity, str(finding.object)) == (Severity.HIGH, "GlobalRole restricted-admin")
    assert [str(item) for item in finding.related] == ["GlobalRoleBinding grb"]
    assert [str(subject) for subject in finding.subjects] == ["User:u-erin"]


def test_the_binding_alone_is_told_and_the_role_alone_is_low() -> None:
    [finding] = found(RULE, estate("", BINDING.replace("NAME", "restricted-admin")))
    assert str(finding.object) == "GlobalRoleBinding grb"
    [finding] = found(RULE, estate("", ROLE.replace("NAME", "restricted-admin")))
    assert finding.severity is Severity.LOW


RENDERED = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: restricted-admin-cr-clusters}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: some, namespace: fleet-default, labels: {restricted-admin-rb-cluster: grb}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: fleetworkspace-admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: u-erin}]
---
"""
PROJECT = """
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
"""


def test_what_was_rendered_is_told_when_the_role_is_gone() -> None:
    [finding] = found(RULE, estate("", RENDERED + PROJECT))
    assert (finding.severity, str(finding.object)) == (Severity.HIGH, "ClusterRole restricted-admin-cr-clusters")
    assert [str(item) for item in finding.related] == ["RoleBinding fleet-default/some"]
    assert [str(subject) for subject in finding.subjects] == ["User:u-erin"]
    assert finding.message.startswith("what was rendered for global role restricted-admin is still bound to")


def test_what_was_rendered_on_another_cluster_is_told_too() -> None:
    [finding] = found(RULE, estate(RENDERED.replace("namespace: fleet-default", "namespace: shop"), PROJECT))
    assert finding.object.cluster == "harvester"


def test_others_are_clean() -> None:
    text = (ROLE + BINDING).replace("NAME", "user") + "---" + RENDERED.replace("restricted-admin-", "restricted-")
    assert found(RULE, estate("", text)) == []
