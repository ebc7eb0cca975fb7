import msgspec
import pytest

from rbac_audit.audit.finding import Safety, Severity, SubjectRef
from rbac_audit.audit.report import NotEvaluated, Report
from rbac_audit.report import html_summary as summary
from tests.report import factory


def said(report: Report) -> str:
    verdict = summary.verdict(report)
    return " ".join((verdict.headline, *verdict.details))


def with_summary(report: Report, **changes: int) -> Report:
    return msgspec.structs.replace(report, summary=msgspec.structs.replace(report.summary, **changes))


@pytest.mark.parametrize(
    ("report", "tone"),
    [
        (factory.report(0, gaps=False), "good"),
        (factory.report(0), "unknown"),
        (factory.report(1), "bad"),
        (factory.report(1, gaps=False), "bad"),
    ],
    ids=["clean", "gaps", "finding-and-gaps", "finding"],
)
def test_unknown_is_neither_good_nor_bad(report: Report, tone: str) -> None:
    assert summary.verdict(report).tone == tone


@pytest.mark.parametrize("keep", ["gaps", "not_evaluated"])
def test_one_gap_or_one_rule_not_judged_is_enough_not_to_be_clean(keep: str) -> None:
    whole = factory.report(0)
    numbers = {"gaps": 0, "not_evaluated": 0, keep: getattr(whole.summary, keep)}
    lists = {name: getattr(whole, name) if name == keep else () for name in ("gaps", "not_evaluated")}
    report = with_summary(msgspec.structs.replace(whole, **lists), **numbers)
    assert summary.verdict(report).tone == "unknown"
    assert "not a clean result" in said(report)


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (factory.report(0, gaps=False), "Nothing wrong was found."),
        (factory.report(0), "2 things could not be read and 2 rules could not be judged everywhere."),
        (factory.report(1), "1 finding, medium. It concerns 2 users, groups and service accounts in 1 project."),
        (factory.report(0, waived=1), "1 finding is waived and not counted here."),
        (factory.report(0, waived=3), "3 findings are waived and not counted here."),
        (with_summary(factory.report(0), hidden=1), "1 more finding is hidden by filters."),
        (with_summary(factory.report(0), hidden=1200), "1,200 more findings are hidden by filters."),
    ],
)
def test_the_verdict_says_it_in_words(report: Report, words: str) -> None:
    assert words in said(report)


def test_the_headline_counts_each_severity_worst_first() -> None:
    report = factory.report(100)
    numbers = {"critical": 1, "high": 2, "medium": 0, "low": 3, "info": 1000}
    report = msgspec.structs.replace(
        report, summary=msgspec.structs.replace(report.summary, by_severity=numbers, findings=1006)
    )
    assert summary.verdict(report).headline == "1,006 findings: 1 critical, 2 high, 3 low and 1,000 for information."


def test_what_to_do_first_is_the_worst_and_then_what_concerns_most() -> None:
    report = factory.report(300)
    lines = summary.todos(report)
    ranks = [line.severity.rank for line in lines]
    assert ranks == sorted(ranks)
    assert sum(line.findings for line in lines) == 300
    high = [line.subjects for line in lines if line.severity is Severity.HIGH]
    assert len(high) == 2
    assert high == sorted(high, reverse=True)


def test_the_fix_shown_for_several_findings_is_as_safe_as_the_least_safe() -> None:
    report = factory.report(40)
    (low,) = [line for line in summary.todos(report) if line.severity is Severity.LOW]
    assert low.safety is Safety.SAFE
    worse = tuple(
        msgspec.structs.replace(finding, fix=msgspec.structs.replace(finding.fix, safety=Safety.MANUAL))
        if finding.fingerprint == next(f for f in report.findings if f.severity is Severity.LOW).fingerprint
        else finding
        for finding in report.findings
    )
    (low,) = [
        line for line in summary.todos(msgspec.structs.replace(report, findings=worse)) if line.severity is Severity.LOW
    ]
    assert low.safety is Safety.MANUAL


def test_a_person_with_and_without_a_display_name_is_one() -> None:
    named = SubjectRef("User", "u-1", display_name="Ada Adler")
    bare = SubjectRef("User", "u-1")
    first, second = factory.report(2).findings
    findings = (
        msgspec.structs.replace(first, subjects=(bare, named)),
        msgspec.structs.replace(second, subjects=(named,)),
    )
    (line,) = summary.affected(msgspec.structs.replace(factory.report(2), findings=findings))
    assert (line.subject.display_name, line.findings) == ("Ada Adler", 2)


def test_the_first_screen_is_not_filled_by_one_rule() -> None:
    report = factory.report(300)
    picked = summary.worst(report)
    assert len(picked) == summary.WORST
    assert picked[0] == report.findings[0]
    assert max(sum(each.rule == rule for each in picked) for rule in {each.rule for each in picked}) == summary.PER_RULE
    assert [each.severity.rank for each in picked] == sorted(each.severity.rank for each in picked)


@pytest.mark.parametrize(
    ("missing", "judged"),
    [
        ((), "everywhere"),
        ((NotEvaluated("r", ("x",)),), "nowhere"),
        ((NotEvaluated("r", ("x",), "a"),), "partly"),
        ((NotEvaluated("r", ("x",), "a", partly=True),), "partly"),
        ((NotEvaluated("r", ("x",), "", partly=True),), "partly"),
    ],
)
def test_a_rule_says_how_far_it_was_judged(missing: tuple[NotEvaluated, ...], judged: str) -> None:
    assert summary.RuleLine("r", None, missing).judged == judged


def test_a_rule_that_is_known_only_because_it_was_not_judged_is_listed() -> None:
    report = msgspec.structs.replace(factory.report(0), not_evaluated=(NotEvaluated("never-heard-of", ("x",)),))
    assert "never-heard-of" in {line.rule for line in summary.rule_lines(report)}
