"""A report cut down to one project, from which nothing about others can be read.

Whatever reaches further, or names anybody or anything that the project has nothing to do with, is left out and counted.
"""

from collections import Counter
from collections.abc import Iterator
from functools import cached_property

import msgspec

from rbac_audit.audit.finding import Finding, Severity, SubjectRef
from rbac_audit.audit.report import EstateSummary, Extract, NotEvaluated, Report, RuleResult, Since, Summary
from rbac_audit.audit.sections import BindingFate, ClusterSurvival, PersonSummary, ProjectSummary, TemplateSummary
from rbac_audit.audit.strangers import Strangers, bare, findings_of
from rbac_audit.errors import WrongUse
from rbac_audit.snapshot.estate import Gap

_ELSEWHERE = "something outside this project"


def extracted(report: Report, name: str, fail_on: Severity) -> Report:
    """Keep what is about the one project of that name or id; raises WrongUse where no or several have it."""
    found = [project for project in report.projects if name in {project.id, project.name}]
    if len(found) != 1:
        problem = f"{len(found)} projects are called so" if found else "no project is called so"
        ids = " or ".join(project.id for project in found)
        raise WrongUse(
            "option", f"--project {name}", problem, f"give the id: {ids}" if ids else "give one that is read"
        )
    return _Cut(report, found[0], fail_on).report


