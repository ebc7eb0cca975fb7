"""Who is in the System project or its namespaces, and what that lets them do."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rancher.naming import role_binding_name
from rbac_audit.rules.system_project_member import RULE
from rbac_audit.snapshot.objects import ClusterRole, GlobalRole, Role, RoleBinding
from tests.rules.estate import estate, found, not_evaluated

CLUSTER = """
apiVersion: v1
kind: Namespace
metadata: {name: kube-system, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-system"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: backups, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-system"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit}
rules: [{apiGroups: [""], resources: [pods], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
rules: [{apiGroups: [""], resources: [secrets, pods], verbs: [get, list, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: logs}
rules: [{apiGroups: [""], resources: [pods/log], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: one-secret}
rules: [{apiGroups: [""], resources: [secrets], verbs: [get], resourceNames: [ca]}]
---
"""
ERIN = "{kind: User, name: u-erin}"


def binding(role: str = "edit", subject: str = ERIN, place: str = "harvester-system") -> str:
    """Write a hand-made RoleBinding."""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: debug, namespace: {place}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: [{subject}]
"""


ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: own}}
rules: [{{apiGroups: ["{}"], resources: [{}], verbs: [{}]}}]
---
"""


@pytest.mark.parametrize(
    ("group", "resource", "verb", "severity"),
    [
        ("", "secrets", "watch", Severity.CRITICAL),
        ("", "secrets", "create", Severity.CRITICAL),
        ("", "pods", "patch", Severity.CRITICAL),
        ("", "pods/exec", "get", Severity.CRITICAL),
        ("", "pods/ephemeralcontainers", "patch", Severity.CRITICAL),
        ("apps", "daemonsets", "update", Severity.CRITICAL),
        ("batch", "cronjobs", "create", Severity.CRITICAL),
        ("kubevirt.io", "kubevirts", "update", Severity.CRITICAL),
        ("helm.cattle.io", "helmcharts", "create", Severity.CRITICAL),
        ("fleet.cattle.io", "bundles", "patch", Severity.CRITICAL),
        ("rbac.authorization.k8s.io", "clusterroles", "bind", Severity.CRITICAL),
        ("", "configmaps", "update", Severity.HIGH),
        ("longhorn.io", "*", "*", Severity.HIGH),
        ("rbac.authorization.k8s.io", "rolebindings", "create", Severity.MEDIUM),
        ("kubevirt.io", "virtualmachines", "update", Severity.MEDIUM),
        ("kubevirt.io", "kubevirts", "get", Severity.MEDIUM),
        ("apps", "pods", "create", Severity.MEDIUM),
    ],
)
def test_what_leads_to_the_platform(group: str, resource: str, verb: str, severity: Severity) -> None:
    text = CLUSTER + ROLE.format(group, f'"{resource}"', f'"{verb}"') + binding("own")
    [finding] = found(RULE, estate(text))
    assert finding.severity is severity


@pytest.mark.parametrize(
    ("group", "resource", "verb", "name", "severity"),
    [
        ("", "serviceaccounts", "impersonate", "harvester", Severity.CRITICAL),
        ("", "serviceaccounts/token", "create", "harvester", Severity.CRITICAL),
        ("", "pods/exec", "create", "harvester-0", Severity.CRITICAL),
        ("kubevirt.io", "kubevirts", "patch", "kubevirt", Severity.CRITICAL),
        ("apps", "deployments", "*", "harvester", Severity.CRITICAL),
        ("rbac.authorization.k8s.io", "clusterroles", "bind", "cluster-admin", Severity.CRITICAL),
        ("rbac.authorization.k8s.io", "clusterroles", "bind", "view", Severity.MEDIUM),
        ("", "pods", "create", "own", Severity.MEDIUM),
        ("", "secrets", "patch", "own", Severity.MEDIUM),
        ("apps", "deployments", "get", "harvester", Severity.MEDIUM),
    ],
)
def test_one_object_by_its_name_can_be_enough(  # the parts of a rule
    group: str, resource: str, verb: str, name: str, severity: Severity
) -> None:
    rule = ROLE.format(group, f'"{resource}"', f'"{verb}"').replace("verbs:", f'resourceNames: ["{name}"], verbs:')
    [finding] = found(RULE, estate(CLUSTER + rule + binding("own")))
    assert finding.severity is severity


READER = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: extension-apiserver-authentication-reader, namespace: kube-system}}
rules:
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [extension-apiserver-authentication]
  verbs: [get, list, watch]
{}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: metrics, namespace: kube-system}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: extension-apiserver-authentication-reader}}
subjects: [{{kind: ServiceAccount, name: metrics, namespace: team-metrics}}]
"""


@pytest.mark.parametrize(
    ("more", "severity"),
    [("", Severity.LOW), ('- {apiGroups: [""], resources: [pods], verbs: [get]}', Severity.MEDIUM)],
)
def test_what_every_api_server_needs_is_next_to_nothing(more: str, severity: Severity) -> None:
    [finding] = found(RULE, estate(READER.format(more)))
    assert finding.severity is severity


@pytest.mark.parametrize(
    ("role", "severity", "words"),
    [
        ("edit", Severity.CRITICAL, "leads to cluster-admin"),
        ("view", Severity.CRITICAL, "read all Secrets there"),
        ("logs", Severity.MEDIUM, "neither read all Secrets"),
        ("one-secret", Severity.HIGH, "may read the Secrets there that are called ca"),
    ],
)
def test_the_consequence_follows_from_the_rights(role: str, severity: Severity, words: str) -> None:
    for place in ("harvester-system", "backups"):
        [finding] = found(RULE, estate(CLUSTER + binding(role, place=place)))
        assert finding.severity is severity
        assert words in finding.message
        assert finding.scope.namespaces == (place,)


@pytest.mark.parametrize(
    "subject",
    [
        ERIN,
        "{kind: Group, name: devs}",
        '{kind: Group, name: "system:authenticated"}',
        "{kind: ServiceAccount, name: ci, namespace: shop}",
        '{kind: User, name: "system:serviceaccount:shop:ci"}',
        '{kind: Group, name: "system:serviceaccounts:shop"}',
    ],
)
def test_outsiders_are_found(subject: str) -> None:
    assert len(found(RULE, estate(CLUSTER + binding(subject=subject)))) == 1


@pytest.mark.parametrize(
    "subject",
    [
        "{kind: ServiceAccount, name: helper}",
        "{kind: ServiceAccount, name: agent, namespace: cattle-system}",
        "{kind: ServiceAccount, name: job, namespace: backups}",
        '{kind: User, name: "system:serviceaccount:kube-system:agent"}',
        '{kind: Group, name: "system:serviceaccounts:kube-system"}',
        '{kind: User, name: "system:kube-scheduler"}',
    ],
)
def test_the_platform_is_at_home_there(subject: str) -> None:
    assert not found(RULE, estate(CLUSTER + binding(subject=subject)))


@pytest.mark.parametrize("place", ["shop", "harvester-public", "default"])
def test_other_namespaces_are_not_meant(place: str) -> None:
    assert not found(RULE, estate(CLUSTER + binding(place=place)))


_IMPERSONATION = "cattle-impersonation-system"


@pytest.mark.parametrize("management", [False, True])
@pytest.mark.parametrize(
    ("resource", "verb", "severity"),
    [
        ("serviceaccounts/token", "create", Severity.CRITICAL),
        ("secrets", "get", Severity.CRITICAL),
        ("secrets", "create", Severity.CRITICAL),
        ("pods", "create", Severity.CRITICAL),
        ("serviceaccounts", "impersonate", Severity.CRITICAL),
        ("serviceaccounts", "get", Severity.MEDIUM),
    ],
)
def test_the_accounts_of_users_act_as_them(resource: str, verb: str, severity: Severity, management: bool) -> None:
    text = ROLE.format("", resource, verb) + binding("own", place=_IMPERSONATION)
    users = "{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-erin}}"
    namespace = f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {_IMPERSONATION}}}}}\n---\n"
    [finding] = found(RULE, estate("", namespace + text + "---\n" + users) if management else estate(namespace + text))
    assert finding.severity is severity
    assert ("acts as the user of Rancher it is called after" in finding.message) is (severity is Severity.CRITICAL)


