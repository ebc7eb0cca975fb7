"""Names made safe for a line of text: whatever a name holds, it stays on its line and does not move the cursor."""

import unicodedata

# Cc: control characters, Cf: format characters such as right-to-left marks, Cs: surrogates, Zl/Zp: line separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def one_line(text: str) -> str:
    r"""Write every control, format and separator character as its \u escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"\\u{ord(char):04x}" if unicodedata.category(char) in _UNSAFE else char for char in text)
