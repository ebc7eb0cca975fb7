import msgspec
import pytest

from rbac_audit.audit.report import Extract, Report
from rbac_audit.report.verdict import since_line, verdict
from rbac_audit.report.words import words
from tests.report import factory

ENGLISH = words("en")


def said(report: Report) -> str:
    found = verdict(report, ENGLISH)
    return " ".join((found.headline, *found.details))


def with_summary(report: Report, **changes: int) -> Report:
    return msgspec.structs.replace(report, summary=msgspec.structs.replace(report.summary, **changes))


@pytest.mark.parametrize(
    ("report", "tone"),
    [
        (factory.report(0, gaps=False), "good"),
        (factory.report(0), "unknown"),
        (factory.report(1), "bad"),
        (factory.report(1, gaps=False), "bad"),
        (with_summary(factory.report(0, gaps=False), hidden=1), "unknown"),
        (factory.report(0, gaps=False, waived=1), "unknown"),
    ],
    ids=["clean", "gaps", "finding-and-gaps", "finding", "hidden", "waived"],
)
def test_unknown_is_neither_good_nor_bad(report: Report, tone: str) -> None:
    assert verdict(report, ENGLISH).tone == tone


@pytest.mark.parametrize("keep", ["gaps", "not_evaluated"])
def test_one_gap_or_one_rule_not_judged_is_enough_not_to_be_clean(keep: str) -> None:
    whole = factory.report(0)
    numbers = {"gaps": 0, "not_evaluated": 0, keep: getattr(whole.summary, keep)}
    lists = {name: getattr(whole, name) if name == keep else () for name in ("gaps", "not_evaluated")}
    report = with_summary(msgspec.structs.replace(whole, **lists), **numbers)
    assert verdict(report, ENGLISH).tone == "unknown"
    assert "not a clean result" in said(report)


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (factory.report(0, gaps=False), "Nothing wrong was found."),
        (factory.report(0), "2 things could not be read and 2 rules could not be judged everywhere."),
        (factory.report(1), "1 finding, medium. It concerns 2 users, groups and service accounts in 1 project."),
        (with_summary(factory.report(0, gaps=False), hidden=3), "The filters of this run leave nothing to show."),
        (factory.report(0, gaps=False, waived=2), "Everything that was found is waived."),
        (factory.report(0, waived=1), "1 finding is waived and not counted here."),
        (factory.report(0, waived=3), "3 findings are waived and not counted here."),
        (with_summary(factory.report(0), hidden=1), "1 more finding is hidden by filters."),
        (with_summary(factory.report(0), hidden=1200), "1,200 more findings are hidden by filters."),
    ],
)
def test_the_verdict_says_it_in_words(report: Report, words: str) -> None:
    assert words in said(report)


def test_each_severity_is_counted_worst_first() -> None:
    report = factory.report(100)
    numbers = {"critical": 1, "high": 2, "medium": 0, "low": 3, "info": 1000}
    report = msgspec.structs.replace(
        report, summary=msgspec.structs.replace(report.summary, by_severity=numbers, findings=1006)
    )
    assert "1,006 findings: 1 critical, 2 high, 3 low and 1,000 for information." in said(report)


def bare(findings: int) -> Report:
    """Findings, and nothing else that a headline speaks of."""
    return msgspec.structs.replace(factory.report(findings, gaps=False), holdings=(), survival=(), projects=())


def test_a_gap_of_no_cluster_is_not_counted_as_one() -> None:
    report = factory.report(100)
    elsewhere = msgspec.structs.replace(
        report, gaps=(*report.gaps, msgspec.structs.replace(report.gaps[0], cluster=""))
    )
    assert "2 clusters could not be read in full" in verdict(report, ENGLISH).headline
    assert verdict(elsewhere, ENGLISH).headline == verdict(report, ENGLISH).headline


def test_without_any_of_the_facts_the_headline_counts() -> None:
    assert verdict(bare(1), ENGLISH).headline == "1 finding, medium."


def test_the_headline_says_who_can_open_consoles_what_an_upgrade_may_take_and_what_was_not_read() -> None:
    report = factory.report(100)
    outsiders = [
        row
        for row in report.holdings
        if row.project and not row.member and "console" in row.capabilities
        if not any(each.system for each in report.projects if each.id == row.project)
    ]
    people, projects = {row.subject for row in outsiders}, {row.project for row in outsiders}
    assert len(projects) > 1
    assert verdict(report, ENGLISH).headline == (
        f"{len(people)} outsiders can open consoles in {len(projects)} projects; "
        "2 bindings may not survive the next upgrade; 2 clusters could not be read in full."
    )


def test_one_project_is_named() -> None:
    report = factory.report(1, gaps=False)
    home = next(each for each in report.projects if not each.system)
    row = next(each for each in report.holdings if each.project == home.id)
    alone = msgspec.structs.replace(row, member=False, capabilities=("console",))
    report = msgspec.structs.replace(report, holdings=(alone,), survival=())
    assert verdict(report, ENGLISH).headline == f"1 outsider can open consoles of project {home.name}."


def test_the_system_project_has_no_tenants() -> None:
    report = factory.report(1, gaps=False)
    home = next(each for each in report.projects if each.system)
    row = msgspec.structs.replace(report.holdings[0], cluster=home.cluster, project=home.id, member=False)
    row = msgspec.structs.replace(row, capabilities=("console",))
    assert "console" not in said(msgspec.structs.replace(report, holdings=(row,), survival=()))


def test_an_extract_says_what_it_leaves_out() -> None:
    report = msgspec.structs.replace(factory.report(0, gaps=False), extract=Extract("p", 2, 1))
    assert "2 more findings reach this project and others too: only the whole report shows them." in said(report)
    assert "1 subject who is not named here can act in this project, because it can on the whole cluster." in said(
        report
    )
    assert verdict(report, ENGLISH).tone == "unknown"
    assert "object" not in said(report)


def test_what_changed_is_said_in_one_sentence() -> None:
    assert since_line(factory.since(factory.report(10)), ENGLISH) == (
        "Since the report of 2026-11-01: 4 findings are new, 2 are gone, 6 are unchanged, 1 was waived "
        "and 1 was not judged again."
    )
    assert since_line(factory.report(10), ENGLISH) == ""
