"""Two projects share the namespace of their bindings.

## What
Projects of different clusters whose bindings lie in the same namespace of the management cluster: their backing
namespace, or, where that is empty, the namespace of their name.

## Why
Who may see or write the members of one of the projects may do the same to the other, on another cluster
(GHSA-8h6m-wv39-239m). Rancher gives projects namespaces of their own since v2.11.1, v2.10.5 and v2.9.9, but leaves
older projects where they are.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: local}
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
status: {backingNamespace: c-m-abcd1234-p-shop}
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: local}
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import Project, ProjectRoleTemplateBinding


def check(view: View) -> Iterator[Problem]:
    """Group the projects by where their bindings lie."""
    rancher = own_rancher(view)
    shared: dict[str, list[Project]] = {}
    for project in rancher.projects if rancher else ():
        shared.setdefault(project.status.backing_namespace or project.name, []).append(project)
    for namespace, projects in shared.items():
        if rancher and len(projects) > 1:
            held = [item for item in rancher.bindings if item.project and item.source.namespace == namespace]
            yield Problem(
                target=projects[0].ref(view.name),
                message=f"{names(projects)} keep their members in one namespace, {namespace}: who may change those of "
                f"one may change those of the other",
                related=tuple(project.ref(view.name) for project in projects[1:]),
                subjects=tuple(dict.fromkeys(item.subject for item in held if item.subject)),
                advisories=("GHSA-8h6m-wv39-239m",),
            )


RULE = Rule(
    id="shared-backing-namespace",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.MANAGEMENT,
    needs=(Project,),
    uses=(ProjectRoleTemplateBinding,),
    fix=Fix(
        Safety.MANUAL,
        "Upgrade Rancher, make a new project on one of the clusters, move its namespaces and members there, and delete "
        "the old one.",
    ),
    references=("https://github.com/advisories/GHSA-8h6m-wv39-239m",),
    check=check,
)
