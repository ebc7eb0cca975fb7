"""An apply that is killed at any request, and resumed: the end is the planned one, and nobody ever holds less.

FIX_STEPS and FIX_EVERY scale it: `FIX_STEPS=30 FIX_EVERY=1` kills before and after every single request of a plan of
thirty steps, which takes hours.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.controlplane.plugin import Estate
from tests.fix.plugin import PROPERTY
from tests.fix.proxy import Call, Fate
from tests.fix.stage import Sampler, Stage, journal_of, staged, users

STEPS = int(os.environ.get("FIX_STEPS", "2"))
EVERY = int(os.environ.get("FIX_EVERY", "29"))
KILLS, ASKED = "kill points", "SubjectAccessReviews of everybody meanwhile"
Tell = Callable[[str, int], None]


@pytest.fixture(scope="module")
def stage(two_apiservers: Estate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(two_apiservers, tmp_path_factory.mktemp("kills"), STEPS) as made:
        yield made


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Add to the numbers that are said at the end of the run."""
    return lambda what, count: record_property(PROPERTY, [what, count])


def killing(stage: Stage, number: int, when: str) -> None:
    """End the process when it sends its request of this number, before or after that takes effect."""

    def script(call: Call) -> Fate:
        if (call.number, call.when) == (number, when):
            stage.kill()
            return "cut"
        return None

    stage.faults.reset(script)


def restored(stage: Stage, plan: Path) -> None:
    """Bring the estate back for the next round: rolled back, which is a test itself."""
    stage.faults.reset()
    back = stage.rollback(plan)
    assert back.code == 0, back.text
    journal_of(plan).unlink()


@pytest.mark.timeout(0)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_apply_is_resumed_to_the_planned_end(stage: Stage, tell: Tell, when: str) -> None:
    before = stage.raw()
    number = 1 if when == "before" else 1 + EVERY // 2
    killed = True
    while killed:
        plan = stage.plan()
        with Sampler(stage.harvester, users(STEPS)) as sampler:
            killing(stage, number, when)
            ended = stage.apply(plan)
            killed = ended.code < 0
            assert killed or ended.code == 0, ended.text
            stage.faults.reset()
            if killed:
                tell(KILLS, 1)
                again = stage.apply(plan, "--resume")
                assert again.code == 0, again.text
            assert not stage.raw(), number
            assert stage.members() == set(users(STEPS))
            restored(stage, plan)
        assert not sampler.refused, number
        tell(ASKED, sampler.asked)
        assert stage.raw() == before
        assert not stage.members()
        assert not stage.templates()
        number += EVERY
    assert number > EVERY + 1, "nothing was killed"


@pytest.mark.timeout(0)
def test_a_killed_apply_can_be_rolled_back_from_wherever_it_was(stage: Stage, tell: Tell) -> None:
    before = stage.raw()
    number, killed = 3, True
    while killed:
        plan = stage.plan()
        with Sampler(stage.harvester, users(STEPS)) as sampler:
            killing(stage, number, "after")
            ended = stage.apply(plan)
            killed = ended.code < 0
            tell(KILLS, int(killed))
            restored(stage, plan)
        assert not sampler.refused, number
        tell(ASKED, sampler.asked)
        assert stage.raw() == before, number
        assert not stage.members()
        assert not stage.templates()
        number += EVERY + 2


@pytest.mark.timeout(0)
def test_a_killed_rollback_is_ended_by_the_next(stage: Stage, tell: Tell) -> None:
    before = stage.raw()
    number, killed = 2, True
    while killed:
        plan = stage.plan()
        stage.faults.reset()
        assert stage.apply(plan).code == 0
        with Sampler(stage.harvester, users(STEPS)) as sampler:
            killing(stage, number, "after")
            killed = stage.rollback(plan).code < 0
            tell(KILLS, int(killed))
            restored(stage, plan)
        assert not sampler.refused, number
        tell(ASKED, sampler.asked)
        assert stage.raw() == before, number
        assert not stage.members()
        number += EVERY + 4
