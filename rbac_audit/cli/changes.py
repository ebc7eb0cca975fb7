"""What is told of an apply: events while it runs, and the change record of its journal."""

from pathlib import Path

import msgspec
import rich_click as click

from rbac_audit import __version__
from rbac_audit.errors import BadInput
from rbac_audit.fix.history import record
from rbac_audit.fix.journal import Event, Tell, event_line, read_journal
from rbac_audit.fix.record import Record
from rbac_audit.fix.record_formats import FORMATS
from rbac_audit.report.text import one_line


def show_record(place: Path, form: str) -> str | None:
    """Write the change record of a journal in one of its formats; None for a file that is no journal."""
    made = _record(place)
    return FORMATS[form](made) if made else None


def _record(place: Path) -> Record | None:
    told = read_journal(place)
    if told is None:
        return None
    made = record(told, str(place), __version__)
    if made is None:
        raise BadInput("journal", str(place), "its first line is cut off: nothing was sent", "apply the plan again")
    return made


def answer(place: Path, form: str) -> None:
    """Answer a script with the change record; people were told while it ran."""
    if form == "json":
        click.echo(show_record(place, form), nl=False)


def answer_failed(place: Path, form: str) -> None:
    """Likewise, and tell people what stands."""
    answer(place, form)
    made = _record(place)
    if made is None or form == "json":
        return
    for line in made.stands or ("nothing of this plan",):
        click.echo(one_line(f"stands: {line}"), err=True)
    if made.roll_back:
        click.echo(one_line(f"to take it back: {made.roll_back}"), err=True)


def _line(event: Event) -> None:
    click.echo(one_line(event_line(event)), err=True)


def _json_line(event: Event) -> None:
    """Tell a program, without the plan and the objects: those are in the journal."""
    click.echo(msgspec.json.encode(msgspec.structs.replace(event, plan=None, content=None)), err=True)


TELL: dict[str, Tell] = {"terminal": _line, "json": _json_line}
