"""What global roles and users make on the management cluster.

Source: rancher pkg/controllers/management/auth/globalroles/{globalrole_handler,globalrolebinding_handler,
fleetworkspace_role_handler,fleetworkspace_binding_handler}.go and pkg/auth/providers/common/usermanager.go.
"""

from collections.abc import Mapping

from rbac_audit.rancher.bindings import GlobalBinding
from rbac_audit.rancher.naming import safe_concat
from rbac_audit.rancher.rendering.sheet import RBAC, binding, binding_to_role, cluster_binding, cluster_role, role
from rbac_audit.rancher.rendering.world import LOCAL, Site, World
from rbac_audit.snapshot.objects import FleetWorkspace, GlobalRole, PolicyRule, Subject, User

_PREFIX = "authz.management.cattle.io/"
_MANAGED = {"app.kubernetes.io/managed-by": "rancher"}


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
        labels = {f"{_PREFIX}globalrole": "true", f"{_PREFIX}gr-owner": item.name}
        world.sheet.add(cluster_role(_cluster_role_name(item), item.rules, labels=labels, owner=item))
        owner = {f"{_PREFIX}gr-owner": safe_concat(item.name)}
        for namespace, rules in _present(world.local, item.namespaced_rules):
            name = safe_concat(item.name, namespace)
            world.sheet.add(role(name, namespace, rules, labels=owner, owner=item))
        for site in _downstream(world):
            for namespace, rules in _present(site, item.inherited_namespaced_rules):
                site.sheet.add(role(safe_concat(item.name, namespace), namespace, rules, labels=owner))
        _fleet_roles(world, item, owner)


def _cluster_role_name(item: GlobalRole) -> str:
    return item.metadata.annotations.get(f"{_PREFIX}cr-name", f"cattle-globalrole-{item.name}")


def _downstream(world: World) -> list[Site]:
    return [site for name, site in world.sites.items() if name != LOCAL]


def _present(site: Site, rules: Mapping[str, tuple[PolicyRule, ...]]) -> list[tuple[str, tuple[PolicyRule, ...]]]:
    """Pick the namespaces that are there: in others, and in those that are being deleted, nothing is written."""
    return [(namespace, rules[namespace]) for namespace in sorted(rules) if site.takes(namespace)]


def _workspaces(world: World) -> tuple[str, ...]:
    return tuple(item.name for item in world.rancher.cluster.of(FleetWorkspace) if item.name != "fleet-local")


def _fleet_roles(world: World, item: GlobalRole, owned: Mapping[str, str]) -> None:
    permissions, labels = item.inherited_fleet_workspace_permissions, {**owned, **_MANAGED}
    if permissions and permissions.resource_rules:
        name = safe_concat(item.name, "fwcr")
        world.sheet.add(cluster_role(name, permissions.resource_rules, labels=labels, owner=item))
    names = _workspaces(world)
    if permissions and permissions.workspace_verbs and names:
        rule = PolicyRule(
            verbs=permissions.workspace_verbs,
            api_groups=("management.cattle.io",),
            resources=("fleetworkspaces",),
            resource_names=names,
        )
        world.sheet.add(cluster_role(safe_concat(item.name, "fwv"), (rule,), labels=labels, owner=item))


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
        _cluster_role_name(item.role) if item.role else f"cattle-globalrole-{wanted}",
        subject,
        name=source.metadata.annotations.get(f"{_PREFIX}crb-name", f"cattle-globalrolebinding-{source.name}"),
        labels={f"{_PREFIX}globalrolebinding": "true"},
        owner=source,
    )
    world.sheet.add(made)
    if item.role is None:
        return
    owner = {f"{_PREFIX}grb-owner": safe_concat(source.name)}
    for namespace, _ in _present(world.local, item.role.namespaced_rules):
        name, bound = safe_concat(source.name, namespace), safe_concat(wanted, namespace)
        world.sheet.add(binding_to_role(namespace, bound, subject, name=name, labels=owner, owner=source))
    for site in _downstream(world):
        for namespace, _ in _present(site, item.role.inherited_namespaced_rules):
            # Of the names as they are shortened on the way: of the binding alone, then with the namespace.
            name = safe_concat(safe_concat(source.name), namespace)
            bound = safe_concat(safe_concat(wanted), namespace)
            site.sheet.add(binding_to_role(namespace, bound, subject, name=name, labels=owner))
    _fleet_bindings(world, item.role, item, subject, {**owner, **_MANAGED})


def _fleet_bindings(
    world: World, bound: GlobalRole, item: GlobalBinding, subject: Subject, labels: Mapping[str, str]
) -> None:
    permissions, source = bound.inherited_fleet_workspace_permissions, item.source
    if permissions is None or not permissions.resource_rules:
        # Without rules on resources, the binding for the verbs on workspaces is not written either.
        return
    marked = {**labels, f"{_PREFIX}fleet-workspace-permissions": "true"}
    name, wanted = safe_concat(source.name), safe_concat(bound.name, "fwcr")
    workspaces = _workspaces(world)
    for workspace in workspaces:
        world.sheet.add(binding(workspace, wanted, subject, name=name, labels=marked, owner=source))
    if permissions.workspace_verbs and workspaces:
        verbs, name = safe_concat(bound.name, "fwv"), safe_concat(source.name, "fwv")
        world.sheet.add(cluster_binding(verbs, subject, name=name, labels=labels, owner=source))
