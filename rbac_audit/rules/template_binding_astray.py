"""Role binding of Rancher that points at nothing.

## What
A project, cluster or global role binding of Rancher whose role template, global role, project or cluster does not
exist, that names nobody, or that lies outside the namespace where its project or cluster keeps its bindings.

## Why
Deleting a role template or a global role leaves its bindings, and nothing in Rancher marks them: they come back to
life with the next object of that name. In the aggregated model a missing role template leaves bindings on the
clusters to a role that whoever makes it can fill; from Rancher v2.15 on such a binding can often not be changed any
more, only deleted. What lies in the wrong namespace is written and deleted again for ever.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-old, namespace: p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: rt-deleted
userName: u-erin
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-here}
context: project
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-new, namespace: p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: rt-here
userName: u-erin
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import Owner, TemplateBinding
from rbac_audit.rancher.model import Rancher
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._differences import what_it_gives
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    GlobalRole,
    GlobalRoleBinding,
    ManagementCluster,
    Project,
    ProjectRoleTemplateBinding,
    RoleTemplate,
)


def check(view: View) -> Iterator[Problem]:
    """Report every binding with what it lacks."""
    rancher = own_rancher(view)
    if rancher is None:
        return
    for item in rancher.bindings:
        if lacks := "; ".join(_lacks(rancher, item)):
            yield _problem(view, item, lacks, FindingScope(project=item.project, cluster_wide=not item.project))
    for one in rancher.globals:
        if one.role is None:
            lacks = f"global role {one.source.global_role_name} does not exist"
            yield _problem(view, one, lacks, FindingScope(cluster_wide=True))


def _lacks(rancher: Rancher, item: TemplateBinding) -> Iterator[str]:
    source, backing = item.source, rancher.backing_namespaces
    if item.template not in rancher.templates.by_name:
        yield f"role template {item.template} does not exist"
    if rancher.cluster.whole(ManagementCluster) and item.cluster not in rancher.clusters:
        yield f"Rancher has no cluster {item.cluster}"
    elif item.project and item.project not in backing:
        yield f"project {item.project} does not exist"
    elif item.project and source.namespace != backing[item.project]:
        yield f"it lies in namespace {source.namespace}, those of its project in {backing[item.project]}"
    elif not item.project and source.namespace != item.cluster:
        yield f"it lies in namespace {source.namespace}, those of its cluster in {item.cluster}"
    if item.subject is None and not rancher.fault_of(item):
        yield "it names nobody"


def _problem(view: View, owner: Owner, lacks: str, scope: FindingScope) -> Problem:
    return Problem(
        target=owner.source.ref(view.name),
        message=f"{owner.source} is to give {what_it_gives(owner)}, but {lacks}",
        subjects=(owner.subject,) if owner.subject else (),
        scope=scope,
    )


RULE = Rule(
    id="template-binding-astray",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.MANAGEMENT,
    needs=(
        RoleTemplate,
        ProjectRoleTemplateBinding,
        ClusterRoleTemplateBinding,
        Project,
        GlobalRole,
        GlobalRoleBinding,
    ),
    fix=Fix(
        Safety.CONSENT,
        "Delete the binding; if the access is wanted, make a new one in the right place and to a role that is there. "
        "Delete bindings before their role template.",
    ),
    references=(
        "https://github.com/rancher/rancher/issues/48681",
        "https://github.com/rancher/rancher/issues/42754",
        "rancher/webhook pkg/resources/management.cattle.io/v3/projectroletemplatebinding/validator.go",
    ),
    check=check,
)
