"""Users whom nothing is given."""

import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.user_without_rights import RULE
from rbac_audit.snapshot.estate import Cluster, Gap, Snapshot
from rbac_audit.snapshot.objects import KINDS, GlobalRoleBinding, RoleBinding, User, UserAttribute
from tests.rules.estate import CLUSTER_ID, HARVESTER, RANCHER, estate, found, not_evaluated


def user(name: str = "u-idle", principal: str = "local://u-idle", more: str = "") -> str:
    """Write a user."""
    return f"""
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: {name}}}
displayName: Ida
principalIds: ["{principal}"]
{more}
---
"""


def learnt(name: str = "u-idle", group: str = "okta_group://devs") -> str:
    """Write what was learnt of the groups of a user."""
    return f"""
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {{name: {name}}}
GroupPrincipals: {{okta: {{Items: [{{metadata: {{name: "{group}"}}}}]}}}}
---
"""


def global_role(name: str, builtin: bool = True) -> str:
    """Write a global role."""
    return f"""
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {{name: {name}}}
builtin: {str(builtin).lower()}
---
"""


def bound(kind: str, fields: str, subject: str = "userName: u-idle") -> str:
    """Write one of Rancher's bindings."""
    place = "" if kind == "GlobalRoleBinding" else ", namespace: c-m-abcd1234"
    return f"""
apiVersion: management.cattle.io/v3
kind: {kind}
metadata: {{name: some-binding{place}}}
{fields}
{subject}
---
"""


def raw(
    role: str, subject: str = "{kind: User, name: u-idle}", rules: str = '[{apiGroups: [""], resources: [pods]}]'
) -> str:
    """Bind on a cluster, past Rancher."""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {role}}}
rules: {rules.replace("]}]", "], verbs: [get]}]")}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: raw}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: [{subject}]
---
"""


NAMESPACE = "{apiVersion: v1, kind: Namespace, metadata: {name: default}}\n---\n"
PRTB = 'projectName: "c-m-abcd1234:p-shop"\nroleTemplateName: read-only'
CRTB = "clusterName: c-m-abcd1234\nroleTemplateName: cluster-member"
DEVS = 'groupPrincipalName: "okta_group://devs"'


@pytest.mark.parametrize(
    ("rancher", "harvester"),
    [
        (user(), ""),
        (user(principal="okta_user://1") + learnt(), ""),
        (user() + global_role("user-base") + bound("GlobalRoleBinding", "globalRoleName: user-base"), ""),
        (user() + bound("GlobalRoleBinding", "globalRoleName: gone"), ""),
        (user() + bound("ProjectRoleTemplateBinding", PRTB, "userName: u-other"), ""),
        (user() + learnt() + bound("ProjectRoleTemplateBinding", PRTB, DEVS.replace("devs", "ops")), ""),
        (user() + raw("u-idle-view"), ""),
        (user() + raw("cattle-globalrole-user-base"), ""),
        (user(), raw("nothing", rules="[]")),
        (user(), raw("pods", "{kind: User, name: u-other}")),
    ],
)
def test_who_has_nothing_but_the_login_is_told(rancher: str, harvester: str) -> None:
    [finding] = found(RULE, estate(NAMESPACE + harvester, rancher))
    assert (finding.severity, finding.confidence) == (Severity.INFO, Confidence.CERTAIN)
    assert finding.message == "nothing is given to Ida (User:u-idle) beyond the login, though enabled"
    assert [str(subject) for subject in finding.subjects] == ["User:u-idle"]


@pytest.mark.parametrize(
    ("rancher", "harvester"),
    [
        (user(more="enabled: false"), ""),
        (user(principal="system://c-m-abcd1234") + learnt(), ""),
        (user(principal="okta_user://1"), ""),
        (user() + global_role("user") + bound("GlobalRoleBinding", "globalRoleName: user"), ""),
        (user() + global_role("user-base", False) + bound("GlobalRoleBinding", "globalRoleName: user-base"), ""),
        (user() + bound("ProjectRoleTemplateBinding", PRTB), ""),
        (user() + bound("ClusterRoleTemplateBinding", CRTB), ""),
        (user() + bound("ClusterRoleTemplateBinding", CRTB, 'userPrincipalName: "local://u-idle"'), ""),
        (user() + learnt() + bound("ProjectRoleTemplateBinding", PRTB, DEVS), ""),
        (user() + learnt() + global_role("user") + bound("GlobalRoleBinding", "globalRoleName: user", DEVS), ""),
        (user() + raw("pods"), ""),
        (user(), raw("pods")),
        (user() + learnt(), raw("pods", '{kind: Group, name: "okta_group://devs"}')),
    ],
)
def test_others_are_clean(rancher: str, harvester: str) -> None:
    assert found(RULE, estate(NAMESPACE + harvester, rancher)) == []


def test_all_of_one_rancher_are_one_finding() -> None:
    text = "".join(user(f"u-{number}", f"local://u-{number}") for number in range(5))
    [finding] = found(RULE, estate(NAMESPACE, text))
    assert len(finding.subjects) == 5
    assert finding.message.startswith("nothing is given to Ida (User:u-0), Ida (User:u-1), Ida (User:u-2) and 2 more")


def test_a_cluster_that_was_not_read_leaves_a_doubt() -> None:
    [finding] = found(RULE, estate("", user()))
    assert finding.confidence is Confidence.POSSIBLE
    assert "unless by a binding on c-m-abcd1234, not all of whose" in finding.message
    for hidden in (
        estate(NAMESPACE, user(), unread=[RoleBinding]),
        estate(NAMESPACE, user(), unread_namespaces=["shop"]),
    ):
        assert found(RULE, hidden)[0].confidence is Confidence.POSSIBLE


def test_without_the_groups_it_cannot_look() -> None:
    [entry] = not_evaluated(RULE, estate(NAMESPACE, user(), unread=[UserAttribute]))
    assert not entry.partly


def test_where_some_of_the_bindings_were_read_it_cannot_look() -> None:
    users = estate("", user()).snapshot.cluster(RANCHER).of(User)
    half = Cluster(RANCHER, users, collected=set(KINDS), partial={GlobalRoleBinding})
    [entry] = not_evaluated(RULE, Estate(Snapshot([half])))
    assert entry.because == ("not every GlobalRoleBinding could be read from rancher",)


@pytest.mark.parametrize(
    ("where", "kind", "looks"),
    [
        (RANCHER, "ProjectRoleTemplateBinding.management.cattle.io", False),
        (RANCHER, "Setting.management.cattle.io", True),
        (HARVESTER, "ProjectRoleTemplateBinding.management.cattle.io", True),
    ],
)
def test_a_gap_that_may_hide_a_binding_of_ranchers_stops_it(where: str, kind: str, looks: bool) -> None:
    whole = estate(NAMESPACE, user()).snapshot
    gap = Gap(where, "a list", "forbidden", "ask", (kind,))
    holed = Estate(Snapshot(whole.clusters, [gap]), {HARVESTER: CLUSTER_ID})
    assert any(not entry.partly for entry in not_evaluated(RULE, holed)) is not looks


def test_a_gap_that_may_hide_a_binding_of_the_cluster_leaves_a_doubt() -> None:
    whole = estate(NAMESPACE, user()).snapshot
    gap = Gap(HARVESTER, "a list", "forbidden", "ask", ("RoleBinding.rbac.authorization.k8s.io",))
    [finding] = found(RULE, Estate(Snapshot(whole.clusters, [gap]), {HARVESTER: CLUSTER_ID}))
    assert finding.confidence is Confidence.POSSIBLE
