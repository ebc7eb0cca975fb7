"""Harvester cluster that Rancher does not list as one.

## What
A cluster of Rancher's whose status says that it is Harvester, without the label provider.cattle.io=harvester.

## Why
Rancher's Virtualization Management lists clusters by that label, so nobody sees this one there, and its roles for
virtual machines are not offered for it.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: Cluster
metadata: {name: c-m-efgh5678}
status: {provider: harvester}
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: Cluster
metadata: {name: c-m-efgh5678, labels: {provider.cattle.io: harvester}}
status: {provider: harvester}
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.snapshot.objects import ManagementCluster

_LABEL = "provider.cattle.io"


def check(view: View) -> Iterator[Problem]:
    """Compare the status of each managed cluster with its label."""
    for cluster in view.cluster.of(ManagementCluster):
        if cluster.status.provider == "harvester" and cluster.metadata.labels.get(_LABEL) != "harvester":
            yield Problem(
                target=cluster.ref(view.name),
                message=f"{cluster} is a Harvester cluster, but has no label {_LABEL}=harvester",
            )


RULE = Rule(
    id="provider-label-missing",
    page=__doc__ or "",
    severity=Severity.INFO,
    on=On.MANAGEMENT,
    needs=(ManagementCluster,),
    fix=Fix(Safety.CONSENT, "Set the label on the Cluster."),
    references=("https://docs.harvesterhci.io/v1.5/rancher/virtualization-management",),
    check=check,
)
