"""VMs in harvester-public.

## What
Virtual machines, running or not, and backups of VMs in harvester-public. Images, templates, networks and public keys
belong there and are not meant.

## Why
Everybody with any account reads this namespace: what the VM is made of, its addresses and networks, and the names of
its Secrets, which are readable there too. No project has the VM, so no quota counts it and nobody answers for it.

## Example
```yaml flagged
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: golden-builder, namespace: harvester-public}
```

```yaml clean
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: golden-builder, namespace: shop-dev}
---
apiVersion: harvesterhci.io/v1beta1
kind: VirtualMachineImage
metadata: {name: ubuntu, namespace: harvester-public}
```
"""

from collections.abc import Iterator

from rbac_audit.audit.classes import PUBLIC
from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.snapshot.objects import Kind, VirtualMachine, VirtualMachineBackup, VirtualMachineInstance

_KINDS: tuple[Kind, ...] = (VirtualMachine, VirtualMachineInstance, VirtualMachineBackup)


def check(view: View) -> Iterator[Problem]:
    """Report each VM once, by the object that makes the others."""
    told: set[str] = set()
    for kind in _KINDS:
        for item in view.cluster.of(kind):
            if item.namespace == PUBLIC and item.name not in told:
                told.add(item.name)
                yield Problem(
                    target=item.ref(view.name),
                    message=f"{item} lies in the namespace that everybody with any account may read",
                    scope=FindingScope((PUBLIC,)),
                )


RULE = Rule(
    id="public-namespace-workload",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    needs=(VirtualMachine,),
    public=True,
    fix=Fix(
        Safety.MANUAL,
        "Make the VM anew in a namespace of the project that answers for it, from a backup or an image, and delete it "
        "here; change what its Secrets held.",
    ),
    references=("harvester/harvester pkg/data/rbac.go (harvester-public)",),
    check=check,
)