def test_rancher_s_own_accounts_are_at_home_there() -> None:
    account = f"{{kind: ServiceAccount, name: cattle-impersonation-u-erin, namespace: {_IMPERSONATION}}}"
    assert not found(RULE, estate(CLUSTER + binding(subject=account, place=_IMPERSONATION)))


def test_a_role_that_does_not_exist_gives_nothing() -> None:
    assert not found(RULE, estate(CLUSTER + binding("no-such-role")))


def rancher(template: str = "member", subject: str = "userName: u-erin", project: str = "p-system") -> str:
    """Write a Rancher with one binding in one project."""
    return f"""
apiVersion: management.cattle.io/v3
kind: Project
metadata:
  name: p-system
  namespace: c-m-abcd1234
  labels: {{authz.management.cattle.io/system-project: "true"}}
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: u-erin}}
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: u-sys01}}
principalIds: ["system://c-m-abcd1234"]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: member}}
context: project
rules: [{{apiGroups: [apps], resources: [deployments], verbs: ["*"]}}]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: read-only}}
context: project
roleTemplateNames: [view]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: view}}
context: project
external: true
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: cluster-owner}}
context: cluster
rules: [{{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}}]
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {{name: owners, namespace: c-m-abcd1234}}
clusterName: c-m-abcd1234
roleTemplateName: cluster-owner
userName: u-owner
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: prtb, namespace: c-m-abcd1234-{project}}}
projectName: "c-m-abcd1234:{project}"
roleTemplateName: {template}
{subject}
"""


