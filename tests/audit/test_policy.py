"""What an access policy finds: its words where, allowed and allOf, and what is said about it."""

from collections.abc import Sequence

import pytest

from rbac_audit.audit.finding import Confidence, Finding, Severity
from rbac_audit.audit.judge_policy import rule_of
from rbac_audit.audit.policy import PolicyPermission, parse_policy
from rbac_audit.audit.rule import Rule
from rbac_audit.snapshot.objects import (
    GlobalRole,
    Kind,
    Namespace,
    ProjectRoleTemplateBinding,
    Role,
    RoleBinding,
    RoleTemplate,
    User,
    UserAttribute,
)
from tests.rules.estate import estate, found, manifests, not_evaluated

SECRETS = '{apiGroups: [""], resources: [secrets], verbs: [get, list]}'
PODS = '{apiGroups: [""], resources: [pods], verbs: [create]}'

NAMESPACES = """
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, labels: {tier: test}, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: lab, labels: {tier: prod}, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-lab"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-system, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-sys"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: team-tools, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-sys"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: harvester-public}
---
apiVersion: v1
kind: Namespace
metadata: {name: sandbox}
---
"""
RANCHER = """
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: project-member}
context: project
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: cluster-owner}
context: cluster
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-bob, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: project-member
userName: u-bob
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-devs, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: project-member
groupPrincipalName: github_team://7
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {name: crtb-olivia, namespace: c-m-abcd1234}
clusterName: c-m-abcd1234
roleTemplateName: cluster-owner
userName: u-olivia
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-sys, namespace: c-m-abcd1234, labels: {authz.management.cattle.io/system-project: "true"}}
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-dora}
displayName: Dora
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {name: u-dora}
GroupPrincipals: {github: {Items: [{metadata: {name: "github_team://7"}}]}}
"""


def policy(body: str) -> Rule:
    """Make the rule of a policy; `body` are more lines of its spec."""
    text = f"""
apiVersion: rbac-audit/v1
kind: AccessPolicy
metadata: {{name: own}}
spec:
  title: Own
  severity: high
  message: Somebody may do it
  why: Because.
  fix: {{safety: manual, text: Do not.}}
  examples: {{flagged: [], clean: []}}
  {body}
"""
    [raw] = manifests(text)
    return rule_of(parse_policy(raw, "own.yaml"))


