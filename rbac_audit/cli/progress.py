"""How far a collection is: a table on a terminal, a line a minute elsewhere."""

import time
from collections.abc import Sequence
from types import TracebackType

import rich_click as click
from rich.console import Console
from rich.live import Live as Display
from rich.table import Table
from rich.text import Text

from rbac_audit.report.text import one_line
from rbac_audit.sources.live.reader import Status

SECONDS = 60.0
ROWS = 12


class Progress:
    """Shows the state of every cluster, on standard error."""

    def __init__(self) -> None:
        """Show nothing yet."""
        console = Console(stderr=True)
        self._display = Display(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._said = time.monotonic()

    def __enter__(self) -> "Progress":
        """Begin."""
        if self._display:
            self._display.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave the terminal as it was."""
        if self._display:
            self._display.stop()

    def show(self, clusters: Sequence[Status]) -> None:
        """Take the state of the clusters; called several times a second."""
        if self._display:
            self._display.update(_table(clusters), refresh=True)
        elif time.monotonic() - self._said >= SECONDS:
            self._said = time.monotonic()
            click.echo(one_line(_line(clusters)), err=True)


def _line(clusters: Sequence[Status]) -> str:
    busy = [f"{each.cluster} ({', '.join(each.reading)})" for each in clusters if each.reading]
    return f"{_summary(clusters)}; reading {', '.join(busy) or 'nothing yet'}"


def _summary(clusters: Sequence[Status]) -> str:
    done = sum(each.done == each.of for each in clusters)
    objects, gaps = sum(each.objects for each in clusters), sum(each.gaps for each in clusters)
    return f"{done} of {len(clusters)} clusters, {objects} objects, {gaps} gaps"


def _table(clusters: Sequence[Status]) -> Table:
    table = Table(box=None, pad_edge=False, title=_summary(clusters), title_justify="left", title_style="")
    for column in ("cluster", "kinds", "objects", "gaps", "reading"):
        table.add_column(column, justify="left" if column in {"cluster", "reading"} else "right", no_wrap=True)
    busy = [each for each in clusters if each.reading]
    for each in busy[:ROWS]:
        numbers = (f"{each.done}/{each.of}", str(each.objects), str(each.gaps))
        # Names are free text, which must not be taken for markup.
        texts = (each.cluster, *numbers, ", ".join(each.reading))
        table.add_row(*(Text(one_line(text)) for text in texts))
    return table
