"""Whether an object is what Harvester or one of its parts ships, by content and version, and what was changed."""

from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cache, cached_property
from types import MappingProxyType

import msgspec

from rbac_audit.harvester.shipped import (
    Atom,
    Component,
    ReleaseParts,
    Variant,
    atoms_of,
    nearest_version,
    read_shipped,
)
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    LabelSelector,
    PolicyRule,
    Role,
    RoleBinding,
    RoleRef,
    Subject,
)

AGGREGATE_TO = "rbac.authorization.k8s.io/aggregate-to-"

RbacObject = ClusterRole | Role | ClusterRoleBinding | RoleBinding


class Content(msgspec.Struct, frozen=True):
    """What counts in an RBAC object, as sets; names, other labels and annotations do not."""

    atoms: frozenset[Atom] = frozenset()
    aggregates_to: frozenset[str] = frozenset()
    selectors: frozenset[str] = frozenset()
    role_ref: str = ""
    subjects: frozenset[str] = frozenset()

    def minus(self, other: "Content") -> "Content":
        """Return what this has and the other has not."""
        return Content(
            self.atoms - other.atoms,
            self.aggregates_to - other.aggregates_to,
            self.selectors - other.selectors,
            self.role_ref if self.role_ref != other.role_ref else "",
            self.subjects - other.subjects,
        )

    def __len__(self) -> int:
        """Count the entries; 0 is nothing."""
        lists = (self.atoms, self.aggregates_to, self.selectors, self.subjects)
        return sum(map(len, lists)) + bool(self.role_ref)

    def __str__(self) -> str:
        """All entries in order, joined by commas."""
        labels = (f"aggregate-to-{name}" for name in sorted(self.aggregates_to))
        selectors = (f"selector {text}" for text in sorted(self.selectors))
        role_ref = [f"roleRef {self.role_ref}"] if self.role_ref else []
        return ", ".join([*map(str, sorted(self.atoms)), *labels, *selectors, *role_ref, *sorted(self.subjects)])


def _shipped_content(variant: Variant) -> Content:
    return Content(
        atoms_of(variant.rules),
        _aggregates_to(variant.labels),
        frozenset(map(_selector, variant.aggregation_selectors)),
        _role_ref(variant.role_ref),
        _subjects(variant.subjects, variant.namespace),
    )


def content_of(item: RbacObject) -> Content:
    """Take the comparable content out of an object."""
    if isinstance(item, RoleBinding | ClusterRoleBinding):
        subjects = _subjects(item.subjects, item.metadata.namespace)
        return Content(role_ref=_role_ref(item.role_ref), subjects=subjects)
    if isinstance(item, Role):
        return Content(atoms_of(item.rules))
    rule = item.aggregation_rule
    selectors = frozenset(map(_selector, rule.cluster_role_selectors if rule else ()))
    # The controller writes the rules of an aggregated role: what its members say is judged there.
    return Content(atoms_of(() if rule else item.rules), _aggregates_to(item.metadata.labels), selectors)


def _aggregates_to(labels: Mapping[str, str]) -> frozenset[str]:
    chosen = {key.removeprefix(AGGREGATE_TO): value for key, value in labels.items() if key.startswith(AGGREGATE_TO)}
    return frozenset(key if value == "true" else f"{key}={value}" for key, value in chosen.items())


def _selector(selector: LabelSelector) -> str:
    equal = [f"{key}={value}" for key, value in sorted(selector.match_labels.items())]
    others = sorted(f"{item.key} {item.operator} {item.values}" for item in selector.match_expressions)
    return " ".join([*equal, *others])


def _role_ref(role_ref: RoleRef | None) -> str:
    return f"{role_ref.kind} {role_ref.name}" if role_ref else ""


def _subjects(subjects: Iterable[Subject], namespace: str) -> frozenset[str]:
    return frozenset(subject_key(subject, namespace) for subject in subjects)


def subject_key(subject: Subject, namespace: str) -> str:
    """Name a subject of a binding in a namespace; an account without one is of the binding's."""
    if subject.kind == "ServiceAccount" and not subject.namespace:
        return f"{subject.kind}:{namespace}/{subject.name}"
    return str(subject)


class Verdict(Enum):
    """Whether an object is what its component ships."""

    EQUAL = "equal"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


