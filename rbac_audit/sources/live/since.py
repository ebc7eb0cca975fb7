"""An earlier snapshot, of which what has not changed is taken instead of being read again."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from rbac_audit import __version__
from rbac_audit.snapshot.file import read_head, read_lines
from rbac_audit.snapshot.objects import Kind, qualified

# With more, reading the whole list again costs less.
CHANGED_AT_MOST = 50


class Stamp(msgspec.Struct, frozen=True, rename="camel"):
    """What says that an object is the very same: nothing else has its uid, and every write its resourceVersion."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Its place among those of its kind."""
        return self.namespace, self.name


class Stamped(msgspec.Struct, frozen=True):
    """The part of any object that holds its stamp."""

    metadata: Stamp


class Known(NamedTuple):
    """An object as it was: its stamp and its line."""

    stamp: Stamp
    line: bytes


class _Line(msgspec.Struct, frozen=True):
    cluster: str
    object: Stamped


_LINE = msgspec.json.Decoder(_Line)
_Objects = dict[tuple[str, str], Known]


class Earlier:
    """The objects of an earlier snapshot by cluster and kind; all of them are in memory."""

    def __init__(self, path: Path) -> None:
        """Read it; raises BadInput unless it is whole and of this version, as another one may keep other fields."""
        self._origins = {each.name: each.origins for each in read_head(path).clusters}
        self._objects: dict[tuple[str, str], _Objects] = {}
        for kind, line in read_lines(path, version=__version__):
            found = _LINE.decode(line)
            stamp = found.object.metadata
            self._objects.setdefault((found.cluster, kind), {})[stamp.key] = Known(stamp, line)

    def of(self, cluster: str, origin: str, kind: Kind) -> Mapping[tuple[str, str], Known]:
        """Find the objects of a kind; none where the cluster was read in another way, and so may be another."""
        if self._origins.get(cluster) != (origin,):
            return {}
        return self._objects.get((cluster, qualified(kind.kind, kind.group)), {})
