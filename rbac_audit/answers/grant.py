"""Would the API server let somebody hand this out: the escalation check on Roles and bindings, with what is missing.

Source: kubernetes pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased/storage.go:
creating or updating a role needs all its rules, or the verb escalate on it; a binding needs all rules of its role, or
the verb bind on the role.
"""

from collections.abc import Iterable

import msgspec

from rbac_audit.access import Identity, Permission
from rbac_audit.access.escalation import uncovered
from rbac_audit.access.identity import MASTERS
from rbac_audit.audit.estate import View
from rbac_audit.errors import BadInput
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    KubernetesObject,
    PolicyRule,
    Role,
    RoleBinding,
)

_RBAC = "rbac.authorization.k8s.io"
_Granting = Role | ClusterRole | RoleBinding | ClusterRoleBinding


class GrantAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one object may be created or updated.

    `needs` is the plain permission on the object itself, "" when it is held; `missing` are the single rights that the
    subject does not hold and would hand out; `because` says by what the check is passed or why it is not.
    """

    object: str
    allowed: bool
    needs: str
    missing: tuple[PolicyRule, ...]
    because: str


def can_grant(view: View, who: Identity, item: KubernetesObject) -> GrantAnswer:
    """Answer for one Role, ClusterRole, RoleBinding or ClusterRoleBinding; raises BadInput for any other kind."""
    if not isinstance(item, Role | ClusterRole | RoleBinding | ClusterRoleBinding):
        raise BadInput("object", str(item), "it hands out no rights", "give Roles, ClusterRoles and their bindings")
    needs = _write(view, who, item)
    missing, because = _escalation(view, who, item)
    return GrantAnswer(
        object=str(item),
        allowed=not needs and not missing and bool(because),
        needs=needs,
        missing=missing,
        because=because,
    )


def _write(view: View, who: Identity, item: _Granting) -> str:
    verb = "update" if _exists(view, item) else "create"
    name = item.name if verb == "update" else ""
    permission = Permission(verb, _RBAC, item.plural, name)
    return "" if view.access.allowed(who, permission, item.namespace) else str(permission)


def _exists(view: View, item: _Granting) -> bool:
    return any(other.key == item.key for other in view.cluster.of(type(item)))


def _escalation(view: View, who: Identity, item: _Granting) -> tuple[tuple[PolicyRule, ...], str]:
    if MASTERS in who.groups:
        return (), "system:masters may hand out everything"
    if isinstance(item, Role | ClusterRole):
        if view.access.allowed(who, Permission("escalate", _RBAC, item.plural, item.name), item.namespace):
            return (), f"escalate on {item.plural} is held"
        return _covered(view, who, item.rules, item.namespace)
    plural = "clusterroles" if item.role_ref.kind == "ClusterRole" else "roles"
    if view.access.allowed(who, Permission("bind", _RBAC, plural, item.role_ref.name), item.namespace):
        return (), f"bind on {plural} is held"
    place = "" if plural == "clusterroles" else item.namespace
    if (place, item.role_ref.name) not in view.access.roles:
        return (), ""
    return _covered(view, who, view.access.rules((place, item.role_ref.name)), item.namespace)


def _covered(
    view: View, who: Identity, wanted: Iterable[PolicyRule], namespace: str
) -> tuple[tuple[PolicyRule, ...], str]:
    missing = uncovered(view.access.rules_for(who, namespace), wanted)
    return missing, "some of the rights are not held" if missing else "all of the rights are held"
