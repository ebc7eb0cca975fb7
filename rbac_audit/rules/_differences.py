"""What the rules share that compare a cluster with what Rancher renders onto it."""

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence
from rbac_audit.harvester.versions import at_least
from rbac_audit.rancher.bindings import Owner, TemplateBinding
from rbac_audit.rancher.comparison import Fate
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    Feature,
    GlobalRole,
    GlobalRoleBinding,
    KubernetesObject,
    Project,
    ProjectRoleTemplateBinding,
    Role,
    RoleTemplate,
    User,
)

NEEDS_RANCHER: tuple[type[KubernetesObject], ...] = (
    RoleTemplate,
    ProjectRoleTemplateBinding,
    ClusterRoleTemplateBinding,
    User,
    Project,
    GlobalRole,
    GlobalRoleBinding,
    Feature,
)
"""All that Rancher renders from: without it, what it does not render is not known either."""


def confidence_of(view: View) -> Confidence:
    """Say `certain` of the releases whose controllers were seen to write what is predicted (v2.14 and later).

    Older ones differ in names and rules on the management cluster.
    """
    return Confidence.CERTAIN if _is_known(view) else Confidence.POSSIBLE


def _is_known(view: View) -> bool:
    return view.rancher is not None and at_least(view.rancher.version, "2.14") is not False


def is_comparable(view: View, item: KubernetesObject) -> bool:
    """Tell whether the rules of an object are known for the release: of older ones, not those of Roles."""
    return not isinstance(item, Role) or _is_known(view)


def what_it_gives(owner: Owner) -> str:
    """Say whom a binding of Rancher gives what."""
    if isinstance(owner, TemplateBinding):
        return f"{owner.subject or 'nobody'} role template {owner.template} in {owner.project or owner.cluster}"
    return f"{owner.subject or 'nobody'} global role {owner.source.global_role_name}"


def blocked_owners(view: View) -> frozenset[Owner]:
    """Find the bindings at which Rancher stops, because somebody else's binding has the name that it needs.

    Only the aggregated model does (rancher pkg/controllers/managementuser/rbac/roletemplates/prtb_handler.go); the
    legacy one leaves the name to whoever has it, and goes on.
    """
    if view.prediction is None or not view.prediction.aggregated:
        return frozenset()
    return frozenset(owner for item in view.differences if item.fate is Fate.BLOCKED for owner in item.owners)
