"""Whether everything is as the plan says: objects before a step, rendering before a deletion, access after it."""

import time
from collections.abc import Callable, Iterator, Mapping

import msgspec

from rbac_audit.access.escalation import breakdown
from rbac_audit.access.identity import AUTHENTICATED, CATTLE_AUTHENTICATED
from rbac_audit.fix.apply.server import ApplyFailed, Raw, Server, Stale
from rbac_audit.fix.conditions import FEATURE
from rbac_audit.fix.objects import content_hash
from rbac_audit.fix.plan import Effect, Plan, Precondition, Rendering, Step, Target
from rbac_audit.fix.rights import Cover, carried
from rbac_audit.rancher.projects import PROJECT_ID
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.objects import ClusterRole, Feature, PolicyRule

Servers = Mapping[str, Server]
Say = Callable[[str], None]
_RBAC = "rbac.authorization.k8s.io/v1"
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


def check(servers: Servers, condition: Precondition) -> Raw:
    """Compare one object with its precondition; returns it, raises Stale."""
    target = condition.target
    item = servers[target.cluster].read(target)
    if item is None:
        raise Stale(str(target), target.cluster, "it is gone since the plan was made", _AGAIN)
    metadata = item.get("metadata", {})
    same = (
        content_of(item) == condition.content
        and condition.uid in {"", metadata.get("uid")}
        and condition.resource_version in {"", metadata.get("resourceVersion")}
    )
    if not same:
        raise Stale(str(target), target.cluster, "it has changed since the plan was made", _AGAIN)
    return item


def check_step(servers: Servers, plan: Plan, step: Step) -> None:
    """Check everything that a step touches or relies on, and that its projects reach no other namespaces."""
    for condition in step.preconditions:
        check(servers, condition)
    live = _live(servers[plan.cluster], step)
    for wanted in step.expect:
        there = set(live[wanted.project])
        if more := sorted(there - set(wanted.namespaces)):
            problem = f"namespace {more[0]} came into the project since the plan was made"
            raise Stale(f"project {wanted.project}", plan.cluster, problem, _AGAIN)


def _live(server: Server, step: Step) -> dict[str, list[str]]:
    """List the namespaces of a step's projects that are not being deleted."""
    found: dict[str, list[str]] = {wanted.project: [] for wanted in step.expect}
    for item in server.list("v1", "namespaces") if found else ():
        metadata = item["metadata"]
        project = (metadata.get("annotations") or {}).get(PROJECT_ID)
        if project in found and not metadata.get("deletionTimestamp"):
            found[project].append(metadata["name"])
    return found


def wait_for_rendering(servers: Servers, plan: Plan, step: Step, waiting: Waiting, say: Say) -> None:
    """Wait until Rancher's bindings are in every live namespace, and their roles cover what the subjects hold now.

    Raises ApplyFailed when that takes too long.
    """
    end, said = time.monotonic() + waiting.deadline, ""
    while missing := next(_missing(servers, plan, step), ""):
        if time.monotonic() > end:
            advice = "see the logs of Rancher; then apply again with --resume"
            raise ApplyFailed(f"step {step.id}", plan.cluster, f"Rancher did not make it in time: {missing}", advice)
        if missing != said:
            say(f"step {step.id}: waiting for Rancher: {missing}")
        said = missing
        time.sleep(waiting.interval)
    if step.expect:
        time.sleep(waiting.settle)


def _missing(servers: Servers, plan: Plan, step: Step) -> Iterator[str]:
    """Name what is not there yet."""
    server = servers[plan.cluster]
    going = {(target.namespace, target.name) for target in step.do.deletes}
    going |= {(change.target.namespace, change.target.name) for change in step.do.changes}
    aggregated = _is_aggregated(servers[plan.management]) if step.expect else False
    kept = {effect.subject: effect for effect in step.effects}
    live = _live(server, step)
    lists: dict[str, list[Raw]] = {}
    for wanted in step.expect:
        roles = wanted.aggregated if aggregated else wanted.legacy
        for namespace in live[wanted.project]:
            if namespace not in lists:
                lists[namespace] = list(server.list(_RBAC, "rolebindings", namespace))
            there = {item["roleRef"]["name"] for item in lists[namespace] if _is_wanted(item, wanted, going)}
            for role in roles:
                if role not in there:
                    yield f"{wanted.subject_name} has no binding to {role} in {namespace}"
        effect = kept[f"{wanted.subject_kind}:{wanted.subject_name}"]
        rules = [rule for role in roles for rule in _rules(server, role)]
        if lacking := Cover(rules).uncovered(carried(rule for item in effect.kept for rule in item.rules)):
            yield f"{', '.join(roles)} lacks {lacking[0].verbs[0]} {lacking[0].resources[0]}"


def _is_wanted(item: Raw, wanted: Rendering, going: set[tuple[str, str]]) -> bool:
    metadata = item["metadata"]
    subjects = [(who.get("kind"), who.get("name")) for who in item.get("subjects") or ()]
    stays = (metadata["namespace"], metadata["name"]) not in going and not metadata.get("deletionTimestamp")
    whole = item["roleRef"]["kind"] == "ClusterRole"
    return stays and whole and subjects == [(wanted.subject_kind, wanted.subject_name)]


def _rules(server: Server, role: str) -> tuple[PolicyRule, ...]:
    target = Target(cluster=server.name, api_version=_RBAC, kind="ClusterRole", plural="clusterroles", name=role)
    item = server.read(target)
    typed = decode(item) if item else None
    return typed.rules if isinstance(typed, ClusterRole) else ()


def _is_aggregated(server: Server) -> bool:
    version = "management.cattle.io/v3"
    target = Target(cluster=server.name, api_version=version, kind="Feature", plural="features", name=FEATURE)
    item = server.read(target)
    typed = decode(item) if item else None
    return isinstance(typed, Feature) and typed.enabled


def verify(server: Server, step: Step) -> None:
    """Ask the API server whether each subject can still do all that it must keep; raises ApplyFailed."""
    for effect in step.effects:
        for kept in effect.kept:
            for namespace in kept.namespaces:
                for atom in (atom for rule in kept.rules for atom in breakdown(rule)):
                    if not server.allowed(_question(effect, namespace, atom)):
                        what = f"{effect.subject} may not {atom.verbs[0]} {atom.resources[0]} in {namespace}"
                        advice = "see why with rbac-audit why"
                        raise ApplyFailed(f"step {step.id}", server.name, what, advice)


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