@pytest.mark.parametrize(
    ("template", "words"), [("member", "leads to cluster-admin"), ("read-only", "read all Secrets there")]
)
def test_a_member_of_the_system_project_is_found_at_the_template_binding(template: str, words: str) -> None:
    [finding] = found(RULE, estate(CLUSTER, rancher(template)))
    assert finding.severity is Severity.CRITICAL
    assert str(finding.object) == "ProjectRoleTemplateBinding c-m-abcd1234-p-system/prtb"
    assert finding.object.cluster == "rancher"
    assert words in finding.message
    assert finding.scope.namespaces == ("backups", "kube-system")


def test_what_it_renders_is_not_told_again() -> None:
    name = role_binding_name("kube-system", "ClusterRole", "edit", "User", "u-erin")
    text = binding(place="kube-system").replace(
        "name: debug,",
        f"name: {name}, labels: {{authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-system_prtb}},",
    )
    template = rancher("edit").replace("metadata: {name: view}", "metadata: {name: edit}")
    assert [item.object.kind for item in found(RULE, estate(CLUSTER + text, template))] == [
        "ProjectRoleTemplateBinding"
    ]
    assert [item.object.kind for item in found(RULE, estate(CLUSTER + text))] == ["RoleBinding"]


@pytest.mark.parametrize("subject", ["userName: u-sys01", "userName: u-owner", 'serviceAccount: "cattle-system:agent"'])
def test_system_users_and_cluster_owners_gain_nothing(subject: str) -> None:
    assert not found(RULE, estate(CLUSTER, rancher(subject=subject)))


def test_a_member_of_another_project_is_not_meant() -> None:
    assert not found(RULE, estate(CLUSTER, rancher(project="p-shop")))


def test_without_the_project_objects_kube_system_tells_which_it_is() -> None:
    text = rancher().partition("---\n")[2]
    assert len(found(RULE, estate(CLUSTER, text))) == 1


def test_a_member_by_a_template_that_is_gone_has_nothing() -> None:
    assert not found(RULE, estate(CLUSTER, rancher("gone")))


def global_role(field: str, rule: str, place: str, user: str = "u-erin", builtin: str = "false") -> str:
    """Write a global role with rights in one namespace, and somebody who has it."""
    return f"""
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: {user}}}
---
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {{name: desk}}
builtin: {builtin}
{field}: {{{place}: [{rule}]}}
---
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {{name: grb-desk}}
globalRoleName: desk
userName: {user}
---
"""


