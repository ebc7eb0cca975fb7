"""Would the API server let somebody hand this out: the escalation check on Roles and bindings, with what is missing.

Source: kubernetes pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased/storage.go:
creating or updating a role needs all its rules, or the verb escalate on it; an aggregated one, or one that was, needs
all rights there are; a binding needs all rules of its role, or the verb bind on the role. An update that changes
nothing needs none of it. A patch ends as an update there, but needs the verb patch. Server-side apply creates what is
not there, as a patch that names it, and needs create of this name too (k8s.io/apiserver
pkg/endpoints/handlers/patch.go, createAuthorizerAttributes).
"""

import bisect
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
    """Whether one object may be created or, where it is there already, changed.

    `verb` is the one that was decided: create, or of patch (kubectl apply, edit) and update (kubectl replace) the first
    that is held. `needs` is the plain permission on the object itself, "" when it is held, and `lacks` that for the
    other verb; `missing` are the single rights that the subject does not hold and would hand out; `because` says by
    what the check is passed or why it is not. The answer is not `complete` where what was not read could change it.
    """

    object: str
    verb: str
    allowed: bool
    complete: bool
    needs: str
    lacks: str
    missing: tuple[PolicyRule, ...]
    because: str


class _Verdict(msgspec.Struct, frozen=True):
    """Whether the check on what is handed out is passed, by what or why not, and what is missing.

    `gathered`: the rules are those that the ClusterRoles which were read bring together.
    """

    passed: bool
    because: str
    missing: tuple[PolicyRule, ...] = ()
    gathered: bool = False


def can_grant(view: View, who: Identity, item: KubernetesObject, *, all_groups: bool = True) -> GrantAnswer:
    """Answer for one Role, ClusterRole, RoleBinding or ClusterRoleBinding; raises BadInput for any other kind.

    Without `all_groups`, `who` may be in more groups than it names.
    """
    if not isinstance(item, Role | ClusterRole | RoleBinding | ClusterRoleBinding):
        raise _undecided(item)
    stored = _stored(view, item)
    held, lacking = _write(view, who, item, exists=stored is not None)
    verdict = _escalation(view, who, item, stored)
    if stored is None and not (held and verdict.passed) and (applied := _applied(view, who, item)):
        held, lacking, verdict = [Permission("create", _RBAC, item.plural, item.name)], [], applied
    if fixed := verdict.passed and stored is not None and _referred(stored) != _referred(item):
        # What validation refuses, whoever asks (pkg/apis/rbac/validation ValidateRoleBindingUpdate).
        verdict = _Verdict(
            passed=False, because="the roleRef of a binding cannot be changed: it has to be deleted first"
        )
    allowed = verdict.passed and bool(held)
    # A yes is sure when it is known what the object would replace and hand out, a no when everything is known.
    known = stored is not None or not unread(view, (item.namespace,), (type(item),))
    known = known and not (verdict.gathered and unread(view, (), (ClusterRole,)))
    whole = all_groups and not unread(view, (item.namespace,))
    return GrantAnswer(
        object=str(item),
        verb=(held or lacking)[0].verb,
        allowed=allowed,
        complete=fixed or (known if allowed else whole),
        needs="" if held else str(lacking[0]),
        lacks=", ".join(map(str, lacking if held else lacking[1:])),
        missing=verdict.missing,
        because=verdict.because,
    )


def _undecided(item: KubernetesObject) -> BadInput:
    if item.group == "management.cattle.io":
        problem = "whether it may be written is up to the webhook of Rancher, which is not decided here"
        return BadInput("object", str(item), problem, "give the Roles and bindings that rbac-audit render makes of it")
    return BadInput("object", str(item), "it hands out no rights", "give Roles, ClusterRoles and their bindings")


def _stored(view: View, item: _Granting) -> _Granting | None:
    there = view.cluster.of(type(item))
    place = bisect.bisect_left(there, _order(item), key=_order)
    return there[place] if place < len(there) and there[place].key == item.key else None


def _order(item: KubernetesObject) -> tuple[str, str]:
    return item.namespace, item.name


