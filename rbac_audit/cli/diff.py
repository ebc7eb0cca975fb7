"""`rbac-audit diff`: rights gained and lost between two states."""

import sys
from collections.abc import Iterator, Mapping

import rich_click as click

from rbac_audit.answers.diff import Change, Difference, diff
from rbac_audit.audit.estate import Estate
from rbac_audit.audit.evidence import describe, in_brackets, where
from rbac_audit.cli.asking import backup_key, print_answer, rancher_ids, read_sources, tell_gaps
from rbac_audit.report.markdown import inert
from rbac_audit.report.text import one_line

FORMS = click.Choice(["terminal", "json", "markdown"])


@click.command(name="diff", epilog="Example: rbac-audit diff examples/tenancy-legacy examples/tenancy-aggregated")
@click.argument("old")
@click.argument("new")
@rancher_ids
@backup_key
@click.option("--fail-on-gain/--no-fail-on-gain", default=True, show_default=True, help="Exit 1 on a gain.")
@click.option("--format", "form", type=FORMS, default="terminal", help="How to answer.")
def command(old: str, new: str, ids: Mapping[str, str], fail_on_gain: bool, form: str) -> None:
    """Compare what everybody may do in OLD and NEW, in effective rights rather than YAML.

    Exit codes: 0 nobody gained a right, 1 somebody did, 2 wrong use or bad input, 3 nobody is seen to have gained one,
    but not everything could be compared.
    """
    one, other = (Estate(read_sources([text]), ids) for text in (old, new))
    tell_gaps(one, "old ")
    tell_gaps(other, "new ")
    found = diff(one, other)
    if form == "json":
        print_answer(found)
    else:
        for line in _markdown(found) if form == "markdown" else _lines(found):
            click.echo(line)
    sys.exit(1 if found.gained and fail_on_gain else 0 if found.complete else 3)


def _lines(found: Difference) -> Iterator[str]:
    for change in found.changes:
        yield one_line(f"{_head(change)}")
        for rule in change.rules:
            yield one_line(f"  {'+' if change.gained else '-'} {describe(rule)}")
        yield one_line(f"  because of {', '.join(map(str, change.because))}")
    yield from map(one_line, _uncompared(found))
    if not found.changes:
        yield f"nobody gained or lost a right{'' if found.complete else ', as far as could be compared'}"


def _head(change: Change) -> str:
    who = f"{change.subject}{in_brackets(change.display_name)}"
    return f"{change.cluster}: {who} {_word(change)} {where(change.namespace)}:"


def _word(change: Change) -> str:
    word = "gained" if change.gained else "lost"
    return word if change.complete else f"{word}, as far as could be read,"


def _uncompared(found: Difference) -> Iterator[str]:
    for names, side in ((found.only_old, "old"), (found.only_new, "new")):
        for name in names:
            yield f"cluster {name} is in the {side} state only and was not compared"
    yield from (f"note: {note}" for note in found.notes)


def _markdown(found: Difference) -> Iterator[str]:
    yield "| cluster | subject | where | change | rights | because of |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for change in found.changes:
        cells = (
            change.cluster,
            f"{change.subject}{in_brackets(change.display_name)}",
            change.namespace or "whole cluster",
            _word(change).rstrip(","),
            "; ".join(map(describe, change.rules)),
            ", ".join(map(str, change.because)),
        )
        # In a table a bar ends the cell, even within code.
        row = " | ".join(inert(cell).replace("|", r"\|") for cell in cells)
        yield f"| {row} |"
    yield from (f"\n{inert(line)}" for line in _uncompared(found))
