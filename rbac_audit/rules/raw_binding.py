"""Access that Rancher does not show.

## What
Hand-made RoleBindings and ClusterRoleBindings for users and groups on a cluster that Rancher manages: neither
Rancher's, nor shipped by a component. One finding for each project, for each namespace outside of projects, and for
the whole cluster. It says of each binding who made it where that was written down, what keeps it (Helm, Argo CD,
Flux, Fleet), and whether it is in force or latent.

## Why
A project's list of members in Rancher is what people look at when somebody leaves. These bindings are not on it, do
not go with the membership, and nobody sees them but who lists bindings on the cluster. Latent is not harmless: a
subject without any membership is stopped by Rancher's proxy, until the day of the first membership, or with a
kubeconfig of the cluster itself.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: erin-edit, namespace: shop-dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-erin}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: pipeline, namespace: shop-dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {kind: ServiceAccount, name: pipeline, namespace: shop-dev}
```

```yaml both
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
```

```yaml both rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
```
"""

from collections.abc import Iterator

from rbac_audit.access import Binding
from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rancher.ownership import Claim
from rbac_audit.rancher.raw import RawBindings, keeper_of
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRoleBinding,
    ClusterRoleTemplateBinding,
    GlobalRoleBinding,
    Namespace,
    ObjectRef,
    ProjectRoleTemplateBinding,
    RoleBinding,
    RoleTemplate,
    Subject,
    User,
)

_SHOWN = 5
"""How many bindings of one finding are described one by one; all of them are named."""


def check(view: View) -> Iterator[Problem]:
    """Group what is raw by the project, or by the namespace where there is none."""
    if view.rancher is None or view.rancher.cluster is view.cluster or not view.rancher_id:
        return
    raw = RawBindings(view.rancher, view.rancher_id)
    groups: dict[str, list[tuple[Binding, tuple[Subject, ...]]]] = {}
    for binding, verdict in view.ownership.items():
        if verdict.claim is Claim.NONE and (people := _people(view, binding)):
            project = view.projects.of(binding.namespace)
            groups.setdefault(project.id if project else binding.namespace, []).append((binding, people))
    for place, held in groups.items():
        yield _problem(view, raw, place, held)


def _people(view: View, binding: Binding) -> tuple[Subject, ...]:
    named = [item for item in binding.subjects if item.kind != "ServiceAccount" and not item.name.startswith("system:")]
    if named and view.baseline.variants(binding.source.kind, binding.namespace, binding.name):
        named = [subject for subject in named if not view.baseline.ships(binding.source, subject)]
    return tuple(dict.fromkeys(named))


def _problem(view: View, raw: RawBindings, place: str, held: list[tuple[Binding, tuple[Subject, ...]]]) -> Problem:
    subjects = tuple(dict.fromkeys(subject for _, people in held for subject in people))
    latent = [subject for subject in subjects if not raw.is_live(subject)]
    roles = sorted({binding.role_ref.name for binding, _ in held})
    project = view.projects.find(place) if ":" in place else None
    called = f"project {project.name or project.id}" if project else f"namespace {place}"
    where = called if place else "the whole cluster"
    count = "1 binding gives" if len(held) == 1 else f"{len(held)} bindings give"
    asleep = f"; {names(latent)} cannot come through Rancher now" if latent else ""
    return Problem(
        target=_target(view, place, held),
        message=f"{count} {names(subjects)} {names(roles)} in {where}, which Rancher does not show{asleep}",
        related=tuple(binding.source.ref(view.name) for binding, _ in held),
        subjects=subjects,
        scope=FindingScope(
            tuple(sorted({binding.namespace for binding, _ in held if binding.namespace})),
            project.id if project else "",
            not place,
        ),
        chain=tuple(
            Link("binding", _told(raw, binding), binding.source.ref(view.name)) for binding, _ in held[:_SHOWN]
        ),
    )


def _target(view: View, place: str, held: list[tuple[Binding, tuple[Subject, ...]]]) -> ObjectRef:
    """Point at the project, else at the first binding."""
    cluster, _, name = place.partition(":")
    if name and view.rancher is not None:
        return ObjectRef("management.cattle.io", "Project", name, cluster, view.rancher.cluster.name)
    return held[0][0].source.ref(view.name)


def _told(raw: RawBindings, binding: Binding) -> str:
    metadata = binding.source.metadata
    maker, keeper = raw.maker_of(metadata), keeper_of(metadata)
    facts = [
        f"made by {maker}" if maker else "who made it was not written down",
        *([f"kept by {keeper}: change it there"] if keeper else []),
        "in force" if any(raw.is_live(subject) for subject in binding.subjects) else "latent",
    ]
    return f"{binding.source} to {binding.role_ref.kind} {binding.role_ref.name}: {', '.join(facts)}"


RULE = Rule(
    id="raw-binding",
    page=__doc__ or "",
    severity=Severity.LOW,
    needs=(Namespace,),
    uses=(RoleBinding, ClusterRoleBinding),
    needs_rancher=(User, RoleTemplate, ProjectRoleTemplateBinding, ClusterRoleTemplateBinding, GlobalRoleBinding),
    fix=Fix(
        Safety.CONSENT,
        "Make project role template bindings of those that are wanted (`rbac-audit fix plan` says which, and what it "
        "changes), and delete the others; what Helm, Argo CD, Flux or Fleet keeps has to be changed there.",
    ),
    references=(
        "rancher/rancher pkg/k8slookup/lookup.go",
        "rancher/rancher pkg/rbac/common.go",
    ),
    check=check,
)
