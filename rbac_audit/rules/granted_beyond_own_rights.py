"""Access that its giver does not have.

## What
A project or cluster role template binding whose maker (annotation field.cattle.io/creatorId) may write such bindings
there but does not hold all that the bound role template gives: Rancher before v2.6.7 and v2.5.16 let members who manage
members do so (CVE-2022-31247). What the maker gave to himself does not count as his. Not meant are bindings by
administrators, and by users who hold nothing there any more; templates that stand for a ClusterRole are compared only
where the cluster was read. The maker may have had more rights then, so it is possible.

## Why
Whoever could manage members of one project made owners, of this project or of others. The fix refuses new bindings of
that kind; those that were made before stay, and so does what their subjects have by them.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: secret-reader}
context: project
rules: [{apiGroups: [""], resources: [secrets], verbs: [get, list]}]
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: secret-reader}
context: project
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: members-manage}
context: project
rules:
- {apiGroups: [management.cattle.io], resources: [projectroletemplatebindings], verbs: ["*"]}
- {apiGroups: [""], resources: [pods], verbs: [get]}
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-erin, namespace: p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: members-manage
userName: u-erin
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-bob, namespace: p-shop, annotations: {field.cattle.io/creatorId: u-erin}}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: secret-reader
userName: u-bob
```
"""

from collections.abc import Iterator, Mapping

from rbac_audit.access import Permission
from rbac_audit.access.escalation import uncovered
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import describe
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.people import Person
from rbac_audit.rancher.raw import CREATOR
from rbac_audit.rancher.templates import grants
from rbac_audit.rules._claims import gives_roles, own_rancher
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    GlobalRole,
    GlobalRoleBinding,
    PolicyRule,
    ProjectRoleTemplateBinding,
    RoleTemplate,
    Subject,
    User,
    UserAttribute,
)

_GROUP = "management.cattle.io"
_WRITE = tuple(
    Permission(verb, _GROUP, kind)
    for kind in ("projectroletemplatebindings", "clusterroletemplatebindings")
    for verb in ("create", "update", "patch")
)
Names = set[tuple[str, str]]
Place = tuple[str, str, str, str]


def check(view: View) -> Iterator[Problem]:
    """Judge each maker, place and template once, then name the bindings."""
    rancher = own_rancher(view)
    if rancher is None:
        return
    given: dict[Place, list[TemplateBinding]] = {}
    for item in rancher.bindings:
        maker = item.source.metadata.annotations.get(CREATOR, "")
        if maker and item.subject is not None:
            given.setdefault((maker, item.cluster, item.project, item.template), []).append(item)
    held = _held(rancher) if given else {}
    admins = {(it.subject.kind, it.subject.name) for it in rancher.globals if it.admin and it.subject}
    for place, items in given.items():
        person = rancher.people.find(place[0])
        if person is None or person.system or not admins.isdisjoint(_known_as(person)):
            continue
        if lacks := _lacks(view, rancher, place, [it for name in _known_as(person) for it in held.get(name, ())]):
            yield _problem(view, person, items, lacks)


def _held(rancher: Rancher) -> dict[tuple[str, str], list[TemplateBinding]]:
    """Index the bindings by whom they are for, without what somebody gave to himself."""
    held: dict[tuple[str, str], list[TemplateBinding]] = {}
    for item in rancher.bindings:
        if item.subject is not None and item.source.metadata.annotations.get(CREATOR) != item.subject.name:
            held.setdefault((item.subject.kind, item.subject.name), []).append(item)
    return held


def _known_as(person: Person) -> Names:
    return {("User", person.user), *(("Group", group) for group in person.groups)}


def _lacks(view: View, rancher: Rancher, place: Place, held: list[TemplateBinding]) -> tuple[PolicyRule, ...]:
    """List what a template gives and its giver does not have; () also where that is not known."""
    _, cluster, project, template = place
    here = {item.template for item in held if item.cluster == cluster and item.project in {"", project}}
    wanted = {part.name: part for part in rancher.templates.closure(template).templates}
    mine = {part.name: part for name in here for part in rancher.templates.closure(name).templates}
    roles = _roles(view, cluster)
    external = {name for name, part in (mine | wanted).items() if part.external}
    if not here or any(not roles.get(name) for name in external):
        return ()
    owned = _rules(mine, roles)
    return uncovered(owned, _rules(wanted, roles)) if any(grants(owned, each) for each in _WRITE) else ()


def _roles(view: View, cluster: str) -> Mapping[str, tuple[PolicyRule, ...]]:
    """Find the ClusterRoles that external templates stand for on a cluster; none where it was not read."""
    there = next((each for each in view.managed if each.rancher_id == cluster), None)
    known = ("admin", "edit", "view", "cluster-admin") if there else ()
    return {name: there.access.rules(("", name)) for name in known} if there else {}


def _rules(
    templates: Mapping[str, RoleTemplate], roles: Mapping[str, tuple[PolicyRule, ...]]
) -> tuple[PolicyRule, ...]:
    found = ((*part.rules, *(roles.get(name, ()) if part.external else ())) for name, part in templates.items())
    return tuple(rule for rules in found for rule in rules)


def _problem(view: View, person: Person, items: list[TemplateBinding], lacks: tuple[PolicyRule, ...]) -> Problem:
    subjects = tuple(dict.fromkeys(item.subject for item in items if item.subject))
    first = items[0]
    return Problem(
        target=first.source.ref(view.name),
        message=f"{person.user} gave {names(subjects)} role template {first.template} in "
        f"{first.project or first.cluster}, which gives more than {person.user} has there: "
        f"{names(map(describe, lacks))}",
        related=tuple(item.source.ref(view.name) for item in items[1:]),
        subjects=(*subjects, Subject(kind="User", name=person.user)),
        scope=FindingScope(project=first.project, cluster_wide=not first.project),
        chain=tuple(Link("rule", f"{person.user} does not have {describe(rule)}") for rule in lacks[:5]),
        confidence=Confidence.POSSIBLE,
        key=first.template,
        advisories=("CVE-2022-31247",),
    )


RULE = Rule(
    id="granted-beyond-own-rights",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.MANAGEMENT,
    concerns=gives_roles,
    needs=(
        RoleTemplate,
        ProjectRoleTemplateBinding,
        ClusterRoleTemplateBinding,
        GlobalRoleBinding,
        GlobalRole,
        User,
    ),
    uses=(UserAttribute, User),
    fix=Fix(
        Safety.CONSENT,
        "Ask an owner whether the access is wanted; if not, delete the binding, and look in the audit log for what was "
        "done with it.",
    ),
    references=(
        "https://github.com/rancher/rancher/security/advisories/GHSA-6x34-89p7-95wg",
        "rancher/webhook pkg/resources/management.cattle.io/v3/projectroletemplatebinding/validator.go",
    ),
    check=check,
)
