"""An access policy made into a rule: distinct roles first, holders second."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from rbac_audit.access import Binding
from rbac_audit.access.aggregation import selects
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.identity import subject_key
from rbac_audit.audit.classes import RANCHER_CLASSES, Classes
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, describe, placed, scope_of, target_of
from rbac_audit.audit.finding import Confidence, Link, Severity
from rbac_audit.audit.policy import AccessPolicy, PolicyPermission, PolicySpec, Selector
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
    """A subject that holds the permissions of one entry in one place ("" for cluster-wide) and is not allowed to."""

    entry: int
    grant: Grant
    binding: Binding
    subject: Subject
    place: str


def rule_of(policy: AccessPolicy) -> Rule:
    """Make the rule that evaluates a policy."""
    spec = policy.spec
    return Rule(
        id=policy.metadata.name,
        page=f"{spec.title}.\n\n## What\n{spec.message}.\n\n## Why\n{spec.why.strip()}\n",
        severity=spec.severity,
        on=spec.on,
        needs=(ClusterRole, ClusterRoleBinding, RoleBinding),
        public=spec.where.namespaces == "public",
        fix=spec.fix,
        references=spec.references,
        check=lambda view: _check(spec, view),
    )


def _check(spec: PolicySpec, view: View) -> Iterator[Problem]:
    hits = list(_hits(spec, view, Classes(view)))
    if spec.all_of:
        for found in _together(len(spec.all_of), hits):
            yield _problem(spec, view, target_of(view, found[0].binding), found)
        return
    groups: dict[ObjectRef, list[Hit]] = {}
    for hit in hits:
        groups.setdefault(target_of(view, hit.binding), []).append(hit)
    for target, found in groups.items():
        yield _problem(spec, view, target, found)


def _hits(spec: PolicySpec, view: View, classes: Classes) -> Iterator[Hit]:
    places = _places(spec, view, classes)
    for number, entry in enumerate(spec.permissions or spec.all_of):
        allowed = (*spec.allowed, *entry.allowed)
        for binding, rules in _holding(entry, view).items():
            if not places(binding.namespace):
                continue
            for subject in binding.subjects:
                who = placed(subject, binding.namespace)
                grants = (Grant(binding, rule) for rule in rules)
                bad = (grant for grant in grants if not classes.allowed(allowed, grant, who, binding.namespace))
                if subject_key(who, "") and (grant := next(bad, None)):
                    yield Hit(number, grant, binding, who, binding.namespace)


def _holding(entry: PolicyPermission, view: View) -> dict[Binding, dict[PolicyRule, None]]:
    """Map each binding that grants any of an entry's permissions to the rules that do.

    All of them, because a shipped role may have been given another rule beside its own.
    """
    found: dict[Binding, dict[PolicyRule, None]] = {}
    for permission in entry.each():
        for grant in view.access.holders(permission):
            if grant.binding is not None and grant.rule is not None:
                found.setdefault(grant.binding, {})[grant.rule] = None
    return found


def _places(spec: PolicySpec, view: View, classes: Classes) -> Callable[[str], bool]:
    """Make the test whether a binding's namespace is one that the policy speaks of; a cluster-wide one reaches all."""
    chosen = spec.where.namespaces
    if isinstance(chosen, str):
        return lambda place: not place or chosen == "all" or classes.namespace_class(place) == chosen
    if isinstance(chosen, Selector):
        selector = chosen.selector
        namespaces = view.cluster.of(Namespace)
        selected = frozenset(item.name for item in namespaces if selects(selector, item.metadata.labels))
        return lambda place: not place or place in selected
    return lambda place: not place or place in chosen


def _together(entries: int, hits: Iterable[Hit]) -> Iterator[list[Hit]]:
    """Group the hits of allOf: for each set of places, the subjects that hold every entry there, through the same roles.

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
    first = hits[0]
    bindings = tuple(dict.fromkeys(hit.binding for hit in hits))
    subjects = tuple(dict.fromkeys(hit.subject for hit in hits))
    more = f" and {len(subjects) - 3} more" if len(subjects) > 3 else ""
    rules = dict.fromkeys(describe(hit.grant.rule) for hit in hits if hit.grant.rule) if spec.all_of else ()
    held = " and ".join(rules) or (describe(first.grant.rule) if first.grant.rule else "everything")
    return Problem(
        target=target,
        message=f"{spec.message}: {', '.join(map(str, subjects[:3]))}{more} may {held}",
        related=tuple(ref for binding in bindings if (ref := binding.source.ref(view.name)) != target),
        subjects=subjects,
        scope=scope_of(view, bindings),
        chain=_chain(spec, view, hits),
        severity=_severity(spec, hits),
        confidence=_confidence(spec, view, hits),
    )


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
    """Without Rancher's objects nobody is known as a member or owner: then a policy that allows them can only suspect."""
    entries = spec.permissions or spec.all_of
    allowed = {*spec.allowed, *(name for hit in hits for name in entries[hit.entry].allowed)}
    unknown = view.rancher is None and not allowed.isdisjoint(RANCHER_CLASSES)
    return Confidence.POSSIBLE if unknown else spec.confidence
