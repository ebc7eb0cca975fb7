"""Steps whose effects are those after other steps are not applied without these."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from rbac_audit.errors import WrongUse
from rbac_audit.fix import outputs, show
from rbac_audit.fix.apply.checks import Waiting
from rbac_audit.fix.apply.run import Run
from rbac_audit.fix.journal import Event, Journal
from rbac_audit.fix.plan import Plan
from tests.fix.shipped import cluster, restored
from tests.fix.worlds import binding


def plan(*agreed: str) -> Plan:
    """A binding to another role than is shipped: one step deletes it, the next makes the shipped one."""
    made = restored(cluster([binding("harvester-public/harvester-public", "edit", "Group:system:authenticated")]))
    assert [step.after for step in made.steps] == [(), ("0001",)]
    steps = (replace(step, consent=replace(step.consent, given=step.id in agreed)) for step in made.steps)
    return replace(made, steps=tuple(steps))


@pytest.mark.parametrize(
    ("agreed", "ready"),
    [((), []), (("0001",), ["0001"]), (("0002",), []), (("0001", "0002"), ["0001", "0002"])],
)
def test_a_step_is_ready_with_those_that_it_comes_after(agreed: Sequence[str], ready: list[str]) -> None:
    made = plan(*agreed)
    assert [step.id for step in made.ready] == ready
    assert [step.id for step in made.waiting] == [step.id for step in made.steps if step.id not in ready]
    assert ("kubectl" in outputs.script(made)) is bool(ready)


def test_in_another_order_it_is_not_ready() -> None:
    first, second = plan("0001", "0002").steps
    assert [step.id for step in replace(plan(), steps=(second, first)).ready] == ["0001"]


def test_it_is_not_applied_alone(tmp_path: Path) -> None:
    made = plan("0001", "0002")
    journal = Journal(tmp_path / "journal")
    with pytest.raises(WrongUse, match="step at 0002: it comes after step 0001, which is not done"):
        Run(made, {}, journal, Waiting()).apply(made.steps[1:])
    assert not journal.events
    journal.close()


def test_what_was_done_by_an_earlier_run_is_done(tmp_path: Path) -> None:
    made = plan("0001", "0002")
    journal = Journal(tmp_path / "journal")
    journal.say(Event(event="begin", plan=made, digest="x", mark="x"))
    journal.say(Event(event="done", step="0001"))
    # It goes on to its first request, for which there is no server here.
    with pytest.raises(KeyError, match="harvester"):
        Run(made, {}, journal, Waiting()).apply(made.steps[1:])
    journal.close()


def test_people_are_told() -> None:
    assert "      comes after 0001, without which it would do something else" in list(show.table(plan()))
    assert "Comes after step 0001, without which" in show.page(plan())
