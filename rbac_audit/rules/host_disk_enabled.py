"""VMs may use files of the hosts as disks.

## What
The KubeVirt object switches the feature gate HostDisk on. No version of Harvester does. Other feature gates that no
version of Harvester ships are told as low.

## Why
Whoever may create a VM, which is every project member, then mounts a path of the host it runs on as a disk, and so
reads and changes files of the host and of the other tenants there. What another gate opens has to be looked up: some
let a VM run containers or share file systems beside it.

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
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import KubeVirt

_GATE = "HostDisk"
# deploy/charts/harvester/values.yaml of v1.0.0 to v1.9.0.
_SHIPPED = frozenset(
    {
        "CPUManager",
        "DeclarativeHotplugVolumes",
        "EnableVirtioFsConfigVolumes",
        "ExpandDisks",
        "GPU",
        "HostDevices",
        "HotplugVolumes",
        "LiveMigration",
        "VMLiveUpdateFeatures",
        "VMPersistentState",
    }
)
_REVIEW = Fix(Safety.MANUAL, "Look up what the gates open to whoever may create VMs, and take out what nobody needs.")


def check(view: View) -> Iterator[Problem]:
    """Look at the feature gates."""
    for item in view.cluster.of(KubeVirt):
        gates, ref = item.spec.configuration.developer_configuration.feature_gates, item.ref(view.name)
        if others := sorted(set(gates) - _SHIPPED - {_GATE}):
            yield Problem(
                target=ref,
                message=f"{item} has feature gates that no version of Harvester ships: {names(others)}",
                scope=FindingScope(cluster_wide=True),
                severity=Severity.LOW,
                confidence=Confidence.POSSIBLE,
                fix=_REVIEW,
                key="others",
            )
        if _GATE in gates:
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
