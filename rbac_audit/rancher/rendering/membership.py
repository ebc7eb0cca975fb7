"""Cluster and project membership on the management cluster: who may see which Cluster and Project.

Source: rancher pkg/controllers/management/auth/{manager,prtb_handler,crtb_handler}.go,
project_cluster/common.go and roletemplates/common.go.
"""

from rbac_audit.rancher import naming
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.rendering.rules import Resource
from rbac_audit.rancher.rendering.sheet import Presence, binding_to_role, cluster_binding, cluster_role, role
from rbac_audit.rancher.rendering.world import World
from rbac_audit.rancher.templates import says_own
from rbac_audit.snapshot.objects import PolicyRule, Subject

_ALL_VERBS = ("get", "update", "delete", "patch", "create", "list", "watch", "deletecollection")
_BUILTIN_OWNERS = frozenset({"cluster-owner", "project-owner"})
CREATOR = {"cattle.io/creator": "norman"}


def membership_roles(world: World) -> None:
    """Write the roles of members and owners of every cluster and project."""
    for cluster in world.rancher.clusters.values():
        for suffix, verbs in (("clustermember", ("get",)), ("clusterowner", _ALL_VERBS)):
            rule = _on(("management.cattle.io", "clusters"), cluster.name, verbs)
            annotations = {"cluster.cattle.io/name": cluster.name}
            name = f"{cluster.name}-{suffix}"
            world.sheet.add(cluster_role(name, (rule,), annotations=annotations, owner=cluster))
    for project in world.rancher.projects:
        for suffix, verbs in (("projectmember", ("get",)), ("projectowner", _ALL_VERBS)):
            rule = _on(("management.cattle.io", "projects"), project.name, verbs)
            world.sheet.add(role(f"{project.name}-{suffix}", project.namespace, (rule,), owner=project))


def _on(resource: Resource, name: str, verbs: tuple[str, ...]) -> PolicyRule:
    group, plural = resource
    return PolicyRule(verbs=verbs, api_groups=(group,), resources=(plural,), resource_names=(name,))


def membership(world: World, item: TemplateBinding, subject: Subject) -> None:
    """Make the subject of a binding a member or an owner; a project's binding makes both kinds of member."""
    key = naming.owner_key(item.source.namespace, item.source.name)
    labels = {key: "true"} if world.aggregated else {key: "membership-binding-owner", **CREATOR}
    annotations = None if world.aggregated else {"cluster.cattle.io/name": item.cluster}
    # The aggregated model asks a project's binding for both kinds of owner, whatever the template's context is.
    owner = _is_owner(world, item, "cluster") if world.aggregated or not item.project else False
    name = f"{item.cluster}-cluster{'owner' if owner else 'member'}"
    # Of a user that does not exist, it was seen in one estate and not in another.
    gone = subject.kind == "User" and world.rancher.people.find(subject.name) is None
    presence = Presence.FLAPPING if gone else Presence.REQUIRED
    world.sheet.share(cluster_binding(name, subject, labels=labels, annotations=annotations), presence)
    if owner and world.aggregated:
        # Made before the rules of its template were there, and never taken back.
        early = cluster_binding(f"{item.cluster}-clustermember", subject, labels=labels)
        world.sheet.share(early, Presence.TOLERATED)
    if item.project:
        project = item.project.partition(":")[2]
        name = f"{project}-project{'owner' if _is_owner(world, item, 'project') else 'member'}"
        # The aggregated model hashes the project's name where the namespace of the binding would be.
        place = project if world.aggregated else item.cluster
        made = naming.role_binding_name(place, "Role", name, subject.kind, subject.name)
        world.sheet.share(binding_to_role(item.cluster, name, subject, name=made, labels=labels), presence)


def _is_owner(world: World, item: TemplateBinding, context: str) -> bool:
    """Tell whether who is bound owns the `cluster` or the `project`."""
    if world.aggregated:
        return any(says_own(world.local.rules_of(template), f"{context}s") for template in world.closure(item))
    return any(
        (template.builtin and template.name in _BUILTIN_OWNERS) or says_own(template.rules, f"{context}s")
        for template in world.closure(item)
        if template.context == context
    )
