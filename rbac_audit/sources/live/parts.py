"""The clusters of a fleet that were read to their end, each in a snapshot file of its own beside the one to come."""

import hashlib
import itertools
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rbac_audit.errors import BadInput
from rbac_audit.snapshot.estate import Gap, Snapshot
from rbac_audit.snapshot.file import read_head, read_lines, write_lines
from rbac_audit.snapshot.lines import Lines
from rbac_audit.snapshot.objects import Kind
from rbac_audit.sources.evidence import kind_names
from rbac_audit.sources.live.target import Target

AGAIN = ".again"


class Part(NamedTuple):
    """One cluster: what is known of it beside its objects, and how to read those."""

    head: Snapshot
    lines: Callable[[], Lines]


class Parts:
    """The folder `.NAME.parts` beside an output NAME; it goes when the output is there."""

    def __init__(self, output: Path) -> None:
        """Touch nothing yet."""
        self.folder = output.with_name(f".{output.name}.parts")

    def kept(self, target: Target, kinds: Sequence[Kind]) -> Part | None:
        """Find the part of a cluster that an interrupted run has left, if it is whole and what would be read now."""
        file = self._file(target.name)
        try:
            if not file.exists():
                return None
            head = read_head(file)
            for _ in read_lines(file):
                pass
        except BadInput:
            return None
        (cluster,) = head.clusters
        told = {name for gap in head.gaps for name in gap.kinds} | {*kind_names(cluster.collected)}
        same = (cluster.name, cluster.origins) == (target.name, (str(target.way),))
        return Part(head, lambda: read_lines(file)) if same and told == {*kind_names(kinds)} else None

    def keep(self, name: str, part: Part, *, again: bool) -> Part:
        """Write the part of a cluster to disk; `again`: it is better read again than resumed."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        file = self._file(name)
        file = file.with_suffix(AGAIN) if again else file
        write_lines(part.head, part.lines(), file)
        return Part(part.head, lambda: read_lines(file))

    @property
    def count(self) -> int:
        """Say how many clusters a later run need not read."""
        return sum(1 for _ in self.folder.glob("*.jsonl.zst"))

    def clear(self, *, keep: bool = False) -> None:
        """Remove all parts; or `keep` those that may be resumed."""
        if not keep or not self.count:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, name: str) -> Path:
        # A cluster may be called whatever a path must not be.
        return self.folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.jsonl.zst"


def join(parts: Iterable[Part], gaps: Iterable[Gap]) -> tuple[Snapshot, Iterator[tuple[str, bytes]]]:
    """Make one snapshot of the parts and further gaps: what stands before the objects, and these in order."""
    ordered = sorted(parts, key=lambda part: part.head.clusters[0].name)
    clusters = [cluster for part in ordered for cluster in part.head.clusters]
    notes = [note for part in ordered for note in part.head.notes]
    head = Snapshot(clusters, [*gaps, *(gap for part in ordered for gap in part.head.gaps)], notes=notes)
    return head, itertools.chain.from_iterable(part.lines() for part in ordered)
