"""The shipped access to harvester-public is missing or changed.

## What
Harvester ships a RoleBinding harvester-public, and a ClusterRole and ClusterRoleBinding harvester-authenticated. One of
them is missing on this cluster, or is not what any known version ships.

## Why
These three are how every user sees the public images and templates, and the few settings and cluster networks that the
UI needs. Harvester writes them again at each start, so a
change is gone at the next one: people who were added lose their access then, and what was missing comes back. Another
binding that Harvester does not ship stays.

## Example
```yaml flagged
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: server-version}
value: v1.9.0
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: harvester-authenticated}
rules:
- {apiGroups: [harvesterhci.io], resources: [settings], verbs: [get, list, watch]}
```

```yaml clean
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: server-version}
value: v1.7.3
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: harvester-public, namespace: harvester-public}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: harvester-authenticated}
rules:
- apiGroups: [harvesterhci.io]
  resources: [settings]
  resourceNames:
  - server-version
  - default-storage-class
  - harvester-csi-ccm-versions
  - default-vm-termination-grace-period-seconds
  verbs: [get, watch]
- {apiGroups: [network.harvesterhci.io], resources: [clusternetworks], verbs: [get, list, watch]}
- {apiGroups: [""], resources: [namespaces], resourceNames: [harvester-public], verbs: [get, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: harvester-authenticated}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: harvester-authenticated}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}
```
"""

from collections.abc import Iterator

from rbac_audit.access.identity import placed
from rbac_audit.audit.classes import PUBLIC
from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.harvester.baseline import Match, RbacObject, Verdict
from rbac_audit.rules._shipped import confidence_of, match_installed
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, ObjectRef, RoleBinding, Subject

_NAME = "harvester-authenticated"
_WANTED = ((RoleBinding, PUBLIC, PUBLIC), (ClusterRole, "", _NAME), (ClusterRoleBinding, "", _NAME))


def check(view: View) -> Iterator[Problem]:
    """Compare the three objects with the shipped ones; only a Harvester cluster has to have them."""
    if not view.is_harvester:
        return
    there = {(item.kind, item.namespace, item.name): item for item in _objects(view)}
    for kind, namespace, name in _WANTED:
        item = there.get((kind.kind, namespace, name))
        if item is None:
            yield _missing(ObjectRef(kind.group, kind.kind, name, namespace, view.name))
        elif (match := match_installed(view, item)).verdict is Verdict.DIFFERS:
            yield _changed(view, item, match)


def _objects(view: View) -> Iterator[RbacObject]:
    bindings = (item for place in ("", PUBLIC) for item in view.access.by_namespace.get(place, ()))
    yield from (item.source for item in bindings)
    yield from view.cluster.of(ClusterRole)


def _missing(target: ObjectRef) -> Problem:
    lost = "see public images and templates" if target.namespace else "read the settings and networks that the UI needs"
    return Problem(
        target=target,
        message=f"{target} is missing: unless they own the cluster, users may not {lost} until Harvester starts again",
        scope=FindingScope((PUBLIC,)),
        key="missing",
    )


def _changed(view: View, item: RbacObject, match: Match) -> Problem:
    words = [f"added {match.added}"] if match.added else []
    words += [f"without {match.removed}"] if match.removed else []
    bound: tuple[Subject, ...] = ()
    if isinstance(item, RoleBinding | ClusterRoleBinding):
        extra = (subject for subject in item.subjects if not view.baseline.ships(item, subject))
        bound = tuple(placed(subject, item.namespace) for subject in extra)
    return Problem(
        target=item.ref(view.name),
        message=f"{item} is not as Harvester ships it ({', '.join(words)}); the next start of Harvester resets it",
        subjects=bound,
        scope=FindingScope((PUBLIC,)) if item.namespace else FindingScope(cluster_wide=True),
        confidence=confidence_of(view, match),
    )


RULE = Rule(
    id="public-namespace-default-binding",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    needs=(RoleBinding, ClusterRole, ClusterRoleBinding),
    public=True,
    fix=Fix(
        Safety.CONSENT,
        "Restart the deployment harvester-system/harvester, which writes the shipped objects again; give what was "
        "added by hand in a binding of its own, if it is wanted at all.",
    ),
    references=("harvester/harvester pkg/data/rbac.go and pkg/data/add.go (Init)",),
    check=check,
)
