"""The report for a terminal: what is worst, what could not be read, in tables that end; plain lines when piped."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rbac_audit.audit.finding import Confidence, Finding, Severity
from rbac_audit.audit.report import Report
from rbac_audit.report.text import one_line

LIMIT = 50
_STYLE = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}


def write(report: Report, console: Console) -> None:
    """Write the report; colours and tables only where the console is a terminal."""
    if console.is_terminal:
        _tables(report, console)
    else:
        for line in _lines(report):
            console.print(Text(line), soft_wrap=True)
    console.print(Text(verdict(report)), soft_wrap=True, style="bold" if console.is_terminal else None)


def verdict(report: Report) -> str:
    """Say in one sentence what was found and what could not be judged."""
    counts = report.summary.by_severity
    found = ", ".join(f"{counts[severity.value]} {severity.value}" for severity in Severity if counts[severity.value])
    summary = report.summary
    parts = [f"{summary.findings} findings ({found})" if found else "No findings"]
    parts.append(f"in {summary.objects} objects of {len(report.estate.clusters)} clusters")
    unknown = []
    if summary.gaps:
        unknown.append(f"{summary.gaps} things could not be read")
    if summary.not_evaluated:
        unknown.append(f"{summary.not_evaluated} checks could not be evaluated in full")
    if summary.hidden:
        unknown.append(f"{summary.hidden} findings are hidden by the filters")
    return one_line("; ".join([" ".join(parts), *unknown]) + ".")


def _lines(report: Report) -> Iterator[str]:
    for finding in report.findings:
        yield " ".join(_cells(finding))
    for gap in report.gaps:
        yield one_line(f"gap {gap.cluster}: {gap.what}: {gap.reason}; {gap.advice}")
    for blind in report.not_evaluated:
        how = "not evaluated in full" if blind.partly else "not evaluated"
        yield one_line(f"{how} {blind.rule} {blind.cluster}: {'; '.join(blind.because)}")


def _cells(finding: Finding) -> tuple[str, str, str, str]:
    severity = finding.severity.value
    sure = severity if finding.confidence is Confidence.CERTAIN else f"{severity}?"
    return sure, finding.rule, one_line(str(finding.object)), one_line(finding.message)


def _tables(report: Report, console: Console) -> None:
    table = Table("severity", "rule", "object", "what is wrong", title=None, expand=True)
    for finding in report.findings[:LIMIT]:
        severity, *rest = _cells(finding)
        table.add_row(Text(severity, style=_STYLE[finding.severity]), *map(Text, rest))
    if report.findings:
        console.print(table)
    if len(report.findings) > LIMIT:
        console.print(f"… and {len(report.findings) - LIMIT} more: see --format html or json")
    _unknown(report, console)


def _unknown(report: Report, console: Console) -> None:
    rows = [(gap.cluster, gap.what, gap.reason, gap.advice) for gap in report.gaps]
    rows += [
        (blind.cluster, f"rule {blind.rule}", "; ".join(blind.because), "in part" if blind.partly else "not evaluated")
        for blind in report.not_evaluated
    ]
    if not rows:
        return
    table = Table("cluster", "not known", "because", "", title="What could not be read or judged", expand=True)
    for row in rows[:LIMIT]:
        table.add_row(*(Text(one_line(cell)) for cell in row))
    console.print(table)
    if len(rows) > LIMIT:
        console.print(f"… and {len(rows) - LIMIT} more")
