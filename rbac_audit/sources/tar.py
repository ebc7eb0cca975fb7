"""The files of a tar archive, one after the other from a stream: nothing is unpacked to disk, and links are refused."""

import tarfile
from collections.abc import Iterator

import msgspec

from rbac_audit.sources import limits
from rbac_audit.sources.documents import Unusable
from rbac_audit.sources.streams import Peekable

_BLOCK = tarfile.BLOCKSIZE
_LONG_NAME = 64 << 10
_ADVICE = "do not use an archive that you did not make"
_AGAIN = "copy it again from where it is whole"


class Foreign(Unusable):
    """A member that nobody writes who only archives files of one folder."""


class Member(msgspec.Struct, frozen=True):
    """One file; no content when it is larger than any object may be."""

    name: str
    content: bytes | None


def read_members(stream: Peekable) -> Iterator[Member]:
    """Read the files of a tar, not compressed; Unusable for what is damaged, Foreign for what leads out of its folder.

    The library's own reader takes extended headers of any size into memory.
    """
    longer = ""
    while (header := _header(stream)) is not None:
        if header.type in {tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME}:
            longer = _long_name(stream, header) or longer
            continue
        if header.type == tarfile.XGLTYPE:
            _skip(stream, header.size)
            continue
        name, longer = _checked(longer or header.name), ""
        if header.type in {tarfile.REGTYPE, tarfile.AREGTYPE}:
            yield Member(name, _content(stream, header.size))
        elif header.type != tarfile.DIRTYPE:
            raise Foreign("has a member that is a link or no regular file", _ADVICE)
    # The checksum of gzip stands at the very end.
    while stream.read(limits.CHUNK_BYTES):
        pass


def _header(stream: Peekable) -> tarfile.TarInfo | None:
    block = _exactly(stream, _BLOCK)
    if not block.strip(b"\0"):
        return None
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
    except (tarfile.HeaderError, ValueError):
        raise Unusable("is damaged: a header is no tar header", _AGAIN) from None
    if header.size < 0:
        raise Unusable("is damaged: a member has a negative size", _AGAIN)
    return header


def _content(stream: Peekable, size: int) -> bytes | None:
    if size > limits.ITEM_BYTES:
        _skip(stream, size)
        return None
    content = _exactly(stream, size)
    _exactly(stream, -size % _BLOCK)
    return content


def _exactly(stream: Peekable, size: int) -> bytes:
    parts, missing = [], size
    while missing:
        part = stream.read(missing)
        if not part:
            raise Unusable("is truncated", _AGAIN)
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _skip(stream: Peekable, size: int) -> None:
    missing = size + -size % _BLOCK
    while missing:
        part = stream.read(min(missing, limits.CHUNK_BYTES))
        if not part:
            raise Unusable("is truncated", _AGAIN)
        missing -= len(part)


def _long_name(stream: Peekable, header: tarfile.TarInfo) -> str:
    """Read a name that has no room in a header: of POSIX (`<length> path=<name>`), or of GNU."""
    content = _content(stream, header.size) if header.size <= _LONG_NAME else None
    if content is None:
        raise Unusable("has a member with an impossibly long name", _ADVICE)
    if header.type == tarfile.GNUTYPE_LONGNAME:
        return content.rstrip(b"\0").decode(errors="replace")
    found = ""
    while content:
        length, _, _ = content.partition(b" ")
        if not length.isdigit() or len(length) > 6 or not 0 < int(length) <= len(content):
            raise Unusable("is damaged: an extended header is none", _AGAIN)
        key, _, value = content[len(length) + 1 : int(length) - 1].partition(b"=")
        found = value.decode(errors="replace") if key == b"path" else found
        content = content[int(length) :]
    return found


def _checked(name: str) -> str:
    name = name.removeprefix("./")
    if name.startswith("/") or "\0" in name or ".." in name.split("/"):
        raise Foreign("has a member that leads out of its folder", _ADVICE)
    return name
