"""An access policy made into a rule: distinct roles first, holders second."""

import itertools
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import cache, partial

from rbac_audit.access import Binding, RoleKey
from rbac_audit.access.aggregation import selects
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.permission import Permission
from rbac_audit.access.scope import request_places
from rbac_audit.audit.all_of import Hit, together
from rbac_audit.audit.classes import RANCHER_CLASSES, Strangers
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, in_brackets, scope_of, target_of
from rbac_audit.audit.finding import Confidence, Link, Severity
from rbac_audit.audit.policy import AccessPolicy, PolicyPermission, PolicySpec, Selector
from rbac_audit.audit.policy_words import first_of, page_of, rights_of
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rancher.model import WHO_IS_WHO
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    Namespace,
    ObjectRef,
    PolicyRule,
    Role,
    RoleBinding,
    Subject,
)

_CLASSES_BY_PROJECT = ("projects", "system", "unassigned")


def rule_of(policy: AccessPolicy) -> Rule:
    """Make the rule that evaluates a policy."""
    spec = policy.spec
    where = spec.where.namespaces
    # To a policy about the whole cluster, what is in namespaces is nothing.
    namespaced = () if where == "cluster" else (RoleBinding, Role)
    by_namespace = (Namespace,) if isinstance(where, Selector) or where in _CLASSES_BY_PROJECT else ()
    return Rule(
        id=policy.metadata.name,
        page=page_of(spec),
        severity=spec.severity,
        on=spec.on,
        uses=(ClusterRole, ClusterRoleBinding, *namespaced, *by_namespace),
        uses_rancher=() if RANCHER_CLASSES.isdisjoint(_allowed(spec)) else WHO_IS_WHO,
        public=where == "public",
        fix=spec.fix,
        references=spec.references,
        check=lambda view: _check(spec, view),
    )


def _check(spec: PolicySpec, view: View) -> Iterator[Problem]:
    hits = list(_hits(spec, view))
    if spec.all_of:
        strangers = [_strangers(spec, entry, view) for entry in spec.all_of]

        def allowed(hit: Hit, who: Subject) -> bool:
            return not strangers[hit.entry].has(hit.binding, who)

        for found in together(view, len(spec.all_of), hits, allowed):
            yield _problem(spec, view, target_of(view, found[0].binding), found)
        return
    groups: dict[ObjectRef, list[Hit]] = {}
    for hit in hits:
        # A changed shipped role is one fault, not one for each of its many bindings.
        groups.setdefault(hit.cause or target_of(view, hit.binding), []).append(hit)
    for target, found in groups.items():
        yield _problem(spec, view, target, found)


def _hits(spec: PolicySpec, view: View) -> Iterator[Hit]:
    """Decide each distinct role once, then whom its bindings reach."""
    causes = cache(partial(cause_of, view))
    for number, entry in enumerate(spec.permissions or spec.all_of):
        strangers = _strangers(spec, entry, view)
        for role, rules in _holding(entry, view).items():
            bound = strangers.bound_to(role)
            inside = _in_namespaces(rules) if bound else {}
            for binding, outsiders in bound:
                reached = inside if binding.namespace else rules
                for who, rule in _first_rules(strangers, binding, outsiders, reached):
                    held, grant = tuple(reached[rule]), Grant(binding, rule)
                    yield Hit(number, grant, binding, who, who, binding.namespace, held, causes(role, rule))


def _in_namespaces(rules: Mapping[PolicyRule, list[Permission]]) -> dict[PolicyRule, list[Permission]]:
    """Keep what a namespaced binding can grant: neither a URL nor a cluster-scoped kind."""
    kept = {rule: [item for item in held if request_places(item, None) != frozenset()] for rule, held in rules.items()}
    return {rule: held for rule, held in kept.items() if held}


def _first_rules(
    strangers: Strangers, binding: Binding, outsiders: tuple[Subject, ...], rules: Iterable[PolicyRule]
) -> Iterator[tuple[Subject, PolicyRule]]:
    """Find who may not hold one of the rules, with the first of them."""
    for who in outsiders:
        rule = next((rule for rule in rules if strangers.by_rule(binding, (who,), rule)), None)
        if rule is not None:
            yield who, rule


def _holding(entry: PolicyPermission, view: View) -> dict[RoleKey, dict[PolicyRule, list[Permission]]]:
    """Map each role that grants any of an entry's permissions to the rules that do.

    All of them, because a shipped role may have been given another rule beside its own.
    """
    found: dict[RoleKey, dict[PolicyRule, list[Permission]]] = {}
    for permission in entry.each():
        held = view.access.allowing(permission).items()
        named = entry.named and _has_name(permission)
        for role, rule in itertools.chain(held, view.access.allowing_named(permission)) if named else held:
            found.setdefault(role, {}).setdefault(rule, []).append(permission)
    return found


