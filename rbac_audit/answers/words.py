"""What people type made exact: resources as kubectl takes them, subjects by name, login or display name."""

import difflib
import re
from collections.abc import Iterable, Iterator, Set

from rbac_audit.access.identity import account_of
from rbac_audit.access.permission import ALL, Permission
from rbac_audit.access.resources import Resource, resources
from rbac_audit.audit.estate import Estate, View
from rbac_audit.errors import WrongUse
from rbac_audit.snapshot.objects import ServiceAccount, Subject

_KINDS = {"user": "User", "group": "Group", "serviceaccount": "ServiceAccount", "sa": "ServiceAccount"}


def permission(verb: str, resource: str, name: str = "") -> Permission:
    """Read `VERB RESOURCE [NAME]`; a resource that begins with a slash is a URL path.

    Raises WrongUse for a resource that nobody knows, or that several API groups have, and for the name of a URL.
    """
    if resource.startswith("/"):
        if name:
            raise WrongUse("argument", name, f"the URL {resource} has no names", "leave it out")
        return Permission(verb, path=resource)
    head, slash, subresource = resource.partition("/")
    plural, group = _split(head)
    if verb.startswith(_IMPERSONATE) and group is None:
        plural = plural.lower() if plural.lower() in _IMPERSONATED else _SINGULAR.get(plural.lower(), plural)
    impersonated = _IMPERSONATED.get(plural) if verb.startswith(_IMPERSONATE) else None
    if plural == ALL:
        group = ALL if group is None else group
    elif impersonated is not None:
        group = (impersonated if verb == _IMPERSONATE else _AUTHENTICATION) if group is None else group
    else:
        group, plural = _resolve(plural, group, resource, subresource)
    return Permission(verb, group, f"{plural}{slash}{subresource}" if subresource else plural, name)


# What is impersonated is no resource that anybody serves, but RBAC has these words for it (k8s.io/apiserver
# pkg/endpoints/filters/impersonation).
_IMPERSONATE, _AUTHENTICATION = "impersonate", "authentication.k8s.io"
_IMPERSONATED = {
    "users": "",
    "groups": "",
    "serviceaccounts": "",
    "uids": _AUTHENTICATION,
    "userextras": _AUTHENTICATION,
}
_SINGULAR = {word.removesuffix("s"): word for word in _IMPERSONATED} | {"sa": "serviceaccounts"}
_VERSION = re.compile(r"v[0-9]+((alpha|beta)[0-9]+)?")


def _split(head: str) -> tuple[str, str | None]:
    """Split `plural[[.version].group]`, the core group being `core` or empty; None where none is stated.

    A version says nothing, as RBAC knows none (kubectl: k8s.io/apimachinery schema.ParseResourceArg).
    """
    plural, dot, group = head.partition(".")
    first, _, rest = group.partition(".")
    if _VERSION.fullmatch(first):
        group = rest
    return plural, (group.removeprefix("core") if group in {"", "core"} else group) if dot else None


def _resolve(word: str, group: str | None, written: str, subresource: str) -> tuple[str, str]:
    fitting = [item for item in resources() if word.lower() in item.names]
    if group is not None:
        exact = [item for item in fitting if item.group == group]
        # A group that is stated is believed: not every CRD is in the table.
        return (exact[0].group, exact[0].plural) if exact else (group, word)
    if not fitting:
        raise WrongUse("resource", written, "nobody knows it", _did_you_mean(word))
    if subresource and subresource not in _EVERYWHERE:
        # Of its machines, KubeVirt serves everything else there (kubevirt pkg/virt-api).
        fitting = [item for item in fitting if item.group == "subresources.kubevirt.io"] or fitting
    by_name = [item for item in fitting if item.plural == word.lower()] or fitting
    core = [item for item in by_name if item.group in {"", "apps", "batch", "rbac.authorization.k8s.io"}]
    chosen = _without_twins(core or by_name)
    if len(chosen) > 1:
        options = ", ".join(map(str, chosen))
        raise WrongUse("resource", written, "several API groups have it", f"say which: {options}")
    return chosen[0].group, chosen[0].plural


