"""What Rancher leaves behind, on a cluster that has one Rancher or two."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rancher.naming import cluster_role_binding_name, role_binding_name
from rbac_audit.rules.orphaned_rancher_binding import RULE
from rbac_audit.snapshot.objects import GlobalRole
from tests.rules.estate import estate, found

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
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-erin, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: read-only
userName: u-erin
"""
SHOP = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: read-only}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
"""


def rendered(user: str, owner: str, role: str = "read-only") -> str:
    """Write a RoleBinding as the legacy model does."""
    name = role_binding_name("shop", "ClusterRole", role, "User", user)
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {name}, namespace: shop, labels: {{authz.cluster.cattle.io/rtb-owner-updated: {owner}}}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {user}}}]
---
"""


def cluster_binding(name: str, role: str, subject: str) -> str:
    """Write a ClusterRoleBinding without labels."""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {name}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: [{subject}]
---
"""


ERIN = "{kind: User, name: u-erin}"
LIVE = "c-m-abcd1234-p-shop_prtb-erin"


@pytest.mark.parametrize("owner", ["c-m-abcd1234-p-shop_prtb-gone", "c-m-dead0001-p-old_prtb-k2m9x"])
def test_the_binding_of_a_deleted_owner_is_found(owner: str) -> None:
    [finding] = found(RULE, estate(SHOP + rendered("u-former", owner), RANCHER))
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.CERTAIN)
    assert [str(subject) for subject in finding.subjects] == ["User:u-former"]
    assert finding.scope.namespaces == ("shop",)
    assert finding.scope.project == "c-m-abcd1234:p-shop"


def test_the_binding_of_a_live_owner_is_clean() -> None:
    assert not found(RULE, estate(SHOP + rendered("u-erin", LIVE), RANCHER))


def test_the_label_of_a_deleted_twin_is_clean_while_another_owner_lives() -> None:
    assert not found(RULE, estate(SHOP + rendered("u-erin", "c-m-abcd1234-p-shop_prtb-twin"), RANCHER))


def test_what_stayed_when_its_namespace_left_the_project_is_found() -> None:
    moved = SHOP.replace("c-m-abcd1234:p-shop", "c-m-abcd1234:p-other")
    [finding] = found(RULE, estate(moved + rendered("u-erin", LIVE), RANCHER))
    assert "prtb-erin would not make this binding any more" in finding.message


def test_one_that_grants_nothing_is_low() -> None:
    [finding] = found(RULE, estate(SHOP + rendered("u-former", "c-m-abcd1234-p-shop_gone", "no-such-role"), RANCHER))
    assert finding.severity is Severity.LOW


PSA = cluster_binding("crb-whgxafpeis", "p-shop-namespaces-psa", ERIN)


def test_a_left_over_right_to_change_pod_security_cites_its_advisory() -> None:
    [finding] = found(RULE, estate(SHOP + PSA, RANCHER))
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.CERTAIN)
    assert "CVE-2026-44947" in finding.message


def test_that_right_is_clean_while_a_binding_gives_it() -> None:
    rules = "rules: [{apiGroups: [management.cattle.io], resources: [projects], verbs: [updatepsa]}]\ncontext: project"
    assert not found(RULE, estate(SHOP + PSA, RANCHER.replace("context: project", rules)))


GLOBAL = """---
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: admin}
builtin: true
---
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-1}
globalRoleName: admin
userName: u-erin
"""
ADMIN = cluster_binding("globaladmin-u-erin", "cluster-admin", ERIN)


def test_a_former_administrator_is_critical() -> None:
    [finding] = found(RULE, estate(SHOP + ADMIN, RANCHER))
    assert (finding.severity, finding.confidence) == (Severity.CRITICAL, Confidence.CERTAIN)
    assert "CVE-2023-32199" in finding.message


def test_an_administrator_is_clean() -> None:
    assert not found(RULE, estate(SHOP + ADMIN, RANCHER + GLOBAL))


def test_what_rancher_itself_marked_is_left_over_though_global_roles_were_not_read() -> None:
    marked = ADMIN.replace(
        "{name: g", '{annotations: {authz.cluster.cattle.io/admin-globalrole-missing: "true"}, name: g'
    )
    [finding] = found(RULE, estate(SHOP + marked, RANCHER, unread=(GlobalRole,)))
    assert (finding.severity, finding.confidence) == (Severity.CRITICAL, Confidence.CERTAIN)
    assert not found(RULE, estate(SHOP + ADMIN, RANCHER, unread=(GlobalRole,))), "unmarked, nobody knows"
    assert not found(RULE, estate(SHOP + marked, RANCHER + GLOBAL)), "its role is there again"


HARVESTER = """
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: server-version}
value: v1.9.0
---
"""
OWN_ADMIN = cluster_binding("globaladmin-user-x7k2p", "cluster-admin", "{kind: User, name: user-x7k2p}")
EMBEDDED = (
    """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: user-x7k2p}
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: creator, namespace: p-default}
projectName: "local:p-default"
roleTemplateName: project-owner
userName: user-x7k2p
"""
    + GLOBAL.replace("u-erin", "user-x7k2p")
    + "---\n"
)


def test_the_administrator_of_the_embedded_rancher_is_clean() -> None:
    assert not found(RULE, estate(HARVESTER + EMBEDDED + OWN_ADMIN, RANCHER))


def test_a_former_administrator_of_both_is_found() -> None:
    text = EMBEDDED.replace("userName: user-x7k2p", "userName: user-other")
    [finding] = found(RULE, estate(HARVESTER + text + OWN_ADMIN, RANCHER))
    assert (finding.severity, finding.confidence) == (Severity.CRITICAL, Confidence.CERTAIN)


def test_it_is_possible_only_while_the_embedded_rancher_was_not_read() -> None:
    [finding] = found(RULE, estate(HARVESTER + OWN_ADMIN, RANCHER))
    assert finding.confidence is Confidence.POSSIBLE
    assert "embedded Rancher" in finding.message


def account(user: str) -> str:
    """Write the ServiceAccount by which Rancher impersonates a user."""
    return f"""
