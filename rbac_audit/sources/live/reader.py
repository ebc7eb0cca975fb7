"""One cluster, kind by kind, onto disk; what cannot be read becomes a Gap, and the rest is read all the same."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rbac_audit.snapshot.estate import Cluster, Gap, Snapshot
from rbac_audit.snapshot.lines import writer
from rbac_audit.snapshot.objects import APIGroupDiscovery, Kind
from rbac_audit.sources.evidence import kind_names
from rbac_audit.sources.live.connection import Failed
from rbac_audit.sources.live.discovery import Served, discover
from rbac_audit.sources.live.kind_reader import KindReader
from rbac_audit.sources.live.kinds import BUILT_IN, MUST_SERVE, VERSIONS, resource
from rbac_audit.sources.live.limits import Limits
from rbac_audit.sources.live.lists import Refused
from rbac_audit.sources.live.since import Earlier, Known
from rbac_audit.sources.live.spool import Spool
from rbac_audit.sources.live.target import Side, Target
from rbac_audit.sources.live.told import refusals, unreachable
from rbac_audit.sources.live.ways import Paces, connect


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

    def __init__(
        self, target: Target, kinds: Sequence[Kind], limits: Limits, folder: Path, earlier: Earlier | None = None
    ) -> None:
        """Read nothing yet; `folder` has room for the objects."""
        self.target, self.kinds = target, kinds
        self.spool = Spool(folder)
        self.failed = False
        self._limits = limits
        self._earlier = earlier
        self._reader: KindReader | None = None
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
        self._lock = threading.Lock()

    @property
    def status(self) -> Status:
        """Say how far it is."""
        reading = tuple(resource(kind) for kind in list(self._reading))
        gaps = len(self._gaps) + len(self._refused) + (self._lost is not None)
        return Status(self.target.name, len(self._done), len(self.kinds), self.spool.count, gaps, reading)

    def begin(self, paces: Paces) -> bool:
        """Connect and learn what is served; False when the cluster gives no answers."""
        try:
            connection = connect(self.target.way, paces)
            self._reader = KindReader(self.target.name, connection, self._limits, self.spool, self._known)
            self._groups = discover(connection, self._limits)
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

    def _known(self, kind: Kind) -> Mapping[tuple[str, str], Known]:
        return self._earlier.of(self.target.name, str(self.target.way), kind) if self._earlier else {}

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
        if self._reader and self._lost is None:
            self._reading[kind] = None
            self._attempt(self._reader, kind)
            del self._reading[kind]
        with self._lock:
            self._done.add(kind)
            return len(self._done) == len(self.kinds)

    def end(self) -> Snapshot:
        """Let go of the server, and say everything of the cluster but its objects."""
        if self._reader:
            self._reader.connection.close()
        known = self._collected | self._partial
        self._gaps += refusals(self.target, self._refused, everything=self._nothing_listed())
        if self._lost:
            told = known | self._told | self._refused.keys()
            rest = [kind for kind in self.kinds if kind not in told]
            self._gaps.append(unreachable(self.target, self._lost, rest, begun=bool(self._collected)))
        cluster = Cluster(
            self.target.name,
            collected=known,
            partial=self._partial,
            origins=[str(self.target.way)],
            rancher_id=self.target.rancher_id,
        )
        return Snapshot([cluster], self._gaps)

    def _attempt(self, reader: KindReader, kind: Kind) -> None:
        try:
            if kind is APIGroupDiscovery:
                self._keep_groups()
            elif not self._there(kind):
                self._collected |= {kind} - self._told
            else:
                self._list(reader, kind)
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

    def _list(self, reader: KindReader, kind: Kind) -> None:
        outcome = reader.read(kind)
        if outcome.torn:
            self._partial.add(kind)
            problem = "it changed faster than it could be read: what was made or deleted meanwhile may be missing"
            self._gap(kind, problem, "collect again when the cluster is less busy")
        else:
            self._collected.add(kind)
        if outcome.bad:
            self._gap(kind, f"{outcome.bad} of them are no valid {kind.kind} ({outcome.why})", "look with kubectl")

    def _gap(self, kind: Kind, reason: str, advice: str) -> None:
        self._told.add(kind)
        self._gaps.append(Gap(self.target.name, resource(kind), reason, advice, kind_names([kind])))

    def _nothing_listed(self) -> bool:
        listed = (self.spool.kinds | self._collected) - self._refused.keys() - {APIGroupDiscovery}
        return not self.spool.kinds & listed and all(kind.group not in BUILT_IN for kind in listed)
