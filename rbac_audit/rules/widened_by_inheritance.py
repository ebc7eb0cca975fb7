"""Role template that gives more than it and its parents state.

## What
A role template that somebody made and whose rights come, in part, from further than the templates that it names: it
inherits a template that somebody made as well, and that one inherits others. Told are the rights that are in neither
its own rules nor those of the templates that it names. What a template inherits that Rancher or Harvester's chart ships
(project-member, virt-project-manage) counts as stated by that one, because everybody can look it up. It is medium where
these rights change anything or read Secrets and somebody is bound, and low otherwise. Circles are told by
role-template-cycle.

## Why
Rancher shows of a role template its own rules and the names of its parents. Whoever binds it trusts those names, and
whoever later adds a parent to one of them widens this one too, for everybody who is bound to it, without touching it:
the webhook looks at the template that is written, and not at those that inherit it.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-helpers}
context: project
roleTemplateNames: [rt-pipelines]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-pipelines}
context: project
rules:
- {apiGroups: [""], resources: [secrets], verbs: [get, list]}
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-helpers}
context: project
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [get, list]}
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-desk}
context: project
roleTemplateNames: [rt-helpers]
rules:
- {apiGroups: [""], resources: [pods], verbs: [get, list]}
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-erin, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: rt-desk
userName: u-erin
```
"""

import itertools
from collections.abc import Iterator, Mapping

import msgspec

from rbac_audit.access.escalation import uncovered
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import in_brackets
from rbac_audit.audit.finding import Confidence, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.harvester.role_templates import change_of
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.templates import grants
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._powers import changes_something, powers_of
from rbac_audit.rules._takeover import READ_SECRETS
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleTemplateBinding,
    PolicyRule,
    ProjectRoleTemplateBinding,
    RoleTemplate,
)


class _Widened(msgspec.Struct, frozen=True):
    """What a template gives beyond what it and its parents state: the rights, and from which templates they come.

    `unread` are external ones among these whose ClusterRole is not on the management cluster.
    """

    rules: tuple[PolicyRule, ...]
    sources: tuple[str, ...]
    unread: tuple[str, ...]


def check(view: View) -> Iterator[Problem]:
    """Compare what each template that somebody made gives with what it and its parents state."""
    rancher = own_rancher(view)
    if rancher is None:
        return
    bound: dict[str, list[TemplateBinding]] = {}
    for item in rancher.bindings:
        bound.setdefault(item.template, []).append(item)
    behind = {name: view.access.rules(("", name)) for name, it in rancher.templates.by_name.items() if it.external}
    templates = rancher.cluster.of(RoleTemplate)
    inherited = {parent for template in templates for parent in template.role_template_names}
    for template in templates:
        # One that only others inherit is told with these.
        meant = not _is_known(template) and (template.name in bound or template.name not in inherited)
        widened = _widened(rancher, template, behind) if meant else None
        if widened is not None:
            yield _problem(view, rancher, template, widened, bound.get(template.name, []))


def _widened(rancher: Rancher, template: RoleTemplate, behind: Mapping[str, tuple[PolicyRule, ...]]) -> _Widened | None:
    closure = rancher.templates.closure(template.name)
    stated = _stated(rancher, template)
    deep = () if closure.cycle else tuple(item for item in closure.templates if item.name not in stated)
    if not deep:
        return None
    owned = [rule for item in closure.templates if item.name in stated for rule in _rules(item, behind)]
    more = {item.name: uncovered(owned, _rules(item, behind)) for item in deep}
    unread = tuple(item.name for item in deep if item.external and not behind[item.name])
    sources = tuple(name for name, rules in more.items() if rules or name in unread)
    return _Widened(tuple(rule for rules in more.values() for rule in rules), sources, unread) if sources else None


def _is_known(template: RoleTemplate) -> bool:
    """Tell whether Rancher or a chart ships a template of the name; that it was edited, another rule tells."""
    return change_of(template) is not None


def _stated(rancher: Rancher, template: RoleTemplate) -> set[str]:
    named = {template.name, *template.role_template_names}
    known = (rancher.templates.by_name.get(name) for name in template.role_template_names)
    shipped = (rancher.templates.closure(item.name).templates for item in known if item and _is_known(item))
    return named | {item.name for items in shipped for item in items}


def _problem(
    view: View, rancher: Rancher, template: RoleTemplate, widened: _Widened, bound: list[TemplateBinding]
) -> Problem:
    rules, sources, unread = widened.rules, widened.sources, widened.unread
    grave = bool(unread) or changes_something(rules) or any(grants(rules, right) for right in READ_SECRETS)
    subjects = tuple(dict.fromkeys(item.subject for item in bound if item.subject))
    what = powers_of(rules) if rules else f"do what ClusterRole {names(unread)} of each cluster allows"
    ref = template.ref(view.name)
    return Problem(
        target=ref,
        message=f"role template {template.name}{in_brackets(template.display_name)} lets its holders {what}, which "
        f"neither it nor a template that it names states: that comes from {names(sources)}; "
        f"{names(subjects) or 'nobody'} is bound to it",
        related=tuple(rancher.templates.by_name[name].ref(view.name) for name in sources)
        + tuple(item.source.ref(view.name) for item in bound),
        subjects=subjects,
        chain=tuple(Link("role-template", words, ref) for words in _way(rancher, template.name, sources[0])),
        severity=None if bound and grave else Severity.LOW,
        confidence=Confidence.CERTAIN if rules else Confidence.POSSIBLE,
    )


def _rules(template: RoleTemplate, behind: Mapping[str, tuple[PolicyRule, ...]]) -> tuple[PolicyRule, ...]:
    return (*template.rules, *behind.get(template.name, ()))


def _way(rancher: Rancher, start: str, end: str) -> Iterator[str]:
    """Say step by step how a template comes to inherit another one, by a shortest way."""
    before: dict[str, str] = {start: ""}
    waiting = [start]
    for name in waiting:
        template = rancher.templates.by_name.get(name)
        for parent in template.role_template_names if template else ():
            if parent not in before:
                before[parent] = name
                waiting.append(parent)
    steps = [end]
    while before[steps[-1]]:
        steps.append(before[steps[-1]])
    steps.reverse()
    yield from (f"{child} inherits {parent}" for child, parent in itertools.pairwise(steps))


RULE = Rule(
    id="widened-by-inheritance",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.MANAGEMENT,
    needs=(RoleTemplate,),
    uses=(ProjectRoleTemplateBinding, ClusterRoleTemplateBinding, ClusterRole),
    fix=Fix(
        Safety.CONSENT,
        "Write what is needed into the template itself and inherit only templates whose rights are known; "
        "`rbac-audit template NAME` lists what it gives.",
    ),
    references=(
        "rancher/rancher pkg/controllers/managementuser/rbac/handler_base.go (gatherRoles)",
        "rancher/webhook pkg/resources/management.cattle.io/v3/roletemplate/validator.go",
    ),
    check=check,
)