apiVersion: v1
kind: ServiceAccount
metadata: {{name: cattle-impersonation-{user}, namespace: cattle-impersonation-system}}
---
"""


def impersonation(user: str) -> str:
    """Write the ClusterRoleBinding of that account."""
    name = f"cattle-impersonation-{user}"
    return cluster_binding(
        name, name, f"{{kind: ServiceAccount, name: {name}, namespace: cattle-impersonation-system}}"
    )


def test_the_impersonation_account_of_a_missing_user_is_one_low_finding() -> None:
    [finding] = found(RULE, estate(SHOP + account("u-gone") + impersonation("u-gone"), RANCHER))
    assert finding.severity is Severity.LOW
    assert str(finding.object) == "ServiceAccount cattle-impersonation-system/cattle-impersonation-u-gone"
    assert [str(item) for item in finding.related] == ["ClusterRoleBinding cattle-impersonation-u-gone"]


@pytest.mark.parametrize("text", [account("u-gone"), impersonation("u-gone")])
def test_either_half_of_it_is_found(text: str) -> None:
    assert [finding.severity for finding in found(RULE, estate(SHOP + text, RANCHER))] == [Severity.LOW]


def test_the_impersonation_account_of_a_user_is_clean() -> None:
    assert not found(RULE, estate(SHOP + account("u-erin") + impersonation("u-erin"), RANCHER))


def test_an_account_of_that_name_elsewhere_is_not_meant() -> None:
    text = account("u-gone").replace("cattle-impersonation-system", "shop")
    assert not found(RULE, estate(SHOP + text, RANCHER))


def test_the_psa_binding_has_a_name_that_nobody_can_recompute() -> None:
    known = cluster_role_binding_name("ClusterRole", "p-shop-namespaces-psa", "User", "u-erin")
    assert known not in PSA, "else the case above proves nothing"


EMBEDDED_WHOLE = (
    EMBEDDED
    + """
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: project-owner}
context: project
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {name: creator, namespace: local}
clusterName: local
roleTemplateName: cluster-owner
userName: user-x7k2p
---
"""
)


def test_a_cluster_that_shows_only_its_embedded_rancher_may_be_managed_by_another() -> None:
    [finding] = found(RULE, estate(HARVESTER + EMBEDDED_WHOLE + SHOP + rendered("u-former", LIVE)))
    assert finding.confidence is Confidence.POSSIBLE
    assert "the Rancher that calls this cluster c-m-abcd1234, which was not read" in finding.message
    alone = SHOP.replace("c-m-abcd1234:p-shop", "local:p-shop")
    [finding] = found(RULE, estate(HARVESTER + EMBEDDED_WHOLE + alone + rendered("u-former", "p-shop_gone")))
    assert finding.confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    "text",
    [rendered("u-former", "c-m-abcd1234-p-shop_gone"), ADMIN, PSA.replace("u-erin", "u-former")],
    ids=["its label names another cluster", "its subject is a user of Rancher", "its role is of a known project"],
)
def test_what_can_only_be_of_the_managing_rancher_is_certain(text: str) -> None:
    [finding] = found(RULE, estate(HARVESTER + SHOP + text, RANCHER))
    assert finding.confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ("{name: rt-gone, annotations: {authz.cluster.cattle.io/clusterrole-owner: rt-gone}}", "rt-gone is gone"),
        ("{name: rt-gone-aggregator, labels: {authz.cluster.cattle.io/clusterrole-owner: rt-gone}}", "rt-gone is gone"),
        ("{name: cattle-globalrole-x, labels: {authz.management.cattle.io/gr-owner: x}}", "global role x is gone"),
        (
            "{name: p-old-namespaces-edit, annotations: {authz.cluster.auth.io/project-namespaces: p-old-namespaces-edit}}",
            "project p-old is gone",
        ),
    ],
)
def test_the_cluster_role_of_what_is_gone_is_low(metadata: str, reason: str) -> None:
    role = f"{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {metadata}}}\n---\n"
    [finding] = found(RULE, estate(role, RANCHER))
    assert finding.severity is Severity.LOW
    assert reason in finding.message


@pytest.mark.parametrize(
    "metadata",
    [
        "{name: read-only, annotations: {authz.cluster.cattle.io/clusterrole-owner: read-only}}",
        "{name: read-only-aggregator, labels: {authz.cluster.cattle.io/clusterrole-owner: read-only}}",
        "{name: p-shop-namespaces-edit, annotations: {authz.cluster.auth.io/project-namespaces: p-shop-namespaces-edit}}",
        "{name: ours, labels: {team: shop}}",
    ],
)
def test_the_cluster_role_of_what_is_there_is_clean(metadata: str) -> None:
    role = f"{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {metadata}}}\n---\n"
    assert not found(RULE, estate(role, RANCHER))
