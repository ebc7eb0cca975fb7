"""Tenants may move their VMs to other nodes.

## What
A role that lets somebody who neither is of the platform nor owns the cluster make VirtualMachineInstanceMigrations or
call the subresource migrate of a VM. Told once for each role that the right comes from, whoever has it, and as info
where KubeVirt ships it in the roles that every member of a project has (up to Harvester v1.5). Roles with everything
are other rules' business.

## Why
A migration takes network and memory of two nodes, and many at once slow down the VMs of everybody; a VM that is moved
off or onto a node by its tenant is in the way of maintenance. KubeVirt took the right out of `admin` and `edit` with
v1.5 (Harvester v1.6), and left it to whoever is given kubevirt.io:migrate. Harvester's own button does without it, as
it calls KubeVirt with an account of the platform.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "kubevirt.io:migrate"}
rules:
- {apiGroups: [subresources.kubevirt.io], resources: [virtualmachines/migrate], verbs: [update]}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "kubevirt.io:migrate"}
rules:
- {apiGroups: [kubevirt.io], resources: [virtualmachineinstancemigrations], verbs: [get, list, watch]}
```

```yaml both
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: movers, namespace: shop-dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "kubevirt.io:migrate"}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-bob}
```
"""

from collections.abc import Iterator

from rbac_audit.access import Permission, RoleKey
from rbac_audit.access.permission import EVERYTHING
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of
from rbac_audit.audit.finding import Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rules._holders import Held, held_by_tenants, how_many, reach_of, roles_holding
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding

_CREATE = Permission("create", "kubevirt.io", "virtualmachineinstancemigrations")
_MIGRATE = Permission("update", "subresources.kubevirt.io", "virtualmachines/migrate")


def check(view: View) -> Iterator[Problem]:
    """Gather the holders by the role that brings the right."""
    held: dict[RoleKey, list[Held]] = {}
    roles, everything = roles_holding(view, (_CREATE, _MIGRATE), (_MIGRATE,)), view.access.allowing(EVERYTHING)
    for item in held_by_tenants(view, {role: rule for role, rule in roles.items() if role not in everything}):
        if view.classes.namespace_class(item.binding.namespace) != "system":
            held.setdefault(_source(view, item.binding.role, item.rule), []).append(item)
    for role, found in held.items():
        yield _problem(view, role, found)


def _source(view: View, role: RoleKey, rule: PolicyRule) -> RoleKey:
    trail = () if role[0] else view.access.aggregation.source(role[1], rule)
    return ("", trail[-1]) if trail else role


def _problem(view: View, role: RoleKey, held: list[Held]) -> Problem:
    source, first = view.access.roles[role], held[0]
    scope, reach = reach_of(held)
    shipped = first.binding.role != role and view.baseline.ships_rule(source, first.rule)
    return Problem(
        target=source.ref(view.name),
        message=f"{source} lets {how_many(held)} move VMs to other nodes {reach}"
        + (", as KubeVirt ships it" if shipped else ""),
        related=tuple(dict.fromkeys(item.binding.source.ref(view.name) for item in held))[:10],
        scope=scope,
        chain=chain_of(view, first.grant, first.tenants[0]),
        severity=Severity.INFO if shipped else None,
    )


RULE = Rule(
    id="vm-migration",
    page=__doc__ or "",
    severity=Severity.LOW,
    uses=(ClusterRole, ClusterRoleBinding, RoleBinding, Role),
    fix=Fix(
        Safety.CONSENT,
        "Delete the binding, or take the right out of the role, where it is not wanted; Harvester's interface migrates "
        "one's own VMs without it.",
    ),
    references=(
        "https://github.com/kubevirt/kubevirt/pull/13497",
        "kubevirt/kubevirt pkg/virt-operator/resource/generate/rbac/cluster.go (kubevirt.io:migrate)",
    ),
    check=check,
)
