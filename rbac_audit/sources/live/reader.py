"""One cluster, kind by kind, onto disk; what cannot be read becomes a Gap, and the rest is read all the same."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from rbac_audit.snapshot.decode import decode_json
from rbac_audit.snapshot.estate import Cluster, Gap, Snapshot
from rbac_audit.snapshot.lines import writer
from rbac_audit.snapshot.objects import APIGroupDiscovery, Kind, Secret
from rbac_audit.sources.evidence import kind_names
from rbac_audit.sources.live.connection import Connection, Failed
from rbac_audit.sources.live.discovery import Served, discover
from rbac_audit.sources.live.kinds import (
    BUILT_IN,
    MUST_SERVE,
    VERSIONS,
    collection,
    has_metadata_only,
    manifest,
    resource,
)
from rbac_audit.sources.live.limits import Limits
from rbac_audit.sources.live.lists import JSON, METADATA_ONLY, Listing, Refused
from rbac_audit.sources.live.spool import Spool
from rbac_audit.sources.live.target import Side, Target
from rbac_audit.sources.live.ways import Paces, Proxied, connect


class Status(NamedTuple):
    """How far a cluster has been read; `reading`: the resources that are being listed."""

    cluster: str
    done: int
    of: int
    objects: int
    gaps: int
    reading: tuple[str, ...]


class ClusterReader:
    """Reads one cluster; `begin` first, then `read` every kind, from any thread."""

    def __init__(self, target: Target, kinds: Sequence[Kind], limits: Limits, folder: Path) -> None:
        """Read nothing yet; `folder` has room for the objects."""
        self.target, self.kinds = target, kinds
        self.spool = Spool(folder)
        self.failed = False
        self._limits = limits
        self._connection: Connection | None = None
        self._served = Served(None)
        self._groups: tuple[APIGroupDiscovery, ...] | Refused | Failed = ()
        self._lost: Failed | None = None
        self._gaps: list[Gap] = []
        self._refused: dict[Kind, int] = {}
        self._collected: set[Kind] = set()
        self._partial: set[Kind] = set()
        self._told: set[Kind] = set()
        self._done: set[Kind] = set()
        self._reading: dict[Kind, None] = {}
        self._objects = 0
        self._lock = threading.Lock()

    @property
    def status(self) -> Status:
        """Say how far it is."""
        reading = tuple(resource(kind) for kind in list(self._reading))
        gaps = len(self._gaps) + len(self._refused) + (self._lost is not None)
        return Status(self.target.name, len(self._done), len(self.kinds), self._objects, gaps, reading)

    def begin(self, paces: Paces) -> bool:
        """Connect and learn what is served; False when the cluster gives no answers."""
        try:
            self._connection = connect(self.target.way, paces)
            self._groups = discover(self._connection, self._limits)
            self._served = Served(self._groups)
        except Refused as refused:
            self._groups = refused
        except Failed as failed:
            if failed.whole or failed.again:
                self._lost, self.failed = failed, True
                return False
            self._groups = failed
        self._check_side(self.target.side)
        return True

    def _check_side(self, side: Side) -> None:
        """Tell a cluster that is not what it was said to be: that it lacks a kind then says nothing."""
        if not side or self._served.versions(MUST_SERVE[side]) != frozenset():
            return
        absent = [kind for kind in self.kinds if self._served.versions(kind) == frozenset()]
        self._told.update(absent)
        problem = f"it serves no {resource(MUST_SERVE[side])}, as each {side.capitalize()} does"
        advice = "check that it is the cluster that was meant"
        self._gaps.append(Gap(self.target.name, "the cluster", problem, advice, kind_names(absent)))

    def read(self, kind: Kind) -> bool:
        """Read one kind; True when it was the last of all."""
        if self._connection and self._lost is None:
            self._reading[kind] = None
            self._attempt(self._connection, kind)
            del self._reading[kind]
        with self._lock:
            self._done.add(kind)
            return len(self._done) == len(self.kinds)

    def end(self) -> Snapshot:
        """Let go of the server, and say everything of the cluster but its objects."""
        if self._connection:
            self._connection.close()
        known = self._collected | self._partial
        self._gaps += self._refusals()
        if self._lost:
            told = known | self._told | self._refused.keys()
            self._gaps.append(self._unreachable(self._lost, [kind for kind in self.kinds if kind not in told]))
        cluster = Cluster(
            self.target.name,
            collected=known,
            partial=self._partial,
            origins=[str(self.target.way)],
            rancher_id=self.target.rancher_id,
        )
        return Snapshot([cluster], self._gaps)

    def _attempt(self, connection: Connection, kind: Kind) -> None:
        try:
            if kind is APIGroupDiscovery:
                self._keep_groups()
            elif not self._there(kind):
                self._collected |= {kind} - self._told
            elif has_metadata_only(kind):
                self._list_metadata(connection, kind)
            else:
                self._list(connection, kind, JSON)
        except Refused as refused:
            self.spool.forget(kind)
            self._refused[kind] = refused.status
        except Failed as failed:
            self.spool.forget(kind)
            self.failed = True
            if failed.whole:
                self._lost = failed
            else:
                self._gap(kind, failed.problem, failed.advice)

    def _keep_groups(self) -> None:
        if isinstance(self._groups, Exception):
            raise self._groups
        write = writer(self.target.name, APIGroupDiscovery)
        self.spool.add(APIGroupDiscovery, [("", group.name, write(group)) for group in self._groups])
        self._collected.add(APIGroupDiscovery)

    def _there(self, kind: Kind) -> bool:
        """Tell whether a kind is installed; raises Failed where that is not clear, or not in a version that we read."""
        versions = self._served.versions(kind)
        if versions is None or VERSIONS[kind.group] in versions:
            return True
        if versions:
            problem = f"it is served as {', '.join(sorted(versions))} only, not as {VERSIONS[kind.group]}"
            raise Failed(problem, "use a version of rbac-audit that knows this release")
        return False

    def _list_metadata(self, connection: Connection, kind: Kind) -> None:
        try:
            self._list(connection, kind, METADATA_ONLY)
        except Refused as refused:
            if refused.status != 406 or kind is Secret:
                raise
            self._list(connection, kind, JSON)

    def _list(self, connection: Connection, kind: Kind, accept: str) -> None:
        listing = Listing(connection, collection(kind), self._limits, accept)
        kept, bad, first = 0, 0, ""
        for items in listing:
            if items is None:
                self.spool.forget(kind)
                self._count(-kept)
                kept, bad, first = 0, 0, ""
                continue
            objects = list(_decoded(kind, items, self.target.name))
            whole = [each for each in objects if not isinstance(each, str)]
            self.spool.add(kind, whole)
            self._count(len(whole))
            kept += len(whole)
            bad += len(objects) - len(whole)
            first = first or next((each for each in objects if isinstance(each, str)), "")
        if listing.torn:
            self._partial.add(kind)
            problem = "it changed faster than it could be read: what was made or deleted meanwhile may be missing"
            self._gap(kind, problem, "collect again when the cluster is less busy")
        else:
            self._collected.add(kind)
        if bad:
            self._gap(kind, f"{bad} of them are no valid {kind.kind} ({first})", "look at them with kubectl")

    def _count(self, more: int) -> None:
        with self._lock:
            self._objects += more

    def _gap(self, kind: Kind, reason: str, advice: str) -> None:
        self._told.add(kind)
        self._gaps.append(Gap(self.target.name, resource(kind), reason, advice, kind_names([kind])))

    def _refusals(self) -> Iterator[Gap]:
        """Tell the refused kinds; where all were refused, in one gap and not in fifty."""
        statuses = set(self._refused.values())
        if len(self._refused) > 1 and len(statuses) == 1 and self._nothing_listed():
            yield Gap(self.target.name, "the cluster", *self._no_entry(*statuses), kind_names(self._refused))
            return
        for kind, status in self._refused.items():
            yield Gap(self.target.name, resource(kind), *_refusal(status, kind), kind_names([kind]))

    def _nothing_listed(self) -> bool:
        listed = (self.spool.kinds | self._collected) - self._refused.keys() - {APIGroupDiscovery}
        return not self.spool.kinds & listed and all(kind.group not in BUILT_IN for kind in listed)

    def _no_entry(self, status: int) -> tuple[str, str]:
        if isinstance(self.target.way, Proxied):
            advice = "make its user a member of the cluster in Rancher, with the rights of --print-role"
            return f"Rancher lets the account read nothing of it ({status})", advice
        if status == 403:
            return "the account may list nothing of it", "rbac-audit collect --print-role prints a ClusterRole that may"
        return f"it answered {status} to everything", "check that the context names a Kubernetes API"

    def _unreachable(self, failed: Failed, kinds: Iterable[Kind]) -> Gap:
        what = "the rest of the cluster" if self._collected else "the cluster"
        problem, advice = failed.problem, failed.advice
        if isinstance(self.target.way, Proxied) and failed.status == 503:
            problem = "Rancher does not reach it (503)"
            advice = "see its state in Rancher, and the pods of cattle-cluster-agent on it; then collect again"
        return Gap(self.target.name, what, problem, advice, kind_names(kinds))


def _decoded(kind: Kind, items: Iterable[msgspec.Raw], cluster: str) -> Iterator[tuple[str, str, bytes] | str]:
    """Turn items into lines of a snapshot, with their keys; a text says why an item is none."""
    write = writer(cluster, kind)
    for item in items:
        try:
            decoded = decode_json(manifest(kind, item), kind.group, kind.kind)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            # The text of a ValidationError has types and the path of the field, never a value.
            yield str(error) if isinstance(error, msgspec.ValidationError) else "broken JSON"
            continue
        if decoded is not None:
            yield decoded.namespace, decoded.name, write(decoded)


def _refusal(status: int, kind: Kind) -> tuple[str, str]:
    if kind is APIGroupDiscovery:
        advice = "let it get /api and /apis, as system:discovery does"
        return f"the account may not ask what is served ({status})", advice
    if status == 403:
        role = "rbac-audit collect --print-role prints a ClusterRole that may"
        return "the account may not list them", f"let it list {resource(kind)}: {role}"
    if status == 404 and kind.group in BUILT_IN:
        return "the server does not know them", "check that the context names a Kubernetes API"
    if status == 404:
        return "the server does not know them, and does not say that they are not installed", "let it read /apis"
    if status == 406:
        return "the server cannot give their metadata alone", "leave --secret-metadata out"
    return f"the server answered {status}", "collect again"
