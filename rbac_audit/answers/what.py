"""What somebody can do.

Rules compacted, by project and namespace, with the group and role template they come through.
"""

import itertools
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from rbac_audit.access import Binding, Identity, Permission
from rbac_audit.access.escalation import breakdown
from rbac_audit.access.identity import MASTERS, subject_key
from rbac_audit.access.permission import EVERY_RIGHT
from rbac_audit.access.scope import request_places
from rbac_audit.answers.access import identity_of
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import owner_of
from rbac_audit.snapshot.objects import ObjectRef, PolicyRule, Subject


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """The rights that one binding gives; `void` are those of its role that a namespaced binding cannot grant.

    `binding` is None, and `role` empty, for what system:masters may.
    """

    binding: ObjectRef | None
    role: str
    through: str
    role_template: str
    rules: tuple[PolicyRule, ...]
    void: tuple[PolicyRule, ...]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody holds in one namespace ("" for the whole cluster); `rules` is the compacted union."""

    namespace: str
    project: str
    project_name: str
    rules: tuple[PolicyRule, ...]
    held: tuple[Held, ...]


_MASTERS = Held(binding=None, role="", through=f"Group:{MASTERS}", role_template="", rules=EVERY_RIGHT, void=())


def what_can(view: View, subject: Subject) -> tuple[Place, ...]:
    """List what a subject can do: the whole cluster first, then by project and namespace.

    Rights from groups count, also those of every authenticated identity.
    """
    who = identity_of(view, subject)
    keys = [f"u:{who.user}", *(f"g:{group}" for group in who.groups)]
    places: dict[str, dict[Binding, str]] = {}
    for key in keys:
        for namespace, bindings in view.access.by_subject.get(key, {}).items():
            for binding in bindings:
                places.setdefault(namespace, {}).setdefault(binding, key)
    if MASTERS in who.groups:
        places.setdefault("", {})
    found = (_place(view, namespace, bindings, who) for namespace, bindings in places.items())
    return tuple(sorted(found, key=lambda place: (bool(place.namespace), place.project_name, place.namespace)))


def _place(view: View, namespace: str, bindings: dict[Binding, str], who: Identity) -> Place:
    project = view.projects.of(namespace)
    inborn = (_MASTERS,) if MASTERS in who.groups and not namespace else ()
    held = (*inborn, *(_held(view, binding, key) for binding, key in bindings.items()))
    return Place(
        namespace=namespace,
        project=project.id if project else "",
        project_name=project.name if project else "",
        rules=compact(rule for item in held for rule in item.rules),
        held=held,
    )


def _held(view: View, binding: Binding, key: str) -> Held:
    rules = view.access.rules(binding.role)
    granted, void = _parted(rules) if binding.namespace else (rules, ())
    owner = owner_of(view, binding)
    subject = next(item for item in binding.subjects if subject_key(item, binding.namespace) == key)
    return Held(
        binding=binding.source.ref(view.name),
        role=f"{binding.role_ref.kind} {binding.role_ref.name}",
        through=str(subject),
        role_template=owner.template if owner else "",
        rules=granted,
        void=void,
    )


@lru_cache
def _parted(rules: tuple[PolicyRule, ...]) -> tuple[tuple[PolicyRule, ...], tuple[PolicyRule, ...]]:
    """Part the rights that a RoleBinding grants from those that it cannot; once for all that bind the same role."""
    atoms = [atom for rule in rules for atom in breakdown(rule)]
    void = {atom for atom in atoms if is_void(atom)}
    return (compact(atom for atom in atoms if atom not in void) if void else rules), compact(void)


def is_void(rule: PolicyRule) -> bool:
    """Tell whether a RoleBinding can grant nothing of a rule, as no request for it carries a namespace."""
    wanted = itertools.starmap(Permission, itertools.product(rule.verbs, rule.api_groups, rule.resources))
    return all(request_places(permission, None) == frozenset() for permission in wanted)


def compact(rules: Iterable[PolicyRule]) -> tuple[PolicyRule, ...]:
    """Join rules that differ in their verbs, then in their resources, only; the rights stay the same."""
    by_target: dict[tuple[tuple[str, ...], ...], set[str]] = {}
    for rule in rules:
        for part in _single(rule):
            by_target.setdefault(part[:-1], set()).update(part[-1])
    by_verbs: dict[tuple[tuple[str, ...], ...], set[str]] = {}
    for (group, resource, names, urls), verbs in by_target.items():
        by_verbs.setdefault((tuple(sorted(verbs)), group, names, urls), set()).update(resource)
    return tuple(
        PolicyRule(
            verbs=verbs,
            api_groups=group,
            resources=tuple(sorted(found)),
            resource_names=names,
            non_resource_urls=urls,
        )
        for (verbs, group, names, urls), found in sorted(by_verbs.items(), key=lambda item: (item[0][1], item[0]))
    )


def _single(rule: PolicyRule) -> Iterable[tuple[tuple[str, ...], ...]]:
    for group in rule.api_groups:
        for resource in rule.resources:
            yield (group,), (resource,), tuple(sorted(rule.resource_names)), (), rule.verbs
    for url in rule.non_resource_urls:
        yield (), (), (), (url,), rule.verbs
