"""May somebody do something, and why: one question, one answer."""

from collections.abc import Iterator

import msgspec

from rbac_audit.access import Identity, Permission
from rbac_audit.access.authorizer import Grant
from rbac_audit.access.identity import (
    ALL_SERVICE_ACCOUNTS,
    AUTHENTICATED,
    CATTLE_AUTHENTICATED,
    MASTERS,
    UNAUTHENTICATED,
    account_groups,
    account_of,
    subject_key,
)
from rbac_audit.access.scope import left_out, request_places
from rbac_audit.answers.slips import absent, instead, misplaced, unlikely
from rbac_audit.answers.unread import unread, unread_groups
from rbac_audit.answers.words import doubts
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of
from rbac_audit.audit.finding import Link
from rbac_audit.harvester.versions import at_least
from rbac_audit.snapshot.objects import Subject


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one question.

    `chains` has one chain for each binding that allows it, none when the answer is no. `notes` say what was not read,
    what depends on a version, and what makes the answer other than it looks; it is not `complete` where what was not
    read could change it.
    """

    subject: str
    groups: tuple[str, ...]
    verb: str
    api_group: str = ""
    resource: str = ""
    name: str = ""
    path: str = ""
    namespace: str = ""
    cluster: str
    allowed: bool
    complete: bool
    chains: tuple[tuple[Link, ...], ...] = ()
    notes: tuple[str, ...] = ()


def identity_of(view: View, subject: Subject) -> Identity:
    """Say who a subject is to the API server: with the groups that Rancher knows and those that every request carries.

    A group stands for a member of whom nothing else is known.
    """
    if subject.kind == "ServiceAccount":
        return Identity.of_account(subject.namespace, subject.name)
    if subject.kind == "User":
        return view.people.identity(subject.name)
    # A group of an identity provider, or a local one of Rancher's, reaches the cluster by way of Rancher only.
    rancher = "://" in subject.name or bool(view.people.members(subject.name))
    implied = (AUTHENTICATED, CATTLE_AUTHENTICATED) if rancher else _implied(subject.name)
    return Identity("", tuple(dict.fromkeys((subject.name, *implied))))


def _implied(group: str) -> tuple[str, ...]:
    """Name the groups that whoever is in a group is in as well."""
    if group == UNAUTHENTICATED:
        return ()
    if group.startswith(f"{ALL_SERVICE_ACCOUNTS}:"):
        return account_groups(group.removeprefix(f"{ALL_SERVICE_ACCOUNTS}:"))
    return (AUTHENTICATED,)


def ask(view: View, subject: Subject, permission: Permission, asked: str = "") -> Answer:
    """Answer for a subject as Rancher knows it, and for the namespace that a request carries of which one is asked."""
    namespace = request_namespace(permission, asked)
    who = identity_of(view, subject)
    grants = tuple(view.access.grants(who, permission, namespace))
    blind = (*unread(view, (namespace,)), *unread_groups(view, subject))
    places = (*left_out(permission, (asked,)), *misplaced(view, permission, (namespace,)), *absent(view, (namespace,)))
    other = () if grants else tuple(instead(view, who, permission, namespace))
    return Answer(
        subject=str(subject),
        groups=who.groups,
        verb=permission.verb,
        api_group=permission.api_group,
        resource=permission.resource,
        name=permission.name,
        path=permission.path,
        namespace=namespace,
        cluster=view.name,
        allowed=bool(grants),
        complete=bool(grants) or not blind,
        chains=tuple(chain_of(view, grant, through(who, grant)) for grant in grants),
        notes=(*blind, *places, *unlikely(view, subject), *other, *_notes(view, permission)),
    )


def request_namespace(permission: Permission, asked: str) -> str:
    """Name the namespace that a request carries, "" for none, where one was asked about."""
    return next(iter(request_places(permission, (asked,)) or ()), "")


def subject_of(user: str) -> Subject:
    """Name who has a user name: a service account, or a user."""
    if account := account_of(user):
        return Subject(kind="ServiceAccount", namespace=account[0], name=account[1])
    return Subject(kind="User", name=user)


def through(who: Identity, grant: Grant) -> Subject:
    """Find the subject of a binding by which it reaches an identity; without a binding, the identity or its group."""
    if grant.binding is None:
        return subject_of(who.user) if who.user else Subject(kind="Group", name=MASTERS)
    keys = {f"u:{who.user}", *(f"g:{group}" for group in who.groups)}
    return next(subject for subject in grant.binding.subjects if subject_key(subject, grant.binding.namespace) in keys)


_INTERACTIVE = frozenset({"pods/exec", "pods/attach", "pods/portforward"})

_KUBELET = frozenset({"nodes/configz", "nodes/healthz", "nodes/pods"})


def _notes(view: View, permission: Permission) -> Iterator[str]:
    """State what may be a slip, and what depends on the version of the API server.

    Source: kubernetes pkg/registry/core/pod/rest/subresources.go (AuthorizePodWebsocketUpgradeCreatePermission, on
    from 1.35); staging/src/k8s.io/apiserver constrained impersonation (beta, on from 1.36);
    pkg/kubelet/server/auth.go (KubeletFineGrainedAuthz, beta, on from 1.33).
    """
    yield from doubts(permission, view.access.named)
    release = view.baseline.components_of(view.versions.get("harvester", ""))
    version = release.components.get("kubernetes", "")
    if permission.resource in _INTERACTIVE and permission.verb in {"get", "create"}:
        newer = at_least(version, "1.35")
        if newer and permission.verb == "get":
            yield "from Kubernetes 1.35 on, opening a session needs create as well"
        elif not newer:
            unknown = "; the version is not known" if newer is None else ""
            yield f"below Kubernetes 1.35 get alone is enough to open a session by WebSocket{unknown}"
    if permission.resource in _KUBELET and at_least(version, "1.33") is not True:
        yield "before Kubernetes 1.33 the kubelet asks for nodes/proxy instead"
    if permission.verb.startswith("impersonate:") and at_least(version, "1.36") is not True:
        yield "constrained impersonation counts from Kubernetes 1.36 on; before, this verb means nothing"
