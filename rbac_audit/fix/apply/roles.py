"""The least ClusterRole for an apply, on each of the two clusters."""

from rbac_audit.fix.plan import Plan, Step

_ROLES = frozenset(("Role", "ClusterRole"))
_HEAD = """\
# What `rbac-audit fix apply` and `fix rollback` do on the {side} cluster, and nothing else.
{note}apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: rbac-audit-fix
rules:
"""
_MANAGEMENT = """\
- {apiGroups: [management.cattle.io], resources: [features, projects, users], verbs: [get]}
- {apiGroups: [management.cattle.io], resources: [globalrolebindings], verbs: [get]}
- {apiGroups: [management.cattle.io], resources: [clusterroletemplatebindings], verbs: [get, list]}
- apiGroups: [management.cattle.io]
  resources: [roletemplates, projectroletemplatebindings]
  verbs: [get, list, create, delete]
"""
_HARVESTER = """\
- {apiGroups: [""], resources: [namespaces], verbs: [get, list]}
- {apiGroups: [authorization.k8s.io], resources: [subjectaccessreviews], verbs: [create]}
- apiGroups: [rbac.authorization.k8s.io]
  resources: [rolebindings, clusterrolebindings]
  verbs: [get, list, watch, create, update, delete]
- {apiGroups: [rbac.authorization.k8s.io], resources: [roles, clusterroles], verbs: [get, list, watch, bind]}
"""
_OF_ROLES = """\
# For steps that restore shipped objects, delete roles or take labels off them; whoever has `escalate` can do anything.
- {apiGroups: [rbac.authorization.k8s.io], resources: [roles, clusterroles], verbs: [create, update, delete, escalate]}
- {apiGroups: [harvesterhci.io, management.cattle.io], resources: [settings], verbs: [get]}
- {apiGroups: [management.cattle.io], resources: [managedcharts], verbs: [get]}
- {apiGroups: [kubevirt.io], resources: [kubevirts], verbs: [get]}
"""
_NOTES = {
    "rancher": "# Rancher lets nobody bind more than they hold: the account needs the rights that it hands out, too.\n",
    "harvester": "# `bind` is for bringing back a binding that was deleted.\n",
}
SIDES = {"rancher": _MANAGEMENT, "harvester": _HARVESTER}


def least_role(side: str, plan: Plan | None = None) -> str:
    """Write the ClusterRole, as YAML, of one of `SIDES`: for any plan, or for what one plan touches."""
    more = side == "harvester" and (plan is None or any(map(_needs_more, plan.steps)))
    return _HEAD.format(side=side, note=_NOTES[side]) + SIDES[side] + (_OF_ROLES if more else "")


def _needs_more(step: Step) -> bool:
    """Tell whether a step is about roles, or about what a version ships."""
    made = (item.manifest["kind"] for item in (*step.do.creates, *step.undo.creates))
    return step.action == "restore" or not _ROLES.isdisjoint((*made, *(item.target.kind for item in step.do.changes)))
