"""A role of your own with wildcards.

## What
A ClusterRole, Role or role template that no component ships grants any verb on every resource of every API group
(high), every verb, or each of the usual ones, on every resource of some API groups (medium), or changes resources of
whatever API group has them (low). Bound to somebody it counts; unbound it is a trap that waits.

## Why
`*` grants what nobody thought of: consoles and Secrets today, and with the next version each new resource and each new
verb. In a project's role template it also covers `updatepsa`, `bind` and `escalate`, and Rancher promotes what it says
about nodes, volumes and storage classes to the whole cluster.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: everything, namespace: shop-dev}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: everything, namespace: shop-dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: everything}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-dave}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: images, namespace: shop-dev}
rules:
- {apiGroups: [harvesterhci.io], resources: [virtualmachineimages, keypairs], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: images, namespace: shop-dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: images}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-dave}
```
"""

from collections.abc import Iterable, Iterator

from rbac_audit.access import Binding, RoleKey
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.identity import placed
from rbac_audit.access.permission import ALL, has_all
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, describe, in_brackets, scope_of
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.harvester.role_templates import is_shipped
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    GlobalRole,
    Kind,
    PolicyRule,
    Role,
    RoleBinding,
    RoleTemplate,
    Subject,
)

# What Rancher renders of its own objects is judged where they are: rancher
# pkg/controllers/managementuser/rbac/roletemplates, pkg/controllers/management/auth/globalroles.
_MARKS = ("management.cattle.io/aggregates", "authz.management.cattle.io/", "authz.cluster.cattle.io/")
_SUFFIXES = ("-aggregator", "-promoted", "-project-mgmt", "-cluster-mgmt")
_READ = frozenset({"get", "list", "watch"})
_USUAL = (*sorted(_READ), "create", "update", "patch", "delete")
_DEFINED: tuple[Kind, ...] = (RoleTemplate, GlobalRole)
_GLOBAL = "cattle-globalrole-"


def check(view: View) -> Iterator[Problem]:
    """Report roles of this cluster, and on a management cluster the role templates that it defines."""
    for key, role in view.access.roles.items():
        wild = _widest(view.access.rules(key)) if not is_rendered(view, role) else None
        if wild is not None and not _aggregated(role) and not view.baseline.ships_rule(role, wild):
            yield _role(view, key, role, wild)
    if view.manages and view.rancher is not None:
        bound: dict[str, list[TemplateBinding]] = {}
        for item in view.rancher.bindings:
            for template in view.rancher.templates.closure(item.template).templates:
                bound.setdefault(template.name, []).append(item)
        for template in view.cluster.of(RoleTemplate):
            wild = None if is_shipped(template) else _widest(template.rules)
            if wild is not None:
                yield _template(view, template, wild, bound.get(template.name, []))


def _widest(rules: Iterable[PolicyRule]) -> PolicyRule | None:
    """Find the worst rule: of all groups, then all of some group, then some resource of whatever group."""
    graded = [(grade, rule) for rule in rules if (grade := _grade(rule)) is not None]
    return min(graded, key=lambda pair: pair[0].rank)[1] if graded else None


def _grade(rule: PolicyRule) -> Severity | None:
    """Tell how bad a rule is that covers kinds which are not there yet; None for one that does not."""
    every_resource, every_group = ALL in rule.resources, ALL in rule.api_groups
    if every_resource and every_group:
        return Severity.HIGH
    if every_resource and has_all(rule.verbs, _USUAL):
        return Severity.MEDIUM
    # Names say which objects are meant, of whatever group.
    writes = not _READ.issuperset(rule.verbs)
    return Severity.LOW if every_group and rule.resources and writes and not rule.resource_names else None


def _aggregated(role: ClusterRole | Role) -> bool:
    return isinstance(role, ClusterRole) and role.aggregation_rule is not None


def is_rendered(view: View, role: ClusterRole | Role) -> bool:
    """Tell whether Rancher makes this role; where its templates were not read, believe the mark."""
    if view.rancher is None or not all(view.rancher.cluster.whole(kind) for kind in _DEFINED):
        return any(mark.startswith(_MARKS) for mark in (*role.metadata.labels, *role.metadata.annotations))
    name = role.name
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    known = {item.name for item in view.rancher.cluster.of(GlobalRole)} if name.startswith(_GLOBAL) else set()
    return name in view.rancher.templates.by_name or name.removeprefix(_GLOBAL) in known


def _severity(rule: PolicyRule, *, bound: bool) -> Severity:
    if not bound:
        return Severity.LOW
    return _grade(rule) or Severity.LOW


def _held(subjects: tuple[Subject, ...], *, known: bool) -> str:
    if subjects:
        return f"is bound to {names(subjects)}"
    return "is bound to nobody" if known else "it is not known who is bound to it: not all bindings were read"


def _role(view: View, key: RoleKey, role: ClusterRole | Role, wild: PolicyRule) -> Problem:
    bindings: list[Binding] = view.access.by_role.get(key, [])
    subjects = tuple(
        dict.fromkeys(placed(item, binding.namespace) for binding in bindings for item in binding.subjects)
    )
    known = view.cluster.partial.isdisjoint((RoleBinding, ClusterRoleBinding))
    held = _held(subjects, known=known)
    return Problem(
        target=role.ref(view.name),
        message=f"{role} grants {describe(wild)} and {held}",
        related=tuple(binding.source.ref(view.name) for binding in bindings),
        subjects=subjects,
        scope=scope_of(view, bindings),
        chain=chain_of(view, Grant(bindings[0], wild), subjects[0]) if subjects else (),
        severity=_severity(wild, bound=bool(subjects)),
    )


def _template(view: View, template: RoleTemplate, wild: PolicyRule, bound: list[TemplateBinding]) -> Problem:
    subjects = tuple(dict.fromkeys(item.subject for item in bound if item.subject is not None))
    held = _held(subjects, known=view.rancher is not None and view.rancher.knows_bindings)
    title = in_brackets(template.display_name)
    wide = template.context == "project" and _grade(wild) is Severity.HIGH
    promoted = ", and Rancher promotes parts of it to the whole cluster" if wide else ""
    return Problem(
        target=template.ref(view.name),
        message=f"{template}{title} grants {describe(wild)} and {held}{promoted if subjects else ''}",
        related=tuple(item.source.ref(view.name) for item in bound),
        subjects=subjects,
        scope=FindingScope(project=bound[0].project) if len({item.project for item in bound}) == 1 else FindingScope(),
        severity=_severity(wild, bound=bool(subjects)),
    )


RULE = Rule(
    id="wildcard-role",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.ALL,
    uses=(ClusterRole, Role, RoleBinding, ClusterRoleBinding),
    uses_rancher=(RoleTemplate, GlobalRole),
    fix=Fix(
        Safety.CONSENT,
        "List the API groups, resources and verbs that are used; bind a built-in role template where one fits.",
    ),
    references=(
        "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#least-privilege",
        "rancher/rancher pkg/controllers/managementuser/rbac/roletemplates/roletemplate_handler.go (promotion)",
    ),
    check=check,
)
