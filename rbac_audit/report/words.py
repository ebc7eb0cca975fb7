"""The words of the reports in the language that was chosen: English stands in the code, others in one catalogue each.

What the rules and the clusters say is not translated.
"""

from functools import cache
from typing import NamedTuple

import msgspec

from rbac_audit.report.text import visible
from rbac_audit.resources import reports_dir

LANGUAGES = ("en", "de")
_SEPARATORS = {"en": ",", "de": "."}


class Words(NamedTuple):
    """Says things in one language; `catalogue` maps the English of a text to its own."""

    language: str
    catalogue: dict[str, str]

    def __call__(self, text: str, /, **values: object) -> str:
        """Translate a text and fill in its `{values}`; text from a cluster is made visible."""
        found = self.catalogue.get(text, text)
        return found.format(**{name: visible(str(value)) for name, value in values.items()}) if values else found

    def number(self, value: int) -> str:
        """Write a number with the separators of the language."""
        return f"{value:,}".replace(",", _SEPARATORS[self.language])

    def n(self, value: int, one: str, many: str, /, **values: object) -> str:
        """Say a number with what it counts: `1 finding`, `1,200 findings`; `{n}` stands for the number."""
        return self(one if value == 1 else many, n=self.number(value), **values)

    def joined(self, parts: list[str]) -> str:
        """Join words as a sentence does: `a`, `a and b`, `a, b and c`."""
        *rest, last = parts or [""]
        return f"{', '.join(rest)} {self('and')} {last}" if rest else last


@cache
def words(language: str) -> Words:
    """Read the words of a language; English has no catalogue, as it is what is translated."""
    if language == "en":
        return Words("en", {})
    raw = (reports_dir() / "words" / f"{language}.json").read_bytes()
    return Words(language, msgspec.json.decode(raw, type=dict[str, str]))
