"""The data block of the HTML report: every string, object, subject and chain step written once, then compressed."""

import base64
import zlib
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

import msgspec

from rbac_audit.audit.finding import Finding, Link, SubjectRef
from rbac_audit.audit.report import Holding, ProjectSummary, Report
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


class Projects:
    """The projects of the matrix: those of the report, and rows for what lies in no known project."""

    def __init__(self, report: Report) -> None:
        """Learn under which names findings and holdings may call a project."""
        self.rows: list[ProjectSummary] = []
        self.reach: list[str] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._namespaces: dict[tuple[str, str], int] = {}
        rancher_ids = {cluster.name: cluster.rancher_id for cluster in report.estate.clusters}
        for project in report.projects:
            number = self._add(project, "project")
            short = project.id.rpartition(":")[2]
            full = f"{rancher_ids.get(project.cluster) or project.cluster}:{short}"
            for name in (project.id, short, full):
                self._numbers.setdefault((project.cluster, name), number)
            self._numbers.setdefault(("", full), number)
            for namespace in project.namespaces:
                self._namespaces.setdefault((project.cluster, namespace), number)

    def _add(self, project: ProjectSummary, reach: str) -> int:
        self.rows.append(project)
        self.reach.append(reach)
        return len(self.rows) - 1

    def named(self, cluster: str, name: str, *, cluster_wide: bool = False) -> int:
        """Number the project of that name; "" is the whole cluster, or what lies outside projects."""
        reach = "unknown" if name else "cluster" if cluster_wide else "outside"
        known = self._numbers.get((cluster, name), self._numbers.get(("", name))) if name else None
        if known is not None:
            return known
        key = (cluster, name or f"/{reach}")
        if key not in self._numbers:
            self._numbers[key] = self._add(ProjectSummary(cluster, name, "", False, (), ()), reach)
        return self._numbers[key]

    def of(self, finding: Finding) -> list[int]:
        """Number the projects that a finding reaches into, by its scope's project and by its namespaces."""
        scope = finding.scope
        found = {self._namespaces.get((finding.cluster, namespace)) for namespace in scope.namespaces}
        if scope.project:
            found.add(self.named(finding.cluster, scope.project))
        return sorted(number for number in found if number is not None)


class Payload:
    """Turns a report into rows of numbers; `packed` is what the page unpacks (`data.js` reads the same order)."""

    def __init__(self, report: Report) -> None:
        """Number everything that the report mentions."""
        self._report = report
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
            "clusters": [[c.name, c.display_name or c.name] for c in report.estate.clusters],
            "incomplete": sorted({gap.cluster for gap in report.gaps}),
            "rules": {rule.rule: [rule.title, rule.why] for rule in report.rules},
            "findings": [self._finding(finding) for finding in report.findings],
            "people": [
                [self._subject(p.subject), p.enabled, p.groups, p.groups_as_of, p.last_login] for p in report.people
            ],
            "holdings": [self._holding(holding, capabilities) for holding in report.holdings],
        }
        titles = {capability.name: capability.title for capability in report.capabilities}
        rows["capabilities"] = [[name, titles.get(name, name)] for name in capabilities.values()]
        rows["projects"] = [self._project(number) for number in range(len(self._projects.rows))]
        rows["links"] = [self._link(link) for link in self._links.values()]
        rows["objects"] = [self._object(item) for item in self._objects.values()]
        rows["subjects"] = [self._texts.each(msgspec.structs.astuple(who)) for who in self._subjects.values()]
        return rows | {"texts": self._texts.values()}

    def _subject(self, subject: SubjectRef) -> int:
        return self._subjects(self._names.get(_bare(subject), subject))

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
        return [self._texts(project.cluster), project.id, project.name, project.system, namespaces, members, reach]

    def _holding(self, holding: Holding, capabilities: Pool[str]) -> Row:
        return [
            self._subject(holding.subject),
            capabilities.each(holding.capabilities),
            self._projects.named(holding.cluster, holding.project, cluster_wide=holding.cluster_wide),
            self._texts.each(holding.namespaces),
            holding.cluster_wide,
            self._objects.each(holding.through),
            holding.member,
        ]


def _bare(subject: SubjectRef) -> SubjectRef:
    """A person is the same with and without a display name."""
    return msgspec.structs.replace(subject, display_name="")


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
        names.setdefault(_bare(subject), subject)
    return names
