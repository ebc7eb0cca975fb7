"""Binding that pretends to be Rancher's.

## What
A binding that carries a mark of Rancher (an owner label, an owner reference, a name such as `globaladmin-…`), although
the role template binding that it names would make another one (other role, subject, namespace), or although nothing
of that name exists and Rancher would have given a binding with this content another name.

## Why
Tools and people skip what looks rendered. Everyone who may write bindings in a namespace may also write these labels,
so the mark proves nothing. A copy of a rendered binding is as bad: it keeps its rights when the original goes, or goes
when Rancher next cleans up what it takes for its own.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cluster-admin}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: rb-aaaaaaaaaa
  namespace: shop-dev
  labels: {authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-shop_prtb-erin}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-erin}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: rb-vdjt5cyr4l
  namespace: shop-dev
  labels: {authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-shop_prtb-erin}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: read-only}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-erin}
```

```yaml both
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: read-only}
context: project
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-erin, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: read-only
userName: u-erin
```
"""

from collections.abc import Iterator

from rbac_audit.access import Binding
from rbac_audit.access.identity import placed
from rbac_audit.access.permission import EVERYTHING
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import binding_chain, scope_of, where
from rbac_audit.audit.finding import Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.ownership import Claim
from rbac_audit.rules._claims import Failed, failed
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRoleBinding,
    ClusterRoleTemplateBinding,
    Project,
    ProjectRoleTemplateBinding,
    RoleBinding,
    RoleTemplate,
    User,
)


def check(view: View) -> Iterator[Problem]:
    """Report every binding whose mark was proven wrong."""
    for item in failed(view, Claim.FORGED):
        yield _problem(view, item)


def _problem(view: View, item: Failed) -> Problem:
    binding, verdict = item.binding, item.verdict
    manager = view.rancher.cluster.name if view.rancher else ""
    subjects = tuple(placed(subject, binding.namespace) for subject in binding.subjects)
    chain = binding_chain(view, binding, subjects)
    return Problem(
        target=binding.source.ref(view.name),
        message=f"{binding.source} gives {names(subjects) or 'nobody'} {binding.role_ref.kind} "
        f"{binding.role_ref.name} {where(binding.namespace)} and says by its {verdict.marker} that Rancher made it, "
        f"which is not so: {verdict.reason}",
        related=tuple(owner.source.ref(manager) for owner in verdict.owners),
        subjects=subjects,
        scope=scope_of(view, (binding,)),
        chain=(*chain, Link("fact", f"its {verdict.marker} is no proof: {verdict.reason}")),
        severity=Severity.CRITICAL if _is_admin(view, binding) else None,
        confidence=item.confidence,
    )


def _is_admin(view: View, binding: Binding) -> bool:
    named = binding.role_ref.kind == "ClusterRole" and binding.role_ref.name == "cluster-admin"
    return named or binding.role in view.access.allowing(EVERYTHING)


RULE = Rule(
    id="forged-ownership",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.ALL,
    uses=(RoleBinding, ClusterRoleBinding),
    needs_rancher=(RoleTemplate, ProjectRoleTemplateBinding, ClusterRoleTemplateBinding, User),
    uses_rancher=(Project,),
    fix=Fix(
        Safety.CONSENT,
        "Find out who made the binding and delete it; if the access is wanted, give it by a role template binding. "
        "Do not copy Rancher's labels to bindings of your own: Rancher deletes what carries them and is not its own.",
    ),
    references=(
        "rancher/rancher pkg/rbac/common.go",
        "rancher/rancher pkg/controllers/managementuser/rbac/namespace_handler.go",
    ),
    check=check,
)
