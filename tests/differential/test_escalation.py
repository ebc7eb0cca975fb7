"""Who may hand out what: a limited user writes roles and bindings by dry-run, and we know what the server will say."""

import random
from collections.abc import Iterator

import pytest

from rbac_audit.access import Identity
from rbac_audit.answers.grant import can_grant
from rbac_audit.snapshot.decode import decode
from tests.access.manifests import (
    RBAC,
    Manifest,
    cluster_role,
    cluster_role_binding,
    group,
    role,
    role_binding,
    user,
)
from tests.access.worlds import World, typed
from tests.controlplane.api import ApiError
from tests.differential import drawing
from tests.differential.comparing import view_of
from tests.differential.conftest import Count
from tests.differential.grants_table import ALICE, PLURALS, PODS, SECRETS, SELECTORS, TABLE, VIEW, WRITE, Row
from tests.differential.refusals import Outcome, said_by, said_by_us
from tests.differential.shrinking import shrink_world
from tests.differential.stage import Stage
from tests.differential.writing import written

pytestmark = pytest.mark.no_cover

WORLDS = 12


def outcomes(stage: Stage, held: World, who: Identity, item: Manifest) -> tuple[Outcome, Outcome]:
    """What the server says about a write, which it does not do, and what we say."""
    return said_by(stage.try_to_write(item, who)), our_outcome(held, who, item)


def our_outcome(held: World, who: Identity, item: Manifest) -> Outcome:
    decoded = decode(item)
    assert decoded is not None
    return said_by_us(can_grant(view_of(held.cluster), who, decoded))


def grantor(chance: random.Random) -> Iterator[Manifest]:
    """What makes alice somebody who hands out rights, with holes in it."""
    rules = [{"apiGroups": [RBAC], "resources": chance.sample(PLURALS, 3), "verbs": ["create", "update"]}]
    for verb in ("bind", "escalate"):
        if chance.randrange(3) == 0:
            rule = {"apiGroups": [RBAC], "resources": chance.sample(PLURALS[:2], chance.randint(1, 2)), "verbs": [verb]}
            rules.append(rule | ({"resourceNames": ["view", "own"]} if chance.randrange(2) else {}))
    if chance.randrange(12) == 0:
        rules.append({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]})
        rules += [{"nonResourceURLs": ["*"], "verbs": ["*"]}] if chance.randrange(2) else []
    yield cluster_role("grantor", *rules)
    yield cluster_role_binding("grantor", "ClusterRole/grantor", user("alice"))
    held = chance.choice(["ClusterRole/view", "ClusterRole/own", "ClusterRole/all"])
    yield role_binding("team-a/held", held, chance.choice([user("alice"), group("devs")]))
    yield cluster_role_binding("held", held, chance.choice([user("bob"), group("system:authenticated")]))


EACH_ROW = pytest.mark.parametrize("row", TABLE, ids=[row.name.replace(" ", "-") for row in TABLE])


def _world(row: Row) -> World:
    holds = [cluster_role("grantor", *row.rules), cluster_role_binding("grantor", "ClusterRole/grantor", user("alice"))]
    return World((*holds, *row.there))


def _expected(row: Row) -> Outcome:
    return Outcome(row.said, frozenset(map(typed, row.missing)))


@EACH_ROW
def test_a_case_of_the_table(stage: Stage, row: Row, count: Count) -> None:
    stage.load(_world(row))
    count("writes of roles and bindings", 1)
    assert outcomes(stage, stage.held(), row.who, row.item) == (_expected(row), _expected(row))


@EACH_ROW
def test_a_case_of_the_table_without_a_server(row: Row) -> None:
    assert our_outcome(_world(row), row.who, row.item) == _expected(row)


def test_an_update_that_changes_nothing_needs_nothing(stage: Stage, count: Count) -> None:
    there = [VIEW, role("team-a/own", SECRETS), cluster_role("all", selectors=SELECTORS)]
    bindings = [
        role_binding("team-a/b", "ClusterRole/view", user("bob")),
        cluster_role_binding("b", "ClusterRole/view"),
    ]
    grantor = [cluster_role("grantor", WRITE), cluster_role_binding("grantor", "ClusterRole/grantor", user("alice"))]
    stage.load(World((*there, *bindings, *grantor)))
    held = stage.held()
    for item in held.manifests:
        collected = {**item, "metadata": {**item["metadata"], "finalizers": ["example.com/wait"]}}
        assert outcomes(stage, held, ALICE, item) == (Outcome("allowed"), Outcome("allowed"))
        assert outcomes(stage, held, ALICE, collected) == (Outcome("allowed"), Outcome("allowed"))
    count("writes of roles and bindings", 2 * len(held.manifests))


