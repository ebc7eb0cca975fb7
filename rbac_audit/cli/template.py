"""`rbac-audit template`: what a role template really grants."""

import sys
from collections.abc import Iterator

import rich_click as click

from rbac_audit.answers.template import Comparison, Granted, compare, granted
from rbac_audit.audit.evidence import describe
from rbac_audit.cli.asking import Asked, print_answer, question
from rbac_audit.report.text import one_line


@click.command(name="template", epilog="Example: rbac-audit template project-member examples/tenancy-legacy")
@click.argument("name")
@click.argument("source")
@click.option("--compare", "other", default="", metavar="NAME", help="Another role template to compare it with.")
@question
def command(asked: Asked, name: str, source: str, other: str, form: str) -> None:
    """Say what a role template grants on a cluster: in namespaces, beyond them, and what of it is void.

    Exit codes: 0 this is all of it, 2 wrong use or bad input, 3 there may be more that could not be read.
    """
    view = asked.view(asked.estate(source, renders=True))
    one = granted(view, name)
    second = granted(view, other) if other else None
    difference = compare(one, second) if second else None
    notes = tuple(dict.fromkeys((*one.unread, *(second.unread if second else ()))))
    if form == "json":
        told = {"cluster": view.name, "granted": one, "other": second, "comparison": difference}
        print_answer({**told, "complete": not notes, "notes": notes})
    else:
        lines = _compared(one, second, difference) if second and difference else _lines(one)
        for line in (*lines, *(f"note: {note}" for note in notes)):
            click.echo(one_line(line))
    sys.exit(3 if notes else 0)


def _lines(found: Granted) -> Iterator[str]:
    title = f" ({found.display_name})" if found.display_name not in {"", found.template} else ""
    context = found.context or "no context: it can be inherited, not bound"
    yield f"role template {found.template}{title}, {context}, {found.model} model"
    if found.inherits:
        yield f"inherits {', '.join(found.inherits)}"
    yield from _wrong(found)
    yield "in every namespace of the project:" if found.context == "project" else "on the whole cluster:"
    yield from (f"  {describe(rule)}" for rule in found.rules)
    if not found.rules:
        yield "  nothing"
    if found.void:
        yield "void, as no RoleBinding grants it:"
        yield from (f"  {describe(rule)}" for rule in found.void)
    if found.beyond:
        yield "beyond that, with every binding:"
    for item in found.beyond:
        where = f"namespace {item.namespace}" if item.namespace else "the whole cluster"
        yield f"  {item.cluster}, {where}: {item.role}"
        yield from (f"    {describe(rule)}" for rule in item.rules)


def _wrong(found: Granted) -> Iterator[str]:
    if found.missing:
        yield f"not there: {', '.join(found.missing)}"
    if found.cyclic:
        yield "it inherits itself, in a circle"
    if found.locked:
        yield "it is locked: nobody can be bound to it anew, and bindings that are there keep what they grant"
    if found.leaving:
        yield f"being deleted in Rancher: {', '.join(found.leaving)}"


def _compared(one: Granted, other: Granted, found: Comparison) -> Iterator[str]:
    sides = (
        (one.template, found.only_one, found.beyond_only_one),
        (other.template, found.only_other, found.beyond_only_other),
    )
    yield from (f"{side.template}: {line}" for side in (one, other) for line in _wrong(side))
    if one.context != other.context:
        yield f"{one.template} is of context {one.context or 'none'}, {other.template} of {other.context or 'none'}"
    for name, rules, roles in sides:
        yield f"only {name}:"
        yield from (f"  {describe(rule)}" for rule in rules)
        yield from (f"  binds {role}" for role in roles)
        if not rules and not roles:
            yield "  nothing"
