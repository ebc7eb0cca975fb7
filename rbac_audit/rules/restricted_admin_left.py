"""Global role restricted-admin is still there.

## What
The global role restricted-admin, which Rancher no longer has since v2.11, bindings to it, and what was rendered for
them: roles and bindings whose name, or a label on which, begins with `restricted-admin-`, on any cluster of Rancher.

## Why
Its holders could make administrators of themselves (CVE-2021-36784, CVE-2021-4200) and change an administrator's
password (CVE-2025-23391). Since Rancher v2.11 nothing renders it any more: what it left behind (`restricted-admin-…`
roles and their bindings) still grants and nothing takes it away.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: restricted-admin}
---
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-1}
globalRoleName: restricted-admin
userName: u-erin
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: admin}
builtin: true
---
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-1}
globalRoleName: admin
userName: u-root
```
"""

from collections.abc import Iterator

from rbac_audit.audit.estate import View
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    GlobalRole,
    GlobalRoleBinding,
    KubernetesObject,
    Role,
    RoleBinding,
)

_NAME = "restricted-admin"
# RestrictedAdminClusterRoleBinding and its like in rancher pkg/rbac/common.go until v2.10.
_RENDERED = "restricted-admin-"


def check(view: View) -> Iterator[Problem]:
    """Report the bindings together with the role, or either alone."""
    rancher = own_rancher(view)
    if rancher is None:
        return
    roles = [role for role in rancher.cluster.of(GlobalRole) if role.name == _NAME]
    held = [item for item in rancher.globals if item.source.global_role_name == _NAME]
    left = [(each, item) for each in dict.fromkeys((view, *view.managed)) for item in _rendered(each)]
    parts = (
        *(role.ref(view.name) for role in roles),
        *(item.source.ref(view.name) for item in held),
        *(item.ref(each.name) for each, item in left),
    )
    if parts:
        bound = (who for _, item in left if isinstance(item, RoleBinding | ClusterRoleBinding) for who in item.subjects)
        subjects = tuple(dict.fromkeys([*(item.subject for item in held if item.subject), *bound]))
        yield Problem(
            target=parts[0],
            message=f"{f'global role {_NAME}' if roles or held else f'what was rendered for global role {_NAME}'} is "
            f"still {'bound to ' + names(subjects) if subjects else 'there'}",
            related=parts[1:],
            subjects=subjects,
            scope=FindingScope(cluster_wide=True),
            severity=None if subjects else Severity.LOW,
            advisories=("CVE-2021-36784", "CVE-2021-4200", "CVE-2025-23391"),
        )


def _rendered(view: View) -> Iterator[KubernetesObject]:
    for kind in (ClusterRole, Role, ClusterRoleBinding, RoleBinding):
        for item in view.cluster.of(kind):
            for mark in (item.metadata.name, *item.metadata.labels):
                if mark.startswith(_RENDERED):
                    yield item
                    break


RULE = Rule(
    id="restricted-admin-left",
    page=__doc__ or "",
    severity=Severity.HIGH,
    on=On.MANAGEMENT,
    needs=(GlobalRole,),
    uses=(GlobalRoleBinding, ClusterRole, ClusterRoleBinding, Role, RoleBinding),
    fix=Fix(
        Safety.CONSENT,
        "Give the subjects a role that names what they need, delete the bindings, then the role, then what is left on "
        "the clusters under the name restricted-admin-….",
    ),
    references=(
        "https://nvd.nist.gov/vuln/detail/CVE-2021-36784",
        "https://nvd.nist.gov/vuln/detail/CVE-2025-23391",
        "rancher/rancher pkg/controllers/management/restrictedadminrbac",
    ),
    check=check,
)
