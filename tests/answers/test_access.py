"""Can somebody, and why; and what is missing."""

import pytest

from rbac_audit.access import Identity, Permission
from rbac_audit.answers.access import ask, identity_of
from rbac_audit.answers.what import what_can
from rbac_audit.answers.why import remedies, sentence, tree, why
from rbac_audit.snapshot.objects import ClusterRoleBinding, Namespace, Role, Subject
from tests.answers.shop import HARVESTER, RANCHER, shop_view
from tests.rules.estate import estate, view

ALICE = Subject(kind="User", name="u-alice")
BOB = Subject(kind="User", name="u-bob")
CI = Subject(kind="ServiceAccount", name="ci", namespace="dev")
DEVS = Subject(kind="Group", name="github_team://7")
SECRETS = Permission("get", "", "secrets")


@pytest.mark.parametrize(
    ("subject", "permission", "namespace", "allowed"),
    [
        (ALICE, SECRETS, "dev", True),
        (ALICE, SECRETS, "prod", False),
        (ALICE, SECRETS, "", False),
        (DEVS, SECRETS, "dev", True),
        (CI, SECRETS, "prod", True),
        (CI, Permission("get", path="/metrics"), "", True),
        (ALICE, Permission("get", path="/metrics"), "dev", False),
        (BOB, Permission("get", "", "pods"), "dev", True),
        (Subject(kind="Group", name="system:masters"), Permission("delete", "x", "y"), "", True),
        (Subject(kind="Group", name="system:unauthenticated"), SECRETS, "dev", False),
    ],
)
def test_answers(subject: Subject, permission: Permission, namespace: str, allowed: bool) -> None:
    answer = ask(shop_view(), subject, permission, namespace)
    assert answer.allowed is allowed
    assert bool(answer.chains) is allowed
    assert answer.subject == str(subject)


def test_a_chain_goes_from_the_group_to_the_role_template() -> None:
    (chain,) = ask(shop_view(), ALICE, SECRETS, "dev").chains
    assert [link.step for link in chain] == [
        "subject",
        "group",
        "binding",
        "role",
        "aggregated-from",
        "rule",
        "template-binding",
        "role-template",
    ]
    assert "Alice Ng" in chain[1].text
    assert "harvesterhci.io:view" in chain[4].text
    assert str(chain[6].object) == "ProjectRoleTemplateBinding c-m-abcd1234-p-shop/prtb-view"


@pytest.mark.parametrize(
    ("group", "groups"),
    [
        ("devs", {"system:authenticated"}),
        ("github_team://7", {"system:authenticated", "system:cattle:authenticated"}),
        ("system:authenticated", set()),
        ("system:serviceaccounts", {"system:authenticated"}),
        ("system:serviceaccounts:team", {"system:serviceaccounts", "system:authenticated"}),
    ],
)
def test_whoever_is_in_a_group_is_in_others(group: str, groups: set[str]) -> None:
    who = identity_of(shop_view(), Subject(kind="Group", name=group))
    assert (who.user, set(who.groups)) == ("", {group, *groups})


def test_accounts_of_a_namespace_are_in_the_group_of_all_accounts() -> None:
    more = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: all}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: Group, name: system:serviceaccounts}]
