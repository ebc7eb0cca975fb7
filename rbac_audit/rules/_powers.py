"""What a role amounts to, in a few words for messages."""

from collections.abc import Iterable

from rbac_audit.access import Permission, RoleKey
from rbac_audit.access.permission import ALL, EVERYTHING
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import describe
from rbac_audit.rancher.templates import grants
from rbac_audit.snapshot.objects import PolicyRule

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

_WRITE = frozenset({"create", "update", "patch", "delete", "deletecollection", ALL})
# What roles for readers hold with a verb that writes, and that changes nothing of a tenant: questions about rights, a
# VM's spec in full, to be the source of a copy (CDI's view), support bundles (virt-project-view), which lie elsewhere.
_QUESTIONS = frozenset({"authorization.k8s.io", "authentication.k8s.io"})
_OF_READERS = frozenset({"expand-vm-spec", "datavolumes/source", "supportbundles"})


def powers(view: View, role: RoleKey) -> str:
    """Name the gravest things that a role allows, else its first rule, else that it allows nothing."""
    rules = view.access.rules(role)
    return powers_of(rules) if rules else "do nothing, because the role has no rules"


def powers_of(rules: tuple[PolicyRule, ...], limit: int = 3) -> str:
    """Name the gravest things that some rules, at least one, allow, else the first of them."""
    found = dict.fromkeys(word for word, right in _POWERS if grants(rules, right))
    words = list(found)[:1] if "do everything" in found else list(found)[:limit]
    return ", ".join(words) or describe(rules[0])


def changes_something(rules: Iterable[PolicyRule]) -> bool:
    """Tell whether rules allow to change anything of a tenant's."""
    return any(not _WRITE.isdisjoint(rule.verbs) and _changes(rule) for rule in rules)


def _changes(rule: PolicyRule) -> bool:
    """Tell whether a rule with a verb that writes is about something that can be changed by it."""
    if not rule.resources or set(rule.api_groups) <= _QUESTIONS:
        return False
    return not _OF_READERS.issuperset(rule.resources)
