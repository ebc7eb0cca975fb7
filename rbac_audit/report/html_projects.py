"""The rows of the matrix: the projects of a report, and rows for what lies in no known project."""

from rbac_audit.audit.finding import Finding
from rbac_audit.audit.report import Report
from rbac_audit.audit.sections import ProjectSummary


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
