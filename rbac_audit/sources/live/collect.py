"""Clusters into one Snapshot; what cannot be read becomes a Gap, and the rest is read all the same."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from rbac_audit.snapshot.decode import decode_json
from rbac_audit.snapshot.estate import Gap, Snapshot
from rbac_audit.snapshot.objects import Kind, Secret
from rbac_audit.sources.evidence import ClusterEvidence, Evidence, kind_names
from rbac_audit.sources.live.connection import Connection, Failed, connect
from rbac_audit.sources.live.discovery import Served, discover
from rbac_audit.sources.live.kinds import BUILT_IN, VERSIONS, collection, resource
from rbac_audit.sources.live.limits import Limits
from rbac_audit.sources.live.lists import JSON, METADATA_ONLY, Refused, list_all

Say = Callable[[str], None]


class Target(msgspec.Struct, frozen=True):
    """One cluster to read: its name in the snapshot, its context, and the headers of whom that impersonates."""

    name: str
    context: str
    impersonation: tuple[tuple[str, str], ...] = ()


def collect(
    targets: Iterable[Target], kinds: Sequence[Kind], kubeconfig: Path | None, limits: Limits, say: Say
) -> Snapshot:
    """Read the clusters one after the other; `say` gets lines of progress."""
    evidence = Evidence()
    for target in targets:
        reader = _Reader(target, evidence, limits, say)
        try:
            connection = connect(kubeconfig, target.context, target.impersonation)
            try:
                reader.read(connection, kinds)
            finally:
                connection.close()
        except Failed as failed:
            reader.unreachable(failed, kinds)
    return evidence.snapshot()


class _Reader:
    """Reads one cluster."""

    def __init__(self, target: Target, evidence: Evidence, limits: Limits, say: Say) -> None:
        self._name, self._limits, self._say = target.name, limits, say
        self._gaps = evidence.gaps
        self._cluster: ClusterEvidence = evidence.cluster(target.name)
        self._cluster.origins.add(f"context {target.context}")
        self._done: set[Kind] = set()

    def read(self, connection: Connection, kinds: Sequence[Kind]) -> None:
        """Read every kind; raises Failed when the cluster as a whole gives no answers any more."""
        served = discover(connection, kinds, self._limits)
        for number, kind in enumerate(kinds, 1):
            self._say(f"{self._name}: {resource(kind)} ({number} of {len(kinds)})")
            try:
                self._kind(connection, kind, served)
            except Refused as refused:
                self._gap(kind, *_refusal(refused.status, kind))
            except Failed as failed:
                if failed.whole:
                    raise
                self._gap(kind, failed.problem, failed.advice)
            self._done.add(kind)

    def unreachable(self, failed: Failed, kinds: Iterable[Kind]) -> None:
        """Tell one gap for every kind that was not read."""
        names = kind_names(kind for kind in kinds if kind not in self._done)
        what = "the rest of the cluster" if self._done else "the cluster"
        self._gaps.append(Gap(self._name, what, failed.problem, failed.advice, names))

    def _kind(self, connection: Connection, kind: Kind, served: Served) -> None:
        versions = served.versions(kind)
        if versions is not None and VERSIONS[kind.group] not in versions:
            if versions:
                problem = f"it is served as {', '.join(sorted(versions))} only, not as {VERSIONS[kind.group]}"
                raise Failed(problem, "use a version of rbac-audit that knows this release")
            self._cluster.collected.add(kind)
            return
        accept = METADATA_ONLY if kind is Secret else JSON
        self._keep(kind, list_all(connection, collection(kind), self._limits, accept))

    def _keep(self, kind: Kind, items: Iterable[msgspec.Raw]) -> None:
        bad, first = 0, ""
        head = f',"apiVersion":"{f"{kind.group}/" if kind.group else ""}{VERSIONS[kind.group]}","kind":"{kind.kind}"}}'
        for item in items:
            # Items of a built-in kind do not say what they are; the last of two equal keys counts.
            try:
                decoded = decode_json(bytes(item).rstrip()[:-1] + head.encode(), kind.group, kind.kind)
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
                # The text of a ValidationError has types and the path of the field, never a value.
                first = first or (str(error) if isinstance(error, msgspec.ValidationError) else "broken JSON")
                bad += 1
                continue
            if decoded is not None:
                self._cluster.add(decoded)
        self._cluster.collected.add(kind)
        if bad:
            self._gap(kind, f"{bad} of them are no valid {kind.kind} ({first})", "look at them with kubectl")

    def _gap(self, kind: Kind, reason: str, advice: str) -> None:
        self._gaps.append(Gap(self._name, resource(kind), reason, advice, kind_names([kind])))


def _refusal(status: int, kind: Kind) -> tuple[str, str]:
    if status == 403:
        role = "rbac-audit collect --print-role prints a ClusterRole that may"
        return "the account may not list them", f"let it list {resource(kind)}: {role}"
    if status == 404 and kind.group in BUILT_IN:
        return "the server does not know them", "check that the context names a Kubernetes API"
    if status == 404:
        return "the server does not know them, and does not say that they are not installed", "let it read /apis"
    return f"the server answered {status}", "collect again"