def granted(name: str, rules: str, subjects: str, namespace: str = "", role: str = "") -> str:
    """Write a role and a binding to it, both of one name; cluster-wide without a namespace."""
    kind, place = ("RoleBinding", f", namespace: {namespace}") if namespace else ("ClusterRoleBinding", "")
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: "{role or name}"}}
rules: [{rules}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: "{name}"{place}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "{role or name}"}}
subjects: [{subjects}]
---
"""


def targets(findings: Sequence[Finding]) -> list[str]:
    """Name what the findings point at."""
    return sorted(str(finding.object) for finding in findings)


def who(findings: Sequence[Finding]) -> list[str]:
    """Name all subjects of the findings."""
    return sorted({str(subject) for finding in findings for subject in finding.subjects})


ALICE, BOB, OLIVIA, DORA = (f"{{kind: User, name: u-{name}}}" for name in ("alice", "bob", "olivia", "dora"))


def everywhere() -> str:
    """Let Alice read Secrets in one namespace of each class, and a cluster-wide reader beside her."""
    places = ("shop-dev", "lab", "kube-system", "team-tools", "harvester-public", "sandbox")
    texts = [granted(f"in-{place}", SECRETS, ALICE, place) for place in places]
    return NAMESPACES + "".join(texts) + granted("all-over", SECRETS, "{kind: Group, name: readers}")


@pytest.mark.parametrize(
    ("where", "places"),
    [
        ("all", ["harvester-public", "kube-system", "lab", "sandbox", "shop-dev", "team-tools"]),
        ("projects", ["lab", "shop-dev"]),
        ("system", ["kube-system", "team-tools"]),
        ("public", ["harvester-public"]),
        ("unassigned", ["sandbox"]),
        ("cluster", []),
        ("[lab, nowhere]", ["lab"]),
        ("{matchLabels: {tier: test}}", ["shop-dev"]),
        ("{matchExpressions: [{key: tier, operator: Exists}]}", ["lab", "shop-dev"]),
        (
            "{matchExpressions: [{key: tier, operator: NotIn, values: [prod]}]}",
            ["harvester-public", "kube-system", "sandbox", "shop-dev", "team-tools"],
        ),
    ],
)
def test_where_chooses_namespaces_and_a_cluster_wide_binding_reaches_all_of_them(where: str, places: list[str]) -> None:
    rule = policy(f"permissions: [{SECRETS}]\n  where: {{namespaces: {where}}}")
    findings = found(rule, estate(everywhere(), RANCHER))
    local = [item for item in findings if item.object.kind == "RoleBinding"]
    assert sorted(item.object.namespace for item in local) == places
    assert [str(item.object) for item in findings if item not in local] == ["ClusterRoleBinding all-over"]


@pytest.mark.parametrize(
    ("allowed", "left"),
    [
        ("[]", ["Group:github_team://7", "User:u-alice", "User:u-bob", "User:u-dora", "User:u-olivia"]),
        ("[project-members]", ["User:u-alice", "User:u-olivia"]),
        ("[cluster-owners]", ["Group:github_team://7", "User:u-alice", "User:u-bob", "User:u-dora"]),
        (
            '["User:u-alice", "Group:github_team://7", "Group:u-bob"]',
            ["User:u-bob", "User:u-dora", "User:u-olivia"],
        ),
        (
            "[shipped, platform]",
            ["Group:github_team://7", "User:u-alice", "User:u-bob", "User:u-dora", "User:u-olivia"],
        ),
    ],
)
def test_allowed_classes_and_subjects(allowed: str, left: list[str]) -> None:
    devs = '{kind: Group, name: "github_team://7"}'
    text = NAMESPACES + granted("b", SECRETS, f"{ALICE}, {BOB}, {OLIVIA}, {DORA}, {devs}", "shop-dev")
    rule = policy(f"permissions: [{SECRETS}]\n  allowed: {allowed}")
    assert who(found(rule, estate(text, RANCHER))) == left


ACCOUNTS = {
    "account": "{{kind: ServiceAccount, name: ci, namespace: {}}}",
    "spelled as a user": '{{kind: User, name: "system:serviceaccount:{}:ci"}}',
    "all of the namespace": '{{kind: Group, name: "system:serviceaccounts:{}"}}',
}


@pytest.mark.parametrize("spelling", ACCOUNTS)
@pytest.mark.parametrize(
    ("account", "namespace", "flagged"),
    [("shop-dev", "shop-dev", False), ("lab", "shop-dev", True), ("sandbox", "shop-dev", True), ("shop-dev", "", True)],
)
def test_the_accounts_of_a_project_are_in_it(spelling: str, account: str, namespace: str, flagged: bool) -> None:
    subject = ACCOUNTS[spelling].format(account)
    rule = policy(f"permissions: [{SECRETS}]\n  allowed: [project-members]")
    findings = found(rule, estate(NAMESPACES + granted("b", SECRETS, subject, namespace), RANCHER))
    assert bool(findings) is flagged


def test_a_member_elsewhere_and_cluster_wide_is_no_member() -> None:
    text = NAMESPACES + granted("here", SECRETS, BOB, "lab") + granted("wide", SECRETS, BOB)
    rule = policy(f"permissions: [{SECRETS}]\n  allowed: [project-members]")
    assert targets(found(rule, estate(text, RANCHER))) == ["ClusterRoleBinding wide", "RoleBinding lab/here"]


def test_an_entry_allows_on_its_own() -> None:
    text = granted("b", f"{SECRETS}, {PODS}", ALICE, "sandbox")
    entry = PODS.replace("}", ', allowed: ["User:u-alice"]}')
    assert not found(policy(f"permissions: [{entry}]"), estate(text))
    assert found(policy(f"permissions: [{SECRETS}, {entry}]"), estate(text))


@pytest.mark.parametrize(
    ("rules", "subject", "namespace", "left"),
    [
        (PODS, BOB, "shop-dev", []),
        (PODS, BOB, "lab", ["User:u-bob"]),
        (PODS, BOB, "", ["User:u-bob"]),
        (PODS, ALICE, "shop-dev", ["User:u-alice"]),
        ('{apiGroups: [""], resources: [pods, nodes], verbs: [create]}', BOB, "shop-dev", ["User:u-bob"]),
    ],
)
def test_members_are_allowed_what_their_role_ships_with(
    rules: str, subject: str, namespace: str, left: list[str]
) -> None:
    rule = policy(f"permissions: [{PODS}]\n  allowed: [members-by-shipped-roles]")
    text = NAMESPACES + granted("b", rules, subject, namespace, "edit")
    assert who(found(rule, estate(text, RANCHER))) == left


def test_cluster_admins_are_those_who_may_do_everything() -> None:
    everything = '{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}'
    text = granted("root", everything, ALICE) + granted("b", SECRETS, f"{ALICE}, {BOB}", "sandbox")
    text += granted("half", everything.replace('verbs: ["*"]', "verbs: [get]"), BOB)
    rule = policy(f"permissions: [{SECRETS}]\n  allowed: [cluster-admins]")
    assert who(found(rule, estate(text))) == ["User:u-bob"]


@pytest.mark.parametrize("spelling", ACCOUNTS)
def test_accounts_of_the_platform_however_they_are_spelled(spelling: str) -> None:
    rule = policy(f"permissions: [{SECRETS}]\n  allowed: [platform]")
    for namespace, flagged in (("harvester-system", False), ("kube-system", False), ("harvester-systems", True)):
        text = granted("b", SECRETS, ACCOUNTS[spelling].format(namespace))
        assert bool(found(rule, estate(text))) is flagged


@pytest.mark.parametrize(
    ("subject", "flagged"),
    [
        ('{kind: User, name: "system:node:n1"}', False),
        ('{kind: Group, name: "system:nodes"}', False),
        ('{kind: Group, name: "system:masters"}', False),
        ("{kind: User, name: kube-apiserver}", False),
        ("{kind: Group, name: kube-apiserver-admins}", True),
        ('{kind: User, name: "system:nodes-of-ours"}', True),
    ],
)
def test_only_the_control_planes_own_names_are_the_platform(subject: str, flagged: bool) -> None:
    rule = policy(f"permissions: [{SECRETS}]\n  allowed: [platform]")
    assert bool(found(rule, estate(granted("b", SECRETS, subject)))) is flagged


@pytest.mark.parametrize(
    ("where", "unread", "partly"),
    [
        ("", [Role], True),
        ("where: {namespaces: public}", [Role], True),
        ("where: {namespaces: cluster}", [Role, RoleBinding, Namespace], False),
        ("where: {namespaces: projects}", [Namespace], True),
        ("where: {namespaces: system}", [Namespace], True),
        ("where: {namespaces: {matchLabels: {tier: test}}}", [Namespace], True),
        ("where: {namespaces: [lab]}", [Namespace], False),
        ("", [Namespace], False),
    ],
)
def test_a_policy_says_what_it_could_not_see(where: str, unread: list[Kind], *, partly: bool) -> None:
    told = not_evaluated(
        policy(f"permissions: [{SECRETS}]\n  {where}"), estate(granted("b", PODS, ALICE), unread=unread)
    )
    assert [item.partly for item in told] == [True] * partly


@pytest.mark.parametrize("unread", [User, UserAttribute, ProjectRoleTemplateBinding, RoleTemplate, GlobalRole])
def test_members_are_not_surely_outsiders_where_rancher_was_read_in_part(unread: Kind) -> None:
    rule = policy(f"permissions: [{SECRETS}]\n  allowed: [project-members]")
    rancher = "---".join(text for text in RANCHER.split("---") if f"kind: {unread.kind}\n" not in text)
    of = estate(NAMESPACES + granted("b", SECRETS, ALICE, "shop-dev"), rancher, unread=[unread])
    assert [finding.confidence for finding in found(rule, of)] == [Confidence.POSSIBLE]
    [told] = not_evaluated(rule, of)
    assert told.partly
    assert any(f"no {unread.kind} was read from rancher" in reason for reason in told.because)
    assert not not_evaluated(policy(f"permissions: [{SECRETS}]\n  allowed: [platform]"), of)


@pytest.mark.parametrize("spelling", ["account", "spelled as a user"])
@pytest.mark.parametrize("allowed", ["ServiceAccount:lab/ci", "User:system:serviceaccount:lab:ci"])
def test_one_account_may_be_allowed_however_it_is_spelled(spelling: str, allowed: str) -> None:
    rule = policy(f'permissions: [{SECRETS}]\n  allowed: ["{allowed}"]')
    assert not found(rule, estate(granted("b", SECRETS, ACCOUNTS[spelling].format("lab"))))
    assert found(rule, estate(granted("b", SECRETS, ACCOUNTS[spelling].format("labs"))))


def test_platform_and_shipped() -> None:
    account = "{kind: ServiceAccount, name: x, namespace: kube-system}"
    text = granted("b", SECRETS, account)
    assert found(policy(f"permissions: [{SECRETS}]\n  allowed: [shipped]"), estate(text))
    assert not found(policy(f"permissions: [{SECRETS}]\n  allowed: [platform]"), estate(text))
    image = "{apiGroups: [harvesterhci.io], resources: [settings], verbs: [get]}"
    shipped = "{apiGroups: [harvesterhci.io], resources: [settings], resourceNames: [server-version], verbs: [get]}"
    own = policy(f"permissions: [{image.replace('verbs', 'names: [server-version], verbs')}]\n  allowed: [shipped]")
    everybody = '{kind: Group, name: "system:authenticated"}'
    assert not found(own, estate(granted("harvester-authenticated", shipped, everybody)))
    assert found(own, estate(granted("harvester-authenticated", shipped, "{kind: Group, name: devs}")))


def test_a_rule_beside_the_shipped_one_is_not_hidden_by_it() -> None:
    shipped = "{apiGroups: [network.harvesterhci.io], resources: [clusternetworks], verbs: [get, list, watch]}"
    added = "{apiGroups: [network.harvesterhci.io], resources: [clusternetworks], verbs: [delete]}"
    wanted = "{apiGroups: [network.harvesterhci.io], resources: [clusternetworks], verbs: [get, delete]}"
    everybody = '{kind: Group, name: "system:authenticated"}'
    rule = policy(f"permissions: [{wanted}]\n  allowed: [shipped]")
    assert not found(rule, estate(granted("harvester-authenticated", shipped, everybody)))
    [finding] = found(rule, estate(granted("harvester-authenticated", f"{shipped}, {added}", everybody)))
    assert str(finding.object) == "ClusterRole harvester-authenticated"
    assert "may delete clusternetworks.network.harvesterhci.io" in finding.message


def test_what_was_added_to_view_is_one_finding_about_the_role_that_adds_it() -> None:
    text = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: extra, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}
rules: [{apiGroups: [""], resources: [pods], verbs: [create]}]
---
"""
    for number in range(3):
        text += granted(f"b{number}", "", f"{{kind: User, name: u-{number}}}", "sandbox", "view").split("---\n", 1)[1]
    [finding] = found(policy(f"permissions: [{PODS}]"), estate(text))
    assert (str(finding.object), len(finding.subjects)) == ("ClusterRole extra", 3)
    assert "because ClusterRole extra was changed or added" in finding.message


