"""Bindings that hang together: those that are changed in one step."""

from collections.abc import Iterable, Iterator

from rbac_audit.access import Binding
from rbac_audit.access.identity import subject_key
from rbac_audit.snapshot.objects import Subject


def subjects_of(group: dict[Binding, list[Subject]]) -> list[Subject]:
    """List everybody who moves, each once."""
    found = {str(item): item for subjects in group.values() for item in subjects}
    return [item for _, item in sorted(found.items())]


def names(subjects: Iterable[Subject], wanted: Subject) -> bool:
    """Tell whether a subject is among others."""
    # The API group of a subject may be missing.
    return str(wanted) in map(str, subjects)


def together(found: dict[Binding, list[Subject]]) -> Iterator[list[Binding]]:
    """Group bindings that share a subject, directly or through others: what is touched, is touched once."""
    by_subject: dict[str, list[Binding]] = {}
    for binding, subjects in found.items():
        for subject in subjects:
            by_subject.setdefault(subject_key(subject, binding.namespace) or "", []).append(binding)
    seen: set[Binding] = set()
    for start in found:
        if start in seen:
            continue
        seen.add(start)
        group = [start]
        for binding in group:
            for subject in found[binding]:
                for other in by_subject.get(subject_key(subject, binding.namespace) or "", ()):
                    if other not in seen:
                        seen.add(other)
                        group.append(other)
        yield sorted(group, key=lambda item: (item.namespace, item.name))
