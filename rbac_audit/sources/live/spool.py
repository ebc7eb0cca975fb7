"""The objects of one cluster on disk until they are all there, and can be written in order."""

import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from rbac_audit.errors import WrongUse
from rbac_audit.snapshot.objects import Kind, kind_key, qualified


class Spool:
    """A file without a name, so that nothing is left of it whatever happens; threads may add at the same time."""

    def __init__(self, folder: Path) -> None:
        """Take a folder with room for it."""
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()
        self._end = 0
        self._closed = False
        # Where the line of each object begins; `\0` sorts the keys as pairs of namespace and name.
        self._places: dict[Kind, dict[str, int]] = {}

    def add(self, kind: Kind, objects: Iterable[tuple[str, str, bytes]]) -> None:
        """Append objects of a kind: namespace, name, line. Raises WrongUse when there is no room."""
        places = self._places.setdefault(kind, {})
        lines = []
        with self._lock:
            if self._closed:
                return
            for namespace, name, line in objects:
                places[f"{namespace}\0{name}"] = self._end
                self._end += len(line)
                lines.append(line)
            try:
                # Opened late: a fleet has more clusters than a process may have files.
                self._file = self._file or tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  # `close` closes it
                self._file.write(b"".join(lines))
            except OSError as error:
                problem = f"it cannot be written ({error.strerror})"
                raise WrongUse("folder", str(self._folder), problem, "choose another place") from None

    def forget(self, kind: Kind) -> None:
        """Drop the objects of a kind."""
        self._places.pop(kind, None)

    @property
    def count(self) -> int:
        """How many objects there are."""
        return sum(len(places) for places in list(self._places.values()))

    @property
    def kinds(self) -> set[Kind]:
        """The kinds of which there are objects."""
        return {kind for kind, places in self._places.items() if places}

    def lines(self) -> Iterator[tuple[str, bytes]]:
        """Yield the objects in the order of a snapshot file; of two with the same key, the later one."""
        file = self._file
        if file is None:
            return
        for kind in sorted(self._places, key=kind_key):
            name, places = qualified(kind.kind, kind.group), self._places[kind]
            for key in sorted(places):
                file.seek(places[key])
                yield name, file.readline()

    def close(self) -> None:
        """Give the disk back; what a thread still adds is lost."""
        with self._lock:
            self._closed = True
            if self._file:
                self._file.close()
