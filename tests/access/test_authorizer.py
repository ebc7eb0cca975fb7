"""Decisions of a cluster, as plugin/pkg/auth/authorizer/rbac and pkg/registry/rbac/validation/rule.go make them."""

from collections.abc import Iterable

import pytest

from rbac_audit.access import Authorizer, Identity, Permission, covers
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.permission import EVERY_RIGHT
from tests.access.manifests import (
    READ_METRICS,
    READ_PODS,
    Manifest,
    authorizer_of,
    cluster_role,
    cluster_role_binding,
    group,
    role,
    role_binding,
    user,
)
from tests.access.worlds import typed

GET_PODS = Permission("get", resource="pods")
LIST_PODS = Permission("list", resource="pods")
METRICS = Permission("get", path="/metrics")
ALICE = Identity("alice", ("devs", "system:authenticated"))
READER = cluster_role("reader", READ_PODS)
BOT = Identity.of_account("team-a", "bot")
PLACES = ("", "team-a", "team-b")


def places(access: Authorizer, who: Identity, permission: Permission = GET_PODS) -> list[str]:
    """Where a request is allowed: "" is cluster-scoped and all namespaces."""
    return [place for place in PLACES if access.allowed(who, permission, place)]


BINDINGS: list[tuple[str, list[Manifest], list[str]]] = [
    ("nothing at all", [], []),
    ("a ClusterRoleBinding", [cluster_role_binding("b", "ClusterRole/reader", user("alice"))], list(PLACES)),
    ("a RoleBinding", [role_binding("team-a/b", "ClusterRole/reader", user("alice"))], ["team-a"]),
    ("a RoleBinding to a Role", [role_binding("team-a/b", "Role/own", user("alice"))], ["team-a"]),
    ("a Role of another namespace", [role_binding("team-b/b", "Role/own", user("alice"))], []),
    ("a Role where a ClusterRole has the name", [role_binding("team-a/b", "Role/reader", user("alice"))], []),
    ("a ClusterRole where a Role has the name", [role_binding("team-a/b", "ClusterRole/own", user("alice"))], []),
    ("a ClusterRoleBinding to a Role", [cluster_role_binding("b", "Role/own", user("alice"))], []),
    ("a ClusterRoleBinding to a Role named as", [cluster_role_binding("b", "Role/reader", user("alice"))], []),
    ("a role that is not there", [role_binding("team-a/b", "ClusterRole/gone", user("alice"))], []),
    ("a role that is nowhere", [cluster_role_binding("b", "ClusterRole/gone", user("alice"))], []),
    ("a Role that is not there", [role_binding("team-a/b", "Role/gone", user("alice"))], []),
    ("an unknown kind", [role_binding("team-a/b", "clusterrole/reader", user("alice"))], []),
    ("an unknown kind, cluster-wide", [cluster_role_binding("b", "clusterrole/reader", user("alice"))], []),
    ("no kind", [role_binding("team-a/b", "/reader", user("alice"))], []),
    ("a role without rules", [role_binding("team-a/b", "ClusterRole/none", user("alice"))], []),
    ("no subjects", [cluster_role_binding("b", "ClusterRole/reader")], []),
    # The API server lists RoleBindings of the request's namespace, so one that is in none is never seen.
    ("a RoleBinding in no namespace", [role_binding("/b", "ClusterRole/reader", user("alice"))], []),
    (
        "two RoleBindings",
        [role_binding(f"{place}/b", "ClusterRole/reader", user("alice")) for place in PLACES[1:]],
        list(PLACES[1:]),
    ),
    (
        "one of several bindings",
        [
            role_binding("team-a/a", "ClusterRole/none", user("alice")),
            role_binding("team-a/b", "Role/gone", user("alice")),
            role_binding("team-a/c", "ClusterRole/reader", user("bob"), group("devs")),
        ],
        ["team-a"],
    ),
]


