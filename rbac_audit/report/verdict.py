"""The verdict of a report in words: is it bad, what is not known, and what changed since the last time."""

from collections.abc import Iterable
from dataclasses import dataclass

from rbac_audit.audit.finding import Severity
from rbac_audit.audit.report import Report
from rbac_audit.harvester.survival import Survival
from rbac_audit.report.summary import identity
from rbac_audit.report.words import Words

AT_RISK = frozenset({Survival.OPERATOR_GC.value, Survival.WRANGLER_OWNED.value, Survival.KUBEVIRT_ROLE.value})
"""The classes of bindings that an upgrade may delete, reset, or take the meaning from."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence that answers "is it bad?", and the sentences that qualify it; `tone` is bad, unknown or good."""

    tone: str
    headline: str
    details: tuple[str, ...]


def verdict(report: Report, words: Words) -> Verdict:
    """Judge in words; what could not be read or judged, and what filters hid, is never called clean."""
    unread, left_out = _unread(report, words), _left_out(report, words)
    if report.summary.findings:
        counted, facts = severities(report, words), _facts(report, words)
        details = (*_reach(report, words), *unread, *left_out)
        return Verdict("bad", facts, (counted, *details)) if facts else Verdict("bad", counted, details)
    if unread:
        headline = words("Nothing was found in what could be read, but this is not a clean result.")
        return Verdict("unknown", headline, (*unread, *left_out))
    if report.summary.hidden:
        return Verdict("unknown", words("The filters of this run leave nothing to show."), left_out)
    if report.waived:
        return Verdict("unknown", words("Everything that was found is waived."), left_out)
    if report.extract:
        tone = "unknown" if report.extract.withheld else "good"
        return Verdict(tone, words("Nothing was found that is about this project alone."), left_out)
    objects = words.n(report.summary.objects, "{n} object", "{n} objects")
    clusters = words.n(len(report.estate.clusters), "{n} cluster", "{n} clusters")
    read = words("All of it could be read: {objects} of {clusters}.", objects=objects, clusters=clusters)
    return Verdict("good", words("Nothing wrong was found."), (read,))


def severities(report: Report, words: Words) -> str:
    """Count the findings by severity, worst first: `3 findings: 1 critical and 2 high.`."""
    return told(report.summary.by_severity, words)


def told(numbers: dict[str, int], words: Words) -> str:
    """Say a number of findings by severity as a sentence."""
    found = [each for each in Severity if numbers.get(each.value)]
    parts = [f"{words.number(numbers[each.value])} {words(_level(each))}" for each in found]
    total = sum(numbers.values())
    if len(found) == 1:
        every = "{n} finding, {level}.", "{n} findings, all {level}."
        return words.n(total, *every, level=words(_level(found[0])))
    return words.n(total, "{n} finding: {levels}.", "{n} findings: {levels}.", levels=words.joined(parts))


def _level(severity: Severity) -> str:
    return "for information" if severity is Severity.INFO else severity.value


def _facts(report: Report, words: Words) -> str:
    """Put what matters most to a reader into one sentence; "" where none of it is the case."""
    facts = [*_consoles(report, words)]
    at_risk = sum(fate.survival in AT_RISK for cluster in report.survival for fate in cluster.bindings)
    if at_risk:
        one, many = "{n} binding may not survive the next upgrade", "{n} bindings may not survive the next upgrade"
        facts.append(words.n(at_risk, one, many))
    unread = len({gap.cluster for gap in report.gaps if gap.cluster})
    if unread and facts:
        one, many = "{n} cluster could not be read in full", "{n} clusters could not be read in full"
        facts.append(words.n(unread, one, many))
    return f"{'; '.join(facts)}." if facts else ""


