"""What global roles and users make on the management cluster.

Source: rancher pkg/controllers/management/auth/globalroles/{globalrole_handler,globalrolebinding_handler,
fleetworkspace_role_handler,fleetworkspace_binding_handler}.go and pkg/auth/providers/common/usermanager.go.
"""

from rbac_audit.rancher.bindings import GlobalBinding
from rbac_audit.rancher.rendering.sheet import RBAC, binding, binding_to_role, cluster_binding, cluster_role, role
from rbac_audit.rancher.rendering.world import LOCAL, World
from rbac_audit.snapshot.objects import FleetWorkspace, GlobalRole, PolicyRule, Subject, User

_PREFIX = "authz.management.cattle.io/"
_FLEET = {f"{_PREFIX}fleet-workspace-permissions": "true"}


def self_views(world: World) -> None:
    """Let every user read their own User."""
    for user in world.rancher.cluster.of(User):
        rule = PolicyRule(
            verbs=("get",), api_groups=(user.group,), resources=(user.plural,), resource_names=(user.name,)
        )
        name = f"{user.name}-view"
        subject = Subject(kind="User", name=user.name, api_group=RBAC)
        world.sheet.add(cluster_role(name, (rule,), owner=user))
        world.sheet.add(cluster_binding(name, subject, name=f"grb-{name}", owner=user))


def global_roles(world: World) -> None:
    """Write what global roles grant: on the management cluster, in namespaces, everywhere, in Fleet workspaces."""
    for item in world.rancher.cluster.of(GlobalRole):
        owner = {f"{_PREFIX}gr-owner": item.name}
        labels = {f"{_PREFIX}globalrole": "true", **owner}
        world.sheet.add(cluster_role(f"cattle-globalrole-{item.name}", item.rules, labels=labels, owner=item))
        for namespace, rules in sorted(item.namespaced_rules.items()):
            world.sheet.add(role(f"{item.name}-{namespace}", namespace, rules, labels=owner, owner=item))
        for namespace, rules in sorted(item.inherited_namespaced_rules.items()):
            for site in _downstream(world):
                world.sites[site].sheet.add(role(f"{item.name}-{namespace}", namespace, rules, labels=owner))
        _fleet_roles(world, item)


def _downstream(world: World) -> list[str]:
    return [site for site in world.sites if site != LOCAL]


def _workspaces(world: World) -> tuple[str, ...]:
    return tuple(item.name for item in world.rancher.cluster.of(FleetWorkspace) if item.name != "fleet-local")


def _fleet_roles(world: World, item: GlobalRole) -> None:
    permissions = item.inherited_fleet_workspace_permissions
    if permissions and permissions.resource_rules:
        made = cluster_role(f"{item.name}-fwcr", permissions.resource_rules, labels=_FLEET, owner=item)
        world.sheet.add(made)
    names = _workspaces(world)
    if permissions and permissions.workspace_verbs and names:
        rule = PolicyRule(
            verbs=permissions.workspace_verbs,
            api_groups=("management.cattle.io",),
            resources=("fleetworkspaces",),
            resource_names=names,
        )
        world.sheet.add(cluster_role(f"{item.name}-fwv", (rule,), labels=_FLEET, owner=item))


def global_bindings(world: World) -> None:
    """Write the bindings of global role bindings; one to a missing role leaves a binding to nothing."""
    for item in world.rancher.globals:
        if item.subject:
            for site in world.sites.values():
                site.sheet.write_for(item)
            _global_binding(world, item, item.subject)


def _global_binding(world: World, item: GlobalBinding, subject: Subject) -> None:
    source, wanted = item.source, item.source.global_role_name
    made = cluster_binding(
        f"cattle-globalrole-{wanted}",
        subject,
        name=f"cattle-globalrolebinding-{source.name}",
        labels={f"{_PREFIX}globalrolebinding": "true"},
        owner=source,
    )
    world.sheet.add(made)
    if item.role is None:
        return
    labels = {f"{_PREFIX}grb-owner": source.name}
    for namespace in sorted(item.role.namespaced_rules):
        name, bound = f"{source.name}-{namespace}", f"{wanted}-{namespace}"
        one = binding_to_role(namespace, bound, subject, name=name, labels=labels, owner=source)
        world.sheet.add(one)
    for namespace in sorted(item.role.inherited_namespaced_rules):
        name, bound = f"{source.name}-{namespace}", f"{wanted}-{namespace}"
        one = binding_to_role(namespace, bound, subject, name=name, labels=labels)
        for site in _downstream(world):
            world.sites[site].sheet.add(one)
    _fleet_bindings(world, item.role, item, subject)


def _fleet_bindings(world: World, role_: GlobalRole, item: GlobalBinding, subject: Subject) -> None:
    permissions, name = role_.inherited_fleet_workspace_permissions, item.source.name
    if permissions and permissions.resource_rules:
        for workspace in _workspaces(world):
            made = binding(workspace, f"{role_.name}-fwcr", subject, name=name, labels=_FLEET, owner=item.source)
            world.sheet.add(made)
    if permissions and permissions.workspace_verbs:
        one = cluster_binding(f"{role_.name}-fwv", subject, name=f"{name}-fwv", labels=_FLEET, owner=item.source)
        world.sheet.add(one)
