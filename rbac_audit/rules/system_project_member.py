"""Tenant in the System project or in a system namespace.

## What
A project role template binding in the System project, or in another one that has namespaces of the platform, for anyone
but Rancher's system users and cluster owners, and RoleBindings in system namespaces (kube-system, harvester-system,
longhorn-system, cattle-…, whatever else is in the System project) for users, groups, or service accounts of other
namespaces. Shipped bindings and the platform's own accounts are not meant. A named Secret, or changing what the
platform runs by (its ConfigMaps, Longhorn's objects), is told as high, other rights as medium, and the shipped role
that every API server of one's own needs as low. Of what a global role that somebody made gives in such a namespace
(namespacedRules, inheritedNamespacedRules, Fleet workspaces), only what is high or worse is told, and not what the
built-in global role user gives everybody there or what rancher-deputies-write tells. Of a cluster that only its Rancher
shows, the template bindings are judged. What a subject may do in every namespace is told by cluster-wide-edit and
cluster-wide-secret-read.

## Why
From Harvester v1.8 on, the System project holds harvester-system, longhorn-system, cattle-… and more, and Rancher adds
namespaces to it by itself. Whoever may change things there takes over accounts that are cluster-admin. Read-only is no
way out: on Harvester the role view reads Secrets, so it reads the tokens, backup credentials and keys of the platform.
In cattle-impersonation-system lies an account for each user of Rancher who came to the cluster, which may act as that
user: a token of it, its Secret or a pod that runs as it is as good as the user's password.

## Example
```yaml flagged
apiVersion: v1
kind: Namespace
metadata: {name: kube-system, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-system"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: harvester-system, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-system"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: debug, namespace: harvester-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-erin}
```

```yaml clean
apiVersion: v1
kind: Namespace
metadata: {name: harvester-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: debug, namespace: harvester-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {kind: ServiceAccount, name: network-helper, namespace: harvester-system}
```

```yaml both
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit}
rules:
- {apiGroups: [""], resources: [pods, secrets], verbs: [get, list, create, update]}
```
"""

from collections.abc import Iterator

from rbac_audit.access import Binding
from rbac_audit.access.identity import placed
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import binding_chain, scope_of, target_of
from rbac_audit.audit.finding import Confidence, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.harvester.role_templates import is_built_in
from rbac_audit.rancher.bindings import GlobalBinding, TemplateBinding
from rbac_audit.rancher.marks import IMPERSONATION_NAMESPACE
from rbac_audit.rancher.ownership import UNPREDICTED, Claim, Ownership
from rbac_audit.rules._system_members import belongs, system_members
from rbac_audit.rules._takeover import consequence, is_grave_in
from rbac_audit.rules._words import names, verb
from rbac_audit.snapshot.objects import (
    ClusterRole,
    GlobalRole,
    GlobalRoleBinding,
    Namespace,
    ObjectRef,
    Project,
    ProjectRoleTemplateBinding,
    Role,
    RoleBinding,
    RoleTemplate,
    Subject,
)

# Every API server of one's own needs this role: kubernetes staging/src/k8s.io/apiserver pkg/server/options.
_FOR_API_SERVERS = ("kube-system", "extension-apiserver-authentication-reader")


def check(view: View) -> Iterator[Problem]:
    """Report template bindings in the System project, then the RoleBindings that no such binding explains."""
    told: set[ObjectRef] = set()
    for problem in system_members(view):
        told.add(problem.target)
        yield problem
    groups: dict[ObjectRef | str, list[tuple[Binding, Subject]]] = {}
    for binding in view.classes.bindings_in("system"):
        # One template binding makes many of these: without Rancher's objects, the subject is all that joins them.
        verdict = view.ownership[binding]
        unproven = verdict.claim is Claim.UNPROVEN
        if (
            unproven
            and view.manages
            and not (verdict.reason == UNPREDICTED and is_grave_in(binding.namespace, view.access.rules(binding.role)))
        ):
            # Everybody who may log in has such bindings here; a backup may have these alone in the clear.
            continue
        for subject in _outsiders(view, binding):
            key = str(subject) if unproven else target_of(view, binding)
            groups.setdefault(key, []).append((binding, subject))
    for held in groups.values():
        target = target_of(view, held[0][0])
        if target not in told:
            yield _bound(view, target, held)


