"""The change record for the terminal, for scripts (with its schema), and as one HTML file to mail."""

from collections.abc import Callable, Iterator
from typing import Any  # JSON Schema is untyped

import msgspec

from rbac_audit.fix.record import FORMAT, Record, Session, State, StepRecord
from rbac_audit.fix.show import REACH
from rbac_audit.report import html
from rbac_audit.report.text import count, one_line

TOLD = {
    State.DONE: "Every step is done.",
    State.UNKNOWN: "How a step ended is not known.",
    State.TAKEN_BACK: "A step failed and was taken back.",
    State.PARTLY_TAKEN_BACK: "A step failed and could not be taken back as a whole.",
    State.ROLLED_BACK: "Everything was rolled back.",
    State.PARTLY_ROLLED_BACK: "Something was left alone by the rollback.",
    State.LEFT_OUT: "Steps that need consent were left out.",
    State.NOT_BEGUN: "Not every step was begun.",
}
# What a reviewer must know first comes first.
_WORST = (
    State.UNKNOWN,
    State.PARTLY_ROLLED_BACK,
    State.PARTLY_TAKEN_BACK,
    State.TAKEN_BACK,
    State.NOT_BEGUN,
    State.LEFT_OUT,
    State.DONE,
    State.ROLLED_BACK,
)
CUT = "The last line of the journal is cut off: what it was to say is not known."


def verdict(record: Record) -> tuple[str, str]:
    """Say in a sentence how it went, and how good that is: good, bad or unknown."""
    found = {step.state for step in record.steps}
    worst = next((state for state in _WORST if state in found), State.DONE)
    mark = "good" if worst in {State.DONE, State.ROLLED_BACK} else "bad"
    if worst is State.UNKNOWN or record.cut:
        mark = "unknown"
    return TOLD[worst], mark


def terminal(record: Record) -> str:
    """Write it in lines; names stay on theirs."""
    return "".join(f"{one_line(line)}\n" for line in _lines(record))


def json(record: Record) -> str:
    """Write it as JSON, keys in the order of the types."""
    return msgspec.json.format(msgspec.json.encode(record, order="deterministic"), indent=2).decode() + "\n"


def page(record: Record) -> str:
    """Write it as one HTML file in the look of the report."""
    said, mark = verdict(record)
    texts = {"verdict": said, "mark": mark, "cut": CUT, "reach": REACH}
    return html.page("change.html.j2", record=record, state=State, count=count, **texts)


FORMATS: dict[str, Callable[[Record], str]] = {"terminal": terminal, "json": json, "html": page}


def schema() -> str:
    """Print the JSON Schema (Draft 2020-12), as it is kept in `reports/change-record.schema.json`."""
    described: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"rbac-audit change record ({FORMAT})",
        **msgspec.json.schema(Record, schema_hook=lambda _: {"description": "anything: a value of a manifest"}),
    }
    for definition in described["$defs"].values():
        # Who edits a plan must not misspell a key; who reads a record must not stumble over a new one.
        if definition.get("additionalProperties") is False:
            del definition["additionalProperties"]
    return msgspec.json.format(msgspec.json.encode(described), indent=2).decode() + "\n"


def _lines(record: Record) -> Iterator[str]:
    plan, counts = record.plan, record.counts
    yield verdict(record)[0]
    yield from [CUT] if record.cut else ()
    yield f"plan {plan.digest[:16]} for {plan.cluster}, made by rbac-audit {plan.version}"
    yield f"from snapshot {plan.snapshot[:16] or 'unknown'}"
    yield from map(_session, record.sessions)
    for step in record.steps:
        yield ""
        yield from _step(step)
    yield ""
    yield from (f"refused: {item.object}: {item.reason}; instead: {item.manual}" for item in record.refused)
    yield from (f"not read: {line}" for line in record.unread)
    yield from (f"stands: {line}" for line in record.stands)
    unknown = f", {counts.unknown_writes} of unknown outcome" if counts.unknown_writes else ""
    yield f"{count(counts.writes, 'write')}{unknown}, {count(counts.reviews, 'SubjectAccessReview')}"
    yield f"to take it back: {record.roll_back}" if record.roll_back else "nothing is to be taken back"


def _session(session: Session) -> str:
    accounts = ", ".join(f"{item.name or 'an unknown account'} on {item.cluster}" for item in session.accounts)
    ended = "to its end" if session.ended else "and did not come to its end"
    return f"{session.command} at {session.began} until {session.last} {ended}, as {accounts or 'unknown accounts'}"


def _step(step: StepRecord) -> Iterator[str]:
    yield f"{step.id}  {step.action}  [{step.state.value}]  {step.title}"
    yield from (f"      because: {line}" for line in step.because)
    for write in step.writes:
        yield f"      {write.at}  {write.write}  [{write.state.value}]  {write.object} on {write.object.cluster}"
    yield from [f"      rendered by Rancher in {', '.join(step.rendered)}"] if step.rendered else ()
    yield from (f"      {item.at}  verified by {count(item.reviews, 'SubjectAccessReview')}" for item in step.verified)
    yield from (f"      left alone: {line}" for line in step.left)
