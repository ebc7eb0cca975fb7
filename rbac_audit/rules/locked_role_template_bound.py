"""Locked role template that is still bound.

## What
A project or cluster role template binding to a role template that is locked. A locked template to which nothing is
bound, and a hidden one, are not meant.

## Why
Locking a role template takes it out of the list for new bindings and nothing else: those that exist go on granting.
Whoever locked it to retire it has not taken anything away.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-old, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: rt-retired
userName: u-erin
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-hidden}
context: project
hidden: true
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-new, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: rt-hidden
userName: u-erin
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-retired}
context: project
locked: true
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import in_brackets
from rbac_audit.audit.finding import FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rules._claims import own_rancher
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    ProjectRoleTemplateBinding,
    RoleTemplate,
)


def check(view: View) -> Iterator[Problem]:
    """Report the bindings to locked templates."""
    rancher = own_rancher(view)
    for owner in rancher.bindings if rancher else ():
        template = rancher.templates.by_name.get(owner.template) if rancher else None
        if template is not None and template.locked:
            yield _problem(view, owner, template)


def _problem(view: View, owner: TemplateBinding, template: RoleTemplate) -> Problem:
    title = f"{template.name}{in_brackets(template.display_name)}"
    place = owner.project or owner.cluster
    ref = owner.source.ref(view.name)
    return Problem(
        target=ref,
        message=f"{owner.source} still gives {owner.subject or 'nobody'} role template {title} in {place}, although "
        f"it is locked",
        related=(template.ref(view.name),),
        subjects=(owner.subject,) if owner.subject else (),
        scope=FindingScope(project=owner.project, cluster_wide=not owner.project),
        chain=(
            Link("subject", str(owner.subject or "nobody")),
            Link("template-binding", f"is bound by {owner.source} in {place}", ref),
            Link("role-template", f"to role template {title}, which is locked", template.ref(view.name)),
        ),
    )


RULE = Rule(
    id="locked-role-template-bound",
    page=__doc__ or "",
    severity=Severity.LOW,
    on=On.MANAGEMENT,
    needs=(RoleTemplate, ProjectRoleTemplateBinding, ClusterRoleTemplateBinding),
    fix=Fix(
        Safety.CONSENT,
        "Bind the subjects to the role template that replaces it, then delete these bindings; or unlock the template.",
    ),
    references=("https://github.com/rancher/docs/pull/356",),
    check=check,
)
