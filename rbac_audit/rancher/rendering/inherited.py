"""Cluster bindings that global roles make in every cluster but the local one (inheritedClusterRoles).

Source: rancher pkg/controllers/management/auth/globalroles/globalrolebinding_handler.go (clusterRoleTemplateBindings);
their names, where they are not there yet, as rancher-webhook's mutator of ClusterRoleTemplateBindings completes them.
"""

from collections.abc import Iterator

from rbac_audit.rancher.bindings import GlobalBinding, TemplateBinding, template_bindings
from rbac_audit.rancher.marks import GRB_OWNER
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.naming import short_hash
from rbac_audit.snapshot.objects import ClusterRoleTemplateBinding, Metadata, OwnerReference


def with_inherited(rancher: Rancher) -> tuple[TemplateBinding, ...]:
    """Add the bindings that global roles inherit to those that are there, unless they are."""
    there = {(item.source.metadata.labels.get(GRB_OWNER, ""), item.cluster, item.template) for item in rancher.bindings}
    made = [
        _binding(item, cluster, template)
        for item in rancher.globals
        for cluster, template in _wanted(rancher, item)
        if (item.source.name, cluster, template) not in there
    ]
    return (*rancher.bindings, *template_bindings((), made, rancher.people))


def _wanted(rancher: Rancher, item: GlobalBinding) -> Iterator[tuple[str, str]]:
    for cluster in rancher.clusters:
        if item.role and cluster != "local":
            yield from ((cluster, template) for template in item.role.inherited_cluster_roles)


def _binding(item: GlobalBinding, cluster: str, template: str) -> ClusterRoleTemplateBinding:
    source = item.source
    who = source.user_principal_name or source.user_name or source.group_principal_name
    owner = OwnerReference(
        api_version="management.cattle.io/v3", kind=source.kind, name=source.name, uid=source.metadata.uid
    )
    return ClusterRoleTemplateBinding(
        metadata=Metadata(
            name=f"crtb-grb-{short_hash(f'{who}/{template}/{cluster}')}",
            namespace=cluster,
            labels={GRB_OWNER: source.name, "app.kubernetes.io/managed-by": "rancher"},
            owner_references=(owner,),
        ),
        cluster_name=cluster,
        role_template_name=template,
        user_name=source.user_name,
        user_principal_name=source.user_principal_name,
        group_principal_name=source.group_principal_name,
    )
