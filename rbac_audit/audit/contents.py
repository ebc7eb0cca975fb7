"""What lies where: the objects of projects, what of them others can read, and the workloads of service accounts."""

from collections import Counter
from collections.abc import Iterable, Mapping

from rbac_audit.access import Permission
from rbac_audit.audit.capabilities import people_of
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import subject_ref
from rbac_audit.audit.report import AccountSummary, Shared
from rbac_audit.rancher.projects import ProjectInfo
from rbac_audit.snapshot.objects import (
    CronJob,
    DaemonSet,
    Deployment,
    Job,
    KeyPair,
    KubernetesObject,
    NetworkAttachmentDefinition,
    ObjectRef,
    PersistentVolumeClaim,
    Pod,
    Project,
    Secret,
    StatefulSet,
    Subject,
    VirtualMachine,
    VirtualMachineBackup,
    VirtualMachineImage,
    VirtualMachineTemplate,
)

COUNTED: tuple[type[KubernetesObject], ...] = (
    VirtualMachine,
    VirtualMachineImage,
    VirtualMachineTemplate,
    NetworkAttachmentDefinition,
    VirtualMachineBackup,
    PersistentVolumeClaim,
    KeyPair,
    Secret,
)
_SHARED: tuple[type[KubernetesObject], ...] = (VirtualMachineImage, NetworkAttachmentDefinition, VirtualMachineBackup)
_WORKLOADS = (Deployment, DaemonSet, StatefulSet, Job, CronJob, Pod)


def contents(view: View) -> dict[str, Counter[str]]:
    """Count the objects in each namespace by kind; a kind without an object in a namespace is left out."""
    found: dict[str, Counter[str]] = {}
    for kind in COUNTED:
        for item in view.cluster.of(kind):
            found.setdefault(item.namespace, Counter())[kind.kind] += 1
    return found


def added_up(view: View, found: Mapping[str, Counter[str]], namespaces: Iterable[str]) -> dict[str, int]:
    """Add up what lies in some namespaces: 0 for a kind that was read and is not there, nothing for an unread one."""
    total: Counter[str] = Counter()
    for namespace in namespaces:
        total.update(found.get(namespace, {}))
    return {kind.kind: total[kind.kind] for kind in COUNTED if view.cluster.has(kind) or total[kind.kind]}


def shared(view: View) -> dict[str, tuple[Shared, ...]]:
    """Say for each project which images, networks and backups of it subjects can read who are no members.

    Only bindings in the project's own namespaces count: who has a right on the whole cluster has it everywhere.
    """
    rows: dict[str, list[Shared]] = {}
    for kind in _SHARED:
        roles = view.access.allowing(Permission("get", kind.group, kind.plural))
        readers: dict[str, dict[str, set[Subject]]] = {}
        for role in roles:
            for binding in view.access.by_role.get(role, ()):
                project = view.projects.of(binding.namespace)
                if project is not None:
                    outside = {who for who in people_of(binding) if not view.classes.is_member(who, project.id)}
                    readers.setdefault(project.id, {}).setdefault(binding.namespace, set()).update(outside)
        for project_id, places in readers.items():
            found = _shared(view, kind, {place: who for place, who in places.items() if who})
            if found is not None:
                rows.setdefault(project_id, []).append(found)
    return {project_id: tuple(found) for project_id, found in rows.items()}


def _shared(view: View, kind: type[KubernetesObject], places: Mapping[str, set[Subject]]) -> Shared | None:
    objects = tuple(item.ref(view.name) for item in view.cluster.of(kind) if item.namespace in places)
    there = {item.namespace for item in objects}
    who = {subject_ref(view, subject) for place, subjects in places.items() if place in there for subject in subjects}
    return Shared(kind.kind, objects, tuple(sorted(who))) if objects else None


def quota_of(view: View, project: ProjectInfo) -> dict[str, str] | None:
    """Return the limits of a project's resource quota as Rancher writes them; None where its object was not read."""
    found = {f"{item.namespace}:{item.name}": item for item in (view.rancher.projects if view.rancher else ())}
    item: Project | None = found.get(project.id)
    if item is None:
        return None
    limits = (item.spec.resource_quota or {}).get("limit")
    return {str(name): str(value) for name, value in sorted(limits.items())} if isinstance(limits, dict) else {}


def accounts(view: View, holders: Iterable[Subject]) -> tuple[AccountSummary, ...]:
    """List service accounts with the workloads that run as them."""
    running: dict[tuple[str, str], list[ObjectRef]] = {}
    for kind in _WORKLOADS:
        for item in view.cluster.of(kind):
            running.setdefault((item.namespace, item.service_account_name or "default"), []).append(item.ref(view.name))
    return tuple(
        AccountSummary(subject_ref(view, who), view.name, tuple(running.get((who.namespace, who.name), ())))
        for who in sorted(holders, key=str)
    )