def _without_twins(found: list[Resource]) -> list[Resource]:
    """The subresource group repeats the names of kubevirt.io, and metrics those of the core.

    Not meant without the group.
    """
    shadows = {"subresources.kubevirt.io", "metrics.k8s.io", "events.k8s.io"}
    plain = [item for item in found if item.group not in shadows]
    return plain or found


_Named = Set[tuple[str, str]]


def doubts(permission: Permission, named: _Named = frozenset()) -> Iterator[str]:
    """Say which words of a question are not known here but look like others: a no may be that of a slip.

    `named` are the API groups with resources that roles name, which are known as well.
    """
    if meant := _verb_meant(permission):
        yield f"the verb {permission.verb} is taken as it is; did you mean {meant}"
    if permission.path and not permission.path.startswith("/"):
        yield f"the path of every URL begins with a slash; did you mean /{permission.path}"
    plural, _, subresource = permission.resource.partition("/")
    impersonated = permission.verb.startswith(_IMPERSONATE) and plural in _IMPERSONATED
    if permission.path or impersonated or ALL in {permission.api_group, plural}:
        return
    if options := list(_instead(permission.api_group, plural, named)):
        written = f"{plural}.{permission.api_group or 'core'}"
        yield f"{written} is not known here and is taken as it is; did you mean {' or '.join(options)}"
    elif subresource and not _is_served(permission.api_group, plural, subresource, named):
        yield _no_subresource(permission.api_group, plural, subresource, named)


def _verb_meant(permission: Permission) -> str:
    verb = permission.verb.partition(":")[0]
    if permission.path:
        return "" if verb in _URL_VERBS else verb.lower() if verb.lower() in _URL_VERBS else "get"
    close = [] if verb in _VERBS else difflib.get_close_matches(verb.lower(), _VERBS, n=1)
    return _MEANT.get(verb.lower()) or next(iter(close), "")


def _instead(group: str, plural: str, named: _Named) -> Iterator[str]:
    known = {(item.group, item.plural) for item in resources()}
    known |= {(space, word.partition("/")[0]) for space, word in named}
    if known.isdisjoint({(group, plural), (ALL, plural)}):
        fitting = {(space, word) for space, word in known if word == plural}
        close = difflib.get_close_matches(plural, sorted(word for space, word in known if space == group), n=1)
        options = fitting or {(group, word) for word in close} or _also_called(plural)
        yield from (_written(*item) for item in sorted(options))


def _also_called(word: str) -> set[tuple[str, str]]:
    return {(item.group, item.plural) for item in resources() if word.lower() in item.names}


def _is_served(group: str, plural: str, subresource: str, named: _Named) -> bool:
    words = {f"{plural}/{subresource}", f"{ALL}/{subresource}"}
    by_name = not named.isdisjoint((space, word) for space in (group, ALL) for word in words)
    return by_name or subresource in _EVERYWHERE or (group == "" and subresource in _SUBRESOURCES.get(plural, ()))


def _no_subresource(group: str, plural: str, subresource: str, named: _Named) -> str:
    elsewhere = [space for space, word in sorted(named) if word == f"{plural}/{subresource}"]
    own = {word.partition("/")[2] for space, word in named if space == group and word.startswith(f"{plural}/")}
    close = difflib.get_close_matches(subresource.lower(), sorted({*own, *_SUBRESOURCES.get(plural, ())}), n=1)
    options = [f"{_written(space, plural)}/{subresource}" for space in elsewhere]
    options = options or [f"{_written(group, plural)}/{word}" for word in close]
    hint = f"did you mean {' or '.join(options)}" if options else "an object's name stands apart, not behind a slash"
    return f"no role names the subresource {_written(group, plural)}/{subresource}; {hint}"


def _written(group: str, plural: str) -> str:
    return f"{plural}.{group}" if group else plural


