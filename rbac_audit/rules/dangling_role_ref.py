"""Binding to a role that does not exist.

## What
A RoleBinding or ClusterRoleBinding whose roleRef (kind, name and, for a Role, namespace) names nothing on the cluster.
Bindings that Rancher keeps for a live role template binding are not meant: it renders one for every external role
template, such as monitoring-ui-view while monitoring is off. If such a binding belongs to a project that does not
exist, it is told as low. Bindings to a Role are judged only where Roles were read.

## Why
The API server accepts such a binding and ignores it, so the rights that somebody relies on are silently missing. And
whoever may create a role of that name decides later what the subjects may do, without any change to the binding.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: old-backup, namespace: shop-prod}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: backup-operator-old}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-frank}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: backup-operator}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: backup, namespace: shop-prod}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: backup-operator}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-frank}
```
"""

from collections.abc import Iterator
from functools import partial

from rbac_audit.access import Binding
from rbac_audit.access.identity import placed
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import binding_chain, scope_of, target_of, where
from rbac_audit.audit.finding import Confidence, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.audit.survival import is_dangling
from rbac_audit.rancher.bindings import TemplateBinding
from rbac_audit.rancher.ownership import Claim
from rbac_audit.rules._words import names, verb
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, Project, Role, RoleBinding


def check(view: View) -> Iterator[Problem]:
    """Report every binding whose role is not there, unless Rancher keeps it so by design."""
    for role, bindings in view.access.by_role.items():
        if role in view.access.roles:
            continue
        for binding in filter(partial(is_dangling, view), bindings):
            verdict = view.ownership[binding]
            if verdict.claim is not Claim.HOLDS:
                yield _problem(view, binding, unproven=verdict.claim is Claim.UNPROVEN)
            elif ghost := _ghost_project(view, verdict.owners):
                yield _rendered(view, binding, ghost)


def _ghost_project(view: View, owners: tuple[object, ...]) -> str:
    """Name the project that the owners of a rendered binding bind in, if Rancher has none of that name."""
    projects = [owner.project for owner in owners if isinstance(owner, TemplateBinding) and owner.project]
    if view.rancher is None or not view.rancher.cluster.has(Project) or len(projects) != len(owners):
        return ""
    # The management cluster holds bindings of projects of every cluster.
    missing = [name for name in projects if name not in view.rancher.backing_namespaces]
    return missing[0] if missing and len(missing) == len(projects) else ""


def _problem(view: View, binding: Binding, *, unproven: bool) -> Problem:
    subjects = tuple(placed(subject, binding.namespace) for subject in binding.subjects)
    role = f"{binding.role_ref.kind} {binding.role_ref.name}"
    maker = "; Rancher, which was not read, keeps such bindings for external role templates" if unproven else ""
    return Problem(
        target=binding.source.ref(view.name),
        message=f"{binding.source} gives {names(subjects) or 'nobody'} nothing {where(binding.namespace)}: {role} does "
        f"not exist, and whoever creates it decides what {verb(subjects, 'that subject', 'they')} may do{maker}",
        subjects=subjects,
        scope=scope_of(view, (binding,)),
        chain=binding_chain(view, binding, subjects),
        severity=Severity.INFO if unproven else None,
        confidence=Confidence.POSSIBLE if unproven else Confidence.CERTAIN,
    )


def _rendered(view: View, binding: Binding, project: str) -> Problem:
    subject = binding.subjects[0]
    return Problem(
        target=target_of(view, binding),
        message=f"{binding.source}, which Rancher renders for {subject}, refers to {binding.role_ref.kind} "
        f"{binding.role_ref.name}, which does not exist, because project {project} does not exist",
        related=(binding.source.ref(view.name),),
        subjects=(subject,),
        scope=scope_of(view, (binding,)),
        chain=binding_chain(view, binding, (subject,)),
        severity=Severity.LOW,
        fix=Fix(Safety.CONSENT, "Delete the project role template binding; Rancher makes what it renders again."),
        key=binding.role_ref.name,
    )


RULE = Rule(
    id="dangling-role-ref",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.ALL,
    needs=(ClusterRole,),
    uses=(Role, ClusterRoleBinding, RoleBinding),
    uses_rancher=(Project,),
    fix=Fix(
        Safety.CONSENT,
        "Delete the binding, or create the role again if its rights are still wanted; a roleRef cannot be changed, so "
        "a binding to another role has to be a new one.",
    ),
    references=(
        "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#rolebinding-and-clusterrolebinding",
        "rancher/rancher pkg/controllers/managementuser/rbac/prtb_handler.go",
    ),
    check=check,
)
