"""Locked role template that is still bound.

## What
A project or cluster role template binding to a role template that is locked, or to one that somebody made and that
inherits a locked one. A locked template to which nothing is so bound, and a hidden one, are not meant.

## Why
Locking a role template takes it out of the list for new bindings and nothing else: those that exist go on granting.
Whoever locked it to retire it has not taken anything away. Where another template inherits it, it can even be given to
somebody new: the webhook looks at the lock of the template that is bound, and not at those behind it.

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
    """Report the bindings to locked templates and to those that inherit one."""
    rancher = own_rancher(view)
    for owner in rancher.bindings if rancher else ():
        closure = rancher.templates.closure(owner.template).templates if rancher else ()
        # What a built-in template inherits is part of it; that a part is not to be bound itself says nothing of it.
        meant = closure[:1] if closure and closure[0].builtin else closure
        locked = next((part for part in meant if part.locked), None)
        if locked is not None:
            yield _problem(view, owner, closure[0], locked)


def _problem(view: View, owner: TemplateBinding, template: RoleTemplate, locked: RoleTemplate) -> Problem:
    title = f"{template.name}{in_brackets(template.display_name)}"
    place = owner.project or owner.cluster
    ref = owner.source.ref(view.name)
    which = "it" if locked is template else f"{locked.name}{in_brackets(locked.display_name)}, which it inherits,"
    return Problem(
        target=ref,
        message=f"{owner.source} still gives {owner.subject or 'nobody'} role template {title} in {place}, although "
        f"{which} is locked",
        related=tuple(dict.fromkeys(part.ref(view.name) for part in (template, locked))),
        subjects=(owner.subject,) if owner.subject else (),
        scope=FindingScope(project=owner.project, cluster_wide=not owner.project),
        chain=(
            Link("subject", str(owner.subject or "nobody")),
            Link("template-binding", f"is bound by {owner.source} in {place}", ref),
            Link("role-template", f"to role template {title}; {which} is locked", locked.ref(view.name)),
        ),
    )


RULE = Rule(
    id="locked-role-template-bound",
    page=__doc__ or "",
    severity=Severity.LOW,
    on=On.MANAGEMENT,
    needs=(RoleTemplate,),
    uses=(ProjectRoleTemplateBinding, ClusterRoleTemplateBinding),
    fix=Fix(
        Safety.CONSENT,
        "Bind the subjects to the role template that replaces it, then delete these bindings; or unlock the template.",
    ),
    references=(
        "https://github.com/rancher/docs/pull/356",
        "rancher/webhook pkg/resources/management.cattle.io/v3/projectroletemplatebinding/validator.go",
    ),
    check=check,
)
