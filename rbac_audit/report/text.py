"""Names made safe for a line of text: whatever a name holds, it stays on its line and does not move the cursor."""

import unicodedata

# Cc: control characters, Cf: format characters such as right-to-left marks, Cs: surrogates, Zl/Zp: line separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def one_line(text: str) -> str:
    r"""Write every control, format and separator character as its \u escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(char) if unicodedata.category(char) in _UNSAFE else char for char in text)


def _escape(char: str) -> str:
    number = ord(char)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def count(number: int, noun: str) -> str:
    """Write a number with its noun: `1 finding`, `2 findings`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
