"""`rbac-audit can-grant`: would the API server let somebody hand this out."""

import sys
from collections.abc import Iterator
from pathlib import Path

import rich_click as click

from rbac_audit.answers import words
from rbac_audit.answers.access import identity_of
from rbac_audit.answers.grant import GrantAnswer, can_grant
from rbac_audit.answers.slips import unlikely
from rbac_audit.answers.unread import unread, unread_groups
from rbac_audit.audit.evidence import describe
from rbac_audit.cli.asking import Asked, exit_code, objects_of, print_answer, question
from rbac_audit.report.text import one_line


@click.command(
    name="can-grant",
    epilog="Example: rbac-audit can-grant new-bindings.yaml --as project-owner examples/tenancy-legacy",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("source")
@click.option("--as", "subject", required=True, metavar="SUBJECT", help="Who hands it out.")
@question
def command(asked: Asked, file: Path, source: str, subject: str, form: str) -> None:
    """Say for each Role and binding of FILE whether SUBJECT may create or update it.

    Exit codes: 0 all of them, 1 one is refused, 2 wrong use or bad input, 3 what could not be read decides.
    """
    estate = asked.estate(source)
    view, who = asked.view(estate), words.subject(subject, estate)
    groups = unread_groups(view, who)
    answers = [can_grant(view, identity_of(view, who), item, all_groups=not groups) for item in objects_of(file)]
    notes = (*unread(view), *groups, *unlikely(view, who))
    if form == "json":
        named = {"subject": str(who), "cluster": view.name}
        complete = all(answer.complete for answer in answers)
        print_answer({**named, "answers": answers, "complete": complete, "notes": notes})
    else:
        said = (line for answer in answers for line in _lines(answer))
        for line in (*said, *(f"note: {note}" for note in notes)):
            click.echo(one_line(line))
    refused = any(answer.complete and not answer.allowed for answer in answers)
    allowed = all(answer.complete and answer.allowed for answer in answers)
    sys.exit(exit_code(allowed=allowed, complete=refused))


def _lines(answer: GrantAnswer) -> Iterator[str]:
    doubt = "" if answer.complete else ", as far as could be read"
    yield f"{answer.object}: {'yes' if answer.allowed else 'no'}{doubt}"
    if answer.needs:
        yield f"  not allowed at all: {answer.needs}{f', nor {answer.lacks}' if answer.lacks else ''}"
    elif answer.verb != "create":
        lacking = f"; not held: {answer.lacks}" if answer.lacks else ""
        yield f"  it is there already, and needs {answer.verb}{lacking}"
    if answer.because:
        yield f"  {answer.because}"
    for rule in answer.missing:
        yield f"  missing: {describe(rule)}"
