"""Where the bindings that Rancher makes for somebody can lie.

Source: rancher pkg/controllers/managementuser/rbac/{prtb_handler,crtb_handler}.go and
pkg/controllers/management/{auth,authprovisioningv2}.
"""

from rbac_audit.rancher.bindings import Owner, TemplateBinding
from rbac_audit.rancher.marks import POD_SECURITY
from rbac_audit.rancher.model import Rancher
from rbac_audit.snapshot.objects import ClusterRoleBinding, FleetWorkspace, ProvisioningCluster, RoleBinding

_MEMBERSHIP = ("-clustermember", "-clusterowner")
# The ClusterRoles that Rancher binds in the whole cluster for who is bound in a project.
_BEYOND_PROJECT = (
    *("-promoted-aggregator", "-promoted", "create-ns", *_MEMBERSHIP),
    *("-namespaces-readonly", "-namespaces-edit", POD_SECURITY),
)
_WORKSPACES = ("fleet-default", "fleet-local")


def can_make(owner: Owner, item: RoleBinding | ClusterRoleBinding, rancher_id: str) -> bool:
    """Tell whether Rancher ever makes bindings of this reach for an owner on the cluster of an id.

    For a project's binding it binds few roles in the whole cluster, for a cluster's none in a namespace. On its own
    cluster it lets members of others see these, on any other cluster it does nothing for them.
    """
    if not isinstance(owner, TemplateBinding):
        return True
    if owner.cluster != rancher_id:
        return rancher_id == "local" and (bool(item.namespace) or item.role_ref.name.endswith(_MEMBERSHIP))
    if owner.project:
        return bool(item.namespace) or item.role_ref.name.endswith(_BEYOND_PROJECT)
    return not item.namespace or rancher_id == "local"


def management_places(rancher: Rancher) -> frozenset[str]:
    """Name the namespaces in which Rancher lets members see the objects of their clusters and projects."""
    cluster = rancher.cluster
    return frozenset(
        (
            *_WORKSPACES,
            *rancher.clusters,
            *rancher.backing_namespaces.values(),
            *(item.source.namespace for item in rancher.bindings),
            *(item.name for item in cluster.of(FleetWorkspace)),
            *(item.namespace for item in cluster.of(ProvisioningCluster)),
        )
    )
