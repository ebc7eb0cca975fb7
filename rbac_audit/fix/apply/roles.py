"""The least ClusterRole for an apply, on each of the two clusters."""

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
- {apiGroups: [management.cattle.io], resources: [clusterroletemplatebindings], verbs: [list]}
- apiGroups: [management.cattle.io]
  resources: [roletemplates, projectroletemplatebindings]
  verbs: [get, list, create, delete]
"""
_HARVESTER = """\
- {apiGroups: [""], resources: [namespaces], verbs: [get, list]}
- {apiGroups: [authorization.k8s.io], resources: [subjectaccessreviews], verbs: [create]}
- apiGroups: [rbac.authorization.k8s.io]
  resources: [rolebindings, clusterrolebindings]
  verbs: [get, list, create, update, delete]
- {apiGroups: [rbac.authorization.k8s.io], resources: [roles, clusterroles], verbs: [get, bind]}
"""
_NOTES = {
    "rancher": "# Rancher lets nobody bind more than they hold: the account needs the rights that it hands out, too.\n",
    "harvester": (
        "# `bind` is for bringing back a binding that was deleted. Taking a copied label off a role needs update and\n"
        "# escalate on roles and clusterroles as well.\n"
    ),
}
SIDES = {"rancher": _MANAGEMENT, "harvester": _HARVESTER}


def least_role(side: str) -> str:
    """Write the ClusterRole, as YAML, of one of `SIDES`."""
    return _HEAD.format(side=side, note=_NOTES[side]) + SIDES[side]
