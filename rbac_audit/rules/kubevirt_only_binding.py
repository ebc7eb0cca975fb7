"""Access that rests on kubevirt.io roles alone.

## What
A user, group or service account holds, in one namespace (or cluster-wide), nothing but roles of the KubeVirt and CDI
operators (`kubevirt.io:*`, `cdi.kubevirt.io:*`, `instancetype.kubevirt.io:*`) through bindings that somebody made by
hand. Who has a role that reads images there through a group that is known, bindings that Rancher renders and bindings
that the operators ship are not meant.

## Why
Harvester's documentation warns that custom RoleBindings which reference only kubevirt.io roles may be lost, reset or
become inconsistent at upgrades: the operator owns these roles and changes them with its version (KubeVirt 1.5 took
migration out of admin and edit). They also miss images, networks, volumes and Secrets, so pages of the UI stay empty
and creating a VM fails half-way. A role template bound to the project lasts and covers what a tenant needs.

## Example
```yaml flagged
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "kubevirt.io:edit"}
rules:
- {apiGroups: [kubevirt.io], resources: [virtualmachines], verbs: [get, list, update]}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "kubevirt.io:edit"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: editors, namespace: shop-dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-frank}
```

```yaml both
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: vm-operators, namespace: shop-dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "kubevirt.io:edit"}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-frank}
```
"""

from collections.abc import Iterable, Iterator

from rbac_audit.access import Binding, Identity, Permission
from rbac_audit.access.identity import (
    ALL_SERVICE_ACCOUNTS,
    AUTHENTICATED,
    CATTLE_AUTHENTICATED,
    account_of,
    placed,
    subject_key,
)
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import binding_chain, scope_of, where
from rbac_audit.audit.finding import Fix, Link, Safety, Severity
from rbac_audit.audit.rule import Problem, Rule
from rbac_audit.audit.survival import is_dangling
from rbac_audit.harvester.survival import Survival, is_operator_role, survival_of
from rbac_audit.rancher.ownership import Claim
from rbac_audit.rules._words import names, verb
from rbac_audit.snapshot.objects import ClusterRoleBinding, RoleBinding, Subject

_EVERYBODY = frozenset({AUTHENTICATED, CATTLE_AUTHENTICATED, ALL_SERVICE_ACCOUNTS})
_READ_IMAGES = Permission("get", "harvesterhci.io", "virtualmachineimages")


def check(view: View) -> Iterator[Problem]:
    """Look at what each subject holds in each place; report the hand-made bindings where it is operator roles only."""
    alone: dict[Binding, list[Subject]] = {}
    for key, places in view.access.by_subject.items():
        if _covers_images(view, places.get("", ())):
            continue
        for place, bindings in places.items():
            operators = all(is_operator_role(binding.role_ref) for binding in bindings)
            if operators and not _covered_by_group(view, key, place):
                for binding in (binding for binding in bindings if not _regular(view, binding)):
                    named = (placed(subject, place) for subject in binding.subjects)
                    alone.setdefault(binding, []).extend(item for item in named if subject_key(item, "") == key)
    for binding, subjects in alone.items():
        yield _problem(view, binding, tuple(dict.fromkeys(subjects)))


def _covers_images(view: View, bindings: Iterable[Binding]) -> bool:
    """A cluster-wide role that reads Harvester's images is more than an operator's role, in every namespace."""
    roles = view.access.allowing(_READ_IMAGES)
    return any(binding.role in roles for binding in bindings)


def _covered_by_group(view: View, key: str, place: str) -> bool:
    """Tell whether a user or an account is in a group whose roles there are more than an operator's.

    Not by what everybody has: nobody should rest on that.
    """
    name = key.removeprefix("u:")
    if name == key:
        return False
    account = account_of(name)
    identity = Identity.of_account(*account) if account else view.people.identity(name)
    groups = (group for group in identity.groups if group not in _EVERYBODY)
    held = (view.access.by_subject.get(f"g:{group}", {}) for group in groups)
    return any(_covers_images(view, (*places.get(place, ()), *places.get("", ()))) for places in held)


def _regular(view: View, binding: Binding) -> bool:
    # Who was added to an operator's own binding is the matter of operator-binding-subject-added.
    shipped = view.baseline.variants(binding.source.kind, binding.namespace, binding.name)
    return bool(shipped) or view.ownership[binding].claim in {Claim.HOLDS, Claim.UNPROVEN}


def _problem(view: View, binding: Binding, subjects: tuple[Subject, ...]) -> Problem:
    outcome, reason = survival_of(binding.source, view.baseline, dangling=is_dangling(view, binding))
    certain = outcome is Survival.OPERATOR_GC
    hold = verb(subjects, "holds", "hold")
    fate = "will be deleted by the operator" if certain else "may be lost, reset or become inconsistent"
    return Problem(
        target=binding.source.ref(view.name),
        message=f"{names(subjects)} {hold} only operator roles {where(binding.namespace)} ({binding.role_ref.name}); "
        f"the binding {fate} at an upgrade",
        subjects=subjects,
        scope=scope_of(view, (binding,)),
        chain=(
            *binding_chain(view, binding, subjects),
            Link("fact", f"upgrade survival {outcome.value}: {reason}"),
        ),
        severity=Severity.HIGH if certain else None,
    )


RULE = Rule(
    id="kubevirt-only-binding",
    page=__doc__ or "",
    severity=Severity.MEDIUM,
    uses=(RoleBinding, ClusterRoleBinding),
    fix=Fix(
        Safety.CONSENT,
        "Add the subject to the project with a role template (project-member, read-only or one of your own that "
        "inherits them) and then delete the binding; a project binding reaches every namespace of the project.",
    ),
    references=(
        "https://docs.harvesterhci.io/v1.5/rancher/virtualization-management",
        "https://github.com/harvester/docs/pull/748",
    ),
    check=check,
)
