"""Who may only look at a VM may be able to act on it.

## What
Said once for a Harvester cluster on which somebody may `get` VMs and may not `update` them. Harvester's own API has
actions on VMs (start, stop, restart, migrate, clone, snapshot, back up, add a volume, …). Its server looks whether the
caller may get the VM, hides from those who may not update it what they should not press, and carries out with its own
account, which is cluster-admin, whatever is posted. This was read in the code and not tried on a cluster.

## Why
No Role or binding can take it away, so no other rule tells it. If it is so in your version, then a read-only member can
stop the VMs of the project, or copy their disks, by one request with a session of Rancher's.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
rules:
- {apiGroups: [kubevirt.io], resources: [virtualmachines], verbs: [get, list, watch]}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
rules:
- {apiGroups: [kubevirt.io], resources: [virtualmachines], verbs: [get, list, watch, update]}
```

```yaml both
apiVersion: kubevirt.io/v1
kind: KubeVirt
metadata: {name: kubevirt, namespace: harvester-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: lookers, namespace: shop-dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: lookers}
```
"""

from collections.abc import Iterator

import msgspec

from rbac_audit.access import Permission
from rbac_audit.access.identity import subject_key
from rbac_audit.audit.classes import PUBLIC
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of
from rbac_audit.audit.finding import Confidence, Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rules._holders import Held, held_by_tenants, how_many, reach_of, roles_holding
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, KubeVirt, ObjectRef, Role, RoleBinding

_SEE = Permission("get", "kubevirt.io", "virtualmachines")
_CHANGE = Permission("update", "kubevirt.io", "virtualmachines")


def check(view: View) -> Iterator[Problem]:
    """Find who may see VMs, and take off who may change them in the same place."""
    changing = roles_holding(view, (_CHANGE,), (_CHANGE,))
    looking = {role: rule for role, rule in roles_holding(view, (_SEE,), (_SEE,)).items() if role not in changing}
    held = [item for item in held_by_tenants(view, looking) if _is_meant(view, item.binding.namespace)]
    writing = {
        (binding.namespace, subject_key(subject, binding.namespace))
        for role in (changing if held else ())
        for binding in view.access.by_role.get(role, ())
        for subject in binding.subjects
    }
    left = [found for item in held if (found := _without(item, writing)).tenants]
    if left and view.is_harvester:
        yield _problem(view, left)


def _is_meant(view: View, namespace: str) -> bool:
    return namespace != PUBLIC and view.classes.namespace_class(namespace) != "system"


def _without(item: Held, writing: set[tuple[str, str | None]]) -> Held:
    """Leave out who may change VMs there as well."""
    places = ("", item.binding.namespace)
    tenants = (who for who in item.tenants if not any((place, subject_key(who, "")) in writing for place in places))
    return msgspec.structs.replace(item, tenants=tuple(tenants))


def _problem(view: View, held: list[Held]) -> Problem:
    scope, reach = reach_of(held)
    installed = next((item.ref(view.name) for item in view.cluster.of(KubeVirt)), None)
    return Problem(
        target=installed or ObjectRef(ClusterRole.group, ClusterRole.kind, "view", "", view.name),
        message=f"{how_many(held)} may see VMs {reach} and not change them, which Harvester's own API may let them do: "
        f"its actions run with an account of the platform",
        related=tuple(dict.fromkeys(item.binding.source.ref(view.name) for item in held))[:10],
        scope=scope,
        chain=chain_of(view, held[0].grant, held[0].tenants[0]),
        confidence=Confidence.POSSIBLE,
    )


RULE = Rule(
    id="vm-actions-unguarded",
    page=__doc__ or "",
    severity=Severity.INFO,
    uses=(ClusterRole, ClusterRoleBinding, RoleBinding, Role),
    fix=Fix(
        Safety.MANUAL,
        "Try it with a test user who may only look (POST …/v1/harvester/kubevirt.io.virtualmachines/NAMESPACE/NAME"
        "?action=stop), and report it where it works. Until then count read-only members among those who may stop and "
        "copy VMs, or give them no right on VMs.",
    ),
    references=(
        "https://github.com/harvester/harvester/issues/1406",
        "harvester/harvester pkg/api/vm/schema.go",
        "rancher/apiserver pkg/server/server.go (handleAction)",
    ),
    check=check,
)
