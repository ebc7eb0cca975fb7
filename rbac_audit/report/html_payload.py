"""The data block of the HTML report: every string, object, subject and chain step written once, then compressed."""

import base64
import zlib
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

import msgspec

from rbac_audit.audit.finding import Finding, Link, SubjectRef
from rbac_audit.audit.report import Report, Since
from rbac_audit.audit.sections import ClusterSurvival, Holding, PersonSummary, PublicNamespace
from rbac_audit.report.html_projects import Projects
from rbac_audit.report.summary import identity
from rbac_audit.report.verdict import AT_RISK
from rbac_audit.report.words import Words
from rbac_audit.snapshot.objects import ObjectRef

K = TypeVar("K", bound=Hashable)
Row = list[object]


class Pool(Generic[K]):
    """Numbers values in the order in which they are first seen."""

    def __init__(self) -> None:
        """Start empty."""
        self._numbers: dict[K, int] = {}

    def __call__(self, value: K) -> int:
        """Number a value: the same value, the same number."""
        return self._numbers.setdefault(value, len(self._numbers))

    def each(self, values: Iterable[K]) -> list[int]:
        """Number several values."""
        return [self(value) for value in values]

    def values(self) -> list[K]:
        """List what was numbered."""
        return list(self._numbers)


class Payload:
    """Turns a report into rows of numbers; `packed` is what the page unpacks (`data.js` reads the same order)."""

    def __init__(self, report: Report, words: Words) -> None:
        """Number everything that the report mentions."""
        self._report = report
        self._words = words
        self._texts: Pool[str] = Pool()
        self._objects: Pool[ObjectRef] = Pool()
        self._subjects: Pool[SubjectRef] = Pool()
        self._links: Pool[Link] = Pool()
        self._names = _display_names(report)
        self._projects = Projects(report)

    def packed(self) -> str:
        """Compress the data block: zlib without a time stamp, in base64, so that no text of it can end the element."""
        encoded = msgspec.json.encode(self._all(), order="deterministic")
        return base64.b64encode(zlib.compress(encoded, 9)).decode("ascii")

    def _all(self) -> dict[str, object]:
        report = self._report
        capabilities: Pool[str] = Pool()
        capabilities.each(capability.name for capability in report.capabilities)
        rows: dict[str, object] = {
            "date": report.date,
            "language": self._words.language,
            "words": self._words.catalogue,
            "command": report.command,
            "extract": report.extract is not None,
            "risky": sorted(AT_RISK),
            "clusters": [[c.name, c.display_name or c.name] for c in report.estate.clusters],
            "incomplete": sorted({gap.cluster for gap in report.gaps}),
            "rules": {rule.rule: [rule.title, rule.why, rule.planned] for rule in report.rules},
            "findings": [self._finding(finding) for finding in report.findings],
            "people": [self._person(person) for person in report.people],
            "holdings": [self._holding(holding, capabilities) for holding in report.holdings],
            "templates": [
                [self._texts(row.cluster), row.name, row.title, capabilities.each(row.capabilities)]
                for row in report.templates
            ],
            "accounts": [[self._subject(row.subject), self._objects.each(row.workloads)] for row in report.accounts],
            "survival": [self._survival(row) for row in report.survival],
            "public": [self._public(row, capabilities) for row in report.public],
            "since": self._since(report.since) if report.since else None,
        }
        titles = {capability.name: capability.title for capability in report.capabilities}
        rows["capabilities"] = [[name, titles.get(name, name)] for name in capabilities.values()]
        rows["projects"] = [self._project(number) for number in range(len(self._projects.rows))]
        rows["links"] = [self._link(link) for link in self._links.values()]
        rows["objects"] = [self._object(item) for item in self._objects.values()]
        rows["subjects"] = [self._texts.each(msgspec.structs.astuple(who)) for who in self._subjects.values()]
        return rows | {"texts": self._texts.values()}

    def _subject(self, subject: SubjectRef) -> int:
        return self._subjects(self._names.get(identity(subject), subject))

    def _many(self, subjects: Iterable[SubjectRef]) -> list[int]:
        return [self._subject(subject) for subject in subjects]

    def _person(self, person: PersonSummary) -> Row:
        state = [person.enabled, person.groups, person.groups_as_of, person.last_login]
        tokens = [msgspec.structs.astuple(token) for token in person.tokens]
        return [self._subject(person.subject), *state, person.username, person.principals, tokens]

    def _survival(self, row: ClusterSurvival) -> Row:
        fates = [
            [
                self._texts(fate.survival),
                self._objects(fate.binding),
                self._texts(fate.role),
                self._many(fate.subjects),
                self._texts(fate.reason),
                self._texts(fate.first),
            ]
            for fate in row.bindings
        ]
        return [self._texts(row.cluster), row.shipped, row.rendered, fates]

    def _public(self, row: PublicNamespace, capabilities: Pool[str]) -> Row:
        bindings = [
            [
                bound.shipped,
                self._objects(bound.binding),
                bound.role,
                self._many(bound.subjects),
                capabilities.each(bound.capabilities),
            ]
            for bound in row.bindings
        ]
        project = self._projects.named(row.cluster, row.project) if row.project else -1
        secrets = [[each.shipped, self._objects(each.secret), each.type] for each in row.secrets]
        writers = [[self._subject(subject), what] for subject, what in row.writers]
        start = [self._texts(row.cluster), project, row.contents, bindings, secrets]
        return [*start, self._many(row.readers), writers, row.unread]

    def _since(self, since: Since) -> Row:
        gone, unjudged = ([self._finding(each) for each in found] for found in (since.gone, since.unjudged))
        return [since.date, since.digest, since.new, since.unchanged, gone, unjudged]

    def _finding(self, finding: Finding) -> Row:
        scope = finding.scope
        return [
            self._texts(finding.rule),
            finding.severity.rank,
            finding.confidence.value,
            self._texts(finding.cluster),
            self._objects(finding.object),
            finding.message,
            self._objects.each(finding.related),
            [self._subject(subject) for subject in finding.subjects],
            self._texts.each(scope.namespaces),
            self._projects.of(finding),
            scope.cluster_wide,
            self._links.each(finding.chain),
            finding.fix.safety.value,
            self._texts(finding.fix.text),
            self._texts.each(finding.references),
            finding.fingerprint,
        ]

    def _link(self, link: Link) -> Row:
        return [
            self._texts(link.step),
            self._texts(link.text),
            -1 if link.object is None else self._objects(link.object),
        ]

    def _object(self, item: ObjectRef) -> list[int]:
        return self._texts.each((item.api_group, item.kind, item.name, item.namespace, item.cluster))

    def _project(self, number: int) -> Row:
        project = self._projects.rows[number]
        members = [[self._subject(subject), role] for subject, role in project.members]
        reach = self._projects.reach[number]
        namespaces = self._texts.each(project.namespaces)
        shared = [[kind.kind, self._objects.each(kind.objects), self._many(kind.readers)] for kind in project.shared]
        start = [self._texts(project.cluster), project.id, project.name, project.system, namespaces, members, reach]
        return [*start, project.contents, project.quota, shared]

    def _holding(self, holding: Holding, capabilities: Pool[str]) -> Row:
        grants = [
            [
                self._objects(grant.through),
                self._texts(grant.source),
                self._texts(grant.role),
                capabilities.each(grant.capabilities),
                self._texts.each(grant.namespaces),
                self._texts(grant.template),
            ]
            for grant in holding.grants
        ]
        project = self._projects.named(holding.cluster, holding.project, cluster_wide=holding.cluster_wide)
        return [self._subject(holding.subject), project, holding.cluster_wide, holding.member, grants]


def _display_names(report: Report) -> dict[SubjectRef, SubjectRef]:
    """The subjects that have a display name anywhere, by what identifies them; the list of people decides."""
    everywhere = (
        *(person.subject for person in report.people),
        *(subject for project in report.projects for subject, _ in project.members),
        *(holding.subject for holding in report.holdings),
        *(subject for finding in report.findings for subject in finding.subjects),
    )
    names: dict[SubjectRef, SubjectRef] = {}
    for subject in filter(lambda each: each.display_name, everywhere):
        names.setdefault(identity(subject), subject)
    return names