def test_several_bindings_of_one_template_binding_are_one_finding() -> None:
    label = "labels: {authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-shop_prtb-bob}"
    text = NAMESPACES
    for namespace in ("shop-dev", "shop-prod"):
        binding = granted("project-member", PODS, BOB, namespace).split("---\n")[namespace == "shop-prod" :]
        text += "---\n".join(binding).replace(f"namespace: {namespace}}}", f"namespace: {namespace}, {label}}}")
    shop_prod = "{apiVersion: v1, kind: Namespace, metadata: {name: shop-prod, annotations: "
    shop_prod += '{field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}}\n---\n'
    [finding] = found(policy(f"permissions: [{PODS}]"), estate(shop_prod + text, RANCHER))
    assert str(finding.object) == "ProjectRoleTemplateBinding c-m-abcd1234-p-shop/prtb-bob"
    assert finding.scope.namespaces == ("shop-dev", "shop-prod")
    assert finding.scope.project == "c-m-abcd1234:p-shop"
    assert len(finding.related) == 2


@pytest.mark.parametrize(("namespace", "left"), [("shop-dev", []), ("", ["User:u-bob"])])
def test_an_unproven_mark_of_a_project_says_nothing_about_a_cluster_wide_binding(
    namespace: str, left: list[str]
) -> None:
    mark = "labels: {authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-shop_prtb-bob}"
    text = granted("made", PODS, BOB, namespace, "role").replace('name: "made"', f'name: "made", {mark}')
    assert who(found(policy(f"permissions: [{PODS}]\n  allowed: [project-roles]"), estate(text))) == left


