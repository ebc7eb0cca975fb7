"""Members can be given more than whoever makes them members holds.

## What
An external role template that gives more on a cluster than Rancher's webhook looks at when somebody binds it: the
webhook looks at its externalRules or, without them, at the ClusterRole of its name on the management cluster, while the
ClusterRole of that name on the cluster itself is bound. Told is who may write project role template bindings there,
passes the webhook, and lacks, by all of their own role templates, some of what comes on top; low where nobody is.
Rancher's own view, edit and admin are so on every Harvester cluster, since KubeVirt and Harvester add to them. They are
told only where somebody can give more than they hold: low, together, or high where somebody widened the ClusterRole.

## Why
Who has a few rights in a project makes somebody a member with many, or himself by another account; no check refuses it.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: db-operator}
rules:
- {apiGroups: [db.example.com], resources: [databases, databases/credentials], verbs: [get]}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: db-operator}
rules:
- {apiGroups: [db.example.com], resources: [databases], verbs: [get]}
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: db-operator}
context: project
external: true
externalRules: [{apiGroups: [db.example.com], resources: [databases], verbs: [get]}]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: db-lead}
rules:
- {apiGroups: [db.example.com], resources: [databases], verbs: [get]}
- {apiGroups: [management.cattle.io], resources: [projectroletemplatebindings], verbs: ["*"]}
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-lead, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: db-lead
userName: u-erin
```
"""

from collections.abc import Iterator, Mapping
from functools import cache

import msgspec

from rbac_audit.access import Permission
from rbac_audit.access.aggregation import Aggregation
from rbac_audit.access.escalation import covers, uncovered
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import describe, in_brackets
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.harvester.role_templates import change_of
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.templates import RoleTemplates, grants
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleTemplateBinding,
    PolicyRule,
    ProjectRoleTemplateBinding,
    RoleTemplate,
    Subject,
)

_WRITES = tuple(
    Permission(verb, "management.cattle.io", "projectroletemplatebindings") for verb in ("create", "update", "patch")
)

_MAY, _MORE = "may bind", "in a project, and so give away more than their own role templates hold"

_Rules = Mapping[str, tuple[PolicyRule, ...]]
_Held = tuple[frozenset[str], frozenset[str]]  # role templates: those on the cluster, those in one project


class _Wider(msgspec.Struct, frozen=True):  # who can give what is not looked at, without holding it
    template: RoleTemplate
    surplus: tuple[PolicyRule, ...]
    givers: tuple[Subject, ...]


def check(view: View) -> Iterator[Problem]:
    """Compare what each external template gives here with what the webhook looks at, and then with its givers."""
    rancher = view.rancher
    if rancher is None:
        return
    manager = Aggregation(rancher.cluster.of(ClusterRole))
    there = {role.name for role in rancher.cluster.of(ClusterRole)}
    external = {name: item.external_rules for name, item in rancher.templates.by_name.items() if item.external}
    really = {name: view.access.rules(("", name)) for name in external}
    checked = {name: rules or manager.effective(name) for name, rules in external.items() if rules or name in there}
    surplus = {name: uncovered(rules, _not_in(really[name], rules)) for name, rules in checked.items()}
    wider = {name: rules for name, rules in surplus.items() if rules}
    usual: list[_Wider] = []
    for item in _judge(view, rancher, wider, checked, really) if wider else ():
        shipped = change_of(item.template) is not None
        if shipped and not _is_widened(view, item):
            usual += [item] if item.givers else []
        elif item.givers or not shipped:
            yield _made(view, rancher, item)
    if usual:
        yield _as_shipped(view, rancher, usual)


def _not_in(rules: tuple[PolicyRule, ...], others: tuple[PolicyRule, ...]) -> tuple[PolicyRule, ...]:
    known = set(others)
    return tuple(rule for rule in rules if rule not in known)


def _covers(owned: tuple[PolicyRule, ...], wanted: tuple[PolicyRule, ...]) -> bool:
    # Most often it is the same rules, or the first other one decides.
    return all(covers(owned, (rule,)) for rule in _not_in(wanted, owned))


def _judge(view: View, rancher: Rancher, wider: _Rules, checked: _Rules, really: _Rules) -> Iterator[_Wider]:
    """Find who passes the webhook with a template, and has not all that comes with it."""
    templates = rancher.templates

    @cache
    def passes(held: frozenset[str], name: str) -> bool:
        return _covers(_added_up(templates, held, checked), templates.rules(name, checked))

    @cache
    def lacks(held: frozenset[str], name: str) -> bool:
        holds = _added_up(templates, held, really)
        return bool(_not_in(really[name], (*checked[name], *holds))) and not _covers(holds, wider[name])

    holders = _holders(view, rancher).items()
    writing = {name for name in templates.by_name if any(grants(templates.rules(name, checked), it) for it in _WRITES)}
    writers = [(held, who) for held, who in holders if not writing.isdisjoint(held[0] | held[1])]
    for name in wider:
        ways = [item for item in templates.by_name if _is_way(templates, item, name, checked)]
        givers = [
            subject
            for held, who in writers
            if lacks(held[0] | held[1], name) and any(passes(part, way) for part in held for way in ways)
            for subject in who
        ]
        if ways:
            yield _Wider(templates.by_name[name], wider[name], tuple(dict.fromkeys(givers)))


