"""Objects of the snapshot as manifests, pointers and hashes, and the objects that a plan creates."""

import hashlib
import itertools
from collections.abc import Mapping

import msgspec

from rbac_audit.errors import BadInput
from rbac_audit.fix.plan import Creation, Precondition, Target
from rbac_audit.rancher.naming import short_hash
from rbac_audit.rancher.people import Person
from rbac_audit.rancher.projects import ProjectInfo
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.objects import (
    ClusterRole,
    Feature,
    HarvesterSetting,
    KubernetesObject,
    KubeVirt,
    ManagedChart,
    Metadata,
    Namespace,
    PolicyRule,
    Project,
    ProjectRoleTemplateBinding,
    RancherSetting,
    Role,
    RoleTemplate,
    Subject,
    User,
)

# Annotations say who made an object and for what; nothing reads them.
REPLACES = "rbac-audit/replaces"
MADE_BY = "rbac-audit/plan"
TEMPLATE_PREFIX = "rbac-audit-"


def api_version(kind: type[KubernetesObject]) -> str:
    """Spell the API version in which a kind is served."""
    if kind is HarvesterSetting:
        return f"{kind.group}/v1beta1"
    if kind.group.endswith("cattle.io"):
        return f"{kind.group}/{'v3' if kind.group == 'management.cattle.io' else 'v1'}"
    return f"{kind.group}/v1" if kind.group else "v1"


def target(item: KubernetesObject, cluster: str) -> Target:
    """Point at an object of a cluster."""
    return Target(
        cluster=cluster,
        api_version=api_version(type(item)),
        kind=item.kind,
        plural=item.plural,
        namespace=item.namespace,
        name=item.name,
    )


def typed(creation: Creation) -> KubernetesObject:
    """Decode what a plan creates; raises BadInput for what is no object of a known kind."""
    again = "plan again, and change nothing in the file but `given`"
    try:
        item = decode(creation.manifest)
    except msgspec.ValidationError as error:
        raise BadInput("plan", f"an object to create on {creation.cluster}", str(error), again) from None
    if item is None:
        raise BadInput("plan", f"an object to create on {creation.cluster}", "it is of no known kind", again)
    return item


def manifest(item: KubernetesObject) -> dict[str, object]:
    """Write an object as it can be created again: without what the server writes."""
    fields = plain(msgspec.structs.replace(item, metadata=_bare(item.metadata)))
    return {"apiVersion": api_version(type(item)), "kind": item.kind, **fields}


def plain(value: msgspec.Struct) -> dict[str, object]:
    """Turn a value into what its JSON holds."""
    fields: dict[str, object] = msgspec.json.decode(msgspec.json.encode(value, order="deterministic"))
    return fields


def _bare(metadata: Metadata) -> Metadata:
    return Metadata(
        name=metadata.name,
        namespace=metadata.namespace,
        labels=metadata.labels,
        annotations=metadata.annotations,
        owner_references=metadata.owner_references,
        finalizers=metadata.finalizers,
    )


def touched(item: KubernetesObject, cluster: str) -> Precondition:
    """Hold an object that a step changes or deletes to be exactly the one of the snapshot."""
    return Precondition(
        target=target(item, cluster),
        content=content_hash(item),
        uid=item.metadata.uid,
        resource_version=item.metadata.resource_version,
    )


def relied_on(item: KubernetesObject, cluster: str) -> Precondition:
    """Hold an object that a step only relies on to mean the same."""
    return Precondition(target=target(item, cluster), content=content_hash(item))


def content_hash(item: KubernetesObject) -> str:
    """Hash what an object means to a plan, so that what controllers write beside it changes nothing.

    A binding is all of it; of others the fields that decide what a project binding grants, and to whom.
    """
    meaning = msgspec.json.encode(_meaning(item), order="deterministic")
    return hashlib.sha256(meaning).hexdigest()


