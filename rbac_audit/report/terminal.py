"""The report for a terminal: what is worst, what could not be read, in tables that end; plain lines when piped."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from rbac_audit.audit.finding import Confidence, Finding, Severity
from rbac_audit.audit.report import Report
from rbac_audit.report.text import count, one_line
from rbac_audit.report.verdict import since_line
from rbac_audit.report.words import words

LIMIT = 50
_STYLE = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}


def write(report: Report, console: Console) -> None:
    """Write the report: tables and colours where the console is a terminal, else plain lines."""
    if console.is_terminal:
        _tables(report, console)
        for line in _notes(report):
            console.print(Text(line), soft_wrap=True, style="dim")
        for line in (*_changed(report), verdict(report)):
            console.print(Text(line), soft_wrap=True, style="bold")
    else:
        console.file.write(plain(report))


def plain(report: Report) -> str:
    """Write one line for each finding, gap, reason and note, nothing left out, and the verdict last."""
    return "".join(f"{line}\n" for line in (*_lines(report), *_notes(report), *_changed(report), verdict(report)))


def verdict(report: Report) -> str:
    """Say in one sentence what was found and what could not be judged."""
    counts, summary = report.summary.by_severity, report.summary
    found = ", ".join(f"{counts[severity.value]} {severity.value}" for severity in Severity if counts[severity.value])
    parts = [f"{count(summary.findings, 'finding')} ({found})" if found else "No findings", _place(report)]
    unknown = []
    if summary.gaps:
        unknown.append(f"{count(summary.gaps, 'thing')} could not be read")
    if summary.not_evaluated:
        unknown.append(f"{count(summary.not_evaluated, 'check')} could not be evaluated in full")
    if summary.hidden:
        unknown.append(f"{count(summary.hidden, 'finding')} hidden by the filters")
    if report.extract and report.extract.withheld:
        unknown.append(f"{count(report.extract.withheld, 'more finding')} reach others too and are left out")
    return "; ".join([" ".join(parts), *unknown]) + "."


def _place(report: Report) -> str:
    if report.extract:
        return f"in project {one_line(report.extract.project)}"
    return f"in {count(report.summary.objects, 'object')} of {count(len(report.estate.clusters), 'cluster')}"


def _changed(report: Report) -> Iterator[str]:
    """Say what is gone and what was not judged again, line by line, and then all that changed in one sentence."""
    if report.since is None:
        return
    for finding in report.since.gone:
        yield " ".join(("gone", *_cells(finding, report)))
    for finding in report.since.unjudged:
        yield " ".join(("not judged again", *_cells(finding, report)))
    yield since_line(report, words("en"))


def _lines(report: Report) -> Iterator[str]:
    new = set(report.since.new if report.since else ())
    for finding in report.findings:
        yield " ".join((*_cells(finding, report), *(["(new)"] if finding.fingerprint in new else [])))
    for gap in report.gaps:
        yield one_line(f"{f'gap {gap.cluster}'.rstrip()}: {gap.what}: {gap.reason}; {gap.advice}")
    for cluster, rules, because, how in _blind(report):
        yield one_line(f"{f'{how} {cluster}'.rstrip()}: {rules}: {because}")


def _notes(report: Report) -> Iterator[str]:
    """Tell what was made of the sources, such as after what a cluster is named, and what was passed over."""
    return (one_line(f"note: {note}") for note in report.estate.notes)


def _blind(report: Report) -> Iterator[tuple[str, str, str, str]]:
    """Put together the rules that the same reason keeps from looking: cluster, rules, reason, how much of it."""
    rules: dict[tuple[str, tuple[str, ...], bool], list[str]] = {}
    for item in report.not_evaluated:
        rules.setdefault((item.cluster, item.because, item.partly), []).append(item.rule)
    for (cluster, because, partly), names in rules.items():
        how = "not evaluated in full" if partly else "not evaluated"
        yield cluster, ", ".join(names), "; ".join(because), how


def _cells(finding: Finding, report: Report) -> tuple[str, str, str, str]:
    """Severity, rule, object and what is wrong; of several clusters, which it is about and which has the object."""
    severity = finding.severity.value
    sure = severity if finding.confidence is Confidence.CERTAIN else f"{severity}?"
    target = str(finding.object)
    if len(report.estate.clusters) > 1:
        elsewhere = "" if finding.object.cluster in {"", finding.cluster} else f" (in {finding.object.cluster})"
        target = f"{finding.cluster}: {target}{elsewhere}"
    return sure, one_line(finding.rule), one_line(target), one_line(finding.message)


def _table(*columns: str, title: str | None = None) -> Table:
    """Make a table in which a name that is too long is folded: cut short it could not be pasted into kubectl."""
    return Table(*(Column(column, overflow="fold") for column in columns), title=title, expand=True)


def _tables(report: Report, console: Console) -> None:
    table = _table("severity", "rule", "object", "what is wrong")
    new = set(report.since.new if report.since else ())
    for finding in report.findings[:LIMIT]:
        severity, *rest = _cells(finding, report)
        rest[-1] += " (new)" if finding.fingerprint in new else ""
        table.add_row(Text(severity, style=_STYLE[finding.severity]), *map(Text, rest))
    if report.findings:
        console.print(table)
    if len(report.findings) > LIMIT:
        console.print(f"… and {len(report.findings) - LIMIT} more: see --format html or json")
    _unknown(report, console)


def _unknown(report: Report, console: Console) -> None:
    rows = [(gap.cluster, gap.what, gap.reason, gap.advice) for gap in report.gaps]
    rows += [(cluster, f"rules {rules}", because, how) for cluster, rules, because, how in _blind(report)]
    if not rows:
        return
    table = _table("cluster", "not known", "because", "", title="What could not be read or judged")
    for row in rows[:LIMIT]:
        table.add_row(*(Text(one_line(cell)) for cell in row))
    console.print(table)
    if len(rows) > LIMIT:
        console.print(f"… and {len(rows) - LIMIT} more")
