"""What lies where: the objects of projects, what of them others can read, and the workloads of service accounts."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from rbac_audit.access import Permission, RoleKey
from rbac_audit.audit.capabilities import people_of
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import subject_ref
from rbac_audit.audit.sections import AccountSummary, Shared
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
        found: dict[str, tuple[list[ObjectRef], set[Subject]]] = {}
        lying: dict[str, list[ObjectRef]] = {}
        for item in view.cluster.of(kind):
            lying.setdefault(item.namespace, []).append(item.ref(view.name))
        for namespace, objects in lying.items():
            project = view.projects.of(namespace)
            readers = _outsiders(view, namespace, project, roles) if project else set()
            if project and readers:
                all_objects, all_readers = found.setdefault(project.id, ([], set()))
                all_objects += objects
                all_readers |= readers
        for project_id, (objects, readers) in found.items():
            who = tuple(sorted(subject_ref(view, subject) for subject in readers))
            rows.setdefault(project_id, []).append(Shared(kind.kind, tuple(objects), who))
    return {project_id: tuple(kinds) for project_id, kinds in rows.items()}


def _outsiders(view: View, namespace: str, project: ProjectInfo, roles: Collection[RoleKey]) -> set[Subject]:
    return {
        who
        for binding in view.access.by_namespace.get(namespace, ())
        if binding.role in roles
        for who in people_of(binding)
        if not view.standing.is_member(who, project.id)
    }


def quotas(view: View) -> dict[str, dict[str, str]]:
    """Map the projects whose objects were read to the limits of their resource quotas, as Rancher writes them."""
    found = {}
    for item in view.rancher.projects if view.rancher else ():
        limits = (item.spec.resource_quota or {}).get("limit")
        named = sorted(limits.items()) if isinstance(limits, dict) else ()
        found[f"{item.namespace}:{item.name}"] = {str(name): str(value) for name, value in named}
    return found


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
