"""The files of a support bundle, packed or unpacked; a zip is streamed member by member, within limits."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Protocol

from rbac_audit.sources import limits
from rbac_audit.sources.documents import Unusable
from rbac_audit.sources.streams import Peekable, check_growth, open_regular, shown

_END, _END64, _LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_LONGEST_COMMENT = 65_535
_ADVICE = "do not use an archive that you did not make"


class Bomb(Unusable):
    """The archive as a whole unpacks to far more than its size."""


class Files(Protocol):
    """Named files; names are relative, with `/`."""

    names: tuple[str, ...]

    def open(self, name: str) -> AbstractContextManager[Peekable]:
        """Open one of them; Unusable when it cannot be read."""


class FolderFiles:
    """The files of an unpacked bundle."""

    def __init__(self, root: Path) -> None:
        """List those that matter: the logs may be many. Unusable when a folder cannot be read, or for links in it."""
        self._root = root
        try:
            self.names = (*_files(root, ""), *_below(root / "yamls", "yamls/"))
        except OSError as error:
            raise Unusable(f"cannot be read ({error.strerror})", "check its permissions") from None

    @contextmanager
    def open(self, name: str) -> Iterator[Peekable]:
        """Open one of them."""
        with open_regular(self._root / name) as stream:
            yield Peekable(stream)


def _files(folder: Path, prefix: str) -> list[str]:
    """Name the files of a folder; Unusable where evidence might hide behind something else."""
    entries = sorted(folder.iterdir())
    for entry in entries:
        if entry.is_symlink() or not (entry.is_file() or entry.is_dir()):
            sort = "symbolic link" if entry.is_symlink() else "special file"
            raise Unusable(f"has a member that is a {sort}: {shown(prefix + entry.name)}", _ADVICE)
    return [prefix + entry.name for entry in entries if entry.is_file()]


def _below(folder: Path, prefix: str, depth: int = 0) -> Iterator[str]:
    if depth > limits.FOLDER_DEPTH:
        raise Unusable(f"has a member that is over {limits.FOLDER_DEPTH} folders deep", _ADVICE)
    yield from _files(folder, prefix)
    for entry in sorted(folder.iterdir()):
        if entry.is_dir():
            yield from _below(entry, f"{prefix}{entry.name}/", depth + 1)


class ZipFiles:
    """The files of a zip below its top folder."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        """Read the directory; Unusable for an archive that is damaged, encrypted or leads out of its folder."""
        _check_directory(stream, size)
        try:
            self._zip = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, UnicodeDecodeError):
            raise Unusable("is no valid zip", "copy it again from where it is whole") from None
        self._size = size
        self._unpacked = 0
        members = [member for member in self._zip.infolist() if not member.is_dir()]
        for member in members:
            _check_member(member)
        top = _top([member.filename for member in members])
        self._members = {member.filename.removeprefix(top): member for member in members}
        if len(self._members) < len(members):
            raise Unusable("has two members of one name", _ADVICE)
        self.names = tuple(sorted(self._members))

    @contextmanager
    def open(self, name: str) -> Iterator[Peekable]:
        """Open one of them."""
        member = self._members[name]
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unusable("is packed in a way that this version does not read", "pack it again with `zip`")
        try:
            content = self._zip.open(member)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError):
            raise Unusable("is damaged", "copy the archive again from where it is whole") from None
        with content:
            yield Peekable(_Member(self, content, member.compress_size))

    def account(self, size: int) -> None:
        """Count unpacked bytes of the whole archive: members may overlap, so their own sizes prove nothing."""
        self._unpacked += size
        # Some members may be refused, one by one, before the archive is.
        if self._unpacked > max(limits.RATIO_FREE_BYTES * 16, limits.RATIO * self._size):
            raise Bomb(f"unpacks to more than {limits.RATIO} times its size", "do not use it")


class _Member:
    def __init__(self, archive: ZipFiles, content: IO[bytes], packed: int) -> None:
        self._archive, self._content, self._packed = archive, content, packed
        self._unpacked = 0

    def read(self, size: int, /) -> bytes:
        try:
            more = self._content.read(size)
        except (zipfile.BadZipFile, EOFError, zlib.error):
            raise Unusable("is damaged", "copy the archive again from where it is whole") from None
        self._archive.account(len(more))
        self._unpacked += len(more)
        check_growth(self._unpacked, self._packed)
        return more


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.filename
    if name.startswith("/") or "\\" in name or name[1:2] == ":" or ".." in name.split("/"):
        raise Unusable("has a member that leads out of its folder", _ADVICE)
    if stat.S_ISLNK(member.external_attr >> 16):
        raise Unusable("has a member that is a symbolic link", _ADVICE)
    if member.flag_bits & 1:
        raise Unusable("is encrypted", "decrypt it first")


def _top(names: list[str]) -> str:
    tops = {name.partition("/")[0] for name in names}
    return f"{tops.pop()}/" if len(tops) == 1 and all("/" in name for name in names) else ""


def _check_directory(stream: IO[bytes], size: int) -> None:
    """Refuse a directory that would fill the memory; zipfile reads all of it at once."""
    start = max(0, size - _LONGEST_COMMENT - 22)
    stream.seek(start)
    tail = stream.read(size - start)
    end = tail.rfind(_END)
    if end < 0 or len(tail) - end < 22:
        raise Unusable("is no valid zip", "copy it again from where it is whole")
    (directory,) = struct.unpack_from("<I", tail, end + 12)
    locator = tail.rfind(_LOCATOR64, 0, end)
    if directory == 0xFFFFFFFF and locator >= 0 and end - locator == 20:
        (offset,) = struct.unpack_from("<Q", tail, locator + 8)
        stream.seek(min(offset, size))
        record = stream.read(56)
        directory = struct.unpack_from("<Q", record, 40)[0] if record[:4] == _END64 and len(record) == 56 else 0
    if directory > limits.ARCHIVE_DIRECTORY_BYTES:
        problem = f"has a directory of more than {limits.ARCHIVE_DIRECTORY_BYTES // limits.MIB} MiB"
        raise Unusable(problem, "unpack what it has under yamls/ and name that folder")
    stream.seek(0)
