"""What a change record says of a journal, line by line: nothing is done before its line says so."""

import json
from pathlib import Path

import pytest

from rbac_audit.errors import BadInput
from rbac_audit.fix import document
from rbac_audit.fix.history import record
from rbac_audit.fix.journal import Event, Told, read_journal
from rbac_audit.fix.plan import Plan, Target
from rbac_audit.fix.record import Record, State, StepRecord, Written
from tests.fix.worlds import KUBEVIRT, binding, estate, planned

AT = "2026-01-01T00:00:00.000+00:00"
RAW = [binding("dev/a", "kubevirt.io:edit", "User:u-alice"), binding("dev/b", "kubevirt.io:view", "User:u-bob")]
THING = Target(cluster="harvester", api_version="rbac/v1", kind="RoleBinding", plural="x", namespace="dev", name="a")


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Two steps, both ready, and a refusal."""
    made = planned(estate([*RAW, binding("dev/c", "kubevirt.io:view", "ServiceAccount:dev/c")]), "listed", KUBEVIRT)
    assert len(made.steps) == 2
    assert all(step.agreed for step in made.steps)
    return made


def said(words: str, step: str = "0001") -> Event:
    """Write a line as `intent delete`, `left because of this`, `verified 3`."""
    word, _, rest = words.partition(" ")
    if word in {"intent", "outcome"}:
        write, _, made = rest.partition(" ")
        return Event(event=word, at=AT, step=step, write=write, target=THING, made=bool(made), uid=made)
    if word in {"begin", "run", "ready", "rollback", "end"}:
        return Event(event=word, at=AT, tool="1" if word in {"run", "rollback"} else "")
    reviews = int(rest) if word == "verified" else 0
    return Event(event=word, at=AT, step=step, reviews=reviews, text="" if reviews else rest)


def of(plan: Plan, *lines: str, cut: bool = False) -> Record:
    begin = Event(event="begin", at=AT, plan=plan, digest=document.digest(plan))
    made = record(Told((begin, *map(said, lines)), cut), "j.jsonl", "2")
    assert made is not None
    return made


def first(plan: Plan, *lines: str) -> StepRecord:
    return of(plan, *lines).steps[0]


DONE = ("step", "intent delete", "outcome delete", "done")


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        ((), State.NOT_BEGUN),
        (("run", "ready"), State.NOT_BEGUN),
        (("step",), State.UNKNOWN),
        (DONE[:2], State.UNKNOWN),
        (DONE[:3], State.UNKNOWN),
        (DONE, State.DONE),
        ((*DONE, "end"), State.DONE),
        (("step", "undo it was refused"), State.UNKNOWN),
        (("step", "undo it was refused", "undone"), State.TAKEN_BACK),
        (("step", "undo it was refused", "left a thing"), State.PARTLY_TAKEN_BACK),
        (("step", "undo it was refused", "left a thing", "undo again", "undone"), State.TAKEN_BACK),
        (("step", "undo it was refused", "undone", "step"), State.UNKNOWN),
        # A rollback that has not come to the step yet leaves it as it is; its first intent does not.
        ((*DONE, "rollback"), State.DONE),
        ((*DONE, "rollback", "intent restore"), State.UNKNOWN),
        ((*DONE, "rollback", "intent restore", "outcome restore"), State.UNKNOWN),
        ((*DONE, "rollback", "intent restore", "outcome restore", "rolled-back"), State.ROLLED_BACK),
        ((*DONE, "rollback", "left a thing"), State.PARTLY_ROLLED_BACK),
        ((*DONE, "rollback", "left a thing", "rollback"), State.PARTLY_ROLLED_BACK),
        ((*DONE, "rollback", "left a thing", "rollback", "intent restore"), State.UNKNOWN),
        ((*DONE, "rollback", "left a thing", "rollback", "rolled-back"), State.ROLLED_BACK),
    ],
)
def test_the_state_of_a_step(plan: Plan, lines: tuple[str, ...], state: State) -> None:
    found = of(plan, *lines)
    assert found.steps[0].state is state
    assert found.steps[1].state is State.NOT_BEGUN
    assert found.counts.steps[state.value] == (2 if state is State.NOT_BEGUN else 1)


def test_no_beginning_of_a_journal_calls_a_step_done_too_early(plan: Plan) -> None:
    lines = ("run", "ready", *DONE, "end", "rollback", "intent restore", "outcome restore", "rolled-back", "end")
    states = [first(plan, *lines[:length]).state for length in range(len(lines) + 1)]
    assert [state is State.DONE for state in states] == [6 <= length <= 8 for length in range(len(lines) + 1)]


def test_a_step_without_consent_was_left_out() -> None:
    strict = planned(estate(RAW), "none", KUBEVIRT)
    found = of(strict, "run", "ready", "end")
    assert {step.state for step in found.steps} == {State.LEFT_OUT}
    assert found.steps[0].because[0] == "it needs consent"
    assert found.steps[0].because[1:] == strict.steps[0].consent.because
    assert not found.steps[0].consent.given
    begun = first(strict, "run", *DONE)
    assert (begun.state, begun.consent.given) == (State.DONE, True)


def test_why_a_step_was_taken_back_and_what_was_left(plan: Plan) -> None:
    step = first(plan, "step", "undo it was refused", "left one", "left two")
    assert (step.because, step.left) == (("it was refused",), ("one", "two"))
    again = first(plan, *DONE, "rollback", "left one", "rollback", "left two")
    assert again.left == ("two",)
    assert first(plan, *DONE, "rollback", "left one", "rollback").left == ("one",)


@pytest.mark.parametrize(
    ("lines", "states"),
    [
        (("intent create",), [Written.UNKNOWN]),
        (("intent create", "outcome create uid"), [Written.DONE]),
        (("outcome create",), [Written.FOUND]),
        (("outcome create uid",), [Written.FOUND]),
        (("intent create", "outcome create"), [Written.FOUND]),
        # Sent again after a kill, and said again by a resumed run.
        (("intent create", "intent create", "outcome create uid"), [Written.DONE]),
        (("intent create", "outcome create uid", "outcome create uid"), [Written.DONE]),
        (("intent delete", "outcome delete", "intent restore"), [Written.DONE, Written.UNKNOWN]),
    ],
)
def test_what_was_written(plan: Plan, lines: tuple[str, ...], states: list[Written]) -> None:
    found = of(plan, "step", *lines)
    assert [write.state for write in found.steps[0].writes] == states
    assert found.counts.writes == states.count(Written.DONE)
    assert found.counts.unknown_writes == states.count(Written.UNKNOWN)


def test_the_runs_and_who_they_were(plan: Plan) -> None:
    begin = Event(event="begin", at="1", plan=plan, digest="d")
    run = Event(event="run", at="2", tool="9", accounts={"rancher": "", "harvester": "admin"})
    events = (begin, run, said("step"), Event(event="run", at="4"), Event(event="end", at="5"), said("rollback"))
    made = record(Told(events), "j", "2")
    assert made is not None
    assert [(each.command, each.began, each.last, each.ended) for each in made.sessions] == [
        ("apply", "2", AT, False),
        ("apply", "4", "5", True),
        ("rollback", AT, AT, False),
    ]
    assert [(each.cluster, each.name) for each in made.sessions[0].accounts] == [
        ("harvester", "admin"),
        ("rancher", ""),
    ]
    assert made.sessions[0].version == "9"


def test_what_stands_and_how_to_take_it_back(plan: Plan) -> None:
    done = of(plan, *DONE, "verified 4", "verified 5")
    assert done.stands == (f"step 0001: {plan.steps[0].title}",)
    assert done.roll_back == "rbac-audit fix rollback j.jsonl --context harvester --context rancher"
    assert done.counts.reviews == 9
    nothing = of(plan, "run", "ready")
    assert (nothing.stands, nothing.roll_back) == ((), "")
    begun = of(plan, "step", "intent create")
    assert begun.stands == (f"step 0001, as far as it went: {plan.steps[0].title}",)
    assert begun.roll_back
    left = of(plan, *DONE, "rollback", "left a thing is another one now")
    assert left.stands == ("step 0001: a thing is another one now",)
    back = of(plan, *DONE, "rollback", "rolled-back", "end")
    assert (back.stands, back.roll_back) == ((), "")


def test_the_command_quotes_a_path_for_the_shell(plan: Plan) -> None:
    begin = Event(event="begin", at=AT, plan=plan, digest="d")
    made = record(Told((begin, *map(said, DONE))), "my plans; rm -rf x", "2")
    assert made is not None
    assert "rollback 'my plans; rm -rf x' --context" in made.roll_back


def test_what_was_planned_and_refused_is_told(plan: Plan) -> None:
    found = of(plan)
    assert found.plan.digest == document.digest(plan)
    assert (found.plan.snapshot, found.plan.cluster, found.plan.management) == (plan.digest, "harvester", "rancher")
    assert found.refused == plan.refusals != ()
    assert found.unread == plan.unread


def written(path: Path, plan: Plan, *lines: str, tail: str = "") -> Path:
    from msgspec.json import encode

    begin = Event(event="begin", at=AT, plan=plan, digest="d")
    path.write_bytes(b"".join(encode(event) + b"\n" for event in (begin, *map(said, lines))) + tail.encode())
    return path


def test_a_cut_line_is_told_and_not_believed(plan: Plan, tmp_path: Path) -> None:
    path = written(tmp_path / "j", plan, *DONE[:3], tail='{"event":"done","step":"0001","at":"x"}')
    before = path.read_bytes()
    told = read_journal(path)
    assert told is not None
    assert told.cut
    made = record(told, "j", "2")
    assert made is not None
    assert made.cut
    assert made.steps[0].state is State.UNKNOWN
    # Looking at it changes nothing: the run that it is of may still be writing.
    assert path.read_bytes() == before


def test_a_journal_cut_in_its_first_line_has_no_record(tmp_path: Path) -> None:
    path = tmp_path / "j"
    path.write_text('{"event":"begin","at":"20', "utf-8")
    told = read_journal(path)
    assert told == Told((), cut=True)
    assert record(told, "j", "2") is None


def test_other_files_are_no_journals(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(document.write(plan), "utf-8")
    assert read_journal(path) is None
    assert read_journal(tmp_path / "nothing") is None
    path = written(tmp_path / "j", plan, *DONE)
    path.write_text(path.read_text("utf-8") + "what\n", "utf-8")
    with pytest.raises(BadInput, match="line 6"):
        read_journal(path)


def test_a_journal_of_an_earlier_version_is_read(plan: Plan, tmp_path: Path) -> None:
    """It knew no runs, and no outcomes on the way back; a step that was taken back in part said so in one line."""
    path = written(tmp_path / "j", plan, "step", "undo")
    lines = path.read_text("utf-8").splitlines()
    lines.append(json.dumps({"event": "undone", "step": "0001", "text": "RoleBinding x: kept"}))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    told = read_journal(path)
    assert told is not None
    made = record(told, "j", "2")
    assert made is not None
    assert made.sessions == ()
    assert made.steps[0].state is State.PARTLY_TAKEN_BACK
    assert made.steps[0].left == ("RoleBinding x: kept",)
