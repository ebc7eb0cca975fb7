"""Tokens that never expire.

## What
Rancher's setting kubeconfig-default-token-ttl-minutes or auth-token-max-ttl-minutes is 0.

## Why
Every kubeconfig that somebody downloads then holds a token for ever: it outlives the person's membership in the
directory and is found in backups and chat logs years later.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {name: kubeconfig-default-token-ttl-minutes}
value: "0"
default: "43200"
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {name: kubeconfig-default-token-ttl-minutes}
value: ""
default: "43200"
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.snapshot.objects import RancherSetting

_LIMITS = frozenset({"kubeconfig-default-token-ttl-minutes", "auth-token-max-ttl-minutes"})


def check(view: View) -> Iterator[Problem]:
    """Look at both settings."""
    for setting in view.cluster.of(RancherSetting):
        if setting.name in _LIMITS and (setting.value or setting.default) == "0":
            yield Problem(
                target=setting.ref(view.name),
                message=f"{setting} is 0: tokens that are made by it never expire",
            )


RULE = Rule(
    id="token-lifetime-unlimited",
    page=__doc__ or "",
    severity=Severity.LOW,
    on=On.MANAGEMENT,
    needs=(RancherSetting,),
    fix=Fix(
        Safety.CONSENT,
        "Set a lifetime in minutes (Rancher's own default is 43200, 30 days), and delete the tokens that were made "
        "before: they keep the lifetime that they were given.",
    ),
    references=("rancher/rancher pkg/settings/setting.go (KubeconfigDefaultTokenTTLMinutes, AuthTokenMaxTTLMinutes)",),
    check=check,
)
