"""Kubernetes RBAC: who may do what, decided as the API server decides it."""

from rbac_audit.access.aggregation import Aggregation
from rbac_audit.access.authorizer import Authorizer
from rbac_audit.access.bindings import Binding, RoleKey
from rbac_audit.access.escalation import covers, uncovered
from rbac_audit.access.identity import Identity
from rbac_audit.access.permission import Permission, rule_allows

__all__ = [
    "Aggregation",
    "Authorizer",
    "Binding",
    "Identity",
    "Permission",
    "RoleKey",
    "covers",
    "rule_allows",
    "uncovered",
]
