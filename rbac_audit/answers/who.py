"""Who can do something: people and accounts rather than strings."""

from collections.abc import Iterable, Set

import msgspec

from rbac_audit.access import Permission
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.identity import MASTERS, account_of, everybody, placed, subject_key
from rbac_audit.access.scope import request_places
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of
from rbac_audit.audit.finding import Link, SubjectRef
from rbac_audit.snapshot.objects import CronJob, DaemonSet, Deployment, Job, ObjectRef, Pod, StatefulSet, Subject

_WORKLOADS = (Pod, Deployment, DaemonSet, StatefulSet, Job, CronJob)


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who can do it.

    `members` are the people known to be in a group, and `members_known` tells whether Rancher knows any; `everybody`
    says whom a group holds by what it is, such as all who have logged in. `workloads` run as a service account.
    `namespaces` is empty when it holds cluster-wide, `names` unless it holds for these only.
    """

    subject: str
    display_name: str
    cluster_wide: bool
    namespaces: tuple[str, ...]
    names: tuple[str, ...] = ()
    members: tuple[SubjectRef, ...] = ()
    members_known: bool = True
    everybody: str = ""
    workloads: tuple[ObjectRef, ...] = ()
    chain: tuple[Link, ...]


def who_can(view: View, permission: Permission, namespaces: Iterable[str] | None = None) -> tuple[Holder, ...]:
    """List who can do it, in some namespaces or (None) in any: cluster-wide holders first, then by subject.

    RoleBindings count where a request can be made; those of cluster-scoped kinds are in no namespace.
    """
    return _holders(view, view.access.holders(permission), request_places(permission, namespaces))


def who_can_by_name(view: View, permission: Permission, namespaces: Iterable[str] | None = None) -> tuple[Holder, ...]:
    """List who can do it with some names only, where none was asked about.

    To create, too: a subresource has the name of its object, and server-side apply names what it makes
    (k8s.io/apiserver pkg/endpoints/handlers/patch.go, createAuthorizerAttributes).
    """
    if permission.path or permission.name:
        return ()
    bindings = view.access.by_role
    named = view.access.allowing_named(permission)
    grants = (Grant(binding, rule) for role, rule in named for binding in bindings.get(role, ()))
    return _holders(view, grants, request_places(permission, namespaces), named=True)


def _holders(
    view: View, grants: Iterable[Grant], places: Set[str] | None, *, named: bool = False
) -> tuple[Holder, ...]:
    found: dict[tuple[str, bool], list[_Held]] = {}
    for grant in grants:
        namespace = grant.binding.namespace if grant.binding else ""
        if namespace and places is not None and namespace not in places:
            continue
        for subject in grant.binding.subjects if grant.binding else (Subject(kind="Group", name=MASTERS),):
            who = placed(subject, namespace)
            if subject_key(who, "") is not None:
                found.setdefault((str(who), not namespace), []).append((grant, namespace, who))
    holders = (_holder(view, everywhere, held, named=named) for (_, everywhere), held in found.items())
    return tuple(sorted(holders, key=lambda holder: (not holder.cluster_wide, holder.subject)))


_Held = tuple[Grant, str, Subject]
"""What grants it, in which namespace ("" for everywhere), and to whom."""


def _holder(view: View, everywhere: bool, held: list[_Held], *, named: bool) -> Holder:
    grant, _, subject = held[0]
    names = {name for each, _, _ in held for name in (each.rule.resource_names if each.rule else ())}
    members = view.people.members(subject.name) if subject.kind == "Group" else ()
    return Holder(
        subject=str(subject),
        display_name=view.display_name(subject),
        cluster_wide=everywhere,
        namespaces=() if everywhere else tuple(sorted({namespace for _, namespace, _ in held})),
        names=tuple(sorted(names)) if named else (),
        members=tuple(SubjectRef("User", person.user, "", person.display_name) for person in members),
        members_known=subject.kind != "Group" or bool(members),
        everybody=everybody(subject.name) if subject.kind == "Group" else "",
        workloads=_workloads(view, subject),
        chain=chain_of(view, grant, subject),
    )


def _workloads(view: View, subject: Subject) -> tuple[ObjectRef, ...]:
    account = (subject.namespace, subject.name) if subject.kind == "ServiceAccount" else account_of(subject.name)
    return tuple(
        item.ref(view.name)
        for kind in (_WORKLOADS if account and subject.kind != "Group" else ())
        for item in view.cluster.of(kind)
        if (item.namespace, item.service_account_name or "default") == account
    )
