"""Mistakes that are easily made about RBAC, each put into the engine to see that the comparison notices."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from rbac_audit.access import (
    Aggregation,
    Authorizer,
    Binding,
    Identity,
    Permission,
    aggregation,
    authorizer,
    bindings,
    permission,
)
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.identity import MASTERS, account_user, subject_key
from rbac_audit.access.permission import resource_matches, rule_allows, url_covers
from rbac_audit.snapshot.objects import (
    ClusterRoleBinding,
    LabelSelector,
    PolicyRule,
    Requirement,
    RoleBinding,
    Subject,
)


@dataclass(frozen=True)
class Fault:
    """What to put in the place of which function."""

    place: object
    name: str
    wrong: Callable[..., object]


def _star_after_slash(owned: tuple[str, ...], resource: str) -> bool:
    return resource_matches(owned, resource) or f"{resource.partition('/')[0]}/*" in owned


def _with_subresources(owned: tuple[str, ...], resource: str) -> bool:
    return resource_matches(owned, resource) or resource.partition("/")[0] in owned


def _no_star_before_slash(owned: tuple[str, ...], resource: str) -> bool:
    return "*" in owned or resource in owned


def _names_ignored_for_create(rule: PolicyRule, wanted: Permission) -> bool:
    return rule_allows(replace(rule, resource_names=()) if wanted.verb == "create" else rule, wanted)


def _names_ignored_without_name(rule: PolicyRule, wanted: Permission) -> bool:
    return rule_allows(rule if wanted.name else replace(rule, resource_names=()), wanted)


def _api_groups_ignored(rule: PolicyRule, wanted: Permission) -> bool:
    return rule_allows(replace(rule, api_groups=("*",)), wanted)


def _url_without_star(owned: str, wanted: str) -> bool:
    return owned in {wanted, "*"}


def _url_is_prefix(owned: str, wanted: str) -> bool:
    return url_covers(owned, wanted) or wanted.startswith(f"{owned}/")


def _account_of_no_namespace(subject: Subject, namespace: str) -> str | None:
    if subject.kind == "ServiceAccount":
        return f"u:{account_user(subject.namespace or namespace, subject.name)}"
    return subject_key(subject, namespace)


def _account_needs_namespace(subject: Subject, _: str) -> str | None:
    return subject_key(subject, "")


def _account_of_the_binding(subject: Subject, namespace: str) -> str | None:
    return subject_key(replace(subject, namespace=namespace or subject.namespace), namespace)


def _group_is_user(subject: Subject, namespace: str) -> str | None:
    return f"u:{subject.name}" if subject.kind == "Group" else subject_key(subject, namespace)


def _lower_case(subject: Subject, namespace: str) -> str | None:
    return subject_key(replace(subject, name=subject.name.lower()), namespace)


def _no_masters(self: Authorizer, who: Identity, wanted: Permission, namespace: str = "") -> Iterator[Grant]:
    others = tuple(group for group in who.groups if group != MASTERS)
    return _grants(self, Identity(who.user, others), wanted, namespace)


def _rules_add_up(rules: tuple[PolicyRule, ...], wanted: Permission) -> PolicyRule | None:
    wide = PolicyRule(
        verbs=tuple(verb for rule in rules for verb in rule.verbs),
        api_groups=tuple(group for rule in rules for group in rule.api_groups),
        resources=tuple(resource for rule in rules for resource in rule.resources),
        non_resource_urls=tuple(url for rule in rules for url in rule.non_resource_urls),
    )
    return wide if rule_allows(wide, wanted) else None


def _every_role_in_the_cluster(
    some: Iterable[RoleBinding], others: Iterable[ClusterRoleBinding]
) -> tuple[Binding, ...]:
    found = _bindings_of(some, others)
    return tuple(replace(one, role=("", one.role_ref.name)) if one.namespace else one for one in found)


def _role_for_the_cluster(some: Iterable[RoleBinding], others: Iterable[ClusterRoleBinding]) -> tuple[Binding, ...]:
    found = _bindings_of(some, others)
    return tuple(one if one.namespace else replace(one, role=("", one.role_ref.name)) for one in found)


def _everywhere(self: Authorizer, who: Identity, _: str = "") -> Iterator[Binding]:
    for key in (f"u:{who.user}", *(f"g:{group}" for group in who.groups)):
        for found in self.by_subject.get(key, {}).values():
            yield from found


def _label_needed(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    absent = requirement.operator == "NotIn" and requirement.key not in labels
    return not absent and _holds(requirement, labels)


def _empty_selects_nothing(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    return bool(selector.match_labels or selector.match_expressions) and _selects(selector, labels)


def _not_nested(self: Aggregation, rules: Mapping[str, tuple[PolicyRule, ...]], name: str) -> tuple[PolicyRule, ...]:
    plain = (member for member in self.members(name) if member not in self.names)
    return tuple(dict.fromkeys(rule for member in plain for rule in rules[member]))


_grants, _bindings_of = Authorizer.grants, bindings.bindings_of
_holds, _selects = aggregation._holds, aggregation.selects

FAULTS: Mapping[str, Fault] = {
    "pods/* means every subresource": Fault(permission, "resource_matches", _star_after_slash),
    "pods means its subresources": Fault(permission, "resource_matches", _with_subresources),
    "*/log means nothing": Fault(permission, "resource_matches", _no_star_before_slash),
    "names do not limit create": Fault(authorizer, "rule_allows", _names_ignored_for_create),
    "names do not limit a request without one": Fault(authorizer, "rule_allows", _names_ignored_without_name),
    "API groups do not count": Fault(authorizer, "rule_allows", _api_groups_ignored),
    "a star in a URL is a letter": Fault(permission, "url_covers", _url_without_star),
    "a URL means what is below it": Fault(permission, "url_covers", _url_is_prefix),
    "an account of no namespace is somebody": Fault(bindings, "subject_key", _account_of_no_namespace),
    "an account needs its namespace": Fault(bindings, "subject_key", _account_needs_namespace),
    "an account is of the binding's namespace": Fault(bindings, "subject_key", _account_of_the_binding),
    "a group is a user": Fault(bindings, "subject_key", _group_is_user),
    "case does not count": Fault(bindings, "subject_key", _lower_case),
    "system:masters is a group like any other": Fault(Authorizer, "grants", _no_masters),
    "rules of a role add up": Fault(authorizer, "_first", _rules_add_up),
    "every role is a ClusterRole": Fault(authorizer, "bindings_of", _every_role_in_the_cluster),
    "a ClusterRoleBinding may name a Role": Fault(authorizer, "bindings_of", _role_for_the_cluster),
    "a RoleBinding counts everywhere": Fault(Authorizer, "bindings_for", _everywhere),
    "NotIn needs the label": Fault(aggregation, "_holds", _label_needed),
    "an empty selector selects nothing": Fault(aggregation, "selects", _empty_selects_nothing),
    "aggregation is not nested": Fault(Aggregation, "_union", _not_nested),
}
