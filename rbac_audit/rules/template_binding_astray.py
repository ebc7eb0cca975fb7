"""Role binding of Rancher that points at nothing.

## What
A project, cluster or global role binding of Rancher whose role template, global role, project or cluster does not
exist, that names nobody, that lies outside the namespace where its project or cluster keeps its bindings, or whose
external role template stands for a ClusterRole that its cluster does not have (low, where Rancher ships the template).
So is a cluster's binding whose role template inherits one that does not exist (project-broken-by-binding tells that of
a project's), and a project's binding to a role template for clusters. A project's binding for one of Rancher's own
users (`system://…`), as whom nobody logs in, is told too, and, as high, a cluster's binding that Rancher made for a
global role binding that is gone or has another role now: it goes on granting.

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
from rbac_audit.rancher.marks import GRB_OWNER
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.naming import safe_concat
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._differences import what_it_gives
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleTemplateBinding,
    GlobalRole,
    GlobalRoleBinding,
    ManagementCluster,
    Project,
    ProjectRoleTemplateBinding,
    RoleTemplate,
)

# The API server makes these itself at every start: where they are not, the source is not whole.
_BOOTSTRAP = frozenset({"admin", "edit", "view", "cluster-admin"})


def check(view: View) -> Iterator[Problem]:
    """Report every binding with what it lacks."""
    rancher = own_rancher(view)
    if rancher is None:
        return
    for item in rancher.bindings:
        scope = FindingScope(project=item.project, cluster_wide=not item.project)
        if owner := _lost_owner(rancher, item):
            yield _problem(view, item, owner, scope, Severity.HIGH)
        elif lacks := "; ".join(_lacks(rancher, item)):
            yield _problem(view, item, lacks, scope)
        elif lacks := _lacks_role(view, rancher, item):
            shipped = rancher.templates.by_name[item.template].builtin
            yield _problem(view, item, lacks, scope, Severity.LOW if shipped else None)
    for one in rancher.globals if rancher.cluster.whole(GlobalRole) else ():
        if one.role is None:
            lacks = f"global role {one.source.global_role_name} does not exist"
            yield _problem(view, one, lacks, FindingScope(cluster_wide=True))


def _lacks(rancher: Rancher, item: TemplateBinding) -> Iterator[str]:
    if not item.template:
        yield "it names no role template"
    elif rancher.cluster.whole(RoleTemplate) and item.template not in rancher.templates.by_name:
        yield f"role template {item.template} does not exist"
    yield from _misplaced(rancher, item)
    yield from _unfit(rancher, item)
    if item.subject is None and not rancher.fault_of(item):
        yield "it names nobody"
    person = rancher.people.find(item.source.user_name)
    if item.project and person is not None and person.system:
        yield f"{item.source.user_name} is one of Rancher's own users, as whom nobody logs in"


def _misplaced(rancher: Rancher, item: TemplateBinding) -> Iterator[str]:
    place, backing = item.source.namespace, rancher.backing_namespaces
    if not item.cluster:
        yield "it names no cluster"
    elif rancher.cluster.whole(ManagementCluster) and item.cluster not in rancher.clusters:
        yield f"Rancher has no cluster {item.cluster}"
    elif item.project and item.project not in backing:
        if rancher.cluster.whole(Project):
            yield f"project {item.project} does not exist"
    elif item.project and place != backing[item.project]:
        yield f"it lies in namespace {place}, those of its project in {backing[item.project]}"
    elif not item.project and place != item.cluster:
        yield f"it lies in namespace {place}, those of its cluster in {item.cluster}"


def _unfit(rancher: Rancher, item: TemplateBinding) -> Iterator[str]:
    """Name what is wrong with a template for this kind of binding: what it inherits for a cluster's, its context else.

    What a project's inherits in vain breaks the project: project-broken-by-binding tells that.
    """
    template = rancher.templates.by_name.get(item.template)
    missing = rancher.templates.closure(item.template).missing if template is not None else ()
    if missing and not item.project and rancher.cluster.whole(RoleTemplate):
        made = {True: "the rest", False: "nothing", None: "nothing, or the rest, by its model"}[rancher.aggregated]
        yield f"role template {item.template} inherits {names(missing)}, which does not exist: Rancher makes {made}"
    if template is not None and item.project and template.context == "cluster":
        yield f"role template {item.template} is one for clusters, which Rancher's webhook does not bind in a project"


def _lost_owner(rancher: Rancher, item: TemplateBinding) -> str:
    """Say that the global role binding that Rancher made a binding for (inheritedClusterRoles) does not give it now."""
    name = item.source.metadata.labels.get(GRB_OWNER, "")
    if not name or not rancher.cluster.whole(GlobalRoleBinding):
        return ""
    owner = next((found for found in rancher.globals if safe_concat(found.source.name) == name), None)
    if owner is None:
        return f"it was made for GlobalRoleBinding {name}, which does not exist"
    given = owner.role is None or item.template in owner.role.inherited_cluster_roles
    return "" if given else f"it was made for GlobalRoleBinding {name}, whose role does not give it any more"


def _lacks_role(view: View, rancher: Rancher, item: TemplateBinding) -> str:
    """Name the ClusterRole that an external template stands for, where the cluster was read and does not have it."""
    template = rancher.templates.by_name.get(item.template)
    there = next((each for each in view.managed if each.rancher_id == item.cluster), None)
    if (
        template is None
        or not template.external
        or template.name in _BOOTSTRAP
        or there is None
        or not there.cluster.whole(ClusterRole)
    ):
        return ""
    return (
        "" if ("", template.name) in there.access.roles else f"cluster {there.name} has no ClusterRole {template.name}"
    )


def _problem(
    view: View,
    owner: Owner,
    lacks: str,
    scope: FindingScope,
    severity: Severity | None = None,
) -> Problem:
    return Problem(
        target=owner.source.ref(view.name),
        message=f"{owner.source} is to give {what_it_gives(owner)}, but {lacks}",
        subjects=(owner.subject,) if owner.subject else (),
        scope=scope,
        severity=severity,
    )


RULE = Rule(
    id="template-binding-astray",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.MANAGEMENT,
    uses=(
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
