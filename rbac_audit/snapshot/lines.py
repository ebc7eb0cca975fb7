"""The lines of a snapshot file: a header, one canonical object a line, and a footer with counts and a sha256."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from rbac_audit.snapshot.estate import Cluster, Gap, Snapshot
from rbac_audit.snapshot.objects import KINDS, Kind, KubernetesObject, kind_key, qualified

FAMILY = "rbac-audit/snapshot/"
FORMAT = FAMILY + "v1"

T = TypeVar("T")

# The objects of a snapshot as its file has them: the name of the kind, and the line.
Lines = Iterable[tuple[str, bytes]]

_AGAIN = "copy it again from where it is whole, or collect it again"
_ENCODER = msgspec.json.Encoder(order="deterministic")
_ENCODE = _ENCODER.encode
_BLOCK = 5_000
_KINDS = {(kind.group, kind.kind): kind for kind in KINDS}
_DECODERS = {name: msgspec.json.Decoder(kind) for name, kind in _KINDS.items()}


class Malformed(Exception):
    """The lines are no snapshot, or not a whole one; the message quotes no content."""

    def __init__(self, problem: str, advice: str = _AGAIN) -> None:
        """Keep what is wrong and what to do."""
        super().__init__(problem)
        self.problem, self.advice = problem, advice


class _ClusterHeader(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    name: str
    origins: tuple[str, ...]
    collected: tuple[tuple[str, str], ...]
    unread_namespaces: tuple[str, ...]
    partial: tuple[tuple[str, str], ...] = ()
    rancher_id: str = ""


class _Header(msgspec.Struct, frozen=True, rename="camel"):
    format: str
    clusters: tuple[_ClusterHeader, ...]
    gaps: tuple[Gap, ...]
    unknown_kinds: dict[str, int]
    notes: tuple[str, ...]


class _Format(msgspec.Struct, frozen=True):
    format: str


class _Line(msgspec.Struct, frozen=True):
    cluster: str
    group: str
    kind: str
    object: msgspec.Raw

    @property
    def name(self) -> str:
        return qualified(self.kind, self.group)


class _Footer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    counts: dict[str, int]
    sha256: str
    version: str


_HEADER = msgspec.json.Decoder(_Header)
_FORMAT = msgspec.json.Decoder(_Format)
_LINE = msgspec.json.Decoder(_Line)
_FOOTER = msgspec.json.Decoder(_Footer)


def head(snapshot: Snapshot) -> bytes:
    """Write the header: everything of a snapshot but its objects."""
    clusters = tuple(
        _ClusterHeader(
            cluster.name,
            cluster.origins,
            tuple(sorted(map(kind_key, cluster.collected))),
            tuple(sorted(cluster.unread_namespaces)),
            tuple(sorted(map(kind_key, cluster.partial))),
            cluster.rancher_id,
        )
        for cluster in snapshot.clusters
    )
    return _ENCODE(_Header(FORMAT, clusters, snapshot.gaps, dict(snapshot.unknown_kinds), snapshot.notes)) + b"\n"


def object_lines(snapshot: Snapshot) -> Iterator[tuple[str, bytes]]:
    """Write the objects in the order of the file."""
    for name, block in blocks(snapshot):
        for line in block.splitlines(keepends=True):
            yield name, line


def blocks(snapshot: Snapshot) -> Iterator[tuple[str, bytes]]:
    """Write them many at a time, sorted by cluster, group, kind, namespace and name: the kind, and whole lines."""
    for cluster in snapshot.clusters:
        for kind in sorted(cluster.objects, key=kind_key):
            (before, after), items = _frame(cluster.name, kind), cluster.objects[kind]
            for start in range(0, len(items), _BLOCK):
                # Within a line JSON has no newline: it is escaped in texts.
                block = _ENCODER.encode_lines(items[start : start + _BLOCK])[:-1].replace(b"\n", after + before)
                yield qualified(kind.kind, kind.group), b"%b%b%b" % (before, block, after)


def writer(cluster: str, kind: Kind) -> Callable[[KubernetesObject], bytes]:
    """Make what writes objects of one kind."""
    before, after = _frame(cluster, kind)
    return lambda item: b"%b%b%b" % (before, _ENCODE(item), after)


def _frame(cluster: str, kind: Kind) -> tuple[bytes, bytes]:
    """Write what stands before and after an object in its line, the same for all of a kind."""
    before, after = _ENCODE(_Line(cluster, kind.group, kind.kind, msgspec.Raw(b"\n"))).split(b"\n")
    return before, after + b"\n"


def decoded_line(line: bytes) -> tuple[str, KubernetesObject]:
    """Read one line that `writer` wrote: the cluster, and the object."""
    found = _LINE.decode(line)
    return found.cluster, _DECODERS[found.group, found.kind].decode(found.object)


def footer(counts: Mapping[str, int], sha256: str, version: str) -> bytes:
    """Write the last line: how many objects of each kind there are.

    `version` says which tool wrote the file and is no part of the sha256.
    """
    return _ENCODE(_Footer(dict(counts), sha256, version)) + b"\n"


class LineChecker:
    """Takes a snapshot line by line; raises Malformed at the first line that does not belong there."""

    def __init__(self, first: bytes) -> None:
        """Take the header."""
        self._header = _read_header(first)
        self._digested = hashlib.sha256(first)
        self._number = 1
        self._counts: Counter[str] = Counter()
        self._names = {each.name for each in self._header.clusters}
        self._footer: _Footer | None = None

    @property
    def head(self) -> Snapshot:
        """What the header says: a snapshot without objects, whose kinds all count as collected as they are there."""
        clusters = [_cluster(each, ()) for each in self._header.clusters]
        return Snapshot(clusters, self._header.gaps, self._header.unknown_kinds, self._header.notes)

    def take(self, line: bytes) -> "_Line | None":
        """Take one line behind the header; None for the footer."""
        self._number += 1
        if self._footer is not None:
            raise Malformed("it was altered: something stands behind its footer")
        if not line.endswith(b"\n"):
            raise Malformed(f"it is truncated in line {self._number}")
        if line.startswith(b'{"counts":'):
            self._footer = self._decoded(_FOOTER, line)
            return None
        self._digested.update(line)
        taken = self._decoded(_LINE, line)
        if taken.cluster not in self._names:
            raise Malformed(f"it was altered: line {self._number} is of a cluster that the header does not name")
        self._counts[taken.name] += 1
        return taken

    def check(self) -> str:
        """Check the footer; returns which version of the tool wrote the file."""
        if self._footer is None:
            raise Malformed("it is truncated: its footer is missing")
        if self._footer.sha256 != self._digested.hexdigest() or self._footer.counts != dict(self._counts):
            raise Malformed("it was altered: its content does not have the sha256 and counts of its footer")
        return self._footer.version

    def _decoded(self, decoder: "msgspec.json.Decoder[T]", line: bytes) -> T:
        try:
            return decoder.decode(line)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise Malformed(f"it was altered: line {self._number} is no line of a snapshot") from None


class LineReader(LineChecker):
    """Decodes the objects, too."""

    def __init__(self, first: bytes) -> None:
        """Take the header."""
        super().__init__(first)
        self._unknown: Counter[str] = Counter(self._header.unknown_kinds)
        self._objects: dict[str, list[KubernetesObject]] = {name: [] for name in self._names}

    def take(self, line: bytes) -> "_Line | None":
        """Take one line behind the header, with its object."""
        taken = super().take(line)
        if taken is None:
            return None
        decoder = _DECODERS.get((taken.group, taken.kind))
        if decoder is None:
            # A later version of the tool may keep more kinds without a new format.
            self._unknown[taken.name] += 1
        else:
            self._objects[taken.cluster].append(self._decoded(decoder, taken.object))
        return taken

    def finish(self) -> Snapshot:
        """Check the footer and make the snapshot."""
        self.check()
        try:
            clusters = [_cluster(each, self._objects[each.name]) for each in self._header.clusters]
            return Snapshot(clusters, self._header.gaps, self._unknown, self._header.notes)
        except ValueError:
            raise Malformed("it holds a cluster or an object twice") from None


def _cluster(header: _ClusterHeader, objects: Iterable[KubernetesObject]) -> Cluster:
    return Cluster(
        header.name,
        objects,
        collected=[_KINDS[name] for name in header.collected if name in _KINDS],
        origins=header.origins,
        unread_namespaces=header.unread_namespaces,
        partial=[_KINDS[name] for name in header.partial if name in _KINDS],
        rancher_id=header.rancher_id,
    )


def _read_header(first: bytes) -> _Header:
    no_snapshot = Malformed("it is no rbac-audit snapshot", "name a file that `rbac-audit collect` wrote")
    try:
        found = _FORMAT.decode(first).format
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise no_snapshot from None
    if not found.startswith(FAMILY):
        raise no_snapshot
    if found != FORMAT:
        problem = f"its format is not {FORMAT}, the only one that this version reads"
        raise Malformed(problem, "read it with the version of rbac-audit that wrote it, or a newer one")
    try:
        return _HEADER.decode(first)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Malformed("it was altered: its header is not that of a snapshot") from None
