"""Namespace in a project that its maker is not in.

## What
A namespace of a project that was made by a user (annotation field.cattle.io/creatorId) who has no role in the project,
none on the cluster and is no administrator, by him- or herself or through a known group. One finding for each such user
and project. The membership may have ended since, so it is possible.

## Why
Before v2.7.4 and v2.6.13 whoever could change a namespace could move it into any project (CVE-2020-10676): the
project's members get into it, its quota and network isolation are those of the project, and whoever moved it there is
inside the isolation without anybody's decision. No upgrade moves it back.

## Example
```yaml flagged
apiVersion: v1
kind: Namespace
metadata:
  name: smuggled
  annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop", field.cattle.io/creatorId: u-erin}
```

```yaml clean
apiVersion: v1
kind: Namespace
metadata:
  name: regular
  annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop", field.cattle.io/creatorId: u-bob}
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-bob}
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-bob, namespace: p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: project-member
userName: u-bob
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rancher.model import WHO_IS_WHO
from rbac_audit.rancher.raw import CREATOR
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import Namespace, Project, Subject


def check(view: View) -> Iterator[Problem]:
    """Group the namespaces by project and maker, then judge each pair once."""
    rancher = view.rancher
    if rancher is None:
        return
    made: dict[tuple[str, str], list[Namespace]] = {}
    for namespace in view.cluster.of(Namespace):
        maker = namespace.metadata.annotations.get(CREATOR, "")
        project = view.projects.of(namespace.name) if maker else None
        if project is not None and project.known:
            made.setdefault((project.id, maker), []).append(namespace)
    on_cluster = {
        (item.subject.kind, item.subject.name)
        for item in rancher.bindings
        if item.subject and not item.project and item.cluster == view.rancher_id
    }
    for (project_id, maker), namespaces in made.items():
        person = rancher.people.find(maker)
        subject = Subject(kind="User", name=maker)
        known_as = {("User", maker), *(("Group", group) for group in (person.groups if person else ()))}
        inside = view.standing.is_member(subject, project_id) or view.standing.is_cluster_owner(subject)
        if person is not None and not person.system and not inside and on_cluster.isdisjoint(known_as):
            yield _problem(view, project_id, subject, namespaces)


def _problem(view: View, project_id: str, subject: Subject, namespaces: list[Namespace]) -> Problem:
    project = view.projects.find(project_id)
    one = len(namespaces) == 1
    return Problem(
        target=namespaces[0].ref(view.name),
        message=f"{names(namespaces)} {'is' if one else 'are'} in project {project.name if project else project_id}, "
        f"but {subject}, who made {'it' if one else 'them'}, has no role there",
        related=tuple(item.ref(view.name) for item in namespaces[1:]),
        subjects=(subject,),
        scope=FindingScope(tuple(item.name for item in namespaces), project_id),
        confidence=Confidence.POSSIBLE,
        key=project_id,
        advisories=("CVE-2020-10676",),
    )


RULE = Rule(
    id="namespace-of-outsider",
    page=__doc__ or "",
    severity=Severity.LOW,
    needs=(Namespace,),
    needs_rancher=(Project, *WHO_IS_WHO),
    fix=Fix(
        Safety.MANUAL,
        "Ask an owner of the project whether the namespace belongs to it; if not, move it out in Rancher.",
    ),
    references=(
        "https://github.com/rancher/rancher/security/advisories/GHSA-8vhc-hwhc-cpj4",
        "rancher/webhook pkg/resources/core/v1/namespace/projectannotations.go",
    ),
    check=check,
)
