"""Cluster role template that inherits one for projects.

## What
A role template of context cluster that somebody made, that inherits a role template of context project, and that is
bound on a cluster. What Rancher itself ships (projects-view) is not meant.

## Why
What is inherited counts in the whole cluster: a template that inherits project-member or edit gives on every
namespace, the system's among them, what a member has in one project. That takes in Secrets, shells in pods and the
tokens of service accounts. Harvester's chart ships one such template, virt-cluster-manage.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: project-member}
builtin: true
context: project
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-operators}
context: cluster
roleTemplateNames: [project-member]
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: nodes-view}
builtin: true
context: cluster
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-operators}
context: cluster
roleTemplateNames: [nodes-view]
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {name: crtb-1, namespace: c-m-abcd1234}
clusterName: c-m-abcd1234
roleTemplateName: rt-operators
userName: u-erin
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import in_brackets
from rbac_audit.audit.finding import FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.model import Rancher
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRoleTemplateBinding, RoleTemplate


def check(view: View) -> Iterator[Problem]:
    """Report the cluster bindings of templates that inherit project templates directly."""
    rancher = own_rancher(view)
    for item in rancher.bindings if rancher else ():
        if rancher and not item.project and item.subject:
            inherited = _inherited(rancher, item.template)
            if inherited:
                yield _problem(view, rancher, item, inherited)


def _inherited(rancher: Rancher, name: str) -> tuple[str, ...]:
    """Name the project templates that any template of a closure inherits, but for what Rancher ships so."""
    templates = rancher.templates
    return tuple(
        dict.fromkeys(
            parent
            for part in templates.closure(name).templates
            if part.context == "cluster" and not part.builtin
            for parent in part.role_template_names
            if parent in templates.by_name and templates.by_name[parent].context == "project"
            if parent != "monitoring-ui-view"  # its two rules are about one service
        )
    )


def _problem(view: View, rancher: Rancher, item: TemplateBinding, inherited: tuple[str, ...]) -> Problem:
    template = rancher.templates.by_name[item.template]
    ref = item.source.ref(view.name)
    return Problem(
        target=ref,
        message=f"{item.source} gives {item.subject} {names(inherited)} in every namespace of {item.cluster}, because "
        f"cluster role template {template.name}{in_brackets(template.display_name)} inherits it",
        related=(template.ref(view.name),),
        subjects=(item.subject,) if item.subject else (),
        scope=FindingScope(cluster_wide=True),
        chain=(
            Link("template-binding", f"{item.subject} is bound by {item.source}", ref),
            Link("role-template", f"to {template.name}, which inherits {names(inherited)}", template.ref(view.name)),
        ),
    )


RULE = Rule(
    id="cluster-template-inherits-project-template",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.MANAGEMENT,
    needs=(RoleTemplate, ClusterRoleTemplateBinding),
    fix=Fix(
        Safety.CONSENT,
        "Take the project template out of roleTemplateNames and name what is really needed in the whole cluster; bind "
        "the project template in the projects.",
    ),
    references=("https://github.com/rancher/rancher/issues/40498",),
    check=check,
)