class _Cut:
    """Decides for each row of a report whether it is about one project and about nothing else."""

    def __init__(self, report: Report, project: ProjectSummary, fail_on: Severity) -> None:
        self._whole = report
        self._project = project
        self._fail_on = fail_on
        self._namespaces = frozenset(project.namespaces)
        self._holdings = tuple(
            row
            for row in report.holdings
            if row.cluster == project.cluster and row.project == project.id and not row.cluster_wide
        )

    @cached_property
    def _people(self) -> frozenset[SubjectRef]:
        """Everybody who is a member, holds something in the project, or is named in a finding that lies in it."""
        groups = {
            *(subject for subject, _ in self._project.members),
            *(row.subject for row in self._holdings),
            *(subject for kind in self._project.shared for subject in kind.readers),
            *(
                subject
                for finding in findings_of(self._whole)
                if self._is_inside(finding)
                for subject in finding.subjects
            ),
            *(who for fate in self._fates for who in fate.subjects),
        }
        names = {subject.name for subject in groups if subject.kind == "Group"}
        inside = (person.subject for person in self._whole.people if not names.isdisjoint(person.groups))
        return frozenset(map(bare, (*groups, *inside)))

    @cached_property
    def _fates(self) -> tuple[BindingFate, ...]:
        found = (row for row in self._whole.survival if row.cluster == self._project.cluster)
        return tuple(fate for row in found for fate in row.bindings if fate.binding.namespace in self._namespaces)

    @cached_property
    def _strangers(self) -> Strangers:
        return Strangers(self._whole, self._project, self._people)

    def _names_others(self, text: str) -> bool:
        return self._strangers.are_named(text)

    def _is_inside(self, finding: Finding) -> bool:
        scope = finding.scope
        return (
            finding.cluster == self._project.cluster
            and not scope.cluster_wide
            and self._namespaces.issuperset(scope.namespaces)
            and (bool(scope.namespaces) or scope.project == self._project.id)
        )

    def _keeps(self, finding: Finding) -> bool:
        return self._is_inside(finding) and not any(map(self._names_others, self._texts(finding)))

    def _texts(self, finding: Finding) -> Iterator[str]:
        """Every text of a finding but those that are the same in every report."""
        yield finding.message
        if finding.fix.text not in self._fixes:
            yield finding.fix.text
        for item in (finding.object, *finding.related, *(link.object for link in finding.chain if link.object)):
            yield from (item.namespace, item.name)
        yield from (link.text for link in finding.chain)

    @cached_property
    def _fixes(self) -> frozenset[str]:
        return frozenset(rule.fix for rule in self._whole.rules if not self._names_others(rule.fix))

    def _reaches(self, finding: Finding) -> bool:
        scope = finding.scope
        touches = scope.project == self._project.id or not self._namespaces.isdisjoint(scope.namespaces)
        return finding.cluster == self._project.cluster and (scope.cluster_wide or touches)

    @property
    def report(self) -> Report:
        """The report that is left, with its numbers counted again."""
        whole, findings = self._whole, tuple(filter(self._keeps, self._whole.findings))
        gaps, blind = tuple(self._gaps()), tuple(self._blind())
        counts = Counter(finding.rule for finding in findings)
        clusters = [cluster for cluster in whole.estate.clusters if cluster.name == self._project.cluster]
        clusters = [msgspec.structs.replace(cluster, objects=0, origins=()) for cluster in clusters]
        fates = tuple(fate for fate in self._fates if not self._names_others(fate.reason))
        return Report(
            tool=whole.tool,
            date=whole.date,
            estate=EstateSummary(tuple(clusters), whole.estate.digest, {}),
            summary=self._summary(findings, len(gaps), len(blind)),
            findings=findings,
            gaps=gaps,
            not_evaluated=blind,
            waived=tuple(filter(self._keeps, whole.waived)),
            rules=tuple(self._rule(rule, counts[rule.rule]) for rule in whole.rules),
            projects=(self._project,),
            people=tuple(map(self._person, filter(self._knows, whole.people))),
            capabilities=whole.capabilities,
            holdings=self._holdings,
            templates=tuple(self._templates()),
            accounts=tuple(row for row in whole.accounts if row.subject.namespace in self._namespaces),
            survival=(ClusterSurvival(self._project.cluster, 0, 0, fates),),
            since=self._since(whole.since, findings) if whole.since else None,
            extract=self._extract(len(findings)),
        )

    def _summary(self, findings: tuple[Finding, ...], gaps: int, blind: int) -> Summary:
        counts = Counter(finding.severity for finding in findings)
        failing = any(finding.severity.rank <= self._fail_on.rank for finding in findings)
        return Summary(
            by_severity={severity.value: counts[severity] for severity in Severity},
            objects=0,
            exit_code=1 if failing else 3 if gaps or blind else 0,
            findings=len(findings),
            hidden=self._whole.summary.hidden,
            gaps=gaps,
            not_evaluated=blind,
        )

    def _extract(self, kept: int) -> Extract:
        wide = (row for row in self._whole.holdings if row.cluster == self._project.cluster and row.cluster_wide)
        reaching = sum(map(self._reaches, self._whole.findings))
        return Extract(self._project.id, reaching - kept, len({bare(row.subject) for row in wide}))

    def _rule(self, rule: RuleResult, findings: int) -> RuleResult:
        """A policy of one's own may name whom it was written for."""
        why, fix = ("" if self._names_others(text) else text for text in (rule.why, rule.fix))
        return msgspec.structs.replace(rule, findings=findings, why=why, fix=fix)

    def _knows(self, person: PersonSummary) -> bool:
        return bare(person.subject) in self._people

    def _person(self, person: PersonSummary) -> PersonSummary:
        names = {subject.name for subject in self._people if subject.kind == "Group"}
        return msgspec.structs.replace(person, groups=tuple(name for name in person.groups if name in names), tokens=())

    def _templates(self) -> Iterator[TemplateSummary]:
        used = {name for _, name in self._project.members}
        for row in self._whole.templates:
            if row.cluster == self._project.cluster and row.name in used:
                yield row

    def _gaps(self) -> Iterator[Gap]:
        for gap in self._whole.gaps:
            own = tuple(name for name in gap.namespaces if name in self._namespaces)
            if gap.namespaces and not own:
                continue
            what, reason, advice = (
                _ELSEWHERE if self._names_others(text) else text for text in (gap.what, gap.reason, gap.advice)
            )
            yield Gap(gap.cluster, what, reason, advice, gap.kinds, own)

    def _blind(self) -> Iterator[NotEvaluated]:
        for missing in self._whole.not_evaluated:
            if missing.cluster in {"", self._project.cluster}:
                told = (_ELSEWHERE if self._names_others(text) else text for text in missing.because)
                yield msgspec.structs.replace(missing, because=tuple(told))

    def _since(self, since: Since, findings: tuple[Finding, ...]) -> Since:
        new = {finding.fingerprint for finding in findings} & set(since.new)
        return msgspec.structs.replace(
            since,
            new=tuple(mark for mark in since.new if mark in new),
            unchanged=len(findings) - len(new),
            gone=tuple(filter(self._keeps, since.gone)),
            unjudged=tuple(filter(self._keeps, since.unjudged)),
            waived=0,
        )
