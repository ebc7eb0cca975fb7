import msgspec
import pytest

from rbac_audit.audit.finding import Safety, Severity, SubjectRef
from rbac_audit.audit.report import NotEvaluated, RuleResult
from rbac_audit.report import summary
from tests.report import factory


def test_the_first_change_is_the_one_that_removes_most_of_the_worst() -> None:
    report = factory.report(300)
    lines = summary.changes(report)
    weights = [tuple(-line.by_severity.get(severity, 0) for severity in Severity) for line in lines]
    assert weights == sorted(weights)
    assert sum(len(line.findings) for line in lines) == 300
    assert len({(line.cluster, line.object) for line in lines}) == len(lines)


def test_a_change_removes_the_findings_of_its_object_whatever_their_rules() -> None:
    report = factory.report(40)
    first, second = report.findings[0], report.findings[-1]
    joined = msgspec.structs.replace(second, object=first.object, cluster=first.cluster)
    changed = msgspec.structs.replace(report, findings=(*report.findings[:-1], joined))
    (line,) = [line for line in summary.changes(changed) if line.object == first.object]
    assert line.findings == (first, joined)
    assert line.by_severity == {first.severity: 1, second.severity: 1}
    assert line.subjects == len({*first.subjects, *second.subjects})
    assert line.fix == first.fix.text


def test_objects_of_one_name_on_two_clusters_are_two_changes() -> None:
    report = factory.report(1)
    (one,) = report.findings
    other = msgspec.structs.replace(one, cluster="harvester-b")
    assert len(summary.changes(msgspec.structs.replace(report, findings=(one, other)))) == 2


def test_a_change_is_as_safe_as_the_least_safe_of_its_fixes() -> None:
    report = factory.report(1)
    (finding,) = report.findings
    fixes = [msgspec.structs.replace(finding.fix, safety=safety) for safety in (Safety.SAFE, Safety.MANUAL)]
    both = tuple(msgspec.structs.replace(finding, fix=fix) for fix in fixes)
    (line,) = summary.changes(msgspec.structs.replace(report, findings=both))
    assert line.safety is Safety.MANUAL


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


@pytest.mark.parametrize(
    ("findings", "missing", "outcome"),
    [
        (2, (), "failed"),
        (2, (NotEvaluated("r", ("x",), "a"),), "failed"),
        (0, (), "passed"),
        (0, (NotEvaluated("r", ("x",), "a", partly=True),), "unjudged"),
    ],
)
def test_a_rule_passes_only_where_it_was_judged_everywhere(
    findings: int, missing: tuple[NotEvaluated, ...], outcome: str
) -> None:
    result = RuleResult("r", "t", Severity.LOW, findings, "", "", ())
    assert summary.RuleLine("r", result, missing).outcome == outcome
    assert summary.RuleLine("r", None, missing).outcome == "unjudged"
