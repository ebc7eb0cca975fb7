"""`rbac-audit can-i`: what the API server would answer."""

import sys
from pathlib import Path

import msgspec
import rich_click as click

from rbac_audit.answers import words
from rbac_audit.answers.access import Answer, ask, unread
from rbac_audit.answers.batch import answer_all, parse_questions
from rbac_audit.answers.why import sentence
from rbac_audit.cli.asking import Asked, print_answer, question, request
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
    texts: tuple[str, ...],
    subject: str | None,
    namespace: str,
    batch: str | None,
    cluster: str,
    more: tuple[str, ...],
    ids: tuple[str, ...],
    added: tuple[Path, ...],
    removed: tuple[str, ...],
    form: str,
) -> None:
    """Say what the API server would answer: exit code 0 for yes, 1 for no."""
    asked = Asked(cluster, more, ids, added, removed)
    if batch is not None:
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
    sys.exit(0 if answer.allowed else 1)


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
    wrong = 0
    for answer in answer_all(view, questions):
        wrong += answer.ok is False
        sys.stdout.buffer.write(encoder.encode(answer) + b"\n")
    sys.stdout.buffer.flush()
    return 1 if wrong else 0


def _read(batch: str) -> list[str]:
    try:
        raw = sys.stdin.buffer.read() if batch == "-" else Path(batch).read_bytes()
        return raw.decode("utf-8-sig").splitlines()
    except (OSError, UnicodeError) as error:
        raise BadInput("batch", batch, "it cannot be read as UTF-8 text", "give a file of JSON lines") from error
