"""Harvester obeys another Rancher than the one that manages it.

## What
The setting cluster-registration-url names a host that is not the one of the Rancher that manages the cluster (its
setting server-url).

## Why
Harvester fetches manifests from that address and applies them as cluster-admin. An address of an old Rancher, or one
that somebody else put there, is a way into the cluster from outside.

## Example
```yaml flagged
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: cluster-registration-url}
value: '{"url": "https://old.example.com/v3/import/x.yaml", "insecureSkipTLSVerify": false}'
```

```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {name: server-url}
value: https://rancher.example.com
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
```

```yaml clean
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: cluster-registration-url}
value: '{"url": "https://rancher.example.com/v3/import/x.yaml", "insecureSkipTLSVerify": false}'
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {name: server-url}
value: https://Rancher.example.com:443/
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.snapshot.objects import HarvesterSetting, RancherSetting


def check(view: View) -> Iterator[Problem]:
    """Compare the two hosts, where both are known."""
    rancher = view.rancher
    if rancher is None or rancher.cluster is view.cluster:
        return
    known, host = rancher.setting("server-url"), rancher.host
    for setting in view.cluster.of(HarvesterSetting):
        named = setting.registration.host.lower() if setting.registration else ""
        if known and host and named and named != host:
            yield Problem(
                target=setting.ref(view.name),
                message=f"{setting} names {named}, but the Rancher that manages this cluster is {host}",
                related=(known.ref(rancher.cluster.name),),
                scope=FindingScope(cluster_wide=True),
            )


RULE = Rule(
    id="registration-url-foreign",
    page=__doc__ or "",
    severity=Severity.HIGH,
    needs=(HarvesterSetting,),
    needs_rancher=(RancherSetting,),
    fix=Fix(
        Safety.CONSENT,
        "Set cluster-registration-url to the URL that Rancher shows for this cluster, or make sure that both names are "
        "of the same Rancher. Emptying the setting removes the agent.",
    ),
    references=("harvester/harvester pkg/controller/master/setting/cluster_registration_url.go",),
    check=check,
)
