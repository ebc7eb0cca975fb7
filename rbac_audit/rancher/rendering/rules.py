"""What Rancher takes from the rules of a role template: promoted, management-plane and lower-cased rules.

Source: rancher pkg/controllers/managementuser/rbac/roletemplates/roletemplate_handler.go (promotedRulesForProjects,
ExtractPromotedRules) and pkg/controllers/management/auth/{prtb,crtb}_handler.go (the tables of resources).
"""

from collections.abc import Iterable

import msgspec

from rbac_audit.access.permission import ALL
from rbac_audit.snapshot.objects import PolicyRule

Resource = tuple[str, str]
_MANAGEMENT = "management.cattle.io"
_LOCAL_CLUSTER = (_MANAGEMENT, "clusters")
PROMOTED: tuple[Resource, ...] = (
    ("ui.cattle.io", "navlinks"),
    ("", "nodes"),
    ("", "persistentvolumes"),
    ("storage.k8s.io", "storageclasses"),
    ("apiregistration.k8s.io", "apiservices"),
    ("catalog.cattle.io", "clusterrepos"),
    _LOCAL_CLUSTER,
)
IN_PROJECT: tuple[Resource, ...] = ((_MANAGEMENT, "projectroletemplatebindings"), ("", "secrets"))
# The operations are of the legacy model only, as Rancher v2.15 was seen to write them.
IN_CLUSTER_AGGREGATED: tuple[Resource, ...] = (
    (_MANAGEMENT, "clusterscans"),
    (_MANAGEMENT, "clusterregistrationtokens"),
    (_MANAGEMENT, "clusterroletemplatebindings"),
    (_MANAGEMENT, "etcdbackups"),
    (_MANAGEMENT, "nodes"),
    (_MANAGEMENT, "nodepools"),
    (_MANAGEMENT, "projects"),
    ("rke.cattle.io", "etcdsnapshots"),
)
IN_CLUSTER: tuple[Resource, ...] = (
    *IN_CLUSTER_AGGREGATED,
    ("operation.cattle.io", "etcdsnapshotsaves"),
    ("operation.cattle.io", "etcdsnapshotrestores"),
    ("operation.cattle.io", "encryptionkeyrotations"),
)


def promoted(rules: Iterable[PolicyRule]) -> tuple[PolicyRule, ...]:
    """Take what a project template grants on cluster-scoped resources; of the clusters, only `local`.

    A rule that is limited to the names of other clusters is not about that one.
    """
    return tuple(
        PolicyRule(
            verbs=rule.verbs,
            api_groups=(wanted[0],),
            resources=(wanted[1],),
            resource_names=("local",) if wanted == _LOCAL_CLUSTER else rule.resource_names,
        )
        for rule in rules
        for wanted in PROMOTED
        if _about(rule, wanted)
        and not (wanted == _LOCAL_CLUSTER and rule.resource_names and "local" not in rule.resource_names)
    )


def on_management_plane(rules: Iterable[PolicyRule], table: Iterable[Resource]) -> tuple[PolicyRule, ...]:
    """Take the rules about a table's resources, one rule each; those limited to names do not count."""
    kept = [rule for rule in rules if not rule.resource_names]
    found = (
        PolicyRule(verbs=rule.verbs, api_groups=(wanted[0],), resources=(wanted[1],))
        for wanted in table
        for rule in kept
        if _about(rule, wanted)
    )
    return tuple(dict.fromkeys(found))


def merged(rules: Iterable[PolicyRule]) -> tuple[PolicyRule, ...]:
    """Join rules about one resource into one with all verbs, sorted (the legacy model)."""
    verbs: dict[PolicyRule, set[str]] = {}
    for rule in rules:
        verbs.setdefault(msgspec.structs.replace(rule, verbs=()), set()).update(rule.verbs)
    return tuple(msgspec.structs.replace(rule, verbs=tuple(sorted(found))) for rule, found in verbs.items())


def lowered(rules: Iterable[PolicyRule]) -> tuple[PolicyRule, ...]:
    """Write resources and verbs in lower case, as handler_base.go (compareAndUpdateClusterRole) does."""
    return tuple(
        msgspec.structs.replace(rule, verbs=_lower(rule.verbs), resources=_lower(rule.resources)) for rule in rules
    )


def _lower(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.lower() for word in words)


def _about(rule: PolicyRule, wanted: Resource) -> bool:
    group, resource = wanted
    return (group in rule.api_groups or ALL in rule.api_groups) and (
        resource in rule.resources or ALL in rule.resources
    )
