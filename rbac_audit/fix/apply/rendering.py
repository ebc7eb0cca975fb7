"""Waiting for Rancher: until its bindings are in every live namespace, and their roles cover what the subjects hold."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial

from rbac_audit.fix.apply.checks import Servers, Waiting, live_namespaces
from rbac_audit.fix.apply.server import ApplyFailed, Raw, Server
from rbac_audit.fix.conditions import FEATURE
from rbac_audit.fix.journal import Event, Tell
from rbac_audit.fix.plan import Plan, Rendering, Step, Target
from rbac_audit.fix.rights import Cover, carried
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.objects import ClusterRole, Feature, PolicyRule

_RBAC, _MANAGEMENT = "rbac.authorization.k8s.io/v1", "management.cattle.io/v3"
# After so many seconds everything is looked at anew, whatever a watch told: a namespace may have come or gone.
_SLICE = 30.0

# A collection, the names in it that matter (none: all), and what says what is missing there, "" for nothing.
Part = tuple[tuple[str, str, str], frozenset[str], Callable[[], str]]


class Wait:
    """Waits for what one step needs; each part by one watch at a time, which only says when to look again.

    Most of the time nothing happens, and an API server then gets one request in half a minute, however many namespaces
    the project has. What was seen is seen once more in the end: the wait is over when everything, in every namespace
    that is in the project at that moment, was there without any waiting.
    """

    def __init__(self, servers: Servers, plan: Plan, step: Step, waiting: Waiting, tell: Tell) -> None:
        """Take what to wait for, and whom to tell of progress."""
        self._here, self._servers, self._management = servers[plan.cluster], servers, plan.management
        self._step, self._waiting, self._tell = step, waiting, tell
        self._said = ""

    def run(self) -> tuple[str, ...]:
        """Wait; returns the namespaces, raises ApplyFailed when it takes too long."""
        end = time.monotonic() + self._waiting.deadline
        while missing := self._missing(end):
            if time.monotonic() >= end and (missing := self._missing(end)):
                problem, advice = f"Rancher did not make it in time: {missing}", "see the logs of Rancher"
                raise ApplyFailed(
                    f"step {self._step.id}", self._here.name, problem, f"{advice}; then apply again with --resume"
                )
        live = live_namespaces(self._here, self._step.expect)
        if live:
            time.sleep(self._waiting.settle)
        return tuple(sorted({name for names in live.values() for name in names}))

    def _missing(self, end: float) -> str:
        """Look through everything once, and say what was missing at first, also where it has come since."""
        first = ""
        for place, names, missing in self._parts():
            if now := missing():
                first = first or now
                if not self._come(place, names, missing, min(_SLICE, end - time.monotonic())):
                    break
        return first

    def _come(
        self, place: tuple[str, str, str], names: frozenset[str], missing: Callable[[], str], seconds: float
    ) -> bool:
        """Wait for one part; False when it does not come."""
        if seconds <= 0:
            return False
        with closing(self._here.changes(place, seconds, self._waiting.interval)) as changes:
            for name in changes:
                if name and names and name not in names:
                    continue
                now = missing()
                if not now:
                    return True
                if now != self._said:
                    self._tell(Event(event="waiting", step=self._step.id, text=now))
                self._said = now
        return False

    def _parts(self) -> Iterator[Part]:
        if not self._step.expect:
            return
        aggregated = _is_aggregated(self._servers[self._management])
        live = live_namespaces(self._here, self._step.expect)
        for namespace in sorted({name for names in live.values() for name in names}):
            wanted = [
                (item, role)
                for item in self._step.expect
                if namespace in live[item.project]
                for role in _roles(item, aggregated=aggregated)
            ]
            place = (_RBAC, "rolebindings", namespace)
            yield place, frozenset(), partial(self._unbound, namespace, wanted)
        for item in self._step.expect:
            roles = _roles(item, aggregated=aggregated)
            yield (_RBAC, "clusterroles", ""), frozenset(roles), partial(self._uncovered, item, roles)

    def _unbound(self, namespace: str, wanted: Iterable[tuple[Rendering, str]]) -> str:
        """Say which binding is missing in a namespace; those that the step takes away do not count."""
        gone = {(target.namespace, target.name) for target in self._step.do.deletes}
        gone |= {(change.target.namespace, change.target.name) for change in self._step.do.changes}
        there = [item for item in self._here.list(_RBAC, "rolebindings", namespace) if _stays(item, gone)]
        for item, role in wanted:
            if not any(_binds(binding, item, role) for binding in there):
                return f"{item.subject_name} has no binding to {role} in {namespace}"
        return ""

    def _uncovered(self, wanted: Rendering, roles: tuple[str, ...]) -> str:
        """Say what the roles lack of what their subject keeps."""
        subject = f"{wanted.subject_kind}:{wanted.subject_name}"
        kept = [kept for effect in self._step.effects if effect.subject == subject for kept in effect.kept]
        rules = [rule for role in roles for rule in _rules(self._here, role)]
        lacking = Cover(rules).uncovered(carried(rule for item in kept for rule in item.rules))
        return f"{', '.join(roles)} lacks {lacking[0].verbs[0]} {lacking[0].resources[0]}" if lacking else ""


def _roles(wanted: Rendering, *, aggregated: bool) -> tuple[str, ...]:
    return wanted.aggregated if aggregated else wanted.legacy


def _stays(item: Raw, gone: set[tuple[str, str]]) -> bool:
    metadata = item["metadata"]
    return (metadata["namespace"], metadata["name"]) not in gone and not metadata.get("deletionTimestamp")


def _binds(item: Raw, wanted: Rendering, role: str) -> bool:
    subjects = [(who.get("kind"), who.get("name")) for who in item.get("subjects") or ()]
    ref = item["roleRef"]
    return (ref["kind"], ref["name"]) == ("ClusterRole", role) and subjects == [
        (wanted.subject_kind, wanted.subject_name)
    ]


def _rules(server: Server, role: str) -> tuple[PolicyRule, ...]:
    target = Target(cluster=server.name, api_version=_RBAC, kind="ClusterRole", plural="clusterroles", name=role)
    item = server.read(target)
    typed = decode(item) if item else None
    return typed.rules if isinstance(typed, ClusterRole) else ()


def _is_aggregated(server: Server) -> bool:
    target = Target(cluster=server.name, api_version=_MANAGEMENT, kind="Feature", plural="features", name=FEATURE)
    item = server.read(target)
    typed = decode(item) if item else None
    return isinstance(typed, Feature) and typed.enabled
