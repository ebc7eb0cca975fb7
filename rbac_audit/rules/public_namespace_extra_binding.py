"""A binding in harvester-public that adds rights.

## What
A binding in harvester-public beside the shipped one gives its subjects rights that they do not have there anyhow:
every authenticated identity may already read this namespace through `view`. Bindings that allow to change images,
templates, Secrets and the like are reported by public-namespace-write, and not again here.

## Why
Harvester ships exactly one binding in this namespace. Whatever is added there works on what all tenants share, is not
shown by Rancher as a membership of anything, and stays when its reason is forgotten.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: console}
rules:
- {apiGroups: [subresources.kubevirt.io], resources: [virtualmachineinstances/console], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: helpers, namespace: harvester-public}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: console}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: helpers}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
rules:
- {apiGroups: [harvesterhci.io], resources: [virtualmachineimages], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: harvester-public, namespace: harvester-public}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: auditors, namespace: harvester-public}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: auditors}
```
"""

import itertools
from collections.abc import Iterator

from rbac_audit.access import Binding, Identity, Permission
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.escalation import uncovered
from rbac_audit.access.identity import ANONYMOUS, UNAUTHENTICATED, placed
from rbac_audit.audit.classes import PUBLIC
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, describe, scope_of, target_of
from rbac_audit.audit.finding import Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.harvester.platform import is_platform
from rbac_audit.rules._words import names, verb
from rbac_audit.snapshot.objects import ClusterRole, PolicyRule, Role, RoleBinding, Subject

_READ = frozenset({"get", "list", "watch"})
# As in policies/public-namespace/public-namespace-write.yaml.
_SHARED = (
    ("harvesterhci.io", "virtualmachineimages"),
    ("harvesterhci.io", "virtualmachinetemplates"),
    ("harvesterhci.io", "virtualmachinetemplateversions"),
    ("", "secrets"),
    ("", "configmaps"),
    ("", "persistentvolumeclaims"),
    ("", "pods"),
    ("kubevirt.io", "virtualmachines"),
    ("k8s.cni.cncf.io", "network-attachment-definitions"),
    ("rbac.authorization.k8s.io", "roles"),
    ("rbac.authorization.k8s.io", "rolebindings"),
)
_VERBS = ("create", "update", "patch", "delete", "deletecollection")
# Accounts of guest clusters may patch every VM (harvesterhci.io:csi-driver), so that policy leaves this one out.
_NAMED = ("virtualmachineimages", "virtualmachinetemplates", "virtualmachinetemplateversions")
_WRITES = tuple(
    Permission(verb, group, resource)
    for verb, (group, resource) in itertools.product(_VERBS, _SHARED)
    if (verb, resource) != ("patch", "virtualmachines")
)


def check(view: View) -> Iterator[Problem]:
    """Compare each binding there with what every authenticated identity may do there."""
    everybody = view.access.rules_for(Identity.of_user("anybody"), PUBLIC)
    named = {role for write in _WRITES if write.resource in _NAMED for role, _ in view.access.allowing_named(write)}
    for binding in view.access.by_namespace.get(PUBLIC, ()):
        if view.baseline.ships_binding(binding.source):
            continue
        if any(view.access.first_allowing(binding.role, write) for write in _WRITES) or binding.role in named:
            continue
        added = uncovered(everybody, view.access.rules(binding.role))
        if added or _reaches_anonymous(binding):
            yield from _problem(view, binding, added)


def _reaches_anonymous(binding: Binding) -> bool:
    return any(_is_anonymous(subject) for subject in binding.subjects)


def _is_anonymous(subject: Subject) -> bool:
    return (subject.kind, subject.name) in {("User", ANONYMOUS), ("Group", UNAUTHENTICATED)}


def _problem(view: View, binding: Binding, added: tuple[PolicyRule, ...]) -> Iterator[Problem]:
    placements = (placed(subject, PUBLIC) for subject in binding.subjects)
    subjects = tuple(
        item
        for item in placements
        if not (view.standing.is_cluster_owner(item) or is_platform(item)) and (added or _is_anonymous(item))
    )
    if not subjects:
        return
    writes = any(not _READ.issuperset(rule.verbs) for rule in added)
    rule = added[0] if added else next(iter(view.access.rules(binding.role)), None)
    what = names(map(describe, added)) if added else "read it without a login"
    yield Problem(
        target=target_of(view, binding),
        message=f"{names(subjects)} {verb(subjects, 'has', 'have')} more in {PUBLIC} than everybody: {what}",
        subjects=subjects,
        scope=scope_of(view, (binding,)),
        chain=chain_of(view, Grant(binding, rule), subjects[0]),
        severity=Severity.HIGH if writes or not added else None,
    )


RULE = Rule(
    id="public-namespace-extra-binding",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    needs=(RoleBinding,),
    uses=(ClusterRole, Role),
    public=True,
    fix=Fix(Safety.CONSENT, "Delete the binding; give the access in a project, or make the subject a cluster owner."),
    references=("harvester/harvester pkg/data/rbac.go (harvester-public)",),
    check=check,
)
