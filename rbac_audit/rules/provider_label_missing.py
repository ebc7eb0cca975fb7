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

_LABEL, _HARVESTER = "provider.cattle.io", "harvester"


def check(view: View) -> Iterator[Problem]:
    """Compare the status of each managed cluster, and what a Harvester cluster shows of itself, with the label."""
    for cluster in view.cluster.of(ManagementCluster) if view.manages else ():
        if cluster.status.provider == _HARVESTER and _lacks(cluster):
            yield _problem(cluster, view.name)
    managed = view.rancher.clusters.get(view.rancher_id) if view.rancher and not view.manages else None
    if managed and view.rancher and view.is_harvester and managed.status.provider != _HARVESTER and _lacks(managed):
        yield _problem(managed, view.rancher.cluster.name)


def _lacks(cluster: ManagementCluster) -> bool:
    return cluster.metadata.labels.get(_LABEL) != _HARVESTER


def _problem(cluster: ManagementCluster, manager: str) -> Problem:
    return Problem(
        target=cluster.ref(manager),
        message=f"{cluster} is a Harvester cluster, but has no label {_LABEL}={_HARVESTER}",
    )


RULE = Rule(
    id="provider-label-missing",
    page=__doc__ or "",
    severity=Severity.INFO,
    on=On.ALL,
    needs_rancher=(ManagementCluster,),
    fix=Fix(Safety.CONSENT, "Set the label on the Cluster."),
    references=("https://docs.harvesterhci.io/v1.5/rancher/virtualization-management",),
    check=check,
)
