"""An access policy made into a rule: distinct roles first, holders second."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial

import msgspec

from rbac_audit.access import Binding, RoleKey
from rbac_audit.access.aggregation import selects
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.bindings import by_role
from rbac_audit.access.identity import subject_key
from rbac_audit.access.permission import Permission
from rbac_audit.audit.classes import RANCHER_CLASSES, OfRule, OfSubject
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, placed, scope_of, target_of
from rbac_audit.audit.finding import Confidence, Link, Severity
from rbac_audit.audit.policy import AccessPolicy, PolicyPermission, PolicySpec, Selector
from rbac_audit.audit.policy_words import first_of, page_of, rights_of
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    Namespace,
    ObjectRef,
    PolicyRule,
    RoleBinding,
    Subject,
)


class Hit(msgspec.Struct, frozen=True, eq=False):
    """A subject that holds permissions of one entry in one place ("" for cluster-wide) and is not allowed to.

    `cause` is the ClusterRole that brought the right into a shipped role which does not have it, where that is so.
    """

    entry: int
    grant: Grant
    binding: Binding
    subject: Subject
    place: str
    permissions: tuple[Permission, ...]
    cause: ObjectRef | None


def rule_of(policy: AccessPolicy) -> Rule:
    """Make the rule that evaluates a policy."""
    spec = policy.spec
    return Rule(
        id=policy.metadata.name,
        page=page_of(spec),
        severity=spec.severity,
        on=spec.on,
        uses=(ClusterRole, ClusterRoleBinding, RoleBinding),
        public=spec.where.namespaces == "public",
        fix=spec.fix,
        references=spec.references,
        check=lambda view: _check(spec, view),
    )


def _check(spec: PolicySpec, view: View) -> Iterator[Problem]:
    hits = list(_hits(spec, view))
    if spec.all_of:
        for found in _together(len(spec.all_of), hits):
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
    reaching, causes = _reaching(spec, view), cache(partial(cause_of, view))
    for number, entry in enumerate(spec.permissions or spec.all_of):
        allowed = view.classes.tests((*entry.allowed, *spec.allowed))
        for role, rules in _holding(entry, view).items():
            # A namespaced binding grants no URL.
            named = [rule for rule, held in rules.items() if not all(item.path for item in held)]
            for binding in reaching.get(role, ()):
                for who, rule in _outsiders(binding, named if binding.namespace else list(rules), *allowed):
                    held, grant = tuple(rules[rule]), Grant(binding, rule)
                    yield Hit(number, grant, binding, who, binding.namespace, held, causes(role, rule))


def _outsiders(
    binding: Binding, rules: list[PolicyRule], of_subject: list[OfSubject], of_rule: list[OfRule]
) -> Iterator[tuple[Subject, PolicyRule]]:
    """Find the subjects of a binding that may not hold one of the rules."""
    for subject in binding.subjects if rules else ():
        who = placed(subject, binding.namespace)
        if subject_key(who, "") is None or any(test(binding, who) for test in of_subject):
            continue
        for rule in rules:
            if not any(test(binding, rule, who) for test in of_rule):
                yield who, rule
                break


def _holding(entry: PolicyPermission, view: View) -> dict[RoleKey, dict[PolicyRule, list[Permission]]]:
    """Map each role that grants any of an entry's permissions to the rules that do.

    All of them, because a shipped role may have been given another rule beside its own.
    """
    found: dict[RoleKey, dict[PolicyRule, list[Permission]]] = {}
    for permission in entry.each():
        held = view.access.allowing(permission).items()
        for role, rule in itertools.chain(held, view.access.allowing_named(permission)) if entry.named else held:
            found.setdefault(role, {}).setdefault(rule, []).append(permission)
    return found


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


def _reaching(spec: PolicySpec, view: View) -> Mapping[RoleKey, list[Binding]]:
    """Index by role the bindings that reach the namespaces which a policy speaks of; a cluster-wide one reaches all."""
    chosen = spec.where.namespaces
    if isinstance(chosen, str):
        return view.classes.reaching(chosen)
    if isinstance(chosen, Selector):
        selector = chosen.selector
        namespaces = view.cluster.of(Namespace)
        chosen = tuple(item.name for item in namespaces if selects(selector, item.metadata.labels))
    places = view.access.by_namespace
    return by_role(binding for place in dict.fromkeys(("", *chosen)) for binding in places.get(place, ()))


def _together(entries: int, hits: Iterable[Hit]) -> Iterator[list[Hit]]:
    """Group the hits of allOf: the subjects that hold every entry in one place, by the bindings that give it.

    Cluster-wide rights count in every place.
    """
    held: dict[str, dict[str, list[Hit]]] = {}
    for hit in hits:
        held.setdefault(str(hit.subject), {}).setdefault(hit.place, []).append(hit)
    groups: dict[tuple[Binding, ...], dict[Hit, None]] = {}
    for places in held.values():
        everywhere = places.get("", [])
        for place, found in places.items():
            together = found if not place else [*found, *everywhere]
            # What is dangerous cluster-wide is said once, not again for each namespace.
            if len({hit.entry for hit in together}) == entries and (not place or not _whole(everywhere, entries)):
                ordered = sorted(together, key=lambda hit: hit.entry)
                key = tuple(dict.fromkeys(hit.binding for hit in ordered))
                groups.setdefault(key, {}).update(dict.fromkeys(ordered))
    for group in groups.values():
        yield sorted(group, key=lambda hit: hit.entry)


def _whole(hits: Iterable[Hit], entries: int) -> bool:
    return len({hit.entry for hit in hits}) == entries


def _problem(spec: PolicySpec, view: View, target: ObjectRef, hits: list[Hit]) -> Problem:
    bindings = tuple(dict.fromkeys(hit.binding for hit in hits))
    subjects = tuple(dict.fromkeys(hit.subject for hit in hits))
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
    """Explain the first hit; for allOf, the first of each entry of the same subject."""
    subject = hits[0].subject
    firsts: dict[int, Hit] = {}
    for hit in hits if spec.all_of else hits[:1]:
        if hit.subject == subject:
            firsts.setdefault(hit.entry, hit)
    links = (link for hit in firsts.values() for link in chain_of(view, hit.grant, hit.subject))
    return tuple(dict.fromkeys(links))


def _severity(spec: PolicySpec, hits: Iterable[Hit]) -> Severity:
    """Take the worst of the entries that were hit."""
    entries = spec.permissions or spec.all_of
    found = (entries[hit.entry].severity or spec.severity for hit in hits)
    return min(found, key=lambda severity: severity.rank)


def _confidence(spec: PolicySpec, view: View, hits: Iterable[Hit]) -> Confidence:
    """Say `possible` where members or owners are allowed and not known, because Rancher was not read."""
    entries = spec.permissions or spec.all_of
    allowed = {*spec.allowed, *(name for hit in hits for name in entries[hit.entry].allowed)}
    unknown = view.rancher is None and not allowed.isdisjoint(RANCHER_CLASSES)
    return Confidence.POSSIBLE if unknown else spec.confidence
