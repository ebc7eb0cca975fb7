"""harvester-public as the report shows it: what ships, what is exposed beyond it, who reads and who writes there.

Source: harvester/harvester pkg/data/rbac.go (the bindings that ship) and pkg/data/template.go (the Secrets that ship).
"""

from collections.abc import Iterable, Iterator

from rbac_audit.access import Permission
from rbac_audit.access.identity import placed
from rbac_audit.audit.capabilities import CapabilitySpec, abilities, people_of
from rbac_audit.audit.classes import PUBLIC
from rbac_audit.audit.contents import COUNTED, added_up, contents
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import subject_ref
from rbac_audit.audit.sections import PublicBinding, PublicNamespace, PublicSecret
from rbac_audit.snapshot.objects import (
    ClusterRoleBinding,
    KubernetesObject,
    Namespace,
    NetworkAttachmentDefinition,
    RoleBinding,
    Secret,
    Subject,
    VirtualMachineImage,
    VirtualMachineTemplate,
)

SHIPPED_SECRETS = frozenset({"iso-image-template-userdata", "raw-image-template-userdata"})
_READ = tuple(Permission(verb, "", "secrets") for verb in ("get", "list", "watch"))
_WRITABLE: tuple[type[KubernetesObject], ...] = (
    VirtualMachineImage,
    VirtualMachineTemplate,
    NetworkAttachmentDefinition,
    Secret,
)
_VERBS = ("create", "update", "patch", "delete")


def public(view: View, specs: tuple[CapabilitySpec, ...]) -> PublicNamespace | None:
    """Describe harvester-public of a cluster; None for a cluster that shows no such namespace and nothing in it."""
    there = any(item.name == PUBLIC for item in view.cluster.of(Namespace))
    bindings = tuple(sorted(_bindings(view, specs)))
    if not there and not bindings:
        return None
    project = view.projects.of(PUBLIC)
    readers = {who for permission in _READ for who in _holders(view, permission)}
    return PublicNamespace(
        cluster=view.name,
        project=project.id if project else "",
        contents=added_up(view, contents(view), (PUBLIC,)),
        bindings=bindings,
        secrets=tuple(
            sorted(
                PublicSecret(item.name in SHIPPED_SECRETS, item.ref(view.name), item.stated_type)
                for item in view.cluster.of(Secret)
                if item.namespace == PUBLIC
            )
        ),
        readers=tuple(sorted(subject_ref(view, who) for who in readers)),
        writers=tuple(sorted((subject_ref(view, who), what) for who, what in _writers(view).items())),
        unread=tuple(_unread(view)),
    )


def _bindings(view: View, specs: Iterable[CapabilitySpec]) -> Iterator[PublicBinding]:
    able = abilities(view, specs)
    for binding in view.access.by_namespace.get(PUBLIC, ()):
        yield PublicBinding(
            shipped=view.baseline.ships_binding(binding.source),
            binding=binding.source.ref(view.name),
            role=f"{binding.role_ref.kind} {binding.role_ref.name}",
            subjects=tuple(subject_ref(view, placed(subject, PUBLIC)) for subject in binding.subjects),
            capabilities=tuple(sorted(able.get(binding.role, ()))),
        )


def _holders(view: View, permission: Permission) -> Iterator[Subject]:
    """List who holds a permission in the namespace, by a binding in it or one for the whole cluster."""
    roles = view.access.allowing(permission)
    for place in ("", PUBLIC):
        for binding in view.access.by_namespace.get(place, ()):
            if binding.role in roles:
                yield from people_of(binding)


def _writers(view: View) -> dict[Subject, tuple[str, ...]]:
    found: dict[Subject, dict[str, None]] = {}
    for kind in _WRITABLE:
        for verb in _VERBS:
            for who in _holders(view, Permission(verb, kind.group, kind.plural)):
                found.setdefault(who, {})[kind.kind] = None
    return {who: tuple(kinds) for who, kinds in found.items()}


def _unread(view: View) -> Iterator[str]:
    if PUBLIC in view.cluster.unread_namespaces:
        yield "everything in it"
    kinds: tuple[type[KubernetesObject], ...] = (RoleBinding, ClusterRoleBinding, *COUNTED)
    for kind in kinds:
        if not view.cluster.whole(kind):
            yield kind.kind