# Those of the API and of RBAC itself (kubernetes.io, "Request verbs"), and of Rancher's projects and clusters.
_VERBS = (
    *("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", ALL),
    *("use", "bind", "escalate", "impersonate", "approve", "sign", "attest", "own", "manage-namespaces", "updatepsa"),
)
_URL_VERBS = ("get", "post", "put", "patch", "delete", "head", "options", ALL)
# What HTTP and people call verbs of the API.
_MEANT = {"post": "create", "put": "update", "head": "get", "options": "get", "read": "get", "write": "update"}
_EVERYWHERE = frozenset({"status", "scale", "finalizers"})
# Of the core (k8s.io/kubernetes pkg/registry/core/rest; nodes: pkg/kubelet/server/auth.go).
_SUBRESOURCES = {
    "pods": ["attach", "binding", "ephemeralcontainers", "eviction", "exec", "log", "portforward", "proxy", "resize"],
    "nodes": ["checkpoint", "configz", "healthz", "log", "metrics", "pods", "proxy", "spec", "stats"],
    "services": ["proxy"],
    "serviceaccounts": ["token"],
    "namespaces": ["finalize"],
}


def _did_you_mean(word: str) -> str:
    known = sorted({name for item in resources() for name in item.names})
    close = difflib.get_close_matches(word.lower(), known, n=3)
    return f"did you mean {' or '.join(close)}" if close else "state its API group: plural.group"


def subject(text: str, estate: Estate) -> Subject:
    """Read `User:x`, `Group:x`, `ServiceAccount:ns/name`, or a Rancher login or display name.

    Raises WrongUse for a name that nobody has, or that several have.
    """
    kind, colon, name = text.partition(":")
    stated = _KINDS.get(kind.lower()) if colon else None
    if stated == "ServiceAccount":
        namespace, slash, account = name.partition("/")
        if not slash or not namespace or not account:
            raise WrongUse(
                "subject", text, "a service account needs its namespace", "write ServiceAccount:namespace/name"
            )
        return Subject(kind=stated, name=account, namespace=namespace)
    if stated and name:
        return Subject(kind=stated, name=name)
    if account_found := account_of(text):
        return Subject(kind="ServiceAccount", name=account_found[1], namespace=account_found[0])
    return _by_name(text, estate)


def _by_name(text: str, estate: Estate) -> Subject:
    people = [person for rancher in estate.ranchers for person in rancher.people.all]
    found = sorted({person.user for person in people if text in {person.user, person.username, person.display_name}})
    if len(found) == 1:
        return Subject(kind="User", name=found[0])
    if found:
        raise WrongUse("subject", text, "several users have this name", f"one of: {_options(found, estate)}")
    accounts = [item for view in estate.views for item in view.cluster.of(ServiceAccount) if item.name == text]
    options = sorted(
        {name for person in people for name in (person.user, person.username, person.display_name) if name}
    )
    close = difflib.get_close_matches(text, options, n=3)
    close += [f"ServiceAccount:{item.namespace}/{item.name}" for item in accounts[:3]]
    spelling = "write User:NAME, Group:NAME or ServiceAccount:NAMESPACE/NAME"
    hint = f"did you mean {' or '.join(close)}" if close else spelling
    problem = "no Rancher user has this name" if people else "no Rancher's users were read, to find the name among them"
    raise WrongUse("subject", text, problem, hint)


def _options(users: Iterable[str], estate: Estate) -> str:
    people = {person.user: person for rancher in estate.ranchers for person in rancher.people.all}
    return ", ".join(f"User:{user} ({people[user].username or people[user].display_name})" for user in users)


def view_of(estate: Estate, name: str) -> View:
    """Choose the cluster of a question: the one named, else the only one that tenants work on.

    Raises WrongUse when there is none or more than one to choose from.
    """
    if name:
        found = [view for view in estate.views if view.name == name]
        if not found:
            options = ", ".join(view.name for view in estate.views)
            raise WrongUse("option", "--cluster", f"no cluster is called {name}", f"one of: {options}")
        return found[0]
    if len(estate.harvesters) == 1:
        return estate.harvesters[0]
    options = ", ".join(view.name for view in estate.harvesters or estate.views)
    several = "the estate has several clusters" if estate.harvesters else "only clusters that manage others were read"
    raise WrongUse("option", "--cluster", several, f"say which: {options}")
