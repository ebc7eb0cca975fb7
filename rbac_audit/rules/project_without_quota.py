"""Project without a quota.

## What
A project with namespaces on the cluster, whose object names no limit for the project as a whole (spec.resourceQuota).
Told with it are its namespaces that have no ResourceQuota either; one that is there may limit little, and none is there
for the next namespace, which members of a project make themselves. The System project is not meant; the Default project
is told as info.

## Why
Nothing else in Rancher or Harvester limits what one tenant takes: the members of such a project can use up the
processors, the memory and the storage of the whole cluster, and virtual machines of other tenants then do not start.

## Example
```yaml flagged
apiVersion: v1
kind: Namespace
metadata: {name: lab-vms, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-lab"}}
```

```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-lab, namespace: c-m-abcd1234}
spec: {displayName: lab}
```

```yaml clean
apiVersion: v1
kind: Namespace
metadata: {name: lab-vms, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-lab"}}
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-lab, namespace: c-m-abcd1234}
spec:
  displayName: lab
  resourceQuota: {limit: {limitsCpu: 64000m, limitsMemory: 128Gi}}
  namespaceDefaultResourceQuota: {limit: {limitsCpu: 8000m, limitsMemory: 16Gi}}
```
"""

from collections.abc import Iterator

from rbac_audit.audit.contents import quotas
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import in_brackets
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import Namespace, Project, ResourceQuota


def check(view: View) -> Iterator[Problem]:
    """Look at the projects of the cluster that have namespaces on it."""
    rancher = view.rancher
    limits = quotas(view)
    bound = view.cluster.unread_namespaces | {quota.namespace for quota in view.cluster.of(ResourceQuota)}
    for item in rancher.projects if rancher else ():
        project = view.projects.find(f"{item.namespace}:{item.name}")
        if rancher is None or project is None or project.system or not project.namespaces or limits[project.id]:
            continue
        free = [name for name in project.namespaces if name not in bound] if view.cluster.whole(ResourceQuota) else []
        also = f"; without a quota of their own: {names(free)}" if free else ""
        yield Problem(
            target=item.ref(rancher.cluster.name),
            message=f"project {project.id}{in_brackets(project.name)} has no quota{also}",
            scope=FindingScope(project.namespaces, project.id),
            severity=Severity.INFO if project.default else None,
        )


RULE = Rule(
    id="project-without-quota",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    needs=(Namespace,),
    # The quotas of namespaces only say more: without them the finding is as true.
    needs_rancher=(Project,),
    fix=Fix(
        Safety.MANUAL,
        "Set a quota for the project, and the share that each of its namespaces gets, from what the cluster has. What "
        "runs already is counted, so choose limits above it; virtual machines need a little more memory than shown.",
    ),
    references=(
        "rancher/rancher pkg/apis/management.cattle.io/v3/authz_types.go (ProjectSpec.resourceQuota)",
        "https://docs.harvesterhci.io/v1.5/rancher/resource-quota",
    ),
    check=check,
)
