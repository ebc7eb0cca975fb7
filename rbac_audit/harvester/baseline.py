"""Whether an object is what Harvester or one of its parts ships, by content and version, and what was changed."""

from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cache, cached_property
from types import MappingProxyType

import msgspec

from rbac_audit.harvester.shipped import Component, ReleaseParts, Variant, nearest_version, read_shipped
from rbac_audit.harvester.shipped.content import (
    AnyBinding,
    AnyRole,
    Atom,
    Content,
    RbacObject,
    atoms_of,
    content_of,
    role_key,
    shipped_content,
    subject_key,
)
from rbac_audit.snapshot.objects import PolicyRule, Subject

__all__ = [
    "Atom",
    "Baseline",
    "Content",
    "Match",
    "RbacObject",
    "Verdict",
    "atoms_of",
    "content_of",
    "shipped_baseline",
    "subject_key",
]

Versions = Mapping[str, str]
ANY_VERSION: Versions = MappingProxyType({})


class Verdict(Enum):
    """Whether an object is what its component ships."""

    EQUAL = "equal"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


class Match(msgspec.Struct, frozen=True):
    """An object against what is shipped under its name.

    Equal: `versions` are the (component, version) that ship exactly this. Differs: `added` and `removed` say how it is
    unlike `nearest`. `current`: whether the stated version ships exactly this, None where none is stated.
    """

    verdict: Verdict
    versions: tuple[tuple[str, str], ...] = ()
    nearest: Variant | None = None
    added: Content = Content()
    removed: Content = Content()
    current: bool | None = None


