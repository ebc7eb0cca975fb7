"""What is the platform's own by its name: namespaces, their accounts, and the control plane's users and groups.

Source: rancher pkg/settings (system-namespaces), harvester pkg/util/constants.go (DefaultHarvesterNamespaceWhiteList),
kubernetes pkg/apis/rbac and the client certificates of RKE2.
"""

from rbac_audit.access.identity import MASTERS, home_of
from rbac_audit.snapshot.objects import Subject

_NAMESPACES = frozenset(
    {"kube-system", "kube-public", "kube-node-lease", "harvester-system", "longhorn-system", "local"}
)
_PREFIXES = ("cattle-", "fleet-", "cluster-fleet-", "rancher-", "forklift")
_CONTROL_PLANE = frozenset(
    {"system:nodes", "system:node-proxier", "system:apiserver", "system:monitoring", MASTERS}
    | {"kube-apiserver", "kube-apiserver-kubelet-client"}
)
_CONTROL_PLANE_PREFIXES = ("system:kube-", "system:node:")


def is_platform_namespace(name: str) -> bool:
    """Tell by its name whether a namespace belongs to the platform."""
    return name in _NAMESPACES or name.startswith(_PREFIXES)


def is_platform(subject: Subject) -> bool:
    """Tell whether a subject is a part of the platform: its own accounts and the control plane's users."""
    if home := home_of(subject):
        return is_platform_namespace(home)
    return subject.name in _CONTROL_PLANE or subject.name.startswith(_CONTROL_PLANE_PREFIXES)
