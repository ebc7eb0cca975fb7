"""What the legacy model writes onto a cluster: every template of a closure has its role and its bindings.

Source: rancher pkg/controllers/managementuser/rbac/{handler_base,prtb_handler,crtb_handler,reconcile_roletemplate}.go.
"""

from rbac_audit.rancher import naming
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.marks import CLUSTER_ROLE_OWNER
from rbac_audit.rancher.rendering.namespaces import impersonation
from rbac_audit.rancher.rendering.sheet import Presence, cluster_binding, cluster_role, hashed_bindings
from rbac_audit.rancher.rendering.world import Site, World
from rbac_audit.snapshot.objects import PolicyRule, RoleTemplate, Subject


def cluster_side(world: World, site: Site, item: TemplateBinding) -> None:
    """Write what one binding makes; nothing where its closure has a hole or a cycle."""
    if item.subject is None or not world.is_whole(item):
        return
    for template in world.closure(item):
        template_role(site, template)
    if item.project:
        _in_project(world, site, item, item.subject)
    else:
        for template in world.closure(item):
            site.sheet.add(cluster_binding(template.name, item.subject, labels=_owner(item)))
    impersonation(world, site, item.subject)


def stray_namespaces(world: World, site: Site, item: TemplateBinding) -> None:
    """Write what a binding of another cluster makes in namespaces whose annotation names its project.

    The namespaces' handler takes every binding of exactly that project, whether the project is there or not, but those
    of service accounts (namespace_handler.go, ensurePRTBAddToNamespace); no other handler does.
    """
    places = site.annotated.get(item.project, ())
    if not places or item.subject is None or item.subject.kind == "ServiceAccount" or not world.is_whole(item):
        return
    for template in world.closure(item):
        template_role(site, template)
        for made in hashed_bindings(places, template.name, item.subject, _owner(item)):
            site.sheet.add(made, Presence.FLAPPING)


def template_role(site: Site, template: RoleTemplate) -> None:
    """Write the ClusterRole of a template; external ones have theirs."""
    if not template.external:
        annotations = {CLUSTER_ROLE_OWNER: template.name}
        site.sheet.add(cluster_role(template.name, site.lowered(template), annotations=annotations))


def _in_project(world: World, site: Site, item: TemplateBinding, subject: Subject) -> None:
    shared = {naming.owner_key(item.source.namespace, item.source.name): "owner-user"}
    owner = _owner(item)
    # The namespace handler deletes those of a binding in the wrong namespace, the others make them again.
    usual = Presence.FLAPPING if world.is_misplaced(item) else Presence.REQUIRED
    for template in world.closure(item):
        for made in hashed_bindings(site.annotated.get(item.project, ()), template.name, subject, owner):
            site.sheet.add(made, Presence.FLAPPING if made.metadata.namespace in site.unsettled else usual)
        if rules := site.promoted(template):
            site.sheet.add(cluster_role(f"{template.name}-promoted", rules))
            site.sheet.share(cluster_binding(f"{template.name}-promoted", subject, labels=shared))
    for name in _namespace_roles(world, item):
        if name in world.rancher.templates.by_name:
            template_role(site, world.rancher.templates.by_name[name])
        site.sheet.share(cluster_binding(name, subject, labels=shared))
    _pod_security(world, site, item, subject)


def _namespace_roles(world: World, item: TemplateBinding) -> tuple[str, ...]:
    project = item.project.partition(":")[2]
    # What an external template states in `rules` counts here, although it grants nothing.
    if world.creates_namespaces(item):
        return (f"{project}-namespaces-edit", "create-ns")
    return (f"{project}-namespaces-readonly",)


def _pod_security(world: World, site: Site, item: TemplateBinding, subject: Subject) -> None:
    if not any(site.changes_pod_security(template, item.project) for template in world.closure(item)):
        return
    name = pod_security_role(item)
    site.sheet.add(cluster_role(name, (pod_security_rule(item),)))
    # Named with the binding as its owner, where other hashes have the namespace.
    made = naming.role_binding_name(item.source.name, "ClusterRole", name, subject.kind, subject.name)
    site.sheet.add(cluster_binding(name, subject, name=f"c{made}"))


def pod_security_role(item: TemplateBinding) -> str:
    """Name the ClusterRole that lets somebody change pod security in a project."""
    return f"{item.project.partition(':')[2]}-namespaces-psa"


def pod_security_rule(item: TemplateBinding) -> PolicyRule:
    """Grant `updatepsa` on a binding's project."""
    project = item.project.partition(":")[2]
    return PolicyRule(
        verbs=("updatepsa",), api_groups=("management.cattle.io",), resources=("projects",), resource_names=(project,)
    )


def _owner(item: TemplateBinding) -> dict[str, str]:
    return {naming.LEGACY_OWNER: naming.owner_key(item.source.namespace, item.source.name)}