class Baseline:
    """All shipped objects of all known versions."""

    def __init__(self, components: Iterable[Component], releases: Mapping[str, Mapping[str, str]]) -> None:
        """Index what components ship; `releases` are component versions by Harvester release, in order."""
        self._releases = releases
        self._parts: dict[str, ReleaseParts] = {}
        self._versions: dict[str, tuple[str, ...]] = {}
        self._variants: dict[tuple[str, str, str], tuple[Variant, ...]] = {}
        # What adds up in an aggregated role, whose members may be aggregated themselves.
        self._aggregated: dict[str, frozenset[Atom]] = {}
        for component in components:
            self._versions[component.component] = component.versions
            for key, variant in component.variants():
                self._variants[key] = (*self._variants.get(key, ()), variant)

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """The namespaces that something is shipped in, "" for cluster-scoped objects."""
        return frozenset(namespace for _, namespace, _ in self._variants)

    def harvester_versions(self) -> tuple[str, ...]:
        """Name the known Harvester releases, oldest first, without the `v`."""
        return tuple(self._releases)

    def components_of(self, release: str) -> ReleaseParts:
        """Look up what a Harvester release is made of, or the nearest release of its minor, which it says."""
        if release not in self._parts:
            known = nearest_version(release, self._releases)
            self._parts[release] = ReleaseParts(release, known, self._releases.get(known, {}))
        return self._parts[release]

    def variants(self, kind: str, namespace: str, name: str) -> tuple[Variant, ...]:
        """Return what is shipped under a name, oldest first; empty for a name that nobody ships."""
        return self._variants.get((kind, namespace, name), ())

    def exactly(self, kind: str, namespace: str, name: str, versions: Versions) -> tuple[Variant, ...]:
        """Return what the stated versions themselves ship under a name, one for each content; no version nearby."""
        found = self.variants(kind, namespace, name)
        exact = (item for item in found if versions.get(item.component, "").removeprefix("v") in item.versions)
        return tuple({shipped_content(variant): variant for variant in exact}.values())

    def match(self, item: RbacObject, versions: Versions = ANY_VERSION) -> Match:
        """Compare an object with what is shipped under its name; `versions` are component versions, where known.

        Rules are compared as sets of rights, an aggregated role by its selectors and not by its stored rules.
        """
        found = self.variants(item.kind, item.metadata.namespace, item.metadata.name)
        if not found:
            return Match(Verdict.UNKNOWN)
        content, stated = content_of(item), self._stated(found, versions)
        equal = [variant for variant in found if shipped_content(variant) == content]
        if equal:
            pairs = tuple((variant.component, version) for variant in equal for version in variant.versions)
            current = None if stated is None else any(variant in stated for variant in equal)
            return Match(Verdict.EQUAL, pairs, equal[-1], current=current)
        nearest = min(reversed(stated or found), key=lambda variant: _distance(content, shipped_content(variant)))
        shipped = shipped_content(nearest)
        added, removed = content.minus(shipped), shipped.minus(content)
        return Match(Verdict.DIFFERS, (), nearest, added, removed, None if stated is None else False)

    def _stated(self, found: tuple[Variant, ...], versions: Versions) -> tuple[Variant, ...] | None:
        """Choose what the stated versions ship; None where they say nothing about these components."""
        names = {variant.component for variant in found} & versions.keys()
        resolved = {name: nearest_version(versions[name], self._versions[name]) for name in names}
        if not any(resolved.values()):
            return None
        return tuple(variant for variant in found if resolved.get(variant.component) in variant.versions)

    def ships_binding(self, binding: AnyBinding, versions: Versions = ANY_VERSION) -> bool:
        """Tell whether a binding has exactly the subjects and the role that are shipped.

        Here and below: by the stated version of the component, and where none is stated by some known version.
        """
        shipping = self._shipping(binding, versions)
        content = content_of(binding) if shipping else None
        return any(shipped_content(variant) == content for variant in shipping)

    def ships(self, binding: AnyBinding, subject: Subject, versions: Versions = ANY_VERSION) -> bool:
        """Tell whether this subject is bound to the same role in the shipped binding of this name."""
        shipping = self._shipping(binding, versions)
        if not shipping:
            return False
        wanted, role_ref = subject_key(subject, binding.metadata.namespace), role_key(binding.role_ref)
        shipped = map(shipped_content, shipping)
        return any(content.role_ref == role_ref and wanted in content.subjects for content in shipped)

    def ships_rule(self, role: AnyRole | None, rule: PolicyRule | None, versions: Versions = ANY_VERSION) -> bool:
        """Tell whether the shipped role of this name has all rights of a rule.

        An aggregated role has what all shipped roles of all versions aggregate to it.
        """
        shipping = self._shipping(role, versions) if role is not None else ()
        if role is None or rule is None or not shipping:
            return False
        return any(atoms_of((rule,)) <= self._rights(variant, role.metadata.name) for variant in shipping)

    def _shipping(self, item: RbacObject, versions: Versions) -> tuple[Variant, ...]:
        found = self.variants(item.kind, item.metadata.namespace, item.metadata.name)
        stated = self._stated(found, versions) if found and versions else None
        return found if stated is None else stated

    def _rights(self, variant: Variant, name: str) -> frozenset[Atom]:
        if not variant.aggregation_selectors:
            return atoms_of(variant.rules)
        if name not in self._aggregated:
            self._aggregated[name] = frozenset[Atom]().union(
                *_added_up(self.variants("ClusterRole", "", name), self._cluster_roles)
            )
        return self._aggregated[name]

    @cached_property
    def _cluster_roles(self) -> tuple[Variant, ...]:
        return tuple(item for (kind, *_), found in self._variants.items() if kind == "ClusterRole" for item in found)


def _added_up(aggregated: Iterable[Variant], roles: Iterable[Variant]) -> Iterable[frozenset[Atom]]:
    for role in roles:
        if any(variant.selects(role) for variant in aggregated):
            yield atoms_of(role.rules)
            yield from _added_up((role,), roles)


def _distance(one: Content, other: Content) -> int:
    return len(one.minus(other)) + len(other.minus(one))


@cache
def shipped_baseline() -> Baseline:
    """Return the baseline of the content that is part of this package."""
    shipped = read_shipped()
    return Baseline(shipped.components, shipped.releases)
