"""`rbac-audit can-grant`: would the API server let somebody hand this out."""

import sys
from collections.abc import Iterator
from pathlib import Path

import rich_click as click

from rbac_audit.answers import words
from rbac_audit.answers.access import identity_of, unread
from rbac_audit.answers.grant import GrantAnswer, can_grant
from rbac_audit.audit.evidence import describe
from rbac_audit.cli.asking import Asked, objects_of, print_answer, question
from rbac_audit.report.text import one_line


@click.command(
    name="can-grant",
    epilog="Example: rbac-audit can-grant new-bindings.yaml --as project-owner examples/tenancy-legacy",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("source")
@click.option("--as", "subject", required=True, metavar="SUBJECT", help="Who hands it out.")
@question
def command(
    file: Path,
    source: str,
    subject: str,
    cluster: str,
    more: tuple[str, ...],
    ids: tuple[str, ...],
    added: tuple[Path, ...],
    removed: tuple[str, ...],
    form: str,
) -> None:
    """Say for each Role and binding of FILE whether SUBJECT may create or update it.

    Exit code 1 when one is refused.
    """
    asked = Asked(cluster, more, ids, added, removed)
    estate = asked.estate(source)
    view, who = asked.view(estate), words.subject(subject, estate)
    answers = [can_grant(view, identity_of(view, who), item) for item in objects_of(file)]
    if form == "json":
        print_answer({"subject": str(who), "cluster": view.name, "answers": answers, "notes": unread(view)})
    else:
        for line in (*(line for answer in answers for line in _lines(answer)), *unread(view)):
            click.echo(one_line(line))
    sys.exit(0 if all(answer.allowed for answer in answers) else 1)


def _lines(answer: GrantAnswer) -> Iterator[str]:
    yield f"{answer.object}: {'yes' if answer.allowed else 'no'}"
    if answer.needs:
        yield f"  not allowed at all: {answer.needs}"
    if answer.because:
        yield f"  {answer.because}"
    for rule in answer.missing:
        yield f"  missing: {describe(rule)}"
