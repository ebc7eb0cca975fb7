"""Virtual machines outside any project.

## What
A namespace that is in no Rancher project and holds VMs, VM images or volumes (PersistentVolumeClaims). Namespaces of
the platform and harvester-public are not meant; `default` is told as low. An empty namespace is clean. The finding
names whom RoleBindings there let change VMs or open their consoles, run pods or read Secrets: in a namespace that is
nobody's, no rule can tell a member from an outsider, so somebody has to look at them.

## Why
Everything that keeps tenants apart hangs on the project: members, roles, quotas, network isolation. Outside of it a
role template binding reaches nothing, so access can only be given by hand-made bindings, nothing limits what the VMs
take, and moving the namespace into a project later opens it to all members of that project.

## Example
```yaml flagged
apiVersion: v1
kind: Namespace
metadata: {name: sandbox}
---
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: sbx-01, namespace: sandbox}
```

```yaml clean
apiVersion: v1
kind: Namespace
metadata: {name: sandbox, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-lab"}}
---
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: sbx-01, namespace: sandbox}
---
apiVersion: v1
kind: Namespace
metadata: {name: empty}
```
"""

from collections.abc import Iterator

from rbac_audit.access import Permission
from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rules._holders import held_by_tenants, roles_holding
from rbac_audit.rules._takeover import READ_SECRETS
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRole,
    Kind,
    KubernetesObject,
    Namespace,
    PersistentVolumeClaim,
    Role,
    RoleBinding,
    VirtualMachine,
    VirtualMachineImage,
    VirtualMachineInstance,
)

_CHANGE = (
    *(Permission(verb, "kubevirt.io", "virtualmachines") for verb in ("create", "update", "patch", "delete")),
    *(Permission("get", "subresources.kubevirt.io", f"virtualmachineinstances/{way}") for way in ("console", "vnc")),
    Permission("create", "", "pods"),
    Permission("create", "", "pods/exec"),
)
_WORKLOADS: tuple[Kind, ...] = (
    VirtualMachine,
    VirtualMachineInstance,
    VirtualMachineImage,
    PersistentVolumeClaim,
)


def check(view: View) -> Iterator[Problem]:
    """Collect what lies in each namespace of no project."""
    held: dict[str, list[KubernetesObject]] = {}
    for kind in _WORKLOADS:
        for item in view.cluster.of(kind):
            held.setdefault(item.namespace, []).append(item)
    for namespace in view.cluster.of(Namespace):
        if namespace.name in held and view.classes.namespace_class(namespace.name) == "unassigned":
            yield _problem(view, namespace, held[namespace.name])


def _problem(view: View, namespace: Namespace, items: list[KubernetesObject]) -> Problem:
    ref = namespace.ref(view.name)
    reaching = tuple(held_by_tenants(view, roles_holding(view, (*_CHANGE, *READ_SECRETS)), (namespace.name,)))
    subjects = tuple(dict.fromkeys(who for item in reaching for who in item.tenants))
    more = (
        f"; RoleBindings there let {names(subjects)} change or open VMs, run pods or read Secrets" if subjects else ""
    )
    return Problem(
        target=ref,
        message=f"{namespace} is in no project and holds {names(items)}: no role template binding or project quota "
        f"reaches it{more}",
        related=tuple(item.ref(view.name) for item in items[:10])
        + tuple(dict.fromkeys(item.binding.source.ref(view.name) for item in reaching)),
        subjects=subjects,
        scope=FindingScope((namespace.name,)),
        chain=(
            Link("fact", f"{namespace} has no annotation field.cattle.io/projectId of the form cluster:project", ref),
        ),
        severity=Severity.LOW if namespace.name == "default" else None,
    )


RULE = Rule(
    id="namespace-outside-project",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    needs=(Namespace, VirtualMachine),
    uses=(RoleBinding, Role, ClusterRole),
    fix=Fix(
        Safety.CONSENT,
        "Move the namespace into its tenant's project (in Rancher: Cluster, Projects/Namespaces, Move). All members "
        "of that project then have access to it, so look at them first.",
    ),
    references=(
        "https://docs.harvesterhci.io/v1.5/rancher/virtualization-management",
        "rancher/rancher pkg/controllers/managementuser/rbac/namespace_handler.go",
    ),
    check=check,
)
