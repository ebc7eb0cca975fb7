"""Names made safe for a line of text: whatever a name holds, it stays on its line and does not move the cursor."""

import unicodedata
from collections.abc import Callable

# Cc: control characters, Cf: format characters such as right-to-left marks, Cs: surrogates, Zl/Zp: line separators.
# The scripts of the HTML report are given the same list.
UNSAFE = ("Cc", "Cf", "Cs", "Zl", "Zp")


def one_line(text: str) -> str:
    r"""Write every control, format and separator character as its \u escape."""
    return _replaced(text, _escape)


def visible(text: str) -> str:
    """Show control characters as pictures, and the other unsafe ones as their number: `⟨U+202E⟩`."""
    return _replaced(text, _picture)


def prose(text: str) -> str:
    """Show unsafe characters as `visible` does, but leave the tabulators and line ends of longer texts."""
    return _replaced(text, lambda char: char if char in "\t\n" else _picture(char))


def count(number: int, noun: str) -> str:
    """Write a number with its noun: `1 finding`, `1,200 findings`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _replaced(text: str, shown: Callable[[str], str]) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(shown(char) if unicodedata.category(char) in UNSAFE else char for char in text)


def _escape(char: str) -> str:
    number = ord(char)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _picture(char: str) -> str:
    number = ord(char)
    if number == 0x7F:
        return "\u2421"
    return chr(0x2400 + number) if number < 0x20 else f"\u27e8U+{number:04X}\u27e9"
