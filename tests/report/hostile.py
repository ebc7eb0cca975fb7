"""Names that somebody may give an object to break a report."""

import msgspec

from rbac_audit.audit.report import Report

LONGEST = "x" * 253
HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "</style></title><!--<b>",
    "{{ 7 * 7 }}{% raw %}",
    "a|b",
    "line\nbreak",
    "\u202egnp.exe\u2066\u200f",
    "\x1b[31m\x07\x9b",
    LONGEST,
    "javascript:alert(1)",
    "__proto__",
    "constructor",
    "%E0%A4%A",
    "../../#finding/x?severity=high&rule=y",
)


def replace_texts(value: Report, text: str) -> Report:
    """Put a text into every field of a report that may come from a cluster."""
    built = msgspec.to_builtins(value)
    return msgspec.convert(_replaced(built, text, ""), Report)


# Words of the tool itself; every other text may be anything.
OWN = {"format", "severity", "confidence", "safety", "by_severity", "step", "fingerprint", "new", "survival"}


def _replaced(value: object, text: str, key: str) -> object:
    if isinstance(value, dict):
        keep = key == "by_severity"
        return {
            (text if key in {"versions", "unknown_kinds", "filters", "contents", "quota"} else name): _replaced(
                each, text, key if keep else name
            )
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_replaced(each, text, key) for each in value]
    return text if isinstance(value, str) and key not in OWN else value
