"""An object that the KubeVirt operator will delete.

## What
A role or binding carries the label app.kubernetes.io/managed-by of the KubeVirt operator, but no known version of
KubeVirt installs an object of that name. Such labels come along when somebody copies an object of the operator.

## Why
At a rollout, and so at every upgrade of Harvester, virt-operator looks in all namespaces for RBAC objects with its
label and deletes those that its new version does not install. The access is gone then, without a word.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: vm-admins-copy
  namespace: shop-prod
  labels: {app.kubernetes.io/managed-by: virt-operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "kubevirt.io:admin"}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-frank}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: "kubevirt.io:migrate"
  labels: {app.kubernetes.io/managed-by: virt-operator}
rules: []
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: net-admins
  namespace: lab-net
  labels: {app.kubernetes.io/managed-by: virt-operators-team}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: net-admins}
```
"""

from collections.abc import Iterator

from rbac_audit.access import Binding
from rbac_audit.access.identity import placed
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import binding_chain, scope_of
from rbac_audit.audit.finding import Fix, Link, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.harvester.baseline import RbacObject
from rbac_audit.harvester.survival import MANAGED_BY, OPERATORS
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, Role, RoleBinding


def check(view: View) -> Iterator[Problem]:
    """Look at every RBAC object with the operator's label."""
    for item, bindings in _labelled(view):
        if not view.baseline.variants(item.kind, item.namespace, item.name):
            yield _problem(view, item, bindings)


def _labelled(view: View) -> Iterator[tuple[RbacObject, list[Binding]]]:
    """Yield the labelled objects, each with the bindings that lose something with it."""
    for key, role in view.access.roles.items():
        if role.metadata.labels.get(MANAGED_BY) in OPERATORS:
            yield role, view.access.by_role.get(key, [])
    for binding in view.access.bindings:
        labels = binding.source.metadata.labels
        if labels and labels.get(MANAGED_BY) in OPERATORS:
            yield binding.source, [binding]


def _problem(view: View, item: RbacObject, bindings: list[Binding]) -> Problem:
    subjects = tuple(dict.fromkeys(placed(who, binding.namespace) for binding in bindings for who in binding.subjects))
    label = f"{MANAGED_BY}={item.metadata.labels[MANAGED_BY]}"
    whose = f", which takes the access of {names(subjects)}" if subjects else ""
    target = item.ref(view.name)
    refs = (binding.source.ref(view.name) for binding in bindings)
    reasons = binding_chain(view, bindings[0], subjects) if bindings else ()
    return Problem(
        target=target,
        message=f"{item} carries {label}, but no known KubeVirt installs it: the operator deletes it at its next "
        f"rollout{whose}",
        related=tuple(ref for ref in refs if ref != target),
        subjects=subjects,
        scope=scope_of(view, bindings),
        chain=(*reasons, Link("fact", f"virt-operator owns what carries {label}", target)),
    )


RULE = Rule(
    id="operator-label-copied",
    page=__doc__ or "",
    severity=Severity.HIGH,
    uses=(ClusterRole, Role, RoleBinding, ClusterRoleBinding),
    fix=Fix(
        Safety.SAFE,
        f"Take the label off before the next upgrade, which changes no access: kubectl label KIND NAME {MANAGED_BY}-",
    ),
    references=("kubevirt/kubevirt pkg/virt-operator/resource/apply/reconcile.go (deleteObjectsNotInInstallStrategy)",),
    check=check,
)
