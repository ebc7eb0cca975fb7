"""Aggregated ClusterRoles hold what the aggregation controller of a real cluster writes into them."""

import random
from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import strategies as st

from rbac_audit.access import Aggregation
from rbac_audit.snapshot.objects import ClusterRole, PolicyRule
from tests.access import worlds
from tests.access.manifests import Manifest, cluster_role
from tests.access.worlds import World, typed
from tests.controlplane import settle
from tests.controlplane.api import ApiError
from tests.differential import drawing
from tests.differential.conftest import Count
from tests.differential.shrinking import shrink_world
from tests.differential.stage import RBAC, Stage
from tests.differential.writing import written

pytestmark = pytest.mark.no_cover

WORLDS = 15
Rules = Mapping[str, Sequence[PolicyRule]]


@st.composite
def _layered(draw: st.DrawFn) -> World:
    """Roles that select the layers below theirs by labels: deep, and with the same rule on many ways."""
    made = []
    for layer in range(draw(st.integers(2, 5))):
        for number in range(draw(st.integers(1, 3))):
            labels = {f"layer-{layer}": "true", "tier": draw(st.sampled_from(["", "true", "false"]))}
            rules = draw(worlds.rule_lists(storable=True)) if layer == 0 else []
            chosen = draw(st.lists(_below(layer), min_size=1, max_size=3)) if layer else None
            made.append(
                cluster_role(
                    f"{draw(st.sampled_from('abc'))}-{layer}-{number}", *rules, labels=labels, selectors=chosen
                )
            )
    return World(tuple(made))


def _below(layer: int) -> st.SearchStrategy[Manifest]:
    keys = st.sampled_from([f"layer-{lower}" for lower in range(layer)])
    tier = st.sampled_from([["true"], ["", "false"], ["true", "false"]])
    return st.one_of(
        keys.map(lambda key: {"matchLabels": {key: "true"}}),
        keys.map(lambda key: {"matchExpressions": [{"key": key, "operator": "Exists"}]}),
        st.builds(
            lambda key, operator, values: {
                "matchLabels": {key: "true"},
                "matchExpressions": [{"key": "tier", "operator": operator, "values": values}],
            },
            keys,
            st.sampled_from(["In", "NotIn"]),
            tier,
        ),
    )


def resolved(world: World) -> Rules:
    """What we say that the controller writes."""
    aggregation = Aggregation(world.cluster.of(ClusterRole))
    return {name: aggregation.resolved(name) for name in aggregation.names}


def written_by_controller(stage: Stage) -> Rules:
    """What it wrote."""
    roles = [role for role in stage.held().cluster_roles if "aggregationRule" in role]
    return {role["metadata"]["name"]: tuple(map(typed, role["rules"])) for role in roles}


def differing(world: World, theirs: Rules) -> list[str]:
    """The roles whose rules differ; where roles select each other in a circle, the controller's order has no end."""
    ours, circle = resolved(world), set(_in_circles(world))
    return [
        name
        for name in sorted(ours)
        if (set(ours[name]) != set(theirs[name]) if name in circle else ours[name] != theirs[name])
    ]


def _in_circles(world: World) -> Iterator[str]:
    """The roles that select themselves, by way of others."""
    aggregation = Aggregation(world.cluster.of(ClusterRole))
    below = {name: set(aggregation.members(name)) for name in aggregation.names}
    for _ in below:
        below = {name: found.union(*(below.get(other, ()) for other in found)) for name, found in below.items()}
    circles = {name for name, found in below.items() if name in found}
    yield from (name for name, found in below.items() if name in circles or found & circles)


def must_agree(stage: Stage, world: World, where: str) -> int:
    """Compare one world; return how many roles that were."""

    def differs(world: World) -> bool:
        try:
            stage.load(world)
        except ApiError:
            return False
        return bool(differing(world, written_by_controller(stage)))

    if differs(world):
        world = shrink_world(world, differs)
        stage.load(world)
        said = "".join(f"    {written(item)},\n" for item in world.manifests)
        pytest.fail(f"{where}: ours {resolved(world)}, theirs {written_by_controller(stage)} for\n{said}")
    return len(resolved(world))


