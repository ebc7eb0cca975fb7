"""What Rancher should have written is not there.

## What
An object that Rancher renders from a project, cluster or global role binding (or the role behind it) and that the
cluster does not have, one finding for each such binding. Not meant: what Rancher itself deletes and writes again
(bindings of service accounts, bindings in the wrong namespace), accounts that its proxy makes on demand, namespaces
that are being deleted or were not assigned yet, and kinds that were not read whole.

## Why
Rancher shows access that nobody has, and the next sync hands it out at a moment that nobody chose. The usual causes are
an agent that is not connected, a controller that stops at an error, and somebody who deleted objects by hand, which
Rancher makes again. A binding whose role is missing grants nothing until anybody makes a role of that name.

## Example
```yaml flagged
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-x1y2z"}}
```

```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-abc12}
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-x1y2z, namespace: c-m-abcd1234}
---
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

```yaml clean
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-x1y2z"}}
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: edit}
context: project
external: true
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-x1y2z, namespace: c-m-abcd1234}
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import Owner, TemplateBinding
from rbac_audit.rancher.comparison import Difference, Fate
from rbac_audit.rancher.marks import IMPERSONATION
from rbac_audit.rancher.model import Rancher
from rbac_audit.rules._differences import NEEDS_RANCHER, blocked_owners, confidence_of, what_it_gives
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    Namespace,
    Role,
    RoleBinding,
)


def check(view: View) -> Iterator[Problem]:
    """Report what is missing by the binding that it is for; who is blocked is told by another rule."""
    rancher = view.rancher
    if rancher is None:
        return
    stopped = blocked_owners(view)
    missing: dict[Owner, list[Difference]] = {}
    for item in view.differences:
        if item.fate is Fate.MISSING and not item.item.name.startswith(IMPERSONATION):
            for owner in item.owners or _bound_by(view, item):
                if owner not in stopped:
                    missing.setdefault(owner, []).append(item)
    if len(missing) > 1 and _has_nothing(view, missing):
        yield _nothing(view, rancher, missing)
        return
    for owner, items in missing.items():
        yield _problem(view, rancher, owner, items)


def _bound_by(view: View, item: Difference) -> tuple[Owner, ...]:
    """Find the bindings that refer to a role that is for everybody."""
    if not isinstance(item.item, ClusterRole | Role) or view.claims is None:
        return ()
    return view.claims.bound_to(item.item.namespace, item.item.name)


def _has_nothing(view: View, missing: dict[Owner, list[Difference]]) -> bool:
    """Tell whether a cluster has nothing at all of what Rancher renders: it is not one fault for each binding."""
    due = view.claims.owners if view.claims else frozenset()
    there = {owner for verdict in view.ownership.values() for owner in verdict.owners}
    return due == missing.keys() and there.isdisjoint(due)


def _nothing(view: View, rancher: Rancher, missing: dict[Owner, list[Difference]]) -> Problem:
    cluster = rancher.clusters.get(view.rancher_id)
    owners = tuple(owner.source.ref(rancher.cluster.name) for owner in missing)
    target = cluster.ref(rancher.cluster.name) if cluster else owners[0]
    return Problem(
        target=target,
        message=f"cluster {view.name} has nothing of what Rancher renders onto it for {len(owners)} bindings"
        f"{_not_connected(view, rancher)}; if it is not cluster {view.rancher_id} of this Rancher, state which it is",
        related=owners,
        scope=FindingScope(cluster_wide=True),
    )


def _problem(view: View, rancher: Rancher, owner: Owner, items: list[Difference]) -> Problem:
    manager = rancher.cluster.name
    bindings = [item.item for item in items if isinstance(item.item, RoleBinding | ClusterRoleBinding)]
    project = owner.project if isinstance(owner, TemplateBinding) else ""
    namespaces = tuple(sorted({item.namespace for item in bindings if item.namespace}))
    ref = owner.source.ref(manager)
    return Problem(
        target=ref,
        message=f"{owner.source} gives {what_it_gives(owner)}, but cluster {view.name} does not have "
        f"{names([item.item for item in items])}, which Rancher writes for it{_not_connected(view, rancher)}",
        related=tuple(item.item.ref(view.name) for item in items),
        subjects=(owner.subject,) if owner.subject else (),
        scope=FindingScope(namespaces, project, not namespaces and not project),
        chain=(
            Link("template-binding", f"{owner.source} gives {what_it_gives(owner)}", ref),
            *(Link("fact", f"{item.item} is not there", item.item.ref(view.name)) for item in items[:5]),
        ),
        severity=None if bindings else Severity.LOW,
        confidence=confidence_of(view),
        key=view.name,
    )


def _not_connected(view: View, rancher: Rancher) -> str:
    cluster = rancher.clusters.get(view.rancher_id)
    conditions = cluster.status.conditions if cluster else ()
    off = [item.type for item in conditions if item.type in {"Connected", "Ready"} and item.status == "False"]
    return f" (its condition {off[0]} is False)" if off else ""


RULE = Rule(
    id="rendered-but-missing",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    on=On.ALL,
    needs=(RoleBinding, ClusterRoleBinding, ClusterRole, Namespace),
    needs_rancher=NEEDS_RANCHER,
    fix=Fix(
        Safety.CONSENT,
        "See whether the cluster is connected in Rancher, and what its log says about the binding; Rancher writes the "
        "objects again when the binding is synced (restart Rancher, or change a label of the binding).",
    ),
    references=(
        "rancher/rancher pkg/controllers/managementuser/rbac/prtb_handler.go",
        "rancher/rancher pkg/controllers/managementuser/rbac/roletemplates/prtb_handler.go",
        "https://github.com/rancher/rancher/issues/35945",
    ),
    check=check,
)
