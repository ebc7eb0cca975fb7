"""Role templates that inherit each other in a circle.

## What
Role templates of which each inherits, through `roleTemplateNames`, the next and the last the first, or one that
inherits itself. Told once for each circle, with everybody who is bound to one of it or to one that inherits it; as low
where nobody is.

## Why
Rancher's webhook refuses a circle, so it was written while nothing checked, and what else was written then should be
looked at. In the legacy model nobody gets anything by such a template; in the aggregated model each gives what all of
them hold together, whatever it states itself, and Rancher writes it again for ever. In both, a project with such a
binding loses its namespaces, which project-broken-by-binding tells.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-operators}
context: project
roleTemplateNames: [rt-helpers]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-helpers}
context: project
roleTemplateNames: [rt-operators]
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-operators}
context: project
roleTemplateNames: [rt-helpers, rt-readers]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-helpers}
context: project
roleTemplateNames: [rt-readers]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-readers}
context: project
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.model import Rancher
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    Feature,
    ProjectRoleTemplateBinding,
    RoleTemplate,
)

_OUTCOMES = {
    True: "each gives what all of them hold together",
    False: "none of them gives anything",
    None: "none of them gives anything, or each what all of them hold together, by the model that Rancher renders in",
}


def check(view: View) -> Iterator[Problem]:
    """Find the circles, then who is bound to what leads into one."""
    rancher = own_rancher(view)
    for circle in rancher.templates.circles() if rancher else ():
        if rancher:
            held = {item.name for item in circle}
            closures = {name: rancher.templates.closure(name).templates for name in rancher.templates.by_name}
            into = {name for name, parts in closures.items() if not held.isdisjoint(part.name for part in parts)}
            yield _problem(view, rancher, circle, [item for item in rancher.bindings if item.template in into])


def _problem(view: View, rancher: Rancher, circle: tuple[RoleTemplate, ...], bound: list[TemplateBinding]) -> Problem:
    first, *others = circle
    subjects = tuple(dict.fromkeys(item.subject for item in bound if item.subject))
    way = " inherits ".join((*rancher.templates.closure(first.name).cycle, first.name))
    return Problem(
        target=first.ref(view.name),
        message=f"role template {names(item.name for item in circle)} "
        f"{'inherit each other in a circle' if others else 'inherits itself'}, so "
        f"{_OUTCOMES[rancher.aggregated]}: {names(subjects) or 'nobody'} is bound by that",
        related=tuple(item.ref(view.name) for item in others) + tuple(item.source.ref(view.name) for item in bound),
        subjects=subjects,
        chain=(Link("role-template", way, first.ref(view.name)),),
        severity=None if bound else Severity.LOW,
    )


RULE = Rule(
    id="role-template-cycle",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.MANAGEMENT,
    needs=(RoleTemplate,),
    uses=(ProjectRoleTemplateBinding, ClusterRoleTemplateBinding, Feature),
    fix=Fix(
        Safety.CONSENT,
        "Take one name out of roleTemplateNames, so that the circle opens, and look at what each of them gives then "
        "(`rbac-audit template NAME`).",
    ),
    references=(
        "rancher/webhook pkg/resources/management.cattle.io/v3/roletemplate/validator.go (checkCircularRef)",
        "rancher/rancher pkg/controllers/managementuser/rbac/handler_base.go (gatherRoles)",
    ),
    check=check,
)
