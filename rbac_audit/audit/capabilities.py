"""What people can do, in words: capabilities, and who holds which of them in which project."""

from collections.abc import Iterable, Iterator

import msgspec

from rbac_audit.access import Binding, RoleKey
from rbac_audit.access.identity import subject_key
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import placed, subject_ref, targets_of
from rbac_audit.audit.policy import PolicyPermission
from rbac_audit.audit.report import Capability, Holding
from rbac_audit.errors import BadPolicy
from rbac_audit.harvester.platform import is_platform
from rbac_audit.snapshot.objects import Subject


class CapabilitySpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One capability: any of its permissions is enough."""

    name: str
    title: str
    permissions: tuple[PolicyPermission, ...]


class Capabilities(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The capabilities file, in the order of the matrix."""

    api_version: str
    kind: str
    capabilities: tuple[CapabilitySpec, ...]


def parse_capabilities(raw: object, where: str) -> tuple[CapabilitySpec, ...]:
    """Decode a capabilities document; raises BadPolicy with the path of what is wrong."""
    try:
        return msgspec.convert(raw, Capabilities).capabilities
    except msgspec.ValidationError as error:
        raise BadPolicy("capabilities", where, str(error), "see docs/policies.md") from error


def columns(specs: Iterable[CapabilitySpec]) -> tuple[Capability, ...]:
    """Return the columns of the matrix."""
    return tuple(Capability(spec.name, spec.title) for spec in specs)


def holdings(view: View, specs: Iterable[CapabilitySpec]) -> Iterator[Holding]:
    """List who can do what where, one row for a subject, project and reach; parts of the platform are left out.

    One pass over the bindings: what a role can do is worked out once for each distinct role.
    """
    able = _able(view, specs)
    rows: dict[tuple[str, str, bool], tuple[Subject, list[Binding]]] = {}
    for role in able:
        for binding in view.access.by_role.get(role, ()):
            project = view.projects.of(binding.namespace)
            for subject in _people(binding):
                key = (str(subject), project.id if project else "", not binding.namespace)
                if (row := rows.get(key)) is None:
                    row = rows[key] = (subject, [])
                row[1].append(binding)
    for (_, project_id, everywhere), (subject, bindings) in sorted(rows.items(), key=lambda row: row[0]):
        yield Holding(
            subject=subject_ref(view, subject),
            cluster=view.name,
            project=project_id,
            cluster_wide=everywhere,
            namespaces=() if everywhere else tuple(sorted({binding.namespace for binding in bindings})),
            capabilities=tuple(sorted(set[str]().union(*(able[binding.role] for binding in bindings)))),
            through=tuple(sorted(targets_of(view, bindings))),
            member=bool(project_id) and view.classes.is_member(subject, project_id),
        )


def _able(view: View, specs: Iterable[CapabilitySpec]) -> dict[RoleKey, set[str]]:
    able: dict[RoleKey, set[str]] = {}
    for spec in specs:
        for entry in spec.permissions:
            for permission in entry.each():
                for role in view.access.allowing(permission):
                    able.setdefault(role, set()).add(spec.name)
    return able


def _people(binding: Binding) -> Iterator[Subject]:
    for subject in binding.subjects:
        who = placed(subject, binding.namespace)
        if subject_key(who, "") is not None and not is_platform(who):
            yield who
