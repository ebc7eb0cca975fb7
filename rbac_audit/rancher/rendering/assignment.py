"""Namespaces that Rancher puts into the Default and the System project by itself.

Source: rancher pkg/controllers/managementuser/rbac/namespace_handler.go (assignToInitialProject) and
pkg/settings/setting.go (SystemNamespaces, v2.15).
"""

from collections.abc import Callable

from rbac_audit.rancher.model import Rancher
from rbac_audit.snapshot.objects import Namespace, RancherSetting

_SYSTEM = (
    "kube-system,kube-public,cattle-system,cattle-alerting,cattle-logging,cattle-pipeline,cattle-prometheus,"
    "ingress-nginx,cattle-global-data,cattle-istio,kube-node-lease,cert-manager,cattle-global-nt,security-scan,"
    "cattle-fleet-system,cattle-fleet-local-system,calico-system,tigera-operator,cattle-impersonation-system,"
    "rancher-operator-system,cattle-csp-adapter-system,calico-apiserver,cattle-tokens,cattle-local-user-passwords"
)
_FLEET = frozenset({"fleet-local", "fleet-default", "cattle-fleet-clusters-system"})
_MARK = "authz.management.cattle.io/{}-project"


def assignment(rancher: Rancher, rancher_id: str) -> Callable[[Namespace], str]:
    """Say to which project id, "" for none, a namespace of a cluster comes that has none."""
    settings = {item.name: item.value or item.default for item in rancher.cluster.of(RancherSetting)}
    names = frozenset((settings.get("system-namespaces") or _SYSTEM).split(",")) | _FLEET
    system, default = (_project(rancher, rancher_id, which) for which in ("system", "default"))

    def assign(namespace: Namespace) -> str:
        if namespace.name == "default":
            return default
        fleet = namespace.metadata.labels.get("fleet.cattle.io/managed") == "true"
        return system if fleet or namespace.name in names else ""

    return assign


def _project(rancher: Rancher, rancher_id: str, which: str) -> str:
    mark = _MARK.format(which)
    return next(
        (
            f"{rancher_id}:{project.name}"
            for project in rancher.projects
            if project.namespace == rancher_id and project.metadata.labels.get(mark) == "true"
        ),
        "",
    )
