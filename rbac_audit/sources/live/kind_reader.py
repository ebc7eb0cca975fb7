"""All objects of one kind, as lines of a snapshot."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from rbac_audit.snapshot.decode import decode_json
from rbac_audit.snapshot.lines import writer
from rbac_audit.snapshot.objects import Kind, Secret
from rbac_audit.sources.live.connection import Connection
from rbac_audit.sources.live.kinds import collection, has_metadata_only, manifest
from rbac_audit.sources.live.limits import Limits
from rbac_audit.sources.live.lists import JSON, METADATA_ONLY, Listing, Refused
from rbac_audit.sources.live.since import CHANGED_AT_MOST, Known, Stamped
from rbac_audit.sources.live.spool import Spool

_STAMPED = msgspec.json.Decoder(Stamped)

Place = tuple[str, str]


class Outcome(NamedTuple):
    """How it went: `torn` as of a Listing; how many items are not of the kind, and why the first of them is not."""

    torn: bool = False
    bad: int = 0
    why: str = ""


@dataclass(frozen=True)
class KindReader:
    """Reads kinds of one cluster into a spool; `known` are the objects of a kind that an earlier snapshot has."""

    cluster: str
    connection: Connection
    limits: Limits
    spool: Spool
    known: Callable[[Kind], Mapping[Place, Known]]

    def read(self, kind: Kind) -> Outcome:
        """List a kind; of one that is kept as metadata, nothing else is asked for. Raises Refused and Failed."""
        if not has_metadata_only(kind):
            known = self.known(kind)
            unchanged = self._changes(kind, known) if known else None
            return unchanged or self._list(kind, JSON)
        try:
            return self._list(kind, METADATA_ONLY)
        except Refused as refused:
            # An API behind the server may know no metadata alone.
            if refused.status != 406 or kind is Secret:
                raise
            return self._list(kind, JSON)

    def _list(self, kind: Kind, accept: str) -> Outcome:
        return self._take(kind, Listing(self.connection, collection(kind), self.limits, accept))

    def _take(self, kind: Kind, listing: Listing) -> Outcome:
        bad, why = 0, ""
        for items in listing:
            if items is None:
                self.spool.forget(kind)
                bad, why = 0, ""
                continue
            objects = list(_decoded(kind, items, self.cluster))
            self.spool.add(kind, [each for each in objects if not isinstance(each, str)])
            wrong = [each for each in objects if isinstance(each, str)]
            bad += len(wrong)
            why = why or next(iter(wrong), "")
        return Outcome(listing.torn, bad, why)

    def _changes(self, kind: Kind, known: Mapping[Place, Known]) -> Outcome | None:
        """Ask which objects there are, and read those that are new or changed; None where that is in vain."""
        listing = Listing(self.connection, collection(kind), self.limits, METADATA_ONLY)
        lines: list[tuple[str, str, bytes]] = []
        changed: list[Place] = []
        try:
            for items in listing:
                if items is None or len(changed) > CHANGED_AT_MOST:
                    return None
                for item in items:
                    stamp = _STAMPED.decode(item).metadata
                    same = known.get(stamp.key)
                    if same and same.stamp == stamp:
                        lines.append((*stamp.key, same.line))
                    else:
                        changed.append(stamp.key)
        except (Refused, msgspec.DecodeError, UnicodeDecodeError):
            return None
        if listing.torn or len(changed) > CHANGED_AT_MOST:
            return None
        self.spool.add(kind, lines)
        outcomes = [self._take(kind, self._single(kind, place)) for place in changed]
        first = next((each for each in outcomes if each.bad), Outcome())
        return Outcome(bad=sum(each.bad for each in outcomes), why=first.why)

    def _single(self, kind: Kind, place: Place) -> Listing:
        """List one object: to get it would take another right."""
        namespace, name = place
        query = {"fieldSelector": f"metadata.name={name}"}
        return Listing(self.connection, collection(kind, namespace), self.limits, JSON, query)


def _decoded(kind: Kind, items: Iterable[msgspec.Raw], cluster: str) -> Iterator[tuple[str, str, bytes] | str]:
    """Turn items into lines, with their places; a text says why an item is none."""
    write = writer(cluster, kind)
    for item in items:
        try:
            decoded = decode_json(manifest(kind, item), kind.group, kind.kind)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            # The text of a ValidationError has types and the path of the field, never a value.
            yield str(error) if isinstance(error, msgspec.ValidationError) else "broken JSON"
            continue
        if decoded is not None:
            yield decoded.namespace, decoded.name, write(decoded)
