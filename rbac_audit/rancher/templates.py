"""Role templates: what one inherits, and what that grants.

Source: rancher pkg/controllers/managementuser/rbac/handler_base.go (gatherRoles) and
roletemplates/roletemplate_handler.go.
"""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

import msgspec

from rbac_audit.access.permission import EVERYTHING, Permission, rule_allows
from rbac_audit.snapshot.objects import PolicyRule, RoleTemplate

CREATE_NAMESPACES = Permission("create", "", "namespaces")
UPDATE_PSA = Permission("updatepsa", "management.cattle.io", "projects")


class Closure(msgspec.Struct, frozen=True):
    """A template with everything it inherits, itself first; `missing` are names that no template has.

    `cycle` are the templates of a circle that it inherits, each inheriting the next, from the first of them in order
    of names; () where there is none.
    """

    templates: tuple[RoleTemplate, ...]
    missing: tuple[str, ...]
    cycle: tuple[str, ...]

    @property
    def leaving(self) -> bool:
        """Whether one of them is being deleted: its bindings stay, and grant nothing then."""
        return any(template.metadata.deletion_timestamp for template in self.templates)

    @property
    def cyclic(self) -> bool:
        """Whether it inherits in a circle."""
        return bool(self.cycle)


class RoleTemplates:
    """The role templates of one Rancher."""

    def __init__(self, templates: Iterable[RoleTemplate] = ()) -> None:
        """Index by name."""
        self.by_name: Mapping[str, RoleTemplate] = {template.name: template for template in templates}
        self._closures: dict[str, Closure] = {}

    def closure(self, name: str) -> Closure:
        """Follow roleTemplateNames; each template is visited once, however deep and entangled they are."""
        if name not in self._closures:
            found: dict[str, RoleTemplate] = {}
            missing: dict[str, None] = {}
            waiting = [name]
            while waiting:
                following = waiting.pop()
                template = self.by_name.get(following)
                if template is None:
                    missing[following] = None
                elif following not in found:
                    found[following] = template
                    waiting.extend(reversed(template.role_template_names))
            self._closures[name] = Closure(tuple(found.values()), tuple(missing), _cycle(found))
        return self._closures[name]

    def circles(self) -> tuple[tuple[RoleTemplate, ...], ...]:
        """List the groups of templates of which each inherits every one of the same group, itself too; by name."""
        found: dict[tuple[str, ...], tuple[RoleTemplate, ...]] = {}
        for name in sorted(self.by_name):
            if self.closure(name).cycle:
                inherits = self.closure(name).templates
                around = [item for item in inherits if name in {one.name for one in self.closure(item.name).templates}]
                circle = tuple(sorted(around, key=lambda item: item.name))
                if len(circle) > 1 or name in self.by_name[name].role_template_names:
                    found[tuple(item.name for item in circle)] = circle
        return tuple(found.values())

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


def _cycle(templates: Mapping[str, RoleTemplate]) -> tuple[str, ...]:
    """Find one circle among templates; the same for all of them that inherit only it."""
    try:
        TopologicalSorter({name: templates[name].role_template_names for name in sorted(templates)}).prepare()
    except CycleError as error:
        # The sorter names the first one at the end again, and each before the one that inherits it.
        circle = tuple(reversed(error.args[1][1:]))
        start = circle.index(min(circle))
        return (*circle[start:], *circle[:start])
    return ()


def says_own(rules: Iterable[PolicyRule], resource: str) -> bool:
    """Tell whether a rule holds the verb `own` literally; `*` does not make an owner, nor does a group count.

    Source: pkg/controllers/management/auth/manager.go (checkReferencedRoles), roletemplates/crtb_handler.go.
    """
    return any("own" in rule.verbs and resource in rule.resources for rule in rules)


def makes_owner(closure: Closure, resource: str) -> bool:
    """Tell whether who is bound to a template owns its `clusters` or `projects`: Rancher says so, or all is allowed."""
    return any(
        (template.name == "cluster-admin" and resource == "clusters")
        or (not template.external and (says_own(template.rules, resource) or grants(template.rules, EVERYTHING)))
        for template in closure.templates
    )


def grants(rules: Iterable[PolicyRule], permission: Permission) -> bool:
    """Tell whether any of the rules holds a permission."""
    return any(rule_allows(rule, permission) for rule in rules)
