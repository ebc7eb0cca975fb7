"""Members of a project may switch its pod security off.

## What
A role template that is bound in a project and, with what it inherits, allows the verb updatepsa on Rancher's
projects. Wildcards count.

## Why
Who holds it may set the Pod Security labels of the project's namespaces to privileged, and then run pods that own
their node. The built-in template project-owner had the verb until Rancher v2.14.2, v2.13.6 and v2.12.10
(CVE-2026-41052); templates of one's own keep it.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-psa}
context: project
rules: [{apiGroups: [management.cattle.io], resources: [projects], verbs: [updatepsa]}]
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-erin, namespace: p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: rt-psa
userName: u-erin
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: rt-psa}
context: project
rules: [{apiGroups: [management.cattle.io], resources: [projects], verbs: [updatepsa]}]
```
"""

from collections.abc import Iterator

from rbac_audit.access.permission import has_verb
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import in_brackets
from rbac_audit.audit.finding import FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.templates import UPDATE_PSA, grants
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import PolicyRule, ProjectRoleTemplateBinding, RoleTemplate


def check(view: View) -> Iterator[Problem]:
    """Judge each template once, then name those who hold it."""
    rancher = own_rancher(view)
    if rancher is None:
        return
    held: dict[str, list[TemplateBinding]] = {}
    for item in rancher.bindings:
        if item.project and item.subject is not None:
            held.setdefault(item.template, []).append(item)
    for name, items in held.items():
        template = rancher.templates.by_name.get(name)
        if template is not None and (origin := _origin(rancher, template)):
            yield _problem(view, template, origin, items)


def _origin(rancher: Rancher, template: RoleTemplate) -> str:
    """Name the template of a closure that has the verb, "" for none."""
    closure = rancher.templates.closure(template.name).templates
    return next((part.name for part in closure if not part.external and _allows(part.rules)), "")


def _allows(rules: tuple[PolicyRule, ...]) -> bool:
    # A rule that is limited to names is for a project of that name.
    named = (rule for rule in rules if rule.resource_names and "projects" in rule.resources)
    return grants(rules, UPDATE_PSA) or any(has_verb(rule, UPDATE_PSA.verb) for rule in named)


def _problem(view: View, template: RoleTemplate, origin: str, items: list[TemplateBinding]) -> Problem:
    subjects = tuple(dict.fromkeys(item.subject for item in items if item.subject))
    projects = sorted({item.project for item in items})
    inherited = f", which it inherits from {origin}," if origin != template.name else ""
    return Problem(
        target=template.ref(view.name),
        message=f"role template {template.name}{in_brackets(template.display_name)} allows updatepsa{inherited} to "
        f"{names(subjects)} in {names(projects)}: they may make its namespaces privileged",
        related=tuple(item.source.ref(view.name) for item in items),
        subjects=subjects,
        scope=FindingScope(project=projects[0] if len(projects) == 1 else ""),
        chain=tuple(Link("template-binding", f"bound by {it.source}", it.source.ref(view.name)) for it in items[:5]),
        advisories=("CVE-2026-41052",),
    )


RULE = Rule(
    id="pod-security-by-members",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.MANAGEMENT,
    needs=(RoleTemplate, ProjectRoleTemplateBinding),
    fix=Fix(
        Safety.CONSENT,
        "Take updatepsa out of the role template (and the wildcard that covers it); owners of the cluster set the Pod "
        "Security labels. See afterwards that `<project>-namespaces-psa` and its bindings are gone.",
    ),
    references=(
        "https://nvd.nist.gov/vuln/detail/CVE-2026-41052",
        "rancher/rancher pkg/controllers/managementuser/rbac/prtb_handler.go",
        "rancher/webhook pkg/resources/core/v1/namespace/psalabels.go",
    ),
    check=check,
)
