"""Files of reports, written whole or not at all."""

import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from rbac_audit.errors import WrongUse


def check_places(paths: Iterable[str]) -> None:
    """Refuse, before anything is read, a place where no file can be written; raises WrongUse."""
    seen: set[Path] = set()
    for path in paths:
        if path == "-":
            raise _unwritable(path, "this cannot be written to standard output")
        place = Path(path)
        if not path or place.is_dir():
            raise _unwritable(path, "it is a folder")
        if not place.parent.is_dir():
            raise _unwritable(path, f"there is no folder {place.parent}")
        if (real := _followed(path)) in seen:
            raise _unwritable(path, "two formats would be written to one file")
        seen.add(real)


def write_files(contents: Iterable[tuple[str, bytes]]) -> None:
    """Write everything beside its place, and only then rename all of them; raises WrongUse.

    A device or a pipe is written to directly: there is nothing to replace.
    """
    beside: list[tuple[Path, Path]] = []
    path = ""
    try:
        for path, content in contents:
            if Path(path).exists() and not Path(path).is_file():
                # Not followed: what /dev/stdout leads to may have no name.
                Path(path).write_bytes(content)
            else:
                place = _followed(path)
                beside.append((_placeholder(place), place))
                beside[-1][0].write_bytes(content)
        for written, place in beside:
            written.replace(place)
    except OSError as error:
        raise _unwritable(path, f"it cannot be written ({error.strerror})") from error
    finally:
        for written, _ in beside:
            written.unlink(missing_ok=True)


def _followed(path: str) -> Path:
    """Follow a link, which else would be replaced instead of what it points to; one that leads nowhere is kept."""
    # Path.resolve raises RuntimeError for a link to itself.
    return Path(os.path.realpath(path))


def _placeholder(place: Path) -> Path:
    """Make the file to write into, with the mode that it has or that a new one would get."""
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.", suffix=".part")
    os.close(handle)
    beside = Path(name)
    beside.chmod(stat.S_IMODE(place.stat().st_mode) if place.exists() else 0o666 & ~_umask())
    return beside


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current


def _unwritable(path: str, problem: str) -> WrongUse:
    return WrongUse("option", f"-o {path}", problem, "choose another place")
