"""Projects: which namespaces are in which, and which of them is the System project.

Source: rancher pkg/controllers/managementuser/rbac/namespace_handler.go: the annotation field.cattle.io/projectId
(`<cluster>:<project>`) is authoritative; the label of the same name (`<project>`) is a copy that the cluster agent
makes.
"""

from collections.abc import Iterable

import msgspec

from rbac_audit.snapshot.objects import Namespace, Project

PROJECT_ID = "field.cattle.io/projectId"
_SYSTEM = "authz.management.cattle.io/system-project"
_DEFAULT = "authz.management.cattle.io/default-project"


class ProjectInfo(msgspec.Struct, frozen=True):
    """A project as it counts on one cluster; `known` is False where only namespaces speak of it.

    `leaving` ones are being deleted: their namespaces go, or lose their project, and all bindings with it (rancher
    pkg/controllers/managementuser/rbac/project_handler.go, Remove).
    """

    id: str
    name: str
    system: bool
    default: bool
    known: bool
    backing_namespace: str
    namespaces: tuple[str, ...]
    leaving: bool = False


class Projects:
    """The projects of one cluster."""

    def __init__(self, rancher_id: str, projects: Iterable[Project], namespaces: Iterable[Namespace]) -> None:
        """Join the cluster's Project objects with what its namespaces say."""
        places: dict[str, list[str]] = {}
        self._labels: dict[str, str] = {}
        self._of: dict[str, str] = {}
        self._leaving: set[str] = set()
        for namespace in namespaces:
            wanted = namespace.metadata.annotations.get(PROJECT_ID, "")
            if namespace.metadata.deletion_timestamp:
                self._leaving.add(namespace.name)
            self._labels[namespace.name] = namespace.metadata.labels.get(PROJECT_ID, "")
            if ":" in wanted:
                places.setdefault(wanted, []).append(namespace.name)
                self._of[namespace.name] = wanted
        found = {
            f"{project.namespace}:{project.name}": project for project in projects if project.namespace == rancher_id
        }
        self.all = tuple(
            _info(name, found.get(name), tuple(sorted(places.get(name, ())))) for name in sorted({*places, *found})
        )
        self._by_id = {project.id: project for project in self.all}

    def find(self, project_id: str) -> ProjectInfo | None:
        """Find a project by `<cluster>:<project>`."""
        return self._by_id.get(project_id)

    def of(self, namespace: str) -> ProjectInfo | None:
        """Find the project of a namespace, by its annotation."""
        return self._by_id.get(self._of.get(namespace, ""))

    def is_leaving(self, namespace: str) -> bool:
        """Tell whether a namespace is being deleted."""
        return namespace in self._leaving

    def label_of(self, namespace: str) -> str:
        """Return the project part that the namespace's label states, "" for none."""
        return self._labels.get(namespace, "")

    def system_namespaces(self) -> frozenset[str]:
        """List the namespaces of the System project."""
        return frozenset(name for project in self.all if project.system for name in project.namespaces)


def _info(project_id: str, project: Project | None, namespaces: tuple[str, ...]) -> ProjectInfo:
    if project is None:
        # Without the Project objects, kube-system tells which project is System: Rancher puts it there.
        system = "kube-system" in namespaces
        name = "System" if system else ""
        return ProjectInfo(project_id, name, system, "default" in namespaces, False, "", namespaces)
    labels = project.metadata.labels
    return ProjectInfo(
        id=project_id,
        name=project.spec.display_name or project.name,
        system=labels.get(_SYSTEM) == "true",
        default=labels.get(_DEFAULT) == "true",
        known=True,
        backing_namespace=project.status.backing_namespace or project.name,
        namespaces=namespaces,
        leaving=bool(project.metadata.deletion_timestamp),
    )
