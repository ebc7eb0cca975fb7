"""Shipped content as an object, written as the API server would store it."""

import msgspec

from rbac_audit.harvester.shipped import Variant
from rbac_audit.harvester.shipped.content import RbacObject
from rbac_audit.snapshot.objects import (
    AggregationRule,
    ClusterRole,
    ClusterRoleBinding,
    Metadata,
    Role,
    RoleBinding,
    RoleRef,
)
from rbac_audit.snapshot.objects.kubernetes import RBAC


def shipped_object(kind: str, shipped: Variant, metadata: Metadata) -> RbacObject:
    """Write a shipped object of a kind under some metadata.

    API groups are filled in as the API server does (k8s.io/kubernetes pkg/apis/rbac/v1/defaults.go).
    """
    if shipped.role_ref is None:
        if kind == "Role":
            return Role(metadata=metadata, rules=shipped.rules)
        rule = AggregationRule(cluster_role_selectors=shipped.aggregation_selectors)
        summed = rule if shipped.aggregation_selectors else None
        return ClusterRole(metadata=metadata, rules=shipped.rules, aggregation_rule=summed)
    subjects = tuple(
        msgspec.structs.replace(item, api_group="" if item.kind == "ServiceAccount" else RBAC)
        for item in shipped.subjects
    )
    role = RoleRef(kind=shipped.role_ref.kind, name=shipped.role_ref.name, api_group=RBAC)
    made = ClusterRoleBinding if kind == "ClusterRoleBinding" else RoleBinding
    return made(metadata=metadata, role_ref=role, subjects=subjects)
