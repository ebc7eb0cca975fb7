"""Apply and rollback on two real API servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane.plugin import Estate
from tests.fix.stage import Sampler, Stage, staged, users

pytestmark = pytest.mark.timeout(300)
MODELS = pytest.mark.parametrize("aggregated", [False, True], ids=["legacy", "aggregated"])


@pytest.fixture
def stage(two_apiservers: Estate, tmp_path: Path) -> Iterator[Stage]:
    with staged(two_apiservers, tmp_path) as made:
        yield made


@MODELS
def test_raw_bindings_become_project_bindings_and_nobody_notices(
    two_apiservers: Estate, tmp_path: Path, aggregated: bool
) -> None:
    with staged(two_apiservers, tmp_path, aggregated=aggregated) as stage:
        before = stage.raw()
        plan = stage.plan()
        with Sampler(stage.harvester, users(3)) as sampler:
            ended = stage.apply(plan)
            assert ended.code == 0, ended.text
            assert not stage.raw()
            assert stage.members() == set(users(3))
            back = stage.rollback(plan)
            assert back.code == 0, back.text
        assert stage.raw() == before
        assert not stage.members()
        assert not stage.templates()
        assert not sampler.refused
        assert sampler.asked


def test_a_second_plan_is_empty(stage: Stage) -> None:
    assert stage.apply(stage.plan()).code == 0
    again = stage.folder / "again"
    again.mkdir()
    stage.folder = again
    assert "steps: []" in stage.plan().read_text("utf-8")
