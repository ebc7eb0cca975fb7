"""`rbac-audit fix apply` and `rollback`: the changes of a plan made, and taken back."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

import rich_click as click

from rbac_audit.cli.asking import FORMS, PATH
from rbac_audit.cli.changes import TELL, answer, answer_failed
from rbac_audit.cli.live import of_context
from rbac_audit.errors import BadInput, WrongUse
from rbac_audit.fix import document
from rbac_audit.fix.apply.checks import Waiting
from rbac_audit.fix.apply.roles import SIDES, least_role
from rbac_audit.fix.apply.run import Run
from rbac_audit.fix.apply.server import ApplyFailed, Server
from rbac_audit.fix.journal import Journal, Tell
from rbac_audit.fix.plan import Plan, Step
from rbac_audit.report.text import count, one_line
from rbac_audit.sources.live.connection import Failed
from rbac_audit.sources.live.kubeconfig import read_kubeconfig
from rbac_audit.sources.live.limits import Limits
from rbac_audit.sources.live.ways import Paces, connect

# Reviews are many and small: asked as slowly as lists are read, a step would take minutes.
_LIMITS = Limits(qps=200.0)
_SECONDS = click.FloatRange(min=0)
P = ParamSpec("P")
R = TypeVar("R")


def read_plan(path: Path) -> Plan:
    """Read a plan file; raises BadInput."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise BadInput("plan", str(path), f"it cannot be read ({problem})", "check the path") from None
    return document.read(text, str(path))


_CONNECTION = (
    click.option(
        "--context",
        "contexts",
        multiple=True,
        metavar="[CLUSTER=]CONTEXT",
        help="The context of a cluster.",
    ),
    click.option("--kubeconfig", type=PATH, help="The kubeconfig (default: KUBECONFIG, else ~/.kube/config)."),
    click.option(
        "--deadline", type=_SECONDS, default=Waiting().deadline, metavar="SECONDS", help="How long Rancher may take."
    ),
    click.option(
        "--settle", type=_SECONDS, default=Waiting().settle, metavar="SECONDS", help="Wait before anything is deleted."
    ),
    click.option("--yes", is_flag=True, help="Ask nothing."),
    click.option("--format", "form", type=FORMS, default="terminal", help="How to answer, and to tell of events."),
)


def _connected(function: Callable[P, R]) -> Callable[P, R]:
    for option in reversed(_CONNECTION):
        function = option(function)
    return function


@click.command(name="apply", epilog="Example: rbac-audit fix apply --print-role harvester")
@click.argument("path", metavar="PLAN", type=PATH, required=False)
@_connected
@click.option("--resume", is_flag=True, help="Go on where an apply of this plan was ended.")
@click.option("--only", "only", multiple=True, metavar="STEP", help="Apply this step only (repeatable).")
@click.option("--max-changes", type=click.IntRange(min=1), metavar="N", help="Refuse a plan with more writes.")
@click.option("--pause-between", "pause", type=_SECONDS, default=0.0, metavar="SECONDS", help="Wait between steps.")
@click.option(
    "--print-role", "side", type=click.Choice(list(SIDES)), help="Print the least ClusterRole, of PLAN if given."
)
def apply(
    path: Path | None,
    contexts: tuple[str, ...],
    kubeconfig: Path | None,
    deadline: float,
    settle: float,
    yes: bool,
    form: str,
    resume: bool,
    only: tuple[str, ...],
    max_changes: int | None,
    pause: float,
    side: str | None,
) -> None:
    """Make the changes of a plan: first what is new, then, when it works, the old goes.

    Everything is compared with the plan before the first write. A journal beside the plan lets a killed run be resumed
    and everything be rolled back.

    Exit codes: 0 every step of the plan is done, 1 steps without consent were left out, 2 wrong use or bad input,
    4 stopped: a step that failed was taken back, and what was done before it stands.
    """
    if side:
        click.echo(least_role(side, read_plan(path) if path else None), nl=False)
        return
    if path is None:
        raise WrongUse("argument", "PLAN", "it is missing", "name the plan file")
    read = read_plan(path)
    steps = _chosen(read, only, max_changes)
    _agree(yes, f"{len(steps)} steps with {sum(len(step.do) for step in steps)} writes on {read.cluster}")
    servers = _servers(read, contexts, kubeconfig)
    place = path.with_name(f"{path.name}.journal.jsonl")
    with _written(_journal(place, read, TELL[form], resume=resume), form) as journal:
        run = Run(read, servers, journal, Waiting(deadline=deadline, settle=settle, interval=_interval(settle)))
        run.apply(steps, pause)
    waiting = [step.id for step in read.waiting]
    left = f"; left out, as they need consent: {', '.join(waiting)}" if waiting and not only else ""
    if form == "terminal":
        done = f"{count(len(steps), 'step')} done; to take them back: rbac-audit fix rollback {place}"
        click.echo(one_line(f"{done}{left}"))
    sys.exit(1 if left else 0)


