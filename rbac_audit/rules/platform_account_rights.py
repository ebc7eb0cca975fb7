"""An account of the platform has rights that nobody ships.

## What
A service account, or all service accounts, of a platform namespace (kube-system, harvester-system, longhorn-system,
cattle-…) is bound cluster-wide to rights that lead to the whole cluster: Secrets, pods, roles, webhooks, settings, add-
ons. No known version of a component ships that binding, and Rancher does not make it.

## Why
The other rules leave the platform's own accounts alone, because Harvester could not run without their rights. So a
binding for such an account is where added rights are seen last. It may belong to an add-on that this tool does not
know, or somebody may have borrowed the account; every pod in its namespace can use it.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: secret-reader}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: borrowed}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secret-reader}
subjects:
- {kind: ServiceAccount, name: default, namespace: kube-system}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: node-reader}
rules:
- {apiGroups: [""], resources: [nodes], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: monitoring}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: node-reader}
subjects:
- {kind: ServiceAccount, name: agent, namespace: kube-system}
```
"""

from collections.abc import Iterator

from rbac_audit.access import Binding, Permission
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.bindings import by_role
from rbac_audit.access.identity import MASTERS
from rbac_audit.access.permission import EVERYTHING
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, scope_of
from rbac_audit.audit.finding import Confidence, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.harvester.platform import is_platform
from rbac_audit.rancher.ownership import Claim
from rbac_audit.rules._takeover import READ_SECRETS, TAKE_OVER
from rbac_audit.rules._words import names, verb
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding

# What takes over a namespace of the platform, and what only counts in the whole cluster.
_GRAVE = (
    Permission("impersonate", "", "users"),
    Permission("get", "", "nodes/proxy"),
    Permission("create", "admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
    Permission("update", "harvesterhci.io", "settings"),
    *READ_SECRETS,
    *TAKE_OVER,
)


def check(view: View) -> Iterator[Problem]:
    """Find the grave rights of platform accounts; who may do everything is reported by cluster-admin-equivalent."""
    wide = by_role(view.access.by_namespace.get("", ()))
    held: dict[Binding, list[tuple[Permission, Grant]]] = {}
    everything = view.access.allowing(EVERYTHING)
    for permission in _GRAVE:
        for role, rule in view.access.allowing(permission).items():
            for binding in wide.get(role, ()) if role not in everything else ():
                held.setdefault(binding, []).append((permission, Grant(binding, rule)))
    for binding, found in held.items():
        if view.ownership[binding].claim not in {Claim.HOLDS, Claim.UNPROVEN}:
            yield from _problem(view, binding, found)


def _problem(view: View, binding: Binding, found: list[tuple[Permission, Grant]]) -> Iterator[Problem]:
    subjects = tuple(
        subject
        for subject in dict.fromkeys(binding.subjects)
        if is_platform(subject) and subject.name != MASTERS and not view.baseline.ships(binding.source, subject)
    )
    if subjects:
        yield Problem(
            target=binding.source.ref(view.name),
            message=f"{names(subjects)} {verb(subjects, 'belongs', 'belong')} to the platform and may "
            f"{names(permission for permission, _ in found)} through {binding.source}, which no known component ships",
            subjects=subjects,
            scope=scope_of(view, (binding,)),
            chain=chain_of(view, found[0][1], subjects[0]),
            confidence=Confidence.POSSIBLE,
        )


RULE = Rule(
    id="platform-account-rights",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.ALL,
    needs=(ClusterRole, ClusterRoleBinding),
    fix=Fix(
        Safety.MANUAL,
        "Find out who made the binding. Keep it where an add-on needs it (and waive it with that reason); give "
        "anything else a service account and a namespace of its own.",
    ),
    references=("https://kubernetes.io/docs/concepts/security/rbac-good-practices/#least-privilege",),
    check=check,
)
