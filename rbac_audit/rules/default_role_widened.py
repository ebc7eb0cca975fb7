"""Everybody new gets a role that somebody made or widened.

## What
A global role that every new user gets (newUserDefault) other than the built-in `user` and `user-base`, and a role
template that the creator of a cluster or project gets (clusterCreatorDefault, projectCreatorDefault), unless it is a
built-in one for just that: the owner's, which is the default, or one of those that give less. A locked role template
is given to nobody. It is critical where every new user owns clusters, high where every new user has rights on all of
them, reads Secrets or takes over accounts of Rancher's, or writes its users, roles, logins or settings, and low where
the role gives nothing. That a built-in role was edited, shipped-role-edited tells.

## Why
Nobody decides about it again: whoever logs in for the first time, from whatever directory, has the role. A global
role that inherits cluster roles gives every new user every cluster.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: gr-everybody}
newUserDefault: true
inheritedClusterRoles: [projects-view]
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: user}
builtin: true
newUserDefault: true
```
"""

from collections.abc import Iterator

from rbac_audit.access import Permission
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import describe, in_brackets
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.harvester.platform import is_platform_namespace
from rbac_audit.rancher.templates import grants
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._takeover import READ_SECRETS, TAKE_OVER, is_grave_in
from rbac_audit.rules._words import names
from rbac_audit.rules.admin_like_global_role import owned_by
from rbac_audit.snapshot.objects import GlobalRole, RoleTemplate

_FOR_EVERYBODY = frozenset({"user", "user-base"})
_RULES_RANCHER = tuple(
    Permission(verb, "management.cattle.io", kind)
    for kind in ("users", "globalroles", "globalrolebindings", "roletemplates", "authconfigs", "settings", "features")
    for verb in ("create", "update", "patch")
)


def check(view: View) -> Iterator[Problem]:
    """Look at the three kinds of default."""
    for role in view.cluster.of(GlobalRole):
        if role.new_user_default and not (role.builtin and role.name in _FOR_EVERYBODY):
            yield _problem(view, role, "every new user", tuple(_given_by(role)), _severity(view, role))
    for template in view.cluster.of(RoleTemplate):
        whom = [
            f"whoever creates a {place}"
            for is_default, place in (
                (template.cluster_creator_default, "cluster"),
                (template.project_creator_default, "project"),
            )
            if is_default and not template.locked and not (template.builtin and template.context == place)
        ]
        if whom:
            inherits = (f"all of {name}" for name in template.role_template_names)
            yield _problem(view, template, " and ".join(whom), (*map(describe, template.rules), *inherits))


def _given_by(role: GlobalRole) -> Iterator[str]:
    yield from map(describe, role.rules)
    yield from (f"{name} on every cluster" for name in role.inherited_cluster_roles)
    for where, places in (("", role.namespaced_rules), (" of every cluster", role.inherited_namespaced_rules)):
        for place, rules in places.items():
            yield from (f"{describe(rule)} in namespace {place}{where}" for rule in rules)
    if fleet := role.inherited_fleet_workspace_permissions:
        yield from (f"{describe(rule)} in every Fleet workspace" for rule in fleet.resource_rules)


def _severity(view: View, role: GlobalRole) -> Severity | None:
    rancher = own_rancher(view)
    if rancher is not None and owned_by(view, rancher, role):
        return Severity.CRITICAL
    everywhere = role.inherited_cluster_roles or role.inherited_namespaced_rules
    grave = any(grants(role.rules, right) for right in (*READ_SECRETS, *TAKE_OVER, *_RULES_RANCHER))
    inside = ((place, rules) for place, rules in role.namespaced_rules.items() if is_platform_namespace(place))
    return Severity.HIGH if everywhere or grave or any(is_grave_in(*item) for item in inside) else None


def _problem(
    view: View, role: GlobalRole | RoleTemplate, whom: str, gives: tuple[str, ...], severity: Severity | None = None
) -> Problem:
    return Problem(
        target=role.ref(view.name),
        message=f"{role}{in_brackets(role.display_name)} goes to {whom}: {names(gives) or 'it has no rules'}",
        scope=FindingScope(cluster_wide=True),
        severity=severity or (None if gives else Severity.LOW),
    )


RULE = Rule(
    id="default-role-widened",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.MANAGEMENT,
    uses=(GlobalRole, RoleTemplate),
    fix=Fix(
        Safety.CONSENT,
        "Take the default off and bind the role to those who need it. Users who got it by default keep it: look at the "
        "bindings of the role.",
    ),
    references=(
        "rancher/rancher pkg/data/management/role_data.go",
        "rancher/rancher pkg/controllers/management/auth/project_cluster/cluster_handler.go (addRTAnnotation)",
    ),
    check=check,
)
