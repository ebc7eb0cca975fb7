"""`rbac-audit what-can`: everything that somebody can do."""

import sys
from collections.abc import Iterator

import rich_click as click

from rbac_audit.answers import words
from rbac_audit.answers.slips import unlikely
from rbac_audit.answers.unread import unread, unread_groups
from rbac_audit.answers.what import Place, what_can
from rbac_audit.audit.evidence import describe
from rbac_audit.cli.asking import Asked, print_answer, question
from rbac_audit.report.text import one_line


@click.command(name="what-can", epilog="Example: rbac-audit what-can User:u-q9s2d examples/tenancy-legacy")
@click.argument("subject")
@click.argument("source")
@question
def command(asked: Asked, subject: str, source: str, form: str) -> None:
    """List what a subject can do, by project and namespace, with the group and role template it comes through.

    Exit codes: 0 this is all of it, 2 wrong use or bad input, 3 there may be more that could not be read.
    """
    estate = asked.estate(source)
    view, who = asked.view(estate), words.subject(subject, estate)
    places = what_can(view, who)
    blind = (*unread(view), *unread_groups(view, who))
    notes = (*blind, *unlikely(view, who))
    if form == "json":
        named = {"subject": str(who), "display_name": view.display_name(who), "cluster": view.name}
        print_answer({**named, "places": places, "complete": not blind, "notes": notes})
    else:
        for line in (*_all(places, str(who), view.name), *(f"note: {note}" for note in notes)):
            click.echo(one_line(line))
    sys.exit(3 if blind else 0)


def _all(places: tuple[Place, ...], who: str, cluster: str) -> Iterator[str]:
    for place in places:
        yield from _lines(place, who)
    if not places:
        yield f"{who} can do nothing on {cluster}"


def _lines(place: Place, who: str) -> Iterator[str]:
    project = f" (project {place.project_name or place.project})" if place.project else ""
    yield f"namespace {place.namespace}{project}:" if place.namespace else "the whole cluster:"
    for rule in place.rules:
        yield f"  {describe(rule)}"
    for held in place.held:
        group = f", through {held.through}" if held.through != who else ""
        template = f", role template {held.role_template}" if held.role_template else ""
        by = f"{held.binding} to {held.role}" if held.binding else "the API server itself, without any binding"
        yield f"  by {by}{group}{template}"
        for rule in held.void:
            yield f"    void in a namespace: {describe(rule)}"