def _chosen(read: Plan, only: tuple[str, ...], max_changes: int | None) -> list[Step]:
    known = [step.id for step in read.steps]
    for name in only:
        if name not in known:
            raise WrongUse("option", f"--only {name}", "the plan has no such step", f"one of: {', '.join(known)}")
        if name in {step.id for step in read.waiting}:
            problem = "it needs consent, or comes after a step that does"
            raise WrongUse("option", f"--only {name}", problem, "set given: true in the plan")
    steps = [step for step in read.ready if not only or step.id in only]
    if not steps:
        raise WrongUse("plan", read.cluster, "no step of it may be applied", "give consent in the plan: given: true")
    writes = sum(len(step.do) for step in steps)
    if max_changes is not None and writes > max_changes:
        raise WrongUse("option", f"--max-changes {max_changes}", f"the plan has {writes}", "choose steps with --only")
    return steps


def _agree(yes: bool, what: str) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise WrongUse("option", "--yes", "nobody is there to ask", "say --yes if nobody has to be asked")
    click.confirm(f"Apply {what}?", abort=True)


def _servers(read: Plan, contexts: tuple[str, ...], kubeconfig: Path | None) -> dict[str, Server]:
    wanted = dict.fromkeys(filter(None, (read.cluster, read.management)))
    known = read_kubeconfig(kubeconfig)
    named = {item.name: item for item in (of_context(text, known) for text in contexts)}
    if missing := [name for name in wanted if name not in named]:
        advice = f"say --context {missing[0]}=CONTEXT"
        raise WrongUse("cluster", missing[0], "the plan is about it, and no context is named for it", advice)
    servers: dict[str, Server] = {}
    for name in wanted:
        try:
            connection = connect(named[name].way, Paces(_LIMITS.qps))
        except Failed as failed:
            raise WrongUse("context", str(named[name].way), failed.problem, failed.advice) from None
        servers[name] = Server(name, connection, _LIMITS)
    return servers


def _journal(place: Path, read: Plan, tell: Tell, *, resume: bool) -> Journal:
    journal = Journal(place, tell)
    if journal.digest and journal.digest != document.digest(read):
        raise WrongUse("journal", str(place), "it is of another plan", "move it away, or apply the plan that it is of")
    if journal.has("rollback"):
        raise WrongUse("journal", str(place), "its plan was rolled back", "collect and plan again")
    if journal.digest and not resume:
        raise WrongUse("journal", str(place), "this plan was applied before", "say --resume to go on, or roll it back")
    return journal


@click.command(name="rollback", epilog="Example: rbac-audit fix rollback --help")
@click.argument("path", metavar="JOURNAL", type=PATH)
@_connected
def rollback(
    path: Path,
    contexts: tuple[str, ...],
    kubeconfig: Path | None,
    deadline: float,
    settle: float,
    yes: bool,
    form: str,
) -> None:
    """Take back everything that an apply did, the last step first.

    What somebody changed since is left alone, and said.

    Exit codes: 0 everything is as before, 2 wrong use or bad input, 4 something was left alone, or it could not go on.
    """
    with _written(Journal(path, TELL[form], create=False), form) as journal:
        read = journal.plan
        if read is None:
            raise BadInput("journal", str(path), "it is empty", "name the journal that an apply wrote")
        _agree(yes, f"the way back of {count(len(read.steps), 'step')} on {read.cluster}")
        waiting = Waiting(deadline=deadline, settle=settle, interval=_interval(settle))
        outcome = Run(read, _servers(read, contexts, kubeconfig), journal, waiting).roll_back()
    if form == "terminal":
        for line in outcome.left:
            click.echo(one_line(f"left alone: {line}"))
        click.echo(one_line(f"{count(outcome.done, 'step')} rolled back"))
    sys.exit(ApplyFailed.exit_code if outcome.left else 0)


@contextmanager
def _written(journal: Journal, form: str) -> Iterator[Journal]:
    """Let go of a journal in the end, and answer a script with the change record, also where the run failed."""
    try:
        yield journal
    except ApplyFailed:
        journal.close()
        answer_failed(journal.path, form)
        raise
    except BaseException:
        journal.close()
        raise
    journal.close()
    answer(journal.path, form)


def _interval(settle: float) -> float:
    return min(Waiting().interval, max(settle, 0.02))
