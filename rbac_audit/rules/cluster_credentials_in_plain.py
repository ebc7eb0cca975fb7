"""Credentials in plain text on a Cluster object of Rancher.

## What
A Cluster of Rancher (management.cattle.io) of which a field that is made for a credential, such as
status.serviceAccountToken, is not empty. Which fields these are is kept and told, never what is in them.

## Why
Everybody with any role on a cluster may read its Cluster object through Rancher, so every member of every project had
the token by which Rancher itself rules the cluster (CVE-2021-36782, CVE-2022-43757). Rancher moves such values into
Secrets at its start since v2.6.7, v2.5.16 and, more of them, v2.7.1, v2.6.10 and v2.5.17; what is still there was not
moved, or was written again since.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: Cluster
metadata: {name: c-m-abcd1234}
status: {serviceAccountToken: made-up}
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: Cluster
metadata: {name: c-m-abcd1234}
status: {serviceAccountToken: "", serviceAccountTokenSecret: cluster-serviceaccounttoken-x7k2p}
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ManagementCluster


def check(view: View) -> Iterator[Problem]:
    """Report every cluster with such fields."""
    for item in view.cluster.of(ManagementCluster):
        if item.credentials:
            yield Problem(
                target=item.ref(view.name),
                message=f"{item} holds in plain text {names(item.credentials, 5)}, which every member of any of its "
                "projects may read",
                scope=FindingScope(cluster_wide=True),
                advisories=("CVE-2021-36782", "CVE-2022-43757"),
            )


RULE = Rule(
    id="cluster-credentials-in-plain",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.MANAGEMENT,
    needs=(ManagementCluster,),
    fix=Fix(
        Safety.MANUAL,
        "Upgrade Rancher and see that the fields are empty after its start; then rotate what was in them, and look in "
        "the audit logs for who used it.",
    ),
    references=(
        "https://github.com/rancher/rancher/security/advisories/GHSA-g7j7-h4q8-8w2f",
        "https://github.com/rancher/rancher/security/advisories/GHSA-cq4p-vp5q-4522",
    ),
    check=check,
)
