"""A YAML stream cut at its `---` lines: the text of one document at a time, as input for libyaml."""

import re
from collections.abc import Iterator

from rbac_audit.sources import limits

# A line that starts with `---` ends every scalar (YAML 1.1, c-forbidden), so cutting there is always safe.
_MARK = re.compile(r"\n---(?=[ \t\r\n])")
_NO_CONTENT = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z)|%[^\n]*(?:\n|\Z))*")

# What libyaml's reader takes (YAML 1.1, c-printable), the other way round.
_NOT_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")

_LONGEST_HELD = 64 << 10


class TooLarge(Exception):
    """One item goes on beyond ITEM_BYTES."""


class DocumentText:
    """A stream for libyaml that ends with each document, and then goes on with the next one."""

    def __init__(self, chunks: Iterator[str]) -> None:
        """Stand at the first document."""
        self._pieces = _cut(chunks)
        self._over = self._finished = False
        self._served = 0
        self._last = ""
        self.line = 0

    def read(self, _size: int = 0, /) -> str:
        """Return the next piece of this document, "" at its end; raises TooLarge."""
        if self._served > limits.ITEM_BYTES:
            raise TooLarge
        if self._over:
            return ""
        piece = next(self._pieces, None)
        if not piece:
            self._over, self._finished = True, piece is None
            return ""
        self._served += len(piece)
        self._last = piece
        self.line += piece.count("\n")
        return piece

    def line_not_printable(self) -> int:
        """Find the line of the character, in the last piece, that libyaml refused."""
        found = _NOT_PRINTABLE.search(self._last)
        return self.line - self._last.count("\n", found.start() if found else 0)

    def allow(self) -> None:
        """Let another ITEM_BYTES be read, because an item is complete."""
        self._served = 0

    def next_document(self) -> bool:
        """Skip what is left of this document and stand at the next one; False at the end of the stream."""
        self.allow()
        while self.read():
            self.allow()
        self._over = False
        return not self._finished


def _cut(chunks: Iterator[str]) -> Iterator[str]:
    """Yield pieces of text that are never empty, and "" between two documents."""
    rest, content = "\n", False
    for chunk in chunks:
        text, start = rest + chunk, 0
        for mark in _MARK.finditer(text):
            end = mark.start() + 1
            content = content or not _NO_CONTENT.fullmatch(text, start, end)
            yield text[start:end]
            # Comments and directives before the first `---` belong to the document behind it.
            if content:
                yield ""
            start, content = end, False
        keep = _whole_lines(text, start)
        if start < keep:
            content = content or keep == len(text) or not _NO_CONTENT.fullmatch(text, start, keep)
            yield text[start:keep]
        rest = text[keep:]
    yield from ["\n", "", "---"] if rest == "\n---" else [rest] if rest else []


def _whole_lines(text: str, start: int) -> int:
    """Hold back the last line, which may be the beginning of a mark or a comment, unless it is very long."""
    newline = text.rfind("\n", start)
    whole = start if newline < 0 else newline
    return whole if len(text) - whole <= _LONGEST_HELD else len(text)
