"""`rbac-audit can-i`: what the API server would answer."""

import sys
from pathlib import Path

import msgspec
import rich_click as click
from click.core import ParameterSource
from click.globals import get_current_context

from rbac_audit.answers import words
from rbac_audit.answers.access import Answer, ask
from rbac_audit.answers.batch import answer_all, parse_questions
from rbac_audit.answers.unread import unread
from rbac_audit.answers.why import sentence
from rbac_audit.cli.asking import Asked, exit_code, print_answer, question, request
from rbac_audit.errors import BadInput, WrongUse
from rbac_audit.report.text import one_line

USAGE = "rbac-audit can-i VERB RESOURCE [NAME] --as SUBJECT SOURCE, or rbac-audit can-i --batch FILE SOURCE"


@click.command(
    name="can-i", epilog="Example: rbac-audit can-i get secrets --as User:u-q9s2d -n default examples/tenancy-legacy"
)
@click.argument("texts", nargs=-1, metavar="VERB RESOURCE [NAME] SOURCE")
@click.option("--as", "subject", metavar="SUBJECT", help="User:x, Group:x, ServiceAccount:ns/x, a login or a name.")
@click.option("-n", "--namespace", default="", help="The namespace of the request; none means the whole cluster.")
@click.option("--batch", metavar="FILE", help="Questions as JSON lines (- for standard input); answers likewise.")
@question
def command(
    asked: Asked,
    texts: tuple[str, ...],
    subject: str | None,
    namespace: str,
    batch: str | None,
    form: str,
) -> None:
    """Say what the API server would answer.

    Exit codes: 0 yes, 1 no, 2 wrong use or bad input, 3 no, as far as could be read. Of a batch: 0 every answer stands,
    1 one is not what its line expects, 3 some could change with what was not read.
    """
    if batch is not None:
        _check_batch_options()
        sys.exit(_batch(asked, texts, batch))
    if subject is None:
        raise WrongUse("option", "--as", "nobody is named", USAGE)
    permission, source = request(texts, USAGE)
    estate = asked.estate(source)
    answer = ask(asked.view(estate), words.subject(subject, estate), permission, namespace)
    if form == "json":
        print_answer(answer)
    else:
        click.echo("\n".join(_lines(answer)))
    sys.exit(exit_code(allowed=answer.allowed, complete=answer.complete))


def _lines(answer: Answer) -> list[str]:
    said = ["yes" if answer.allowed else "no", *map(sentence, answer.chains)]
    return [one_line(line) for line in (*said, *(f"note: {note}" for note in answer.notes))]


def _batch(asked: Asked, texts: tuple[str, ...], batch: str) -> int:
    if len(texts) != 1:
        raise WrongUse("arguments", " ".join(texts) or "none", "a batch takes one SOURCE", USAGE)
    questions = parse_questions(_read(batch), batch)
    view = asked.view(asked.estate(texts[0]))
    for note in unread(view):
        click.echo(one_line(f"note: {note}"), err=True)
    encoder = msgspec.json.Encoder()
    wrong = unknown = odd = 0
    for answer in answer_all(view, questions):
        # Whether one that could change is as expected is not known.
        wrong += answer.complete and answer.ok is False
        unknown += not answer.complete
        odd += bool(answer.notes)
        sys.stdout.buffer.write(encoder.encode(answer) + b"\n")
    sys.stdout.buffer.flush()
    if unknown:
        click.echo(f"note: what was not read could change {unknown} of the answers", err=True)
    if odd:
        click.echo(f"note: {odd} of the answers have notes: names or words that are not known here", err=True)
    return exit_code(allowed=not wrong and not unknown, complete=bool(wrong))


def _check_batch_options() -> None:
    """Refuse what every line of a batch says for itself."""
    context = get_current_context()
    for name, option in {"subject": "--as", "namespace": "-n", "form": "--format"}.items():
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            problem = "a batch reads and writes JSON lines, each with its own user and namespace"
            raise WrongUse("option", option, problem, "leave it out")


def _read(batch: str) -> list[str]:
    try:
        raw = sys.stdin.buffer.read() if batch == "-" else Path(batch).read_bytes()
        # Not at every line separator of Unicode: a string may hold one.
        return raw.decode("utf-8-sig").split("\n")
    except (OSError, UnicodeError) as error:
        raise BadInput("batch", batch, "it cannot be read as UTF-8 text", "give a file of JSON lines") from error