def _is_way(templates: RoleTemplates, name: str, external: str, checked: _Rules) -> bool:
    """Tell whether the webhook lets a template be bound in a project that is or inherits an external one."""
    template, closure = templates.by_name[name], templates.closure(name)
    parts = {part.name for part in closure.templates}
    broken = (
        closure.missing or closure.cyclic or any(it.external and it.name not in checked for it in closure.templates)
    )
    return external in parts and template.context == "project" and not template.locked and not broken


def _added_up(templates: RoleTemplates, held: frozenset[str], cluster_roles: _Rules) -> tuple[PolicyRule, ...]:
    return tuple(dict.fromkeys(rule for name in sorted(held) for rule in templates.rules(name, cluster_roles)))


def _holders(view: View, rancher: Rancher) -> dict[_Held, list[Subject]]:
    """Group who is bound by what they hold, by themselves and by their groups; administrators are left out."""
    held: dict[str, dict[str, set[str]]] = {}
    subjects: dict[str, Subject] = {}
    for item in rancher.bindings:
        if item.cluster == view.rancher_id and item.subject is not None:
            held.setdefault(str(item.subject), {}).setdefault(item.project, set()).add(item.template)
            subjects[str(item.subject)] = item.subject
    admins = {str(item.subject) for item in rancher.globals if item.admin}
    found: dict[_Held, list[Subject]] = {}
    for subject in subjects.values():
        person = rancher.people.find(subject.name) if subject.kind == "User" else None
        known_as = (str(subject), *(f"Group:{group}" for group in (person.groups if person else ())))
        parts = [held[name] for name in known_as if name in held and admins.isdisjoint(known_as)]
        everywhere = frozenset(name for part in parts for name in part.get("", ()))
        for project in dict.fromkeys(project for part in parts for project in part):
            here = frozenset(name for part in parts for name in part.get(project, ()))
            found.setdefault((everywhere, here), []).append(subject)
    return found


def _is_widened(view: View, item: _Wider) -> bool:
    """Tell whether the ClusterRole behind a shipped template has more than anybody is known to ship."""
    name = item.template.name
    known, role = view.baseline.variants("ClusterRole", "", name), view.access.roles.get(("", name))
    return bool(known) and not all(view.baseline.ships_rule(role, rule) for rule in item.surplus)


def _made(view: View, rancher: Rancher, item: _Wider) -> Problem:
    template, givers = item.template, item.givers
    own = f"ClusterRole {template.name} of {rancher.cluster.name}"
    compared = "its externalRules" if template.external_rules else own
    who = f"{names(givers)} {_MAY} it {_MORE}" if givers else "nobody is known who can give it without holding as much"
    return Problem(
        target=template.ref(rancher.cluster.name),
        message=f"external role template {template.name}{in_brackets(template.display_name)} gives more on {view.name} "
        f"than Rancher's webhook looks at, which is {compared}: {names(map(describe, item.surplus))}; {who}",
        related=(view.access.roles["", template.name].ref(view.name),),
        subjects=givers,
        scope=FindingScope(cluster_wide=True),
        severity=None if givers else Severity.LOW,
        key=view.name,
    )


def _as_shipped(view: View, rancher: Rancher, found: list[_Wider]) -> Problem:
    givers = tuple(dict.fromkeys(subject for item in found for subject in item.givers))
    refs = [item.template.ref(rancher.cluster.name) for item in found]
    surplus = [describe(rule) for item in found for rule in item.surplus]
    return Problem(
        target=refs[0],
        message=f"shipped external role templates ({names(item.template.name for item in found)}) give more on "
        f"{view.name} than Rancher's webhook looks at, which is how Rancher comes: {names(surplus)}; "
        f"{names(givers)} {_MAY} them {_MORE}",
        related=tuple(refs[1:]),
        subjects=givers,
        scope=FindingScope(cluster_wide=True),
        severity=Severity.LOW,
        key=view.name,
    )


RULE = Rule(
    id="external-template-wider-here",
    page=__doc__ or "",
    severity=Severity.HIGH,
    needs=(ClusterRole,),
    needs_rancher=(RoleTemplate, ClusterRole, ProjectRoleTemplateBinding, ClusterRoleTemplateBinding),
    fix=Fix(
        Safety.CONSENT,
        "State as externalRules all that the ClusterRole holds on any cluster, lock the template, or make one with "
        "rules of its own; let only those write project role template bindings who hold what they may give.",
    ),
    references=(
        "rancher/webhook pkg/auth/roleTemplate.go (RulesFromTemplate)",
        "rancher/webhook pkg/resources/management.cattle.io/v3/projectroletemplatebinding/validator.go",
        "rancher/rancher pkg/controllers/managementuser/rbac/handler_base.go (ensureRoles)",
    ),
    check=check,
)
