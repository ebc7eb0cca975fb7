"""The snapshot file: written whole or not at all, and refused when it is truncated or altered.

`.jsonl.zst`, `.jsonl.gz` or plain `.jsonl`: `zstd -dc estate.jsonl.zst | jq` reads it too. The sha256 of the footer
is that of the uncompressed lines, because compressors of other versions write other bytes.
"""

import gzip
import hashlib
import os
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol, cast

from rbac_audit import __version__
from rbac_audit.errors import BadInput, WrongUse
from rbac_audit.snapshot.estate import Snapshot
from rbac_audit.snapshot.lines import LineChecker, LineReader, Lines, Malformed, blocks, footer, head, object_lines

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# What a reader takes at most, so that a small file cannot fill the memory.
LINE_BYTES = 32 << 20
FILE_BYTES = 16 << 30
RATIO = 1_000
RATIO_FREE_BYTES = 16 << 20

_CHUNK_BYTES = 1 << 20
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_BROKEN = (EOFError, zlib.error, gzip.BadGzipFile, zstd.ZstdError)


class Readable(Protocol):
    """Whatever hands out bytes, b"" at the end."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes."""


def digest(snapshot: Snapshot) -> str:
    """Return the sha256 that the footer of its file has; the same for every version of the tool."""
    digested = hashlib.sha256(head(snapshot))
    for _, block in blocks(snapshot):
        digested.update(block)
    return digested.hexdigest()


def write_snapshot(snapshot: Snapshot, path: Path, *, version: str = __version__) -> None:
    """Write beside `path` and rename, so that there is never half a file; the name's ending says how to compress.

    The file is readable by its owner only, as it names people; a device or a pipe is written to directly, as there is
    nothing to replace. Raises WrongUse when it cannot be written.
    """
    write_lines(snapshot, object_lines(snapshot), path, version=version)


def write_lines(header: Snapshot, objects: Lines, path: Path, *, version: str = __version__) -> int:
    """Write a snapshot whose objects need not be in memory at once: they come in the order of the file.

    `header` says everything else; returns how many objects there were. As `write_snapshot` in all other respects.
    """
    try:
        if path.exists() and not path.is_file():
            with path.open("wb", _CHUNK_BYTES) as raw:
                return _write_packed(raw, path.name, lambda write: _write(header, objects, write, version))
        # Through a link, which else would be replaced instead of what it points to.
        place = Path(os.path.realpath(path))
        count = _write_beside(header, objects, place, path.name, version)
        _sync_folder(place.parent)
        return count
    except OSError as error:
        problem = f"it cannot be written ({error.strerror})"
        raise WrongUse("snapshot", str(path), problem, "choose another place") from None


def _write_beside(header: Snapshot, objects: Lines, path: Path, called: str, version: str) -> int:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "wb", _CHUNK_BYTES) as raw:
            count = _write_packed(raw, called, lambda write: _write(header, objects, write, version))
            raw.flush()
            os.fsync(raw.fileno())
        beside.replace(path)
        return count
    finally:
        beside.unlink(missing_ok=True)


def _write_packed(raw: IO[bytes], name: str, write: Callable[[Callable[[bytes], int]], int]) -> int:
    # Fixed level, one thread and no time: the same snapshot is the same bytes.
    if name.endswith(".zst"):
        with zstd.ZstdFile(raw, "wb", level=3) as packed:
            return write(packed.write)
    if name.endswith(".gz"):
        with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as packed:
            return write(packed.write)
    return write(raw.write)


def _write(header: Snapshot, objects: Lines, write: Callable[[bytes], int], version: str) -> int:
    first = head(header)
    write(first)
    digested = hashlib.sha256(first)
    counts: Counter[str] = Counter()
    for kind, line in objects:
        digested.update(line)
        counts[kind] += 1
        write(line)
    write(footer(counts, digested.hexdigest(), version))
    return counts.total()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_snapshot(path: Path) -> Snapshot:
    """Read a snapshot file, compressed or not; raises BadInput unless it is whole, unaltered and of this format."""
    with _opened(path) as stream:
        return read_stream(stream, str(path))


def read_stream(stream: Readable, where: str) -> Snapshot:
    """Read a snapshot from an open stream; `where` names it in errors."""
    with _told(where):
        return _read(_Packed(stream))


def read_head(path: Path) -> Snapshot:
    """Read what a snapshot file says before its objects; raises BadInput, but does not see whether the rest is whole.

    A kind of which it says nothing else than that there are objects counts as collected.
    """
    with _opened(path) as stream, _told(str(path)):
        return LineChecker(next(_split(_Packed(stream)), b"")).head


def read_lines(path: Path, *, version: str = "") -> Iterator[tuple[str, bytes]]:
    """Read the objects of a snapshot file as lines, one after the other, holding none.

    Raises BadInput, at the end if the file is not whole or, where that counts, of another version of the tool.
    """
    with _opened(path) as stream, _told(str(path)):
        content = _split(_Packed(stream))
        checker = LineChecker(next(content, b""))
        for line in content:
            taken = checker.take(line)
            if taken is not None:
                yield taken.name, line
        written_by = checker.check()
        if version and written_by != version:
            raise Malformed("another version of rbac-audit wrote it", "collect without it")


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise BadInput("snapshot", str(path), f"it cannot be read ({error.strerror})", "check the path") from None


@contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except Malformed as error:
        raise BadInput("snapshot", where, error.problem, error.advice) from None
    except _BROKEN:
        problem = "it is truncated or damaged: it does not unpack"
        raise BadInput("snapshot", where, problem, "copy it again from where it is whole") from None


def _read(packed: "_Packed") -> Snapshot:
    reader: LineReader | None = None
    for line in _split(packed):
        if reader is None:
            reader = LineReader(line)
        else:
            reader.take(line)
    if reader is None:
        raise Malformed("it is empty")
    return reader.finish()


def _split(packed: "_Packed") -> Iterator[bytes]:
    """Yield lines with their ends; only the last one may lack it."""
    content, size, rest = packed.content(), 0, b""
    while chunk := content.read(_CHUNK_BYTES):
        size += len(chunk)
        *whole, rest = (rest + chunk).split(b"\n")
        _check_size(len(rest), size, packed.count)
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest


def _check_size(line: int, size: int, packed: int) -> None:
    advice = "name a file that `rbac-audit collect` wrote"
    if line > LINE_BYTES:
        raise Malformed(f"a line is longer than {LINE_BYTES >> 20} MiB", advice)
    if size > FILE_BYTES:
        raise Malformed(f"it unpacks to more than {FILE_BYTES >> 30} GiB", advice)
    if size > RATIO_FREE_BYTES and size > packed * RATIO:
        raise Malformed(f"it unpacks to more than {RATIO} times its size", advice)


class _Packed:
    """The file as it lies there; counts the bytes taken from it."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._start = b""
        self.count = 0
        while len(self._start) < len(_ZSTD) and (more := stream.read(len(_ZSTD) - len(self._start))):
            self._start += more
            self.count += len(more)

    def read(self, size: int = _CHUNK_BYTES, /) -> bytes:
        taken, self._start = self._start[:size], self._start[size:]
        if not taken:
            taken = self._stream.read(size)
            self.count += len(taken)
        return taken

    def content(self) -> Readable:
        """Undo the compression, known by the first bytes and not by a name."""
        packed = cast("IO[bytes]", self)  # both only read
        if self._start.startswith(_GZIP):
            return gzip.GzipFile(fileobj=packed, mode="rb")
        if self._start == _ZSTD:
            return zstd.ZstdFile(packed, "rb")
        return self
