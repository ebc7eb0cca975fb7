"""The part of a JSON text that is being looked at: a window that grows only for one large value."""

import json
import re
from collections.abc import Iterator

import msgspec

from rbac_audit.snapshot.reshape import Raw
from rbac_audit.sources import limits

_SPACE = re.compile(r"[ \t\r\n]*")
_COMMA = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")
# Where kubectl, and everybody who sorts keys, has begun with the items of a List.
_HEAD = 4_096
# Half of a surrogate pair is no text that anything behind the reader could write again.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Malformed(Exception):
    """The text is no JSON from here on; the message never quotes it."""

    def __init__(self, problem: str, position: int) -> None:
        super().__init__(problem)
        self.problem, self.position = problem, position


def _no_constant(_: str) -> float:
    raise Malformed("NaN and Infinity are no JSON", -1)


_DECODE = json.JSONDecoder(parse_constant=_no_constant).raw_decode


class Window:
    """The part of the text that is being looked at; grows only for a single large value."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self.text = ""
        self.at = 0
        self._counted = 0
        self._line = 1
        self._dropped = 0

    @property
    def offset(self) -> int:
        """How many characters of the whole text are consumed."""
        return self._dropped + self.at

    @property
    def end(self) -> int:
        """How many characters of the whole text have been seen."""
        return self._dropped + len(self.text)

    def line(self, position: int | None = None) -> int:
        """Number the line of a position that is not before the last one asked for."""
        target = self.at if position is None else position
        if target > self._counted:
            self._line += self.text.count("\n", self._counted, target)
            self._counted = target
        return self._line

    def more(self) -> bool:
        """Drop what is consumed and take as much again as is left, at least one chunk; False at the end."""
        left, grown = len(self.text) - self.at, 0
        pieces = []
        while grown <= left and (piece := next(self._chunks, "")):
            grown += len(piece)
            pieces.append(piece)
        if pieces:
            self.line()
            self._dropped += self.at
            self.text, self.at, self._counted = "".join([self.text[self.at :], *pieces]), 0, 0
        return bool(pieces)

    def peek(self) -> str:
        """Return the next character that is no white space, "" at the end."""
        while True:
            space = _SPACE.match(self.text, self.at)
            self.at = space.end() if space else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def closed(self, bracket: str) -> bool:
        """Consume the bracket of an empty collection."""
        if self.peek() != bracket:
            return False
        self.at += 1
        return True

    def another(self, closing: str) -> bool:
        """Consume the comma before another value, or the bracket that closes a collection."""
        comma = _COMMA.match(self.text, self.at)
        if comma and comma.end() < len(self.text):
            self.at = comma.end()
            return True
        return self.take("," + closing, "after a value") == ","

    def take(self, expected: str, where: str) -> str:
        """Consume the next character, which must be one of these."""
        found = self.peek()
        if not found:
            raise Malformed("it ends in the middle of a value", self.at)
        if found not in expected:
            raise Malformed(f"{' or '.join(expected)} expected {where}", self.at)
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
                raise Malformed(f"nested deeper than {limits.DEPTH} levels", self.at) from None
            except ValueError:
                raise Malformed("a number is too long", self.at) from None
            if end >= len(self.text) - 2 and not isinstance(value, dict | list | str) and self.more():
                continue  # a number may go on in the next chunk, with `.` or `e+` at the end of this one
            self._check(value, end)
            self.at = end
            return value

    def up_to_last(self, between: str) -> str:
        """Look at all that comes before the last `between` in the window, and its first character; "" for none."""
        last = self.text.rfind(between, self.at)
        if last < 0 and len(self.text) - self.at < limits.CHUNK_BYTES and self.more():
            last = self.text.rfind(between, self.at)
        return self.text[self.at : last + 1] if last >= 0 else ""

    def small_document(self) -> Raw | None:
        """Consume an object that lies in the window and is no List; None leaves it to be read field by field."""
        if self.text.find('"items"', self.at, self.at + _HEAD) >= 0:
            return None
        try:
            value, end = _DECODE(self.text, self.at)
            self._check(value, end)
        except (ValueError, RecursionError, Malformed):
            return None
        if not isinstance(value, dict) or "items" in value:
            return None
        self.at = end
        return value

    def _grow(self, error: json.JSONDecodeError) -> None:
        cut = error.pos > len(self.text) - 64 or error.msg.startswith("Unterminated string")
        if not cut:
            raise Malformed("no valid JSON", error.pos)
        if len(self.text) - self.at > limits.ITEM_BYTES:
            raise Malformed(f"one value is larger than {limits.ITEM_BYTES // limits.MIB} MiB", self.at)
        if not self.more():
            raise Malformed("it ends in the middle of a value", len(self.text))

    def _check(self, value: object, end: int) -> None:
        # Looking at the text is much cheaper than walking the value, and nearly every object passes it.
        openers = self.text.count("{", self.at, end) + self.text.count("[", self.at, end)
        if openers > limits.DEPTH and _deeper(value, limits.DEPTH):
            raise Malformed(f"nested deeper than {limits.DEPTH} levels", self.at)
        if self.text.find("\\u", self.at, end) >= 0 and _SURROGATE.search(self.text, self.at, end):
            _refuse_surrogates(value, self.at)


def _refuse_surrogates(value: object, position: int) -> None:
    try:
        msgspec.json.encode(value)
    except UnicodeEncodeError:
        raise Malformed("half of a surrogate pair (\\ud800 to \\udfff) in a text", position) from None


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