def rendered(rule: str, place: str, user: str = "u-erin") -> str:
    """Write what Rancher makes of it."""
    return f"""
apiVersion: v1
kind: Namespace
metadata: {{name: {place}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: desk-{place}, namespace: {place}}}
rules: [{rule}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: grb-desk-{place}
  namespace: {place}
  labels: {{authz.management.cattle.io/grb-owner: grb-desk}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: desk-{place}}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {user}}}]
---
"""


SECRETS = '{{apiGroups: [""], resources: [secrets], verbs: [{}]}}'
READ, CREATE = SECRETS.format("get, list"), SECRETS.format("create")
CONFIG = '{apiGroups: [""], resources: [configmaps], verbs: [get]}'
BUNDLES = "{apiGroups: [fleet.cattle.io], resources: [bundles], verbs: [create]}"


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        (READ, "cattle-system"),
        (READ, "fleet-default"),
        (CREATE, "cattle-system"),
        (SECRETS.format("create, update"), "cattle-global-data"),
        (SECRETS.format("create, update"), "cattle-local-user-passwords"),
    ],
)
def test_a_global_role_of_one_s_own_in_a_namespace_of_rancher_is_found(rule: str, place: str) -> None:
    text = global_role("namespacedRules", rule, place) + rendered(rule, place)
    [finding] = found(RULE, estate("", text))
    assert (finding.severity, str(finding.object)) == (Severity.CRITICAL, "GlobalRoleBinding grb-desk")
    assert [str(subject) for subject in finding.subjects] == ["User:u-erin"]
    assert finding.scope.namespaces == (place,)


def test_what_it_gives_on_every_cluster_is_found_on_each() -> None:
    text = global_role("inheritedNamespacedRules", READ, "kube-system")
    [finding] = found(RULE, estate(rendered(READ, "kube-system"), text))
    assert (finding.cluster, str(finding.object)) == ("harvester", "GlobalRoleBinding grb-desk")


@pytest.mark.parametrize(
    ("rule", "place", "builtin"),
    [
        (CREATE, "cattle-global-data", "false"),
        (CREATE, "fleet-default", "false"),
        (CONFIG, "cattle-system", "false"),
        (BUNDLES, "fleet-default", "false"),
        (READ, "shop", "false"),
        (READ, "cattle-system", "true"),
    ],
    ids=["as everybody", "as everybody in Fleet's", "modest", "told by another rule", "elsewhere", "shipped"],
)
def test_what_a_global_role_gives_there_as_it_is_meant_is_clean(rule: str, place: str, builtin: str) -> None:
    text = global_role("namespacedRules", rule, place, builtin=builtin) + rendered(rule, place)
    name = "desk" if builtin == "false" else "users-manage"
    assert not found(RULE, estate("", text.replace("desk", name)))


def test_a_global_role_that_only_says_that_it_is_built_in_is_found() -> None:
    text = global_role("namespacedRules", READ, "cattle-system", builtin="true") + rendered(READ, "cattle-system")
    assert found(RULE, estate("", text))


def test_where_global_roles_were_not_read_it_is_evaluated_in_part() -> None:
    [blind] = not_evaluated(RULE, estate("", rendered(READ, "cattle-system") + rancher(), unread=[GlobalRole]))
    assert blind.partly


@pytest.mark.parametrize(("rule", "told"), [(READ, True), (CONFIG, False)])
def test_what_only_says_that_another_controller_made_it_is_possible(rule: str, *, told: bool) -> None:
    owned = "ownerReferences: [{apiVersion: provisioning.cattle.io/v1, kind: Cluster, name: c, uid: '1'}]"
    label = "labels: {authz.management.cattle.io/grb-owner: grb-desk}"
    result = found(RULE, estate("", rendered(rule, "cattle-system").replace(label, owned) + rancher(project="p-shop")))
    assert [(item.severity, item.confidence) for item in result] == [(Severity.CRITICAL, Confidence.POSSIBLE)] * told


