"""What counts in an RBAC object, taken apart into sets, so that another order or grouping is the same content."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from rbac_audit.harvester.shipped import Variant
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

AnyRole = ClusterRole | Role
AnyBinding = ClusterRoleBinding | RoleBinding
RbacObject = AnyRole | AnyBinding


class Atom(msgspec.Struct, frozen=True, order=True):
    """One right as written: a verb on a resource (or one name of it) or on a path; `*` is an ordinary word here."""

    verb: str
    api_group: str = ""
    resource: str = ""
    name: str = ""
    path: str = ""

    def __str__(self) -> str:
        """`get virtualmachines.kubevirt.io/console vm-1`, `get /metrics`."""
        if self.path:
            return f"{self.verb} {self.path}"
        resource, slash, subresource = self.resource.partition("/")
        group = f".{self.api_group}" if self.api_group else ""
        return f"{self.verb} {resource}{group}{slash}{subresource}{' ' + self.name if self.name else ''}"


def atoms_of(rules: Iterable[PolicyRule]) -> frozenset[Atom]:
    """Take rules apart, so that another grouping of the same rights is the same set."""
    return frozenset[Atom]().union(*(_atoms(rule) for rule in rules))


@lru_cache(maxsize=4096)
def _atoms(rule: PolicyRule) -> frozenset[Atom]:
    return frozenset(_each(rule))


def _each(rule: PolicyRule) -> Iterable[Atom]:
    for verb in rule.verbs:
        yield from (Atom(verb, path=path) for path in rule.non_resource_urls)
        for group in rule.api_groups:
            for resource in rule.resources:
                yield from (Atom(verb, group, resource, name) for name in rule.resource_names or ("",))


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
        return sum(map(len, (self.atoms, self.aggregates_to, self.selectors, self.subjects))) + bool(self.role_ref)

    def __str__(self) -> str:
        """All entries in order, joined by commas."""
        labels = (f"aggregate-to-{name}" for name in sorted(self.aggregates_to))
        selectors = (f"selector {text}" for text in sorted(self.selectors))
        role_ref = [f"roleRef {self.role_ref}"] if self.role_ref else []
        return ", ".join([*map(str, sorted(self.atoms)), *labels, *selectors, *role_ref, *sorted(self.subjects)])


def shipped_content(variant: Variant) -> Content:
    """Take the comparable content out of what is shipped."""
    return Content(
        atoms_of(variant.rules),
        _aggregates_to(variant.labels),
        frozenset(map(_selector, variant.aggregation_selectors)),
        role_key(variant.role_ref),
        _subjects(variant.subjects, variant.namespace),
    )


def content_of(item: RbacObject) -> Content:
    """Take the comparable content out of an object."""
    if isinstance(item, RoleBinding | ClusterRoleBinding):
        subjects = _subjects(item.subjects, item.metadata.namespace)
        return Content(role_ref=role_key(item.role_ref), subjects=subjects)
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


def role_key(role_ref: RoleRef | None) -> str:
    """Name the role of a binding, "" for what is none."""
    return f"{role_ref.kind} {role_ref.name}" if role_ref else ""


def _subjects(subjects: Iterable[Subject], namespace: str) -> frozenset[str]:
    return frozenset(subject_key(subject, namespace) for subject in subjects)


def subject_key(subject: Subject, namespace: str) -> str:
    """Name a subject of a binding in a namespace; an account without one is of the binding's."""
    if subject.kind == "ServiceAccount" and not subject.namespace:
        return f"{subject.kind}:{namespace}/{subject.name}"
    return str(subject)