BOTH = policy(f"allOf: [{PODS}, {SECRETS}]")


@pytest.mark.parametrize(
    ("text", "related"),
    [
        (granted("one", f"{PODS}, {SECRETS}", ALICE, "lab"), []),
        (granted("one", PODS, ALICE, "lab") + granted("two", SECRETS, ALICE, "lab"), ["RoleBinding lab/two"]),
        (granted("one", PODS, ALICE, "lab") + granted("two", SECRETS, ALICE), ["ClusterRoleBinding two"]),
        (granted("one", PODS, ALICE) + granted("two", SECRETS, ALICE, "lab"), ["RoleBinding lab/two"]),
        (granted("one", PODS, ALICE) + granted("two", SECRETS, ALICE), ["ClusterRoleBinding two"]),
    ],
)
def test_all_of_joins_bindings_in_one_place_and_cluster_wide(text: str, related: list[str]) -> None:
    [finding] = found(BOTH, estate(NAMESPACES + text))
    assert finding.object.name == "one"
    assert [str(ref) for ref in finding.related] == related
    assert "User:u-alice may create pods and get,list secrets" in finding.message


@pytest.mark.parametrize(
    "text",
    [
        granted("one", PODS, ALICE, "lab"),
        granted("one", PODS, ALICE, "lab") + granted("two", SECRETS, ALICE, "sandbox"),
        granted("one", PODS, ALICE, "lab") + granted("two", SECRETS, BOB, "lab"),
        granted("one", PODS, ALICE) + granted("two", SECRETS, "{kind: Group, name: u-alice}"),
    ],
)
def test_all_of_needs_one_subject_in_one_place(text: str) -> None:
    assert not found(BOTH, estate(NAMESPACES + text))


