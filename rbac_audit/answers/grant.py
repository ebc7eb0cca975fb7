"""Would the API server let somebody hand this out: the escalation check on Roles and bindings, with what is missing.

Source: kubernetes pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased/storage.go:
creating or updating a role needs all its rules, or the verb escalate on it; an aggregated one, or one that was, needs
all rights there are; a binding needs all rules of its role, or the verb bind on the role. An update that changes
nothing needs none of it.
"""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from rbac_audit.access import Identity, Permission
from rbac_audit.access.escalation import uncovered
from rbac_audit.access.identity import MASTERS
from rbac_audit.access.permission import EVERY_RIGHT
from rbac_audit.answers.unread import unread
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
    subject does not hold and would hand out; `because` says by what the check is passed or why it is not. The answer is
    not `complete` where what was not read could change it.
    """

    object: str
    allowed: bool
    complete: bool
    needs: str
    missing: tuple[PolicyRule, ...]
    because: str


def can_grant(view: View, who: Identity, item: KubernetesObject, *, all_groups: bool = True) -> GrantAnswer:
    """Answer for one Role, ClusterRole, RoleBinding or ClusterRoleBinding; raises BadInput for any other kind.

    Without `all_groups`, `who` may be in more groups than it names.
    """
    if not isinstance(item, Role | ClusterRole | RoleBinding | ClusterRoleBinding):
        raise BadInput("object", str(item), "it hands out no rights", "give Roles, ClusterRoles and their bindings")
    needs = _write(view, who, item)
    missing, because = _escalation(view, who, item)
    passed = bool(because) and not missing
    stored = _stored(view, item)
    if fixed := passed and _changes_role(stored, item):
        passed, because = False, "the roleRef of a binding cannot be changed: it has to be deleted first"
    allowed = passed and not needs
    # A yes is sure when it is known what the object would replace, a no when everything is known.
    known = bool(stored) or not unread(view, (item.namespace,), (type(item),))
    whole = all_groups and not unread(view, (item.namespace,))
    return GrantAnswer(
        object=str(item),
        allowed=allowed,
        complete=fixed or (known if allowed else whole),
        needs=needs,
        missing=missing,
        because=because,
    )


def _write(view: View, who: Identity, item: _Granting) -> str:
    verb = "update" if _stored(view, item) else "create"
    name = item.name if verb == "update" else ""
    permission = Permission(verb, _RBAC, item.plural, name)
    return "" if view.access.allowed(who, permission, item.namespace) else str(permission)


def _stored(view: View, item: _Granting) -> _Granting | None:
    return next((other for other in view.cluster.of(type(item)) if other.key == item.key), None)


def _changes_role(stored: _Granting | None, item: _Granting) -> bool:
    """Tell what validation refuses, whoever asks (pkg/apis/rbac/validation ValidateRoleBindingUpdate)."""
    return _referred(stored) != _referred(item) if stored else False


def _referred(item: _Granting) -> tuple[str, str] | None:
    return (item.role_ref.kind, item.role_ref.name) if isinstance(item, RoleBinding | ClusterRoleBinding) else None


_Verdict = tuple[tuple[PolicyRule, ...], str]
"""What is missing, and by what the check is passed or why it is not: "" for no reason to pass it."""


def _escalation(view: View, who: Identity, item: _Granting) -> _Verdict:
    if MASTERS in who.groups:
        return (), "system:masters may hand out everything"
    if (stored := _stored(view, item)) is not None and _content(stored) == _content(item):
        return (), "it changes nothing"
    if isinstance(item, Role | ClusterRole):
        return _role(view, who, item)
    return _binding(view, who, item)


def _content(item: _Granting) -> KubernetesObject:
    """Leave out what the garbage collector may change (pkg/registry/rbac/helpers.go IsOnlyMutatingGCFields)."""
    return replace(item, metadata=replace(item.metadata, owner_references=(), finalizers=()))


def _role(view: View, who: Identity, item: Role | ClusterRole) -> _Verdict:
    # A request that creates something does not name it, so that no resourceNames match.
    stored = _stored(view, item)
    name = item.name if stored else ""
    if view.access.allowed(who, Permission("escalate", _RBAC, item.plural, name), item.namespace):
        return (), f"escalate on {item.plural} is held"
    missing, because = _covered(view, who, item.rules, item.namespace)
    if missing or not (_aggregated(item) or _aggregated(stored)):
        return missing, because
    missing, _ = _covered(view, who, EVERY_RIGHT, "")
    return missing, "an aggregationRule may gather anything, so it needs all rights there are"


def _aggregated(item: KubernetesObject | None) -> bool:
    rule = item.aggregation_rule if isinstance(item, ClusterRole) else None
    return rule is not None and bool(rule.cluster_role_selectors)


def _binding(view: View, who: Identity, item: RoleBinding | ClusterRoleBinding) -> _Verdict:
    plural = "clusterroles" if item.role_ref.kind == "ClusterRole" else "roles"
    if view.access.allowed(who, Permission("bind", _RBAC, plural, item.role_ref.name), item.namespace):
        return (), f"bind on {plural} is held"
    place = "" if plural == "clusterroles" else item.namespace
    if (place, item.role_ref.name) not in view.access.roles:
        return (), ""
    return _covered(view, who, view.access.rules((place, item.role_ref.name)), item.namespace)


def _covered(view: View, who: Identity, wanted: Iterable[PolicyRule], namespace: str) -> _Verdict:
    missing = uncovered(view.access.rules_for(who, namespace), wanted)
    return missing, "some of the rights are not held" if missing else "all of the rights are held"
