"""What the summary of the HTML report says: the verdict in words, what to do first, and who is affected."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from rbac_audit.audit.finding import Finding, Safety, Severity, SubjectRef
from rbac_audit.audit.report import NotEvaluated, Report, RuleResult

FIRST = 5
WORST = 10
PER_RULE = 3
WORDS = {severity: severity.value for severity in Severity} | {Severity.INFO: "for information"}
EXIT_CODES = {
    0: "nothing at or above the severity that makes a run fail",
    1: "findings at or above the severity that makes a run fail",
    3: "nothing found, but something could not be read or judged",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence that answers "is it bad?", and the sentences that qualify it; `tone` is bad, unknown or good."""

    tone: str
    headline: str
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Todo:
    """A rule with findings: how many, how many subjects they concern, its fix; `safety` is the least safe of theirs."""

    rule: str
    title: str
    severity: Severity
    findings: int
    subjects: int
    safety: Safety
    fix: str


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


def count(number: int, noun: str, plural: str = "") -> str:
    """Say a number with its noun: `1 finding`, `1,200 findings`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def joined(parts: Iterable[str]) -> str:
    """Join words as a sentence does: `a`, `a and b`, `a, b and c`."""
    *rest, last = list(parts) or [""]
    return f"{', '.join(rest)} and {last}" if rest else last


def verdict(report: Report) -> Verdict:
    """Judge in words; what could not be read or judged is never called clean."""
    unread = _unread(report)
    if report.summary.findings:
        return Verdict("bad", _bad(report), (*_reach(report), *unread, *_left_out(report)))
    if unread:
        headline = "Nothing was found in what could be read, but this is not a clean result."
        return Verdict("unknown", headline, (*unread, *_left_out(report)))
    read = f"{count(report.summary.objects, 'object')} of {count(len(report.estate.clusters), 'cluster')}"
    return Verdict("good", "Nothing wrong was found.", (f"All of it could be read: {read}.", *_left_out(report)))


def _bad(report: Report) -> str:
    numbers = report.summary.by_severity
    found = [each for each in Severity if numbers.get(each.value)]
    total = count(report.summary.findings, "finding")
    if len(found) == 1:
        return f"{total}, {'all ' if report.summary.findings > 1 else ''}{WORDS[found[0]]}."
    return f"{total}: {joined(f'{numbers[each.value]:,} {WORDS[each]}' for each in found)}."


def _reach(report: Report) -> tuple[str, ...]:
    subjects = {_identity(subject) for finding in report.findings for subject in finding.subjects}
    projects = {finding.scope.project for finding in report.findings if finding.scope.project}
    wide = sum(finding.scope.cluster_wide for finding in report.findings)
    if not subjects:
        return ()
    who = count(len(subjects), "user, group or service account", "users, groups and service accounts")
    where = f" in {count(len(projects), 'project')}" if projects else ""
    whole = f" {count(wide, 'finding reaches', 'findings reach')} a whole cluster." if wide else ""
    return (f"{'They concern' if report.summary.findings > 1 else 'It concerns'} {who}{where}.{whole}",)


def _unread(report: Report) -> tuple[str, ...]:
    gaps, rules = report.summary.gaps, len({each.rule for each in report.not_evaluated})
    if not gaps and not report.summary.not_evaluated:
        return ()
    parts = [count(gaps, "thing") + " could not be read"] if gaps else []
    parts += [count(rules, "rule") + " could not be judged everywhere"] if rules else []
    return (f"{joined(parts)}. About those this report does not know, and not knowing is not the same as clean.",)


def _left_out(report: Report) -> tuple[str, ...]:
    said = []
    if report.summary.hidden:
        said.append(f"{count(report.summary.hidden, 'more finding is', 'more findings are')} hidden by filters.")
    if report.waived:
        said.append(f"{count(len(report.waived), 'finding is', 'findings are')} waived and not counted here.")
    return tuple(said)


def worst(report: Report) -> list[Finding]:
    """Pick the findings for the first screen: in the order of the report, but a rule with many does not fill it."""
    seen: Counter[str] = Counter()
    picked = []
    for finding in report.findings:
        seen[finding.rule] += 1
        if seen[finding.rule] <= PER_RULE:
            picked.append(finding)
    return picked[:WORST]


def todos(report: Report) -> list[Todo]:
    """List the rules with findings, worst first and then by how many subjects they affect."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    results = {result.rule: result for result in report.rules}
    lines = [_todo(results.get(rule), findings) for rule, findings in by_rule.items()]
    return sorted(lines, key=lambda line: (line.severity.rank, -line.subjects, -line.findings, line.rule))


def _todo(result: RuleResult | None, findings: list[Finding]) -> Todo:
    first = findings[0]
    return Todo(
        rule=first.rule,
        title=result.title if result else first.rule,
        severity=min((finding.severity for finding in findings), key=lambda each: each.rank),
        findings=len(findings),
        subjects=len({_identity(subject) for finding in findings for subject in finding.subjects}),
        safety=max((finding.fix.safety for finding in findings), key=list(Safety).index),
        fix=result.fix if result and result.fix else first.fix.text,
    )


def affected(report: Report) -> list[Affected]:
    """List the subjects of the findings, those with the worst and the most findings first."""
    found: dict[SubjectRef, list[Finding]] = {}
    shown: dict[SubjectRef, SubjectRef] = {}
    for finding in report.findings:
        for subject in finding.subjects:
            if subject.display_name or _identity(subject) not in shown:
                shown[_identity(subject)] = subject
        for key in dict.fromkeys(map(_identity, finding.subjects)):
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


def _identity(subject: SubjectRef) -> SubjectRef:
    return msgspec.structs.replace(subject, display_name="")
