"""Names in a report that one project has nothing to do with, and whether a text speaks of them."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

import msgspec

from rbac_audit.audit.finding import Finding, SubjectRef
from rbac_audit.audit.report import Report
from rbac_audit.audit.sections import ProjectSummary

_WORD = re.compile(r"[^\s,;'\"()<>\[\]{}|/:=]+")
# Names of namespaces, projects, roles and role templates that are everywhere, and so tell nothing about anybody.
_COMMON = frozenset(
    [
        *("", "default", "Default", "System", "admin", "edit", "view"),
        *("cluster-admin", "cluster-owner", "cluster-member", "project-owner", "project-member", "read-only"),
    ]
)


class Strangers:
    """Every project, namespace and person of a report but one project and its people."""

    def __init__(self, report: Report, project: ProjectSummary, people: frozenset[SubjectRef]) -> None:
        """Look at one project; `people` are those who have to do with it, without display names."""
        self._report, self._project, self._people = report, project, people

    def are_named(self, text: str) -> bool:
        """Tell whether a text names any of them: by one of its words, or by a name of several words."""
        words = (word.strip(".") for word in _WORD.findall(text))
        return not self._names.isdisjoint(words) or any(name in text for name in self._long)

    @cached_property
    def _names(self) -> frozenset[str]:
        names: set[str] = set()
        own = _words_of(self._project) | _COMMON
        for project in self._report.projects:
            names |= _words_of(project) if project is not self._project else set()
        for row in self._report.holdings:
            names.update(row.namespaces)
        for finding in findings_of(self._report):
            names.update(finding.scope.namespaces)
        for subject in _subjects(self._report):
            words = {subject.name, subject.display_name, subject.namespace}
            if bare(subject) in self._people:
                own |= words
            elif not subject.name.startswith("system:") or subject.name.startswith("system:serviceaccounts:"):
                names |= words
        return frozenset(names - own)

    @cached_property
    def _long(self) -> tuple[str, ...]:
        return tuple(name for name in self._names if not _WORD.fullmatch(name))


def _words_of(project: ProjectSummary) -> set[str]:
    return {project.id, project.id.rpartition(":")[2], project.name, *project.namespaces}


def findings_of(report: Report) -> Iterable[Finding]:
    """List every finding of a report, of an earlier one and waived ones too."""
    earlier = (*report.since.gone, *report.since.unjudged) if report.since else ()
    return (*report.findings, *report.waived, *earlier)


def _subjects(report: Report) -> Iterator[SubjectRef]:
    yield from (person.subject for person in report.people)
    yield from (row.subject for row in report.holdings)
    yield from (subject for project in report.projects for subject, _ in project.members)
    yield from (subject for project in report.projects for kind in project.shared for subject in kind.readers)
    yield from (subject for finding in findings_of(report) for subject in finding.subjects)
    yield from (who for cluster in report.survival for fate in cluster.bindings for who in fate.subjects)
    yield from (who for place in report.public for bound in place.bindings for who in bound.subjects)
    yield from (row.subject for row in report.accounts)


def bare(subject: SubjectRef) -> SubjectRef:
    """A person is the same with and without a display name."""
    return msgspec.structs.replace(subject, display_name="")
