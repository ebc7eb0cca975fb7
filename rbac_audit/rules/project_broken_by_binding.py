"""One role template binding takes a project's namespaces away from all its members.

## What
A project role template binding on which Rancher's controllers fail: its role template inherits one that does not
exist or inherits itself, or it names several subjects (a user and a group, groupName and groupPrincipalName). Told
with the other members of the project, and with what its roles over namespaces lack on the cluster.

## Why
Rancher's namespace controller fails on the whole project: no namespace is put into `<project>-namespaces-readonly`
and `-edit` any more, in both models. Members keep their rights inside of the namespaces, but no longer see them in
Rancher and cannot edit or move them; nothing in Rancher says which binding it is. In the legacy model the broken
binding itself grants nothing at all.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-child}
context: project
roleTemplateNames: [rt-deleted]
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-child}
context: project
```

```yaml both
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-x1y2z"}}
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-alice, namespace: p-x1y2z}
projectName: "c-m-abcd1234:p-x1y2z"
roleTemplateName: rt-child
userName: u-abc12
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.model import Rancher
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import Namespace, ProjectRoleTemplateBinding, RoleTemplate, Subject


def check(view: View) -> Iterator[Problem]:
    """Report every binding of this cluster's projects on which Rancher fails."""
    rancher = view.rancher
    for item in rancher.bindings if rancher else ():
        if rancher and item.project and item.cluster == view.rancher_id and (fault := rancher.fault_of(item)):
            yield _problem(view, rancher, item, fault)


def _problem(view: View, rancher: Rancher, item: TemplateBinding, fault: str) -> Problem:
    project = view.projects.find(item.project)
    namespaces = project.namespaces if project else ()
    members = _others(rancher, item)
    lacking = _lacking(view, item, namespaces)
    ref = item.source.ref(rancher.cluster.name)
    state = (
        f"{names(lacking)} {'is' if len(lacking) == 1 else 'are'} not in its roles over namespaces"
        if lacking
        else "its roles over namespaces lose what changes from now on"
    )
    return Problem(
        target=ref,
        message=f"Rancher fails on {item.source}, because {fault}, and with it on all of project "
        f"{project.name if project else item.project}: {state}, for {names(members) or 'nobody else'}",
        related=tuple(template.ref(rancher.cluster.name) for template in _templates(rancher, item)),
        subjects=members,
        scope=FindingScope(namespaces, item.project),
        chain=(Link("template-binding", f"{item.source} is broken: {fault}", ref),),
        confidence=Confidence.CERTAIN if lacking else Confidence.POSSIBLE,
    )


def _templates(rancher: Rancher, item: TemplateBinding) -> tuple[RoleTemplate, ...]:
    return rancher.templates.closure(item.template).templates


def _others(rancher: Rancher, item: TemplateBinding) -> tuple[Subject, ...]:
    found = (other.subject for other in rancher.bindings if other.project == item.project and other is not item)
    return tuple(dict.fromkeys(subject for subject in found if subject is not None))


def _lacking(view: View, item: TemplateBinding, namespaces: tuple[str, ...]) -> tuple[str, ...]:
    """Find the project's namespaces that its role for readers does not have."""
    rules = view.access.rules(("", f"{item.project.partition(':')[2]}-namespaces-readonly"))
    listed = {name for rule in rules if "namespaces" in rule.resources for name in rule.resource_names}
    return tuple(name for name in namespaces if name not in listed)


RULE = Rule(
    id="project-broken-by-binding",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.ALL,
    needs=(Namespace,),
    needs_rancher=(RoleTemplate, ProjectRoleTemplateBinding),
    fix=Fix(
        Safety.CONSENT,
        "Delete the binding, or mend what it names: make the inherited role template again or take it out of "
        "roleTemplateNames, and name one subject only. The namespaces come back at their next sync.",
    ),
    references=(
        "rancher/rancher pkg/controllers/managementuser/rbac/namespace_handler.go",
        "rancher/rancher pkg/rbac/common.go (BuildSubjectFromRTB)",
    ),
    check=check,
)
