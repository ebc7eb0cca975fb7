"""Marks of Rancher that are not true."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rancher.naming import role_binding_name
from rbac_audit.rules.forged_ownership import RULE
from rbac_audit.snapshot.objects import Project
from tests.rules.estate import estate, found, not_evaluated

RANCHER = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: read-only}
context: project
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-erin, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: read-only
userName: u-erin
"""
NAMESPACES = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: everything}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: lab, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-lab"}}
---
"""
OWNER = "authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-shop_prtb-erin"


def claimed(
    role: str = "read-only", user: str = "u-erin", place: str = "shop", label: str = OWNER, name: str | None = None
) -> str:
    """Write a binding with a mark, by default the one that Rancher makes."""
    named = name or role_binding_name(place, "ClusterRole", role, "User", user)
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {named}, namespace: {place}, labels: {{{label}}}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {user}}}]
"""


def test_what_rancher_makes_is_clean() -> None:
    assert not found(RULE, estate(NAMESPACES + claimed(), RANCHER))


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (claimed(role="admin"), Severity.HIGH),
        (claimed(user="u-mallory"), Severity.HIGH),
        (claimed(place="lab", name="rb-aaaaaaaaaa"), Severity.HIGH),
        (claimed(role="cluster-admin"), Severity.CRITICAL),
        (claimed(role="everything"), Severity.CRITICAL),
    ],
    ids=["role", "subject", "place", "cluster-admin", "as much as cluster-admin"],
)
def test_a_live_owner_that_would_make_another_binding(text: str, severity: Severity) -> None:
    [finding] = found(RULE, estate(NAMESPACES + text, RANCHER))
    assert (finding.severity, finding.confidence) == (severity, Confidence.CERTAIN)
    assert [str(item) for item in finding.related] == ["ProjectRoleTemplateBinding c-m-abcd1234-p-shop/prtb-erin"]
    assert finding.related[0].cluster == "rancher"


NOBODY = "authz.cluster.cattle.io/prtb-owner-prtb-nosuch: 'true'"


def test_a_name_that_rancher_would_not_give() -> None:
    [finding] = found(RULE, estate(NAMESPACES + claimed(user="u-mallory", label=NOBODY, name="rb-aaaaaaaaaa"), RANCHER))
    assert finding.severity is Severity.HIGH
    assert "User:u-mallory" in finding.message


def test_a_left_over_binding_is_not_forged() -> None:
    text = claimed(user="u-former", label=NOBODY)
    assert not found(RULE, estate(NAMESPACES + text, RANCHER))


def test_a_binding_without_any_mark_is_not_meant() -> None:
    assert not found(RULE, estate(NAMESPACES + claimed(role="admin", label="team: shop", name="devs"), RANCHER))


def test_nothing_is_forged_or_clean_without_rancher() -> None:
    [entry] = not_evaluated(RULE, estate(NAMESPACES + claimed(role="admin")))
    assert entry.because == ("no Rancher that manages harvester was read",)


def test_a_wrong_name_is_certain_whichever_rancher_was_not_read() -> None:
    harvester = """
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: server-version}
---
"""
    text = claimed(user="u-mallory", label=NOBODY, name="rb-aaaaaaaaaa")
    [finding] = found(RULE, estate(harvester + NAMESPACES + text, RANCHER))
    assert finding.confidence is Confidence.CERTAIN


MANAGEMENT = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-olga}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: cluster-owner}
context: cluster
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {name: crtb-olga, namespace: c-m-abcd1234}
clusterName: c-m-abcd1234
roleTemplateName: cluster-owner
userName: u-olga
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: rb-aaaaaaaaaa
  namespace: c-m-abcd1234-p-shop
  labels: {authz.cluster.cattle.io/crtb-owner-crtb-olga: "true"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-owner-project-mgmt-aggregator}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: u-olga}]
"""


def test_what_is_made_for_projects_is_not_judged_where_projects_were_not_read() -> None:
    assert found(RULE, estate("", MANAGEMENT))
    assert not found(RULE, estate("", MANAGEMENT, unread=[Project]))


@pytest.mark.parametrize(
    ("place", "forged"),
    [
        ("c-m-abcd1234", False),
        ("c-m-abcd1234-p-shop", False),
        ("fleet-default", False),
        ("workspace-of-ours", False),
        ("guests", False),
        ("cattle-system", True),
        ("apps", True),
    ],
)
def test_members_are_let_see_their_clusters_and_projects_in_namespaces_of_these_only(
    place: str, *, forged: bool
) -> None:
    text = f"""
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {{name: p-shop, namespace: c-m-abcd1234}}
status: {{backingNamespace: c-m-abcd1234-p-shop}}
---
apiVersion: management.cattle.io/v3
kind: FleetWorkspace
metadata: {{name: workspace-of-ours}}
---
apiVersion: provisioning.cattle.io/v1
kind: Cluster
metadata: {{name: guest, namespace: guests}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: of-another-version, namespace: {place}}}
rules: [{{apiGroups: [""], resources: [secrets], verbs: [get]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: of-another-version, namespace: {place}, labels: {{c-m-abcd1234_crtb-olga: "true"}}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: of-another-version}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: u-olga}}]
"""
    owner = MANAGEMENT[: MANAGEMENT.rindex("---")]
    result = found(RULE, estate("", owner + text))
    assert [str(item.object) for item in result] == [f"RoleBinding {place}/of-another-version"] * forged
