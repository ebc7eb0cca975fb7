"""One Rancher in, every object that it writes out, cluster by cluster."""

from collections.abc import Iterator, Mapping

from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.rendering import aggregated, global_roles, legacy, management
from rbac_audit.rancher.rendering.assignment import assignment
from rbac_audit.rancher.rendering.inherited import with_inherited
from rbac_audit.rancher.rendering.membership import membership_roles
from rbac_audit.rancher.rendering.namespaces import global_admins, impersonation_namespace, project_roles
from rbac_audit.rancher.rendering.provisioning import view_roles
from rbac_audit.rancher.rendering.sheet import Key, Made, Presence, Sheet
from rbac_audit.rancher.rendering.world import LOCAL, Site, World
from rbac_audit.snapshot.estate import Cluster
from rbac_audit.snapshot.objects import ClusterRole, KubernetesObject


def render(
    rancher: Rancher, clusters: Mapping[str, Cluster], *, aggregated_model: bool
) -> dict[str, tuple[KubernetesObject, ...]]:
    """Predict what Rancher writes, by the clusters' ids in Rancher; `clusters` are those that were read.

    The management cluster is `local`. Objects come by kind, namespace and name, without uid and times. A namespace
    counts as its annotation says, an object that is there already as if it was not; the leftovers of former bindings
    are not predicted.
    """
    sheets = render_with_owners(rancher, clusters, aggregated_model=aggregated_model)
    return {
        name: tuple(made.item for _, made in sorted(entries.items()) if made.presence is not Presence.TOLERATED)
        for name, entries in sheets.items()
    }


def render_with_owners(
    rancher: Rancher, clusters: Mapping[str, Cluster], *, aggregated_model: bool
) -> dict[str, dict[Key, Made]]:
    """Predict the same with whom it is for, and what may be there beside it; in no particular order."""
    local = rancher.cluster
    sheet = Sheet(local.of(ClusterRole))
    sites = {
        name: Site(name, cluster, Sheet(cluster.of(ClusterRole)), assignment(rancher, name))
        for name, cluster in sorted(clusters.items())
        if name != LOCAL
    }
    sites[LOCAL] = Site(LOCAL, local, sheet, assignment(rancher, LOCAL))
    world = World(rancher, sites, sheet, aggregated_model, with_inherited(rancher))
    for site in sites.values():
        _site(world, site)
    _management(world)
    return {name: site.sheet.made() for name, site in sites.items()}


def _site(world: World, site: Site) -> None:
    impersonation_namespace(world, site)
    project_roles(world, site)
    global_admins(world, site)
    site.sheet.write_for(None)
    if world.aggregated:
        aggregated.template_roles(world, site)
    write = aggregated.cluster_side if world.aggregated else legacy.cluster_side
    for item, presence in _bindings(world):
        if item.cluster == site.id:
            # The accounts' paths differ: some of the controllers pass them over (both models).
            account = item.subject is not None and item.subject.kind == "ServiceAccount"
            site.sheet.write_for(item, max(presence, Presence.FLAPPING) if account else presence)
            write(world, site, item)
        elif not world.aggregated:
            site.sheet.write_for(item, presence)
            legacy.stray_namespaces(world, site, item)
    site.sheet.write_for(None)


def _bindings(world: World) -> Iterator[tuple[TemplateBinding, Presence]]:
    yield from ((item, Presence.REQUIRED) for item in world.bindings)
    yield from ((item, Presence.TOLERATED) for item in world.leaving)


def _management(world: World) -> None:
    global_roles.self_views(world)
    global_roles.global_roles(world)
    global_roles.global_bindings(world)
    world.sheet.write_for(None)
    membership_roles(world)
    view_roles(world)
    if world.aggregated:
        management.template_roles(world)
    for item, presence in _bindings(world):
        # The controllers stop half-way at one whose project is not there.
        world.sheet.write_for(item, max(presence, Presence.FLAPPING) if world.is_of_no_project(item) else presence)
        management.management_side(world, item)
    for item in world.wanted[len(world.rancher.bindings) :]:
        world.sheet.write_for(item)
        world.sheet.add(item.source)
