"""An apply from the first check to the last step, and its way back."""

import secrets
import time
from collections.abc import Iterable, Sequence

import msgspec

from rbac_audit import __version__
from rbac_audit.errors import WrongUse
from rbac_audit.fix import document
from rbac_audit.fix.apply.checks import Servers, Waiting, check_steps, verify
from rbac_audit.fix.apply.rendering import Wait
from rbac_audit.fix.apply.server import ApplyFailed
from rbac_audit.fix.apply.writes import Writer
from rbac_audit.fix.journal import Event, Journal
from rbac_audit.fix.plan import Plan, Step
from rbac_audit.report.text import count


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How many steps were done in this run, and which lines say what was left alone."""

    done: int
    left: tuple[str, ...] = ()


class Run:
    """One plan on open connections, with its journal."""

    def __init__(self, plan: Plan, servers: Servers, journal: Journal, waiting: Waiting) -> None:
        """Take everything that is needed; nothing is sent yet."""
        self._plan, self._servers, self._journal, self._waiting = plan, servers, journal, waiting
        self._digest = document.digest(plan)
        self._writer = Writer(servers, journal, waiting)

    def apply(self, steps: Iterable[Step], pause: float = 0.0) -> Outcome:
        """Do steps in order.

        Everything is checked, backed up and tried before the first write. A step that fails is taken back, and the
        run stops there; raises ApplyFailed, Stale before anything was done, and WrongUse for a step without those that
        it comes after.
        """
        steps = tuple(steps)
        self._check_order(steps)
        if not self._journal.digest:
            made_by = f"{self._digest[:16]}.{secrets.token_hex(4)}"
            self._journal.say(Event(event="begin", plan=self._plan, digest=self._digest, mark=made_by))
        self._journal.say(Event(event="run", tool=__version__, accounts=self._accounts()))
        open_steps = [step for step in steps if self._journal.state(step.id) != "done"]
        self._finish_undo(open_steps)
        fresh = [step for step in open_steps if self._journal.state(step.id) != "step"]
        self._prepare(fresh)
        self._journal.say(Event(event="ready"))
        for number, step in enumerate(open_steps):
            if number and pause:
                time.sleep(pause)
            self._step(step)
        self._journal.say(Event(event="end"))
        return Outcome(done=len(open_steps))

    def _check_order(self, steps: Iterable[Step]) -> None:
        done = {step.id for step in self._plan.steps if self._journal.state(step.id) == "done"}
        for step in steps:
            if missing := sorted(set(step.after) - done):
                problem = f"it comes after step {missing[0]}, which is not done"
                raise WrongUse("step", step.id, problem, f"apply step {missing[0]} as well")
            done.add(step.id)

    def _accounts(self) -> dict[str, str]:
        return {name: server.account() for name, server in self._servers.items()}

    def _finish_undo(self, steps: Iterable[Step]) -> None:
        """A run that was killed while it took a step back left that half done."""
        for step in steps:
            if self._journal.state(step.id) == "undo":
                self._undo(step, "the run before was ended while it took the step back")

    def _prepare(self, steps: Sequence[Step]) -> None:
        self._journal.tell(Event(event="checking", text=count(len(steps), "step")))
        found = check_steps(self._servers, self._plan, steps)
        for step in steps:
            for place in (*(change.target for change in step.do.changes), *step.do.deletes):
                if self._journal.backup(place) is None:
                    self._journal.say(Event(event="backup", target=place, content=found[place]))
            self._writer.dry_run(step, found)

    def _step(self, step: Step) -> None:
        if self._journal.state(step.id) != "step":
            check_steps(self._servers, self._plan, [step])
            self._journal.say(Event(event="step", step=step.id, text=step.title))
        try:
            self._write(step)
        except ApplyFailed as failed:
            taken = "could not be taken back as a whole" if self._undo(step, failed.problem) else "was taken back"
            raise ApplyFailed(
                failed.what, failed.where, f"{failed.problem}; step {step.id} {taken}", failed.advice
            ) from failed
        self._journal.say(Event(event="done", step=step.id))

    def _write(self, step: Step) -> None:
        for creation in step.do.creates:
            self._writer.create(step.id, creation)
        namespaces = Wait(self._servers, self._plan, step, self._waiting, self._journal.tell).run()
        if namespaces:
            self._journal.say(Event(event="rendered", step=step.id, namespaces=namespaces))
        self._verify(step)
        conditions = {condition.target: condition for condition in step.preconditions}
        for change in step.do.changes:
            self._writer.change(step.id, change, conditions[change.target])
        for place in step.do.deletes:
            self._writer.delete(step.id, place, conditions[place])
        self._verify(step)

    def _verify(self, step: Step) -> None:
        reviews = verify(self._servers[self._plan.cluster], step)
        self._journal.say(Event(event="verified", step=step.id, reviews=reviews))

    def _undo(self, step: Step, why: str) -> list[str]:
        """Bring back first, then take away: nobody holds less in between."""
        self._journal.say(Event(event="undo", step=step.id, text=why))
        return self._ended(step, self._back(step), "undone")

    def _ended(self, step: Step, left: list[str], word: str) -> list[str]:
        """Say what was left alone; a step of which something was is to be taken back again."""
        for line in left:
            self._journal.say(Event(event="left", step=step.id, text=line))
        if not left:
            self._journal.say(Event(event=word, step=step.id))
        return left

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
            self._verify(step)
        except ApplyFailed as failed:
            return [failed.problem]
        return []

    def roll_back(self) -> Outcome:
        """Take back every step that was begun, the last one first; raises ApplyFailed where that does not go on."""
        if not self._journal.digest:
            raise WrongUse("journal", str(self._journal.path), "nothing was ever done", "there is nothing to roll back")
        begun = [step for step in self._plan.steps if self._journal.state(step.id) not in {"", "rolled-back", "undone"}]
        self._journal.say(Event(event="rollback", tool=__version__, accounts=self._accounts()))
        left: list[str] = []
        for step in reversed(begun):
            left += self._ended(step, [*self._back(step), *self._lost(step)], "rolled-back")
        self._journal.say(Event(event="end"))
        return Outcome(done=len(begun), left=tuple(left))