@pytest.mark.parametrize(
    ("bindings", "expected"), [row[1:] for row in BINDINGS], ids=[row[0].replace(" ", "-") for row in BINDINGS]
)
def test_a_binding_reaches(bindings: list[Manifest], expected: list[str]) -> None:
    access = authorizer_of(READER, cluster_role("none"), role("team-a/own", READ_PODS), *bindings)
    assert places(access, ALICE) == expected
    assert places(access, ALICE, LIST_PODS) == []
    assert places(access, Identity("bob"), LIST_PODS) == []


def test_a_role_in_no_namespace_hides_no_cluster_role() -> None:
    access = authorizer_of(READER, role("/reader"), cluster_role_binding("b", "ClusterRole/reader", user("alice")))
    assert places(access, ALICE) == list(PLACES)
    assert [grant.binding for grant in access.holders(GET_PODS) if grant.binding] == list(access.bindings)
    assert access.roles["", "reader"].kind == "ClusterRole"


@pytest.mark.parametrize(
    ("binding", "expected"),
    [
        (cluster_role_binding("b", "ClusterRole/metrics", user("alice")), True),
        (role_binding("team-a/b", "ClusterRole/metrics", user("alice")), False),
        (role_binding("team-a/b", "Role/metrics", user("alice")), False),
    ],
)
def test_a_url_is_granted_by_cluster_role_bindings_only(binding: Manifest, expected: bool) -> None:
    access = authorizer_of(cluster_role("metrics", READ_METRICS), role("team-a/metrics", READ_METRICS), binding)
    assert places(access, ALICE, METRICS) == (list(PLACES) if expected else [])
    assert len(names(access.holders(METRICS))) == expected


def test_masters_may_everything_without_a_binding() -> None:
    access, who = authorizer_of(READER), Identity("root", ("system:masters",))
    assert places(access, who) == places(access, who, METRICS) == list(PLACES)
    assert [(grant.binding, grant.rule) for grant in access.grants(who, GET_PODS, "team-a")] == [(None, None)]
    assert covers(access.rules_for(who, "team-a"), [typed(READ_PODS), typed(READ_METRICS)])
    assert covers(access.rules_for(who), EVERY_RIGHT)
    assert not access.allowed(Identity("system:masters"), GET_PODS)
    assert not access.allowed(Identity("root", ("System:masters",)), GET_PODS)


def test_masters_also_see_their_bindings() -> None:
    access = authorizer_of(READER, cluster_role_binding("b", "ClusterRole/reader", group("system:masters")))
    found = access.grants(Identity("root", ("system:masters",)), GET_PODS)
    assert [grant.binding and grant.binding.name for grant in found] == [None, "b"]


ESTATE = (
    READER,
    cluster_role("lister", {**READ_PODS, "verbs": ["list"]}, {**READ_PODS, "verbs": ["*"]}, READ_PODS),
    cluster_role("named", {**READ_PODS, "resourceNames": ["web"]}),
    role("team-a/own", READ_PODS),
    role("team-b/own", READ_PODS),
    cluster_role_binding("wide", "ClusterRole/lister", group("devs"), user("alice"), group("system:authenticated")),
    cluster_role_binding("wide-named", "ClusterRole/named", user("alice")),
    role_binding("team-a/first", "Role/own", user("alice"), user("alice")),
    role_binding("team-a/second", "ClusterRole/reader", group("devs")),
    role_binding("team-b/first", "Role/own", user("bob")),
)


def names(found: Iterable[Grant]) -> list[str]:
    return [f"{grant.binding.namespace}/{grant.binding.name}" for grant in found if grant.binding]


def test_grants_tell_every_binding_once_and_the_first_rule_that_allows() -> None:
    access = authorizer_of(*ESTATE)
    found = list(access.grants(ALICE, GET_PODS, "team-a"))
    assert names(found) == ["/wide", "team-a/first", "team-a/second"]
    assert [grant.rule for grant in found] == [typed({**READ_PODS, "verbs": ["*"]}), *[typed(READ_PODS)] * 2]
    assert names(access.grants(ALICE, GET_PODS)) == ["/wide"]
    assert names(access.grants(ALICE, GET_PODS, "team-b")) == ["/wide"]
    web = Permission("get", resource="pods", name="web")
    assert names(access.grants(ALICE, web)) == ["/wide", "/wide-named"]


