"""Who may do everything."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.cluster_admin_equivalent import RULE
from rbac_audit.snapshot.objects import GlobalRole, GlobalRoleBinding, Kind
from tests.rules.estate import estate, found, not_evaluated

ROLES = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cluster-admin}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
- {nonResourceURLs: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: harmless-name}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cluster-admin-of-nothing}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: [get, list, watch]}
---
"""
ADMIN_ROLE = """
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: admin}
builtin: true
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
- {nonResourceURLs: ["*"], verbs: ["*"]}
---
"""
USER = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-boss}
displayName: The Boss
---
"""


def binding(name: str, subject: str, role: str = "cluster-admin", namespace: str = "") -> str:
    """Write a binding."""
    kind, place = ("RoleBinding", f", namespace: {namespace}") if namespace else ("ClusterRoleBinding", "")
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: "{name}"{place}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: [{subject}]
---
"""


def admin(field: str) -> str:
    """Write a binding of the global role admin."""
    return f"""
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {{name: grb-a}}
globalRoleName: admin
{field}
---
"""


@pytest.mark.parametrize("role", ["cluster-admin", "harmless-name"])
def test_content_counts_and_not_the_name(role: str) -> None:
    [finding] = found(RULE, estate(ROLES + binding("b", "{kind: User, name: ext-admin}", role)))
    assert (finding.severity, str(finding.object)) == (Severity.CRITICAL, "ClusterRoleBinding b")
    assert [str(subject) for subject in finding.subjects] == ["User:ext-admin"]
    assert finding.scope.cluster_wide
    assert any(link.step == "rule" and "* on *" in link.text for link in finding.chain)


@pytest.mark.parametrize(
    "text",
    [
        binding("b", "{kind: User, name: u}", "cluster-admin-of-nothing"),
        binding("b", "{kind: User, name: u}", namespace="shop-dev"),
        binding("harvester", "{kind: ServiceAccount, name: harvester, namespace: harvester-system}"),
        binding("cluster-admin", '{kind: Group, name: "system:masters"}'),
        binding("again", '{kind: Group, name: "system:masters"}'),  # holds everything without any binding
    ],
)
def test_less_than_everything_and_what_is_shipped_are_clean(text: str) -> None:
    assert not found(RULE, estate(ROLES + text))


def test_an_account_of_the_platform_is_no_blind_spot() -> None:
    [finding] = found(RULE, estate(ROLES + binding("b", "{kind: ServiceAccount, name: x, namespace: kube-system}")))
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.POSSIBLE)


def test_a_shipped_name_with_another_account_is_found() -> None:
    text = binding("harvester", "{kind: ServiceAccount, name: harvester, namespace: shop-dev}")
    [finding] = found(RULE, estate(ROLES + text))
    assert finding.severity is Severity.CRITICAL


def test_an_individual_administrator_is_only_listed() -> None:
    text = ROLES + binding("globaladmin-u-boss", "{kind: User, name: u-boss}")
    [finding] = found(RULE, estate(text, ADMIN_ROLE + USER + admin("userName: u-boss")))
    assert (finding.severity, finding.confidence) == (Severity.INFO, Confidence.CERTAIN)
    assert "1 person owns cluster harvester: The Boss" in finding.message


def test_a_group_of_administrators_is_critical_and_its_binding_in_rancher_is_the_target() -> None:
    group = "openldap_group://cn=domain-users"
    text = ROLES + binding("globaladmin-u-bsmhzxlk7i", f'{{kind: Group, name: "{group}"}}')
    rancher = ADMIN_ROLE + USER + admin(f'groupPrincipalName: "{group}"')
    name = next(iter(estate(text, rancher).ranchers)).globals[0].admin_binding_name
    [finding] = found(RULE, estate(text.replace("globaladmin-u-bsmhzxlk7i", name), rancher))
    assert (finding.severity, str(finding.object)) == (Severity.CRITICAL, "GlobalRoleBinding grb-a")
    assert "whose members are not known, may do everything on every cluster" in finding.message


def test_a_cluster_owner_group_is_high() -> None:
    rancher = """
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: harmless-name}
context: cluster
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {name: crtb-a, namespace: c-m-abcd1234}
clusterName: c-m-abcd1234
roleTemplateName: harmless-name
groupPrincipalName: github_team://1
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-a, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: read-only
userName: u-any
"""
    text = ROLES + binding("crb-owners", '{kind: Group, name: "github_team://1"}', "harmless-name")
    [finding] = found(RULE, estate(text, rancher))
    assert finding.severity is Severity.HIGH
    assert "cluster harvester" in finding.message


def test_a_mark_of_rancher_without_an_owner_is_told() -> None:
    text = ROLES + binding("globaladmin-u-former", "{kind: User, name: u-former}")
    [finding] = found(RULE, estate(text, ADMIN_ROLE + USER + _ANY))
    assert finding.severity is Severity.CRITICAL
    assert "whose mark of Rancher is not true" in finding.message


_ANY = """
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: read-only}
context: project
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-a, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: read-only
userName: u-any
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {name: crtb-a, namespace: c-m-abcd1234}
clusterName: c-m-abcd1234
roleTemplateName: read-only
userName: u-any
"""


@pytest.mark.parametrize(
    ("subject", "severity"),
    [
        ("{kind: ServiceAccount, name: x, namespace: kube-system}", Severity.MEDIUM),
        ('{kind: User, name: "system:serviceaccount:kube-system:x"}', Severity.MEDIUM),
        ('{kind: Group, name: "system:serviceaccounts:kube-system"}', Severity.CRITICAL),
        ('{kind: Group, name: "system:nodes"}', Severity.CRITICAL),
        ("{kind: Group, name: kube-apiserver-admins}", Severity.CRITICAL),
    ],
)
def test_one_account_of_the_platform_is_less_than_all_of_them(subject: str, severity: Severity) -> None:
    [finding] = found(RULE, estate(ROLES + binding("own", subject)))
    assert finding.severity is severity


MANAGEMENT = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cattle-globalrole-admin, labels: {authz.management.cattle.io/globalrole: "true"}}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: cattle-globalrolebinding-grb-a
  labels: {authz.management.cattle.io/globalrolebinding: "true"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cattle-globalrole-admin}
subjects: [{kind: User, name: u-boss}]
---
"""


@pytest.mark.parametrize("bindings", ["", admin("userName: u-boss")])
def test_an_administrator_is_no_stranger_where_global_roles_were_not_read(bindings: str) -> None:
    unread: list[Kind] = [GlobalRole] if bindings else [GlobalRole, GlobalRoleBinding]
    of = estate("", USER + bindings + MANAGEMENT, unread=unread)
    assert [finding.severity for finding in found(RULE, of)] == [Severity.INFO]
    [told] = not_evaluated(RULE, of)
    assert told.partly
