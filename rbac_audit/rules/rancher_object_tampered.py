"""Object of Rancher's that somebody changed.

## What
A binding with Rancher's name and mark whose role or subjects are not those that Rancher gives it; a role that Rancher
writes with rules more or less than that (the roles over a project's namespaces and the impersonation accounts among
them); and a ClusterRole of somebody else whose label makes an aggregating role of Rancher take its rules up. What
follows a user's last login, and names of namespaces that are gone, are not compared.

## Why
Rancher shows the role template binding as it was meant, and nobody looks behind it. A subject that was added to a
rendered binding is a member that no list of members has; one rule in `<template>` or in something labelled
`management.cattle.io/aggregates` reaches everybody who is bound to the template. Rancher writes its roles again at the
next sync, but leaves the subjects of a binding alone.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: rb-4e55pvztr4
  namespace: shop-dev
  labels: {authz.cluster.cattle.io/rtb-owner-updated: p-x1y2z_prtb-alice}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-abc12}
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-mallory}
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

from rbac_audit.access.identity import placed
from rbac_audit.access.permission import EVERYTHING
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import describe, where
from rbac_audit.audit.finding import Confidence, FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.comparison import Difference, Fate
from rbac_audit.rancher.templates import grants
from rbac_audit.rules._claims import doubt_of
from rbac_audit.rules._differences import NEEDS_RANCHER, confidence_of, is_comparable
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, Namespace, Role, RoleBinding

_AGGREGATES = "management.cattle.io/aggregates"


def check(view: View) -> Iterator[Problem]:
    """Report every changed object, and every foreign role that feeds one of Rancher's."""
    doubt = doubt_of(view)
    for item in view.differences:
        found = item.item
        if item.fate is Fate.CHANGED and isinstance(found, RoleBinding | ClusterRoleBinding):
            yield _binding(view, item, found, doubt)
        elif item.fate is Fate.CHANGED and isinstance(found, ClusterRole | Role) and is_comparable(view, found):
            yield _role(view, item, found)
        elif item.fate is Fate.FED:
            yield _fed(view, item)


def _owners(view: View, item: Difference) -> tuple[Link, ...]:
    manager = view.rancher.cluster.name if view.rancher else ""
    return tuple(
        Link("template-binding", f"Rancher writes it for {owner.source}", owner.source.ref(manager))
        for owner in item.owners[:5]
    )


def _binding(view: View, item: Difference, found: RoleBinding | ClusterRoleBinding, doubt: str) -> Problem:
    wanted = item.wanted
    meant = wanted.subjects if isinstance(wanted, RoleBinding | ClusterRoleBinding) else ()
    role = wanted.role_ref.name if isinstance(wanted, RoleBinding | ClusterRoleBinding) else ""
    known = {(subject.kind, subject.namespace, subject.name) for subject in meant}
    others = [item for item in found.subjects if (item.kind, item.namespace, item.name) not in known]
    subjects = tuple(placed(subject, found.namespace) for subject in others or found.subjects)
    given = f"{found.role_ref.kind} {found.role_ref.name} {where(found.namespace)}"
    changed = f"{names(others)} in it, whom Rancher did not put there," if others else "another content than Rancher's"
    instead = f" instead of {role}" if role and role != found.role_ref.name else ""
    lost = f" and lacks {names(meant)}" if meant and not set(known) & _keys(found) else ""
    return Problem(
        target=found.ref(view.name),
        message=f"{found}, which Rancher made, has {changed} and gives {given}{instead}{lost}"
        + (f" ({doubt})" if doubt else ""),
        related=tuple(link.object for link in _owners(view, item) if link.object),
        subjects=subjects,
        scope=FindingScope((found.namespace,) if found.namespace else (), "", not found.namespace),
        chain=(*_owners(view, item), Link("fact", f"its subjects are {names(found.subjects, 5) or 'nobody'}")),
        severity=Severity.CRITICAL if _is_admin(view, found) and not found.namespace else None,
        confidence=Confidence.POSSIBLE if doubt else Confidence.CERTAIN,
    )


def _keys(found: RoleBinding | ClusterRoleBinding) -> set[tuple[str, str, str]]:
    return {(subject.kind, subject.namespace, subject.name) for subject in found.subjects}


def _is_admin(view: View, found: RoleBinding | ClusterRoleBinding) -> bool:
    key = ("" if found.role_ref.kind == "ClusterRole" else found.namespace, found.role_ref.name)
    return found.role_ref.name == "cluster-admin" or key in view.access.allowing(EVERYTHING)


def _role(view: View, item: Difference, found: ClusterRole | Role) -> Problem:
    more = f"also allows {names(map(describe, item.added))}" if item.added else ""
    less = f"does not allow {names(map(describe, item.lost))}" if item.lost else ""
    return Problem(
        target=found.ref(view.name),
        message=f"{found} is Rancher's, but {' and '.join(filter(None, (more, less)))}, unlike what Rancher writes",
        related=tuple(link.object for link in _owners(view, item) if link.object),
        scope=FindingScope((found.namespace,) if found.namespace else (), "", not found.namespace),
        chain=(*_owners(view, item), *(Link("rule", f"allows {describe(rule)}") for rule in item.added[:5])),
        severity=_severity(item),
        confidence=confidence_of(view),
    )


def _severity(item: Difference) -> Severity | None:
    if not item.added:
        return Severity.MEDIUM
    return Severity.CRITICAL if grants(item.added, EVERYTHING) else None


def _fed(view: View, item: Difference) -> Problem:
    label = item.item.metadata.labels[_AGGREGATES]
    return Problem(
        target=item.item.ref(view.name),
        message=f"{item.item} is not Rancher's, but its label {_AGGREGATES}={label} adds its rules to everybody who is "
        f"bound to that role template: {names(map(describe, item.added))}",
        scope=FindingScope(cluster_wide=True),
        chain=(Link("fact", f"labelled {_AGGREGATES}={label}", item.item.ref(view.name)),),
        severity=_severity(item),
    )


RULE = Rule(
    id="rancher-object-tampered",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.ALL,
    needs=(ClusterRole, Namespace),
    uses=(RoleBinding, ClusterRoleBinding, Role),
    needs_rancher=NEEDS_RANCHER,
    fix=Fix(
        Safety.CONSENT,
        "Find out who changed it. Delete a changed binding: Rancher makes its own again. Take a foreign label off. A "
        "changed role is written again when its role template is synced; if the rules are wanted, change the template.",
    ),
    references=(
        "rancher/rancher pkg/controllers/managementuser/rbac/handler_base.go",
        "rancher/rancher pkg/controllers/managementuser/rbac/roletemplates/roletemplate_handler.go",
    ),
    check=check,
)
