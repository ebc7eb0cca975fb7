"""Rancher's other rendering model left its objects behind.

## What
Bindings on a cluster that a live role template binding makes in the other of Rancher's two models only (feature
aggregated-roletemplates on or off), one finding for each cluster. While the feature is on, RoleBindings of the
legacy model in namespaces are not counted: Rancher still writes and deletes them itself.

## Why
Everybody who is told here has the same access twice. The leftovers are not deleted with their role template binding,
and not changed with the template, so access that is taken away in Rancher stays on the cluster. They come from a
migration that was not finished, or from a switch of the feature and back.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: Feature
metadata: {name: aggregated-roletemplates}
spec: {value: false}
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: Feature
metadata: {name: aggregated-roletemplates}
spec: {value: true}
```

```yaml both
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: crb-oso5pqwpeu
  labels: {authz.cluster.cattle.io/crtb-owner-crtb-alice: "true", management.cattle.io/roletemplate-aggregation: "true"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: nodes-view-aggregator}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-abc12}
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: nodes-view}
context: cluster
rules: [{apiGroups: [""], resources: [nodes], verbs: [get]}]
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {name: crtb-alice, namespace: c-m-abcd1234}
clusterName: c-m-abcd1234
roleTemplateName: nodes-view
userName: u-abc12
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.comparison import Fate
from rbac_audit.rules._differences import NEEDS_RANCHER
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, Namespace, RoleBinding


def check(view: View) -> Iterator[Problem]:
    """Report the leftovers of the other model together: they have one cause."""
    left = [item for item in view.differences if item.fate is Fate.DOUBLED]
    if not left or view.rancher is None or view.prediction is None:
        return
    now, other = ("aggregated", "legacy") if view.prediction.aggregated else ("legacy", "aggregated")
    manager = view.rancher.cluster.name
    subjects = tuple(dict.fromkeys(owner.subject for item in left for owner in item.owners if owner.subject))
    cluster = view.rancher.clusters.get(view.rancher_id)
    feature = f"aggregated-roletemplates is {'on' if now == 'aggregated' else 'off'}"
    yield Problem(
        target=cluster.ref(manager) if cluster else left[0].item.ref(view.name),
        message=f"Rancher renders in its {now} model, but cluster {view.name} has {len(left)} bindings of the {other} "
        f"one for {len(subjects)} subjects: {names([item.item for item in left])}",
        related=tuple(item.item.ref(view.name) for item in left),
        subjects=subjects,
        scope=FindingScope(
            tuple(sorted({item.item.namespace for item in left if item.item.namespace})),
            cluster_wide=any(not item.item.namespace for item in left),
        ),
        chain=(Link("fact", f"the feature {feature}"),),
    )


RULE = Rule(
    id="both-models-present",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.ALL,
    needs=(ClusterRole, Namespace),
    uses=(RoleBinding, ClusterRoleBinding),
    needs_rancher=NEEDS_RANCHER,
    fix=Fix(
        Safety.CONSENT,
        "Restart Rancher, which then finishes the migration; delete what is still there afterwards. Nobody loses "
        "access by it: the bindings of the present model give the same.",
    ),
    references=(
        "https://github.com/rancher/rancher/issues/54057",
        "rancher/rancher pkg/controllers/management/auth/roletemplates/common.go (handleAggregationMigration)",
    ),
    check=check,
)
