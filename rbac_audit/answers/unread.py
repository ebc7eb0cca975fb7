"""What was not read and could change an answer: RBAC only ever adds, so what is missing can make a yes of a no."""

from collections.abc import Iterable, Iterator, Sequence, Set
from functools import lru_cache

from rbac_audit.audit.estate import View
from rbac_audit.rancher.marks import marker
from rbac_audit.snapshot.estate import Cluster, Gap
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    Kind,
    Role,
    RoleBinding,
    Subject,
    User,
    UserAttribute,
)

GRANTING: tuple[Kind, ...] = (ClusterRole, Role, ClusterRoleBinding, RoleBinding)
"""The types that decide access."""


def unread(view: View, namespaces: Iterable[str] | None = None, kinds: Iterable[Kind] = GRANTING) -> tuple[str, ...]:
    """Say what was not read of a cluster, wholly or in part, and could grant something.

    `namespaces` are those that the answer rests on beside the whole cluster: none or "" for the whole cluster alone,
    None for all there are.
    """
    places = None if namespaces is None else frozenset(namespaces) - {""}
    wanted = [kind for kind in kinds if places is None or places or not kind.namespaced]
    lines = missing_from(view.cluster, view.gaps, wanted, places)
    return tuple(f"{line}; what that grants is not in this answer" for line in lines)


def unread_groups(view: View, subject: Subject) -> tuple[str, ...]:
    """Say why a subject may be in more groups: those of a Rancher user are what was read of Rancher.

    No Rancher user has a colon in its name, as those have that Kubernetes itself names.
    """
    if subject.kind != "User" or ":" in subject.name:
        return ()
    return tuple(f"{line}; {subject} may be in more groups" for line in unread_people(view))


def unread_people(view: View) -> tuple[str, ...]:
    """Say what was not read of the users of the managing Rancher and of their groups."""
    if view.rancher is not None:
        return tuple(missing_from(view.rancher.cluster, view.gaps, (User, UserAttribute)))
    return (f"not read: the Rancher that manages {view.name}",) if _is_managed(view) else ()


@lru_cache(maxsize=1)
def _is_managed(view: View) -> bool:
    """Tell whether some Rancher manages a cluster: by the projects of its namespaces, or by the mark of a binding."""
    hidden = any(gap.may_hide(kind, view.name) for gap in view.gaps for kind in (User, UserAttribute))
    named = bool(view.rancher_id or view.projects.all)
    return hidden or named or any(marker(binding.source) for binding in view.access.bindings)


def missing_from(
    cluster: Cluster, gaps: Iterable[Gap], kinds: Sequence[Kind], places: Set[str] | None = None
) -> Iterator[str]:
    """Name what was not read of some types once each: the types themselves, parts of them, then namespaces."""
    missing = [kind for kind in kinds if not cluster.has(kind)]
    half = [kind.kind for kind in kinds if kind not in missing and not cluster.whole(kind)]
    if missing:
        yield f"not read from {cluster.name}: {', '.join(kind.kind for kind in missing)}"
    if half:
        yield f"not read in full from {cluster.name}: {', '.join(half)}"
    there = [kind for kind in kinds if kind not in missing]
    for gap in gaps:
        told = bool(gap.namespaces) and cluster.unread_namespaces.issuperset(gap.namespaces)
        if not told and any(gap.may_hide(kind, cluster.name, places) for kind in there):
            yield f"not read in full from {cluster.name}: {gap.what}: {gap.reason}"
    names = sorted(cluster.unread_namespaces if places is None else cluster.unread_namespaces & places)
    if names and any(kind.namespaced for kind in kinds):
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        yield f"not read from {cluster.name}: namespace {', '.join(names[:3])}{more}"
