"""What people can do, in words: capabilities, and who holds which of them in which project."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from rbac_audit.access import Binding, RoleKey
from rbac_audit.access.identity import placed, subject_key
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import owner_of, subject_ref, target_of, targets_of
from rbac_audit.audit.policy import PolicyPermission
from rbac_audit.audit.sections import Capability, HeldGrant, Holding, TemplateSummary
from rbac_audit.errors import BadPolicy
from rbac_audit.harvester.platform import is_platform
from rbac_audit.rancher.bindings import Owner
from rbac_audit.rancher.ownership import Claim
from rbac_audit.rancher.templates import grants
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
    able = abilities(view, specs)
    rows: dict[tuple[str, str, bool], tuple[Subject, list[Binding]]] = {}
    for role in able:
        for binding in view.access.by_role.get(role, ()):
            project = view.projects.of(binding.namespace)
            for subject in people_of(binding):
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
            member=bool(project_id) and view.standing.is_member(subject, project_id),
            grants=tuple(sorted(_grants(view, bindings, able))),
        )


def _grants(view: View, bindings: Iterable[Binding], able: Mapping[RoleKey, tuple[str, ...]]) -> Iterator[HeldGrant]:
    """Put the bindings together that one template binding makes to one role."""
    groups: dict[tuple[Binding | Owner, RoleKey], list[Binding]] = {}
    for binding in bindings:
        verdict = view.ownership[binding]
        owned = verdict.claim is Claim.HOLDS and verdict.owners
        groups.setdefault((verdict.owners[0] if owned else binding, binding.role), []).append(binding)
    for (_, role), found in groups.items():
        owner = owner_of(view, found[0])
        yield HeldGrant(
            through=target_of(view, found[0]),
            source=_source(view, found[0]),
            role=f"{found[0].role_ref.kind} {found[0].role_ref.name}",
            capabilities=able[role],
            namespaces=tuple(sorted({binding.namespace for binding in found} - {""})),
            template=owner.template if owner else "",
        )


def _source(view: View, binding: Binding) -> str:
    match view.ownership[binding].claim:
        case Claim.HOLDS:
            return "rancher"
        case Claim.UNPROVEN:
            return "unproven"
        case _:
            return "shipped" if view.baseline.ships_binding(binding.source) else "raw"


def templates(view: View, specs: Iterable[CapabilitySpec]) -> Iterator[TemplateSummary]:
    """Say what each role template that is bound on the cluster or in its projects would give there, by its rules."""
    rancher = view.rancher
    if rancher is None:
        return
    names = {owner.template for owner in rancher.bindings if view.rancher_id and owner.cluster == view.rancher_id}
    roles = {name: view.access.rules(("", name)) for space, name in view.access.roles if not space}
    wanted = [(spec.name, [each for entry in spec.permissions for each in entry.each()]) for spec in specs]
    for name in sorted(names & rancher.templates.by_name.keys()):
        rules = rancher.templates.rules(name, roles)
        said = (title for title, permissions in wanted if any(grants(rules, each) for each in permissions))
        yield TemplateSummary(view.name, name, rancher.templates.by_name[name].display_name, tuple(sorted(said)))


def abilities(view: View, specs: Iterable[CapabilitySpec]) -> dict[RoleKey, tuple[str, ...]]:
    """Map each role that gives any capability to the names of those that it gives."""
    able: dict[RoleKey, set[str]] = {}
    for spec in specs:
        for entry in spec.permissions:
            for permission in entry.each():
                for role in view.access.allowing(permission):
                    able.setdefault(role, set()).add(spec.name)
    return {role: tuple(sorted(names)) for role, names in able.items()}


def people_of(binding: Binding) -> Iterator[Subject]:
    """List the subjects of a binding that can be somebody and are no part of the platform."""
    for subject in binding.subjects:
        who = placed(subject, binding.namespace)
        if subject_key(who, "") is not None and not is_platform(who):
            yield who
