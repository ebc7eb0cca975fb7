"""Every access decision is that of a real API server: worlds are loaded into it, and both are asked the same.

SOAK_DECISIONS=1000000 asks as often; DIFFERENTIAL_SEED repeats a run.
"""

import math
import os
import random
from collections.abc import Sequence

import pytest

from rbac_audit.access import Authorizer
from rbac_audit.answers.batch import parse_questions
from rbac_audit.errors import BadInput
from tests.access.manifests import cluster_role, cluster_role_binding, user
from tests.access.worlds import Request, World
from tests.differential import drawing
from tests.differential.comparing import Asked, ask, decide, must_agree, smallest
from tests.differential.conftest import Count
from tests.differential.decisions_table import TABLE, UNCHECKED, Row
from tests.differential.faults import FAULTS, Fault
from tests.differential.shrinking import Case
from tests.differential.stage import Stage

pytestmark = pytest.mark.no_cover

SOAK = int(os.environ.get("SOAK_DECISIONS", "0"))
EACH = 200 if SOAK else 100  # requests to one world
WORLDS = 50 if SOAK else 12  # worlds of one part
PARTS = max(2, math.ceil(SOAK / (2 * EACH * WORLDS)))  # of either sort of worlds


def _size(asked: Sequence[Asked]) -> int:
    return sum(len(each.requests) for each in asked)


@pytest.mark.parametrize("part", range(PARTS))
def test_worlds_that_a_server_stores(stage: Stage, seed: int, part: int, count: Count) -> None:
    chance = random.Random(f"{seed}/{part}")
    asked = ask(stage, stage.load, drawing.draw_worlds(WORLDS, chance.getrandbits(32)), EACH, chance)
    count("decisions", _size(asked))
    must_agree(stage, stage.load, asked, f"seed {seed}, part {part}")
    answers = [answer for each in asked for answer in each.answers]
    assert 0.05 < sum(answers) / len(answers) < 0.95


@pytest.mark.controlplane(controllers=False)
@pytest.mark.parametrize("part", range(PARTS))
def test_worlds_that_only_a_store_holds(stage: Stage, seed: int, part: int, count: Count) -> None:
    chance = random.Random(f"{seed}/odd/{part}")
    drawn = drawing.draw_odd_worlds(WORLDS, chance.getrandbits(32))
    asked = ask(stage, stage.load_unchecked, drawn, EACH, chance)
    count("decisions", _size(asked))
    must_agree(stage, stage.load_unchecked, asked, f"seed {seed}, odd part {part}")


ROWS = [*TABLE, *UNCHECKED]


@pytest.mark.parametrize("row", ROWS, ids=[row.name.replace(" ", "-") for row in ROWS])
def test_a_case_of_the_table(stage: Stage, row: Row, count: Count) -> None:
    asked = _asked(row)
    load = stage.load_unchecked if row in UNCHECKED else stage.load
    load(asked.world)
    count("decisions", 1)
    assert stage.ask(asked.requests) == asked.answers
    assert decide(asked.world, asked.requests) == asked.answers


@pytest.mark.parametrize(("word", "allowed"), [("pods/log", True), ("*", True), ("pods", False), ("*/log", False)])
def test_a_slash_in_a_resource_is_no_subresource_to_the_server(
    stage: Stage, word: str, allowed: bool, count: Count
) -> None:
    """A review that does not take a resource and its subresource apart is another question: a batch refuses it."""
    rule = {"verbs": ["get"], "apiGroups": [""], "resources": [word]}
    stage.load(World((cluster_role("own", rule), cluster_role_binding("b", "ClusterRole/own", user("alice")))))
    count("decisions", 1)
    (answer,) = stage.api.sars([("alice", (), {"verb": "get", "resource": "pods/log"})])
    assert bool(answer) is allowed
    with pytest.raises(BadInput, match="resource pods/log holds a subresource"):
        parse_questions(['{"user": "alice", "verb": "get", "resource": "pods/log"}'], "f")


def authorize(world: World, requests: Sequence[Request]) -> list[bool]:
    """Answer without the way to the answer, which stumbles over some faults."""
    access = Authorizer(world.cluster)
    return [access.allowed(each.identity, each.permission, each.namespace) for each in requests]


def _asked(row: Row) -> Asked:
    return Asked(World(tuple(row.held)), [Request(row.who, row.wanted, row.namespace)], [row.allowed])


@pytest.mark.parametrize("fault", FAULTS.values(), ids=[name.replace(" ", "-") for name in FAULTS])
def test_the_table_notices_a_fault(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any(each.differing(authorize) for each in map(_asked, ROWS))
    monkeypatch.setattr(fault.place, fault.name, fault.wrong)
    assert any(each.differing(authorize) for each in map(_asked, ROWS))


def test_a_fault_is_found_and_shrunk(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    fault = FAULTS["names do not limit a request without one"]
    asked = ask(stage, stage.load_unchecked, drawing.draw_odd_worlds(WORLDS, 1), EACH, random.Random(1))
    monkeypatch.setattr(fault.place, fault.name, fault.wrong)
    world, request = next((each.world, found[0]) for each in asked if (found := each.differing(authorize)))
    case, allowed = smallest(stage, stage.load_unchecked, authorize, Case(world, request))
    assert not allowed
    kinds = [item["kind"] for item in case.world.manifests]
    assert len(kinds) == 2
    assert kinds[-1].endswith("Binding")
    assert sum(len(item.get("rules", [])) for item in case.world.manifests) == 1