def test_all_of_is_told_once_for_those_of_the_same_bindings_and_once_when_it_holds_everywhere() -> None:
    text = granted("one", PODS, f"{ALICE}, {BOB}", "lab") + granted("two", SECRETS, f"{ALICE}, {BOB}", "lab")
    [finding] = found(BOTH, estate(NAMESPACES + text))
    assert who([finding]) == ["User:u-alice", "User:u-bob"]
    wide = granted("one", PODS, ALICE) + granted("two", SECRETS, ALICE) + granted("three", SECRETS, ALICE, "lab")
    [finding] = found(BOTH, estate(NAMESPACES + wide))
    assert finding.scope.cluster_wide
    assert finding.scope.namespaces == ()


def test_all_of_keeps_to_where_and_its_chain_shows_both() -> None:
    text = granted("one", PODS, ALICE, "lab") + granted("two", SECRETS, ALICE)
    rule = policy(f"allOf: [{PODS}, {SECRETS}]\n  where: {{namespaces: [sandbox]}}")
    assert not found(rule, estate(NAMESPACES + text))
    [finding] = found(BOTH, estate(NAMESPACES + text))
    assert [link.text for link in finding.chain if link.step == "rule"] == [
        "which allows create on pods in core",
        "which allows get,list on secrets in core",
    ]


