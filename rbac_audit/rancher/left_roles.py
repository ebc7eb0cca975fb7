"""Roles of Rancher's that it does not write any more, because what they were made for is gone.

Source: rancher pkg/controllers/managementuser/rbac (reconcileRoles, namespace_handler.go), globalroles, and
pkg/auth/providers/common/usermanager.go (the role by which a user sees itself).
"""

from rbac_audit.rancher.marks import CLUSTER_ROLE_OWNER, GLOBAL_ROLE_OWNER, POD_SECURITY, PROJECT_ROLE
from rbac_audit.rancher.ownership import Claims
from rbac_audit.snapshot.objects import ClusterRole, GlobalRole, Project, Role


def left_role(claims: Claims, role: ClusterRole | Role) -> str:
    """Say what a role of Rancher's was made for and is gone; "" for any other one.

    The role of a template that is there is regular without a binding too: the legacy model leaves it.
    """
    metadata, rancher = role.metadata, claims.rancher
    template = metadata.labels.get(CLUSTER_ROLE_OWNER) or metadata.annotations.get(CLUSTER_ROLE_OWNER)
    if claims.renders(role):
        return ""
    if template and not role.name.endswith(POD_SECURITY):
        return "" if template in rancher.templates.by_name else f"role template {template} is gone"
    users = [owner.name for owner in metadata.owner_references if owner.kind == "User"]
    if users and role.name == f"{users[0]}-view" and rancher.knows_users:
        return "" if rancher.people.find(users[0]) else f"user {users[0]} is gone"
    owner = metadata.labels.get(GLOBAL_ROLE_OWNER, "")
    if owner and rancher.cluster.whole(GlobalRole):
        known = any(item.name == owner for item in rancher.cluster.of(GlobalRole))
        return "" if known else f"global role {owner} is gone"
    if PROJECT_ROLE in metadata.annotations and rancher.cluster.whole(Project):
        return f"project {role.name.partition('-namespaces-')[0]} is gone"
    return ""
