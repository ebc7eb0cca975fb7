"""What makes an answer other than it looks: names that nobody has here, people who cannot log in, a place left out.

None of it changes the answer, as the API server takes every word as it is.
"""

import difflib
from collections.abc import Iterable, Iterator

from rbac_audit.access import Identity, Permission, RoleKey
from rbac_audit.access.identity import account_of, home_of, subject_key
from rbac_audit.access.scope import is_cluster_scoped, request_places
from rbac_audit.audit.estate import View
from rbac_audit.rancher.people import Person
from rbac_audit.snapshot.objects import APIGroupDiscovery, Namespace, ServiceAccount, Subject


def absent(view: View, namespaces: Iterable[str]) -> Iterator[str]:
    """Name the namespaces that are not there, where all of them were read: nobody is bound in what is misspelt."""
    there = {item.name for item in view.cluster.of(Namespace)} | view.cluster.unread_namespaces
    for name in sorted(set(namespaces) - there - {""}) if view.cluster.whole(Namespace) else ():
        close = difflib.get_close_matches(name, sorted(there), n=1)
        yield f"there is no namespace {name} on {view.name}{_meant(close)}"


def misplaced(view: View, permission: Permission, namespaces: Iterable[str]) -> Iterator[str]:
    """Say that the server has a kind in no namespace which is decided as if it was, as the server alone knows it.

    No request for it carries a namespace, so that what is bound in one counts for none.
    """
    group, plural = permission.api_group, permission.resource.partition("/")[0]
    served = (item for item in view.cluster.of(APIGroupDiscovery) if item.name == group)
    found = (each for item in served for version in item.versions for each in version.resources)
    scopes = {each.scope for each in found if each.resource == plural}
    if scopes == {"Cluster"} and not is_cluster_scoped(group, plural) and (asked := sorted({*namespaces} - {""})):
        yield f"{view.name} serves {plural}.{group} in no namespace: no request for it carries {_first(asked)}"


def unlikely(view: View, subject: Subject) -> Iterator[str]:
    """Say why a subject may be another than is meant, or cannot make a request at all."""
    person = view.people.find(subject.name) if subject.kind == "User" else None
    account = account_of(subject.name) if subject.kind == "User" else (subject.namespace, subject.name)
    if person:
        yield from inactive([person])
    elif subject.kind == "Group":
        yield from absent(view, (home_of(subject),))
        yield from _strange_group(view, subject)
    elif account:
        yield from _strange_account(view, *account)
    else:
        yield from _strange_user(view, subject)


def inactive(people: Iterable[Person]) -> Iterator[str]:
    """Name those of Rancher's users who cannot make a request, whatever is bound to them.

    Source: rancher pkg/auth/requests/authenticate.go (a user who is not enabled is refused).
    """
    found = sorted({person.user: person for person in people}.items())
    if disabled := [f"User:{name}" for name, person in found if not person.enabled]:
        yield f"disabled in Rancher, which refuses their requests: {', '.join(disabled)}"
    if leaving := [f"User:{name}" for name, person in found if person.leaving]:
        yield f"being deleted in Rancher, and their bindings with them: {', '.join(leaving)}"


def _strange_user(view: View, subject: Subject) -> Iterator[str]:
    alike = view.people.called(subject.name)
    names = [f"User:{person.user} ({person.display_name})" for person in alike]
    if _is_bound(view, subject):
        yield from (f"{subject.name} is also the login or name of {name}" for name in names)
        return
    # Kubernetes gives such names itself.
    if names or (view.access.bindings and not subject.name.startswith("system:")):
        nobody = "no user of Rancher has that name, and " if view.rancher and view.rancher.knows_users else ""
        yield f"{nobody}no binding on {view.name} names {subject}{_meant(names)}"


def _strange_group(view: View, subject: Subject) -> Iterator[str]:
    known = subject.name.startswith("system:") or _is_bound(view, subject) or view.people.members(subject.name)
    if known or not view.access.bindings:
        return
    names = [f"Group:{name}" for name in view.people.groups_called(subject.name)]
    yield f"no binding on {view.name} names {subject}, and nobody is known to be in it{_meant(names)}"


def _strange_account(view: View, namespace: str, name: str) -> Iterator[str]:
    there = {f"{item.namespace}/{item.name}" for item in view.cluster.of(ServiceAccount)}
    wanted = f"{namespace}/{name}"
    unread = namespace in view.cluster.unread_namespaces or not view.cluster.whole(ServiceAccount)
    if wanted not in there and not unread:
        close = [f"ServiceAccount:{item}" for item in difflib.get_close_matches(wanted, sorted(there), n=1)]
        yield f"there is no ServiceAccount {wanted} on {view.name}{_meant(close)}"


def _is_bound(view: View, subject: Subject) -> bool:
    return any(view.access.bound_to(subject_key(subject, "") or ""))


def _meant(options: list[str]) -> str:
    return f"; did you mean {' or '.join(options)}" if options else ""


def instead(view: View, who: Identity, permission: Permission, namespace: str) -> Iterator[str]:
    """Say of a no by which names, and where nothing was said of a namespace in which ones, it is a yes."""
    if permission.path:
        return
    keys = (f"u:{who.user}", *(f"g:{group}" for group in who.groups))
    reaching = tuple(view.access.bindings_for(who, namespace) if namespace else view.access.bound_to(*keys))
    named: dict[RoleKey, set[str]] = {}
    for role, rule in () if permission.name else view.access.allowing_named(permission):
        named.setdefault(role, set()).update(rule.resource_names)
    if names := sorted({name for binding in reaching for name in named.get(binding.role, ())}):
        yield f"it is allowed for these names: {_first(names)}"
    allowing = view.access.allowing(permission)
    places = {item.namespace for item in reaching if item.namespace and item.role in allowing}
    if held := sorted(place for place in places if request_places(permission, (place,)) == frozenset({place})):
        yield f"that is the answer for the whole cluster; it is allowed in these namespaces: {_first(held)}"


def _first(names: list[str], limit: int = 5) -> str:
    return f"{', '.join(names[:limit])}{f' and {len(names) - limit} more' if len(names) > limit else ''}"
