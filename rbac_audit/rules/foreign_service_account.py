"""Service account of somebody else in a tenant's namespace.

## What
A RoleBinding in a namespace of a project for a service account (or for all accounts) of a namespace that is in another
project, or in none. Accounts of the same project are not meant. Harvester's own pattern for guest clusters, a binding
`<namespace>-<account>` to harvesterhci.io:cloudprovider, is regular for an account of the same namespace only.
In the namespaces of the platform and in harvester-public no such binding is regular, and elsewhere none for a user, a
group (medium) or an account of another namespace, whichever project that is in. Accounts of the platform are told as
info, where nothing that is known ships the binding.

## Why
Whoever may create tokens or pods in the account's namespace, that is every member of the other project, acts in this
one. Nothing in Rancher shows it: the project's members do not list accounts. A project owner can make such a binding
alone, so two tenants can join their projects, and a stolen account of one reaches the other.

## Example
```yaml flagged
apiVersion: v1
kind: Namespace
metadata: {name: shop-prod, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: sandbox}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: sandbox-rogue, namespace: shop-prod}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "harvesterhci.io:cloudprovider"}
subjects:
- {kind: ServiceAccount, name: rogue, namespace: sandbox}
```

```yaml clean
apiVersion: v1
kind: Namespace
metadata: {name: shop-prod, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: shop-prod-guest, namespace: shop-prod}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "harvesterhci.io:cloudprovider"}
subjects:
- {kind: ServiceAccount, name: guest, namespace: shop-prod}
```
"""

from collections.abc import Iterator

from rbac_audit.access import Binding
from rbac_audit.access.identity import home_of, placed
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import binding_chain, scope_of, target_of
from rbac_audit.audit.finding import Confidence, Fix, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.rules._words import names, verb
from rbac_audit.snapshot.objects import Namespace, ObjectRef, RoleBinding, Subject

_GUEST_ROLE = "harvesterhci.io:cloudprovider"
_REMOVE_GUEST = Fix(
    Safety.CONSENT,
    "Make sure that no guest cluster uses the account; then delete the account, its token Secret, this binding and the "
    "ClusterRoleBinding to harvesterhci.io:csi-driver for the same account.",
)


def check(view: View) -> Iterator[Problem]:
    """Compare the project of each binding's namespace with those of the accounts in it."""
    groups: dict[tuple[ObjectRef, bool], list[tuple[Binding, Subject]]] = {}
    for binding in view.classes.bindings_in("projects"):
        for subject in binding.subjects:
            home = home_of(subject, binding.namespace)
            if home and _is_foreign(view, binding, home) and not view.baseline.ships(binding.source, subject):
                key = (target_of(view, binding), view.classes.namespace_class(home) == "system")
                groups.setdefault(key, []).append((binding, placed(subject, binding.namespace)))
    for (target, platform), held in groups.items():
        yield _problem(view, target, held, platform=platform)
    for binding in view.access.by_role.get(("", _GUEST_ROLE), ()):
        if binding.subjects and view.classes.namespace_class(binding.namespace) in {"system", "public"}:
            yield _guest(view, binding)
        elif strangers := tuple(dict.fromkeys(_strangers(view, binding))):
            yield _stranger(view, binding, strangers)


def _strangers(view: View, binding: Binding) -> Iterator[Subject]:
    """Find who has the role of guest clusters in a namespace and is no account of it, unless it is told above."""
    in_project = view.classes.namespace_class(binding.namespace) == "projects"
    for subject in binding.subjects if binding.namespace else ():
        home = home_of(subject, binding.namespace)
        told = in_project and home and _is_foreign(view, binding, home)
        if home != binding.namespace and not told:
            yield placed(subject, binding.namespace)


def _is_foreign(view: View, binding: Binding, home: str) -> bool:
    own, other = view.projects.of(binding.namespace), view.projects.of(home)
    return own is None or other is None or own.id != other.id


def _problem(view: View, target: ObjectRef, held: list[tuple[Binding, Subject]], *, platform: bool) -> Problem:
    bindings = tuple(dict.fromkeys(binding for binding, _ in held))
    subjects = tuple(dict.fromkeys(subject for _, subject in held))
    role = bindings[0].role_ref
    return Problem(
        target=target,
        message=f"{target} gives {names(subjects)} {role.kind} {role.name} in namespace "
        f"{names(sorted({binding.namespace for binding in bindings}))}, although {_whose(view, held, platform)}"
        + ("; Harvester makes such a binding for accounts of the same namespace only" * (role.name == _GUEST_ROLE)),
        related=tuple(ref for binding in bindings if (ref := binding.source.ref(view.name)) != target),
        subjects=subjects,
        scope=scope_of(view, bindings),
        chain=binding_chain(view, bindings[0], subjects),
        severity=Severity.INFO if platform else None,
        confidence=Confidence.POSSIBLE if platform else Confidence.CERTAIN,
        key="platform" if platform else "",
    )


def _guest(view: View, binding: Binding) -> Problem:
    subjects = tuple(placed(subject, binding.namespace) for subject in binding.subjects)
    return Problem(
        target=binding.source.ref(view.name),
        message=f"{binding.source} gives {names(subjects)} ClusterRole {_GUEST_ROLE} in namespace {binding.namespace}, "
        f"where no guest cluster belongs; Harvester makes such a binding when it is asked for the kubeconfig of one",
        subjects=subjects,
        scope=scope_of(view, (binding,)),
        chain=binding_chain(view, binding, subjects),
        fix=_REMOVE_GUEST,
        key="guest",
    )


def _stranger(view: View, binding: Binding, subjects: tuple[Subject, ...]) -> Problem:
    return Problem(
        target=binding.source.ref(view.name),
        message=f"{binding.source} gives {names(subjects)} ClusterRole {_GUEST_ROLE} in namespace {binding.namespace}; "
        f"Harvester makes such a binding for accounts of the same namespace only",
        subjects=subjects,
        scope=scope_of(view, (binding,)),
        chain=binding_chain(view, binding, subjects),
        severity=None if any(home_of(subject) for subject in subjects) else Severity.MEDIUM,
        key="stranger",
    )


def _whose(view: View, held: list[tuple[Binding, Subject]], platform: bool) -> str:
    subjects = tuple(dict.fromkeys(subject for _, subject in held))
    word = verb(subjects, "it belongs", "they belong")
    if platform:
        return f"{word} to the platform and nothing that is known ships this"
    homes = sorted({home_of(subject, binding.namespace) for binding, subject in held})
    projects = {project.id for home in homes if (project := view.projects.of(home))}
    return f"{word} to project {names(sorted(projects))}" if projects else f"{word} to no project ({names(homes)})"


RULE = Rule(
    id="foreign-service-account",
    page=__doc__ or "",
    severity=Severity.HIGH,
    needs=(RoleBinding, Namespace),
    fix=Fix(
        Safety.CONSENT,
        "Ask both tenants; then delete the binding, or give an account in the namespace itself the role, and where "
        "the access is wanted write it down as a waiver.",
    ),
    references=(
        "https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
        "harvester/harvester pkg/api/kubeconfig/generate_handler.go",
    ),
    check=check,
)
