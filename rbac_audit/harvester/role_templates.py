"""Whether a role template is what Rancher or a chart ships: its rules and what it inherits."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from rbac_audit.harvester.baseline import Atom, atoms_of
from rbac_audit.snapshot.objects import PolicyRule, RoleTemplate


class _Variant(msgspec.Struct, frozen=True):
    versions: tuple[str, ...]
    rules: tuple[PolicyRule, ...] = ()
    role_template_names: tuple[str, ...] = ()


class _Template(msgspec.Struct, frozen=True):
    name: str
    variants: tuple[_Variant, ...]


class _Chart(msgspec.Struct, frozen=True):
    chart: str
    role_templates: tuple[_Template, ...]


class _Shipped(msgspec.Struct, frozen=True):
    versions: tuple[str, ...]
    role_templates: tuple[_Template, ...]
    charts: tuple[_Chart, ...]


class Change(msgspec.Struct, frozen=True):
    """How a role template is unlike the nearest one that is shipped under its name."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


@cache
def _shipped() -> _Shipped:
    text = (files("rbac_audit.harvester.shipped") / "role-templates.json").read_bytes()
    return msgspec.json.decode(text, type=_Shipped)


@cache
def _variants() -> Mapping[str, tuple[_Variant, ...]]:
    shipped = _shipped()
    templates = (*shipped.role_templates, *(item for chart in shipped.charts for item in chart.role_templates))
    return {item.name: item.variants for item in templates}


def knows_rancher(version: str) -> bool:
    """Tell whether the built-in role templates of a Rancher version are known."""
    return version.removeprefix("v") in _shipped().versions


def change_of(template: RoleTemplate) -> Change | None:
    """Compare with what is shipped under its name; None where nothing is, empty where it is the same."""
    found = _variants().get(template.name)
    if found is None:
        return None
    mine = _content(template.rules, template.role_template_names)
    changes = (_change(mine, _content(item.rules, item.role_template_names)) for item in reversed(found))
    return min(changes, key=lambda change: len(change.added) + len(change.removed))


def is_shipped(template: RoleTemplate) -> bool:
    """Tell whether a role template is exactly what Rancher or a known chart ships."""
    change = change_of(template)
    return change is not None and not change.added and not change.removed


def _content(rules: tuple[PolicyRule, ...], inherited: tuple[str, ...]) -> frozenset[Atom | str]:
    return atoms_of(rules) | frozenset(f"inherits {name}" for name in inherited)


def _change(mine: frozenset[Atom | str], theirs: frozenset[Atom | str]) -> Change:
    return Change(tuple(sorted(map(str, mine - theirs))), tuple(sorted(map(str, theirs - mine))))