def _meaning(item: KubernetesObject) -> object:
    match item:
        case ClusterRole(aggregation_rule=selectors, rules=rules):
            # The controller may write the same rules in another order.
            return item.kind, item.name, selectors, sorted(rules, key=_encoded)
        case Role(rules=rules):
            return item.kind, item.namespace, item.name, sorted(rules, key=_encoded)
        case Namespace():
            annotations = item.metadata.annotations.get("field.cattle.io/projectId", "")
            return item.kind, item.name, annotations, bool(item.metadata.deletion_timestamp)
        case Project():
            return item.kind, item.namespace, item.name, item.status.backing_namespace or item.name
        case User():
            return item.kind, item.name, item.principal_ids
        case Feature() | HarvesterSetting() | KubeVirt() | ManagedChart() | RancherSetting():
            return item.kind, item.name, _state(item)
        case RoleTemplate():
            return item.kind, msgspec.structs.replace(item, metadata=Metadata(name=item.name))
        case _:
            return item.kind, msgspec.structs.replace(item, metadata=_bare(item.metadata))


def _state(item: Feature | HarvesterSetting | KubeVirt | ManagedChart | RancherSetting) -> object:
    match item:
        case Feature():
            return item.enabled
        case ManagedChart():
            return item.spec.version
        case KubeVirt():
            return item.status.observed_kube_virt_version, item.spec.configuration.role_aggregation_strategy
        case _:
            return item.value or item.default


def _encoded(rule: PolicyRule) -> bytes:
    return msgspec.json.encode(rule, order="deterministic")


def role_template(
    rules: tuple[PolicyRule, ...], inherits: tuple[str, ...], title: str, known: Mapping[str, RoleTemplate]
) -> RoleTemplate:
    """Make a role template of exactly these rules, or find the one that an earlier plan made.

    Equal content has an equal name, whenever and for whomever. Where one of that name was changed since, or is being
    deleted, the next name is taken.
    """
    every = (_template(rules, inherits, title, number) for number in itertools.count())
    found = ((known.get(made.name, made), made) for made in every)
    return next(
        there for there, made in found if _granted(there) == _granted(made) and not there.metadata.deletion_timestamp
    )


def _template(rules: tuple[PolicyRule, ...], inherits: tuple[str, ...], title: str, number: int) -> RoleTemplate:
    content = msgspec.json.encode((rules, inherits, number)[: 3 if number else 2], order="deterministic").decode()
    return RoleTemplate(
        metadata=Metadata(name=f"{TEMPLATE_PREFIX}{short_hash(content)}"),
        display_name=title,
        context="project",
        rules=rules,
        role_template_names=inherits,
    )


def _granted(template: RoleTemplate) -> tuple[object, ...]:
    """Take what decides whom a role template can be bound to, and what it gives."""
    return template.context, template.locked, template.external, template.rules, template.role_template_names


def project_binding(
    subject: Subject, person: Person | None, project: ProjectInfo, template: str, replaces: tuple[str, ...]
) -> dict[str, object]:
    """Write the binding of a subject in a project, in the project's own namespace on the management cluster.

    Both fields of a user are set, as Rancher would add the other one; the name is the one that its webhook gives to
    equal content (rancher/webhook pkg/resources/management.cattle.io/v3/projectroletemplatebinding/mutator.go).
    """
    user = subject.name if subject.kind == "User" else ""
    principals = person.principals if person else ()
    principal = next((name for name in principals if user and name.endswith(user)), "")
    name = f"prtb-{short_hash(f'{principal or user or subject.name}/{template}/{project.id}')}"
    annotations = {REPLACES: ", ".join(replaces)}
    binding = ProjectRoleTemplateBinding(
        metadata=Metadata(name=name, namespace=project.backing_namespace, annotations=annotations),
        project_name=project.id,
        role_template_name=template,
        user_name=user,
        user_principal_name=principal,
        group_principal_name="" if user else subject.name,
    )
    return manifest(binding)
