"""Secrets of a project open to somebody outside it.

## What
A binding in a namespace of a project that lets somebody who is no member of it get, list or watch all Secrets there, by
a role that is not the one for readers. What readers get by `view` is told by secrets-readable-by-viewers, what reaches
every namespace by cluster-wide-secret-read, and a right on Secrets of some names is not meant.

## Why
The Secrets of a project are the passwords and keys in the cloud-init data of its VMs and the tokens of its guest
clusters, which never expire. `list` and `watch` return what is in them as `get` does. The members of the project see
the binding nowhere in Rancher.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: backup, namespace: shop-dev}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [list]}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: backup, namespace: shop-dev}
rules:
- {apiGroups: [""], resources: [secrets], resourceNames: [ca], verbs: [get]}
```

```yaml both
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: backup, namespace: shop-dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: backup}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: backup-team}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-4m8tz"}}
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, scope_of, target_of
from rbac_audit.audit.finding import Confidence, Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rancher.model import WHO_IS_WHO
from rbac_audit.rules._holders import Held, held_by_tenants, roles_holding
from rbac_audit.rules._takeover import READ_SECRETS
from rbac_audit.rules._words import names
from rbac_audit.rules.secrets_readable_by_viewers import roles_of_viewers
from rbac_audit.snapshot.objects import ClusterRole, Namespace, ObjectRef, Role, RoleBinding


def check(view: View) -> Iterator[Problem]:
    """Find who reads Secrets in the namespaces of projects and is no member there."""
    readers = roles_of_viewers(view)
    roles = {role: rule for role, rule in roles_holding(view, READ_SECRETS).items() if role not in readers}
    places = [name for name in view.access.by_namespace if name and view.classes.namespace_class(name) == "projects"]
    groups: dict[ObjectRef, list[Held]] = {}
    for item in held_by_tenants(view, roles, places, ("project-members",)):
        groups.setdefault(target_of(view, item.binding), []).append(item)
    for target, held in groups.items():
        yield _problem(view, target, held)


def _problem(view: View, target: ObjectRef, held: list[Held]) -> Problem:
    tenants = tuple(dict.fromkeys(subject for item in held for subject in item.tenants))
    places = sorted({item.binding.namespace for item in held})
    refs = (item.binding.source.ref(view.name) for item in held)
    known = view.rancher is not None and view.rancher.knows_members
    return Problem(
        target=target,
        message=f"{names(tenants)} can read all Secrets in namespace{'' if len(places) == 1 else 's'} {names(places)} "
        f"and {'is' if len(tenants) == 1 else 'are'} no member of the project",
        related=tuple(dict.fromkeys(ref for ref in refs if ref != target)),
        subjects=tenants,
        scope=scope_of(view, [item.binding for item in held]),
        chain=chain_of(view, held[0].grant, held[0].tenants[0]),
        confidence=Confidence.CERTAIN if known else Confidence.POSSIBLE,
    )


RULE = Rule(
    id="secrets-open-to-outsiders",
    page=__doc__ or "",
    severity=Severity.HIGH,
    needs=(RoleBinding, Namespace),
    uses=(ClusterRole, Role),
    uses_rancher=WHO_IS_WHO,
    fix=Fix(
        Safety.CONSENT,
        "Make the subject a member of the project, if it should be one, and delete the binding; else name the Secrets "
        "that it needs in a Role (resourceNames, verb get).",
    ),
    references=(
        "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#listing-secrets",
        "harvester/harvester deploy/charts/harvester/templates/rbac.yaml (harvesterhci.io:view)",
    ),
    check=check,
)
