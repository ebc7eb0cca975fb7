"""A Secret in harvester-public.

## What
A Secret lies in harvester-public beside the two that Harvester ships there (iso-image-template-userdata and
raw-image-template-userdata). Its type says what it holds: a service account's token, a registry login, a TLS key, or
cloud-init data. The values are never read, so whether cloud-init data has a password in it is not known.

## Why
Harvester binds `view` in this namespace to system:authenticated, and on Harvester `view` includes Secrets. So every
Rancher user, every service account of every tenant and every guest cluster reads this Secret.

## Example
```yaml flagged
apiVersion: v1
kind: Secret
metadata: {name: registry-pull, namespace: harvester-public}
type: kubernetes.io/dockerconfigjson
data: {.dockerconfigjson: e30=}
```

```yaml clean
apiVersion: v1
kind: Secret
metadata: {name: iso-image-template-userdata, namespace: harvester-public}
type: secret
data: {userdata: "", networkdata: ""}
---
apiVersion: v1
kind: Secret
metadata: {name: registry-pull, namespace: shop-dev}
type: kubernetes.io/dockerconfigjson
data: {.dockerconfigjson: e30=}
```
"""

from collections.abc import Iterator

from rbac_audit.access.identity import AUTHENTICATED
from rbac_audit.audit.classes import PUBLIC
from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.snapshot.objects import Secret, Subject

_SHIPPED = frozenset({"iso-image-template-userdata", "raw-image-template-userdata"})
_CLOUD_INIT = frozenset({"userdata", "networkdata"})
_TYPES = {
    "kubernetes.io/service-account-token": "the token of a service account",
    "kubernetes.io/dockerconfigjson": "the login of an image registry",
    "kubernetes.io/dockercfg": "the login of an image registry",
    "kubernetes.io/tls": "the private key of a certificate",
    "kubernetes.io/ssh-auth": "a private SSH key",
    "kubernetes.io/basic-auth": "a user name and password",
    "bootstrap.kubernetes.io/token": "a token that adds nodes",
    "helm.sh/release.v1": "the values of a Helm release",
}


def check(view: View) -> Iterator[Problem]:
    """Report each Secret that Harvester does not ship there."""
    for secret in view.cluster.of(Secret):
        cloud_init = _CLOUD_INIT.issuperset(secret.keys) and secret.stated_type not in _TYPES
        if secret.namespace == PUBLIC and not (secret.name in _SHIPPED and cloud_init):
            yield _problem(view, secret, cloud_init=cloud_init and bool(secret.keys))


def _problem(view: View, secret: Secret, *, cloud_init: bool) -> Problem:
    kind = secret.stated_type or "Opaque"
    own = "values of its own" if secret.keys else "nothing, or values whose keys were not read"
    what = _TYPES.get(kind, "cloud-init data, which may hold passwords" if cloud_init else own)
    unsure = cloud_init or not secret.keys or kind == "helm.sh/release.v1"
    return Problem(
        target=secret.ref(view.name),
        message=f"every authenticated identity can read {secret} ({kind}), which holds {what}",
        subjects=(Subject(kind="Group", name=AUTHENTICATED),),
        scope=FindingScope((PUBLIC,)),
        severity=Severity.MEDIUM if kind == "helm.sh/release.v1" else None,
        confidence=Confidence.POSSIBLE if unsure else Confidence.CERTAIN,
    )


RULE = Rule(
    id="public-namespace-secret",
    page=__doc__ or "",
    severity=Severity.HIGH,
    needs=(Secret,),
    public=True,
    fix=Fix(
        Safety.CONSENT,
        "Move the Secret into a namespace of the project that needs it, and change what was in it: it was readable by "
        "everybody.",
    ),
    references=(
        "harvester/harvester pkg/data/rbac.go and pkg/data/template.go",
        "https://github.com/harvester/harvester/pull/1916",
    ),
    check=check,
)