class Match(msgspec.Struct, frozen=True):
    """An object against what is shipped under its name.

    Equal: `versions` names (component, version) that ship exactly this, `nearest` is one of them. Differs: `added` and
    `removed` say how it is unlike `nearest`. `current` tells whether the version that was asked for ships exactly this,
    None where the component's version is not known.
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
        self._versions: dict[str, tuple[str, ...]] = {}
        self._variants: dict[tuple[str, str, str], tuple[Variant, ...]] = {}
        for component in components:
            self._versions[component.component] = component.versions
            for key, variant in component.variants():
                self._variants[key] = (*self._variants.get(key, ()), variant)

    def harvester_versions(self) -> tuple[str, ...]:
        """Name the known Harvester releases, oldest first, without the `v`."""
        return tuple(self._releases)

    def components_of(self, release: str) -> ReleaseParts:
        """Look up what a Harvester release is made of, or the nearest release of its minor, which it says."""
        known = nearest_version(release, self._releases)
        return ReleaseParts(release, known, self._releases.get(known, {}))

    def variants(self, kind: str, namespace: str, name: str) -> tuple[Variant, ...]:
        """Return what is shipped under a name, oldest first; empty for a name that nobody ships."""
        return self._variants.get((kind, namespace, name), ())

    def match(self, item: RbacObject, versions: Mapping[str, str] = MappingProxyType({})) -> Match:
        """Compare an object with what is shipped under its name; `versions` are component versions, where known.

        Rules are compared as sets of rights, an aggregated role by its selectors and not by its stored rules.
        """
        found = self.variants(item.kind, item.metadata.namespace, item.metadata.name)
        if not found:
            return Match(Verdict.UNKNOWN)
        content, stated = content_of(item), self._stated(found, versions)
        equal = [variant for variant in found if _shipped_content(variant) == content]
        if equal:
            pairs = tuple((variant.component, version) for variant in equal for version in variant.versions)
            current = None if stated is None else any(variant in stated for variant in equal)
            return Match(Verdict.EQUAL, pairs, equal[-1], current=current)
        nearest = min(reversed(stated or found), key=lambda variant: _distance(content, _shipped_content(variant)))
        shipped = _shipped_content(nearest)
        added, removed = content.minus(shipped), shipped.minus(content)
        return Match(Verdict.DIFFERS, (), nearest, added, removed, None if stated is None else False)

    def _stated(self, found: tuple[Variant, ...], versions: Mapping[str, str]) -> tuple[Variant, ...] | None:
        """Choose what the stated versions ship; None where they say nothing about these components."""
        names = {variant.component for variant in found} & versions.keys()
        resolved = {name: nearest_version(versions[name], self._versions[name]) for name in names}
        if not any(resolved.values()):
            return None
        return tuple(variant for variant in found if resolved.get(variant.component) in variant.versions)

    def ships_binding(self, binding: RoleBinding | ClusterRoleBinding) -> bool:
        """Tell whether some known version ships this binding with exactly these subjects and this role."""
        return self.match(binding).verdict is Verdict.EQUAL

    def ships(self, binding: RoleBinding | ClusterRoleBinding, subject: Subject) -> bool:
        """Tell whether some known version binds this subject in the binding of this name, to the same role."""
        namespace = binding.metadata.namespace
        wanted, role_ref = subject_key(subject, namespace), _role_ref(binding.role_ref)
        shipped = map(_shipped_content, self.variants(binding.kind, namespace, binding.metadata.name))
        return any(content.role_ref == role_ref and wanted in content.subjects for content in shipped)

    def ships_rule(self, role: ClusterRole | Role | None, rule: PolicyRule | None) -> bool:
        """Tell whether some known version has all rights of a rule in the role of this name.

        An aggregated role has what all shipped roles of all versions aggregate to it.
        """
        if role is None or rule is None:
            return False
        wanted = atoms_of((rule,))
        found = self.variants(role.kind, role.metadata.namespace, role.metadata.name)
        return any(wanted <= self._rights(variant, role.metadata.name) for variant in found)

    def _rights(self, variant: Variant, name: str) -> frozenset[Atom]:
        return self._aggregated[name] if variant.aggregation_selectors else atoms_of(variant.rules)

    @cached_property
    def _aggregated(self) -> Mapping[str, frozenset[Atom]]:
        """What adds up in the three user-facing roles; `view` is part of `edit`, and that of `admin`."""
        rights: dict[str, frozenset[Atom]] = {}
        for smaller, name in (("", "view"), ("view", "edit"), ("edit", "admin")):
            members = (
                atoms_of(variant.rules)
                for variants in self._variants.values()
                for variant in variants
                if name in _aggregates_to(variant.labels)
            )
            rights[name] = rights.get(smaller, frozenset()).union(*members)
        return rights


def _distance(one: Content, other: Content) -> int:
    return len(one.minus(other)) + len(other.minus(one))


@cache
def shipped_baseline() -> Baseline:
    """Return the baseline of the content that is part of this package."""
    shipped = read_shipped()
    return Baseline(shipped.components, shipped.releases)
