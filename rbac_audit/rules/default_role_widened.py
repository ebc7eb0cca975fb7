"""Everybody new gets a role that somebody made or widened.

## What
A global role that every new user gets (newUserDefault) and a role template that the creator of a cluster or project
gets (clusterCreatorDefault, projectCreatorDefault), if Rancher does not ship it as such: not `user`, `user-base`,
cluster-owner or project-owner.

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

from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import describe, in_brackets
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import GlobalRole, RoleTemplate

_SHIPPED = frozenset({"user", "user-base", "cluster-owner", "project-owner"})


def check(view: View) -> Iterator[Problem]:
    """Look at the three kinds of default."""
    for role in view.cluster.of(GlobalRole):
        if role.new_user_default and not (role.builtin and role.name in _SHIPPED):
            gives = [*map(describe, role.rules), *(f"{name} on every cluster" for name in role.inherited_cluster_roles)]
            yield _problem(view, role, "every new user", gives)
    for template in view.cluster.of(RoleTemplate):
        whom = [
            words
            for is_default, words in (
                (template.cluster_creator_default, "whoever creates a cluster"),
                (template.project_creator_default, "whoever creates a project"),
            )
            if is_default and not (template.builtin and template.name in _SHIPPED)
        ]
        if whom:
            inherits = [f"all of {name}" for name in template.role_template_names]
            yield _problem(view, template, " and ".join(whom), [*map(describe, template.rules), *inherits])


def _problem(view: View, role: GlobalRole | RoleTemplate, whom: str, gives: list[str]) -> Problem:
    return Problem(
        target=role.ref(view.name),
        message=f"{role}{in_brackets(role.display_name)} goes to {whom}: {names(gives) or 'it has no rules'}",
        scope=FindingScope(cluster_wide=True),
    )


RULE = Rule(
    id="default-role-widened",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.MANAGEMENT,
    needs=(GlobalRole, RoleTemplate),
    fix=Fix(
        Safety.CONSENT,
        "Take the default off and bind the role to those who need it. Users who got it by default keep it: look at the "
        "bindings of the role.",
    ),
    references=("rancher/rancher pkg/data/management/role_data.go",),
    check=check,
)