def test_bindings_for_somebody_start_with_the_cluster_wide_ones() -> None:
    access = authorizer_of(*ESTATE)
    reached = [binding.name for binding in access.bindings_for(ALICE, "team-a")]
    assert reached == ["wide", "wide-named", "first", "second"]
    assert [binding.name for binding in access.bindings_for(ALICE)] == ["wide", "wide-named"]
    assert [binding.name for binding in access.bindings_for(Identity("bob"), "team-b")] == ["first"]
    assert list(access.bindings_for(Identity("eve"), "team-b")) == []


def test_holders_tell_every_binding_of_every_role_that_allows() -> None:
    access = authorizer_of(*ESTATE)
    assert sorted(names(access.holders(GET_PODS))) == ["/wide", "team-a/first", "team-a/second", "team-b/first"]
    assert names(access.holders(LIST_PODS)) == ["/wide"]
    assert [grant.rule for grant in access.holders(LIST_PODS) if grant.binding] == [
        typed({**READ_PODS, "verbs": ["list"]})
    ]


def test_masters_are_holders_of_everything() -> None:
    access = authorizer_of(*ESTATE)
    for permission in (GET_PODS, METRICS, Permission("get", resource="secrets")):
        first, *rest = access.holders(permission)
        assert (first.binding, first.rule) == (None, None)
        assert all(grant.binding for grant in rest)


def test_allowing_tells_the_roles_and_the_rule_of_each() -> None:
    access = authorizer_of(*ESTATE)
    reads, any_verb = typed(READ_PODS), typed({**READ_PODS, "verbs": ["*"]})
    expected = {("", "lister"): any_verb, ("", "reader"): reads, ("team-a", "own"): reads, ("team-b", "own"): reads}
    assert access.allowing(GET_PODS) == expected
    assert access.allowing(GET_PODS) is access.allowing(Permission("get", resource="pods"))
    assert access.allowing(Permission("put", resource="pods")).keys() == {("", "lister")}
    assert access.first_allowing(("", "lister"), GET_PODS) == any_verb
    assert access.first_allowing(("", "named"), GET_PODS) is None
    assert access.first_allowing(("", "gone"), GET_PODS) is None


def test_rules_for_somebody_are_listed_once() -> None:
    access = authorizer_of(*ESTATE)
    listing, anything = typed({**READ_PODS, "verbs": ["list"]}), typed({**READ_PODS, "verbs": ["*"]})
    named = typed({**READ_PODS, "resourceNames": ["web"]})
    assert access.rules_for(ALICE, "team-a") == (listing, anything, typed(READ_PODS), named)
    assert access.rules_for(Identity("bob"), "team-b") == (typed(READ_PODS),)
    assert access.rules_for(Identity("bob")) == ()


@pytest.mark.parametrize(
    ("key", "count"),
    [
        (("", "reader"), 1),
        (("", "lister"), 3),
        (("team-a", "own"), 1),
        (("team-a", "reader"), 0),
        (("team-c", "own"), 0),
        (("", "own"), 0),
        (("", ""), 0),
    ],
)
def test_rules_of_a_role(key: tuple[str, str], count: int) -> None:
    assert len(authorizer_of(*ESTATE).rules(key)) == count


def test_values_do_not_change() -> None:
    access = authorizer_of(*ESTATE)
    for value, field in [
        (ALICE, "user"),
        (GET_PODS, "verb"),
        (Grant(None, None), "rule"),
        (access.bindings[0], "role"),
    ]:
        with pytest.raises(AttributeError):
            setattr(value, field, "")


def test_an_aggregated_role_grants_what_its_members_have() -> None:
    access = authorizer_of(
        cluster_role("view", selectors=[{"matchLabels": {"to-view": "true"}}]),
        cluster_role("part", READ_PODS, labels={"to-view": "true"}),
        role_binding("team-a/b", "ClusterRole/view", user("alice")),
    )
    assert places(access, ALICE) == ["team-a"]
    assert access.allowing(GET_PODS).keys() == {("", "view"), ("", "part")}
    assert [grant.rule for grant in access.grants(ALICE, GET_PODS, "team-a")] == [typed(READ_PODS)]