@pytest.mark.parametrize("part", range(2))
def test_random_roles(stage: Stage, seed: int, part: int, count: Count) -> None:
    chance = random.Random(f"{seed}/aggregation/{part}")
    tangled = drawing.draw_worlds(WORLDS, chance.getrandbits(32))
    layered = drawing.draw(_layered(), WORLDS, chance.getrandbits(32))
    drawn = [World(tuple(world.cluster_roles)) for world in (*tangled, *layered)]
    count("aggregated roles", sum(must_agree(stage, world, f"seed {seed}, part {part}") for world in drawn))


PODS = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
SECRETS = {**PODS, "resources": ["secrets"]}
NODES = {**PODS, "resources": ["nodes"]}
TABLE: list[tuple[str, list[Manifest], list[Manifest]]] = [
    (
        "selectors in their order, members by name, each rule once",
        [
            cluster_role("b", PODS, labels={"x": "true"}),
            cluster_role("a", SECRETS, PODS, labels={"x": "true"}),
            cluster_role("c", NODES, labels={"y": "true"}),
            cluster_role("whole", selectors=[{"matchLabels": {"y": "true"}}, {"matchLabels": {"x": "true"}}]),
        ],
        [NODES, SECRETS, PODS],
    ),
    (
        "not itself",
        [cluster_role("whole", labels={"x": "true"}, selectors=[{"matchLabels": {"x": "true"}}])],
        [],
    ),
    (
        "an empty list of names is none",
        [
            cluster_role("a", PODS, labels={"x": "true"}),
            cluster_role("b", {**PODS, "resourceNames": []}, labels={"x": "true"}),
            cluster_role("whole", selectors=[{"matchLabels": {"x": "true"}}]),
        ],
        [PODS],
    ),
    (
        "the same words in another order are another rule",
        [
            cluster_role("a", {**PODS, "verbs": ["get", "list"]}, {**PODS, "verbs": ["list", "get"]}),
            cluster_role("whole", selectors=[{}]),
        ],
        [{**PODS, "verbs": ["get", "list"]}, {**PODS, "verbs": ["list", "get"]}],
    ),
    (
        "a label with a prefix, and one that is there without a value",
        [
            cluster_role("a", PODS, labels={"rbac.example.com/to-view": ""}),
            cluster_role("b", NODES, labels={"to-view": ""}),
            cluster_role(
                "whole", selectors=[{"matchExpressions": [{"key": "rbac.example.com/to-view", "operator": "Exists"}]}]
            ),
        ],
        [PODS],
    ),
    (
        "what was stored goes",
        [
            cluster_role("a", PODS, labels={"x": "true"}),
            cluster_role("whole", SECRETS, selectors=[{"matchLabels": {"x": "true"}}]),
        ],
        [PODS],
    ),
]


@pytest.mark.parametrize(
    ("roles", "rules"), [row[1:] for row in TABLE], ids=[row[0].replace(" ", "-") for row in TABLE]
)
def test_a_case_of_the_table(stage: Stage, roles: list[Manifest], rules: list[Manifest], count: Count) -> None:
    world = World(tuple(roles))
    stage.load(world)
    count("aggregated roles", 1)
    expected = tuple(map(typed, rules))
    assert written_by_controller(stage) == {"whole": expected}
    assert resolved(world) == {"whole": expected}


def test_stored_rules_stay_where_nothing_is_selected(stage: Stage) -> None:
    """The controller applies no rules then, and does not own those that somebody else stored: we keep them, too."""
    stage.load(World((cluster_role("part", PODS, labels={"x": "true"}),)))
    alone = cluster_role("alone", SECRETS, selectors=[{"matchLabels": {"x": "false"}}])
    stage.api.create(alone)
    stage.api.create(cluster_role("later", selectors=[{"matchLabels": {"x": "true"}}]))
    settle.wait("the controller to have seen both", lambda: _stored(stage, "later") == [PODS])
    assert _stored(stage, "alone") == [SECRETS]
    aggregation = Aggregation(World((alone,)).cluster.of(ClusterRole))
    assert aggregation.effective("alone") == (typed(SECRETS),)
    assert aggregation.drift("alone") == ((typed(SECRETS),), ())


def _stored(stage: Stage, name: str) -> list[Manifest] | None:
    rules: list[Manifest] | None = stage.api.get(RBAC, "ClusterRole", name).get("rules")
    return rules
