"""Which form a file has, by its first bytes; its name only says whether a folder's file is evidence at all."""

import codecs
import re
from enum import Enum
from pathlib import Path

from rbac_audit.sources import limits
from rbac_audit.sources.documents import EMPTY, Unusable
from rbac_audit.sources.evidence import kinds_of_resource
from rbac_audit.sources.streams import ZIP, ZSTD, Peekable, is_tar, open_regular, unpacked

_MANIFEST_NAME = re.compile(r"\.(json|ndjson|ya?ml)(\.gz)?$", re.IGNORECASE)
_TEXT_NAME = re.compile(r"\.txt$", re.IGNORECASE)
# What kubectl writes begins like this; a text that only quotes a manifest does not.
_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:---\s+)?(?:\{\s*\"|)(?:apiVersion|kind)[\"']?\s*:")
_SNAPSHOT_NAME = re.compile(r"\.jsonl(\.zst|\.gz)?$", re.IGNORECASE)
_DISCOVERY_NAME = re.compile(r"discovery-.*\.json(\.gz)?$")
_API_VERSION = re.compile(rb"(?:^|[\n{,\s-])[\"']?apiVersion[\"']?\s*:")
_BUNDLE_METADATA = re.compile(rb"^bundle(?:name|version):", re.MULTILINE | re.IGNORECASE)
_SNAPSHOT_HEADER = b'"rbac-audit/snapshot/'
_TAR_NAME = re.compile(r"\.(tar(\.gz)?|tgz)(\.enc)?$", re.IGNORECASE)
_ZIP_NAME = re.compile(r"\.zip$", re.IGNORECASE)
_NAMES = _MANIFEST_NAME, _TEXT_NAME, _SNAPSHOT_NAME, _TAR_NAME, _ZIP_NAME
_CALLED = {"snapshot": _SNAPSHOT_NAME, "tar archive": _TAR_NAME, "zip archive": _ZIP_NAME}
_PACKED_NAME = re.compile(r"\.(json|ya?ml)\.(zst|bz2|xz|lz4|br|7z)$", re.IGNORECASE)
# So much of a field `apiVersion:` may stand at the end of one chunk.
_LONGEST_FIELD = 64


class Form(Enum):
    """How a path is to be read."""

    MANIFESTS = "manifests"
    CALLED = "what is only called like manifests"
    BUNDLE = "support bundle"
    BUNDLE_FOLDER = "unpacked support bundle"
    SNAPSHOT = "snapshot"
    BACKUP = "Rancher backup"


def form_of(stream: Peekable) -> Form:
    """Tell the form of what the user named; what it is not, its reader says."""
    start = stream.peek(len(ZIP))
    if start == ZIP:
        return Form.BUNDLE
    if start == ZSTD:
        return Form.SNAPSHOT
    start = stream.peek(limits.SNIFF_BYTES)
    if is_tar(start):
        return Form.BACKUP
    return Form.SNAPSHOT if _SNAPSHOT_HEADER in start[:100] else Form.MANIFESTS


def form_of_file(file: Path) -> Form | None:
    """Tell the form of a file that lies in a folder; None for what is no evidence.

    Raises Unusable for what is called like evidence, and is not what it is called.
    """
    if _DISCOVERY_NAME.match(file.name):
        return None
    if _PACKED_NAME.search(file.name):
        raise Unusable("is packed in a way that this version does not read", "unpack it, or pack it with gzip")
    if file.suffix and not kinds_of_resource(file.name) and not any(name.search(file.name) for name in _NAMES):
        return None
    with open_regular(file) as stream:
        packed = Peekable(stream)
        if packed.peek(len(ZIP)) == ZIP:
            return Form.BUNDLE
        if packed.peek(len(ZSTD)) == ZSTD:
            return _packed_with_zstd(file.name)
        return _form_of_content(unpacked(packed), file.name)


def _packed_with_zstd(name: str) -> Form | None:
    if _SNAPSHOT_NAME.search(name):
        return Form.SNAPSHOT
    if "." in name or kinds_of_resource(name):
        raise Unusable("is packed with zstd, as only snapshots may be", "unpack it, or pack it with gzip")
    return None


def _form_of_content(content: Peekable, name: str) -> Form | None:
    start = content.peek(limits.SNIFF_BYTES)
    manifests = bool(_MANIFEST_NAME.search(name) or kinds_of_resource(name))
    if is_tar(start) and not manifests:
        return Form.BACKUP
    if _SNAPSHOT_HEADER in start[:100]:
        return Form.SNAPSHOT
    _check_name(name, start)
    if _TEXT_NAME.search(name):
        # Windows PowerShell writes UTF-16 with `>`; what is wrong with that, the reader says.
        return Form.MANIFESTS if _BEGINS.match(_without_utf16(start)) else None
    if (manifests and _undecided(start)) or start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Form.CALLED
    if b"\0" in start:
        return None
    if _has_manifests(content):
        return Form.MANIFESTS
    return Form.CALLED if kinds_of_resource(name) else None


def _without_utf16(start: bytes) -> bytes:
    """Make ASCII of UTF-16, to look for words of ASCII."""
    marked = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return start[2:].replace(b"\0", b"") if marked else start


def _check_name(name: str, start: bytes) -> None:
    """Refuse what is called like an archive or a snapshot and is none."""
    called = next((form for form, pattern in _CALLED.items() if pattern.search(name)), "")
    if called and not start:
        raise Unusable("is empty", EMPTY)
    if called and not name.lower().endswith((".jsonl", ".jsonl.gz")):
        # Other tools write JSON lines too.
        raise Unusable(f"is no {called}, although it is called like one", "copy it again from where it is whole")


def _has_manifests(content: Peekable) -> bool:
    """Look for a manifest in the whole file: a comment or one large field may stand before it."""
    rest = b""
    while chunk := content.read(limits.CHUNK_BYTES):
        if _API_VERSION.search(rest + chunk):
            return True
        rest = chunk[-_LONGEST_FIELD:]
    return False


def _undecided(start: bytes) -> bool:
    """Tell whether a file is empty or wrongly encoded, which its reader describes."""
    if not start.strip() or b"\0" in start:
        return True
    try:
        start[:-4].decode()
    except UnicodeDecodeError:
        return True
    return False


def sort_of(file: Path) -> str:
    """Name the sort of a file that was passed over."""
    if _DISCOVERY_NAME.match(file.name):
        return "discovery-*.json"
    return "".join(file.suffixes[-2:]) if file.suffix == ".gz" else file.suffix or "without a suffix"


def is_bundle_folder(folder: Path) -> bool:
    """Tell whether this is the top folder of an unpacked support bundle."""
    metadata = folder / "metadata.yaml"
    try:
        if not (folder / "yamls").is_dir() or not metadata.is_file():
            return False
        with open_regular(metadata) as stream:
            return bool(_BUNDLE_METADATA.search(stream.read(limits.SNIFF_BYTES)))
    except (Unusable, OSError):
        return False
