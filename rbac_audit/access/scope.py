"""Which namespace a request carries: what the API server decides by is not always the namespace that was asked about.

Source: k8s.io/apiserver pkg/endpoints/request/requestinfo.go (NewRequestInfo).
"""

from collections.abc import Iterable
from functools import cache

from rbac_audit.access.permission import Permission
from rbac_audit.access.resources import resources

# Requests for a collection; every other one is for an object by its name.
_OF_COLLECTIONS = frozenset({"create", "list", "watch", "deletecollection"})


_BIND = ("bind", "rbac.authorization.k8s.io", "clusterroles")


@cache
def is_cluster_scoped(group: str, resource: str) -> bool:
    """Tell whether a resource, with its subresource or without, is known to be in no namespace."""
    plural = resource.partition("/")[0]
    return any(item.plural == plural and item.group == group for item in resources() if not item.namespaced)


def request_places(permission: Permission, namespaces: Iterable[str] | None) -> frozenset[str] | None:
    """Say which namespaces, out of those asked about, a request can carry; None: any, none: it carries no namespace.

    A request for a cluster-scoped kind or a URL carries none, and one for a Namespace by its name carries that name, so
    that a RoleBinding there counts. Whether somebody may bind a ClusterRole is asked in the namespace of the
    RoleBinding that is made (kubernetes pkg/registry/rbac/escalation_check.go BindingAuthorized). A kind that nobody
    knows may be in namespaces.
    """
    asked = None if namespaces is None else frozenset(namespaces) - {""}
    if permission.path or _impersonates(permission):
        return frozenset()
    if (permission.verb, permission.api_group, permission.resource) == _BIND:
        return asked
    if not is_cluster_scoped(permission.api_group, permission.resource):
        return asked
    own = permission.api_group == "" and permission.resource.partition("/")[0] == "namespaces"
    if not own or permission.verb in _OF_COLLECTIONS:
        return frozenset()
    return frozenset({permission.name}) if permission.name else asked


def _impersonates(permission: Permission) -> bool:
    """Tell whether somebody is to be impersonated who is in no namespace; service accounts are in theirs.

    Source: k8s.io/apiserver pkg/endpoints/filters/impersonation.
    """
    who = permission.resource.partition("/")[0]
    return permission.verb.startswith("impersonate") and who in {"users", "groups", "uids", "userextras"}


def left_out(permission: Permission, namespaces: Iterable[str]) -> tuple[str, ...]:
    """Say which namespaces were asked about in vain."""
    asked = frozenset(namespaces) - {""}
    vain = sorted(asked - (request_places(permission, asked) or frozenset()))
    if not vain or permission.path:
        return ()
    named = f"carries the namespace {permission.name}" if request_places(permission, ()) else "carries no namespace"
    return (f"a request to {permission} {named}: {', '.join(vain)} is left out",)
