"""Several tokens with which a cluster can be registered.

## What
More than one registration token (ClusterRegistrationToken) for one cluster.

## Why
Whoever has such a token can register an agent as the cluster and is then sent what Rancher writes to it. Rancher
makes one for each cluster; another one was made by hand or was left over, and does not expire.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: ClusterRegistrationToken
metadata: {name: crt-2, namespace: c-m-abcd1234}
spec: {clusterName: c-m-abcd1234}
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: ClusterRegistrationToken
metadata: {name: default-token, namespace: local}
spec: {clusterName: local}
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: ClusterRegistrationToken
metadata: {name: default-token, namespace: c-m-abcd1234}
spec: {clusterName: c-m-abcd1234}
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRegistrationToken


def check(view: View) -> Iterator[Problem]:
    """Count the tokens of each cluster."""
    tokens: dict[str, list[ClusterRegistrationToken]] = {}
    for token in view.cluster.of(ClusterRegistrationToken):
        tokens.setdefault(token.namespace, []).append(token)
    for cluster, found in tokens.items():
        if len(found) > 1:
            yield Problem(
                target=found[0].ref(view.name),
                message=f"cluster {cluster} has {len(found)} registration tokens: {names(found)}",
                related=tuple(token.ref(view.name) for token in found[1:]),
            )


RULE = Rule(
    id="several-registration-tokens",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.MANAGEMENT,
    needs=(ClusterRegistrationToken,),
    fix=Fix(
        Safety.CONSENT,
        "Keep default-token and delete the others; an agent that runs does not need its token any more.",
    ),
    references=("rancher/rancher pkg/controllers/management/clusterregistrationtoken",),
    check=check,
)
