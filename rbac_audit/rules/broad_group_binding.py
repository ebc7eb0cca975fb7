"""A role for everybody who has any account.

## What
One of the groups that nobody joins and nobody leaves is bound to a role that no component ships for it:
system:authenticated (every user, every service account, every client certificate), system:cattle:authenticated
(every Rancher user), system:serviceaccounts (every pod), or the service accounts of a tenant's namespace, bound in
the whole cluster or outside every project (in a project, foreign-service-account reports them).

## Why
Such a binding reaches people and programs that its author never thought of: the pods of all tenants, the accounts of
guest clusters, everybody who ever logs in to Rancher. It turns each small foothold into the bound role, and it cannot
be taken from a single subject.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: all-serviceaccounts-view}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:serviceaccounts"}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: configmap-reader}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: own-accounts, namespace: shop-dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: configmap-reader}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:serviceaccounts:shop-dev"}
```
"""

from collections.abc import Iterator

from rbac_audit.access import Binding
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.identity import ALL_SERVICE_ACCOUNTS, AUTHENTICATED, CATTLE_AUTHENTICATED
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, scope_of, target_of, where
from rbac_audit.audit.finding import Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rules._powers import powers
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, RoleBinding, Subject

_WORDS = {
    AUTHENTICATED: "every user and every service account",
    CATTLE_AUTHENTICATED: "every Rancher user",
    ALL_SERVICE_ACCOUNTS: "every service account, and so every pod,",
}


def check(view: View) -> Iterator[Problem]:
    """Report bindings of broad groups that are not shipped; what a shipped one was given more, other rules tell."""
    broad = (key for key in view.access.by_subject if key.startswith("g:system:"))
    for binding in view.access.bound_to(*broad):
        for subject in dict.fromkeys(binding.subjects):
            words = _words(view, binding, subject)
            if words and not view.baseline.ships(binding.source, subject):
                yield _problem(view, binding, subject, words)


def _words(view: View, binding: Binding, subject: Subject) -> str:
    """Say whom the group is; "" for a group that is not broad there."""
    if subject.kind != "Group":
        return ""
    head, colon, home = subject.name.rpartition(":")
    if not (head == ALL_SERVICE_ACCOUNTS and colon):
        return _WORDS.get(subject.name, "")
    # Another tenant's accounts in a project are reported by foreign-service-account.
    told = home == binding.namespace or view.classes.namespace_class(binding.namespace) == "projects"
    return "" if told else f"every service account of namespace {home}"


def _problem(view: View, binding: Binding, subject: Subject, words: str) -> Problem:
    rules = view.access.rules(binding.role)
    return Problem(
        target=target_of(view, binding),
        message=f"{words} may {powers(view, binding.role)} {where(binding.namespace)}, because Group {subject.name} "
        f"is bound to {binding.role_ref.kind} {binding.role_ref.name}",
        subjects=(subject,),
        scope=scope_of(view, (binding,)),
        chain=chain_of(view, Grant(binding, rules[0] if rules else None), subject),
        severity=None if rules else Severity.MEDIUM,
    )


RULE = Rule(
    id="broad-group-binding",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.ALL,
    uses=(ClusterRole, RoleBinding, ClusterRoleBinding),
    fix=Fix(
        Safety.CONSENT,
        "Bind the people, the group of your identity provider or the one service account that is meant, best through a "
        "project, and then delete this binding.",
    ),
    references=(
        "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings",
        "rancher/rancher pkg/auth/requests/authenticate.go (system:cattle:authenticated)",
    ),
    check=check,
)
