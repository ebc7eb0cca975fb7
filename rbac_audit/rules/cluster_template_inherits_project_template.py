"""Cluster role template that inherits one for projects.

## What
A cluster role template binding to a role template of context project, or to one that somebody made and that inherits
such a template. What Rancher itself ships (projects-view) is not meant. It is medium where what is so given neither
changes anything nor reads Secrets.

## Why
What is inherited counts in the whole cluster: a template that inherits project-member or edit gives on every
namespace, the system's among them, what a member has in one project. That takes in Secrets, shells in pods and the
tokens of service accounts. Harvester's chart ships one such template, virt-cluster-manage. Rancher's webhook refuses
to bind a project's template on a cluster, but not to change the context of one that is bound already.

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
from rbac_audit.rancher.templates import grants
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._powers import changes_something
from rbac_audit.rules._takeover import READ_SECRETS
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleTemplateBinding, RoleTemplate


def check(view: View) -> Iterator[Problem]:
    """Report the cluster bindings of project templates, and of templates that inherit one."""
    rancher = own_rancher(view)
    for item in rancher.bindings if rancher else ():
        meant = not item.project and item.subject is not None and rancher and not rancher.gives_nothing(item)
        if rancher and meant and (found := _for_projects(rancher, item.template)):
            yield _problem(view, rancher, item, found)


def _for_projects(rancher: Rancher, name: str) -> tuple[str, ...]:
    """Name the project templates that count as a cluster's: the bound one, or those that any of its closure inherits.

    What Rancher ships so is meant, and the two rules of its monitoring-ui-view are about one service.
    """
    by_name = rancher.templates.by_name
    heirs = [it for it in rancher.templates.closure(name).templates if it.context != "project" and not it.builtin]
    asked = (name, *(parent for part in heirs for parent in part.role_template_names))
    known = (by_name[one] for one in dict.fromkeys(asked) if one in by_name and by_name[one].context == "project")
    return tuple(it.name for it in known if not (it.builtin and it.name == "monitoring-ui-view"))


def _problem(view: View, rancher: Rancher, item: TemplateBinding, found: tuple[str, ...]) -> Problem:
    template = rancher.templates.by_name[item.template]
    kind = "cluster role template" if template.context == "cluster" else "role template"
    title = f"{kind} {template.name}{in_brackets(template.display_name)}"
    ref, direct = item.source.ref(view.name), item.template in found
    return Problem(
        target=ref,
        message=f"{item.source} gives {item.subject} {names(found)} in every namespace of {item.cluster}, because "
        f"{title} {'is one for projects' if direct else 'inherits it'}",
        related=(template.ref(view.name),),
        subjects=(item.subject,) if item.subject else (),
        scope=FindingScope(cluster_wide=True),
        chain=(
            Link("template-binding", f"{item.subject} is bound by {item.source}", ref),
            Link(
                "role-template",
                f"to {template.name}, which {'is for projects' if direct else f'inherits {names(found)}'}",
                template.ref(view.name),
            ),
        ),
        severity=None if _is_grave(view, rancher, item, found) else Severity.MEDIUM,
    )


def _is_grave(view: View, rancher: Rancher, item: TemplateBinding, found: tuple[str, ...]) -> bool:
    """Tell whether project templates change anything or read Secrets, or may do so where that was not read."""
    there = next((each for each in view.managed if each.rancher_id == item.cluster), None)
    parts = [part for name in found for part in rancher.templates.closure(name).templates]
    unread = any(part.external for part in parts) and (there is None or not there.cluster.whole(ClusterRole))
    behind = {part.name: there.access.rules(("", part.name)) if there else () for part in parts}
    rules = tuple(rule for name in found for rule in rancher.templates.rules(name, behind))
    return unread or changes_something(rules) or any(grants(rules, right) for right in READ_SECRETS)


RULE = Rule(
    id="cluster-template-inherits-project-template",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.MANAGEMENT,
    needs=(RoleTemplate, ClusterRoleTemplateBinding),
    fix=Fix(
        Safety.CONSENT,
        "Take the project template out of roleTemplateNames, or the binding to it away, and name what is really needed "
        "in the whole cluster; bind the project template in the projects.",
    ),
    references=(
        "https://github.com/rancher/rancher/issues/40498",
        "rancher/webhook pkg/resources/management.cattle.io/v3/clusterroletemplatebinding/validator.go",
    ),
    check=check,
)
