"""One permission, and whether one rule grants it: the only place where a wildcard is compared.

Source: k8s.io/kubernetes pkg/apis/rbac/v1/evaluation_helpers.go (VerbMatches, APIGroupMatches, ResourceMatches,
ResourceNameMatches, NonResourceURLMatches) and k8s.io/component-helpers auth/rbac/validation/policy_comparator.go.
"""

from collections.abc import Iterable

import msgspec

from rbac_audit.snapshot.objects import PolicyRule

ALL = "*"
EVERY_RIGHT = (
    PolicyRule(verbs=(ALL,), api_groups=(ALL,), resources=(ALL,)),
    PolicyRule(verbs=(ALL,), non_resource_urls=(ALL,)),
)


class Permission(msgspec.Struct, frozen=True, order=True):
    """One request: a verb on a resource (with a name or without), or a verb on a URL path.

    `resource` carries its subresource: `pods/exec`. An empty `name` asks for the resource as such: a rule that is
    limited to names does not grant it. With `path` set, the rest but the verb is empty.
    """

    verb: str
    api_group: str = ""
    resource: str = ""
    name: str = ""
    path: str = ""

    def __str__(self) -> str:
        """As kubectl writes it: `get virtualmachines.kubevirt.io/console vm-1`, `get /metrics`."""
        if self.path:
            return f"{self.verb} {self.path}"
        resource, slash, subresource = self.resource.partition("/")
        group = f".{self.api_group}" if self.api_group else ""
        return f"{self.verb} {resource}{group}{slash}{subresource}{' ' + self.name if self.name else ''}"


EVERYTHING = Permission(ALL, ALL, ALL)


def rule_allows(rule: PolicyRule, permission: Permission) -> bool:
    """Decide one rule (plugin/pkg/auth/authorizer/rbac RuleAllows); scope is the caller's business."""
    if not _has(rule.verbs, permission.verb):
        return False
    if permission.path:
        return any(url_covers(owned, permission.path) for owned in rule.non_resource_urls)
    return (
        _has(rule.api_groups, permission.api_group)
        and resource_matches(rule.resources, permission.resource)
        and (not rule.resource_names or permission.name in rule.resource_names)
    )


def has_verb(rule: PolicyRule, verb: str) -> bool:
    """Tell whether a rule is about a verb at all, on whatever resource."""
    return _has(rule.verbs, verb)


def _has(owned: tuple[str, ...], wanted: str) -> bool:
    return ALL in owned or wanted in owned


def has_all(owned: tuple[str, ...], wanted: Iterable[str]) -> bool:
    """Tell whether a list of verbs or groups covers another one."""
    return ALL in owned or all(item in owned for item in wanted)


def resource_matches(owned: tuple[str, ...], resource: str) -> bool:
    """Match `*`, the exact resource, or `*/subresource`; `pods/*` is an ordinary word that matches nothing else."""
    return any(word in owned for word in resource_words(resource))


def resource_words(resource: str) -> tuple[str, ...]:
    """List the words by any of which a rule names a resource."""
    slash = resource.find("/")
    return (ALL, resource, f"{ALL}{resource[slash:]}") if slash >= 0 else (ALL, resource)


def url_covers(owned: str, wanted: str) -> bool:
    """Match a URL exactly or, where the owned one ends in `*`, by the prefix before it."""
    return owned == wanted or (owned.endswith(ALL) and wanted.startswith(owned.rstrip(ALL)))
