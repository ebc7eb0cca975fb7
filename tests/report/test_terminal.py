import io
import re

import msgspec
import pytest
from rich.console import Console

from rbac_audit.audit.finding import Severity
from rbac_audit.audit.report import NotEvaluated, Report
from rbac_audit.report import terminal
from rbac_audit.snapshot.estate import Gap
from tests.report import factory
from tests.report.hostile import HOSTILE, replace_texts

MARKUP = ("[red]x[/red]", "[link=https://example.org]x[/link]", "[/]", ":warning:", "[bold")
ANSI = re.compile(r"\x1b|\x9b")
BOX = re.compile(r"[\u2500-\u257f]")


def on_a_terminal(report: Report, width: int = 160) -> str:
    stream = io.StringIO()
    terminal.write(report, Console(file=stream, force_terminal=True, width=width, color_system="truecolor"))
    return stream.getvalue()


def piped(report: Report) -> str:
    stream = io.StringIO()
    terminal.write(report, Console(file=stream, force_terminal=False))
    return stream.getvalue()


def without_styles(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_a_pipe_gets_plain_lines() -> None:
    text = piped(factory.report(120))
    assert not ANSI.search(text)
    assert not BOX.search(text)
    assert text == terminal.plain(factory.report(120))


def test_a_pipe_gets_every_finding_gap_reason_and_note_on_a_line_of_its_own() -> None:
    report = factory.report(120)
    lines = piped(report).splitlines()
    assert len(lines) == 120 + len(report.gaps) + len(report.not_evaluated) + len(report.estate.notes) + 1
    assert lines[-2] == f"note: {report.estate.notes[0]}"
    for finding, line in zip(report.findings, lines[:120], strict=True):
        assert line.startswith(finding.severity.value)
        assert finding.rule in line
        assert str(finding.object) in line
        assert finding.message in line


@pytest.mark.parametrize("number", [1, 2])
def test_the_cluster_is_named_where_there_are_several(number: int) -> None:
    report = factory.report(3)
    clusters = (report.estate.clusters * 2)[:number]
    report = msgspec.structs.replace(report, estate=msgspec.structs.replace(report.estate, clusters=clusters))
    wide = without_styles(on_a_terminal(report, width=400))
    for finding, line in zip(report.findings, terminal.plain(report).splitlines(), strict=False):
        assert (f" {finding.cluster}: {finding.object} " in line) is (number > 1)
        assert (f"{finding.cluster}: {finding.object}" in wide) is (number > 1)


def test_what_is_only_possible_is_marked() -> None:
    report = factory.report(60)
    marks = {
        finding.confidence.value: line.split()[0]
        for finding, line in zip(report.findings, terminal.plain(report).splitlines(), strict=False)
    }
    assert marks["possible"].endswith("?")
    assert not marks["certain"].endswith("?")


def test_a_terminal_gets_a_table_that_ends() -> None:
    text = without_styles(on_a_terminal(factory.report(400)))
    assert BOX.search(text)
    assert "… and 350 more: see --format html or json" in text
    assert len(re.findall(r"^. (?:critical|high|medium|low|info)\b", text, re.MULTILINE)) == terminal.LIMIT


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_name_is_whole_however_narrow_the_terminal_is(width: int) -> None:
    name = "c-m-abcd1234-p-" + "".join(f"{number:03}" for number in range(60))
    first, *_ = factory.report(1).findings
    found = msgspec.structs.replace(first, object=msgspec.structs.replace(first.object, name=name))
    blind = (NotEvaluated(name, ("nothing was read",), "harvester"),)
    report = msgspec.structs.replace(factory.report(0, gaps=False), findings=(found,), not_evaluated=blind)
    rows = [line.split("│") for line in without_styles(on_a_terminal(report, width)).splitlines()]
    columns = ["".join(row[number].strip() for row in rows if len(row) == 6) for number in range(6)]
    assert name in columns[3]
    assert name in columns[2]


def test_a_terminal_is_told_after_what_clusters_are_named() -> None:
    report = factory.report(1)
    assert f"note: {report.estate.notes[0]}" in without_styles(on_a_terminal(report))


def test_a_short_table_does_not_speak_of_more() -> None:
    assert "more: see" not in on_a_terminal(factory.report(terminal.LIMIT))


def test_the_table_of_what_is_not_known_ends_too() -> None:
    blind = tuple(NotEvaluated(f"rule-{n:03}", (f"reason {n}",), "harvester-b") for n in range(80))
    report = msgspec.structs.replace(factory.report(0), not_evaluated=blind)
    text = without_styles(on_a_terminal(report))
    assert text.count("reason ") == terminal.LIMIT - len(report.gaps)
    assert f"… and {80 - terminal.LIMIT + len(report.gaps)} more" in text


def test_rules_that_the_same_reason_keeps_from_looking_share_a_line() -> None:
    blind = tuple(NotEvaluated(rule, ("no Secret was read",), "a") for rule in ("one", "two"))
    other = NotEvaluated("three", ("no Secret was read",), "a", partly=True)
    report = msgspec.structs.replace(factory.report(0, gaps=False), not_evaluated=(*blind, other))
    lines = terminal.plain(report).splitlines()[:-2]
    assert lines == [
        "not evaluated a: one, two: no Secret was read",
        "not evaluated in full a: three: no Secret was read",
    ]


def test_what_is_of_no_cluster_names_none() -> None:
    gap = Gap("", "a bundle", "it has no Rancher", "add it")
    empty = factory.report(0, gaps=False)
    report = msgspec.structs.replace(empty, gaps=(gap,), not_evaluated=(NotEvaluated("one", ("nothing was read",)),))
    assert terminal.plain(report).splitlines()[:-2] == [
        "gap: a bundle: it has no Rancher; add it",
        "not evaluated: one: nothing was read",
    ]


@pytest.mark.parametrize("name", [*HOSTILE, *MARKUP])
def test_a_hostile_name_stays_on_its_line_when_piped(name: str) -> None:
    harmless, report = (replace_texts(factory.report(7), text) for text in ("name", name))
    text = piped(report)
    assert len(text.splitlines()) == len(piped(harmless).splitlines())
    assert not ANSI.search(text)
    assert not re.search("[\u202e\u2066\u200f\x07]", text)


@pytest.mark.parametrize("name", MARKUP)
def test_markup_in_a_name_is_text(name: str) -> None:
    report = replace_texts(factory.report(2), name)
    assert name in piped(report)
    shown = without_styles(on_a_terminal(report, width=400))
    assert name in shown
    assert "\x1b]8;" not in on_a_terminal(report), "a link of its own"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_sends_nothing_to_a_terminal_but_colours(name: str) -> None:
    text = without_styles(on_a_terminal(replace_texts(factory.report(3), name)))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)


