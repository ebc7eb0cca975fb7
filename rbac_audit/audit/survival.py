"""Upgrade survival as the report shows it: every binding that somebody made, with its class and what to do first."""

from rbac_audit.access import Binding
from rbac_audit.access.identity import placed
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import subject_ref
from rbac_audit.audit.sections import BindingFate, ClusterSurvival
from rbac_audit.harvester.survival import MANAGED_BY, Survival, survival_of
from rbac_audit.rancher.ownership import Claim
from rbac_audit.snapshot.objects import ClusterRole, Role

_FIRST = {
    Survival.OPERATOR_GC: f"Take the label {MANAGED_BY} off the binding before the upgrade, or make it again without.",
    Survival.HELM_OWNED: "Change it in the values of its chart, and not here.",
    Survival.WRANGLER_OWNED: "Leave it as its controller makes it; put what was added into a binding of its own.",
    Survival.RANCHER_RENDERED: "Give the access with a role template binding in Rancher, then delete this one.",
    Survival.DANGLING: "Delete the binding, or make the role again if its rights are still wanted.",
    Survival.KUBEVIRT_ROLE: "Add the subjects to the project with a role template, then delete the binding.",
    Survival.AGGREGATED: "Compare what the role gives before and after the upgrade: rbac-audit diff OLD NEW.",
    Survival.CUSTOM_ROLE: "Keep it in version control, so that it can be made again.",
}


def survival(view: View) -> ClusterSurvival:
    """Classify the bindings of a cluster; those that are shipped or proven to be Rancher's are counted only."""
    shipped = rendered = 0
    fates = []
    for binding in view.access.bindings:
        if view.ownership[binding].claim is Claim.HOLDS:
            rendered += 1
        elif view.baseline.ships_binding(binding.source):
            shipped += 1
        else:
            fates.append(_fate(view, binding))
    order = {outcome.value: number for number, outcome in enumerate(Survival)}
    fates.sort(key=lambda fate: (order[fate.survival], fate.binding))
    return ClusterSurvival(view.name, shipped, rendered, tuple(fates))


def is_dangling(view: View, binding: Binding) -> bool:
    """Tell whether the role of a binding was looked for and is not there; a ClusterRoleBinding never finds a Role."""
    kind = Role if binding.role_ref.kind == "Role" and binding.namespace else ClusterRole
    return binding.role not in view.access.roles and view.cluster.whole(kind)


def _fate(view: View, binding: Binding) -> BindingFate:
    outcome, reason = survival_of(binding.source, view.baseline, dangling=is_dangling(view, binding))
    return BindingFate(
        survival=outcome.value,
        binding=binding.source.ref(view.name),
        role=f"{binding.role_ref.kind} {binding.role_ref.name}",
        subjects=tuple(subject_ref(view, placed(subject, binding.namespace)) for subject in binding.subjects),
        reason=reason,
        first=_FIRST[outcome],
    )
