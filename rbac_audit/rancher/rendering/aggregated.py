"""What the aggregated model writes onto a cluster: every template its roles, every binding one to the aggregator.

Source: rancher pkg/controllers/managementuser/rbac/roletemplates/{roletemplate_handler,prtb_handler,crtb_handler}.go.
"""

import msgspec

from rbac_audit.rancher import naming
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.marks import CLUSTER_ROLE_OWNER
from rbac_audit.rancher.rendering.legacy import pod_security_role, pod_security_rule
from rbac_audit.rancher.rendering.namespaces import impersonation
from rbac_audit.rancher.rendering.rules import lowered, promoted
from rbac_audit.rancher.rendering.sheet import (
    AGGREGATES,
    Presence,
    aggregated_role,
    cluster_binding,
    cluster_role,
    hashed_bindings,
)
from rbac_audit.rancher.rendering.world import Site, World
from rbac_audit.rancher.templates import CREATE_NAMESPACES, grants
from rbac_audit.snapshot.objects import RoleTemplate

_AGGREGATION = {naming.AGGREGATION: "true"}


def template_roles(world: World, site: Site) -> None:
    """Write the roles of every template, whether it is bound or not."""
    for template in world.rancher.templates.by_name.values():
        _template(site, template)
        if template.context == "project":
            _promoted(world, site, template)


def _template(site: Site, template: RoleTemplate) -> None:
    name = template.name
    if not template.external:
        site.sheet.add(cluster_role(name, lowered(template.rules), labels=role_labels(name, name)))
    elif existing := site.sheet.existing.get(name):
        labels = {**existing.metadata.labels, AGGREGATES: name}
        metadata = msgspec.structs.replace(existing.metadata, labels=labels)
        site.sheet.add(msgspec.structs.replace(existing, metadata=metadata))
    members = (name, *map(naming.aggregator, template.role_template_names))
    made = naming.aggregator(name)
    site.sheet.add(aggregated_role(made, members, labels=role_labels(name, made)))


def _promoted(world: World, site: Site, template: RoleTemplate) -> None:
    name = template.name
    own, all_of_them = naming.safe_concat(name, "promoted"), naming.promoted_aggregator(name)
    if rules := promoted(template.rules):
        site.sheet.add(cluster_role(own, rules, labels=role_labels(name, own)))
    closure = world.rancher.templates.closure(name).templates
    if any(promoted(parent.rules) for parent in closure):
        inherited = [naming.promoted_aggregator(parent) for parent in template.role_template_names]
        site.sheet.add(aggregated_role(all_of_them, (own, *inherited), labels=role_labels(name, all_of_them)))


def role_labels(template: str, role: str) -> dict[str, str]:
    """Label a role as one of a template, for aggregators to select."""
    return {CLUSTER_ROLE_OWNER: template, AGGREGATES: role, **_AGGREGATION}


def cluster_side(world: World, site: Site, item: TemplateBinding) -> None:
    """Write what one binding makes; a missing template leaves bindings to a role that is not there."""
    if item.subject is None:
        return
    role = bound_role(world, item)
    if item.project:
        labels = {naming.prtb_owner_label(item.source.name): "true", **_AGGREGATION}
        namespaces = site.labelled.get(item.project.partition(":")[2], ())
        for made in hashed_bindings(namespaces, role, item.subject, labels):
            settled = made.metadata.namespace not in site.unsettled
            site.sheet.add(made, Presence.REQUIRED if settled else Presence.FLAPPING)
        # The label does not name the project: bindings of one name delete each other's.
        presence = Presence.FLAPPING if world.shares_name(item) else Presence.REQUIRED
        for name in _cluster_roles(world, site, item):
            site.sheet.add(cluster_binding(name, item.subject, labels=labels), presence)
    else:
        labels = {naming.crtb_owner_label(item.source.name): "true", **_AGGREGATION}
        site.sheet.add(cluster_binding(role, item.subject, labels=labels))
    impersonation(world, site, item.subject)


def bound_role(world: World, item: TemplateBinding) -> str:
    """Name the role that the bindings of a template are to: an external one's own, else its aggregator."""
    template = world.rancher.templates.by_name.get(item.template)
    return item.template if template and template.external else naming.aggregator(item.template)


def _cluster_roles(world: World, site: Site, item: TemplateBinding) -> tuple[str, ...]:
    if item.template not in world.rancher.templates.by_name:
        return ()
    project = item.project.partition(":")[2]
    every = naming.promoted_aggregator(item.template)
    found = [every] if site.sheet.has_cluster_role(every) else []
    # What the aggregator holds decides: of an external template, what the ClusterRole there does.
    closure = world.closure(item)
    creates = any(grants(site.rules_of(template), CREATE_NAMESPACES) for template in closure)
    if creates:
        found += [f"{project}-namespaces-edit", "create-ns"]
    if changes := any(site.changes_pod_security(template, item.project) for template in closure):
        labels = {CLUSTER_ROLE_OWNER: item.template, AGGREGATES: pod_security_role(item)}
        site.sheet.add(cluster_role(pod_security_role(item), (pod_security_rule(item),), labels=labels))
        found.append(pod_security_role(item))
    return tuple(found if creates or changes else [*found, f"{project}-namespaces-readonly"])
