"""May a holder of some rules hand out others: upstream's `Covers`, with what is missing.

Source: k8s.io/component-helpers auth/rbac/validation/policy_comparator.go (Covers, BreakdownRule, ruleCovers).
"""

import itertools
from collections.abc import Iterable, Iterator

from rbac_audit.access.permission import has_all, resource_matches, url_covers
from rbac_audit.snapshot.objects import PolicyRule


def covers(owned: Iterable[PolicyRule], wanted: Iterable[PolicyRule]) -> bool:
    """Tell whether every part of the wanted rules is covered by one of the owned rules."""
    return not uncovered(owned, wanted)


def uncovered(owned: Iterable[PolicyRule], wanted: Iterable[PolicyRule]) -> tuple[PolicyRule, ...]:
    """List the atoms of the wanted rules that no owned rule covers, in the order of the wanted rules."""
    holdings = tuple(owned)
    return tuple(
        atom
        for rule in wanted
        for atom in breakdown(rule)
        if not any(_rule_covers(holding, atom) for holding in holdings)
    )


def breakdown(rule: PolicyRule) -> Iterator[PolicyRule]:
    """Split a rule into atoms of one verb, one group, one resource and at most one name, or one verb and one URL.

    A rule without API groups has no resource atoms: it grants nothing, and so needs nothing (BreakdownRule).
    """
    limits: tuple[tuple[str, ...], ...] = tuple((name,) for name in rule.resource_names) or ((),)
    for group, resource, verb, names in itertools.product(rule.api_groups, rule.resources, rule.verbs, limits):
        yield PolicyRule(verbs=(verb,), api_groups=(group,), resources=(resource,), resource_names=names)
    for url in rule.non_resource_urls:
        for verb in rule.verbs:
            yield PolicyRule(verbs=(verb,), non_resource_urls=(url,))


def _rule_covers(owned: PolicyRule, atom: PolicyRule) -> bool:
    names = not owned.resource_names or (
        bool(atom.resource_names) and set(owned.resource_names).issuperset(atom.resource_names)
    )
    return (
        has_all(owned.verbs, atom.verbs)
        and has_all(owned.api_groups, atom.api_groups)
        and all(resource_matches(owned.resources, resource) for resource in atom.resources)
        and names
        and all(any(url_covers(url, wanted) for url in owned.non_resource_urls) for wanted in atom.non_resource_urls)
    )
