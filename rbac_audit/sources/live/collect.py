"""Clusters into one snapshot file, several lists at a time."""

import functools
import queue
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rbac_audit.snapshot.estate import Gap, Snapshot
from rbac_audit.snapshot.file import write_lines
from rbac_audit.snapshot.objects import Kind
from rbac_audit.sources.live.crew import Crew
from rbac_audit.sources.live.limits import Limits
from rbac_audit.sources.live.parts import Part, Parts, join
from rbac_audit.sources.live.pseudonyms import Anonymized, KeyFile, without_origins
from rbac_audit.sources.live.reader import ClusterReader, Status
from rbac_audit.sources.live.since import Earlier
from rbac_audit.sources.live.target import Target
from rbac_audit.sources.live.ways import Paces

TICK_SECONDS = 0.2

_Crew = Crew[ClusterReader]
Watch = Callable[[Sequence[Status]], None]


class Order(NamedTuple):
    """What to read of every cluster, and how to write it.

    `gaps` are known before; `resume` takes over what an interrupted run has read; `keys` renames people; what has not
    changed since an `earlier` snapshot is taken from that.
    """

    kinds: Sequence[Kind]
    gaps: Sequence[Gap] = ()
    resume: bool = False
    keys: KeyFile | None = None
    earlier: Earlier | None = None


class Written(NamedTuple):
    """What a file holds: everything but the objects, how many these are, and how many still name a person."""

    head: Snapshot
    objects: int
    naming: int = 0


def collect(targets: Iterable[Target], order: Order, limits: Limits, output: Path, watch: Watch) -> Written:
    """Read the clusters into a file.

    `watch` is called several times a second with the state of the clusters. Of an interrupted run, the clusters that
    were read to their end are kept for `resume`; not where there is but one. Raises WrongUse when the file cannot be
    written.
    """
    fleet, parts = tuple(targets), Parts(output)
    parts.clear(keep=order.resume)
    kept = {target.name: parts.kept(target, order.kinds) for target in fleet} if order.resume else {}
    read = [part for part in kept.values() if part]
    crew = _Crew(limits.parallel)
    missing = [target for target in fleet if not kept.get(target.name)]
    readers = [ClusterReader(target, order.kinds, limits, output.parent, order.earlier) for target in missing]
    try:
        for reader in _finished(crew, readers, Paces(limits.qps), watch):
            part = Part(reader.end(), reader.spool.lines)
            if len(fleet) > 1:
                part = parts.keep(reader.target.name, part, again=reader.failed)
                reader.spool.close()
            read.append(part)
        written = _written(read, order, output)
        parts.clear()
    finally:
        crew.dismiss()
        parts.clear(keep=True)
        for reader in readers:
            reader.spool.close()
    return written


def _written(read: Sequence[Part], order: Order, output: Path) -> Written:
    head, lines = join(read, order.gaps)
    if order.keys is None:
        return Written(head, write_lines(head, lines, output))
    anonymized = Anonymized(lambda: join(read, ())[1], order.keys.pseudonyms)
    head = without_origins(head)
    objects = write_lines(head, anonymized.lines(), output)
    order.keys.write()
    return Written(head, objects, anonymized.left)


def _finished(crew: _Crew, readers: Sequence[ClusterReader], paces: Paces, watch: Watch) -> Iterator[ClusterReader]:
    """Have every cluster read, and yield each when it is done."""
    for rank, reader in enumerate(readers):
        crew.add(rank, functools.partial(_begin, crew, rank, reader, paces))
    for _ in readers:
        while True:
            watch([reader.status for reader in readers])
            try:
                told = crew.news.get(timeout=TICK_SECONDS)
                break
            except queue.Empty:
                continue
        if isinstance(told, BaseException):
            raise told
        yield told
    watch([reader.status for reader in readers])


def _begin(crew: _Crew, rank: int, reader: ClusterReader, paces: Paces) -> None:
    if not reader.begin(paces):
        crew.news.put(reader)
        return
    for kind in reader.kinds:
        crew.add(rank, functools.partial(_read, crew, reader, kind))


def _read(crew: _Crew, reader: ClusterReader, kind: Kind) -> None:
    if reader.read(kind):
        crew.news.put(reader)
