"""Whose a namespace is, for rules about what tenants share."""

import msgspec

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Severity
from rbac_audit.snapshot.objects import Namespace


def tenant_of(view: View, namespace: str) -> str:
    """Find the project of a namespace as `<cluster>:<project>`; "" for the platform's, harvester-public and `default`.

    Harvester's documentation calls what lies in harvester-public and `default` accessible to all members; whoever moves
    `default` out of the project that Rancher makes for it gives it to a tenant.
    """
    project = view.projects.of(namespace)
    if project is None or view.classes.namespace_class(namespace) != "projects":
        return ""
    return "" if namespace == "default" and project.default else project.id


class Border(msgspec.Struct, frozen=True):
    """What lies between two namespaces: whose the other one is, how bad that is at worst, and whether it is sure."""

    owner: str
    worst: Severity = Severity.HIGH
    certain: bool = True


class Borders:
    """The borders between the namespaces of one cluster."""

    def __init__(self, view: View) -> None:
        """Look at one cluster."""
        self._view = view
        self._there = {namespace.name for namespace in view.cluster.of(Namespace)}
        # Where every Namespace was read, one that is not there does not exist, and nothing lies in it.
        hidden = any(gap.may_hide(Namespace, view.name) for gap in view.gaps)
        self._all_read = view.cluster.whole(Namespace) and not hidden
        self._known: dict[tuple[str, str], Border | None] = {}

    def between(self, namespace: str, other: str) -> Border | None:
        """Find the border that a reference from one namespace into another crosses; None where it crosses none."""
        key = (namespace, other)
        if key not in self._known:
            self._known[key] = self._between(namespace, other)
        return self._known[key]

    def owner_of(self, namespace: str) -> str:
        """Say in words whose a namespace is."""
        project = self._view.projects.of(namespace)
        if self._view.classes.namespace_class(namespace) == "system":
            return "the platform"
        if namespace not in self._there:
            return f"namespace {namespace}, whose project was not read"
        return f"project {project.id}" if project else f"namespace {namespace}, which is in no project"

    def _between(self, namespace: str, other: str) -> Border | None:
        classes, projects = self._view.classes, self._view.projects
        here, there = classes.namespace_class(namespace), classes.namespace_class(other)
        if here == "system" or there == "public":
            return None
        if other not in self._there and there != "system":
            return None if self._all_read else Border(self.owner_of(other), certain=False)
        same = projects.of(namespace) == projects.of(other) and there != "system"
        if same or (other == "default" and not tenant_of(self._view, other)):
            return None
        worst = Severity.LOW if there == "unassigned" else Severity.HIGH
        return Border(self.owner_of(other), worst, namespace in self._there or here == "public")
