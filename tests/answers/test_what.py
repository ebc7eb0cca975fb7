"""What somebody can do, compacted without changing it."""

from hypothesis import given
from hypothesis import strategies as st

from rbac_audit.access import covers
from rbac_audit.access.permission import EVERY_RIGHT
from rbac_audit.answers.what import compact, is_void, what_can
from rbac_audit.snapshot.objects import PolicyRule, Subject
from tests.answers.shop import HARVESTER, MORE, RANCHER, shop_view
from tests.rules.estate import estate, view

words = st.lists(st.sampled_from(["a", "b", "*"]), min_size=1, max_size=3).map(tuple)
names = st.lists(st.sampled_from(["x", "y"]), max_size=2).map(tuple)
urls = st.lists(st.sampled_from(["/m", "/n*"]), min_size=1, max_size=2).map(tuple)
# The API server refuses rules that have both resources and URLs.
rules = st.builds(PolicyRule, verbs=words, api_groups=words, resources=words, resource_names=names) | st.builds(
    PolicyRule, verbs=words, non_resource_urls=urls
)


@given(st.lists(rules, max_size=5))
def test_compacting_keeps_every_right_and_adds_none(given_rules: list[PolicyRule]) -> None:
    short = compact(given_rules)
    assert covers(given_rules, short)
    assert covers(short, given_rules)


def test_rules_join_by_verbs_then_by_resources() -> None:
    one = PolicyRule(verbs=("get",), api_groups=("",), resources=("pods", "secrets"))
    other = PolicyRule(verbs=("list", "get"), api_groups=("",), resources=("secrets", "pods"))
    assert compact([one, other]) == (
        PolicyRule(verbs=("get", "list"), api_groups=("",), resources=("pods", "secrets")),
    )


def test_places_with_group_template_and_void_rules() -> None:
    (place,) = what_can(shop_view(), Subject(kind="User", name="u-alice"))
    assert (place.namespace, place.project, place.project_name) == ("dev", "c-m-abcd1234:p-shop", "shop")
    (held,) = place.held
    assert (held.through, held.role_template, held.role) == ("Group:github_team://7", "view", "ClusterRole view")
    assert held.void == (
        PolicyRule(verbs=("get",), non_resource_urls=("/metrics",)),
        PolicyRule(verbs=("get", "list"), api_groups=("",), resources=("nodes",)),
    )
    assert place.rules == (PolicyRule(verbs=("get", "list"), api_groups=("",), resources=("secrets",)),)


def test_the_whole_cluster_comes_first() -> None:
    places = what_can(shop_view(), Subject(kind="ServiceAccount", name="ci", namespace="dev"))
    assert [place.namespace for place in places] == ["", "dev"]
    assert not places[0].held[0].void


def test_void_in_a_namespace() -> None:
    def rule(group: str, resource: str) -> PolicyRule:
        return PolicyRule(verbs=("get",), api_groups=(group,), resources=(resource,))

    assert is_void(rule("", "nodes"))
    # A request for a Namespace carries its own name as its namespace, but one for all of them carries none.
    assert not is_void(rule("", "namespaces"))
    assert is_void(PolicyRule(verbs=("list", "create"), api_groups=("",), resources=("namespaces",)))
    assert is_void(rule("network.harvesterhci.io", "clusternetworks/status"))
    assert not is_void(rule("", "pods"))
    assert not is_void(rule("unknown.example.com", "things"))
    assert not is_void(PolicyRule(verbs=("get",), api_groups=("",), resources=("nodes", "pods")))
    assert is_void(PolicyRule(verbs=("get",), non_resource_urls=("/x",)))


def test_system_masters_can_do_everything_without_a_binding() -> None:
    place, *_ = what_can(shop_view(), Subject(kind="Group", name="system:masters"))
    assert (place.namespace, set(place.rules)) == ("", set(EVERY_RIGHT))
    assert (place.held[0].binding, place.held[0].through) == (None, "Group:system:masters")


def test_system_masters_hold_by_bindings_what_these_give() -> None:
    more = MORE.replace("kind: User, name: u-alice", "kind: Group, name: 'system:masters'")
    everywhere, prod = what_can(
        view(estate(f"{HARVESTER}---{more}", RANCHER)), Subject(kind="Group", name="system:masters")
    )
    assert (everywhere.namespace, len(everywhere.held)) == ("", 1)
    assert (prod.namespace, [held.role for held in prod.held]) == ("prod", ["ClusterRole grantor"])
