import pytest
from msgspec.structs import replace

from rbac_audit.audit.filters import Filters
from rbac_audit.audit.finding import Finding, Severity
from rbac_audit.audit.report import Extract, NotEvaluated, Report, Since
from rbac_audit.audit.since import compared
from rbac_audit.errors import WrongUse
from tests.report import factory

OLD = factory.report(20, gaps=False)


def without(report: Report, *findings: Finding) -> Report:
    return replace(report, findings=tuple(each for each in report.findings if each not in findings))


def since(report: Report, old: Report = OLD, filters: Filters | None = None) -> Since:
    found = compared(report, old, filters or Filters()).since
    assert found
    return found


def test_nothing_changed() -> None:
    found = since(OLD)
    assert (found.new, found.unchanged, found.gone, found.unjudged, found.waived) == ((), 20, (), (), 0)


def test_it_names_the_earlier_report() -> None:
    old = replace(OLD, date="2026-01-02", estate=replace(OLD.estate, digest="x"))
    found = since(OLD, old)
    assert (found.date, found.digest) == ("2026-01-02", "x")


def test_new_and_gone_are_told_by_fingerprint_alone() -> None:
    first, second, *_ = OLD.findings
    renamed = replace(second, message="said in other words", severity=Severity.LOW)
    now = replace(OLD, findings=(renamed, *OLD.findings[2:]))
    found = since(now, without(OLD, OLD.findings[5]))
    assert found.new == (OLD.findings[5].fingerprint,)
    assert found.gone == (first,)
    assert found.unchanged == 18


@pytest.mark.parametrize(
    ("missing", "gone"),
    [
        (NotEvaluated("RULE", ("x",), "CLUSTER"), False),
        (NotEvaluated("RULE", ("x",), "CLUSTER", partly=True), False),
        (NotEvaluated("RULE", ("x",)), False),
        (NotEvaluated("RULE", ("x",), "another"), True),
        (NotEvaluated("another", ("x",), "CLUSTER"), True),
    ],
)
def test_what_was_not_judged_again_is_not_gone(missing: NotEvaluated, *, gone: bool) -> None:
    lost = OLD.findings[0]
    blind = replace(
        missing,
        rule=missing.rule.replace("RULE", lost.rule),
        cluster=missing.cluster.replace("CLUSTER", lost.cluster),
    )
    found = since(replace(without(OLD, lost), not_evaluated=(blind,)))
    assert (found.gone, found.unjudged) == (((lost,), ()) if gone else ((), (lost,)))


def test_a_rule_or_a_cluster_that_this_run_does_not_have_was_not_judged() -> None:
    lost = OLD.findings[0]
    rules = tuple(rule for rule in OLD.rules if rule.rule != lost.rule)
    assert since(replace(without(OLD, lost), rules=rules)).unjudged == (lost,)
    clusters = tuple(each for each in OLD.estate.clusters if each.name != lost.cluster)
    elsewhere = replace(without(OLD, lost), estate=replace(OLD.estate, clusters=clusters))
    assert lost in since(elsewhere).unjudged


def test_a_waived_finding_is_neither_gone_nor_unjudged() -> None:
    lost = OLD.findings[0]
    found = since(replace(without(OLD, lost), waived=(lost,)))
    assert (found.gone, found.unjudged, found.waived) == ((), (), 1)


def test_filters_leave_out_of_the_earlier_report_what_they_leave_out_of_this_one() -> None:
    rule = OLD.findings[0].rule
    kept = tuple(each for each in OLD.findings if each.rule == rule)
    now = replace(OLD, findings=kept[1:], filters={"rule": [rule]})
    found = since(now, filters=Filters(rules=(rule,)))
    assert (found.new, found.unchanged, found.gone, found.unjudged) == ((), len(kept) - 1, (kept[0],), ())


@pytest.mark.parametrize(
    ("old", "words"),
    [
        (replace(OLD, filters={"rule": ["a"]}), "other filters (rule a)"),
        (replace(OLD, extract=Extract("p", 0, 0)), "about one project only"),
        (replace(OLD, estate=replace(OLD.estate, clusters=())), "about other clusters"),
    ],
)
def test_a_report_that_cannot_be_compared_is_refused(old: Report, words: str) -> None:
    with pytest.raises(WrongUse) as refused:
        compared(OLD, old, Filters())
    assert words in str(refused.value)
    assert "compare with a whole report of the same estate" in str(refused.value)


def test_the_same_filters_can_be_compared() -> None:
    filtered = replace(OLD, filters={"min-severity": ["high"]})
    assert since(filtered, filtered, Filters(Severity.HIGH)).gone == ()