@pytest.mark.parametrize(
    ("verbs", "method"), [(["patch"], "PATCH"), (["patch"], "PUT"), (["update"], "PATCH"), (["update"], "PUT")]
)
@pytest.mark.parametrize("rule", [PODS, SECRETS], ids=["held", "not-held"])
def test_a_patch_is_checked_as_an_update_is(
    stage: Stage, verbs: list[str], method: str, rule: Manifest, count: Count
) -> None:
    """Where the verb is held, it ends as we say; where it is not, we name it as lacking."""
    may = [{"verbs": verbs, "apiGroups": [RBAC], "resources": ["roles"]}, PODS]
    grantor = [cluster_role("grantor", *may), cluster_role_binding("grantor", "ClusterRole/grantor", user("alice"))]
    stage.load(World((*grantor, role("team-a/own"))))
    held, item = stage.held(), role("team-a/own", rule)
    path = next(each for each in stage.api.objects(f"{RBAC}/v1", "Role") if each["metadata"]["name"].startswith("own"))
    resource = stage.api.discovery.find(f"{RBAC}/v1", "Role").path("team-a", path["metadata"]["name"])
    body = {**item, "metadata": path["metadata"]} if method == "PUT" else {"rules": item["rules"]}
    content = "application/merge-patch+json" if method == "PATCH" else "application/json"
    theirs = said_by(
        stage.api.acting_as("alice", ALICE.groups).request(method, f"{resource}?dryRun=All", body, content)
    )
    decoded = decode(item)
    assert decoded is not None
    answer = can_grant(view_of(held.cluster), ALICE, decoded)
    sent = {"PATCH": "patch", "PUT": "update"}[method]
    count("writes of roles and bindings", 1)
    assert (answer.verb == sent) is (sent in verbs)
    if answer.verb == sent:
        assert theirs == said_by_us(answer)
    else:
        assert (theirs.said, answer.lacks.partition(" ")[0]) == ("no write", sent)


def must_agree(stage: Stage, world: World, held: World, item: Manifest) -> None:
    """Fail with the smallest case of a disagreement, written as a row of the table."""
    theirs, ours = outcomes(stage, held, ALICE, item)
    if theirs == ours:
        return

    def differs(world: World, item: Manifest) -> bool:
        try:
            stage.load(world)
            theirs, ours = outcomes(stage, stage.held(), ALICE, item)
        except (ApiError, ValueError):  # what is left is nothing that a server takes
            return False
        return theirs != ours

    world = shrink_world(world, lambda less: differs(less, item))
    (item,) = shrink_world(World((item,)), lambda less: any(differs(world, each) for each in less.manifests)).manifests
    stage.load(world)
    theirs, ours = outcomes(stage, stage.held(), ALICE, item)
    lines = "".join(f"        {written(each)},\n" for each in world.manifests)
    pytest.fail(f"ours: {ours}\n    (\n    [\n{lines}    ],\n    {written(item)},\n    {theirs},\n    ),")


@pytest.mark.parametrize("part", range(2))
def test_writes_to_random_worlds(stage: Stage, seed: int, part: int, count: Count) -> None:
    chance = random.Random(f"{seed}/grants/{part}")
    worlds = drawing.draw_worlds(2 * WORLDS, chance.getrandbits(32))
    for world, other in zip(worlds[::2], worlds[1::2], strict=True):
        granting = world.replaced(list(grantor(chance)))
        stage.load(granting)
        held = stage.held()
        for item in other.manifests:
            must_agree(stage, granting, held, item)
        count("writes of roles and bindings", len(other.manifests))


NAMED = {"apiGroups": [RBAC], "resources": ["roles"], "resourceNames": ["named"]}


@pytest.mark.parametrize(
    ("rules", "name", "allowed"),
    [
        ([{**NAMED, "verbs": ["create", "patch"]}, PODS], "named", True),
        ([{**NAMED, "verbs": ["create", "patch", "escalate"]}], "named", True),
        ([{**NAMED, "verbs": ["create", "patch"]}], "named", False),
        ([{**NAMED, "verbs": ["create", "patch"]}, PODS], "other", False),
        ([{**NAMED, "verbs": ["create"]}, PODS], "named", False),
        ([{**NAMED, "verbs": ["patch"]}, PODS], "named", False),
    ],
)
def test_server_side_apply_names_what_it_creates(
    stage: Stage, rules: list[Manifest], name: str, allowed: bool, count: Count
) -> None:
    held = World((cluster_role("grantor", *rules), cluster_role_binding("b", "ClusterRole/grantor", user("alice"))))
    stage.load(held)
    item = role(f"team-a/{name}", PODS)
    answer = stage.try_to_apply(item, ALICE)
    assert said_by(stage.try_to_write(item, ALICE)).said == "no write"
    count("writes of roles and bindings", 1)
    assert (said_by(answer).said == "allowed") is allowed, answer.body
    decoded = decode(item)
    assert decoded is not None
    answered = can_grant(view_of(held.cluster), ALICE, decoded)
    assert answered.allowed is allowed
    assert ("by server-side apply only" in answered.because) is allowed
