"""`rbac-audit why`: the chains behind a yes, and what is missing behind a no."""

import sys
from collections.abc import Iterator

import msgspec
import rich_click as click

from rbac_audit.answers import words
from rbac_audit.answers.why import Explanation, tree, why
from rbac_audit.audit.evidence import in_brackets
from rbac_audit.cli.asking import Asked, exit_code, print_answer, question, request
from rbac_audit.report.text import one_line

USAGE = "rbac-audit why SUBJECT VERB RESOURCE [NAME] [-n NAMESPACE] SOURCE"


@click.command(name="why", epilog="Example: rbac-audit why User:u-q9s2d get secrets -n default examples/tenancy-legacy")
@click.argument("subject")
@click.argument("texts", nargs=-1, metavar="VERB RESOURCE [NAME] SOURCE")
@click.option("-n", "--namespace", default="", help="The namespace of the request; none means the whole cluster.")
@question
def command(asked: Asked, subject: str, texts: tuple[str, ...], namespace: str, form: str) -> None:
    """Explain an answer.

    Exit codes: 0 yes, 1 no, 2 wrong use or bad input, 3 no, as far as could be read.
    """
    permission, source = request(texts, USAGE)
    estate = asked.estate(source)
    told = why(asked.view(estate), words.subject(subject, estate), permission, namespace)
    if form == "json":
        more_keys = {"sentences": told.sentences, "missing": told.missing, "remedies": told.remedies}
        print_answer({**msgspec.structs.asdict(told.answer), **more_keys})
    else:
        for line in _lines(told):
            click.echo(one_line(line))
    sys.exit(exit_code(allowed=told.answer.allowed, complete=told.answer.complete))


def _lines(told: Explanation) -> Iterator[str]:
    yield "yes" if told.answer.allowed else "no"
    for sentence, chain in zip(told.sentences, told.answer.chains, strict=True):
        yield sentence
        yield from (f"  {line}" for line in tree(chain))
    yield from told.missing
    for remedy in told.remedies[:5]:
        title = in_brackets(remedy.display_name)
        yield f"role template {remedy.role_template}{title} would give it, with {remedy.rights} rights in all"
    yield from (f"note: {note}" for note in told.answer.notes)
