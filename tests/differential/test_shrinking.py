"""A case gets smaller as long as it fails, and its row reads back as the same case."""

import random

import pytest

from rbac_audit.access import Identity, Permission
from tests.access import manifests, reference
from tests.access.worlds import Request, World
from tests.differential import drawing
from tests.differential.asking import draw_requests
from tests.differential.decisions_table import TABLE, UNCHECKED, Row
from tests.differential.shrinking import Case, shrink
from tests.differential.writing import row, written

NAMES = {**vars(manifests), "Row": Row, "Identity": Identity, "Permission": Permission}


def read(text: str) -> object:
    """Run what was written as Python."""
    return eval(text, NAMES)  # noqa: S307  # the text is our own


def _case(seed: int) -> Case:
    """The first request to a drawn world that the loops of the server allow."""
    for world in drawing.draw_odd_worlds(8, seed):
        for request in draw_requests(world, 50, random.Random(seed)):
            case = Case(world, request)
            if _allowed(case) and "system:masters" not in request.identity.groups:
                return case
    raise AssertionError(f"nothing is allowed with seed {seed}")


def _allowed(case: Case) -> bool:
    return reference.authorize(case.world.manifests, case.request.review)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_allowed_shrinks_to_a_rule_and_a_binding(seed: int) -> None:
    case = shrink(_case(seed), _allowed)
    assert _allowed(case)
    (binding,) = (item for item in case.world.manifests if "roleRef" in item)
    (role,) = (item for item in case.world.manifests if "roleRef" not in item)
    (rule,) = role["rules"]
    assert len(binding["subjects"]) == 1
    assert len(case.request.identity.groups) <= 1
    assert all(len(words) == 1 for words in rule.values())


def test_what_never_fails_stays() -> None:
    case = _case(0)
    assert shrink(case, lambda _: False) == case


def test_what_always_fails_goes() -> None:
    case = shrink(_case(0), lambda _: True)
    assert (case.world.manifests, case.request.identity.groups) == ((), ())


@pytest.mark.parametrize("expected", [*TABLE, *UNCHECKED], ids=lambda each: each.name.replace(" ", "-"))
def test_a_row_reads_back(expected: Row) -> None:
    case = Case(World(tuple(expected.held)), Request(expected.who, expected.wanted, expected.namespace))
    text = row(expected.name, case, expected.allowed)
    assert read(text.strip().removesuffix(",")) == expected


@pytest.mark.parametrize("seed", range(3))
def test_manifests_read_back(seed: int) -> None:
    items = [item for world in drawing.draw_worlds(10, seed) for item in world.manifests]
    assert [read(written(item)) for item in items] == items
