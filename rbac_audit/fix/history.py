"""The change record derived from a journal, with nothing added: what the journal does not tell is unknown."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from rbac_audit.fix.journal import Event, Told
from rbac_audit.fix.plan import Consent, Plan, Step, Target, Tool
from rbac_audit.fix.record import (
    Account,
    Counts,
    Planned,
    Record,
    Session,
    State,
    StepRecord,
    Verified,
    Write,
    Written,
)


def record(told: Told, journal: str, version: str) -> Record | None:
    """Derive the record; `journal` is how the user names the file. None for a journal that has no whole line."""
    events = told.events
    plan = events[0].plan if events else None
    if plan is None:
        return None
    steps = tuple(_step(step, events) for step in plan.steps)
    standing = [step for step in steps if step.state not in _NOTHING]
    return Record(
        tool=Tool(version=version),
        cut=told.cut,
        plan=_planned(plan, events[0].digest),
        counts=_counts(steps),
        sessions=tuple(_sessions(events)),
        steps=steps,
        refused=plan.refusals,
        unread=plan.unread,
        stands=tuple(line for step in standing for line in _standing(step)),
        roll_back=_command(plan, journal) if standing else "",
    )


_AFTER = {
    "step": State.UNKNOWN,
    "done": State.DONE,
    "undo": State.UNKNOWN,
    "undone": State.TAKEN_BACK,
    "rolled-back": State.ROLLED_BACK,
}
_NOTHING = frozenset((State.NOT_BEGUN, State.LEFT_OUT, State.TAKEN_BACK, State.ROLLED_BACK))


def _planned(plan: Plan, digest: str) -> Planned:
    return Planned(
        digest=digest,
        snapshot=plan.digest,
        version=plan.tool.version,
        cluster=plan.cluster,
        cluster_id=plan.cluster_id,
        management=plan.management,
        model=plan.model,
        allow_gain=plan.allow_gain,
    )


def _counts(steps: Sequence[StepRecord]) -> Counts:
    writes = [write.state for step in steps for write in step.writes]
    return Counts(
        steps={state.value: sum(step.state is state for step in steps) for state in State},
        writes=writes.count(Written.DONE),
        unknown_writes=writes.count(Written.UNKNOWN),
        reviews=sum(item.reviews for step in steps for item in step.verified),
    )


def _sessions(events: Sequence[Event]) -> Iterator[Session]:
    starts = [number for number, event in enumerate(events) if event.event in {"run", "rollback"}]
    for start, end in pairwise([*starts, len(events)]):
        first, rest = events[start], events[start:end]
        yield Session(
            command="rollback" if first.event == "rollback" else "apply",
            began=first.at,
            last=rest[-1].at,
            ended=rest[-1].event == "end",
            version=first.tool,
            accounts=tuple(Account(cluster=name, name=account) for name, account in sorted(first.accounts.items())),
        )


def _step(step: Step, events: Iterable[Event]) -> StepRecord:
    own = [event for event in events if event.step == step.id or event.event == "rollback"]
    state, why, left = _state(own)
    begun = state is not State.NOT_BEGUN
    if not begun and not step.agreed:
        state, why = State.LEFT_OUT, ("it needs consent", *step.consent.because)
    return StepRecord(
        id=step.id,
        action=step.action,
        title=step.title,
        rules=step.rules,
        state=state,
        because=why,
        # A step that was begun had the consent it needs: it may have been given after the first run.
        consent=Consent(needed=step.consent.needed, because=step.consent.because, given=step.consent.given or begun),
        effects=step.effects,
        writes=tuple(_writes(own)),
        rendered=next((event.namespaces for event in reversed(own) if event.event == "rendered"), ()),
        verified=tuple(Verified(at=event.at, reviews=event.reviews) for event in own if event.event == "verified"),
        left=left,
    )


def _state(events: Iterable[Event]) -> tuple[State, tuple[str, ...], tuple[str, ...]]:
    """Follow a step through its lines: where it is, why, and what was left alone on its way back."""
    state, back, again = State.NOT_BEGUN, False, False
    why: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    for event in events:
        if event.event == "rollback":
            back = again = True
            continue
        if again or event.event in {"step", "undo"}:
            left, again = (), False
        if event.event in {"step", "undo"}:
            why = (event.text,) if event.event == "undo" and event.text else ()
        # A rollback says nothing when it begins with a step: its first intent does.
        state = State.UNKNOWN if back and event.event == "intent" else _AFTER.get(event.event, state)
        # Once, "undone" said itself what was left.
        if event.event in {"left", "undone"} and event.text:
            state = State.PARTLY_ROLLED_BACK if back else State.PARTLY_TAKEN_BACK
            left = (*left, event.text)
    return state, why, left


def _writes(events: Iterable[Event]) -> Iterator[Write]:
    """Join intents and outcomes: what was sent again after a kill is one write, what has no outcome is unknown."""
    writes: dict[tuple[str, Target], Write] = {}
    for event in events:
        if event.target is None or event.event not in {"intent", "outcome"}:
            continue
        key = event.write, event.target
        known = writes.get(key)
        if event.event == "intent":
            writes[key] = _write(event, Written.UNKNOWN)
        elif known is None or known.state is Written.UNKNOWN:
            # Without an intent it was there: from another step, or somebody else made it.
            found = known is None or (event.write == "create" and not event.made)
            writes[key] = _write(event, Written.FOUND if found else Written.DONE)
    yield from writes.values()


def _write(event: Event, state: Written) -> Write:
    assert event.target is not None  # noqa: S101  # the caller has looked
    return Write(at=event.at, write=event.write, object=event.target, state=state, uid=event.uid)


def _standing(step: StepRecord) -> Iterator[str]:
    match step.state:
        case State.DONE:
            yield f"step {step.id}: {step.title}"
        case State.UNKNOWN:
            yield f"step {step.id}, as far as it went: {step.title}"
        case _:
            yield from (f"step {step.id}: {line}" for line in step.left)


def _command(plan: Plan, journal: str) -> str:
    names = dict.fromkeys(filter(None, (plan.cluster, plan.management)))
    contexts = [word for name in names for word in ("--context", name)]
    return shlex.join(["rbac-audit", "fix", "rollback", journal, *contexts])
