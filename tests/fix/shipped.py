"""A Harvester v1.8.0 cluster with what it ships, to edit."""

from collections.abc import Iterable

import msgspec

from rbac_audit.audit.estate import Estate
from rbac_audit.fix.plan import Plan
from rbac_audit.fix.restore import RESTORED
from rbac_audit.harvester.baseline import shipped_baseline
from tests.fix.worlds import RBAC, Raw, binding, estate, obj, planned

VERSIONS = shipped_baseline().components_of("v1.8.0").components
PUBLIC = ("RoleBinding", "harvester-public", "harvester-public")
SETTINGS_ROLE = ("ClusterRole", "", "harvester-authenticated")
SETTINGS_BINDING = ("ClusterRoleBinding", "", "harvester-authenticated")
DEFAULT = ("ClusterRoleBinding", "", "kubevirt.io:default")
PARTS = ("system:aggregate-to-view", "system:aggregate-to-edit", "system:aggregate-to-admin", "kubevirt.io:edit")
NAMES = (
    PUBLIC,
    SETTINGS_ROLE,
    SETTINGS_BINDING,
    DEFAULT,
    *(
        ("ClusterRole", "", name)
        for name in ("view", "edit", "admin", "kubevirt.io:view", "kubevirt.io:default", *PARTS)
    ),
    ("ClusterRoleBinding", "", "cluster-admin"),
    ("ClusterRole", "", "cluster-admin"),
)


def shipped(kind: str, namespace: str, name: str) -> Raw:
    """Write a shipped object as a manifest."""
    (variant,) = shipped_baseline().exactly(kind, namespace, name, VERSIONS)
    if variant.role_ref:
        where = f"{namespace}/{name}" if namespace else name
        made = binding(where, variant.role_ref.name, *map(str, variant.subjects), kind=variant.role_ref.kind)
        return made | {"kind": kind}
    fields: Raw = {"rules": [msgspec.to_builtins(rule) for rule in variant.rules]}
    if variant.aggregation_selectors:
        fields["aggregationRule"] = {"clusterRoleSelectors": msgspec.to_builtins(variant.aggregation_selectors)}
    return obj(RBAC, kind, name, namespace, labels=dict(variant.labels), **fields)


def cluster(edited: Iterable[Raw] = (), without: Iterable[tuple[str, str, str]] = (), **more: object) -> Estate:
    """Build the cluster with some of its objects edited, and without others."""
    left = [name for name in NAMES if name not in set(without)]
    return estate([*(shipped(*name) for name in left), *edited], **more)  # type: ignore[arg-type]  # passed on


def restored(of: Estate, *rules: str) -> Plan:
    """Plan everything that is restored; what is wrong with the other cluster's roles is no matter here."""
    plan = planned(of, rules=rules or RESTORED)
    here = tuple(item for item in plan.refusals if "it is on cluster rancher" not in item.reason)
    return msgspec.structs.replace(plan, refusals=here)
