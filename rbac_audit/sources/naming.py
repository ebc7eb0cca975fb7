"""Which cluster a file belongs to: always from a name that the user can see, and never guessed silently."""

import re
from pathlib import Path

import msgspec

from rbac_audit.sources.folders import Found, Scan
from rbac_audit.sources.forms import Form
from rbac_audit.sources.spec import SourceSpec
from rbac_audit.sources.streams import shown

_SUFFIXES = re.compile(r"(\.(jsonl?|ndjson|txt|ya?ml|zip))?(\.gz)?$", re.IGNORECASE)


class Item(msgspec.Struct, frozen=True):
    """One file and its cluster; `because` says where the name comes from unless the user gave it.

    No cluster means that a bundle, backup or snapshot names it itself; `stem` is for a bundle that does not.
    """

    label: str
    origin: str
    cluster: str = ""
    because: str = ""
    stem: str = ""


def item_of_stdin(source: SourceSpec) -> Item:
    """Name what comes on standard input."""
    return Item("standard input", "standard input", source.name, "", "stdin")


def item_of_file(source: SourceSpec) -> Item:
    """Name a file that was given by itself."""
    label = shown(source.path)
    return Item(label, label, source.name, "", _stem(Path(source.path)))


def items_of(scan: Scan, source: SourceSpec) -> list[tuple[Found, Item]]:
    """Name the files of a folder: one cluster, or one for each sub-folder when only those have manifests."""
    direct = any(found.form is Form.MANIFESTS and len(found.parts) == 1 for found in scan.found)
    return [(found, item_in(scan, found.parts, source, direct=direct)) for found in scan.found]


def item_in(scan: Scan, parts: tuple[str, ...], source: SourceSpec, *, direct: bool) -> Item:
    """Name one file of a folder; `direct` when manifests lie in the folder itself."""
    root = scan.root
    label, folder = shown(str(root.joinpath(*parts))), shown(str(root))
    if source.name:
        return Item(label, folder, source.name)
    if direct:
        return Item(label, folder, shown(root.resolve().name) or "root", f"its folder {folder}")
    if len(parts) <= 1:
        return Item(label, label, stem=_stem(root.joinpath(*parts)))
    below = shown(str(root / parts[0]))
    return Item(label, below, shown(parts[0]), f"its folder {below}")


def _stem(path: Path) -> str:
    name = shown(path.resolve().name)
    return _SUFFIXES.sub("", name) or name
