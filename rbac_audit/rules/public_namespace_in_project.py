"""The namespace harvester-public is in a project.

## What
The annotation field.cattle.io/projectId puts harvester-public into a project. Harvester means it to be in none.

## Why
Every role template binding of that project now also works in harvester-public: its members change the images and
templates that all tenants boot from. Users of other projects no longer see the namespace in the UI. Harvester v1.8.0
to v1.8.2 put it into the System project by mistake; newer versions do not take the annotation away again.

## Example
```yaml flagged
apiVersion: v1
kind: Namespace
metadata:
  name: harvester-public
  annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-4m8tz"}
```

```yaml clean
apiVersion: v1
kind: Namespace
metadata: {name: harvester-public}
---
apiVersion: v1
kind: Namespace
metadata:
  name: shop-dev
  annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-4m8tz"}
```
"""

from collections.abc import Iterator

from rbac_audit.audit.classes import PUBLIC
from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.harvester.versions import at_least, parse
from rbac_audit.rancher.projects import ProjectInfo
from rbac_audit.snapshot.objects import Namespace, Project, ProjectRoleTemplateBinding

_WITH_FAULT = ((1, 8, 0), (1, 8, 1), (1, 8, 2))


def check(view: View) -> Iterator[Problem]:
    """Look at the project annotation of the one namespace."""
    project = view.projects.of(PUBLIC)
    for namespace in view.cluster.of(Namespace):
        if namespace.name == PUBLIC and project is not None:
            yield _problem(view, namespace, project)


def _problem(view: View, namespace: Namespace, project: ProjectInfo) -> Problem:
    version = view.versions.get("harvester", "")
    mistake = project.system and parse(version) in _WITH_FAULT
    reason = ""
    if mistake:
        reason = f", as Harvester {version} does by mistake"
    elif project.system and at_least(version, "1.8.0") is not False:
        reason = ", where Harvester v1.8.0 to v1.8.2 may have put it by mistake"
    bound = [item for item in (view.rancher.bindings if view.rancher else ()) if item.project == project.id]
    members = tuple(dict.fromkeys(item.subject for item in bound if item.subject is not None))
    known = view.rancher is not None and view.rancher.knows_bindings and project.known
    count = f"{len(members)} member{'s' if len(members) != 1 else ''} of it" if known else "whoever is in it"
    outsiders = [subject for subject in members if not view.standing.is_cluster_owner(subject)]
    reach = f"; {count} may reach what all tenants share"
    return Problem(
        target=namespace.ref(view.name),
        message=f"{PUBLIC} is in project {project.name or project.id}{reason}{reach}",
        related=tuple(item.source.ref(view.rancher.cluster.name) for item in bound) if view.rancher else (),
        subjects=members,
        scope=FindingScope((PUBLIC,), project.id),
        severity=Severity.MEDIUM if mistake or (known and project.system and not outsiders) else None,
    )


RULE = Rule(
    id="public-namespace-in-project",
    page=__doc__ or "",
    severity=Severity.HIGH,
    needs=(Namespace,),
    uses_rancher=(Project, ProjectRoleTemplateBinding),
    fix=Fix(
        Safety.CONSENT,
        "Move harvester-public out of the project in Rancher (choose no project), and upgrade a Harvester v1.8.0 to "
        "v1.8.2 first, which would put it back.",
    ),
    references=(
        "https://github.com/harvester/harvester/issues/11289",
        "https://github.com/harvester/harvester/pull/11300",
    ),
    check=check,
)