@pytest.mark.parametrize(
    ("template", "subject", "told"),
    [
        ("member", "userName: u-erin", [(Severity.CRITICAL, Confidence.CERTAIN)]),
        ("member", "userPrincipalName: okta_user://erin", [(Severity.CRITICAL, Confidence.CERTAIN)]),
        ("read-only", "groupPrincipalName: okta_group://devs", [(Severity.CRITICAL, Confidence.POSSIBLE)]),
        ("member", "userName: u-owner", []),
        ("member", "userName: u-sys01", []),
        ("member", 'serviceAccount: "cattle-system:agent"', []),
        ("gone", "userName: u-erin", []),
    ],
)
def test_beside_rancher_clusters_that_were_not_read_are_judged(
    template: str, subject: str, told: list[tuple[Severity, Confidence]]
) -> None:
    result = found(RULE, estate("", rancher(template, subject)))
    assert [(item.severity, item.confidence) for item in result] == told
    assert {(item.cluster, item.object.name, item.scope.project) for item in result} == (
        {("rancher", "prtb", "c-m-abcd1234:p-system")} if told else set()
    )
    assert ("which was not read" in "".join(item.message for item in result)) is (template == "read-only")


def test_a_project_of_tenants_on_a_cluster_that_was_not_read_is_not_meant() -> None:
    assert not found(RULE, estate("", rancher(project="p-shop")))


def test_a_cluster_that_was_read_is_judged_once() -> None:
    assert [item.cluster for item in found(RULE, estate(CLUSTER, rancher()))] == ["harvester"]


def test_members_are_told_where_only_rancher_shows_them() -> None:
    of = estate(CLUSTER, rancher("read-only"), unread=[RoleBinding, Role, ClusterRole])
    [blind] = not_evaluated(RULE, estate(CLUSTER, unread=[RoleBinding]))
    assert not blind.partly
    assert {entry.partly for entry in not_evaluated(RULE, of) if entry.cluster == "harvester"} == {True}
    assert [item.cluster for item in found(RULE, of)] == ["harvester"]


def test_a_project_of_tenants_with_a_namespace_of_the_platform_is_as_bad() -> None:
    longhorn = """
apiVersion: v1
kind: Namespace
metadata: {name: longhorn-system, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
"""
    [finding] = found(RULE, estate(longhorn + CLUSTER, rancher("read-only", project="p-shop")))
    assert (finding.severity, str(finding.object)) == (
        Severity.CRITICAL,
        "ProjectRoleTemplateBinding c-m-abcd1234-p-shop/prtb",
    )
    assert "which has namespaces of the platform (longhorn-system): it may read all Secrets" in finding.message
    assert finding.scope.namespaces == ("longhorn-system",)


@pytest.mark.parametrize(("aggregated", "told"), [("true", 1), ("false", 0)])
@pytest.mark.parametrize("parent", ["member", "no-such"])
def test_the_legacy_model_gives_nothing_by_a_circle_or_a_missing_parent(
    parent: str, aggregated: str, told: int
) -> None:
    template = f"metadata: {{name: member}}\nroleTemplateNames: [{parent}]\n"
    feature = f"""
---
apiVersion: management.cattle.io/v3
kind: Feature
metadata: {{name: aggregated-roletemplates}}
spec: {{value: {aggregated}}}
"""
    text = rancher().replace("metadata: {name: member}\n", template) + feature
    assert len(found(RULE, estate(CLUSTER, text))) == told


@pytest.mark.parametrize(("place", "told"), [("c-m-abcd1234", 1), ("c-m-abcd1234-p-shop", 1), ("apps", 0)])
def test_where_rancher_keeps_bindings_is_of_the_platform_on_its_own_cluster(place: str, told: int) -> None:
    text = f"""
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {{name: p-shop, namespace: c-m-abcd1234}}
status: {{backingNamespace: c-m-abcd1234-p-shop}}
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {{name: p-local, namespace: local}}
---
apiVersion: v1
kind: Namespace
metadata: {{name: {place}, annotations: {{field.cattle.io/projectId: "local:p-local"}}}}
"""
    owned = rancher(project="p-local").replace("c-m-abcd1234:p-local", "local:p-local")
    result = found(RULE, estate("", owned + text))
    assert [item.scope.namespaces for item in result] == [(place,)] * told
