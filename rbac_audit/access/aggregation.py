"""Aggregated ClusterRoles: what their selectors add up to, and which role each rule came from.

Source: k8s.io/kubernetes pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go
(syncClusterRole): for each selector the matching ClusterRoles by name, itself left out, every rule once.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property

from rbac_audit.access.names import is_label_key, is_label_value
from rbac_audit.snapshot.objects import ClusterRole, LabelSelector, PolicyRule, Requirement


class Aggregation:
    """The aggregated ClusterRoles of one cluster, resolved to a fixpoint."""

    def __init__(self, cluster_roles: Iterable[ClusterRole]) -> None:
        """Select the members of each aggregated role and add up their rules."""
        self._roles = {role.metadata.name: role for role in cluster_roles}
        self._members = {name: self._select(role) for name, role in self._roles.items() if role.aggregation_rule}
        self._effective = self._fixpoint()

    def _select(self, role: ClusterRole) -> tuple[str, ...]:
        selectors = role.aggregation_rule.cluster_role_selectors if role.aggregation_rule else ()
        # One that is not valid makes the controller give up the role and leave its rules as they are.
        if not all(map(_is_valid, selectors)):
            return ()
        found = {
            name: None
            for selector in selectors
            for name in self._candidates(selector)
            if name != role.metadata.name and selects(selector, self._roles[name].metadata.labels)
        }
        return tuple(found)

    def _candidates(self, selector: LabelSelector) -> Iterable[str]:
        """Name, sorted, the roles with the first label of a selector, all where it names none."""
        for pair in selector.match_labels.items():
            return self._labelled.get(pair, ())
        return sorted(self._roles)

    @cached_property
    def _labelled(self) -> Mapping[tuple[str, str], list[str]]:
        index: dict[tuple[str, str], list[str]] = {}
        for name in sorted(self._roles):
            for pair in self._roles[name].metadata.labels.items():
                index.setdefault(pair, []).append(name)
        return index

    def _fixpoint(self) -> Mapping[str, tuple[PolicyRule, ...]]:
        rules = {name: role.rules for name, role in self._roles.items()}
        pending = [name for name in sorted(self._members) if not rules[name]]
        # A round carries every rule one role on, so there are never more rounds than roles. Roles in a circle may
        # still reorder their rules then: the controller does so for ever.
        for _ in pending:
            before = [rules[name] for name in pending]
            for name in pending:
                rules[name] = self._union(rules, name)
            if before == [rules[name] for name in pending]:
                break
        return rules

    def _union(self, rules: Mapping[str, tuple[PolicyRule, ...]], name: str) -> tuple[PolicyRule, ...]:
        return tuple(dict.fromkeys(rule for member in self._members[name] for rule in rules[member]))

    @property
    def names(self) -> tuple[str, ...]:
        """Name the aggregated roles."""
        return tuple(sorted(self._members))

    def members(self, name: str) -> tuple[str, ...]:
        """Name the roles that an aggregated role selects directly; empty for any other role."""
        return self._members.get(name, ())

    def resolved(self, name: str) -> tuple[PolicyRule, ...]:
        """Return the union that the controller would write, each rule once."""
        return self._union(self._effective, name) if name in self._members else ()

    def effective(self, name: str) -> tuple[PolicyRule, ...]:
        """Return the rules that the API server decides by: the stored ones, or the union where none are stored.

        Stored rules win because a source may lack the members: a backup or a partial dump must not lose rights.
        """
        return self._effective.get(name, ())

    def source(self, name: str, rule: PolicyRule) -> tuple[str, ...]:
        """Trace a rule of an aggregated role to the role that has it: names from the first member to the source.

        The source may be an aggregated role that alone stores the rule. Empty when no member has the rule: it was
        written by hand, or its source is gone.
        """
        trails: list[tuple[str, ...]] = [(member,) for member in self.members(name)]
        seen = {name}
        for trail in trails:
            last = trail[-1]
            if last in seen:
                continue
            seen.add(last)
            if rule in self._roles[last].rules and rule not in self.resolved(last):
                return trail
            trails.extend((*trail, member) for member in self.members(last))
        return ()

    def drift(self, name: str) -> tuple[tuple[PolicyRule, ...], tuple[PolicyRule, ...]]:
        """Compare stored with resolved rules: (stored but in no member, in a member but not stored)."""
        stored, resolved = self._roles[name].rules, self.resolved(name)
        extra = tuple(rule for rule in stored if rule not in resolved)
        return extra, tuple(rule for rule in resolved if rule not in stored)


def selects(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Decide a label selector (apimachinery metav1.LabelSelectorAsSelector).

    An empty one selects everything; one that is not valid, an error there, selects nothing.
    """
    equal = all(labels.get(key) == value for key, value in selector.match_labels.items())
    holds = all(_holds(requirement, labels) for requirement in selector.match_expressions)
    return equal and holds and _is_valid(selector)


def _is_valid(selector: LabelSelector) -> bool:
    pairs = selector.match_labels.items()
    return all(is_label_key(key) and is_label_value(value) for key, value in pairs) and all(
        map(_is_valid_requirement, selector.match_expressions)
    )


def _is_valid_requirement(requirement: Requirement) -> bool:
    """Check one requirement (apimachinery pkg/labels NewRequirement)."""
    takes_values = requirement.operator in {"In", "NotIn"}
    return (
        (takes_values or requirement.operator in {"Exists", "DoesNotExist"})
        and takes_values is bool(requirement.values)
        and is_label_key(requirement.key)
        and all(map(is_label_value, requirement.values))
    )


def _holds(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value in requirement.values
        case "NotIn":
            return value not in requirement.values
        case "Exists":
            return value is not None
        case _:
            return value is None
