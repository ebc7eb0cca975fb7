"""What a report puts first, in every format: what to change, the worst findings, who is concerned."""

from collections import Counter
from dataclasses import dataclass

import msgspec

from rbac_audit.audit.finding import Finding, Safety, Severity, SubjectRef
from rbac_audit.audit.report import NotEvaluated, Report, RuleResult
from rbac_audit.snapshot.objects import ObjectRef

FIRST = 5
WORST = 10
PER_RULE = 3


@dataclass(frozen=True, slots=True)
class Change:
    """An object to change, and the findings that are gone then, worst first."""

    object: ObjectRef
    cluster: str
    findings: tuple[Finding, ...]

    @property
    def by_severity(self) -> dict[Severity, int]:
        """The severities of the findings with their numbers, worst first."""
        counts = Counter(finding.severity for finding in self.findings)
        return {severity: counts[severity] for severity in Severity if counts[severity]}

    @property
    def subjects(self) -> int:
        """How many subjects the findings concern."""
        return len({identity(subject) for finding in self.findings for subject in finding.subjects})

    @property
    def safety(self) -> Safety:
        """The least safe of the fixes."""
        return max((finding.fix.safety for finding in self.findings), key=list(Safety).index)

    @property
    def fix(self) -> str:
        """The fix of the worst finding."""
        return self.findings[0].fix.text


@dataclass(frozen=True, slots=True)
class Affected:
    """A subject with the number of findings about it and the worst of their severities."""

    subject: SubjectRef
    findings: int
    worst: Severity


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule of the run with where it was not judged; `result` is None for a rule that is known by its absence only."""

    rule: str
    result: RuleResult | None
    not_evaluated: tuple[NotEvaluated, ...]

    @property
    def judged(self) -> str:
        """`everywhere`, `partly` or `nowhere`, as far as `not_evaluated` says it."""
        if not self.not_evaluated:
            return "everywhere"
        nowhere = any(not gap.partly and not gap.cluster for gap in self.not_evaluated)
        return "nowhere" if nowhere else "partly"

    @property
    def outcome(self) -> str:
        """`failed` with findings; `passed` without any, where it was judged everywhere; else `unjudged`."""
        if self.result and self.result.findings:
            return "failed"
        return "passed" if self.result and self.judged == "everywhere" else "unjudged"


def worst(report: Report) -> list[Finding]:
    """Pick the findings for the first screen: in the order of the report, but a rule with many does not fill it."""
    seen: Counter[str] = Counter()
    picked = []
    for finding in report.findings:
        seen[finding.rule] += 1
        if seen[finding.rule] <= PER_RULE:
            picked.append(finding)
    return picked[:WORST]


def changes(report: Report) -> list[Change]:
    """List the objects to change, first the one whose change removes most of the worst: severity by severity."""
    by_object: dict[tuple[str, ObjectRef], list[Finding]] = {}
    for finding in report.findings:
        by_object.setdefault((finding.cluster, finding.object), []).append(finding)
    levels = list(Severity)
    weights = {}
    for key, findings in by_object.items():
        found = [finding.severity for finding in findings]
        weights[key] = tuple(-found.count(level) for level in levels)
    ordered = sorted(by_object, key=lambda key: (weights[key], key))
    return [Change(item, cluster, tuple(by_object[cluster, item])) for cluster, item in ordered]


def affected(report: Report) -> list[Affected]:
    """List the subjects of the findings, those with the worst and the most findings first."""
    found: dict[SubjectRef, list[Finding]] = {}
    shown: dict[SubjectRef, SubjectRef] = {}
    for finding in report.findings:
        for subject in finding.subjects:
            if subject.display_name or identity(subject) not in shown:
                shown[identity(subject)] = subject
        for key in dict.fromkeys(map(identity, finding.subjects)):
            found.setdefault(key, []).append(finding)
    lines = [Affected(shown[key], len(about), _worst(about)) for key, about in found.items()]
    return sorted(lines, key=lambda line: (line.worst.rank, -line.findings, line.subject))


def rule_lines(report: Report) -> list[RuleLine]:
    """List every rule of the run, and those that are only known because they could not be judged."""
    missing: dict[str, list[NotEvaluated]] = {}
    for gap in report.not_evaluated:
        missing.setdefault(gap.rule, []).append(gap)
    results = {result.rule: result for result in report.rules}
    lines = [RuleLine(rule, results.get(rule), tuple(missing.get(rule, ()))) for rule in {**results, **missing}]
    return sorted(lines, key=lambda line: (line.result.severity.rank if line.result else 5, line.rule))


def _worst(findings: list[Finding]) -> Severity:
    return min((finding.severity for finding in findings), key=lambda each: each.rank)


def identity(subject: SubjectRef) -> SubjectRef:
    """Tell who a subject is: the same with and without a display name."""
    return msgspec.structs.replace(subject, display_name="")
