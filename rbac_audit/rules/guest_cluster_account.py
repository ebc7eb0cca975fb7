"""Guest cluster whose account reaches the whole cluster.

## What
A service account that Harvester made for a guest cluster (its node driver, cloud provider and storage driver), bound to
harvesterhci.io:csi-driver in the whole cluster. Nothing has been changed: Harvester does this for every guest cluster.
Accounts that do not exist are reported by missing-service-account.

## Why
The account's token never expires and lies in a namespace of the tenant, where read-only members read it. With it, every
guest cluster works on the volume snapshots of all namespaces (Harvester v1.7 and newer) and may patch any VM (v1.8 and
newer), those of other tenants too.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "harvesterhci.io:csi-driver"}
rules:
- {apiGroups: [kubevirt.io], resources: [virtualmachines], verbs: [patch]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: guest, namespace: shop-prod}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: shop-prod-guest}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "harvesterhci.io:csi-driver"}
subjects:
- {kind: ServiceAccount, name: guest, namespace: shop-prod}
```

```yaml clean
apiVersion: v1
kind: ServiceAccount
metadata: {name: guest, namespace: shop-prod}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: shop-prod-guest, namespace: shop-prod}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "harvesterhci.io:cloudprovider"}
subjects:
- {kind: ServiceAccount, name: guest, namespace: shop-prod}
```
"""

from collections.abc import Iterable, Iterator

from rbac_audit.access import Binding, Permission
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.identity import account_of, account_user, subject_key
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, scope_of
from rbac_audit.audit.finding import Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, ObjectRef, Secret, ServiceAccount, Subject

_DRIVER, _PROVIDER = ("", "harvesterhci.io:csi-driver"), ("", "harvesterhci.io:cloudprovider")
_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105  # a type, not a token
_PATCH = Permission("patch", "kubevirt.io", "virtualmachines")
_SNAPSHOTS = Permission("create", "snapshot.storage.k8s.io", "volumesnapshotcontents")


def check(view: View) -> Iterator[Problem]:
    """Look at every account that the role is bound to in the whole cluster."""
    tokens: dict[str, list[Secret]] = {}
    for secret in view.cluster.of(Secret):
        if secret.type == _TOKEN:
            tokens.setdefault(secret.namespace, []).append(secret)
    accounts = {(item.namespace, item.name) for item in view.cluster.of(ServiceAccount)}
    for binding in view.access.by_role.get(_DRIVER, ()):
        for subject in dict.fromkeys(binding.subjects if not binding.namespace else ()):
            account = account_of((subject_key(subject, "") or "").removeprefix("u:"))
            if account and (account in accounts or not view.cluster.whole(ServiceAccount)):
                belongings = _belongings(view, account, tokens.get(account[0], ()))
                yield _problem(view, binding, subject, tuple(belongings))


def _problem(view: View, binding: Binding, subject: Subject, related: tuple[ObjectRef, ...]) -> Problem:
    patch, snapshots = (view.access.first_allowing(binding.role, right) for right in (_PATCH, _SNAPSHOTS))
    powers = [word for word, rule in (("patch every VM", patch), ("restore any volume snapshot", snapshots)) if rule]
    return Problem(
        target=binding.source.ref(view.name),
        message=f"{subject} is the account of a guest cluster and may {' and '.join(powers) or 'look at all volumes'} "
        f"of the whole cluster, as Harvester gives it to every guest cluster",
        related=related,
        subjects=(subject,),
        scope=scope_of(view, (binding,)),
        chain=chain_of(view, Grant(binding, patch or snapshots), subject),
        severity=None if powers else Severity.LOW,
    )


def _belongings(view: View, account: tuple[str, str], tokens: Iterable[Secret]) -> Iterator[ObjectRef]:
    """Find the account's own binding, and its token by the name that Harvester gives it."""
    for bindings in view.access.by_subject.get(f"u:{account_user(*account)}", {}).values():
        yield from (binding.source.ref(view.name) for binding in bindings if binding.role == _PROVIDER)
    yield from (secret.ref(view.name) for secret in tokens if secret.name == f"{account[1]}-token")


RULE = Rule(
    id="guest-cluster-account",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    needs=(ClusterRoleBinding,),
    uses=(ClusterRole,),
    fix=Fix(
        Safety.MANUAL,
        "Accept it, or give tenants who do not trust each other Harvester clusters of their own. Keep read-only "
        "members out of the namespace, and make a new token when somebody leaves who could read it.",
    ),
    references=(
        "harvester/harvester pkg/api/kubeconfig/generate_handler.go",
        "harvester/harvester deploy/charts/harvester/templates/rbac.yaml (harvesterhci.io:csi-driver)",
    ),
    check=check,
)
