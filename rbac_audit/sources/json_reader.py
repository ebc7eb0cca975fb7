"""JSON in pieces: single objects, Lists item by item, several documents in a row, JSON lines."""

import json
import re
from collections.abc import Iterator

from rbac_audit.sources import limits
from rbac_audit.sources.documents import Document, ListItems, Part, Place, Problem, Raw

_SPACE = re.compile(r"[ \t\r\n]*")
# Half of a surrogate pair is no text that anything behind the reader could write again.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class _Malformed(Exception):
    """The text is no JSON from here on; the message never quotes it."""

    def __init__(self, problem: str, position: int) -> None:
        super().__init__(problem)
        self.problem, self.position = problem, position


def _no_constant(_: str) -> float:
    raise _Malformed("NaN and Infinity are no JSON", -1)


_DECODE = json.JSONDecoder(parse_constant=_no_constant).raw_decode


class _Window:
    """The part of the text that is being looked at; grows only for a single large value."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self.text = ""
        self.at = 0
        self._counted = 0
        self._line = 1
        self._ended = False

    def line(self, position: int | None = None) -> int:
        """Number the line of a position that is not before the last one asked for."""
        target = self.at if position is None else position
        if target > self._counted:
            self._line += self.text.count("\n", self._counted, target)
            self._counted = target
        return self._line

    def more(self) -> bool:
        """Drop what is consumed and take as much again as is left, at least one chunk."""
        self.line()
        wanted, pieces = len(self.text) - self.at, [self.text[self.at :]]
        grown = 0
        while grown <= wanted and not self._ended:
            piece = next(self._chunks, "")
            self._ended = not piece
            grown += len(piece)
            pieces.append(piece)
        self.text, self.at, self._counted = "".join(pieces), 0, 0
        return grown > 0

    def peek(self) -> str:
        """Return the next character that is no white space, "" at the end."""
        while True:
            space = _SPACE.match(self.text, self.at)
            self.at = space.end() if space else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def take(self, expected: str, where: str) -> str:
        """Consume the next character, which must be one of these."""
        found = self.peek()
        if not found:
            raise _Malformed("it ends in the middle of a value", self.at)
        if found not in expected:
            raise _Malformed(f"{' or '.join(expected)} expected {where}", self.at)
        self.at += 1
        return found

    def value(self) -> object:
        """Consume one value of at most ITEM_BYTES characters."""
        self.peek()
        while True:
            try:
                value, end = _DECODE(self.text, self.at)
            except json.JSONDecodeError as error:
                self._grow(error)
                continue
            except RecursionError:
                raise _Malformed(f"nested deeper than {limits.DEPTH} levels", self.at) from None
            except ValueError:
                raise _Malformed("a number is too long", self.at) from None
            if end == len(self.text) and not isinstance(value, dict | list | str) and self.more():
                continue  # a number may go on in the next chunk
            self._check_depth(value, end)
            self.at = end
            return value

    def _grow(self, error: json.JSONDecodeError) -> None:
        cut = error.pos > len(self.text) - 64 or error.msg.startswith("Unterminated string")
        if not cut:
            raise _Malformed("no valid JSON", error.pos)
        if len(self.text) - self.at > limits.ITEM_BYTES:
            raise _Malformed(f"one value is larger than {limits.ITEM_BYTES // limits.MIB} MiB", self.at)
        if not self.more():
            raise _Malformed("it ends in the middle of a value", len(self.text))

    def _check_depth(self, value: object, end: int) -> None:
        # Counting characters is much cheaper than walking, and nearly every object passes it.
        openers = self.text.count("{", self.at, end) + self.text.count("[", self.at, end)
        if openers > limits.DEPTH and _deeper(value, limits.DEPTH):
            raise _Malformed(f"nested deeper than {limits.DEPTH} levels", self.at)


def _deeper(value: object, depth: int) -> bool:
    level = [value]
    for _ in range(depth + 1):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return [child for child in value.values() if isinstance(child, dict | list)]
    return [child for child in value if isinstance(child, dict | list)] if isinstance(value, list) else []


def read_json(chunks: Iterator[str], file: str) -> Iterator[Part]:
    """Read all documents of a text; a syntax error ends it, except where every document is a line of its own."""
    window = _Window(chunks)
    number = 0
    while window.peek():
        if number and window.text.startswith("---", window.at):
            window.at += 3
            continue
        number += 1
        first = window.line()
        try:
            yield from _document(window, file, number)
        except _Malformed as error:
            line = window.line(max(error.position, window.at))
            resumed = line == first and _next_line(window)
            yield Problem(Place(file, number, line), error.problem, rest_lost=not resumed)
            if not resumed:
                return


def _next_line(window: _Window) -> bool:
    while True:
        end = window.text.find("\n", window.at)
        if end >= 0:
            window.at = end
            return True
        window.at = len(window.text)
        if not window.more():
            return False


def _document(window: _Window, file: str, number: int) -> Iterator[Part]:
    place = Place(file, number, window.line())
    opening = window.take("{[", "at the start of a document")
    if opening == "[":
        items = ListItems()
        yield from _items(window, place, items)
        yield from items.end({}, place)
        return
    fields: Raw = {}
    listed: ListItems | None = None
    closing = window.take("}", "") if window.peek() == "}" else ","
    while closing == ",":
        key = _key(window)
        if key == "items" and window.peek() == "[":
            window.at += 1
            listed = listed or ListItems()
            yield from _items(window, place, listed)
        else:
            fields[key] = window.value()
        closing = window.take(",}", "after a field")
    if listed is None:
        yield Document(fields, place)
    else:
        yield from listed.end(fields, place)


def _key(window: _Window) -> str:
    if window.peek() != '"':
        raise _Malformed("a field name in quotes expected", window.at)
    key = window.value()
    window.take(":", "after a field name")
    return str(key)


def _items(window: _Window, place: Place, items: ListItems) -> Iterator[Part]:
    """Read from behind `[` to behind `]`."""
    closing = window.take("]", "") if window.peek() == "]" else ","
    while closing == ",":
        window.peek()
        line = window.line()
        value = window.value()
        yield from items.add(value, Place(place.file, place.document, line, items.count + 1))
        closing = window.take(",]", "after an item")
