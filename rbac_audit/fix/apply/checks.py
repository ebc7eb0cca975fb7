"""Whether everything is as the plan says: objects before a step, access after it."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from rbac_audit.access.escalation import breakdown
from rbac_audit.access.identity import AUTHENTICATED, CATTLE_AUTHENTICATED
from rbac_audit.fix.apply.server import ApplyFailed, Raw, Server, Stale
from rbac_audit.fix.objects import content_hash
from rbac_audit.fix.plan import Effect, Plan, Precondition, Rendering, Step, Target
from rbac_audit.rancher.projects import PROJECT_ID
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.objects import Namespace, PolicyRule

Servers = Mapping[str, Server]
_AGAIN = "collect and plan again; nothing of this step was done"


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """How long Rancher may take, in seconds; `settle` lets every cache of the API servers see what was made."""

    deadline: float = 300.0
    interval: float = 1.0
    settle: float = 2.0


def content_of(item: Raw) -> str:
    """Hash a live object as the plan does; "" for what no snapshot keeps."""
    try:
        typed = decode(item)
    except msgspec.ValidationError:
        typed = None
    return content_hash(typed) if typed is not None else ""


def fits(item: Raw, condition: Precondition) -> bool:
    """Tell whether a live object is the one of a precondition, and as it says."""
    metadata = item["metadata"]
    return (
        content_of(item) == condition.content
        and condition.uid in {"", metadata["uid"]}
        and condition.resource_version in {"", metadata["resourceVersion"]}
    )


def check(servers: Servers, condition: Precondition) -> Raw:
    """Compare one object with its precondition; returns it, raises Stale."""
    target = condition.target
    item = servers[target.cluster].read(target)
    if item is None:
        raise Stale(str(target), target.cluster, "it is gone since the plan was made", _AGAIN)
    if target.kind != Namespace.kind and item["metadata"].get("deletionTimestamp"):
        # Of a namespace, the content tells.
        raise Stale(str(target), target.cluster, "it is being deleted", _AGAIN)
    if not fits(item, condition):
        raise Stale(str(target), target.cluster, "it has changed since the plan was made", _AGAIN)
    return item


def check_steps(servers: Servers, plan: Plan, steps: Sequence[Step]) -> dict[Target, Raw]:
    """Check everything that steps touch or rely on, once, and that their projects reach no other namespaces.

    Returns the objects, raises Stale.
    """
    conditions = dict.fromkeys(condition for step in steps for condition in step.preconditions)
    found = {condition.target: check(servers, condition) for condition in conditions}
    expected = [wanted for step in steps for wanted in step.expect]
    live = live_namespaces(servers[plan.cluster], expected)
    for wanted in expected:
        if more := sorted(set(live[wanted.project]) - set(wanted.namespaces)):
            problem = f"namespace {more[0]} came into the project since the plan was made"
            raise Stale(f"project {wanted.project}", plan.cluster, problem, _AGAIN)
    return found


def live_namespaces(server: Server, expected: Iterable[Rendering]) -> dict[str, list[str]]:
    """List the namespaces of projects that are not being deleted."""
    found: dict[str, list[str]] = {wanted.project: [] for wanted in expected}
    for item in server.list("v1", "namespaces") if found else ():
        metadata = item["metadata"]
        project = (metadata.get("annotations") or {}).get(PROJECT_ID)
        if project in found and not metadata.get("deletionTimestamp"):
            found[project].append(metadata["name"])
    return found


def verify(server: Server, step: Step) -> int:
    """Ask the API server whether each subject can still do all that it must keep; raises ApplyFailed.

    Returns how many SubjectAccessReviews that took.
    """
    before = server.reviews
    for effect in step.effects:
        for kept in effect.kept:
            for namespace in kept.namespaces:
                for atom in (atom for rule in kept.rules for atom in breakdown(rule)):
                    if not server.allowed(_question(effect, namespace, atom)):
                        what = f"{effect.subject} may not {atom.verbs[0]} {atom.resources[0]} in {namespace}"
                        advice = "see why with rbac-audit why"
                        raise ApplyFailed(f"step {step.id}", server.name, what, advice)
    return server.reviews - before


def _question(effect: Effect, namespace: str, atom: PolicyRule) -> dict[str, object]:
    kind, _, name = effect.subject.partition(":")
    resource, _, subresource = atom.resources[0].partition("/")
    everybody = [AUTHENTICATED, CATTLE_AUTHENTICATED]
    return {
        **({"user": name} if kind == "User" else {}),
        "groups": everybody if kind == "User" else [name, *everybody],
        "resourceAttributes": {
            "namespace": namespace,
            "verb": atom.verbs[0],
            "group": atom.api_groups[0],
            "resource": resource,
            "subresource": subresource,
            "name": atom.resource_names[0] if atom.resource_names else "",
        },
    }
