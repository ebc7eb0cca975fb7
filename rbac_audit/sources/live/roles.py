"""The least roles that let an account read what is read, and nothing else."""

from rbac_audit.snapshot.objects import APIGroupDiscovery
from rbac_audit.sources.live.kinds import SIDES, live_kinds

NAME = "rbac-audit-collect"
# A user of Rancher, for --rancher: a role template for every cluster, and a global role that inherits it.
RANCHER_USER = "rancher-user"
ROLES = (*SIDES, RANCHER_USER)

_COMMENT = f"""\
# Lists what `rbac-audit collect` reads, and nothing else. Bind it to the account that collects:
#   kubectl create clusterrolebinding {NAME} --clusterrole={NAME} --serviceaccount=NS:NAME
"""
_RANCHER_COMMENT = f"""\
# For `rbac-audit collect --rancher`: apply both to the cluster that runs Rancher, and assign the global role
# {NAME} to the user whose API token collects. Rancher renders it onto every cluster behind it.
"""
_SECRETS = """\
# Kubernetes has no right to the metadata of Secrets alone: whoever has this role can read every Secret in full.
# rbac-audit collect asks for their metadata only.
"""
_TEMPLATE = f"""\
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata:
  name: {NAME}
displayName: Read what rbac-audit collects
context: cluster
rules:
"""
# Rancher's proxy asks for `get` on the cluster itself (rancher/rancher pkg/k8slookup/lookup.go); `local` inherits
# nothing (pkg/apis/management.cattle.io/v3/authz_types.go GlobalRole.InheritedClusterRoles).
_GLOBAL = f"""\
---
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata:
  name: {NAME}
displayName: Read what rbac-audit collects
inheritedClusterRoles: [{NAME}]
rules:
- {{apiGroups: ["management.cattle.io"], resources: ["clusters"], resourceNames: ["local"], verbs: ["get"]}}
"""


def least_role(which: str, *, secret_metadata: bool = False) -> str:
    """Write one of `ROLES` as YAML: a ClusterRole for a side, or two objects of Rancher; one rule a kind."""
    warning = _SECRETS if secret_metadata else ""
    if which == RANCHER_USER:
        inherited = _rules("harvester", secret_metadata=secret_metadata)
        local = _rules("rancher", secret_metadata=secret_metadata)
        return f"{_RANCHER_COMMENT}{warning}{_TEMPLATE}{inherited}{_GLOBAL}{local}"
    return (
        f"{_COMMENT}{warning}"
        "apiVersion: rbac.authorization.k8s.io/v1\n"
        "kind: ClusterRole\n"
        "metadata:\n"
        f"  name: {NAME}\n"
        f"rules:\n{_rules(which, secret_metadata=secret_metadata)}"
    )


def _rules(side: str, *, secret_metadata: bool) -> str:
    """Write one rule a kind, and one for what is served."""
    kinds = [
        kind
        for kind in live_kinds(secret_metadata=secret_metadata)
        if kind.group in SIDES[side] and kind is not APIGroupDiscovery
    ]
    rules = (f'- {{apiGroups: ["{kind.group}"], resources: ["{kind.plural}"], verbs: ["list"]}}\n' for kind in kinds)
    return "".join((*rules, '- {nonResourceURLs: ["/api", "/apis"], verbs: ["get"]}\n'))