ACCOUNT = "{kind: ServiceAccount, name: ci, namespace: lab}"
SPELLED = '{kind: User, name: "system:serviceaccount:lab:ci"}'
LABS = '{kind: Group, name: "system:serviceaccounts:lab"}'
EVERYBODY = '{kind: Group, name: "system:authenticated"}'
TEAM = '{kind: Group, name: "github_team://7"}'


@pytest.mark.parametrize("allowed", ["User:u-dora", "project-members"])
def test_who_is_allowed_an_entry_does_not_have_it_through_a_group_either(allowed: str) -> None:
    text = granted("one", PODS, DORA, "shop-dev") + granted("two", SECRETS, EVERYBODY, "shop-dev")
    entry = SECRETS.replace("}", f', allowed: ["{allowed}"]}}')
    assert who(found(BOTH, estate(NAMESPACES + text, RANCHER))) == ["User:u-dora"]
    assert not found(policy(f"allOf: [{PODS}, {entry}]"), estate(NAMESPACES + text, RANCHER))


@pytest.mark.parametrize(
    ("one", "two", "holder"),
    [
        (ACCOUNT, SPELLED, "ServiceAccount:lab/ci"),
        (ACCOUNT, LABS, "ServiceAccount:lab/ci"),
        (LABS, '{kind: Group, name: "system:serviceaccounts"}', "Group:system:serviceaccounts:lab"),
        (ACCOUNT, EVERYBODY, "ServiceAccount:lab/ci"),
        (EVERYBODY, TEAM, "Group:github_team://7"),
        (DORA, TEAM, "User:u-dora"),
        (TEAM, '{kind: Group, name: "system:cattle:authenticated"}', "User:u-dora"),
    ],
)
def test_all_of_joins_what_somebody_holds_through_groups(one: str, two: str, holder: str) -> None:
    text = granted("one", PODS, one, "lab") + granted("two", SECRETS, two, "lab")
    [finding] = found(BOTH, estate(NAMESPACES + text, RANCHER))
    assert who([finding]) == [holder]
    assert sorted({str(finding.object), *map(str, finding.related)}) == ["RoleBinding lab/one", "RoleBinding lab/two"]
    assert [link.text for link in finding.chain if link.step == "rule"] == [
        "which allows create on pods in core",
        "which allows get,list on secrets in core",
    ]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (ACCOUNT, '{kind: Group, name: "system:serviceaccounts:labs"}'),
        (ACCOUNT, '{kind: Group, name: "system:cattle:authenticated"}'),
        (ALICE, TEAM),
        (EVERYBODY, '{kind: Group, name: "system:unauthenticated"}'),
    ],
)
def test_all_of_does_not_join_what_different_people_hold(one: str, two: str) -> None:
    text = granted("one", PODS, one, "lab") + granted("two", SECRETS, two, "lab")
    assert not found(BOTH, estate(NAMESPACES + text, RANCHER))


def test_all_of_tells_a_group_and_not_its_members_once_more() -> None:
    text = granted("one", PODS, f"{TEAM}, {DORA}", "lab") + granted("two", SECRETS, TEAM, "lab")
    [finding] = found(BOTH, estate(NAMESPACES + text, RANCHER))
    assert who([finding]) == ["Group:github_team://7"]


def test_all_of_lets_alone_who_is_allowed_though_the_group_is_not() -> None:
    text = granted("one", PODS, DORA, "lab") + granted("two", SECRETS, TEAM, "lab")
    rule = policy(f'allOf: [{PODS}, {SECRETS}]\n  allowed: ["User:u-dora"]')
    assert not found(rule, estate(NAMESPACES + text, RANCHER))


