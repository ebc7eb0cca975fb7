"""Bytes from files: opened only when regular, decompressed within limits, decoded as UTF-8."""

import codecs
import gzip
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol, cast

from rbac_audit.sources import limits
from rbac_audit.sources.documents import Unusable

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
ZIP = b"PK\x03\x04"
_TAR, _TAR_AT = b"ustar", 257


def is_tar(start: bytes) -> bool:
    """Tell a tar archive by its first bytes."""
    return start[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR


class Readable(Protocol):
    """Whatever hands out bytes, b"" at the end."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes."""


def shown(path: str) -> str:
    """Make a path printable: a name on disk need not be UTF-8."""
    return os.fsencode(path).decode(errors="replace")


def open_regular(path: Path) -> IO[bytes]:
    """Open a regular file; Unusable for anything else, so that a FIFO or a device never blocks."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no valid path"
        raise Unusable(f"cannot be read ({reason})", "check the path and its permissions") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unusable("is no regular file", "use `-` to read standard input")
    return os.fdopen(descriptor, "rb")


class Peekable:
    """A stream whose beginning can be looked at; counts what was read of it."""

    def __init__(self, stream: Readable) -> None:
        """Read nothing yet."""
        self._stream = stream
        self._ahead = b""
        self.count = 0

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer at the end, without consuming them."""
        while len(self._ahead) < size:
            more = self._read(size - len(self._ahead))
            if not more:
                break
            self._ahead += more
        return self._ahead[:size]

    def read(self, size: int, /) -> bytes:
        """Read at most `size` bytes."""
        if not self._ahead:
            return self._read(size)
        taken, self._ahead = self._ahead[:size], self._ahead[size:]
        return taken

    def _read(self, size: int) -> bytes:
        try:
            more = self._stream.read(size)
        except OSError as error:
            raise Unusable(f"cannot be read ({error.strerror or 'read error'})", "read it again") from None
        self.count += len(more)
        return more


class Decompressed:
    """The content of a compressed stream; Unusable when it grows beyond the limits."""

    def __init__(self, packed: Peekable, content: Readable) -> None:
        """Read `content`, which reads `packed`."""
        self._packed, self._content = packed, content
        self.count = 0

    def read(self, size: int, /) -> bytes:
        """Read at most `size` bytes of content."""
        try:
            more = self._content.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise Unusable("is truncated or damaged (bad gzip data)", "copy the file again") from None
        self.count += len(more)
        check_growth(self.count, self._packed.count)
        return more


def check_growth(content: int, packed: int) -> None:
    """Refuse what unpacks to far more than its size; Unusable."""
    advice = "unpack it yourself if you trust it"
    if content > limits.FILE_BYTES:
        raise Unusable(f"unpacks to more than {limits.FILE_BYTES >> 30} GiB", advice)
    if content > limits.RATIO_FREE_BYTES and content > packed * limits.RATIO:
        raise Unusable(f"unpacks to more than {limits.RATIO} times its size", advice)


def unpacked(stream: Readable) -> Peekable:
    """Undo gzip, known by its first bytes and not by a name."""
    packed = Peekable(stream)
    if packed.peek(2) != GZIP:
        return packed
    content = gzip.GzipFile(fileobj=cast("IO[bytes]", packed), mode="rb")  # it only reads
    return Peekable(Decompressed(packed, content))


def text(stream: Peekable) -> Iterator[str]:
    """Decode UTF-8 in chunks, without the byte order mark; Unusable for every other encoding."""
    _refuse_binary(stream.peek(_TAR_AT + len(_TAR)))
    decode = codecs.getincrementaldecoder("utf-8-sig")()
    line = 1
    while True:
        more = stream.read(limits.CHUNK_BYTES)
        try:
            piece = decode.decode(more, final=not more)
        except UnicodeDecodeError as error:
            line += more.count(b"\n", 0, max(0, error.start))
            raise Unusable(
                f"is not UTF-8 in line {line}", "convert it, such as with `iconv -f ISO-8859-1 -t UTF-8`", line
            ) from None
        line += piece.count("\n")
        if piece:
            yield piece
        if not more:
            return


def _refuse_binary(start: bytes) -> None:
    if is_tar(start):
        raise Unusable("is a tar archive, but not called like one", "call it .tar.gz, or unpack it and name its folder")
    wide = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE))
    if wide or b"\0" in start:
        raise Unusable("is UTF-16 or binary, not UTF-8", "convert it, such as with `iconv -f UTF-16 -t UTF-8`", 1)
