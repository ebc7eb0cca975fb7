"""Who may act as users of Rancher, by their names."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.user_impersonation import RULE
from tests.rules.estate import estate, found, not_evaluated

USERS = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-olivia}
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-root}
---
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: admin}
builtin: true
---
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-root}
globalRoleName: admin
userName: u-root
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: none}
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-none, namespace: p}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: none
userName: u-olivia
"""
ERIN = "{kind: User, name: u-erin}"
ACCOUNT = "{kind: ServiceAccount, name: cattle-impersonation-u-olivia, namespace: cattle-impersonation-system}"


def rights(
    names: str = "[u-olivia]", subject: str = ERIN, verb: str = "impersonate", resource: str = "users", place: str = ""
) -> str:
    """Bind one subject to one rule, cluster-wide without a place."""
    kind, where = ("RoleBinding", f", namespace: {place}") if place else ("ClusterRoleBinding", "")
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: own}}
rules: [{{apiGroups: [""], resources: [{resource}], verbs: ["{verb}"], resourceNames: {names}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: own{where}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: own}}
subjects: [{subject}]
"""


@pytest.mark.parametrize(
    ("text", "severity", "words"),
    [
        (rights(), Severity.HIGH, "User:u-erin may act as User:u-olivia"),
        (rights("[robot, u-olivia]"), Severity.HIGH, "may act as User:u-olivia"),
        (rights(verb="*", resource="groups, users"), Severity.HIGH, "may act as User:u-olivia"),
        (rights(resource='"*"'), Severity.HIGH, "may act as User:u-olivia"),
        (rights("[u-root]"), Severity.CRITICAL, "may act as User:u-root, and User:u-root owns the cluster"),
        (rights(subject="{kind: Group, name: on-call}"), Severity.HIGH, "Group:on-call may act as"),
        (rights(subject="{kind: ServiceAccount, name: bot, namespace: shop}"), Severity.HIGH, "shop/bot may act as"),
        (rights("[u-erin, u-olivia]"), Severity.HIGH, "may act as User:u-olivia"),
    ],
)
def test_whoever_acts_as_a_user_is_found(text: str, severity: Severity, words: str) -> None:
    [finding] = found(RULE, estate(text, USERS))
    assert finding.severity is severity
    assert words in finding.message
    assert str(finding.object) == "ClusterRoleBinding own"


def test_on_rancher_s_own_cluster_too() -> None:
    [finding] = found(RULE, estate("", USERS + "---" + rights("[u-root]")))
    assert finding.severity is Severity.CRITICAL


@pytest.mark.parametrize(
    "text",
    [
        rights("[robot]"),
        rights("[u-olivia]", subject="{kind: User, name: u-olivia}"),
        rights(subject=ACCOUNT),
        rights(subject="{kind: User, name: u-root}"),
        rights(place="shop"),
        rights(verb="get"),
        rights(resource="serviceaccounts"),
        rights(subject="{kind: ServiceAccount, name: bot}"),
    ],
)
def test_what_is_void_rancher_s_own_or_oneself_is_clean(text: str) -> None:
    assert not found(RULE, estate(text, USERS))


def test_without_users_nothing_is_said_to_be_clean() -> None:
    [blind] = not_evaluated(RULE, estate(rights()))
    assert blind.because == ("no Rancher that manages harvester was read",)
