"""What bindings make on the management cluster: membership, and rights on the objects of a cluster or project there.

Source: rancher pkg/controllers/management/auth/{manager,prtb_handler,crtb_handler}.go (legacy) and
management/auth/roletemplates/{roletemplate_handler,prtb_handler,crtb_handler}.go (aggregated).
"""

from rbac_audit.rancher import naming
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.marks import CLUSTER_ROLE_OWNER
from rbac_audit.rancher.rendering.membership import CREATOR, membership
from rbac_audit.rancher.rendering.provisioning import MANAGEMENT_MARK, provisioning_side, token_reader
from rbac_audit.rancher.rendering.rules import (
    IN_CLUSTER,
    IN_CLUSTER_AGGREGATED,
    IN_PROJECT,
    Resource,
    merged,
    on_management_plane,
)
from rbac_audit.rancher.rendering.sheet import (
    AGGREGATES,
    Presence,
    aggregated_role,
    binding_to_role,
    cluster_role,
    hashed_bindings,
    role,
)
from rbac_audit.rancher.rendering.world import World
from rbac_audit.snapshot.objects import PolicyRule, RoleTemplate, Subject

_MANAGEMENT = {MANAGEMENT_MARK: "true"}
# What the aggregated model writes for each context, and from which resources.
_PLANES = (
    ("project-mgmt", IN_PROJECT, ("project", "cluster", "")),
    ("cluster-mgmt", IN_CLUSTER_AGGREGATED, ("cluster",)),
)


def management_side(world: World, item: TemplateBinding) -> None:
    """Write what one binding makes; service accounts, of other clusters, get nothing."""
    subject = item.subject
    known = item.template in world.rancher.templates.by_name
    if subject is None or subject.kind == "ServiceAccount" or not known:
        return
    if not world.aggregated and not world.is_whole(item):
        return
    membership(world, item, subject)
    provisioning_side(world, item, subject)
    token_reader(world, item, subject)
    (_aggregated if world.aggregated else _legacy)(world, item, subject)


def _legacy(world: World, item: TemplateBinding, subject: Subject) -> None:
    if item.project:
        _roles(world, item, subject, item.source.namespace, IN_PROJECT)
        return
    _roles(world, item, subject, item.cluster, IN_CLUSTER)
    key = naming.owner_key(item.source.namespace, item.source.name)
    for namespace in _backing_namespaces(world, item.cluster):
        _roles(world, item, subject, namespace, IN_PROJECT, {key: "crtb-in-project-binding-owner"})


def _roles(
    world: World,
    item: TemplateBinding,
    subject: Subject,
    namespace: str,
    table: tuple[Resource, ...],
    labels: dict[str, str] | None = None,
) -> None:
    """Write a Role and a RoleBinding for each template that says something; those of another namespace are labelled."""
    for template in world.closure(item):
        rules = _merged(world, template, table)
        if not rules:
            continue
        world.sheet.add(role(template.name, namespace, rules, labels=CREATOR))
        made = binding_to_role(
            namespace,
            template.name,
            subject,
            name=f"{item.source.name}-{template.name}",
            labels={**CREATOR, **(labels or {})},
            owner=None if labels else item.source,
        )
        world.sheet.add(made)


def _merged(world: World, template: RoleTemplate, table: tuple[Resource, ...]) -> tuple[PolicyRule, ...]:
    known = world.planes
    if (template.name, table) not in known:
        known[template.name, table] = merged(on_management_plane(_stated(world, template), table))
    return known[template.name, table]


def _stated(world: World, template: RoleTemplate) -> tuple[PolicyRule, ...]:
    """Return the rules that count there: of an external template the stated ones, else of its local ClusterRole."""
    if template.external and template.external_rules:
        return template.external_rules
    return world.local.rules_of(template)


def _backing_namespaces(world: World, cluster: str) -> tuple[str, ...]:
    mine = (project for project in world.rancher.projects if project.namespace == cluster)
    return tuple(project.status.backing_namespace or project.name for project in mine)


def template_roles(world: World) -> None:
    """Write the aggregated model's management-plane roles of every template."""
    for template in world.rancher.templates.by_name.values():
        for suffix, table, contexts in _PLANES:
            if template.context in contexts:
                _plane(world, template, suffix, table, contexts)


def _plane(
    world: World, template: RoleTemplate, suffix: str, table: tuple[Resource, ...], contexts: tuple[str, ...]
) -> None:
    own, every = _names(template.name, suffix)
    closure = [item for item in world.rancher.templates.closure(template.name).templates if item.context in contexts]
    if rules := on_management_plane(_stated(world, template), table):
        world.sheet.add(cluster_role(own, rules, labels=_labels(template, own), owner=template))
    if any(on_management_plane(_stated(world, item), table) for item in closure):
        members = (own, *(_names(parent, suffix)[1] for parent in template.role_template_names))
        world.sheet.add(aggregated_role(every, members, labels=_labels(template, every), owner=template))


def _names(template: str, suffix: str) -> tuple[str, str]:
    own = naming.safe_concat(template, suffix)
    return own, naming.aggregator(own)


def _labels(template: RoleTemplate, name: str) -> dict[str, str]:
    return {CLUSTER_ROLE_OWNER: template.name, AGGREGATES: name, **_MANAGEMENT}


def _aggregated(world: World, item: TemplateBinding, subject: Subject) -> None:
    if item.project:
        labels = {naming.prtb_owner_label(item.source.name): "true", **_MANAGEMENT}
        places = [(item.source.namespace, "project-mgmt")]
    else:
        labels = {naming.crtb_owner_label(item.source.name): "true", **_MANAGEMENT}
        backing = [(namespace, "project-mgmt") for namespace in _backing_namespaces(world, item.cluster)]
        places = [(item.cluster, "cluster-mgmt"), *backing]
    # The label does not name the cluster: bindings of one name delete each other's.
    presence = Presence.FLAPPING if not item.project and world.shares_name(item) else Presence.REQUIRED
    for namespace, suffix in places:
        name = _names(item.template, suffix)[1]
        if world.sheet.has_cluster_role(name):
            for made in hashed_bindings([namespace], name, subject, labels):
                world.sheet.add(made, presence)
