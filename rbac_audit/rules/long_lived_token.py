"""Token of a service account that never expires.

## What
A Secret of type kubernetes.io/service-account-token in a namespace of a tenant, with who can read it. Only its type and
name are looked at, never its content. An account that is bound to nothing is told as low. Secrets of the platform's
namespaces are not meant, those in harvester-public are told by public-namespace-secret, and tokens that Kubernetes has
made invalid, because nobody used them for long, are clean.

## Why
Such a token is good until the Secret is deleted, from wherever the API server can be reached. On Harvester the role
`view` reads Secrets, so everybody who may look into the namespace can act as the account, also after leaving the
project. Harvester makes one for every guest cluster.

## Example
```yaml flagged
apiVersion: v1
kind: Secret
metadata:
  name: deployer-token
  namespace: shop-dev
  annotations: {kubernetes.io/service-account.name: deployer}
type: kubernetes.io/service-account-token
```

```yaml clean
apiVersion: v1
kind: Secret
metadata:
  name: deployer-token
  namespace: shop-dev
  annotations: {kubernetes.io/service-account.name: deployer}
  labels: {kubernetes.io/legacy-token-invalid-since: "2026-08-20"}
type: kubernetes.io/service-account-token
---
apiVersion: v1
kind: Secret
metadata: {name: deployer-password, namespace: shop-dev}
type: Opaque
```
"""

from collections.abc import Iterator

from rbac_audit.access.identity import account_groups, account_user
from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rules._holders import Held, held_by_tenants, roles_holding
from rbac_audit.rules._takeover import READ_SECRETS
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, Role, RoleBinding, Secret, Subject
from rbac_audit.snapshot.objects.kubernetes import ACCOUNT_NAME, SERVICE_ACCOUNT_TOKEN

_INVALID = "kubernetes.io/legacy-token-invalid-since"


def check(view: View) -> Iterator[Problem]:
    """Gather the tokens of each account, and look who reads them."""
    tokens: dict[tuple[str, str], list[Secret]] = {}
    for secret in view.cluster.of(Secret):
        if _is_meant(view, secret):
            name = secret.metadata.annotations.get(ACCOUNT_NAME, "") or secret.name.partition("-token")[0]
            tokens.setdefault((secret.namespace, name), []).append(secret)
    roles = roles_holding(view, READ_SECRETS, READ_SECRETS) if tokens else {}
    readers: dict[str, list[Held]] = {}
    for account, secrets in tokens.items():
        place = account[0]
        if place not in readers:
            readers[place] = list(held_by_tenants(view, roles, ("", place)))
        yield _problem(view, account, secrets, readers[place])


def _is_meant(view: View, secret: Secret) -> bool:
    valid = secret.stated_type == SERVICE_ACCOUNT_TOKEN and _INVALID not in secret.metadata.labels
    return valid and view.classes.namespace_class(secret.namespace) in {"projects", "unassigned"}


def _problem(view: View, account: tuple[str, str], secrets: list[Secret], held: list[Held]) -> Problem:
    subject = Subject(kind="ServiceAccount", name=account[1], namespace=account[0])
    found = {item.name for item in secrets}
    reading = [item for item in held if not item.rule.resource_names or not found.isdisjoint(item.rule.resource_names)]
    readers = dict.fromkeys(who for item in reading for who in item.tenants if who != subject)
    words = names(view.display_name(who) or who for who in readers)
    target, *others = (secret.ref(view.name) for secret in secrets)
    return Problem(
        target=target,
        message=f"{names(secrets)} {'is a token' if not others else 'are tokens'} of {subject} that "
        f"{'does' if not others else 'do'} not expire; "
        + (f"{words} can read {'it' if not others else 'them'}" if readers else "no tenant can read Secrets there"),
        related=(*others, *dict.fromkeys(item.binding.source.ref(view.name) for item in reading)),
        subjects=(subject,),
        scope=FindingScope((account[0],), project.id if (project := view.projects.of(account[0])) else ""),
        chain=(Link("fact", f"{secrets[0]} is of type {SERVICE_ACCOUNT_TOKEN}", target),),
        severity=None if _is_bound(view, account) else Severity.LOW,
    )


def _is_bound(view: View, account: tuple[str, str]) -> bool:
    """Tell whether anything is bound to the account itself, or to the accounts of its namespace."""
    keys = (f"u:{account_user(*account)}", *(f"g:{name}" for name in account_groups(account[0])[:2]))
    return any(view.access.by_subject.get(key) for key in keys)


RULE = Rule(
    id="long-lived-token",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    needs=(Secret,),
    uses=(ClusterRole, ClusterRoleBinding, RoleBinding, Role),
    fix=Fix(
        Safety.MANUAL,
        "Let programs outside of the cluster ask for tokens that expire (TokenRequest, `kubectl create token`), then "
        "delete the Secret. For a guest cluster make the Secret anew, and give its cloud provider the new token, when "
        "somebody who could read it has left; keep read-only members out of its namespace.",
    ),
    references=(
        "https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets",
        "harvester/harvester pkg/api/kubeconfig/generate_handler.go (ensureSaAndSecret)",
        "harvester/harvester deploy/charts/harvester/templates/rbac.yaml (harvesterhci.io:view)",
    ),
    check=check,
)
