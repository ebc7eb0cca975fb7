"""A ClusterRole with an aggregation label gives every project member a right on the whole cluster.

## What
In Rancher's legacy model: a ClusterRole whose label adds it to `view`, `edit` or `admin`, and that has rules about
nodes, persistent volumes, storage classes, API services, navigation links, chart repositories or Rancher's clusters.
Told where role template bindings in projects reach that role, with the subjects who hold the right by it.

## Why
Rancher looks for such rules in the role template of a project, and in the real ClusterRole of an external one: what
it finds it promotes, to a ClusterRole `view-promoted` that it binds on the whole cluster, for every member of every
project. Whoever installs a chart with that label does not know it, and no binding that anybody made shows it.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: storage-tool, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}
rules: [{apiGroups: [storage.k8s.io], resources: [storageclasses], verbs: [delete]}]
```

```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: read-only}
context: project
roleTemplateNames: [view]
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-alice, namespace: p-x1y2z}
projectName: "c-m-abcd1234:p-x1y2z"
roleTemplateName: read-only
userName: u-abc12
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: storage-tool, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}
rules: [{apiGroups: [""], resources: [persistentvolumeclaims], verbs: [delete]}]
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-alice, namespace: p-x1y2z}
projectName: "c-m-abcd1234:p-x1y2z"
roleTemplateName: view
userName: u-abc12
```

```yaml both
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}]}
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: view}
context: project
external: true
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import describe
from rbac_audit.audit.finding import FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.rendering.rules import promoted
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRole,
    Feature,
    PolicyRule,
    ProjectRoleTemplateBinding,
    RoleTemplate,
)

_READ = frozenset({"get", "list", "watch"})


def check(view: View) -> Iterator[Problem]:
    """Follow each promoted rule of an external role template back to the ClusterRole that it comes from."""
    if view.rancher is None or view.prediction is None or view.prediction.aggregated:
        return
    sources: dict[str, dict[str, tuple[PolicyRule, ...]]] = {}
    reached = _reached(view)
    for template in reached:
        for rule in view.access.rules(("", template)):
            if promoted((rule,)):
                trail = view.access.aggregation.source(template, rule)
                known = sources.setdefault(trail[-1] if trail else template, {})
                known[template] = (*known.get(template, ()), *promoted((rule,)))
    for name, by_template in sources.items():
        yield _problem(view, name, by_template, reached)


def _reached(view: View) -> dict[str, list[TemplateBinding]]:
    """Find the external templates that project bindings of this cluster reach, by themselves or by inheritance."""
    reached: dict[str, list[TemplateBinding]] = {}
    rancher = view.rancher
    for item in rancher.bindings if rancher else ():
        if rancher and item.project and item.cluster == view.rancher_id and item.subject and not rancher.fault_of(item):
            for template in rancher.templates.closure(item.template).templates:
                if template.external:
                    reached.setdefault(template.name, []).append(item)
    return reached


def _problem(
    view: View,
    name: str,
    by_template: dict[str, tuple[PolicyRule, ...]],
    reached: dict[str, list[TemplateBinding]],
) -> Problem:
    rules = tuple(dict.fromkeys(rule for found in by_template.values() for rule in found))
    members = (item.subject for template in by_template for item in reached[template])
    subjects = tuple(dict.fromkeys(subject for subject in members if subject))
    held = [view.access.roles.get(("", f"{template}-promoted")) for template in by_template]
    source = view.access.roles["", name]
    ref = source.ref(view.name)
    return Problem(
        target=ref,
        message=f"{source} adds {names(map(describe, rules))} to {names(sorted(by_template))}, and Rancher promotes it "
        f"to the whole cluster for {len(subjects)} {'subject' if len(subjects) == 1 else 'subjects'} in projects: "
        f"{names(subjects)}",
        related=tuple(role.ref(view.name) for role in held if role is not None),
        subjects=subjects,
        scope=FindingScope(cluster_wide=True),
        chain=(
            *(
                Link("role", f"{role} has its rules", view.access.roles["", role].ref(view.name))
                for role in by_template
            ),
            Link("aggregated-from", f"aggregated from ClusterRole {name}", ref),
            *(Link("rule", f"which allows {describe(rule)}") for rule in rules),
        ),
        severity=None if any(not _READ.issuperset(rule.verbs) for rule in rules) else Severity.LOW,
    )


RULE = Rule(
    id="promoted-by-aggregation",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.ALL,
    needs=(ClusterRole,),
    needs_rancher=(RoleTemplate, ProjectRoleTemplateBinding, Feature),
    fix=Fix(
        Safety.CONSENT,
        "Take the rule out of the ClusterRole, or the aggregation label off; who needs the right gets a role template "
        "of context cluster. Rancher takes the promoted role and its bindings back at the next sync.",
    ),
    references=(
        "rancher/rancher pkg/controllers/managementuser/rbac/reconcile_roletemplate.go",
        "rancher/rancher pkg/controllers/managementuser/rbac/roletemplates/roletemplate_handler.go",
    ),
    check=check,
)
