"""Somebody was added to a shipped binding.

## What
A binding that a component ships has subjects which no version of it ships, or refers to another role.

## Why
The binding belongs to its component, which writes it again: virt-operator at the next upgrade (until then an added
subject stays, because it compares only what it set itself), Harvester at its next start, Helm at the next upgrade of
the chart. Access that rests on it vanishes at that moment; until then it hides under a name that everybody trusts.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "kubevirt.io:default"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "kubevirt.io:default"}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-frank}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "kubevirt.io:default"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "kubevirt.io:default"}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: own-readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "kubevirt.io:default"}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-frank}
```
"""

from collections.abc import Iterator

from rbac_audit.access import Binding
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.identity import placed
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, scope_of
from rbac_audit.audit.finding import Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.harvester.baseline import Verdict
from rbac_audit.harvester.resets import resets
from rbac_audit.rules._words import names, verb
from rbac_audit.snapshot.objects import ClusterRoleBinding, RoleBinding, Subject


def check(view: View) -> Iterator[Problem]:
    """Report the subjects that a shipped binding has beyond its own."""
    for binding in view.shipped:
        match = view.baseline.match(binding.source)
        if match.verdict is Verdict.DIFFERS:
            extra = tuple(
                dict.fromkeys(
                    placed(subject, binding.namespace)
                    for subject in binding.subjects
                    if not view.baseline.ships(binding.source, subject)
                )
            )
            if extra:
                yield _problem(view, binding, match.nearest.component if match.nearest else "", extra)


def _problem(view: View, binding: Binding, component: str, extra: tuple[Subject, ...]) -> Problem:
    role = binding.role_ref
    rules = view.access.rules(binding.role)
    shipped = view.baseline.match(binding.source).removed.role_ref
    what = (
        f"{binding.source} binds {names(extra)} to {role.kind} {role.name}, but {component} ships it with {shipped}"
        if shipped
        else f"{names(extra)} {verb(extra, 'was', 'were')} added to {binding.source} ({role.kind} {role.name}), which "
        f"{component} ships without"
    )
    return Problem(
        target=binding.source.ref(view.name),
        message=f"{what}; {resets(component, binding.source.kind, binding.name, more=True)}",
        subjects=extra,
        scope=scope_of(view, (binding,)),
        chain=chain_of(view, Grant(binding, rules[0] if rules else None), extra[0]),
    )


RULE = Rule(
    id="operator-binding-subject-added",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.ALL,
    uses=(RoleBinding, ClusterRoleBinding),
    fix=Fix(
        Safety.CONSENT,
        "Make a binding of your own for the subject, if it should have the role, and then take it out of this one.",
    ),
    references=("kubevirt/kubevirt pkg/virt-operator/resource/apply/rbac.go (changeExistingSubjectsByRequired)",),
    check=check,
)
