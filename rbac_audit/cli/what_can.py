"""`rbac-audit what-can`: everything that somebody can do."""

from collections.abc import Iterator
from pathlib import Path

import rich_click as click

from rbac_audit.answers import words
from rbac_audit.answers.access import unread
from rbac_audit.answers.what import Place, what_can
from rbac_audit.audit.evidence import describe
from rbac_audit.cli.asking import Asked, print_answer, question
from rbac_audit.report.text import one_line


@click.command(name="what-can", epilog="Example: rbac-audit what-can User:u-q9s2d examples/tenancy-legacy")
@click.argument("subject")
@click.argument("source")
@question
def command(
    subject: str,
    source: str,
    cluster: str,
    more: tuple[str, ...],
    ids: tuple[str, ...],
    added: tuple[Path, ...],
    removed: tuple[str, ...],
    form: str,
) -> None:
    """List what a subject can do, by project and namespace, with the group and role template it comes through."""
    asked = Asked(cluster, more, ids, added, removed)
    estate = asked.estate(source)
    view, who = asked.view(estate), words.subject(subject, estate)
    places = what_can(view, who)
    if form == "json":
        named = {"subject": str(who), "display_name": view.display_name(who), "cluster": view.name}
        print_answer({**named, "places": places, "notes": unread(view)})
        return
    for place in places:
        for line in _lines(place, str(who)):
            click.echo(one_line(line))
    if not places:
        click.echo(one_line(f"{who} can do nothing on {view.name}"))
    for note in unread(view):
        click.echo(one_line(f"note: {note}"))


def _lines(place: Place, who: str) -> Iterator[str]:
    project = f" (project {place.project_name or place.project})" if place.project else ""
    yield f"namespace {place.namespace}{project}:" if place.namespace else "the whole cluster:"
    for rule in place.rules:
        yield f"  {describe(rule)}"
    for held in place.held:
        group = f", through {held.through}" if held.through != who else ""
        template = f", role template {held.role_template}" if held.role_template else ""
        yield f"  by {held.binding} to {held.role}{group}{template}"
        for rule in held.void:
            yield f"    void in a namespace: {describe(rule)}"
