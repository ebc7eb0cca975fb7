"""Binding left behind by Rancher.

## What
A binding that Rancher made (its mark and its name say so) although what it was made for is gone: the role template
binding or project, the administrator's global role binding (`globaladmin-…`), the right to change Pod Security
(`…-namespaces-psa`, CVE-2026-44947), or the user of an impersonation account (`cattle-impersonation-…`). Roles of role
templates, global roles, projects and users that are gone are told as low.

## Why
Nothing in Rancher shows such a binding, and it goes on granting: to users who left the project, to former
administrators, to the users of an earlier import of the same cluster. Deleting an imported Harvester cluster from
Rancher leaves all of them, because the clean-up job stops where a Rancher is installed, and on Harvester one always is.

## Example
```yaml flagged
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: globaladmin-u-former}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-former}
```

```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-former}
```

```yaml clean
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: globaladmin-u-former}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: u-former}
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-former}
---
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: admin}
builtin: true
---
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-1}
globalRoleName: admin
userName: u-former
```
"""

from collections.abc import Iterator

from rbac_audit.access.identity import placed
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import binding_chain, scope_of, where
from rbac_audit.audit.finding import Confidence, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.left_roles import left_role
from rbac_audit.rancher.marks import IMPERSONATION, IMPERSONATION_NAMESPACE
from rbac_audit.rancher.ownership import Claim
from rbac_audit.rules._claims import Failed, doubt_of, embedded_claims, failed, known_people
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    ClusterRoleTemplateBinding,
    GlobalRole,
    GlobalRoleBinding,
    KubernetesObject,
    ProjectRoleTemplateBinding,
    Role,
    RoleBinding,
    RoleTemplate,
    ServiceAccount,
    User,
)


def check(view: View) -> Iterator[Problem]:
    """Report every binding whose owner is gone, and the impersonation accounts of users who are."""
    for item in failed(view, Claim.ORPHANED):
        if not item.binding.name.startswith(IMPERSONATION):
            yield _problem(view, item)
    yield from _accounts(view)
    yield from _roles(view)


def _problem(view: View, item: Failed) -> Problem:
    binding, verdict = item.binding, item.verdict
    subjects = tuple(placed(subject, binding.namespace) for subject in binding.subjects)
    severity, advisories = _weight(view, item)
    advisory = f", which is what {advisories[0]} leaves behind" if advisories else ""
    chain = binding_chain(view, binding, subjects)
    doubt = f" ({item.doubt})" if item.doubt else ""
    return Problem(
        target=binding.source.ref(view.name),
        message=f"{binding.source} still gives {names(subjects) or 'nobody'} {binding.role_ref.kind} "
        f"{binding.role_ref.name} {where(binding.namespace)} although {verdict.reason}{advisory}{doubt}",
        subjects=subjects,
        scope=scope_of(view, (binding,)),
        chain=(*chain, Link("fact", f"its {verdict.marker} says that Rancher made it, but {verdict.reason}")),
        severity=severity,
        confidence=item.confidence,
        advisories=advisories,
    )


def _weight(view: View, item: Failed) -> tuple[Severity | None, tuple[str, ...]]:
    """How bad it is, and the advisory that is about it.

    Source: rancher pkg/controllers/managementuser/rbac/{globalrolebinding_handler,prtb_handler}.go.
    """
    name, role = item.binding.name, item.binding.role_ref.name
    if name.startswith("globaladmin-"):
        return Severity.CRITICAL, ("CVE-2023-32199",)
    if role.endswith("-namespaces-psa"):
        return Severity.MEDIUM, ("CVE-2026-44947",)
    severity = None if item.binding.role in view.access.roles else Severity.LOW
    groups = item.verdict.marker.endswith("=owner-user") and any(it.kind == "Group" for it in item.binding.subjects)
    return severity, ("CVE-2021-36775",) if groups else ()


def _accounts(view: View) -> Iterator[Problem]:
    """One problem for each missing user: the account, else what is left of it.

    Accounts are read as such, because Rancher may have deleted the ClusterRoleBinding and left the account.
    """
    left: dict[str, list[KubernetesObject]] = {}
    parts = (view.cluster.of(ServiceAccount), view.cluster.of(ClusterRoleBinding), view.cluster.of(ClusterRole))
    for item in (item for part in parts for item in part if item.name.startswith(IMPERSONATION)):
        if item.namespace in {"", IMPERSONATION_NAMESPACE}:
            left.setdefault(item.name.removeprefix(IMPERSONATION), []).append(item)
    people = known_people(view)
    doubt = doubt_of(view)
    for user, items in left.items():
        if not any(known.find(user) for known in people):
            yield _account(view, user, items, doubt)


def _account(view: View, user: str, items: list[KubernetesObject], doubt: str) -> Problem:
    return Problem(
        target=items[0].ref(view.name),
        message=f"{items[0]} is there to impersonate {user}, whom Rancher does not know any more"
        + (f" ({doubt})" if doubt else ""),
        related=tuple(item.ref(view.name) for item in items[1:]),
        severity=Severity.LOW,
        confidence=Confidence.POSSIBLE if doubt else Confidence.CERTAIN,
        fix=Fix(
            Safety.CONSENT,
            "Delete the ClusterRoleBinding, the ClusterRole and the ServiceAccount of that name; Rancher makes them "
            "again should the user come back.",
        ),
    )


def _roles(view: View) -> Iterator[Problem]:
    """One problem for each role template, global role, project or user that is gone and whose roles are not."""
    rancher, claims = view.rancher, view.claims
    if rancher is None or claims is None:
        return
    embedded = embedded_claims(view)
    left: dict[str, list[ClusterRole | Role]] = {}
    known: tuple[ClusterRole | Role, ...] = (*view.cluster.of(ClusterRole), *view.cluster.of(Role))
    for role in known:
        if (reason := left_role(claims, role)) and (embedded is None or left_role(embedded, role)):
            left.setdefault(reason, []).append(role)
    doubt = doubt_of(view)
    for reason, roles in left.items():
        yield Problem(
            target=roles[0].ref(view.name),
            message=f"{names(roles)} {'is' if len(roles) == 1 else 'are'} still there although {reason}: a binding to "
            f"such a role still grants, and Rancher does not change it any more" + (f" ({doubt})" if doubt else ""),
            related=tuple(role.ref(view.name) for role in roles[1:]),
            severity=Severity.LOW,
            confidence=Confidence.POSSIBLE if doubt else Confidence.CERTAIN,
            fix=Fix(Safety.CONSENT, "Delete the bindings to these roles, then the roles."),
            key="roles",
        )


RULE = Rule(
    id="orphaned-rancher-binding",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.ALL,
    uses=(RoleBinding, ClusterRoleBinding, ServiceAccount, ClusterRole),
    needs_rancher=(RoleTemplate, ProjectRoleTemplateBinding, ClusterRoleTemplateBinding, User),
    uses_rancher=(GlobalRole, GlobalRoleBinding),
    fix=Fix(
        Safety.CONSENT,
        "Make sure in Rancher that the access is not wanted any more, then delete the binding on the cluster; Rancher "
        "does not do so, and does not make it again.",
    ),
    references=(
        "https://github.com/advisories/GHSA-j4vr-pcmw-hx59",
        "https://github.com/advisories/GHSA-c4rp-wgqc-mfhc",
        "rancher/rancher pkg/agent/clean/cluster.go",
        "rancher/rancher pkg/impersonation/impersonation.go",
    ),
    check=check,
)
