"""`rbac-audit who-can`: people and accounts that can do something."""

import sys
from collections.abc import Iterable, Iterator

import rich_click as click

from rbac_audit.access.scope import left_out, request_places
from rbac_audit.answers import words
from rbac_audit.answers.slips import absent, inactive
from rbac_audit.answers.unread import unread
from rbac_audit.answers.who import Holder, who_can, who_can_by_name
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import in_brackets
from rbac_audit.cli.asking import Asked, print_answer, question, request
from rbac_audit.errors import WrongUse
from rbac_audit.rancher.people import Person
from rbac_audit.report.text import one_line

USAGE = "rbac-audit who-can VERB RESOURCE [NAME] [-n NAMESPACE] SOURCE"


@click.command(
    name="who-can",
    epilog="Example: rbac-audit who-can create virtualmachines.kubevirt.io -n default examples/tenancy-legacy",
)
@click.argument("texts", nargs=-1, metavar="VERB RESOURCE [NAME] SOURCE")
@click.option("-n", "--namespace", default="", help="In this namespace only (and cluster-wide).")
@click.option(
    "--project", default="", metavar="NAME", help="In the namespaces of this project only (and cluster-wide)."
)
@question
def command(asked: Asked, texts: tuple[str, ...], namespace: str, project: str, form: str) -> None:
    """List who can do it: people by name, groups with the members that are known, accounts with what runs as them.

    Exit codes: 0 these are all, 2 wrong use or bad input, 3 there may be others that could not be read.
    """
    if namespace and project:
        raise WrongUse("option", "--project", "a namespace is asked about as well", "give -n or --project")
    permission, source = request(texts, USAGE)
    view = asked.view(asked.estate(source))
    places = _namespaces(view, project) if project else (namespace,) if namespace else None
    holders = who_can(view, permission, namespaces=places)
    by_name = who_can_by_name(view, permission, namespaces=places)
    blind = unread(view, request_places(permission, places))
    vain = (*left_out(permission, places or ()), *absent(view, (namespace,)))
    notes = (
        *blind,
        *vain,
        *words.doubts(permission, view.access.named),
        *inactive(_people(view, (*holders, *by_name))),
    )
    if form == "json":
        asked_for = {"permission": str(permission), "cluster": view.name}
        print_answer({**asked_for, "holders": holders, "by_name": by_name, "complete": not blind, "notes": notes})
    else:
        for line in (*_lines(holders), *_named(by_name), *(f"note: {note}" for note in notes)):
            click.echo(one_line(line))
    sys.exit(3 if blind else 0)


def _namespaces(view: View, name: str) -> tuple[str, ...]:
    found = [project for project in view.projects.all if name in {project.id, project.name}]
    if len(found) != 1:
        known = ", ".join(project.name or project.id for project in view.projects.all)
        problem = "several projects have this name" if found else "no project has this name"
        options = ", ".join(project.id for project in found) or known
        raise WrongUse("option", f"--project {name}", problem, f"one of: {options}")
    return found[0].namespaces


def _people(view: View, holders: Iterable[Holder]) -> Iterator[Person]:
    for holder in holders:
        names = (holder.subject.removeprefix("User:"), *(person.name for person in holder.members))
        yield from filter(None, map(view.people.find, names))


def _lines(holders: tuple[Holder, ...]) -> list[str]:
    lines: list[str] = []
    for everywhere, title in ((True, "in the whole cluster:"), (False, "in namespaces:")):
        rows = [line for holder in holders if holder.cluster_wide is everywhere for line in _holder(holder)]
        lines += [title, *rows] if rows else []
    return lines


def _named(holders: tuple[Holder, ...]) -> list[str]:
    rows = [line for holder in holders for line in _holder(holder)]
    return ["by these names only:", *rows] if rows else []


def _holder(holder: Holder) -> list[str]:
    name = in_brackets(holder.display_name)
    places = f": {', '.join(holder.namespaces)}" if holder.namespaces else ""
    names = f" (named {', '.join(holder.names)})" if holder.names else ""
    lines = [f"  {holder.subject}{name}{places}{names}"]
    if holder.members:
        members = ", ".join(f"{person.display_name or person.name} ({person})" for person in holder.members)
        lines.append(f"    members known to Rancher: {members}")
    if not holder.members_known:
        lines.append(f"    {holder.everybody or 'membership unknown'}")
    lines += [f"    used by {workload}" for workload in holder.workloads]
    return lines
