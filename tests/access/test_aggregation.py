"""Aggregated ClusterRoles: members, union, provenance, drift (clusterroleaggregation_controller.go)."""

import pytest

from rbac_audit.access import Aggregation
from rbac_audit.snapshot.objects import PolicyRule
from tests.access.manifests import Manifest, authorizer_of, cluster_role
from tests.access.worlds import typed


def read(resource: str) -> Manifest:
    return {"verbs": ["get"], "apiGroups": [""], "resources": [resource]}


A, B, C, D = map(read, "abcd")


def to(*names: str) -> dict[str, str]:
    """The labels that put a role into others."""
    return {f"to-{name}": "true" for name in names}


def parts(name: str) -> Manifest:
    """The selector of the roles that are put into one."""
    return {"matchLabels": {f"to-{name}": "true"}}


def summed(name: str, *stored: Manifest, into: tuple[str, ...] = ()) -> Manifest:
    """An aggregated role that selects its parts by its own name."""
    return cluster_role(name, *stored, labels=to(*into), selectors=[parts(name)])


def part(name: str, *rules: Manifest, into: tuple[str, ...] = ()) -> Manifest:
    return cluster_role(name, *rules, labels=to(*into))


def aggregation_of(*roles: Manifest) -> Aggregation:
    return authorizer_of(*roles).aggregation


def rules_of(*rules: Manifest) -> tuple[PolicyRule, ...]:
    return tuple(map(typed, rules))


def test_members_are_named_selector_by_selector_each_once() -> None:
    aggregation = aggregation_of(
        cluster_role("all", selectors=[parts("z"), parts("a"), {"matchLabels": {"to-z": "true"}}]),
        part("one", A, into=("a", "z")),
        part("two", B, into=("a",)),
        part("three", C, into=("z",)),
        part("four", D),
    )
    assert aggregation.members("all") == ("one", "three", "two")
    assert aggregation.resolved("all") == aggregation.effective("all") == rules_of(A, C, B)
    assert aggregation.names == ("all",)


def test_an_ordinary_role_has_no_members_and_its_own_rules() -> None:
    aggregation = aggregation_of(part("plain", A, A, B))
    assert aggregation.names == aggregation.members("plain") == ()
    assert aggregation.resolved("plain") == ()
    assert aggregation.effective("plain") == rules_of(A, A, B)


def test_a_role_that_is_not_there_has_nothing() -> None:
    aggregation = aggregation_of(part("plain", A))
    assert aggregation.members("gone") == aggregation.source("gone", typed(A)) == ()
    assert aggregation.resolved("gone") == aggregation.effective("gone") == ()


def test_the_union_takes_every_rule_once_and_merges_none() -> None:
    twin = {**A, "resourceNames": []}
    other_order = {**A, "verbs": ["get", "list"]}, {**A, "verbs": ["list", "get"]}
    aggregation = aggregation_of(
        summed("all"),
        part("one", A, A, other_order[0], into=("all",)),
        part("two", twin, other_order[1], into=("all",)),
    )
    assert aggregation.effective("all") == rules_of(A, *other_order)


def test_a_role_that_selects_itself_gains_nothing_by_it() -> None:
    aggregation = aggregation_of(cluster_role("all", A, selectors=[{}]), part("one", B))
    assert aggregation.members("all") == ("one",)
    assert aggregation.resolved("all") == rules_of(B)
    assert aggregation.effective("all") == rules_of(A)
    assert aggregation.source("all", typed(A)) == ()


def test_an_empty_selector_takes_every_other_role() -> None:
    aggregation = aggregation_of(cluster_role("m", selectors=[{}]), part("z", A), part("b", B), summed("n"))
    assert aggregation.members("m") == ("b", "n", "z")


def test_aggregation_goes_through_levels() -> None:
    aggregation = aggregation_of(
        summed("admin"), summed("edit", into=("admin",)), summed("view", into=("edit",)), part("x", A, into=("view",))
    )
    assert [aggregation.effective(name) for name in ("admin", "edit", "view")] == [rules_of(A)] * 3
    assert aggregation.names == ("admin", "edit", "view")


def test_circles_come_to_an_end() -> None:
    aggregation = aggregation_of(
        summed("one", into=("two",)),
        summed("two", into=("one", "three")),
        summed("three", into=("one",)),
        part("x", A, into=("one",)),
        part("y", B, into=("three",)),
    )
    for name in ("one", "two", "three"):
        assert set(aggregation.effective(name)) == set(rules_of(A, B))


def test_a_circle_that_the_controller_reorders_for_ever_comes_to_an_end() -> None:
    aggregation = aggregation_of(
        *(summed(name, into=(into,)) for name, into in [("a1", "a3"), ("a2", "a1"), ("a3", "a2")]),
        *(part(f"z{number}", rule, into=(f"a{number}",)) for number, rule in [(1, A), (2, B), (3, C)]),
    )
    for name in ("a1", "a2", "a3"):
        assert set(aggregation.effective(name)) == set(rules_of(A, B, C))


