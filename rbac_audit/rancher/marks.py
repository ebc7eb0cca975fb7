"""The marks by which an object says that Rancher made it: claims that anyone who may write the object can forge.

Source: rancher pkg/rbac/common.go, pkg/controllers/managementuser/rbac (both models), pkg/controllers/management/auth.
"""

from collections.abc import Iterator

from rbac_audit.rancher import naming
from rbac_audit.snapshot.objects import ClusterRoleBinding, Metadata, RoleBinding, Subject

CLUSTER_ROLE_OWNER = "authz.cluster.cattle.io/clusterrole-owner"
PROJECT_ROLE = "authz.cluster.auth.io/project-namespaces"
GRB_OWNER = "authz.management.cattle.io/grb-owner"
GLOBAL_ROLE_OWNER = "authz.management.cattle.io/gr-owner"
ADMIN_MISSING = "authz.cluster.cattle.io/admin-globalrole-missing"
IMPERSONATION = "cattle-impersonation-"
IMPERSONATION_NAMESPACE = "cattle-impersonation-system"
POD_SECURITY = "-namespaces-psa"
_HASHED = ("rb-", "crb-")
# v2.4: pkg/controllers/user/rbac/handler_base.go, pkg/controllers/management/auth/manager.go.
_BEFORE_HASHES = ("rolebinding-", "clusterrolebinding-")
_PROJECT_ROLES = (POD_SECURITY, "-namespaces-edit", "-namespaces-readonly")
_MEMBER_ROLES = ("-projectmember", "-projectowner")
_OWNER_LABELS = (naming.LEGACY_UID_OWNER, naming.PRTB_OWNER[:-1], naming.CRTB_OWNER[:-1], naming.AGGREGATION)
_MEMBERSHIP = frozenset(
    {
        "owner-user",
        "membership-binding-owner",
        "memberhsip-binding-owner",
        "crtb-in-project-binding-owner",
        "prtb-in-cluster-binding-owner",
    }
)
_OWNER_KINDS = frozenset(
    {
        "ProjectRoleTemplateBinding",
        "ClusterRoleTemplateBinding",
        "GlobalRoleBinding",
        "GlobalRole",
        "RoleTemplate",
        "User",
        "Cluster",
    }
)


def marker(item: RoleBinding | ClusterRoleBinding) -> str:
    """Name the first mark by which a binding says that Rancher made it; "" for none."""
    metadata = item.metadata
    if metadata.labels or metadata.owner_references:
        found = next(_labels(metadata), "") or next(_owners(metadata), "")
        if found:
            return found
    return next(_names(metadata.name, item.role_ref.name), "")


def _labels(metadata: Metadata) -> Iterator[str]:
    for key, value in sorted(metadata.labels.items()):
        if key.startswith(_OWNER_LABELS):
            yield f"label {key}"
        elif value in _MEMBERSHIP or (value == "true" and "_" in key and "/" not in key):
            yield f"label {key}={value}"
        elif key.startswith("authz.management.cattle.io/") or key == "authz.cluster.cattle.io/impersonator":
            yield f"label {key}"


def _owners(metadata: Metadata) -> Iterator[str]:
    for owner in metadata.owner_references:
        if owner.kind in _OWNER_KINDS and "cattle.io/" in owner.api_version:
            yield f"ownerReference {owner.kind}"


def _names(name: str, role: str) -> Iterator[str]:
    if name.startswith("globaladmin-") and role == "cluster-admin":
        yield "name globaladmin-"
    if name == role and name.startswith(IMPERSONATION):
        yield f"name {IMPERSONATION}"
    if name.startswith("crb-") and role.endswith(_PROJECT_ROLES):
        yield f"role {role}"


def is_named_by_rancher(item: RoleBinding | ClusterRoleBinding) -> bool:
    """Tell whether the name may be Rancher's: hashed ones follow from the content, most others are taken as they are.

    The hash of a psa binding has its owner's name in it, which nobody can know once the owner is gone. With an owner
    label of a project's or cluster's binding, Rancher gives no other name but those of before v2.5.
    """
    if item.name.startswith(_HASHED):
        return item.role_ref.name.endswith(POD_SECURITY) or has_hashed_name(item)
    return item.name.startswith(_BEFORE_HASHES) or not any(
        key.startswith((naming.PRTB_OWNER, naming.CRTB_OWNER, naming.LEGACY_UID_OWNER)) or key == naming.AGGREGATION
        for key in item.metadata.labels
    )


def has_hashed_name(item: RoleBinding | ClusterRoleBinding) -> bool:
    """Tell whether a binding has the name that Rancher gives one with its role and one of its subjects.

    The aggregated model hashes the project in place of the namespace for a membership of it (roletemplates/common.go).
    """
    return item.name.startswith(_HASHED) and any(item.name in _names_for(item, subject) for subject in item.subjects)


def _names_for(item: RoleBinding | ClusterRoleBinding, subject: Subject) -> Iterator[str]:
    kind, role = item.role_ref.kind, item.role_ref.name
    yield naming.role_binding_name(item.namespace, kind, role, subject.kind, subject.name)
    yield naming.cluster_role_binding_name(kind, role, subject.kind, subject.name)
    for end in _MEMBER_ROLES:
        if role.endswith(end):
            yield naming.role_binding_name(role.removesuffix(end), kind, role, subject.kind, subject.name)