def _consoles(report: Report, words: Words) -> Iterable[str]:
    """Say how many outsiders can open consoles; the names of projects are not unique, so they are told by their id."""
    names = {(project.cluster, project.id): project.name or project.id for project in report.projects}
    tenants = {(project.cluster, project.id) for project in report.projects if not project.system}
    rows = [row for row in report.holdings if "console" in row.capabilities and not row.member]
    rows = [row for row in rows if (row.cluster, row.project) in tenants]
    projects = list(dict.fromkeys((row.cluster, row.project) for row in rows))
    people = len({identity(row.subject) for row in rows})
    if len(projects) == 1:
        one, many = (
            "{n} outsider can open consoles of project {project}",
            "{n} outsiders can open consoles of project {project}",
        )
        yield words.n(people, one, many, project=names[projects[0]])
    elif projects:
        one, many = "{n} outsider can open consoles in {m} projects", "{n} outsiders can open consoles in {m} projects"
        yield words.n(people, one, many, m=words.number(len(projects)))


def _reach(report: Report, words: Words) -> tuple[str, ...]:
    subjects = {identity(subject) for finding in report.findings for subject in finding.subjects}
    projects = {finding.scope.project for finding in report.findings if finding.scope.project}
    wide = sum(finding.scope.cluster_wide for finding in report.findings)
    if not subjects:
        return ()
    who = words.n(len(subjects), "{n} user, group or service account", "{n} users, groups and service accounts")
    one, many = "It concerns {who}.", "They concern {who}."
    if projects:
        who = words.n(len(projects), "{who} in {n} project", "{who} in {n} projects", who=who)
    said = [words(one if report.summary.findings == 1 else many, who=who)]
    if wide:
        said.append(words.n(wide, "{n} finding reaches a whole cluster.", "{n} findings reach a whole cluster."))
    return (" ".join(said),)


def _unread(report: Report, words: Words) -> tuple[str, ...]:
    gaps, rules = report.summary.gaps, len({each.rule for each in report.not_evaluated})
    if not gaps and not report.summary.not_evaluated:
        return ()
    parts = [words.n(gaps, "{n} thing could not be read", "{n} things could not be read")] if gaps else []
    if rules:
        one, many = "{n} rule could not be judged everywhere", "{n} rules could not be judged everywhere"
        parts.append(words.n(rules, one, many))
    tail = words("About those this report does not know, and not knowing is not the same as clean.")
    return (f"{words.joined(parts)}. {tail}",)


def _left_out(report: Report, words: Words) -> tuple[str, ...]:
    said, extract = [], report.extract
    if report.summary.hidden:
        one, many = "{n} more finding is hidden by filters.", "{n} more findings are hidden by filters."
        said.append(words.n(report.summary.hidden, one, many))
    if report.waived:
        one, many = "{n} finding is waived and not counted here.", "{n} findings are waived and not counted here."
        said.append(words.n(len(report.waived), one, many))
    if extract and extract.withheld:
        one = "{n} more finding reaches this project and others too: only the whole report shows it."
        many = "{n} more findings reach this project and others too: only the whole report shows them."
        said.append(words.n(extract.withheld, one, many))
    if extract and extract.cluster_wide:
        one = "{n} subject who is not named here can act in this project, because it can on the whole cluster."
        many = "{n} subjects who are not named here can act in this project, because they can on the whole cluster."
        said.append(words.n(extract.cluster_wide, one, many))
    return tuple(said)


def since_line(report: Report, words: Words) -> str:
    """Say in one sentence what changed since the earlier report; "" where there was none."""
    since = report.since
    if since is None:
        return ""
    parts = [
        words.n(len(since.new), "{n} finding is new", "{n} findings are new"),
        words.n(len(since.gone), "{n} is gone", "{n} are gone"),
        words.n(since.unchanged, "{n} is unchanged", "{n} are unchanged"),
    ]
    if since.waived:
        parts.append(words.n(since.waived, "{n} was waived", "{n} were waived"))
    if since.unjudged:
        parts.append(words.n(len(since.unjudged), "{n} was not judged again", "{n} were not judged again"))
    return words("Since the report of {date}: {parts}.", date=since.date, parts=words.joined(parts))
