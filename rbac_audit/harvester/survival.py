"""What an upgrade may do to a binding: the survival classes, and why.

Source: kubevirt pkg/virt-operator/resource/apply/reconcile.go (deletes what carries its label and is not in the install
strategy), harvester package/upgrade/upgrade_manifests.sh, rancher/wrangler pkg/apply, rancher
pkg/controllers/managementuser/rbac/namespace_handler.go.
"""

from enum import Enum

from rbac_audit.harvester.baseline import Baseline
from rbac_audit.rancher.naming import CRTB_OWNER, LEGACY_UID_OWNER, PRTB_OWNER
from rbac_audit.snapshot.objects import ClusterRoleBinding, RoleBinding, RoleRef

MANAGED_BY = "app.kubernetes.io/managed-by"
OPERATORS = frozenset({"virt-operator", "kubevirt-operator"})
_OPERATOR_ROLES = ("kubevirt.io:", "cdi.kubevirt.io:", "instancetype.kubevirt.io:")
_AGGREGATED = frozenset({"admin", "edit", "view"})


class Survival(Enum):
    """What may become of a binding at an upgrade."""

    OPERATOR_GC = "operator-gc"
    HELM_OWNED = "helm-owned"
    WRANGLER_OWNED = "wrangler-owned"
    RANCHER_RENDERED = "rancher-rendered"
    DANGLING = "dangling"
    KUBEVIRT_ROLE = "kubevirt-role"
    AGGREGATED = "aggregated"
    CUSTOM_ROLE = "custom-role"


def is_operator_role(role: RoleRef) -> bool:
    """Tell whether a role belongs to the KubeVirt or CDI operator by its name."""
    return role.kind == "ClusterRole" and role.name.startswith(_OPERATOR_ROLES)


def carries_operator_label(binding: RoleBinding | ClusterRoleBinding) -> bool:
    """Tell whether the label is there by which virt-operator takes an object for its own."""
    return binding.metadata.labels.get(MANAGED_BY) in OPERATORS


def survival_of(
    binding: RoleBinding | ClusterRoleBinding, baseline: Baseline, *, dangling: bool = False
) -> tuple[Survival, str]:
    """Classify a binding by who owns it and what it refers to, with the reason in words.

    `dangling` says that its role was looked for and is not there.
    """
    labels, annotations = binding.metadata.labels, binding.metadata.annotations
    if carries_operator_label(binding) and not baseline.variants(binding.kind, binding.namespace, binding.name):
        label = f"{MANAGED_BY}={labels[MANAGED_BY]}"
        return (
            Survival.OPERATOR_GC,
            f"it carries {label} and is not what the operator installs, so the operator deletes it",
        )
    if "meta.helm.sh/release-name" in annotations:
        release = annotations["meta.helm.sh/release-name"]
        blocks = ", and what is changed in it may block the upgrade" if release == "harvester" else ""
        return Survival.HELM_OWNED, f"it belongs to Helm release {release}, which restores its own content{blocks}"
    if "objectset.rio.cattle.io/id" in annotations:
        return Survival.WRANGLER_OWNED, "a Rancher or Harvester controller applies it again at every start"
    if any(key.startswith((PRTB_OWNER, CRTB_OWNER, LEGACY_UID_OWNER)) for key in labels):
        return Survival.RANCHER_RENDERED, "it carries a mark of Rancher, whose controllers keep or delete it"
    if dangling:
        return Survival.DANGLING, f"{binding.role_ref.kind} {binding.role_ref.name} does not exist, so it gives nothing"
    if is_operator_role(binding.role_ref):
        return Survival.KUBEVIRT_ROLE, f"{binding.role_ref.name} is the operator's and changes with its version"
    if binding.role_ref.kind == "ClusterRole" and binding.role_ref.name in _AGGREGATED:
        return Survival.AGGREGATED, "it stays; what the role grants follows the versions installed"
    return Survival.CUSTOM_ROLE, "no code is known that touches it; keep it in version control"
