"""What a ResourceSet takes into a backup: of which kinds everything, of which only a part.

Source: backup-restore-operator pkg/resourcesets/collector.go (gatherResourcesForGroupVersion, filterByNameAndLabel,
filterByNamespace).
"""

import re
from enum import Enum

from rbac_audit.snapshot.objects import Kind
from rbac_audit.snapshot.reshape import Raw

_ALL = ".", ""
_WORD = re.compile(r"\^?([A-Za-z-]+)\$?")
_NARROWING = "resourceNames", "labelSelectors", "fieldSelectors", "excludeResourceNameRegexp"


class Taken(Enum):
    """How much of a kind is in a backup."""

    ALL = "all"
    PART = "part"
    NONE = "none"


def taken(kind: Kind, selectors: list[Raw]) -> Taken:
    """Tell how much of a kind the selectors take; a part where that cannot be told."""
    found = [_selected(kind, selector) for selector in selectors]
    return Taken.ALL if Taken.ALL in found else Taken.PART if Taken.PART in found else Taken.NONE


def _selected(kind: Kind, selector: Raw) -> Taken:
    group, separator, _ = str(selector.get("apiVersion")).partition("/")
    if (group if separator else "") != kind.group:
        return Taken.NONE
    meant = _meant(kind, selector)
    return meant if meant is not Taken.ALL or _narrowed(kind, selector) is False else Taken.PART


def _narrowed(kind: Kind, selector: Raw) -> bool:
    narrow = any(selector.get(field) for field in _NARROWING)
    narrow = narrow or (selector.get("resourceNameRegexp") or "") not in _ALL
    if kind.namespaced:
        narrow = narrow or bool(selector.get("namespaces")) or (selector.get("namespaceRegexp") or "") not in _ALL
    return narrow


def _meant(kind: Kind, selector: Raw) -> Taken:
    """Tell whether a selector is about the kind.

    A regular expression of an archive is never run, because it may take for ever: what is no plain word may match.
    """
    names = {kind.kind, kind.plural}
    kinds, pattern = selector.get("kinds") or [], selector.get("kindsRegexp") or ""
    if not pattern and not kinds:
        return Taken.ALL
    if isinstance(kinds, list) and names & set(map(str, kinds)):
        return Taken.ALL
    excluded = selector.get("excludeKinds") or []
    if not pattern or (isinstance(excluded, list) and names & set(map(str, excluded))):
        return Taken.NONE
    return _matched(str(pattern), names)


def _matched(pattern: str, names: set[str]) -> Taken:
    if pattern == ".":
        return Taken.ALL
    words = [_WORD.fullmatch(part) for part in pattern.split("|")]
    if not all(words):
        return Taken.PART
    texts = [(found[0], found[1]) for found in words if found]
    return Taken.ALL if any(_fits(whole, word, name) for whole, word in texts for name in names) else Taken.NONE


def _fits(whole: str, word: str, name: str) -> bool:
    start, end = whole.startswith("^"), whole.endswith("$")
    if start and end:
        return name == word
    return name.startswith(word) if start else name.endswith(word) if end else word in name
