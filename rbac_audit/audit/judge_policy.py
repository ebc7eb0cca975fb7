"""An access policy made into a rule: distinct roles first, holders second."""

from collections.abc import Iterator

import msgspec

from rbac_audit.access import Binding
from rbac_audit.access.aggregation import selects
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.identity import subject_key
from rbac_audit.audit.classes import Classes
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, describe, placed, scope_of, target_of
from rbac_audit.audit.policy import AccessPolicy, PolicyPermission, PolicySpec
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    LabelSelector,
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
    groups: dict[ObjectRef, list[Hit]] = {}
    for hit in _together(len(spec.all_of), hits) if spec.all_of else hits:
        groups.setdefault(target_of(view, hit.binding), []).append(hit)
    for target, found in groups.items():
        yield _problem(spec, view, target, found)


def _hits(spec: PolicySpec, view: View, classes: Classes) -> Iterator[Hit]:
    for number, entry in enumerate(spec.permissions or spec.all_of):
        allowed = (*spec.allowed, *entry.allowed)
        for binding, rule in _holding(entry, view).items():
            if not _concerns(spec, view, classes, binding):
                continue
            grant = Grant(binding, rule)
            for subject in binding.subjects:
                who = placed(subject, binding.namespace)
                if subject_key(who, "") and not classes.allowed(allowed, grant, who, binding.namespace):
                    yield Hit(number, grant, binding, who, binding.namespace)


def _holding(entry: PolicyPermission, view: View) -> dict[Binding, PolicyRule]:
    """Map each binding that grants any of an entry's permissions to the first rule that does."""
    found: dict[Binding, PolicyRule] = {}
    for permission in entry.each():
        for grant in view.access.holders(permission):
            if grant.binding is not None and grant.rule is not None:
                found.setdefault(grant.binding, grant.rule)
    return found


def _concerns(spec: PolicySpec, view: View, classes: Classes, binding: Binding) -> bool:
    """Tell whether a binding reaches a place that the policy speaks of; a ClusterRoleBinding reaches every place."""
    chosen = spec.where.namespaces
    if not binding.namespace:
        return True
    if isinstance(chosen, str):
        return chosen == "all" or (chosen != "cluster" and classes.namespace_class(binding.namespace) == chosen)
    if isinstance(chosen, LabelSelector):
        labels = {item.name: item.metadata.labels for item in view.cluster.of(Namespace)}
        return selects(chosen, labels.get(binding.namespace, {}))
    return binding.namespace in chosen


def _together(entries: int, hits: list[Hit]) -> Iterator[Hit]:
    """Keep the hits of subjects that hold every entry of allOf in one place.

    Cluster-wide rights count in every place.
    """
    held: dict[tuple[str, str], set[int]] = {}
    for hit in hits:
        held.setdefault((str(hit.subject), hit.place), set()).add(hit.entry)
    whole = {
        (subject, place)
        for subject, place in held
        if len(held[subject, place] | held.get((subject, ""), set())) == entries
    }
    subjects = {subject for subject, _ in whole}
    for hit in hits:
        if (str(hit.subject), hit.place) in whole or (not hit.place and str(hit.subject) in subjects):
            yield hit


def _problem(spec: PolicySpec, view: View, target: ObjectRef, hits: list[Hit]) -> Problem:
    first = hits[0]
    bindings = tuple(dict.fromkeys(hit.binding for hit in hits))
    subjects = tuple(dict.fromkeys(hit.subject for hit in hits))
    more = f" and {len(subjects) - 3} more" if len(subjects) > 3 else ""
    held = describe(first.grant.rule) if first.grant.rule else "everything"
    return Problem(
        target=target,
        message=f"{spec.message}: {', '.join(map(str, subjects[:3]))}{more} may {held}",
        related=tuple(ref for binding in bindings if (ref := binding.source.ref(view.name)) != target),
        subjects=subjects,
        scope=scope_of(view, bindings),
        chain=chain_of(view, first.grant, first.subject),
        confidence=spec.confidence,
    )