def _write(view: View, who: Identity, item: _Granting, *, exists: bool) -> tuple[list[Permission], list[Permission]]:
    """Sort the permissions to write it into those that are held and those that are not."""
    verbs, name = (("patch", "update"), item.name) if exists else (("create",), "")
    wanted = [Permission(verb, _RBAC, item.plural, name) for verb in verbs]
    held = [permission for permission in wanted if view.access.allowed(who, permission, item.namespace)]
    return held, [permission for permission in wanted if permission not in held]


def _applied(view: View, who: Identity, item: _Granting) -> _Verdict | None:
    """Decide whether server-side apply makes an object, which such a request names; None where it does not."""
    wanted = [Permission(verb, _RBAC, item.plural, item.name) for verb in ("create", "patch")]
    verdict = _escalation(view, who, item, None, named=True)
    if not verdict.passed or not all(view.access.allowed(who, permission, item.namespace) for permission in wanted):
        return None
    return replace(verdict, because=f"{verdict.because}, by server-side apply only, which names what it creates")


def _referred(item: _Granting) -> tuple[str, str] | None:
    return (item.role_ref.kind, item.role_ref.name) if isinstance(item, RoleBinding | ClusterRoleBinding) else None


def _escalation(
    view: View, who: Identity, item: _Granting, stored: _Granting | None, *, named: bool = False
) -> _Verdict:
    if MASTERS in who.groups:
        return _Verdict(passed=True, because="system:masters may hand out everything")
    if stored is not None and _content(stored) == _content(item):
        return _Verdict(passed=True, because="it changes nothing")
    if isinstance(item, Role | ClusterRole):
        return _role(view, who, item, stored, named=named)
    return _binding(view, who, item)


def _content(item: _Granting) -> KubernetesObject:
    """Leave out what the garbage collector may change (pkg/registry/rbac/helpers.go IsOnlyMutatingGCFields)."""
    return replace(item, metadata=replace(item.metadata, owner_references=(), finalizers=()))


def _role(view: View, who: Identity, item: Role | ClusterRole, stored: _Granting | None, *, named: bool) -> _Verdict:
    # A request that posts something does not name it, so that no resourceNames match.
    name = item.name if stored or named else ""
    if view.access.allowed(who, Permission("escalate", _RBAC, item.plural, name), item.namespace):
        return _Verdict(passed=True, because=f"escalate on {item.plural} is held")
    covered = _covered(view, who, item.rules, item.namespace)
    if not covered.passed or not (_aggregated(item) or _aggregated(stored)):
        return covered
    all_there_is = _covered(view, who, EVERY_RIGHT, "")
    return replace(all_there_is, because="an aggregationRule may gather anything, so it needs all rights there are")


def _aggregated(item: KubernetesObject | None) -> bool:
    rule = item.aggregation_rule if isinstance(item, ClusterRole) else None
    return rule is not None and bool(rule.cluster_role_selectors)


def _binding(view: View, who: Identity, item: RoleBinding | ClusterRoleBinding) -> _Verdict:
    plural = "clusterroles" if item.role_ref.kind == "ClusterRole" else "roles"
    if view.access.allowed(who, Permission("bind", _RBAC, plural, item.role_ref.name), item.namespace):
        return _Verdict(passed=True, because=f"bind on {plural} is held")
    place = "" if plural == "clusterroles" else item.namespace
    if (bound := view.access.roles.get((place, item.role_ref.name))) is None:
        role = f"{item.role_ref.kind} {place}{'/' if place else ''}{item.role_ref.name}"
        return _Verdict(passed=False, because=f"{role} does not exist: only who holds bind on it may bind it")
    covered = _covered(view, who, view.access.rules((place, bound.name)), item.namespace)
    return replace(covered, gathered=_aggregated(bound) and not bound.rules)


def _covered(view: View, who: Identity, wanted: Iterable[PolicyRule], namespace: str) -> _Verdict:
    missing = uncovered(view.access.rules_for(who, namespace), wanted)
    because = "some of the rights are not held" if missing else "all of the rights are held"
    return _Verdict(not missing, because, missing)