def _outsiders(view: View, binding: Binding) -> Iterator[Subject]:
    verdict = view.ownership[binding]
    own = verdict.claim is Claim.HOLDS and not any(isinstance(owner, TemplateBinding) for owner in verdict.owners)
    # What Rancher makes for itself is meant, and a global role's modest rights are told where that is.
    modest = own and not (
        _is_of_own_global_role(verdict) and is_grave_in(binding.namespace, view.access.rules(binding.role))
    )
    if modest or binding.role not in view.access.roles:
        return
    for subject in dict.fromkeys(binding.subjects):
        who = placed(subject, binding.namespace)
        if not view.baseline.ships(binding.source, subject) and not belongs(view, who):
            yield who


def _is_of_own_global_role(verdict: Ownership) -> bool:
    roles = (owner.role for owner in verdict.owners if isinstance(owner, GlobalBinding))
    return any(role is not None and not is_built_in(role) for role in roles)


def _of_users(places: list[str], severity: Severity) -> str:
    acts = IMPERSONATION_NAMESPACE in places and severity in {Severity.CRITICAL, Severity.HIGH}
    return f"; each account of {IMPERSONATION_NAMESPACE} acts as the user of Rancher it is called after" if acts else ""


def _is_for_api_servers(view: View, binding: Binding) -> bool:
    role = view.access.roles.get(binding.role)
    rules = view.access.rules(binding.role)
    return binding.role == _FOR_API_SERVERS and all(view.baseline.ships_rule(role, rule) for rule in rules)


def _bound(view: View, target: ObjectRef, held: list[tuple[Binding, Subject]]) -> Problem:
    bindings = tuple(dict.fromkeys(binding for binding, _ in held))
    subjects = tuple(dict.fromkeys(subject for _, subject in held))
    rules = tuple(rule for binding in bindings for rule in view.access.rules(binding.role))
    what, severity = consequence(rules)
    if all(_is_for_api_servers(view, binding) for binding in bindings):
        what, severity = "may read what an API server of its own needs to know its callers", Severity.LOW
    places = sorted({binding.namespace for binding in bindings})
    unpredicted = all(view.ownership[binding].reason == UNPREDICTED for binding in bindings)
    return Problem(
        target=target,
        message=f"{target} gives {names(subjects)} {names(sorted({b.role_ref.name for b in bindings}))} in system "
        f"namespace {names(places)}: {verb(subjects, 'it', 'they')} {what}{_of_users(places, severity)}",
        related=tuple(ref for binding in bindings if (ref := binding.source.ref(view.name)) != target),
        subjects=subjects,
        scope=scope_of(view, bindings),
        chain=binding_chain(view, bindings[0], subjects),
        severity=severity,
        confidence=Confidence.POSSIBLE if unpredicted else Confidence.CERTAIN,
    )


def _undecided(view: View) -> str:
    bound = view.cluster.has(Namespace, RoleBinding)
    shown = view.rancher is not None and view.rancher.cluster.has(ProjectRoleTemplateBinding, RoleTemplate)
    neither = f"neither namespaces and RoleBindings of {view.name} nor the project bindings of its Rancher were read"
    return "" if bound or shown else neither


RULE = Rule(
    id="system-project-member",
    page=__doc__ or "",
    severity=Severity.CRITICAL,
    on=On.ALL,
    uses=(Namespace, RoleBinding, Role, ClusterRole),
    undecided=_undecided,
    uses_rancher=(ProjectRoleTemplateBinding, RoleTemplate, Project, GlobalRole, GlobalRoleBinding),
    fix=Fix(
        Safety.CONSENT,
        "Delete the binding. Whoever really operates the platform should own the cluster, and be told so; for logs and "
        "status a role without Secrets in the one namespace is enough.",
    ),
    references=(
        "https://github.com/harvester/harvester/pull/10295",
        "https://github.com/harvester/harvester/issues/11289",
        "harvester/harvester pkg/controller/master/rancher/namespace.go",
    ),
    check=check,
)
