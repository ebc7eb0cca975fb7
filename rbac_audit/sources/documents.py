"""What every reader hands on: one raw manifest with its place, or what was wrong there."""

import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from rbac_audit.snapshot.objects import Kind, KubernetesObject
from rbac_audit.snapshot.reshape import Raw
from rbac_audit.sources import limits

# A kind and a group become part of gaps and reports, so they must be names and nothing longer.
KIND = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}")
API_VERSION = re.compile(r"(?:[a-z0-9.-]{1,253}/)?[a-z0-9]{1,63}")


EMPTY = "write it again: the command that wrote it has probably failed"


class Place(msgspec.Struct, frozen=True):
    """A position in a file; document and item count from 1, and 0 means that there is none.

    `inner` counts the items of Lists inside of the item.
    """

    file: str
    document: int = 0
    line: int = 0
    item: int = 0
    inner: tuple[int, ...] = ()

    def __str__(self) -> str:
        """`roles.yaml, document 2, item 5.1, line 30`."""
        item = ".".join(map(str, (self.item, *self.inner))) if self.item else ""
        numbers = (("document", self.document), ("item", item), ("line", self.line))
        return ", ".join([self.file, *(f"{name} {number}" for name, number in numbers if number)])

    def within(self, item: int) -> "Place":
        """The place of an item of the List here."""
        if not self.item:
            return msgspec.structs.replace(self, item=item)
        return msgspec.structs.replace(self, inner=(*self.inner, item))


class Document(msgspec.Struct, frozen=True):
    """One manifest."""

    raw: Raw
    place: Place


class ListEnd(msgspec.Struct, frozen=True):
    """The end of a List: what it says it is, how many items it had, and whether the server had `more` of them."""

    api_version: str
    kind: str
    items: int
    place: Place
    more: bool = False


class Problem(msgspec.Struct, frozen=True):
    """A document or item that cannot be used; `rest_lost` when nothing behind it could be read.

    `kind` is what it is of, as far as that is known; no `advice` means the usual one.
    """

    place: Place
    text: str
    rest_lost: bool = False
    kind: Kind | None = None
    advice: str = ""


class Batch(msgspec.Struct, frozen=True):
    """Many items at once, decoded; and how many are of kinds that no snapshot keeps, by (apiVersion, kind)."""

    objects: list[KubernetesObject]
    unknown: Counter[tuple[str, str]]

    def __len__(self) -> int:
        """Count the items."""
        return len(self.objects) + self.unknown.total()


Part = Document | Batch | ListEnd | Problem


class Unusable(Exception):
    """A whole file cannot be used, or only up to `line`."""

    def __init__(self, problem: str, advice: str = "", line: int = 0) -> None:
        """Keep the parts of the message; they never quote the content."""
        super().__init__(problem)
        self.problem, self.advice, self.line = problem, advice, line


class ListItems:
    """The items of one List: hands on those that say their kind, and holds the others until the List says it."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.count = 0
        self._held: list[Document] = []

    def add(self, raw: object, place: Place) -> Iterator[Part]:
        """Take one item."""
        self.count += 1
        if not isinstance(raw, dict):
            yield Problem(place, "an item must be a mapping")
        elif "kind" in raw and "apiVersion" in raw:
            yield Document(raw, place)
        elif len(self._held) < limits.HELD_ITEMS:
            self._held.append(Document(raw, place))
        else:
            yield Problem(
                place,
                f"over {limits.HELD_ITEMS} items without apiVersion and kind before the list says its own; "
                "write the list's kind before its items",
            )

    def end(self, header: Raw, place: Place) -> Iterator[Part]:
        """Take the other fields of the List."""
        kind, api_version = header.get("kind"), header.get("apiVersion")
        kind = kind if isinstance(kind, str) else ""
        api_version = api_version if isinstance(api_version, str) else ""
        if kind and not kind.endswith("List"):
            # A kind of its own that happens to have a field `items`.
            yield Document(header, place)
            return
        item_kind = kind.removesuffix("List")
        for held in self._held:
            yield _with_kind(held, api_version, item_kind)
        metadata = header.get("metadata")
        page = metadata if isinstance(metadata, dict) else {}
        # Support bundles write every empty text as "null", which no continue token is: those are base64 of JSON.
        more = page.get("continue") not in (None, "", "null") or bool(page.get("remainingItemCount"))
        yield ListEnd(api_version, kind, self.count, place, more)


def items_of(raw: Raw, place: Place) -> Iterator[Part]:
    """Take a List apart that was read whole, such as one that is an item of another."""
    listed = ListItems()
    for item in raw["items"]:
        yield from listed.add(item, place.within(listed.count + 1))
    yield from listed.end({key: value for key, value in raw.items() if key != "items"}, place)


def _with_kind(held: Document, api_version: str, kind: str) -> Part:
    if not kind or not api_version:
        return Problem(held.place, "neither the item nor its list says apiVersion and kind")
    return Document({"apiVersion": api_version, "kind": kind, **held.raw}, held.place)
