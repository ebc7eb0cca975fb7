"""Harvester's tokens never expire.

## What
Harvester's setting kubeconfig-default-token-ttl-minutes is 0. Harvester ships it so, which is told as info.

## Why
Every kubeconfig that somebody downloads then holds a token for ever: it outlives the person's membership in the
directory and is found in backups and chat logs years later.

## Example
```yaml flagged
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: kubeconfig-default-token-ttl-minutes}
value: "0"
```

```yaml clean
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: kubeconfig-default-token-ttl-minutes}
value: "43200"
default: "0"
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.snapshot.objects import HarvesterSetting

_SETTING = "kubeconfig-default-token-ttl-minutes"


def check(view: View) -> Iterator[Problem]:
    """Look at the setting."""
    for setting in view.cluster.of(HarvesterSetting):
        if setting.name == _SETTING and (setting.value or setting.default) == "0":
            shipped = not setting.value
            yield Problem(
                target=setting.ref(view.name),
                message=f"{setting} is 0{', as shipped' if shipped else ''}: tokens that are made by it never expire",
                severity=Severity.INFO if shipped else None,
            )


RULE = Rule(
    id="harvester-token-lifetime-unlimited",
    page=__doc__ or "",
    severity=Severity.LOW,
    needs=(HarvesterSetting,),
    fix=Fix(
        Safety.CONSENT,
        "Set a lifetime in minutes (Rancher's own default is 43200, 30 days), and delete the tokens that were made "
        "before: they keep the lifetime that they were given.",
    ),
    references=("https://docs.harvesterhci.io/v1.5/advanced/index#kubeconfig-default-token-ttl-minutes",),
    check=check,
)
