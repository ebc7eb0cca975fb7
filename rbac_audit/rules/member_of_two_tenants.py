"""Subject that may write in the projects of two tenants.

## What
A user, a group or a service account with a right to change things in two or more projects of one cluster, by role
template bindings of Rancher, by RoleBindings that somebody made, or by both. A person has the rights of the groups in
which Rancher last saw him or her as well. A project counts as a tenant; where two projects are one tenant's, waive the
finding. Administrators of Rancher, owners of the cluster, accounts of the platform, and groups that everybody is in are
not meant, nor is a right that reaches the whole cluster: other rules tell them.

## Why
Projects keep tenants apart only as long as nobody is in two of them. A stolen token of such a bridge account opens
both, and what it may copy from one to the other no rule of a project can stop.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-lab, namespace: c-m-abcd1234-p-lab}
projectName: "c-m-abcd1234:p-lab"
roleTemplateName: vm-operator
userName: u-bob
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-lab, namespace: c-m-abcd1234-p-lab}
projectName: "c-m-abcd1234:p-lab"
roleTemplateName: vm-viewer
userName: u-bob
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-lab, namespace: c-m-abcd1234}
spec: {displayName: lab}
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
spec: {displayName: shop}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: vm-operator}
context: project
rules:
- {apiGroups: [subresources.kubevirt.io], resources: [virtualmachines/restart], verbs: [update]}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: vm-viewer}
context: project
rules:
- {apiGroups: [kubevirt.io], resources: [virtualmachines], verbs: [get, list, watch]}
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-shop, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: vm-operator
userName: u-bob
```

```yaml both
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
```
"""

import itertools
from collections.abc import Iterator

from rbac_audit.access.bindings import Binding, RoleKey
from rbac_audit.access.identity import account_of, home_of
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import in_brackets
from rbac_audit.audit.finding import FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.harvester.platform import is_platform
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.ownership import Claim
from rbac_audit.rules._powers import changes_something
from rbac_audit.rules._words import names, verb
from rbac_audit.snapshot.objects import (
    ClusterRole,
    Namespace,
    ObjectRef,
    Project,
    ProjectRoleTemplateBinding,
    Role,
    RoleBinding,
    RoleTemplate,
    Subject,
    User,
    UserAttribute,
)

Who = tuple[str, str, str]
"""Kind, name and namespace of a subject."""
Ways = dict[str, list[Binding | TemplateBinding]]
"""Through which bindings a subject writes, by project."""


def check(view: View) -> Iterator[Problem]:
    """Collect in which projects each subject writes, then add up what a person has by groups."""
    ways = _ways(view)
    found = {who: held for who, held in ways.items() if len(held) > 1}
    found.update(_by_groups(view, ways))
    together: dict[tuple[Binding | TemplateBinding, ...], list[Subject]] = {}
    merged: dict[tuple[Binding | TemplateBinding, ...], Ways] = {}
    for (kind, name, namespace), held in found.items():
        who = Subject(kind=kind, name=name, namespace=namespace)
        if _is_meant(view, who):
            sources = tuple(dict.fromkeys(item for items in held.values() for item in items))
            together.setdefault(sources, []).append(who)
            merged[sources] = held
    for sources, subjects in together.items():
        yield _problem(view, merged[sources], sources, tuple(subjects))


def _ways(view: View) -> dict[Who, Ways]:
    found: dict[Who, Ways] = {}
    told: Iterator[tuple[Who, str, Binding | TemplateBinding]] = itertools.chain(_by_templates(view), _by_hand(view))
    for who, project, item in told:
        found.setdefault(who, {}).setdefault(project, []).append(item)
    return found


def _by_templates(view: View) -> Iterator[tuple[Who, str, TemplateBinding]]:
    rancher = view.rancher
    if rancher is None:
        return
    writing: dict[str, bool] = {}
    for item in rancher.bindings:
        project = view.projects.find(item.project)
        if item.subject is None or project is None or not project.known or project.system:
            continue
        if rancher.gives_nothing(item):
            continue
        if item.template not in writing:
            closure = rancher.templates.closure(item.template).templates
            roles = {part.name: view.access.rules(("", part.name)) for part in closure}
            writing[item.template] = changes_something(rancher.templates.rules(item.template, roles))
        if writing[item.template]:
            yield _who(item.subject, ""), project.id, item