"""
    cluster = view(estate(f"{HARVESTER}---{more}", RANCHER))
    team = Subject(kind="Group", name="system:serviceaccounts:team")
    assert ask(cluster, team, SECRETS, "lab").allowed
    (place,) = what_can(cluster, team)
    assert [held.through for held in place.held] == ["Group:system:serviceaccounts"]


def test_an_unauthenticated_request_has_that_group_only() -> None:
    who = identity_of(shop_view(), Subject(kind="Group", name="system:unauthenticated"))
    assert who == Identity("", ("system:unauthenticated",))


@pytest.mark.parametrize(
    ("version", "verb", "note"),
    [
        ("v1.7.0", "get", ["get alone is enough"]),
        ("v1.7.0", "create", ["get alone is enough"]),
        ("v1.8.0", "get", ["needs create as well"]),
        ("v1.8.0", "create", []),
        ("v1.7.0", "list", []),
        ("master-head", "get", ["the version is not known"]),
        ("master-head", "create", ["the version is not known"]),
    ],
)
def test_exec_by_get_depends_on_the_version(version: str, verb: str, note: list[str]) -> None:
    setting = (
        f"{{apiVersion: harvesterhci.io/v1beta1, kind: Setting, metadata: {{name: server-version}}, value: {version}}}"
    )
    namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: dev}}"
    said = ask(view(estate(f"{setting}\n---\n{namespace}")), ALICE, Permission(verb, "", "pods/exec"), "dev").notes
    assert len(said) == len(note)
    assert all(part in line for part, line in zip(note, said, strict=True))


@pytest.mark.parametrize(
    ("permission", "version", "notes"),
    [
        (Permission("get", "", "nodes/configz"), "v1.4.0", 1),
        (Permission("get", "", "nodes/configz"), "v1.6.0", 0),
        (Permission("get", "", "nodes/proxy"), "v1.4.0", 0),
        (Permission("impersonate:user-info", "authentication.k8s.io", "users"), "v1.8.0", 1),
        (Permission("impersonate:user-info", "authentication.k8s.io", "users"), "v1.9.0", 0),
        (Permission("impersonate", "", "users"), "v1.8.0", 0),
    ],
)
def test_what_depends_on_the_version_is_said(permission: Permission, version: str, notes: int) -> None:
    setting = (
        f"{{apiVersion: harvesterhci.io/v1beta1, kind: Setting, metadata: {{name: server-version}}, value: {version}}}"
    )
    assert len(ask(view(estate(setting)), ALICE, permission).notes) == notes


def test_a_yes_is_told_in_sentences_and_as_a_tree() -> None:
    told = why(shop_view(), BOB, Permission("get", "", "pods"), "dev")
    (said,) = told.sentences
    assert said.startswith(
        "User:u-bob (Bob) is bound by RoleBinding dev/grantors in namespace dev, to ClusterRole grantor"
    )
    assert said.endswith("which allows get on pods in core.")
    assert tree(told.answer.chains[0])[1] == "   └─ is bound by RoleBinding dev/grantors in namespace dev"
    assert sentence(told.answer.chains[0]) == told.sentences[0]


def test_a_no_says_what_is_missing_and_the_narrowest_template_first() -> None:
    told = why(shop_view(), ALICE, Permission("get", "", "pods"), "dev")
    assert told.missing == (
        "no binding that reaches the subject allows get pods in namespace dev",
        "roles that allow it: ClusterRole grantor",
    )
    assert [remedy.role_template for remedy in told.remedies] == ["pods"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "roles that allow it for certain names only: ClusterRole one"), ("x", "no role of this cluster allows it")],
)
def test_a_no_names_the_roles_that_allow_it_by_name(name: str, said: str) -> None:
    role = """
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: one}
rules: [{apiGroups: [""], resources: [configmaps], resourceNames: [web], verbs: [get]}]
"""
    cluster = view(estate(HARVESTER + role, RANCHER))
    assert why(cluster, ALICE, Permission("get", "", "configmaps", name), "dev").missing[1:] == (said,)


def test_remedies_know_what_stands_behind_an_external_template() -> None:
    assert [item.role_template for item in remedies(shop_view(), SECRETS, "dev")] == ["view"]
    assert remedies(shop_view(), SECRETS, "lab") == ()


def test_a_namespace_asked_for_by_name_is_also_the_namespace_of_the_request() -> None:
    more = """
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r, namespace: lab}, rules: [{apiGroups: [""], resources: [namespaces], verbs: [get]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b, namespace: lab}, roleRef: {kind: Role, name: r},
 subjects: [{kind: User, name: u-alice}]}
"""
    cluster = view(estate(more))
    assert ask(cluster, ALICE, Permission("get", "", "namespaces", "lab")).allowed
    assert not ask(cluster, ALICE, Permission("get", "", "namespaces", "dev")).allowed
    assert not ask(cluster, ALICE, Permission("list", "", "namespaces")).allowed


@pytest.mark.parametrize(
    ("namespace", "note"),
    [
        ("lab", []),
        ("", []),
        ("labs", ["there is no namespace labs on harvester; did you mean lab"]),
        ("zzz", ["there is no namespace zzz on harvester"]),
        ("away", []),
    ],
)
def test_a_namespace_that_is_not_there_is_told(namespace: str, note: list[str]) -> None:
    cluster = view(estate(HARVESTER, RANCHER, unread_namespaces=["away"]))
    notes = ask(cluster, CI, Permission("delete", "", "secrets"), namespace).notes
    assert [line for line in notes if "not read" not in line] == note


def test_no_namespace_is_missed_where_they_were_not_read() -> None:
    cluster = view(
        estate("{apiVersion: v1, kind: ServiceAccount, metadata: {name: ci, namespace: dev}}", unread=(Namespace,))
    )
    assert ask(cluster, CI, SECRETS, "zzz").notes == ()


def test_kinds_that_were_not_read_are_named_in_every_answer() -> None:
    cluster = view(
        estate("{apiVersion: v1, kind: Namespace, metadata: {name: lab}}", unread=(Role, ClusterRoleBinding))
    )
    assert ask(cluster, ALICE, SECRETS, "lab").notes == (
        "not read from harvester: Role, ClusterRoleBinding; what that grants is not in this answer",
    )
    assert ask(shop_view(), ALICE, SECRETS, "lab").notes == ()


def test_a_chain_of_system_masters_names_who_is_meant() -> None:
    (chain,) = ask(shop_view(), Subject(kind="Group", name="system:masters"), SECRETS, "dev").chains
    assert [link.text for link in chain] == ["Group:system:masters may do everything, without any binding"]
