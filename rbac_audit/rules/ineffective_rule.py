"""Rule that grants nothing.

## What
A rule in a role of your own that no request matches: `pods/*` (only `*` and `*/log` are wildcards), a subresource of
VMs such as `virtualmachines/start` in the group kubevirt.io instead of subresources.kubevirt.io, resources that are in
another API group, or that are written in the singular, `create` or `deletecollection` limited to names, verbs with
capitals, or cluster-scoped kinds in a Role, or in a ClusterRole that only RoleBindings bind. Also rules about
cluster-scoped kinds in a role template for projects, which Rancher binds in namespaces only, unless they are among the
few that it promotes to the cluster.

## Why
Somebody believes that this access is there, or that it is limited as written. Whoever finds out that it does not work
is tempted to bind far more.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: console-only, namespace: lab-vms}
rules:
- {apiGroups: [kubevirt.io], resources: [virtualmachineinstances/console], verbs: [get]}
- {apiGroups: [subresources.kubevirt.io], resources: ["virtualmachineinstances/*"], verbs: [get]}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: console-only, namespace: lab-vms}
rules:
- {apiGroups: [subresources.kubevirt.io], resources: [virtualmachineinstances/console], verbs: [get]}
- {apiGroups: [""], resources: ["*/log"], verbs: [get]}
```
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from rbac_audit.access import Permission
from rbac_audit.access.identity import placed
from rbac_audit.access.permission import ALL
from rbac_audit.access.resources import resources
from rbac_audit.access.scope import request_places
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import describe, in_brackets, scope_of
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.harvester.role_templates import is_shipped
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.rendering.rules import promoted
from rbac_audit.rules._words import names
from rbac_audit.rules.wildcard_role import is_rendered
from rbac_audit.snapshot.objects import ClusterRole, PolicyRule, Role, RoleTemplate

_KUBEVIRT = "kubevirt.io"
_SERVED_VERBS = frozenset({"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"})
_NAMELESS = frozenset({"create", "deletecollection"})
_OF_VMS = ("virtualmachines/", "virtualmachineinstances/")
# What the API server itself serves below these kinds; all else is in subresources.kubevirt.io.
_SERVED = ("status", "scale", "finalizers")
# Rancher gives what a project template says about these in other ways than by the RoleBinding.
_ELSEWHERE = frozenset({"management.cattle.io", "project.cattle.io"})


def check(view: View) -> Iterator[Problem]:
    """Look at every distinct rule of roles that nobody ships, and at the role templates for projects."""
    parts = {part for name in view.access.aggregation.names for part in view.access.aggregation.members(name)}
    told = cache(_void)
    for key, role in view.access.roles.items():
        bindings = view.access.by_role.get(key, [])
        local = bool(bindings) and role.name not in parts and all(binding.namespace for binding in bindings)
        void = told(role.rules, "a Role" if isinstance(role, Role) else "a RoleBinding" if local else "")
        if void and not view.baseline.variants(role.kind, role.namespace, role.name) and not is_rendered(view, role):
            subjects = (placed(subject, item.namespace) for item in bindings for subject in item.subjects)
            yield Problem(
                target=role.ref(view.name),
                message=f"{role} {_grants(role.rules, void)}: {names(void)}",
                subjects=tuple(dict.fromkeys(subjects)),
                related=tuple(binding.source.ref(view.name) for binding in bindings),
                scope=FindingScope((role.namespace,)) if role.namespace else scope_of(view, bindings),
            )
    for template in view.cluster.of(RoleTemplate):
        void = tuple(_unbound(template)) if template.context == "project" and not is_shipped(template) else ()
        if void:
            yield _template(view, template, void)


def _grants(rules: tuple[PolicyRule, ...], void: tuple[str, ...]) -> str:
    return "grants nothing" if len(void) >= len(rules) else "has rules that grant nothing"


def _void(rules: tuple[PolicyRule, ...], local: str) -> tuple[str, ...]:
    """Say of each rule that no request matches why; `local` is what keeps it in namespaces, "" for nothing."""
    reasons = ((rule, _reason(rule, local)) for rule in rules)
    return tuple(f"{describe(rule)} ({reason})" for rule, reason in reasons if reason)


def _reason(rule: PolicyRule, local: str) -> str:
    if not rule.resources or not rule.verbs:
        return ""
    if all(word.endswith("/*") and word[0] != ALL for word in rule.resources):
        return f"{rule.resources[0]} is no wildcard"
    if rule.api_groups == (_KUBEVIRT,) and all(map(_is_of_vms, rule.resources)):
        return "that is in subresources.kubevirt.io"
    if rule.resource_names and set(rule.verbs) <= _NAMELESS and not any("/" in word for word in rule.resources):
        return "what is created has no name yet" if "create" in rule.verbs else "all of them have no name"
    if all(verb != verb.lower() for verb in rule.verbs):
        return f"verbs are written small: {rule.verbs[0].lower()}"
    if misplaced := _misplaced(rule):
        return misplaced
    return f"{local} reaches no cluster-scoped kind" if local and _is_cluster_scoped(rule) else ""


def _misplaced(rule: PolicyRule) -> str:
    """Say where resources are that are in none of a rule's API groups; "" where one may be, as in unknown groups.

    Verbs that are no requests for an object, such as impersonate and approve, are about words that nobody serves.
    """
    words = [word.partition("/")[0] for word in rule.resources]
    if not _SERVED_VERBS.issuperset(rule.verbs) or not _groups().keys() >= set(rule.api_groups):
        return ""
    if ALL in words or any(_is_served(rule, word) for word in words):
        return ""
    for group, kinds in _groups().items():
        if words[0] in kinds:
            return f"{words[0]} {'are' if words[0].endswith('s') else 'is'} in {group or 'core'}"
    plurals = (item.plural for item in resources() if item.group in rule.api_groups and item.singular == words[0])
    return next((f"that is called {plural}" for plural in plurals), "")


def _is_served(rule: PolicyRule, word: str) -> bool:
    return any(word in _groups()[group] for group in rule.api_groups)


@cache
def _groups() -> Mapping[str, frozenset[str]]:
    """Map the API groups whose kinds are known to those."""
    found: dict[str, set[str]] = {}
    for item in resources():
        found.setdefault(item.group, set()).add(item.plural)
    return {group: frozenset(kinds) for group, kinds in found.items()}


def _is_of_vms(resource: str) -> bool:
    return resource.startswith(_OF_VMS) and resource.partition("/")[2] not in _SERVED


def _is_cluster_scoped(rule: PolicyRule) -> bool:
    """Tell whether a RoleBinding can grant nothing of a rule, as no request for it carries a namespace."""
    wanted = itertools.starmap(Permission, itertools.product(rule.verbs, rule.api_groups, rule.resources))
    return all(request_places(permission, None) == frozenset() for permission in wanted)


def _unbound(template: RoleTemplate) -> Iterator[str]:
    for rule in template.rules:
        rancher = not _ELSEWHERE.isdisjoint(rule.api_groups) or "namespaces" in rule.resources
        if rule.resources and not rancher and not promoted((rule,)) and _is_cluster_scoped(rule):
            yield describe(rule)


def _template(view: View, template: RoleTemplate, void: tuple[str, ...]) -> Problem:
    owners: Iterable[TemplateBinding] = view.rancher.bindings if view.rancher else ()
    bound = [owner for owner in owners if owner.template == template.name and owner.project]
    return Problem(
        target=template.ref(view.name),
        message=f"{template}{in_brackets(template.display_name)} is for projects, and has rules on cluster-scoped "
        f"kinds that no binding of a project grants: {names(void)}",
        subjects=tuple(dict.fromkeys(owner.subject for owner in bound if owner.subject is not None)),
        related=tuple(owner.source.ref(view.name) for owner in bound),
    )


RULE = Rule(
    id="ineffective-rule",
    page=__doc__ or "",
    severity=Severity.LOW,
    on=On.ALL,
    uses=(ClusterRole, Role),
    uses_rancher=(RoleTemplate,),
    fix=Fix(
        Safety.MANUAL,
        "Write what was meant, if it should be granted at all; cluster-scoped kinds need a cluster role template or a "
        "ClusterRoleBinding, which reaches beyond the project. Otherwise delete the rule.",
    ),
    references=(
        "kubernetes/kubernetes pkg/apis/rbac/v1/evaluation_helpers.go (ResourceMatches)",
        "https://kubevirt.io/user-guide/cluster_admin/authorization/",
        "rancher/rancher pkg/controllers/managementuser/rbac/roletemplates/roletemplate_handler.go (promotion)",
    ),
    check=check,
)
