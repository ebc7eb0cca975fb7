"""Guest cluster whose account reaches the whole cluster.

## What
A service account that Harvester made for a guest cluster (its node driver, cloud provider and storage driver), bound to
harvesterhci.io:csi-driver in the whole cluster. Nothing has been changed: Harvester does this for every guest cluster.

Told as high are two cases that Harvester does not make. An account, or anybody else, has harvesterhci.io:cloudprovider
in the whole cluster, as the script generate_addon.sh of the cloud provider binds it. Or nobody seems to use the account
any more: its namespace holds no VM, and the Rancher that manages the cluster, where its clusters were read, has none of
that name. Accounts that do not exist are reported by missing-service-account.

## Why
The account's token never expires and lies in a namespace of the tenant, where read-only members read it. With it, every
guest cluster works on the volume snapshots of all namespaces (Harvester v1.7 and newer) and may patch any VM (v1.8 and
newer), those of other tenants too. With the cloud provider's role in the whole cluster it also attaches volumes to any
VM, and changes the volumes and load balancers of all namespaces. The account of a deleted guest cluster keeps all this.

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
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: guest-pool1-abcde, namespace: shop-prod}
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
from rbac_audit.audit.evidence import binding_chain, chain_of, scope_of
from rbac_audit.audit.finding import Confidence, Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.audit.standing import GUEST_DRIVER
from rbac_audit.rules._holders import Held, held_by_tenants
from rbac_audit.rules._words import names, verb
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    ObjectRef,
    PolicyRule,
    ProvisioningCluster,
    Secret,
    ServiceAccount,
    Subject,
    VirtualMachine,
)
from rbac_audit.snapshot.objects.kubernetes import SERVICE_ACCOUNT_TOKEN

_PROVIDER = ("", "harvesterhci.io:cloudprovider")
_PATCH = Permission("patch", "kubevirt.io", "virtualmachines")
_SNAPSHOTS = Permission("create", "snapshot.storage.k8s.io", "volumesnapshotcontents")
_DELETE = Fix(
    Safety.MANUAL,
    "Make sure that no machine outside of this cluster uses the account; then delete it, which takes its token and its "
    "RoleBinding with it, and this ClusterRoleBinding.",
)
_NARROW = Fix(
    Safety.CONSENT,
    "Bind harvesterhci.io:cloudprovider by a RoleBinding in the namespace of the guest cluster's VMs, and delete this "
    "ClusterRoleBinding.",
)


def check(view: View) -> Iterator[Problem]:
    """Look at every account that the roles of guest clusters are bound to in the whole cluster."""
    tokens: dict[str, list[Secret]] = {}
    for secret in view.cluster.of(Secret):
        if secret.stated_type == SERVICE_ACCOUNT_TOKEN:
            tokens.setdefault(secret.namespace, []).append(secret)
    inhabited = {item.namespace for item in view.cluster.of(VirtualMachine)}
    for binding, subject, account in _accounts(view):
        belongings = tuple(_belongings(view, account, tokens.get(account[0], ())))
        left = account[0] not in inhabited and _is_left(view, account)
        yield _driver(view, binding, subject, belongings, left=left)
    rule = next(iter(view.access.rules(_PROVIDER)), PolicyRule())
    yield from (_provider(view, held) for held in held_by_tenants(view, {_PROVIDER: rule}, ("",)))


def _accounts(view: View) -> Iterator[tuple[Binding, Subject, tuple[str, str]]]:
    there = {(item.namespace, item.name) for item in view.cluster.of(ServiceAccount)}
    for binding in view.access.by_role.get(GUEST_DRIVER, ()):
        for subject in dict.fromkeys(binding.subjects if not binding.namespace else ()):
            account = account_of((subject_key(subject, "") or "").removeprefix("u:"))
            if account and (account in there or not view.cluster.whole(ServiceAccount)):
                yield binding, subject, account


def _is_left(view: View, account: tuple[str, str]) -> bool:
    """Tell whether a guest cluster is nowhere to be seen, where its machines would lie in a namespace without any.

    Rancher calls the account as it calls the cluster (rancher/dashboard, provisioning.cattle.io.cluster/rke2.vue).
    """
    hidden = any(gap.may_hide(VirtualMachine, view.name, {account[0]}) for gap in view.gaps)
    if hidden or not view.cluster.whole(VirtualMachine) or account[0] in view.cluster.unread_namespaces:
        return False
    return view.rancher is None or all(item.name != account[1] for item in view.rancher.cluster.of(ProvisioningCluster))


def _driver(view: View, binding: Binding, subject: Subject, related: tuple[ObjectRef, ...], *, left: bool) -> Problem:
    patch, snapshots = (view.access.first_allowing(binding.role, right) for right in (_PATCH, _SNAPSHOTS))
    powers = [word for word, rule in (("patch every VM", patch), ("restore any volume snapshot", snapshots)) if rule]
    what = f"may {' and '.join(powers) or 'look at all volumes'} of the whole cluster"
    return Problem(
        target=binding.source.ref(view.name),
        message=f"{subject} is the account of a guest cluster of which no VM is left there, and still {what}"
        if left
        else f"{subject} is the account of a guest cluster and {what}, as Harvester gives it to every guest cluster",
        related=related,
        subjects=(subject,),
        scope=scope_of(view, (binding,)),
        chain=chain_of(view, Grant(binding, patch or snapshots), subject),
        severity=_severity(powers=bool(powers), left=left),
        confidence=Confidence.POSSIBLE if left else Confidence.CERTAIN,
        fix=_DELETE if left else None,
    )


def _severity(*, powers: bool, left: bool) -> Severity:
    if left:
        return Severity.HIGH if powers else Severity.MEDIUM
    return Severity.MEDIUM if powers else Severity.LOW


def _provider(view: View, held: Held) -> Problem:
    return Problem(
        target=held.binding.source.ref(view.name),
        message=f"{names(held.tenants)} {verb(held.tenants, 'has', 'have')} ClusterRole {_PROVIDER[1]} in the whole "
        f"cluster, which Harvester gives guest clusters in the namespace of their VMs: it attaches volumes to any VM, "
        f"and changes every volume and load balancer",
        subjects=held.tenants,
        scope=scope_of(view, (held.binding,)),
        chain=binding_chain(view, held.binding, held.tenants),
        severity=Severity.HIGH,
        fix=_NARROW,
        key="provider",
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
    uses=(ClusterRole, VirtualMachine),
    fix=Fix(
        Safety.MANUAL,
        "Accept it, or give tenants who do not trust each other Harvester clusters of their own. Keep read-only "
        "members out of the namespace, and make a new token when somebody leaves who could read it.",
    ),
    references=(
        "harvester/harvester pkg/api/kubeconfig/generate_handler.go",
        "harvester/cloud-provider-harvester deploy/generate_addon.sh",
        "harvester/harvester deploy/charts/harvester/templates/rbac.yaml (harvesterhci.io:csi-driver)",
    ),
    check=check,
)