def _by_hand(view: View) -> Iterator[tuple[Who, str, Binding]]:
    """Look at bindings in projects that no template binding is behind: those were told by it."""
    writing: dict[RoleKey, bool] = {}
    for namespace, bindings in view.access.by_namespace.items():
        project = view.projects.of(namespace) if namespace else None
        if project is None or view.classes.namespace_class(namespace) != "projects":
            continue
        for item in bindings:
            if view.ownership[item].claim is Claim.HOLDS:
                continue
            if item.role not in writing:
                writing[item.role] = changes_something(view.access.rules(item.role))
            for subject in item.subjects if writing[item.role] else ():
                if item not in view.shipped or not view.baseline.ships(item.source, subject):
                    yield _who(subject, namespace), project.id, item


def _who(subject: Subject, namespace: str) -> Who:
    """Spell an account in one way, whether it is written as such or as a User."""
    if account := account_of(subject.name) if subject.kind == "User" else None:
        return ("ServiceAccount", account[1], account[0])
    home = subject.namespace or namespace if subject.kind == "ServiceAccount" else ""
    return (subject.kind, subject.name, home)


def _by_groups(view: View, ways: dict[Who, Ways]) -> Iterator[tuple[Who, Ways]]:
    """Add up what people have themselves and by groups; who is in one group that has all of it is told by the group."""
    for person in view.people.all:
        who = ("User", person.user, "")
        groups = [("Group", group, "") for group in person.groups] if person.enabled else []
        parts = [ways[group] for group in groups if group in ways]
        together: Ways = {}
        for part in (ways.get(who, {}), *parts):
            for project, items in part.items():
                together.setdefault(project, []).extend(items)
        if len(together) > max(map(len, parts), default=1) or len(ways.get(who, ())) > 1:
            yield who, together


def _is_meant(view: View, who: Subject) -> bool:
    home = home_of(who)
    of_system = view.classes.namespace_class(home) == "system" if home else who.name.startswith("system:")
    return not (
        of_system or is_platform(who) or view.standing.is_cluster_owner(who) or view.standing.is_cluster_admin(who)
    )


def _problem(
    view: View, held: Ways, sources: tuple[Binding | TemplateBinding, ...], subjects: tuple[Subject, ...]
) -> Problem:
    projects = [view.projects.find(project) for project in sorted(held)]
    titles = [f"{project.id}{in_brackets(project.name)}" for project in projects if project is not None]
    target, *related = (_ref(view, item) for item in sources)
    return Problem(
        target=target,
        message=f"{names(subjects)} {verb(subjects, 'writes', 'write')} in {len(titles)} projects: {names(titles)}",
        related=tuple(related),
        subjects=subjects,
        scope=FindingScope(tuple(sorted({name for project in projects if project for name in project.namespaces}))),
        chain=tuple(_links(view, held, subjects)),
        key=" ".join(sorted(held)),
    )


def _ref(view: View, item: Binding | TemplateBinding) -> ObjectRef:
    manager = view.rancher.cluster.name if view.rancher else ""
    return item.source.ref(view.name if isinstance(item, Binding) else manager)


def _links(view: View, held: Ways, subjects: tuple[Subject, ...]) -> Iterator[Link]:
    for who in subjects[:1]:
        person = view.people.find(who.name) if who.kind == "User" else None
        if person is not None and person.groups:
            seen = f", as of {person.groups_as_of}" if person.groups_as_of else ""
            yield Link("person", f"{who} is known to be in {names(person.groups)}{seen}")
    for project, items in sorted(held.items()):
        for ref in dict.fromkeys(_ref(view, item) for item in items):
            yield Link("binding", f"{ref} gives the right to write in {project}", ref)


RULE = Rule(
    id="member-of-two-tenants",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    needs=(Namespace,),
    uses=(RoleBinding, Role, ClusterRole),
    uses_rancher=(ProjectRoleTemplateBinding, RoleTemplate, Project, User, UserAttribute),
    fix=Fix(
        Safety.MANUAL,
        "Ask which of the projects the subject still works in and take away the other bindings; whoever works for both "
        "tenants should have an account for each.",
    ),
    references=(
        "rancher/rancher pkg/auth/requests/authenticate.go (the groups of a request are those of the UserAttribute)",
        "https://ranchermanager.docs.rancher.com/how-to-guides/new-user-guides/manage-clusters/projects-and-namespaces",
    ),
    check=check,
)
