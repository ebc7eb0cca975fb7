"""The items of a JSON List: many at once where they are as kubectl writes them, else one by one."""

from collections.abc import Iterator

from rbac_audit.sources.documents import Batch, ListItems, Part, Place
from rbac_audit.sources.json_batch import decode_items
from rbac_audit.sources.json_window import Window

# So much of an item is part of what is looked for between two, which tells them from what they contain.
_START = 12


class Items:
    """Reads from behind `[` to behind `]`."""

    def __init__(self, window: Window, place: Place, listed: ListItems, batches: bool) -> None:
        """Take the place of the List; with `batches`, many items may come at once."""
        self._window, self._place, self._listed = window, place, listed
        self._batches = batches
        self._between = ""
        self._one_by_one_to = 0

    def parts(self) -> Iterator[Part]:
        """Yield the items."""
        more = not self._window.closed("]")
        while more:
            batch = self._batch() if self._between else None
            if batch is not None:
                yield batch
                more = self._window.another("]")
                continue
            yield from self._one()
            seen, end = self._window.text, self._window.at
            more = self._window.another("]")
            if self._batches and not self._between and more and self._window.text is seen:
                self._between = _between(seen, end, self._window.at)

    def _batch(self) -> Batch | None:
        window = self._window
        if window.offset < self._one_by_one_to:
            return None
        text = window.up_to_last(self._between)
        batch = decode_items(text) if text else None
        if batch is None:
            self._one_by_one_to = window.offset + len(text) if text else window.end
            return None
        self._listed.count += len(batch)
        window.at += len(text)
        return batch

    def _one(self) -> Iterator[Part]:
        self._window.peek()
        line = self._window.line()
        value = self._window.value()
        place = Place(self._place.file, self._place.document, line, self._listed.count + 1)
        yield from self._listed.add(value, place)


def _between(text: str, end: int, start: int) -> str:
    """The end of an item, what stands between two, and the start of the next: it ends a batch that may be decoded.

    It need not be unmistakable: cut anywhere but between two items, a batch is no JSON.
    """
    return text[end - 1 : start + _START] if text[end - 1] == "}" and len(text) > start + _START else ""
