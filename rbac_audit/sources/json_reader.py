"""JSON in pieces: single objects, Lists item by item, several documents in a row, JSON lines."""

from collections.abc import Iterator

from rbac_audit.snapshot.reshape import Raw
from rbac_audit.sources import limits
from rbac_audit.sources.documents import Document, ListItems, Part, Place, Problem
from rbac_audit.sources.json_items import Items
from rbac_audit.sources.json_window import Malformed, Window


def read_json(chunks: Iterator[str], file: str, *, batches: bool = False) -> Iterator[Part]:
    """Read all documents of a text; a syntax error ends it, except where every document is a line of its own.

    With `batches`, the items of a List may come many at once.
    """
    window = Window(chunks)
    number = 0
    while window.peek():
        if number and window.text.startswith("---", window.at):
            window.at += 3
            continue
        number += 1
        place, found = Place(file, number, window.line()), 0
        try:
            for part in _document(window, place, batches):
                found += 1
                yield part
        except Malformed as error:
            line = window.line(max(error.position, window.at))
            resumed = line == place.line and _next_document_on_a_line(window)
            yield Problem(Place(file, number, line), error.problem, rest_lost=found > 0 or not resumed)
            if not resumed:
                return


def _next_document_on_a_line(window: Window) -> bool:
    """Skip the rest of the line; tell whether an object or nothing at all follows."""
    while (end := window.text.find("\n", window.at)) < 0:
        window.at = len(window.text)
        if not window.more():
            return False
    window.at = end
    return window.peek() in ("{", "")


def _document(window: Window, place: Place, batches: bool) -> Iterator[Part]:
    small = window.small_document()
    if small is not None:
        yield Document(small, place)
    elif window.take("{[", "at the start of a document") == "{":
        yield from _object(window, place, batches)
    else:
        listed = ListItems()
        yield from Items(window, place, listed, batches).parts()
        yield from listed.end({}, place)


def _object(window: Window, place: Place, batches: bool) -> Iterator[Part]:
    """Read from behind `{` to behind `}`, the items of a List one by one."""
    fields: Raw = {}
    listed: ListItems | None = None
    size = 0
    more = not window.closed("}")
    while more:
        before = window.offset
        key = _key(window)
        if key == "items" and window.peek() == "[":
            window.at += 1
            listed = listed or ListItems()
            yield from Items(window, place, listed, batches).parts()
        else:
            fields[key] = window.value()
            size += window.offset - before
            if size > limits.ITEM_BYTES:
                raise Malformed(f"one document is larger than {limits.ITEM_BYTES // limits.MIB} MiB", window.at)
        more = window.another("}")
    yield from listed.end(fields, place) if listed else [Document(fields, place)]


def _key(window: Window) -> str:
    if window.peek() != '"':
        raise Malformed("a field name in quotes expected", window.at)
    key = window.value()
    window.take(":", "after a field name")
    return str(key)