def _has_name(permission: Permission) -> bool:
    """Tell whether a request says which object it is for: what is only made by it has no name yet."""
    return permission.verb != "deletecollection" and (permission.verb != "create" or "/" in permission.resource)


def cause_of(view: View, role: RoleKey, rule: PolicyRule) -> ObjectRef | None:
    """Point at the ClusterRole that brings a rule into a shipped role which does not have it; None where none does."""
    space, name = role
    if space:
        return None
    trail = (name, *view.access.aggregation.source(name, rule))
    for link in trail:
        known = view.baseline.variants("ClusterRole", "", link)
        if known and not view.baseline.ships_rule(view.access.roles.get(("", link)), rule):
            return view.access.roles["", trail[-1]].ref(view.name)
    return None


def _strangers(spec: PolicySpec, entry: PolicyPermission, view: View) -> Strangers:
    """Find whom an entry does not allow what it speaks of, by the bindings that reach the policy's namespaces."""
    chosen = spec.where.namespaces
    if isinstance(chosen, Selector):
        selector = chosen.selector
        namespaces = view.cluster.of(Namespace)
        chosen = tuple(item.name for item in namespaces if selects(selector, item.metadata.labels))
    return view.classes.strangers((*entry.allowed, *spec.allowed), chosen)


def _problem(spec: PolicySpec, view: View, target: ObjectRef, hits: list[Hit]) -> Problem:
    bindings = tuple(dict.fromkeys(hit.binding for hit in hits))
    subjects = tuple(dict.fromkeys(hit.holder for hit in hits))
    refs = (binding.source.ref(view.name) for binding in bindings)
    return Problem(
        target=target,
        message=f"{first_of(map(str, subjects))} may {_held(spec, hits)}{_because(hits[0])}. {spec.message}",
        related=() if hits[0].cause else tuple(ref for ref in refs if ref != target),
        subjects=subjects,
        scope=scope_of(view, bindings),
        chain=_chain(spec, view, hits),
        severity=_severity(spec, hits),
        confidence=_confidence(spec, view, hits),
    )


def _held(spec: PolicySpec, hits: list[Hit]) -> str:
    """Name what the first subject holds; for allOf, all the parts."""
    entries = {hit.entry: hit for hit in reversed(hits)} if spec.all_of else {0: hits[0]}
    return " and ".join(rights_of(hit.permissions, hit.grant.rule) for _, hit in sorted(entries.items()))


def _because(hit: Hit) -> str:
    return f", because {hit.cause} was changed or added" if hit.cause else ""


def _chain(spec: PolicySpec, view: View, hits: list[Hit]) -> tuple[Link, ...]:
    """Explain the first hit; for allOf, the first of each entry of the same holder."""
    holder = hits[0].holder
    firsts: dict[int, Hit] = {}
    for hit in hits if spec.all_of else hits[:1]:
        if hit.holder == holder:
            firsts.setdefault(hit.entry, hit)
    return tuple(dict.fromkeys(link for hit in firsts.values() for link in _links(view, hit)))


def _links(view: View, hit: Hit) -> Iterator[Link]:
    if hit.holder != hit.subject:
        yield Link("subject", f"{hit.holder}{in_brackets(view.display_name(hit.holder))} is in {hit.subject}")
    yield from chain_of(view, hit.grant, hit.subject)


def _severity(spec: PolicySpec, hits: Iterable[Hit]) -> Severity:
    """Take the worst of the entries that were hit."""
    entries = spec.permissions or spec.all_of
    found = (entries[hit.entry].severity or spec.severity for hit in hits)
    return min(found, key=lambda severity: severity.rank)


def _confidence(spec: PolicySpec, view: View, hits: Iterable[Hit]) -> Confidence:
    """Say `possible` where members or owners are allowed and not known, because Rancher was not read or not wholly."""
    known = view.rancher is not None and view.rancher.knows_members
    unknown = not known and not RANCHER_CLASSES.isdisjoint(_allowed(spec, {hit.entry for hit in hits}))
    return Confidence.POSSIBLE if unknown else spec.confidence


def _allowed(spec: PolicySpec, numbers: Container[int] | None = None) -> set[str]:
    """Name the classes that are allowed what some entries say; what any does, without numbers."""
    entries = enumerate(spec.permissions or spec.all_of)
    found = (entry for number, entry in entries if numbers is None or number in numbers)
    return {*spec.allowed, *(name for entry in found for name in entry.allowed)}
