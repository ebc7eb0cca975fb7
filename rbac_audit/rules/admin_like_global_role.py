"""Global role of one's own that owns every cluster.

## What
A global role other than the built-in admin that makes its subjects cluster-admin: by rules with everything on
everything, which Rancher takes for an administrator on every cluster, or by an inherited cluster role
(`inheritedClusterRoles`) that owns each cluster but the management one. A role that says that it is built in is no
exception: no other one that Rancher ships gives that.

## Why
A list of administrators is a list of who has the global role admin; this one is not on it. Until Rancher v2.12.3 and
v2.11.7 the cluster-admin bindings stayed when such a role was deleted (CVE-2023-32199). A group as its subject lets
the identity provider decide who owns all clusters.

## Example
```yaml flagged rancher
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: gr-break-glass}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
- {nonResourceURLs: ["*"], verbs: ["*"]}
---
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-1}
globalRoleName: gr-break-glass
groupPrincipalName: "okta_group://everybody"
```

```yaml clean rancher
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: admin}
builtin: true
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
- {nonResourceURLs: ["*"], verbs: ["*"]}
---
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-1}
globalRoleName: admin
userName: u-root
```
"""

from collections.abc import Iterator

from rbac_audit.access.permission import EVERYTHING
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import in_brackets
from rbac_audit.audit.finding import FindingScope, Fix, Link, Safety, Severity
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.rancher.bindings import GlobalBinding, is_admin
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.templates import grants
from rbac_audit.rules._claims import own_rancher
from rbac_audit.rules._words import names
from rbac_audit.snapshot.objects import GlobalRole, GlobalRoleBinding, RoleTemplate


def check(view: View) -> Iterator[Problem]:
    """Judge each role that somebody made, then name its subjects."""
    rancher = own_rancher(view)
    if rancher is None:
        return
    bound: dict[str, list[GlobalBinding]] = {}
    for item in rancher.globals:
        bound.setdefault(item.source.global_role_name, []).append(item)
    for role in rancher.cluster.of(GlobalRole):
        how = "" if role.builtin and role.name == "admin" else owned_by(view, rancher, role)
        if how and role.name in bound:
            yield from (_bound(view, role, how, item) for item in bound[role.name])
        elif how:
            yield Problem(
                target=role.ref(view.name),
                message=f"{_title(role)} gives {how}, though nobody is bound to it now",
                scope=FindingScope(cluster_wide=True),
                severity=Severity.LOW,
            )


def owned_by(view: View, rancher: Rancher, role: GlobalRole) -> str:
    """Say what who has a global role may do everything on; "" for nothing."""
    if is_admin(role):
        return "everything on every cluster"
    owning = [name for name in role.inherited_cluster_roles if _owns(view, rancher, name)]
    if owning:
        return f"{names(owning)} on every cluster that Rancher manages"
    return "everything on the management cluster" if grants(role.rules, EVERYTHING) else ""


def _owns(view: View, rancher: Rancher, name: str) -> bool:
    """Tell whether a cluster role template gives everything, by what its external parts stand for on any cluster."""
    closure = rancher.templates.closure(name).templates
    clusters = [each for each in view.managed if each.rancher_id != "local"]
    behind = {
        part.name: (*part.external_rules, *(rule for each in clusters for rule in each.access.rules(("", part.name))))
        for part in closure
        if part.external
    }
    admin = any(part.name == "cluster-admin" for part in closure)
    return admin or grants(rancher.templates.rules(name, behind), EVERYTHING)


def _title(role: GlobalRole) -> str:
    return f"global role {role.name}{in_brackets(role.display_name)}"


def _bound(view: View, role: GlobalRole, how: str, item: GlobalBinding) -> Problem:
    ref, source = role.ref(view.name), item.source.ref(view.name)
    return Problem(
        target=source,
        message=f"{item.source} gives {item.subject or 'nobody'} {how}, by {_title(role)}",
        related=(ref,),
        subjects=(item.subject,) if item.subject else (),
        scope=FindingScope(cluster_wide=True),
        chain=(Link("template-binding", f"bound by {item.source}", source), Link("rule", f"which gives {how}", ref)),
    )


RULE = Rule(
    id="admin-like-global-role",
    page=__doc__ or "",
    severity=Severity.CRITICAL,
    on=On.MANAGEMENT,
    needs=(GlobalRole,),
    uses=(GlobalRoleBinding, RoleTemplate),
    fix=Fix(
        Safety.CONSENT,
        "Give the subjects the global role admin, where everybody sees it, or a role that names what they need; bind "
        "people, not broad groups. Look for left-over globaladmin-… bindings afterwards.",
    ),
    references=(
        "https://github.com/advisories/GHSA-j4vr-pcmw-hx59",
        "rancher/rancher pkg/rbac/common.go (IsAdminGlobalRole)",
    ),
    check=check,
)
