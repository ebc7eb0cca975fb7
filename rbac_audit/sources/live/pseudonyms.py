"""The key file of `--anonymize`, and what is written instead of people's names."""

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from rbac_audit.errors import WrongUse
from rbac_audit.snapshot.anonymize import Leftovers, Pseudonyms, anonymous
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.lines import Lines, decoded_line, writer

FORMAT = "rbac-audit/pseudonyms/v1"
KEY_BYTES = 32


class _File(msgspec.Struct, frozen=True):
    format: str
    key: str
    names: dict[str, str]


class KeyFile:
    """A file with the secret key and who is who; made when it is not there, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        """Read it; raises WrongUse when it is something else, or could not be written."""
        self._path = path
        known = self._read() if path.exists() else _File(FORMAT, secrets.token_hex(KEY_BYTES), {})
        self._key = known.key
        self.pseudonyms = Pseudonyms(bytes.fromhex(known.key), known.names)
        if not path.parent.is_dir():
            raise self._unusable(f"there is no folder {path.parent}")

    def write(self) -> None:
        """Write it beside and rename it, with the names that were met."""
        content = _File(FORMAT, self._key, dict(sorted(self.pseudonyms.names.items())))
        beside = None
        try:
            descriptor, name = tempfile.mkstemp(prefix=f".{self._path.name}.", suffix=".part", dir=self._path.parent)
            beside = Path(name)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
            beside.replace(self._path)
        except OSError as error:
            raise self._unusable(f"it cannot be written ({error.strerror})") from None
        finally:
            # The key is in it.
            if beside is not None:
                beside.unlink(missing_ok=True)

    def _read(self) -> _File:
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=_File)
            if found.format == FORMAT and len(bytes.fromhex(found.key)) == KEY_BYTES:
                return found
        except OSError as error:
            raise self._unusable(f"it cannot be read ({error.strerror})") from None
        except (ValueError, RecursionError):
            # Of msgspec or of fromhex; their texts may quote the key.
            pass
        raise self._unusable("it is no key file of --anonymize")

    def _unusable(self, problem: str) -> WrongUse:
        return WrongUse("option", f"--anonymize {self._path}", problem, "name a file of an earlier run, or a new one")


class Anonymized:
    """The lines of a snapshot with pseudonyms; `left` says afterwards how many objects still show a name."""

    def __init__(self, lines: Callable[[], Lines], names: Pseudonyms) -> None:
        """Take what yields the lines, each time from the beginning."""
        self._lines, self._names = lines, names
        self.left = 0

    def lines(self) -> Iterator[tuple[str, bytes]]:
        """Rename in every line; a first reading learns the names, for what is left of them elsewhere."""
        for _, line in self._lines():
            anonymous(decoded_line(line)[1], self._names)
        left = Leftovers(self._names.names.values())
        for kind, line in self._lines():
            cluster, item = decoded_line(line)
            written = writer(cluster, type(item))(anonymous(item, self._names))
            self.left += left.in_text(written.decode())
            yield kind, written


def without_origins(head: Snapshot) -> Snapshot:
    """Drop where the clusters were read, as a context is often called after its user."""
    clusters = [
        Cluster(
            each.name,
            collected=each.collected,
            origins=["live"],
            unread_namespaces=each.unread_namespaces,
            partial=each.partial,
            rancher_id=each.rancher_id,
        )
        for each in head.clusters
    ]
    return Snapshot(clusters, head.gaps, head.unknown_kinds, head.notes)
