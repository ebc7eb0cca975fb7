"""Which form a file has, by its first bytes; its name only says whether a folder's file is evidence at all."""

import re
from enum import Enum
from pathlib import Path

from rbac_audit.sources import limits
from rbac_audit.sources.documents import Unusable
from rbac_audit.sources.streams import ZIP, ZSTD, Peekable, open_regular, unpacked
from rbac_audit.sources.tar import is_tar

_MANIFEST_NAME = re.compile(r"\.(json|ya?ml)(\.gz)?$", re.IGNORECASE)
_SNAPSHOT_NAME = re.compile(r"\.jsonl(\.zst|\.gz)?$", re.IGNORECASE)
_DISCOVERY_NAME = re.compile(r"discovery-.*\.json(\.gz)?$")
_API_VERSION = re.compile(rb"(?:^|[\n{,\s-])[\"']?apiVersion[\"']?\s*:")
_BUNDLE_METADATA = re.compile(rb"^bundle(?:name|version):", re.MULTILINE | re.IGNORECASE)
_SNAPSHOT_HEADER = b'"rbac-audit/snapshot/'
_TAR_NAME = re.compile(r"\.(tar(\.gz)?|tgz)(\.enc)?$", re.IGNORECASE)


class Form(Enum):
    """How a path is to be read."""

    MANIFESTS = "manifests"
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
    """Tell the form of a file that lies in a folder; None for what is no evidence. Raises Unusable."""
    manifest, snapshot = _MANIFEST_NAME.search(file.name), _SNAPSHOT_NAME.search(file.name)
    archive = _TAR_NAME.search(file.name)
    other = file.suffix and not manifest and not snapshot and not archive and file.suffix.lower() != ".zip"
    if other or _DISCOVERY_NAME.match(file.name):
        return None
    with open_regular(file) as stream:
        packed = Peekable(stream)
        if packed.peek(len(ZIP)) in (ZIP, ZSTD):
            form = form_of(packed)
            return form if form is Form.BUNDLE or snapshot else None
        content = unpacked(packed)
        start = content.peek(limits.SNIFF_BYTES)
        if archive:
            return Form.BACKUP if is_tar(start) else None
        if form_of(content) is Form.SNAPSHOT or snapshot:
            return form_of(content) if form_of(content) is Form.SNAPSHOT else None
    if manifest and _undecided(start):
        return Form.MANIFESTS
    return Form.MANIFESTS if _API_VERSION.search(start) else None


def _undecided(start: bytes) -> bool:
    """An empty or wrongly encoded file is a gap, which its reader describes."""
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


def is_evidence_name(file: Path) -> bool:
    """Tell whether a file is called like evidence, so that failing to read it is a gap."""
    return any(pattern.search(file.name) for pattern in (_MANIFEST_NAME, _SNAPSHOT_NAME, _TAR_NAME))


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
