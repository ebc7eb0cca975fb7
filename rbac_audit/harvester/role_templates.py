"""Whether a role template or a global role is what Rancher or a chart ships: its rules and what it inherits."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from rbac_audit.harvester.baseline import Atom, atoms_of
from rbac_audit.snapshot.objects import GlobalRole, PolicyRule, RoleTemplate


class _Variant(msgspec.Struct, frozen=True):
    versions: tuple[str, ...]
    rules: tuple[PolicyRule, ...] = ()
    role_template_names: tuple[str, ...] = ()
    namespaced_rules: Mapping[str, tuple[PolicyRule, ...]] = {}


class _Template(msgspec.Struct, frozen=True):
    name: str
    variants: tuple[_Variant, ...]


class _Chart(msgspec.Struct, frozen=True):
    chart: str
    role_templates: tuple[_Template, ...]


class _Shipped(msgspec.Struct, frozen=True):
    versions: tuple[str, ...]
    role_templates: tuple[_Template, ...]
    global_roles: tuple[_Template, ...]
    charts: tuple[_Chart, ...]


class Change(msgspec.Struct, frozen=True):
    """How a role template or a global role is unlike the nearest one that is shipped under its name."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


@cache
def _shipped() -> _Shipped:
    text = (files("rbac_audit.harvester.shipped") / "role-templates.json").read_bytes()
    return msgspec.json.decode(text, type=_Shipped)


@cache
def _variants() -> Mapping[tuple[str, str], tuple[_Variant, ...]]:
    shipped = _shipped()
    templates = (*shipped.role_templates, *(item for chart in shipped.charts for item in chart.role_templates))
    found = {(RoleTemplate.kind, item.name): item.variants for item in templates}
    return {**found, **{(GlobalRole.kind, item.name): item.variants for item in shipped.global_roles}}


def knows_rancher(version: str) -> bool:
    """Tell whether the built-in role templates of a Rancher version are known."""
    return version.removeprefix("v") in _shipped().versions


def change_of(item: RoleTemplate | GlobalRole) -> Change | None:
    """Compare with what is shipped under its name; None where nothing is, empty where it is the same."""
    found = _variants().get((item.kind, item.name))
    if found is None:
        return None
    mine = _template(item) if isinstance(item, RoleTemplate) else _global(item)
    changes = (_change(mine, _shipped_content(variant)) for variant in reversed(found))
    return min(changes, key=lambda change: len(change.added) + len(change.removed))


def is_built_in(role: GlobalRole) -> bool:
    """Tell whether a global role is one of Rancher's: its own word for it is no proof, some version has to have it."""
    return role.builtin and (role.kind, role.name) in _variants()


@cache
def given_to_users(namespace: str) -> frozenset[Atom]:
    """Name what the built-in global role `user` of any version gives its holders in a namespace of Rancher's."""
    variants = _variants()[GlobalRole.kind, "user"]
    return atoms_of(rule for variant in variants for rule in variant.namespaced_rules.get(namespace, ()))


def is_shipped(template: RoleTemplate) -> bool:
    """Tell whether a role template is exactly what Rancher or a known chart ships."""
    change = change_of(template)
    return change is not None and not change.added and not change.removed


_Content = frozenset[Atom | str]


def _template(item: RoleTemplate) -> _Content:
    return atoms_of(item.rules) | _inherited(item.role_template_names)


def _global(item: GlobalRole) -> _Content:
    fleet = item.inherited_fleet_workspace_permissions
    found = atoms_of(item.rules) | _inherited(item.inherited_cluster_roles) | _placed(item.namespaced_rules, "")
    found |= _placed(item.inherited_namespaced_rules, " of every cluster")
    if fleet is not None:
        found |= {f"{atom} in every Fleet workspace" for atom in atoms_of(fleet.resource_rules)}
        found |= {f"{verb} every Fleet workspace" for verb in fleet.workspace_verbs}
    return found


def _shipped_content(variant: _Variant) -> _Content:
    return atoms_of(variant.rules) | _inherited(variant.role_template_names) | _placed(variant.namespaced_rules, "")


def _inherited(names: tuple[str, ...]) -> _Content:
    return frozenset(f"inherits {name}" for name in names)


def _placed(rules: Mapping[str, tuple[PolicyRule, ...]], where: str) -> _Content:
    return frozenset(f"{atom} in namespace {place}{where}" for place, held in rules.items() for atom in atoms_of(held))


def _change(mine: _Content, theirs: _Content) -> Change:
    return Change(tuple(sorted(map(str, mine - theirs))), tuple(sorted(map(str, theirs - mine))))
