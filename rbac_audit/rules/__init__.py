"""The rules that need code, one a file, in the order of the list below."""

from rbac_audit.audit.rule import Rule
from rbac_audit.rules import kubevirt_only_binding

RULES: tuple[Rule, ...] = (kubevirt_only_binding.RULE,)
