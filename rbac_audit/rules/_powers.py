"""What a role amounts to, in a few words for messages."""

from rbac_audit.access import Permission, RoleKey
from rbac_audit.audit.classes import EVERYTHING
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import describe

_POWERS = (
    ("do everything", EVERYTHING),
    ("read Secrets", Permission("list", "", "secrets")),
    ("read Secrets", Permission("get", "", "secrets")),
    ("change VMs", Permission("update", "kubevirt.io", "virtualmachines")),
    ("open VM consoles", Permission("get", "subresources.kubevirt.io", "virtualmachineinstances/console")),
    ("run pods", Permission("create", "", "pods")),
    ("hand out access", Permission("create", "rbac.authorization.k8s.io", "rolebindings")),
    ("see VMs", Permission("list", "kubevirt.io", "virtualmachines")),
)


def powers(view: View, role: RoleKey, limit: int = 3) -> str:
    """Name the gravest things that a role allows, else its first rule, else that it allows nothing."""
    found = dict.fromkeys(word for word, right in _POWERS if view.access.first_allowing(role, right) is not None)
    words = list(found)[:1] if "do everything" in found else list(found)[:limit]
    if words:
        return ", ".join(words)
    rules = view.access.rules(role)
    return describe(rules[0]) if rules else "do nothing, because the role has no rules"
