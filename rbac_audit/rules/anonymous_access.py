"""Access without any login.

## What
The group system:unauthenticated or the user system:anonymous is bound to a role, beyond what Kubernetes and the
installed components ship. Kubernetes itself lets everybody see versions and health (system:public-info-viewer).

## Why
A request without a token is in this group, so whoever reaches the API server's port has these rights: no account, no
password, no trace of a person in the audit log. Bound to `view` on Harvester it reads VMs and Secrets.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: public-view, namespace: lab-net}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:unauthenticated"}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "system:public-info-viewer"}
rules:
- {nonResourceURLs: [/healthz, /livez, /readyz, /version, /version/], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "system:public-info-viewer"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:public-info-viewer"}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:unauthenticated"}
```
"""

from collections.abc import Iterator

from rbac_audit.access import Binding
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.identity import ANONYMOUS, UNAUTHENTICATED
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, scope_of, target_of, where
from rbac_audit.audit.finding import Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rules._powers import powers
from rbac_audit.rules._shipped import match_installed
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, PolicyRule, RoleBinding, Subject

_NOBODY = (("Group", UNAUTHENTICATED), ("User", ANONYMOUS))


def check(view: View) -> Iterator[Problem]:
    """Report every binding of the anonymous that no component ships, or whose role was given more."""
    for binding in view.access.bound_to(f"g:{UNAUTHENTICATED}", f"u:{ANONYMOUS}"):
        subjects = tuple(item for item in binding.subjects if (item.kind, item.name) in _NOBODY)
        # KubeVirt up to 1.1 did this; on a newer one it is left over.
        past = match_installed(view, binding.source).current is False
        foreign = [item for item in subjects if past or not view.baseline.ships(binding.source, item)]
        rules = view.access.rules(binding.role)
        added = [rule for rule in rules if not view.baseline.ships_rule(view.access.roles.get(binding.role), rule)]
        if foreign:
            yield _problem(view, binding, tuple(foreign), rules[0] if rules else None)
        elif added:
            yield _problem(view, binding, subjects, added[0])


def _problem(view: View, binding: Binding, subjects: tuple[Subject, ...], rule: PolicyRule | None) -> Problem:
    # A role that does not exist yet is one that somebody may still create.
    severity = None if rule else Severity.MEDIUM
    return Problem(
        target=target_of(view, binding),
        message=f"anybody without a login may {powers(view, binding.role)} {where(binding.namespace)}, because "
        f"{' and '.join(item.name for item in subjects)} is bound to {binding.role_ref.kind} {binding.role_ref.name}",
        subjects=subjects,
        scope=scope_of(view, (binding,)),
        chain=chain_of(view, Grant(binding, rule), subjects[0]),
        severity=severity,
    )


RULE = Rule(
    id="anonymous-access",
    page=__doc__ or "",
    severity=Severity.CRITICAL,
    on=On.ALL,
    uses=(ClusterRole, RoleBinding, ClusterRoleBinding),
    fix=Fix(Safety.CONSENT, "Take the subject out of the binding, or delete the binding; name who really needs it."),
    references=(
        "https://kubernetes.io/docs/reference/access-authn-authz/authentication/#anonymous-requests",
        "kubernetes/kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go (system:public-info-viewer)",
    ),
    check=check,
)
