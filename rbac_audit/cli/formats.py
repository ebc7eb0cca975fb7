"""The formats of the report, imported when they are written, and where each goes."""

import sys
from collections.abc import Callable, Iterable

import rich_click as click

from rbac_audit.audit.report import Report
from rbac_audit.cli.output import write_files


def _terminal(report: Report, _: str) -> bytes:
    from rbac_audit.report import terminal

    return terminal.plain(report).encode()


def _json(report: Report, _: str) -> bytes:
    from rbac_audit.report import json_format

    return json_format.render(report)


def _html(report: Report, language: str) -> bytes:
    from rbac_audit.report import html

    return html.render(report, language).encode()


def _markdown(report: Report, language: str) -> bytes:
    from rbac_audit.report import markdown

    return markdown.render(report, language).encode()


FORMATS: dict[str, Callable[[Report, str], bytes]] = {
    "terminal": _terminal,
    "json": _json,
    "html": _html,
    "markdown": _markdown,
}


def deliver(report: Report, targets: Iterable[tuple[str, str]], language: str) -> None:
    """Write the files first: they are whole before a reader of standard output can be gone."""
    targets = tuple(targets)
    write_files((path, FORMATS[name](report, language)) for name, path in targets if path != "-")
    for name, path in targets:
        if path != "-":
            continue
        if name == "terminal":
            from rich.console import Console

            from rbac_audit.report import terminal

            terminal.write(report, Console(file=sys.stdout, force_terminal=sys.stdout.isatty()))
        else:
            click.echo(FORMATS[name](report, language), nl=False)
