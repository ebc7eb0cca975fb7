"""More people own a cluster or a project than anybody can know.

## What
A cluster or a project that more than five people own: by a role template that owns it (cluster-owner, project-owner,
what inherits them or says as much), themselves or through a group in which Rancher last saw them. The administrators of
Rancher, who own every cluster, are counted by themselves. Groups in which nearly everybody is are told by
wide-group-bound.

## Why
An owner makes members and other owners, reads every Secret and may delete everything. Each of them can be deceived, or
leave. Among so many nobody notices one too many, and a wide group grows without a question to whoever answers for the
project.

## Example
```yaml flagged rancher
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: p6, namespace: p-shop},
 projectName: "c-m-abcd1234:p-shop", roleTemplateName: project-owner, userName: u-6}
```

```yaml clean rancher
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: p6, namespace: p-shop},
 projectName: "c-m-abcd1234:p-shop", roleTemplateName: read-only, userName: u-6}
```

```yaml both rancher
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: project-owner}, context: project,
 rules: [{apiGroups: [management.cattle.io], resources: [projects], verbs: [own]}]}
---
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: p1, namespace: p-shop},
 projectName: "c-m-abcd1234:p-shop", roleTemplateName: project-owner, userName: u-1}
---
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: p2, namespace: p-shop},
 projectName: "c-m-abcd1234:p-shop", roleTemplateName: project-owner, userName: u-2}
---
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: p3, namespace: p-shop},
 projectName: "c-m-abcd1234:p-shop", roleTemplateName: project-owner, userName: u-3}
---
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: p4, namespace: p-shop},
 projectName: "c-m-abcd1234:p-shop", roleTemplateName: project-owner, userName: u-4}
---
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: p5, namespace: p-shop},
 projectName: "c-m-abcd1234:p-shop", roleTemplateName: project-owner, userName: u-5}
```
"""

from collections.abc import Iterable, Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import GlobalBinding, TemplateBinding
from rbac_audit.rancher.model import WHO_IS_WHO, Rancher
from rbac_audit.rancher.templates import makes_owner
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import GlobalRole, ManagementCluster, ObjectRef, Project, RoleTemplate, Subject

_MANY = 5

Owning = TemplateBinding | GlobalBinding


def check(view: View) -> Iterator[Problem]:
    """Count the people behind what owns each place."""
    rancher = own_rancher(view)
    if rancher is None:
        return
    owning: dict[ObjectRef, list[Owning]] = {}
    owns: dict[tuple[str, bool], bool] = {}
    for item in rancher.bindings:
        key = (item.template, bool(item.project))
        if key not in owns:
            resource = "projects" if item.project else "clusters"
            owns[key] = makes_owner(rancher.templates.closure(item.template), resource)
        if owns[key]:
            owning.setdefault(_place(view, item), []).append(item)
    for admin in rancher.globals:
        if admin.admin and admin.role is not None:
            ref = ObjectRef(GlobalRole.group, GlobalRole.kind, admin.role.name, "", view.name)
            owning.setdefault(ref, []).append(admin)
    for place, items in owning.items():
        yield from _judge(view, rancher, place, items)


def _place(view: View, item: TemplateBinding) -> ObjectRef:
    if not item.project:
        return ObjectRef(ManagementCluster.group, ManagementCluster.kind, item.cluster, "", view.name)
    cluster, _, project = item.project.partition(":")
    return ObjectRef(Project.group, Project.kind, project, cluster, view.name)


def _judge(view: View, rancher: Rancher, place: ObjectRef, items: Iterable[Owning]) -> Iterator[Problem]:
    subjects = tuple(dict.fromkeys(item.subject for item in items if item.subject))
    people = dict(person for subject in subjects for person in _people(rancher, subject))
    if len(people) > _MANY:
        what = f"{place.kind.lower()} {place.namespace}{':' if place.namespace else ''}{place.name}"
        whole = "every cluster, by global role " + place.name if place.kind == GlobalRole.kind else what
        yield Problem(
            target=place,
            message=f"{len(people)} people own {whole}: {names(people.values(), 10)}",
            related=tuple(item.source.ref(view.name) for item in items),
            scope=FindingScope(project=what.partition(" ")[2]) if place.kind == Project.kind else FindingScope(),
        )


def _people(rancher: Rancher, subject: Subject) -> Iterator[tuple[str, str]]:
    """Name the people behind a subject, each with what to call them."""
    if subject.kind == "Group":
        yield from ((it.user, it.display_name or it.user) for it in rancher.people.members(subject.name))
    elif subject.kind == "User":
        person = rancher.people.find(subject.name)
        if person is None or not person.system:
            yield subject.name, (person.display_name if person else "") or subject.name


RULE = Rule(
    id="many-owners",
    page=__doc__ or "",
    severity=Severity.LOW,
    on=On.MANAGEMENT,
    needs=(RoleTemplate,),
    uses=WHO_IS_WHO,
    fix=Fix(
        Safety.MANUAL,
        "Ask each whether it has to be ownership: members work with everything in a project and make no members. Keep "
        "two or three owners whom everybody knows, or a group of its own for them.",
    ),
    references=("rancher/rancher pkg/data/management/role_data.go",),
    check=check,
)
