"""An apply that is killed at any request, and resumed: the end is the planned one, and nobody ever holds less.

Two ways. The chain kills one apply before and after every single request that it has not been killed at yet, and
resumes it each time, until it is done; then likewise its rollback. `FIX_STEPS=30` with `-k chain` makes it one of a
plan of thirty steps: 85 minutes on two busy cores. The others kill once, look at the end, and begin in an estate that is as at
first. Without FIX_STEPS all of them take samples: every so many of FIX_CHAINED, FIX_EVERY and FIX_GRAIN.
"""

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.controlplane.plugin import Estate
from tests.fix.plugin import PROPERTY
from tests.fix.proxy import Call, Fate, Script
from tests.fix.stage import Ended, Sampler, Stage, journal_of, staged, users

pytestmark = pytest.mark.no_cover

STEPS = int(os.environ.get("FIX_STEPS", "2"))
EVERY = int(os.environ.get("FIX_EVERY", "61"))
CHAINED = int(os.environ.get("FIX_CHAINED", "1" if "FIX_STEPS" in os.environ else "12"))
GRAIN = int(os.environ.get("FIX_GRAIN", "1" if "FIX_STEPS" in os.environ else "6"))
KILLS, ASKED = "kill points", "SubjectAccessReviews of everybody meanwhile"
PREFIXES = "prefixes of an apply rolled back"
Tell = Callable[[str, int], None]


@pytest.fixture(scope="module", params=["legacy", "aggregated"])
def stage(
    request: pytest.FixtureRequest, two_apiservers: Estate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    aggregated = request.param == "aggregated"
    with staged(two_apiservers, tmp_path_factory.mktemp("kills"), STEPS, aggregated=aggregated) as made:
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


def after_line(stage: Stage, plan: Path, number: int) -> Script:
    """End the process before its next request, once so many lines of the journal speak of a step."""

    def script(_: Call) -> Fate:
        journal = journal_of(plan)
        if not journal.exists() or journal.read_bytes().count(b'"step":"') < number:
            return None
        stage.kill()
        return "cut"

    return script


def after_write(stage: Stage, _: Path, number: int) -> Script:
    """End the process when its write of this number took effect, and before it is told."""
    seen: list[Call] = []

    def script(call: Call) -> Fate:
        is_write = call.method in {"POST", "PUT", "DELETE"} and "reviews" not in call.path
        if call.when == "after" and is_write and "dryRun" not in call.path and b'"dryRun"' not in call.body:
            seen.append(call)
            if len(seen) == number:
                stage.kill()
                return "cut"
        return None

    return script


@pytest.mark.timeout(0)
@pytest.mark.parametrize("prefix", [after_line, after_write])
def test_a_rollback_from_every_prefix_restores_everything(
    stage: Stage, tell: Tell, prefix: Callable[[Stage, Path, int], Script]
) -> None:
    """What a rollback finds changes only with a line of the journal or a write: after each of them is every prefix."""
    before, number, killed = stage.raw(), 1, True
    while killed:
        plan = stage.plan()
        with Sampler(stage.harvester, users(STEPS)) as sampler:
            stage.faults.reset(prefix(stage, plan, number))
            ended = stage.apply(plan)
            killed = ended.code < 0
            assert killed or ended.code == 0, ended.text
            restored(stage, plan)
        assert not sampler.refused, number
        tell(PREFIXES, 1)
        tell(ASKED, sampler.asked)
        assert stage.raw() == before, number
        assert not stage.members()
        assert not stage.templates()
        number += GRAIN
    assert number > 2 * STEPS


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


class Chain:
    """Kills at every request of a plan's way that nobody was killed at yet; a process gets past all others."""

    def __init__(self, stage: Stage, journal: Path) -> None:
        self._stage, self._journal = stage, journal
        self._met: set[object] = set()
        self._life: Counter[object] = Counter()
        self.kills = 0

    def begin(self) -> None:
        """Begin the next life."""
        self._life.clear()
        self._stage.faults.reset(self._script)

    def _script(self, call: Call) -> Fate:
        """Know a request by how far the journal is, what it asks, and how often it did since."""
        path = re.sub("(resourceVersion|timeoutSeconds|continue)=[^&]*", "", call.path)
        body = re.sub(rb'"resourceVersion": ?"[0-9]+"', b"", call.body)
        request = (self._phase(call), call.method, path, hashlib.sha256(body).digest(), call.when)
        self._life[request] += 1
        key = (request, self._life[request])
        if key in self._met:
            return None
        self._met.add(key)
        if len(self._met) % CHAINED:
            return None
        self.kills += 1
        self._stage.kill()
        return "cut"

    def _phase(self, call: Call) -> str:
        """The last line that says something of a step; all preparations are one: they change nothing."""
        if not self._journal.exists() or "selfsubjectreviews" in call.path:
            return "prepare"
        with self._journal.open("rb") as file:
            file.seek(max(0, self._journal.stat().st_size - 65_536))
            lines = [json.loads(line) for line in file.read().split(b"\n")[1:-1]]
        runs = (line["event"] for line in reversed(lines) if line["event"] in {"run", "ready", "rollback"})
        if next(runs, "run") == "run":
            return "prepare"
        last: dict[str, object] = next((line for line in reversed(lines) if line.get("step")), {})
        return json.dumps({key: value for key, value in last.items() if key not in {"at", "uid"}})

    def live(self, run: Callable[..., Ended], plan: Path, *more: object) -> None:
        """Run a command until it comes to its end."""
        self.begin()
        ended = run(plan, *more)
        while ended.code < 0:
            self.begin()
            ended = run(plan, *(("--resume",) if run == self._stage.apply else ()))
        assert ended.code == 0, ended.text
        self._stage.faults.reset()


@pytest.mark.timeout(0)
def test_a_chain_of_kills_before_and_after_every_request(stage: Stage, tell: Tell) -> None:
    before, plan = stage.raw(), stage.plan()
    with Sampler(stage.harvester, users(STEPS)) as sampler:
        chain = Chain(stage, journal_of(plan))
        chain.live(stage.apply, plan)
        assert not stage.raw()
        assert stage.members() == set(users(STEPS))
        tell("kills in the chain of an apply", chain.kills)
        back = Chain(stage, journal_of(plan))
        back.live(stage.rollback, plan)
        tell("kills in the chain of its rollback", back.kills)
    journal_of(plan).unlink()
    tell(ASKED, sampler.asked)
    assert not sampler.refused
    assert stage.raw() == before
    assert not stage.members()
    assert not stage.templates()
    assert min(chain.kills, back.kills) > 2 * STEPS
