"""Binding in the place of one that Rancher needs.

## What
A RoleBinding or ClusterRoleBinding without any mark of Rancher, under the very name that Rancher gives one of its own
there. The name is a hash of namespace, role and subject, so it is a copy of a rendered binding, a restored one that
lost its labels, or one of a service account of the same name in another namespace.

## Why
Rancher never takes over such an object. In the legacy model it leaves it as it is, and does not delete it with the
role template binding either. In the aggregated model it fails on it and gives up that role template binding for all
namespaces that follow, so that members are missing in namespaces which have nothing to do with it.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rb-4e55pvztr4, namespace: shop-dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-abc12}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: rb-4e55pvztr4
  namespace: shop-dev
  labels: {authz.cluster.cattle.io/rtb-owner-updated: p-x1y2z_prtb-alice}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-abc12}
```

```yaml both
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-x1y2z"}}
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: edit}
context: project
external: true
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-alice, namespace: p-x1y2z}
projectName: "c-m-abcd1234:p-x1y2z"
roleTemplateName: edit
userName: u-abc12
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.comparison import Difference, Fate
from rbac_audit.rancher.prediction import grant_of
from rbac_audit.rules._differences import NEEDS_RANCHER, blocked_owners, what_it_gives
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, KubernetesObject, Namespace, RoleBinding


def check(view: View) -> Iterator[Problem]:
    """Report each binding in the way, with what is missing because of it."""
    stopped = blocked_owners(view)
    for item in view.differences:
        found = item.item
        if item.fate is Fate.BLOCKED and isinstance(found, RoleBinding | ClusterRoleBinding) and view.rancher:
            held_up = stopped.intersection(item.owners)
            missing = (other for other in view.differences if other.fate is Fate.MISSING)
            behind = [other.item for other in missing if not held_up.isdisjoint(other.owners)]
            yield _problem(view, view.rancher.cluster.name, item, found, behind)


def _problem(
    view: View,
    manager: str,
    item: Difference,
    found: RoleBinding | ClusterRoleBinding,
    behind: list[KubernetesObject],
) -> Problem:
    wanted = item.wanted
    same = isinstance(wanted, RoleBinding | ClusterRoleBinding) and grant_of(found) == grant_of(wanted)
    needs = " and ".join(f"{owner.source} ({what_it_gives(owner)})" for owner in item.owners[:2])
    given = "gives the same but is not Rancher's" if same else f"gives {names(found.subjects)} {found.role_ref.name}"
    lost = f"; because of it, {names(behind)} were not made either" if behind else ""
    return Problem(
        target=found.ref(view.name),
        message=f"{found} {given}, and has the name that Rancher needs for {needs}{lost}",
        related=(
            *(owner.source.ref(manager) for owner in item.owners),
            *(other.ref(view.name) for other in behind),
        ),
        subjects=tuple(dict.fromkeys(owner.subject for owner in item.owners if owner.subject)),
        scope=FindingScope((found.namespace,) if found.namespace else (), "", not found.namespace),
        chain=(Link("fact", f"{found} has no mark of Rancher", found.ref(view.name)),),
        severity=Severity.LOW if same and not behind else None,
    )


RULE = Rule(
    id="blocked-by-raw-binding",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.ALL,
    needs=(ClusterRole, Namespace),
    uses=(RoleBinding, ClusterRoleBinding),
    needs_rancher=NEEDS_RANCHER,
    fix=Fix(
        Safety.CONSENT,
        "Delete the binding: Rancher makes its own at the next sync of the role template binding. Never copy a "
        "rendered binding under its own name, and take Rancher's names out of manifests that are kept elsewhere.",
    ),
    references=(
        "rancher/rancher pkg/controllers/managementuser/rbac/handler_base.go",
        "rancher/rancher pkg/controllers/managementuser/rbac/roletemplates/prtb_handler.go",
    ),
    check=check,
)
