"""What makes an answer other than it looks."""

import pytest

from rbac_audit.access import Permission
from rbac_audit.answers.access import ask
from rbac_audit.answers.slips import inactive, misplaced, unlikely
from rbac_audit.audit.estate import View
from rbac_audit.snapshot.objects import ServiceAccount, Subject, User
from tests.answers.shop import HARVESTER, RANCHER, shop_view
from tests.rules.estate import estate, view

MORE = """
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: named}
rules:
- {apiGroups: [""], resources: [configmaps], resourceNames: [web, db], verbs: [get]}
- {apiGroups: [""], resources: [namespaces, nodes], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: named, namespace: prod}
roleRef: {kind: ClusterRole, name: named}
subjects: [{kind: User, name: u-bob}, {kind: User, name: bobby}]
"""
BOB = Subject(kind="User", name="u-bob")


def more() -> View:
    return view(estate(HARVESTER + MORE, RANCHER))


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("User:u-alice", []),
        ("User:u-bob", []),
        (
            "User:alice",
            [
                (
                    "no user of Rancher has that name, and no binding on harvester names User:alice; "
                    "did you mean User:u-alice (Alice Ng)"
                )
            ],
        ),
        (
            "User:ALICE NG",
            [
                (
                    "no user of Rancher has that name, and no binding on harvester names User:ALICE NG; "
                    "did you mean User:u-alice (Alice Ng)"
                )
            ],
        ),
        ("User:carol", ["no user of Rancher has that name, and no binding on harvester names User:carol"]),
        ("User:bobby", ["bobby is also the login or name of User:u-bob2 (Bob)"]),
        ("User:system:anonymous", []),
        ("Group:github_team://7", []),
        ("Group:system:masters", []),
        (
            "Group:Devs",
            [
                (
                    "no binding on harvester names Group:Devs, and nobody is known to be in it; "
                    "did you mean Group:github_team://7"
                )
            ],
        ),
        (
            "Group:system:serviceaccounts:devv",
            ["there is no namespace devv on harvester; did you mean dev"],
        ),
        ("ServiceAccount:dev/ci", []),
        ("User:system:serviceaccount:dev:ci", []),
        (
            "ServiceAccount:dev/cii",
            ["there is no ServiceAccount dev/cii on harvester; did you mean ServiceAccount:dev/ci"],
        ),
        (
            "User:system:serviceaccount:zoo:keeper",
            ["there is no ServiceAccount zoo/keeper on harvester"],
        ),
    ],
)
def test_a_subject_that_may_not_be_the_one_meant_is_told(subject: str, said: list[str]) -> None:
    kind, _, name = subject.partition(":")
    space, _, account = name.partition("/") if kind == "ServiceAccount" else ("", "", name)
    assert list(unlikely(more(), Subject(kind=kind, namespace=space, name=account))) == said


def test_nobody_is_missed_where_nothing_was_read_that_names_anybody() -> None:
    namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: dev}}"
    cluster = view(estate(namespace, unread=(ServiceAccount, User)))
    for subject in (BOB, Subject(kind="Group", name="x"), Subject(kind="ServiceAccount", namespace="a", name="b")):
        assert list(unlikely(cluster, subject)) == []


def test_who_cannot_log_in_is_told_with_a_yes() -> None:
    rancher = RANCHER.replace("username: bob}", "username: bob, enabled: false}")
    cluster = view(estate(HARVESTER, rancher.replace("name: u-alice}, d", 'name: u-alice, deletionTimestamp: "x"}, d')))
    answer = ask(cluster, BOB, Permission("get", "", "pods"), "dev")
    assert (answer.allowed, answer.notes) == (True, ("disabled in Rancher, which refuses their requests: User:u-bob",))
    assert list(inactive(cluster.people.all)) == [
        "disabled in Rancher, which refuses their requests: User:u-bob",
        "being deleted in Rancher, and their bindings with them: User:u-alice",
    ]


@pytest.mark.parametrize(
    ("permission", "namespace", "said"),
    [
        (Permission("get", "", "pods"), "dev", []),
        (
            Permission("get", "", "pods"),
            "",
            ["that is the answer for the whole cluster; it is allowed in these namespaces: dev"],
        ),
        (Permission("get", "", "configmaps"), "prod", ["it is allowed for these names: db, web"]),
        (Permission("get", "", "configmaps"), "", ["it is allowed for these names: db, web"]),
        (Permission("get", "", "configmaps"), "dev", []),
        (Permission("get", "", "configmaps", "cache"), "prod", []),
        (Permission("get", "", "nodes"), "", []),
        (Permission("list", "", "namespaces"), "", []),
        (
            Permission("get", "", "configmaps", "web"),
            "",
            ["that is the answer for the whole cluster; it is allowed in these namespaces: prod"],
        ),
    ],
)
def test_a_no_says_where_it_would_be_a_yes(permission: Permission, namespace: str, said: list[str]) -> None:
    assert list(ask(more(), BOB, permission, namespace).notes) == said


def test_of_many_places_the_first_are_named() -> None:
    bindings = "".join(
        f"""
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: many, namespace: n{number}}}
roleRef: {{kind: ClusterRole, name: grantor}}
subjects: [{{kind: User, name: u-alice}}]
"""
        for number in range(7)
    )
    cluster = view(estate(HARVESTER + bindings, RANCHER))
    (said,) = ask(cluster, Subject(kind="User", name="u-alice"), Permission("get", "", "pods")).notes
    assert said.endswith("namespaces: n0, n1, n2, n3, n4 and 2 more")
    assert ask(shop_view(), BOB, Permission("get", path="/x")).notes == ()


DISCOVERY = """
---
apiVersion: apidiscovery.k8s.io/v2
kind: APIGroupDiscovery
metadata: {name: example.com}
versions: [{version: v1, resources: [{resource: gadgets, scope: Cluster}, {resource: parts, scope: Namespaced}]}]
"""


@pytest.mark.parametrize(
    ("permission", "namespace", "said"),
    [
        (
            Permission("get", "example.com", "gadgets"),
            "dev",
            ["harvester serves gadgets.example.com in no namespace: no request for it carries dev"],
        ),
        (Permission("get", "example.com", "gadgets"), "", []),
        (Permission("get", "example.com", "parts"), "dev", []),
        (Permission("get", "other.example.com", "gadgets"), "dev", []),
        (Permission("get", "", "pods"), "dev", []),
    ],
)
def test_a_kind_that_only_the_server_knows_to_be_in_no_namespace(
    permission: Permission, namespace: str, said: list[str]
) -> None:
    assert list(misplaced(view(estate(HARVESTER + DISCOVERY, RANCHER)), permission, [namespace])) == said


def test_requests_carry_local_groups_without_their_scheme() -> None:
    local = RANCHER.replace(
        "github: {Items: [", 'local: {Items: [{metadata: {name: "local://g-1"}}]}, github: {Items: ['
    )
    more = """
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: all}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: Group, name: "system:cattle:authenticated"}]
"""
    cluster = view(estate(HARVESTER + more, local))
    secrets = Permission("get", "", "secrets")
    answer = ask(cluster, Subject(kind="Group", name="g-1"), secrets)
    assert (answer.allowed, answer.notes) == (True, ())
    assert not ask(cluster, Subject(kind="Group", name="devs-of-none"), secrets).allowed
    (said,) = unlikely(cluster, Subject(kind="Group", name="local://g-1"))
    assert said.endswith("did you mean Group:g-1")
