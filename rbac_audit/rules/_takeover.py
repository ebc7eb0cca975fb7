"""What rights in a namespace of the platform lead to, and how bad that is."""

from collections.abc import Iterable, Iterator

import msgspec

from rbac_audit.access import Permission, rule_allows
from rbac_audit.access.permission import has_verb
from rbac_audit.audit.finding import Severity
from rbac_audit.harvester.baseline import atoms_of
from rbac_audit.harvester.role_templates import given_to_users
from rbac_audit.rancher.templates import grants
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import PolicyRule

_RBAC = "rbac.authorization.k8s.io"
_WRITE = ("create", "update", "patch")


def _writes(group: str, *kinds: str) -> Iterator[Permission]:
    return (Permission(verb, group, kind) for kind in kinds for verb in _WRITE)


READ_SECRETS = tuple(Permission(verb, "", "secrets") for verb in ("get", "list", "watch"))
TAKE_OVER = (
    *_writes("", "pods", "pods/ephemeralcontainers", "replicationcontrollers", "secrets"),
    *(Permission(verb, "", f"pods/{way}") for way in ("exec", "attach") for verb in ("create", "get")),
    Permission("create", "", "serviceaccounts/token"),
    Permission("impersonate", "", "serviceaccounts"),
    *_writes("apps", "deployments", "daemonsets", "statefulsets", "replicasets"),
    *_writes("batch", "jobs", "cronjobs"),
    *_writes("kubevirt.io", "kubevirts"),
    *_writes("harvesterhci.io", "addons"),
    *_writes("helm.cattle.io", "helmcharts", "helmchartconfigs"),
    *_writes("upgrade.cattle.io", "plans"),
    *_writes("management.cattle.io", "managedcharts"),
    *_writes("fleet.cattle.io", "bundles", "gitrepos", "helmops"),
    *(Permission(verb, _RBAC, kind) for verb in ("bind", "escalate") for kind in ("roles", "clusterroles")),
)
_BIND = tuple(Permission("bind", _RBAC, kind) for kind in ("roles", "clusterroles"))
# What one object by its name is enough for: a workload, an account, the KubeVirt object.
_BY_NAME = tuple(
    right
    for right in TAKE_OVER
    if right.resource != "secrets" and right.api_group != _RBAC and (right.verb != "create" or "/" in right.resource)
)
_DISTURB = (*_writes("", "configmaps"), *_writes("longhorn.io", "volumes", "settings", "backups"))


def consequence(rules: tuple[PolicyRule, ...]) -> tuple[str, Severity]:
    """Say what the rights lead to in a namespace of the platform, and how bad that is."""
    if any(grants(rules, permission) for permission in TAKE_OVER) or any(map(_takes_over_named, rules)):
        return "may take over the accounts of the platform there, which leads to cluster-admin", Severity.CRITICAL
    if any(grants(rules, permission) for permission in READ_SECRETS):
        return "may read all Secrets there, such as tokens and backup credentials of the platform", Severity.CRITICAL
    if named := sorted({name for rule in rules if _reads_named(rule) for name in rule.resource_names}):
        return f"may read the Secrets there that are called {names(named)}", Severity.HIGH
    if any(grants(rules, permission) for permission in _DISTURB):
        return "may change there what the platform runs by", Severity.HIGH
    return "may neither read all Secrets there nor take over its accounts, but has other rights", Severity.MEDIUM


def is_grave_in(namespace: str, rules: Iterable[PolicyRule]) -> bool:
    """Tell whether rights of a global role in a namespace of the platform are grave, beyond what everybody has there.

    What writes Fleet's objects is told by rancher-deputies-write, in every workspace.
    """
    everybody = given_to_users(namespace)
    own = [rule for rule in rules if set(rule.api_groups) != {"fleet.cattle.io"}]
    _, severity = consequence(tuple(rule for rule in own if not atoms_of((rule,)) <= everybody))
    return severity in {Severity.CRITICAL, Severity.HIGH}


def _reads_named(rule: PolicyRule) -> bool:
    return any(rule_allows(_of_any_name(rule), secret) for secret in READ_SECRETS)


def _takes_over_named(rule: PolicyRule) -> bool:
    if not rule.resource_names:
        return False
    # Who may hand out a role for readers takes nothing over.
    hands_out = has_verb(rule, "bind") and set(rule.resource_names) - {"view"}
    rights = (*_BY_NAME, *(_BIND if hands_out else ()))
    return any(rule_allows(_of_any_name(rule), right) for right in rights)


def _of_any_name(rule: PolicyRule) -> PolicyRule:
    return msgspec.structs.replace(rule, resource_names=())
