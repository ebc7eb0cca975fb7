"""Bindings of two Ranchers on one cluster.

## What
RoleBindings and ClusterRoleBindings of a cluster whose marks name more than one id of it: Rancher writes the id of the
cluster (`c-m-…`) into the label authz.cluster.cattle.io/rtb-owner-updated of what it makes there, and a cluster has one
id in one Rancher.

## Why
Either two Ranchers manage the cluster, or it was imported anew and the bindings of the earlier import were left.
Each Rancher takes away only what it made itself, so members who were removed in one keep what the other gave.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: rb-old
  namespace: shop-dev
  labels: {authz.cluster.cattle.io/rtb-owner-updated: c-m-old00001-p-shop_prtb-1}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-erin}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: rb-old
  namespace: shop-dev
  labels: {authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-shop_prtb-1}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-erin}
```

```yaml both
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: rb-new
  namespace: shop-dev
  labels: {authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-shop_prtb-2}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-bob}
```
"""

import re
from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rancher.naming import LEGACY_OWNER
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRoleBinding, RoleBinding

# The namespace of the template binding: the cluster's id, or the backing namespace of a project, which begins with it.
_ID = re.compile(r"(c-m-[a-z0-9]{8}|c-[a-z0-9]{5})(?=[-_])")


def check(view: View) -> Iterator[Problem]:
    """Group the marked bindings by the id that they name; the id with the fewest of them is the one to look at."""
    bindings: tuple[RoleBinding | ClusterRoleBinding, ...] = (
        *view.cluster.of(RoleBinding),
        *view.cluster.of(ClusterRoleBinding),
    )
    owners = [(item.metadata.labels.get(LEGACY_OWNER, ""), item) for item in bindings if item.metadata.labels]
    ids = {owner: named[1] for owner in {owner for owner, _ in owners} if (named := _ID.match(owner))}
    if len(set(ids.values())) < 2:
        return
    found: dict[str, list[RoleBinding | ClusterRoleBinding]] = {}
    for owner, item in owners:
        if owner in ids:
            found.setdefault(ids[owner], []).append(item)
    here, *others = sorted(found, key=lambda name: (name != view.rancher_id, -len(found[name]), name))
    for other in others:
        left = found[other]
        yield Problem(
            target=left[0].ref(view.name),
            message=f"marked as made for cluster {other}: {len(left)} bindings, for {here}: {len(found[here])}; two "
            f"Ranchers manage this cluster, or an earlier import was left ({names(left)})",
            related=tuple(item.ref(view.name) for item in left[1:]),
            subjects=tuple(dict.fromkeys(subject for item in left for subject in item.subjects)),
            scope=FindingScope(cluster_wide=True),
            # Which of the two still runs, labels do not say.
            confidence=Confidence.POSSIBLE,
            key=other,
        )


RULE = Rule(
    id="several-managers",
    page=__doc__ or "",
    severity=Severity.HIGH,
    uses=(RoleBinding, ClusterRoleBinding),
    fix=Fix(
        Safety.MANUAL,
        "See which Rancher the agent of the cluster obeys (variable CATTLE_SERVER of Deployment "
        "cattle-system/cattle-cluster-agent). Remove the cluster from the other Rancher, then delete the bindings that "
        "bear its id.",
    ),
    references=("rancher/rancher pkg/controllers/managementuser/rbac/handler_base.go (rtbOwnerLabel)",),
    check=check,
)
