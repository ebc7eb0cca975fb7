"""Secrets that read-only members read.

## What
On Harvester the role `view` includes Secrets: ClusterRole harvesterhci.io:view has them and is aggregated into it. So
whoever may only look (the role templates read-only and virt-project-view, a RoleBinding to `view`) reads the Secrets of
the namespace, and in harvester-public every authenticated identity does. Nothing has been changed on the cluster: this
is what Harvester ships. Cluster-wide bindings are reported by cluster-wide-secret-read.

## Why
Secrets of a project hold the cloud-init data of its VMs, which may set passwords and keys, and the tokens of guest
clusters, which never expire and may change VMs. On plain Kubernetes `view` does not read Secrets, so people are made
read-only members without a thought of this.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: "harvesterhci.io:view"
  labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [get, list, watch]}
---
apiVersion: v1
kind: Secret
metadata: {name: guest-token, namespace: shop-dev}
type: kubernetes.io/service-account-token
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "system:aggregate-to-view", labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [get, list, watch]}
```

```yaml both
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
aggregationRule:
  clusterRoleSelectors:
  - matchLabels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: lookers, namespace: shop-dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: lookers}
```
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from rbac_audit.access import Binding, Permission, RoleKey
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.identity import ANONYMOUS, UNAUTHENTICATED, placed, subject_key
from rbac_audit.audit.classes import PUBLIC
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, scope_of, target_of
from rbac_audit.audit.finding import Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.harvester.platform import is_platform
from rbac_audit.rules._holders import roles_holding
from rbac_audit.rules._takeover import READ_SECRETS
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    ObjectRef,
    PolicyRule,
    Project,
    RoleBinding,
    Secret,
    Subject,
)
from rbac_audit.snapshot.objects.kubernetes import SERVICE_ACCOUNT_TOKEN

_WORKS = (Permission("create", "", "pods"), Permission("create", "", "secrets"))
# What is open without a login is reported by anonymous-access.
_NOBODY = frozenset({UNAUTHENTICATED, ANONYMOUS})
_SHIPPED = frozenset({"iso-image-template-userdata", "raw-image-template-userdata"})


def check(view: View) -> Iterator[Problem]:
    """Gather read-only holders by place: harvester-public, else the project, else the namespace."""
    secrets: dict[str, list[Secret]] = {}
    for secret in view.cluster.of(Secret):
        secrets.setdefault(secret.namespace, []).append(secret)
    places: dict[str, list[tuple[Subject, Grant, Binding]]] = {}
    for grant, binding in _viewers(view):
        project = view.projects.of(binding.namespace)
        place = binding.namespace if binding.namespace == PUBLIC or project is None else project.id
        for subject in binding.subjects:
            who = placed(subject, binding.namespace)
            matched = subject_key(who, "") is not None and who.name not in _NOBODY
            if matched and not is_platform(who) and not view.standing.is_cluster_owner(who):
                places.setdefault(place, []).append((who, grant, binding))
    for place, held in sorted(places.items()):
        yield _problem(view, place, held, secrets)


def _viewers(view: View) -> Iterator[tuple[Grant, Binding]]:
    """Find the namespaced bindings of the roles for readers."""
    for role, rule in roles_of_viewers(view).items():
        for binding in view.access.by_role.get(role, ()):
            if binding.namespace:
                yield Grant(binding, rule), binding


def roles_of_viewers(view: View) -> dict[RoleKey, PolicyRule]:
    """Find the roles that read Secrets by aggregation and let nobody make pods or Secrets, with the rule that does."""
    working = {role for permission in _WORKS for role in view.access.allowing(permission)}
    return {
        role: rule
        for role, rule in roles_holding(view, READ_SECRETS).items()
        if not role[0] and role not in working and view.access.aggregation.source(role[1], rule)
    }


def _problem(
    view: View, place: str, held: list[tuple[Subject, Grant, Binding]], secrets: dict[str, list[Secret]]
) -> Problem:
    subjects = tuple(dict.fromkeys(subject for subject, _, _ in held))
    bindings = tuple(dict.fromkeys(binding for _, _, binding in held))
    namespaces = sorted({binding.namespace for binding in bindings})
    counts = _counts(view, namespaces, secrets)
    target = _target(view, place, bindings)
    owners = dict.fromkeys(target_of(view, binding) for binding in bindings)
    return Problem(
        target=target,
        message=f"{names(subjects)} may only look, but can read the Secrets of {_where(view, place, namespaces)}"
        f" ({_content(place, counts)})",
        related=tuple(ref for ref in owners if ref != target),
        subjects=subjects,
        scope=scope_of(view, bindings),
        chain=chain_of(view, held[0][1], held[0][0]),
        severity=_severity(place, counts),
    )


def _counts(view: View, namespaces: Iterable[str], secrets: dict[str, list[Secret]]) -> Counter[str] | None:
    """Count the Secrets by type, without those that Harvester ships; None where they were not read."""
    if not view.cluster.has(Secret) or not view.cluster.unread_namespaces.isdisjoint(namespaces):
        return None
    found = (secret for name in namespaces for secret in secrets.get(name, ()))
    return Counter(
        item.stated_type or "Opaque" for item in found if not (item.namespace == PUBLIC and item.name in _SHIPPED)
    )


def _content(place: str, counts: Counter[str] | None) -> str:
    if counts is None:
        return "which lie there is not known, because they were not read"
    found = ", ".join(f"{number} of type {kind}" for kind, number in sorted(counts.items()))
    return found or ("none but what is shipped" if place == PUBLIC else "none at present")


def _severity(place: str, counts: Counter[str] | None) -> Severity | None:
    if counts is not None and counts[SERVICE_ACCOUNT_TOKEN]:
        return Severity.HIGH
    if place == PUBLIC:
        return Severity.MEDIUM if counts else Severity.INFO
    return Severity.LOW if counts is not None and not counts else None


def _where(view: View, place: str, namespaces: list[str]) -> str:
    project = view.projects.find(place)
    spaces = f"namespace{'' if len(namespaces) == 1 else 's'} {names(namespaces)}"
    return f"project {project.name or project.id}, {spaces}" if project else spaces


def _target(view: View, place: str, bindings: tuple[Binding, ...]) -> ObjectRef:
    """Point at the project where Rancher knows it, else at the shipped binding, else at the first."""
    project = view.projects.find(place)
    if project is None or not project.known or view.rancher is None:
        shipped = (binding for binding in bindings if view.baseline.ships_binding(binding.source))
        return target_of(view, next(shipped, bindings[0]))
    cluster, _, name = project.id.partition(":")
    return ObjectRef(Project.group, Project.kind, name, cluster, view.rancher.cluster.name)


RULE = Rule(
    id="secrets-readable-by-viewers",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    needs=(ClusterRole,),
    uses=(RoleBinding, ClusterRoleBinding),
    fix=Fix(
        Safety.MANUAL,
        "Decide who may read these Secrets. For the others, bind a role template of your own that lists what they look "
        "at, without secrets and without inheriting view or read-only; keep tokens of guest clusters in a namespace "
        "without read-only members. Do not edit harvesterhci.io:view: the next upgrade resets it and may be blocked.",
    ),
    references=(
        "harvester/harvester deploy/charts/harvester/templates/rbac.yaml (harvesterhci.io:view)",
        "https://github.com/harvester/harvester/pull/1916",
    ),
    check=check,
)
