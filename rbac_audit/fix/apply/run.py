"""An apply from the first check to the last step, and its way back."""

import time
from collections.abc import Iterable

import msgspec

from rbac_audit.errors import WrongUse
from rbac_audit.fix import document
from rbac_audit.fix.apply.checks import Say, Servers, Waiting, check, check_step, verify, wait_for_rendering
from rbac_audit.fix.apply.server import ApplyFailed
from rbac_audit.fix.apply.writes import Writer
from rbac_audit.fix.journal import Event, Journal
from rbac_audit.fix.plan import Plan, Step


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How many steps were done in this run, and which lines say what was left alone."""

    done: int
    left: tuple[str, ...] = ()


class Run:
    """One plan on open connections, with its journal."""

    def __init__(self, plan: Plan, servers: Servers, journal: Journal, waiting: Waiting, say: Say) -> None:
        """Take everything that is needed; nothing is sent yet."""
        self._plan, self._servers, self._journal = plan, servers, journal
        self._waiting, self._say = waiting, say
        self._digest = document.digest(plan)
        self._writer = Writer(servers, journal, self._digest, waiting)

    def apply(self, steps: Iterable[Step], pause: float = 0.0) -> Outcome:
        """Do steps in order.

        Everything is checked, backed up and tried before the first write. A step that fails is taken back, and the
        run stops there; raises ApplyFailed, Stale before anything was done.
        """
        if not self._journal.digest:
            self._journal.say(Event(event="begin", plan=self._plan, digest=self._digest))
        open_steps = [step for step in steps if self._journal.state(step.id) != "done"]
        self._finish_undo(open_steps)
        fresh = [step for step in open_steps if self._journal.state(step.id) != "step"]
        for step in fresh:
            self._prepare(step)
        self._journal.say(Event(event="ready"))
        for number, step in enumerate(open_steps):
            if number and pause:
                time.sleep(pause)
            self._step(step)
        self._journal.say(Event(event="end"))
        return Outcome(done=len(open_steps))

    def _finish_undo(self, steps: Iterable[Step]) -> None:
        """A run that was killed while it took a step back left that half done."""
        for step in steps:
            if self._journal.state(step.id) == "undo":
                self._undo(step)

    def _prepare(self, step: Step) -> None:
        self._say(f"step {step.id}: checking")
        check_step(self._servers, self._plan, step)
        touched = {*(change.target for change in step.do.changes), *step.do.deletes}
        for condition in step.preconditions:
            if condition.target in touched:
                content = check(self._servers, condition)
                self._journal.say(Event(event="backup", target=condition.target, content=content))
        self._writer.dry_run(step)

    def _step(self, step: Step) -> None:
        if self._journal.state(step.id) != "step":
            check_step(self._servers, self._plan, step)
            self._journal.say(Event(event="step", step=step.id))
        self._say(f"step {step.id}: {step.title}")
        try:
            self._write(step)
        except ApplyFailed as failed:
            self._undo(step)
            raise ApplyFailed(
                failed.what, failed.where, f"{failed.problem}; step {step.id} was taken back", failed.advice
            ) from failed
        self._journal.say(Event(event="done", step=step.id))

    def _write(self, step: Step) -> None:
        for creation in step.do.creates:
            self._writer.create(step.id, creation)
        wait_for_rendering(self._servers, self._plan, step, self._waiting, self._say)
        here = self._servers[self._plan.cluster]
        verify(here, step)
        conditions = {condition.target: condition for condition in step.preconditions}
        for change in step.do.changes:
            self._writer.change(step.id, change, conditions[change.target])
        for place in step.do.deletes:
            self._writer.delete(step.id, place, conditions[place])
        verify(here, step)

    def _undo(self, step: Step) -> None:
        """Bring back first, then take away: nobody holds less in between."""
        self._journal.say(Event(event="undo", step=step.id))
        left = self._back(step)
        self._journal.say(Event(event="undone", step=step.id, text="; ".join(left)))
        for line in left:
            self._say(f"step {step.id}: left alone: {line}")

    def _back(self, step: Step) -> list[str]:
        left = self._writer.restore(step)
        # What is missing must be there before what stands in for it goes.
        if left:
            return [*left, *(f"{place} on {place.cluster}: kept, for that reason" for place in step.undo.deletes)]
        if step.undo.creates or step.undo.changes:
            time.sleep(self._waiting.settle)
        return self._writer.take_away(step)

    def _lost(self, step: Step) -> list[str]:
        try:
            verify(self._servers[self._plan.cluster], step)
        except ApplyFailed as failed:
            return [failed.problem]
        return []

    def roll_back(self) -> Outcome:
        """Take back every step that was begun, the last one first; raises ApplyFailed where that does not go on."""
        if not self._journal.digest:
            raise WrongUse("journal", str(self._journal.path), "nothing was ever done", "there is nothing to roll back")
        begun = [step for step in self._plan.steps if self._journal.state(step.id) not in {"", "rolled-back", "undone"}]
        self._journal.say(Event(event="rollback"))
        left: list[str] = []
        for step in reversed(begun):
            self._say(f"step {step.id}: rolling back: {step.title}")
            found = [*self._back(step), *self._lost(step)]
            for line in found:
                self._journal.say(Event(event="left", step=step.id, text=line))
            if not found:
                self._journal.say(Event(event="rolled-back", step=step.id))
            left += found
        return Outcome(done=len(begun), left=tuple(left))