@pytest.mark.parametrize("findings", [0, 1, 57, 400])
@pytest.mark.parametrize("gaps", [True, False])
def test_the_verdict_has_the_numbers_of_the_report(findings: int, *, gaps: bool) -> None:
    report = factory.report(findings, gaps=gaps)
    said = terminal.verdict(report)
    shown = {severity: int(number) for number, severity in re.findall(r"(\d+) (critical|high|medium|low|info)", said)}
    assert shown == {name: number for name, number in report.summary.by_severity.items() if number}
    assert sum(shown.values()) == findings
    assert (f"{len(report.gaps)} things could not be read" in said) is gaps
    assert (f"{len(report.not_evaluated)} checks could not be evaluated in full" in said) is gaps
    assert (f"{report.summary.hidden} findings hidden by the filters" in said) is gaps
    assert f"{report.summary.objects:,} objects of {len(report.estate.clusters)} clusters" in said


def test_nothing_found_says_so_and_no_more() -> None:
    assert terminal.verdict(factory.report(0, gaps=False)) == "No findings in 7,574 objects of 3 clusters."


def test_one_is_no_plural() -> None:
    assert terminal.verdict(factory.report(1, gaps=False)).startswith("1 finding (1 ")


@pytest.mark.parametrize("severity", Severity)
def test_every_severity_has_a_style_of_its_own(severity: Severity) -> None:
    report = factory.report(1)
    painted = on_a_terminal(
        msgspec.structs.replace(report, findings=(msgspec.structs.replace(report.findings[0], severity=severity),))
    )
    styled = re.search(r"\x1b\[([0-9;]+)m" + severity.value, painted)
    assert styled is not None
    assert styled[1] not in OTHER_STYLES[severity]


OTHER_STYLES = {
    Severity.CRITICAL: {"31", "33", "36", "2"},
    Severity.HIGH: {"1;31", "33", "36", "2"},
    Severity.MEDIUM: {"1;31", "31", "36", "2"},
    Severity.LOW: {"1;31", "31", "33", "2"},
    Severity.INFO: {"1;31", "31", "33", "36"},
}
