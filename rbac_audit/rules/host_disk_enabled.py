"""VMs may use files of the hosts as disks.

## What
The KubeVirt object switches the feature gate HostDisk on. No version of Harvester does.

## Why
Whoever may create a VM, which is every project member, then mounts a path of the host it runs on as a disk, and so
reads and changes files of the host and of the other tenants there.

## Example
```yaml flagged
apiVersion: kubevirt.io/v1
kind: KubeVirt
metadata: {name: kubevirt, namespace: harvester-system}
spec: {configuration: {developerConfiguration: {featureGates: [CPUManager, HostDisk]}}}
```

```yaml clean
apiVersion: kubevirt.io/v1
kind: KubeVirt
metadata: {name: kubevirt, namespace: harvester-system}
spec: {configuration: {developerConfiguration: {featureGates: [CPUManager, ExpandDisks, HostDevices]}}}
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.snapshot.objects import KubeVirt

_GATE = "HostDisk"


def check(view: View) -> Iterator[Problem]:
    """Look at the feature gates."""
    for item in view.cluster.of(KubeVirt):
        if _GATE in item.spec.configuration.developer_configuration.feature_gates:
            ref = item.ref(view.name)
            yield Problem(
                target=ref,
                message=f"{item} has the feature gate {_GATE}: whoever may create a VM may mount files of its host",
                scope=FindingScope(cluster_wide=True),
                chain=(Link("fact", f"spec.configuration.developerConfiguration.featureGates names {_GATE}", ref),),
            )


RULE = Rule(
    id="host-disk-enabled",
    page=__doc__ or "",
    severity=Severity.CRITICAL,
    needs=(KubeVirt,),
    fix=Fix(
        Safety.CONSENT,
        "Take HostDisk out of the feature gates; VMs that have such a disk do not start any more, so find them first.",
    ),
    references=(
        "harvester/harvester deploy/charts/harvester/values.yaml (kubevirt featureGates)",
        "https://kubevirt.io/user-guide/storage/disks_and_volumes/#hostdisk",
    ),
    check=check,
)