def test_all_of_forgets_who_is_allowed_for_a_part() -> None:
    part = SECRETS.replace("}", ', allowed: ["User:u-alice"]}')
    text = granted("one", f"{PODS}, {SECRETS}", ALICE, "lab")
    assert not found(policy(f"allOf: [{PODS}, {part}]"), estate(NAMESPACES + text))


@pytest.mark.parametrize(
    ("entry", "held"),
    [
        ("", False),
        (", names: [web]", False),
        (", names: [web, db]", True),
        (", named: true", True),
    ],
)
def test_a_rule_for_one_name_counts_only_where_the_policy_says_so(entry: str, held: bool) -> None:
    text = granted("b", '{apiGroups: [""], resources: [secrets], resourceNames: [db], verbs: [get]}', ALICE, "lab")
    rule = policy(f"permissions: [{SECRETS.replace('}', entry + '}')}]")
    findings = found(rule, estate(text))
    assert bool(findings) is held
    assert all("db" in finding.message for finding in findings)


@pytest.mark.parametrize(
    ("rule", "namespace", "held"),
    [
        ("{nonResourceURLs: [/metrics], verbs: [get]}", "", True),
        ('{nonResourceURLs: ["/met*"], verbs: ["*"]}', "", True),
        ("{nonResourceURLs: [/metrics], verbs: [get]}", "lab", False),
        ('{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}', "", False),
    ],
)
def test_urls_are_cluster_wide(rule: str, namespace: str, held: bool) -> None:
    own = policy("permissions: [{nonResourceURLs: [/metrics], verbs: [get]}]")
    assert bool(found(own, estate(granted("b", rule, ALICE, namespace)))) is held


def test_the_worst_severity_of_the_entries_counts() -> None:
    low = PODS.replace("}", ", severity: low}")
    assert found(policy(f"permissions: [{low}]"), estate(granted("b", PODS, ALICE)))[0].severity is Severity.LOW
    both = estate(granted("b", f"{PODS}, {SECRETS}", ALICE))
    assert found(policy(f"permissions: [{low}, {SECRETS}]"), both)[0].severity is Severity.HIGH


@pytest.mark.parametrize(
    ("rancher", "allowed", "confidence"),
    [
        (RANCHER, "[project-members]", Confidence.CERTAIN),
        ("", "[project-members]", Confidence.POSSIBLE),
        ("", "[cluster-owners]", Confidence.POSSIBLE),
        ("", "[shipped]", Confidence.CERTAIN),
    ],
)
def test_members_that_are_not_known_make_it_possible(rancher: str, allowed: str, confidence: Confidence) -> None:
    rule = policy(f"permissions: [{SECRETS}]\n  allowed: {allowed}")
    [finding] = found(rule, estate(NAMESPACES + granted("b", SECRETS, ALICE, "lab"), rancher))
    assert finding.confidence is confidence


def test_subjects_that_match_nobody_are_no_finding() -> None:
    rule = policy(f"permissions: [{SECRETS}]")
    assert not found(rule, estate(granted("b", SECRETS, "{kind: ServiceAccount, name: x}")))
    assert not found(rule, estate(granted("b", SECRETS, "{kind: Robot, name: x}")))
    [finding] = found(rule, estate(granted("b", SECRETS, "{kind: ServiceAccount, name: x}", "lab")))
    assert who([finding]) == ["ServiceAccount:lab/x"]


def test_the_public_namespace_must_have_been_read() -> None:
    rule = policy(f"permissions: [{SECRETS}]\n  where: {{namespaces: public}}")
    text = granted("b", SECRETS, ALICE)
    [blind] = not_evaluated(rule, estate(text, unread_namespaces=["harvester-public"]))
    assert not blind.partly


def test_a_permission_lists_its_parts() -> None:
    entry = PolicyPermission(verbs=("get", "list"), api_groups=("",), resources=("pods",), names=("a",))
    assert [str(item) for item in entry.each()] == ["get pods", "get pods a", "list pods", "list pods a"]
