"""What a report shows of what was found: filters, which never change what is evaluated."""

import difflib
from collections.abc import Iterable, Iterator, Set

import msgspec

from rbac_audit.access.identity import placed
from rbac_audit.audit.estate import Estate
from rbac_audit.audit.finding import Finding, Severity
from rbac_audit.audit.sections import ProjectSummary
from rbac_audit.errors import WrongUse
from rbac_audit.rancher.projects import ProjectInfo
from rbac_audit.snapshot.objects import Namespace


class Reached:
    """Which projects a finding reaches into: that of its scope, and those of the namespaces there."""

    def __init__(self, projects: Iterable[tuple[str, ProjectInfo | ProjectSummary]]) -> None:
        """Take the projects, each with the name of its cluster; a later one replaces an earlier one."""
        self._names: dict[str, str] = {}
        self._ids: dict[tuple[str, str], str] = {}
        for cluster, project in projects:
            self._names[project.id] = project.name
            self._ids.update(((cluster, namespace), project.id) for namespace in project.namespaces)

    def names(self, finding: Finding) -> frozenset[str]:
        """Name them, by id and by name."""
        places = ((finding.cluster, namespace) for namespace in finding.scope.namespaces)
        ids = {finding.scope.project, *(self._ids.get(place, "") for place in places)}
        return frozenset((*ids, *(self._names.get(each, "") for each in ids)))


class Filters(msgspec.Struct, frozen=True):
    """What to show. Filters never change what is evaluated; what they hide is counted.

    Texts match whole: a rule id, a project's id or name, a namespace, a subject as `User:alice` or a display name.
    """

    min_severity: Severity = Severity.INFO
    rules: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()

    def shows(self, finding: Finding, projects: Set[str]) -> bool:
        """Decide one finding, which reaches into the projects of these ids and names."""
        names = {str(subject) for subject in finding.subjects} | {subject.display_name for subject in finding.subjects}
        places = {*finding.scope.namespaces, finding.object.namespace}
        return (
            finding.severity.rank <= self.min_severity.rank
            and (not self.rules or finding.rule in self.rules)
            and (not self.projects or not projects.isdisjoint(self.projects))
            and (not self.subjects or not names.isdisjoint(self.subjects))
            and (not self.namespaces or not places.isdisjoint(self.namespaces))
        )

    def stated(self) -> dict[str, list[str]]:
        """List the filters in force."""
        lists = {"rule": self.rules, "project": self.projects, "subject": self.subjects, "namespace": self.namespaces}
        found = {name: list(values) for name, values in lists.items() if values}
        return found if self.min_severity is Severity.INFO else {**found, "min-severity": [self.min_severity.value]}


def check_filters(estate: Estate, filters: Filters) -> None:
    """Refuse a filter for what is not there: a misspelt name would show nothing, which looks clean.

    Raises WrongUse with the nearest names.
    """
    for option, wanted, names in (
        ("--project", filters.projects, _projects),
        ("--namespace", filters.namespaces, _namespaces),
        ("--subject", filters.subjects, _subjects),
    ):
        if wanted:
            known = set(names(estate)) - {""}
            for name in wanted:
                if name not in known:
                    raise WrongUse("option", f"{option} {name}", "nothing has this name", _near(name, known))


def _projects(estate: Estate) -> Iterator[str]:
    for view in estate.views:
        for project in view.projects.all:
            yield from (project.id, project.name)


def _namespaces(estate: Estate) -> Iterator[str]:
    for view in estate.views:
        yield from (namespace.name for namespace in view.cluster.of(Namespace))
        yield from (item.namespace for items in view.cluster.objects.values() for item in items)
        yield from view.cluster.unread_namespaces


def _subjects(estate: Estate) -> Iterator[str]:
    for view in estate.views:
        for binding in view.access.bindings:
            for subject in binding.subjects:
                yield from (str(placed(subject, binding.namespace)), view.display_name(subject))
    for rancher in estate.ranchers:
        for person in rancher.people.all:
            yield from (f"User:{person.user}", person.display_name)
        owners = [*(item.subject for item in rancher.bindings), *(item.subject for item in rancher.globals)]
        yield from (str(subject) for subject in owners if subject is not None)


def _near(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=3)
    return f"did you mean {' or '.join(close)}" if close else "it is written whole, as the report writes it"
