"""Role templates: what one inherits, and what that grants.

Source: rancher pkg/controllers/managementuser/rbac/handler_base.go (gatherRoles) and
roletemplates/roletemplate_handler.go.
"""

from collections.abc import Iterable, Mapping

import msgspec

from rbac_audit.access.permission import Permission, rule_allows
from rbac_audit.snapshot.objects import PolicyRule, RoleTemplate

CREATE_NAMESPACES = Permission("create", "", "namespaces")
UPDATE_PSA = Permission("updatepsa", "management.cattle.io", "projects")


class Closure(msgspec.Struct, frozen=True):
    """A template with everything it inherits, itself first; `missing` are names that no template has."""

    templates: tuple[RoleTemplate, ...]
    missing: tuple[str, ...]
    cyclic: bool


class RoleTemplates:
    """The role templates of one Rancher."""

    def __init__(self, templates: Iterable[RoleTemplate] = ()) -> None:
        """Index by name."""
        self.by_name: Mapping[str, RoleTemplate] = {template.name: template for template in templates}
        self._closures: dict[str, Closure] = {}

    def closure(self, name: str) -> Closure:
        """Follow roleTemplateNames; a cycle ends where it closes."""
        if name not in self._closures:
            found: dict[str, RoleTemplate] = {}
            missing: dict[str, None] = {}
            cyclic = self._follow(name, (), found, missing)
            self._closures[name] = Closure(tuple(found.values()), tuple(missing), cyclic)
        return self._closures[name]

    def _follow(
        self, name: str, path: tuple[str, ...], found: dict[str, RoleTemplate], missing: dict[str, None]
    ) -> bool:
        template = self.by_name.get(name)
        if template is None:
            missing[name] = None
            return False
        if name in path:
            return True
        found[name] = template
        cycles = [self._follow(parent, (*path, name), found, missing) for parent in template.role_template_names]
        return any(cycles)

    def rules(self, name: str, cluster_roles: Mapping[str, tuple[PolicyRule, ...]]) -> tuple[PolicyRule, ...]:
        """Add up the rules of a template on one cluster.

        Behind an external template stands the ClusterRole of its name, and rules of its own count nothing
        (pkg/controllers/managementuser/rbac/handler_base.go, ensureRoles).
        """
        return tuple(
            rule
            for template in self.closure(name).templates
            for rule in (cluster_roles.get(template.name, ()) if template.external else template.rules)
        )


def grants(rules: Iterable[PolicyRule], permission: Permission) -> bool:
    """Tell whether any of the rules holds a permission."""
    return any(rule_allows(rule, permission) for rule in rules)
