"""Binding for a service account that does not exist.

## What
A ServiceAccount (or a User spelt `system:serviceaccount:…`) in a binding, of which the cluster has no object. Accounts
of shipped bindings are not meant: the controller manager makes its own accounts when it needs them. Only namespaces
that were read are judged. In a tenant's namespace and with rights beyond it, it is told as high.

## Why
The binding waits for an account of that name. Whoever may create service accounts in the namespace, which is every
project member, makes it, takes a token, and has the rights. The binding of a deleted guest cluster stays like that:
a ClusterRoleBinding cannot be owned by a namespaced account, so nothing deletes it with the account.

## Example
```yaml flagged
apiVersion: v1
kind: Namespace
metadata: {name: lab-vms}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: lab-vms-guest-dead}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "harvesterhci.io:csi-driver"}
subjects:
- {kind: ServiceAccount, name: guest-dead, namespace: lab-vms}
```

```yaml clean
apiVersion: v1
kind: ServiceAccount
metadata: {name: guest, namespace: lab-vms}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: lab-vms-guest}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "harvesterhci.io:csi-driver"}
subjects:
- {kind: ServiceAccount, name: guest, namespace: lab-vms}
```
"""

from collections.abc import Iterator

from rbac_audit.access import Binding
from rbac_audit.access.identity import account_of, placed
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import binding_chain, scope_of, target_of, where
from rbac_audit.audit.finding import Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRoleBinding, Namespace, RoleBinding, ServiceAccount, Subject


def check(view: View) -> Iterator[Problem]:
    """Look every account up that a binding names."""
    if ServiceAccount in view.cluster.partial:
        return
    accounts = {(item.namespace, item.name) for item in view.cluster.of(ServiceAccount)}
    known = {item.name for item in view.cluster.of(Namespace)}
    absent_keys = (key for key in view.access.by_subject if (account := _account(key)) and account not in accounts)
    for binding in view.access.bound_to(*absent_keys):
        missing = tuple(
            subject
            for subject in dict.fromkeys(binding.subjects)
            if (account := account_in(subject, binding.namespace)) is not None
            and account not in accounts
            and account[0] not in view.cluster.unread_namespaces
            and not _is_shipped(view, binding, subject, account[0])
        )
        if missing:
            homes = {account[0] for subject in missing if (account := account_in(subject, binding.namespace))}
            tenants = {home for home in homes if view.classes.namespace_class(home) != "system"}
            absent = sorted(homes - known) if known else []
            yield _problem(view, binding, missing, _who(homes, absent), _severity(binding, tenants))


def _account(key: str) -> tuple[str, str] | None:
    return account_of(key.removeprefix("u:")) if key.startswith("u:") else None


def account_in(subject: Subject, namespace: str) -> tuple[str, str] | None:
    """Name the service account (namespace, name) that a subject means; None for anything else."""
    if subject.kind == "User":
        return account_of(subject.name)
    home = subject.namespace or namespace
    return (home, subject.name) if subject.kind == "ServiceAccount" and home else None


def _is_shipped(view: View, binding: Binding, subject: Subject, home: str) -> bool:
    # Kubernetes' own bindings differ from version to version, and are about kube-system only.
    bootstrap = home == "kube-system" and binding.name.startswith("system:")
    return bootstrap or view.baseline.ships(binding.source, subject)


def _problem(
    view: View, binding: Binding, missing: tuple[Subject, ...], consequence: str, severity: Severity | None
) -> Problem:
    target, ref = target_of(view, binding), binding.source.ref(view.name)
    subjects = tuple(placed(subject, binding.namespace) for subject in missing)
    return Problem(
        target=target,
        message=f"{binding.source} gives {names(subjects)} {binding.role_ref.kind} {binding.role_ref.name} "
        f"{where(binding.namespace)}, and no such account exists: {consequence}",
        related=() if target == ref else (ref,),
        subjects=subjects,
        scope=scope_of(view, (binding,)),
        chain=binding_chain(view, binding, subjects),
        severity=severity,
    )


def _severity(binding: Binding, tenants: set[str]) -> Severity | None:
    if not tenants:
        return Severity.LOW
    return None if tenants == {binding.namespace} else Severity.HIGH


def _who(homes: set[str], absent: list[str]) -> str:
    if absent:
        return f"whoever may create namespace {absent[0]} and an account in it has these rights"
    return f"whoever may create service accounts in {names(sorted(homes))} has these rights"


RULE = Rule(
    id="missing-service-account",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.ALL,
    needs=(ServiceAccount,),
    uses=(RoleBinding, ClusterRoleBinding),
    fix=Fix(
        Safety.CONSENT,
        "Delete the binding, unless a deployment that is switched off for now will create the account again.",
    ),
    references=(
        "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects",
        "https://kubernetes.io/docs/concepts/architecture/garbage-collection/#owners-dependents",
        "harvester/harvester pkg/api/kubeconfig/generate_handler.go",
    ),
    check=check,
)