def test_stored_rules_win_over_the_union() -> None:
    aggregation = aggregation_of(
        summed("top"), summed("mid", A, into=("top",)), part("x", B, into=("mid",)), part("y", C, into=("top",))
    )
    assert aggregation.effective("mid") == rules_of(A)
    assert aggregation.resolved("mid") == rules_of(B)
    assert aggregation.effective("top") == aggregation.resolved("top") == rules_of(A, C)


def test_the_order_is_that_of_the_controller_at_rest() -> None:
    # `top` sees B of `y` before `mid` has it: rules that arrive late must still end in their place.
    aggregation = aggregation_of(
        summed("top"),
        summed("mid", into=("top",)),
        summed("sub", into=("mid",)),
        part("w", A, into=("mid",)),
        part("x", B, into=("sub",)),
        part("y", B, into=("top",)),
    )
    assert aggregation.effective("mid") == rules_of(B, A)
    assert aggregation.effective("top") == aggregation.resolved("top") == rules_of(B, A)


class TestSource:
    ESTATE = (
        summed("admin", A, B, C, D),
        summed("edit", A, B, C, into=("admin",)),
        summed("view", A, into=("edit",)),
        part("x", A, into=("view",)),
        part("y", B, into=("edit",)),
        part("z", A, B, into=("other",)),
    )

    @pytest.mark.parametrize(
        ("name", "rule", "trail"),
        [
            ("view", A, ("x",)),
            ("edit", A, ("view", "x")),
            ("admin", A, ("edit", "view", "x")),
            ("admin", B, ("edit", "y")),
            # `edit` alone stores C: written by hand there, or left of a role that is gone.
            ("admin", C, ("edit",)),
            ("edit", C, ()),
            ("admin", D, ()),
            ("x", A, ()),
            ("gone", A, ()),
        ],
    )
    def test_it_names_every_role_on_the_way(self, name: str, rule: Manifest, trail: tuple[str, ...]) -> None:
        assert aggregation_of(*self.ESTATE).source(name, typed(rule)) == trail

    def test_it_needs_no_stored_rules(self) -> None:
        roles = summed("admin"), summed("edit", into=("admin",)), part("x", A, into=("edit",))
        assert aggregation_of(*roles).source("admin", typed(A)) == ("edit", "x")

    def test_the_shortest_way_is_told(self) -> None:
        roles = summed("admin"), summed("edit", into=("admin",)), part("x", A, into=("edit", "admin"))
        assert aggregation_of(*roles).source("admin", typed(A)) == ("x",)

    def test_the_first_name_is_told_of_several(self) -> None:
        roles = summed("all"), *(part(name, A, into=("all",)) for name in ("y", "x", "z"))
        assert aggregation_of(*roles).source("all", typed(A)) == ("x",)

    def test_it_finds_its_way_out_of_a_circle(self) -> None:
        roles = (
            summed("one", into=("two", "one")),
            summed("two", into=("one",)),
            part("x", A, into=("two",)),
        )
        aggregation = aggregation_of(*roles)
        assert aggregation.source("one", typed(A)) == ("two", "x")
        assert aggregation.source("two", typed(A)) == ("x",)
        assert aggregation.source("one", typed(B)) == ()

    def test_it_does_not_go_round_in_a_circle_of_others(self) -> None:
        roles = summed("top"), summed("one", into=("top", "two")), summed("two", into=("one",))
        assert aggregation_of(*roles, part("x", A, into=("two",))).source("top", typed(B)) == ()

    def test_nobody_in_a_circle_is_the_source_of_what_all_keep_alive(self) -> None:
        roles = summed("one", A, into=("two",)), summed("two", A, into=("one",))
        assert aggregation_of(*roles).source("one", typed(A)) == ()


@pytest.mark.parametrize(
    ("stored", "drift"),
    [
        ((), ((), (B, C))),
        ((B, C), ((), ())),
        ((C, B), ((), ())),
        ((A, B, C, D), ((A, D), ())),
        ((D, C, A), ((D, A), (B,))),
        (({**B, "verbs": ["get", "list"]}, C), (({**B, "verbs": ["get", "list"]},), (B,))),
    ],
)
def test_drift_tells_what_is_too_much_and_what_is_missing(
    stored: tuple[Manifest, ...], drift: tuple[tuple[Manifest, ...], tuple[Manifest, ...]]
) -> None:
    aggregation = aggregation_of(summed("all", *stored), part("x", B, into=("all",)), part("y", C, into=("all",)))
    assert aggregation.drift("all") == (rules_of(*drift[0]), rules_of(*drift[1]))
