"""Several sources into one estate: all of them read in order, and sources of the same cluster joined."""

import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rbac_audit.errors import BadInput, WrongUse
from rbac_audit.snapshot.estate import Gap, Snapshot
from rbac_audit.snapshot.file import read_stream
from rbac_audit.sources import backup, bundle
from rbac_audit.sources.archive import Files, FolderFiles, ZipFiles
from rbac_audit.sources.backup import Backup, own_name
from rbac_audit.sources.backup_contents import read_contents
from rbac_audit.sources.backup_crypto import Keys
from rbac_audit.sources.bundle import Bundle, bundle_name
from rbac_audit.sources.documents import Unusable
from rbac_audit.sources.evidence import ClusterEvidence, Evidence, holds_manifests, kind_names, kinds_of_resource
from rbac_audit.sources.folders import Found, Scan
from rbac_audit.sources.forms import Form, form_of
from rbac_audit.sources.manifests import ManifestFile
from rbac_audit.sources.merge import merge
from rbac_audit.sources.naming import Item, item_in, item_of_file, item_of_stdin, items_of
from rbac_audit.sources.spec import SourceSpec
from rbac_audit.sources.streams import Peekable, open_regular, shown, unpacked

LIVE = "live"
_FILE = "its file"
_ADVICE = "name a file or folder with manifests of Kubernetes RBAC, Rancher or Harvester"


def read_estate(
    sources: Sequence[SourceSpec],
    *,
    stdin: IO[bytes] | None = None,
    backup_keys: Sequence[Path] = (),
    live: Callable[[], Snapshot] | None = None,
) -> Snapshot:
    """Read all sources into one snapshot; sources of the same cluster are joined, and the later one wins.

    `backup_keys` are the EncryptionConfigurations of Rancher backups, `live` reads the source of that name. Raises
    BadInput for a source that is not what it says it is, or that has nothing to audit; WrongUse for keys without a
    backup.
    """
    reader = _Reader(stdin or sys.stdin.buffer, Keys(backup_keys), live)
    with _without_gc():
        for source in sources:
            reader.source(source)
        return reader.snapshot()


@contextmanager
def _without_gc() -> Iterator[None]:
    # Millions of short-lived values without a cycle: looking for cycles would take most of the time.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Reader:
    """Reads source after source into one Evidence."""

    def __init__(self, stdin: IO[bytes], keys: Keys, live: Callable[[], Snapshot] | None) -> None:
        self._stdin, self._keys, self._live = stdin, keys, live
        self._evidence = Evidence()
        self._bundles: list[Bundle] = []
        self._backups: list[Backup] = []
        self._gaps_before = 0
        self._named_after: dict[str, str] = {}

    def snapshot(self) -> Snapshot:
        """Freeze what was read."""
        if self._keys.files and not self._backups:
            raise WrongUse("option", "--backup-key", "no source is a Rancher backup", "leave it out")
        bundle.conclude(self._bundles, self._evidence)
        backup.conclude(self._backups, self._evidence)
        return self._evidence.snapshot()

    def source(self, source: SourceSpec) -> None:
        """Read one source; raises BadInput."""
        path = Path(source.path)
        self._gaps_before = len(self._evidence.gaps)
        try:
            if source.path == LIVE and self._live:
                merge(self._live(), LIVE, source.name, self._evidence)
            elif source.path == "-":
                self._file(Peekable(self._stdin), None, item_of_stdin(source))
            elif path.is_dir():
                self._folder(Scan(path), source)
            else:
                with open_regular(path) as stream:
                    self._file(Peekable(stream), stream, item_of_file(source))
        except OSError as error:
            raise BadInput("source", shown(source.path), f"it cannot be read ({error.strerror})", "check it") from None
        except Unusable as trouble:
            raise BadInput("source", shown(source.path), f"it {trouble.problem}", trouble.advice) from None

    def _file(self, packed: Peekable, file: IO[bytes] | None, item: Item) -> None:
        """Read a file that was named by itself: what is wrong with it is an error and no gap."""
        form = form_of(packed)
        if form is Form.BUNDLE:
            if file is None:
                raise Unusable("is a zip, which cannot be read from standard input", "name the file")
            files = _zip(file)
            own = bundle_name(files)
            if own is None:
                raise Unusable("is a zip, but no Harvester support bundle", "unpack it and name its folder")
            if not self._bundle(files, item, own):
                raise Unusable(f"has nothing that an audit reads{self._first_gap()}", "make another bundle")
            return
        content = packed if form is Form.SNAPSHOT else unpacked(packed)
        if form_of(content) is Form.SNAPSHOT:
            self._snapshot(content, item)
            return
        if form_of(content) is Form.BACKUP:
            if not self._backup(content, item):
                raise Unusable("is a tar archive, but no Rancher backup", "unpack it and name its folder")
            return
        manifests = self._manifests(item)
        manifests.read(content)
        if not manifests.useful:
            raise manifests.refused()
        manifests.conclude()

    def _folder(self, scan: Scan, source: SourceSpec) -> None:
        items, useful = items_of(scan, source), 0
        for found, item in items:
            useful += self._found(found, item)
        direct = any(found.form is Form.MANIFESTS and len(found.parts) == 1 for found, _ in items)
        for parts, trouble in scan.troubles:
            self._gap(item_in(scan, parts, source, direct=direct), trouble)
        if scan.passed_over:
            sorts = ", ".join(f"{count} {sort}" for sort, count in sorted(scan.passed_over.items()))
            self._evidence.note(f"passed over in {shown(str(scan.root))}, being no evidence: {sorts}")
        if not useful:
            raise Unusable(f"has no file with anything that an audit reads{self._first_gap()}", _ADVICE)

    def _first_gap(self) -> str:
        own = self._evidence.gaps[self._gaps_before :]
        return "".join(f" (first: {gap.what}: {gap.reason})" for gap in own[:1])

    def _found(self, found: Found, item: Item) -> bool:
        """Read a file of a folder: what is wrong with it is a gap."""
        try:
            if found.form is Form.BUNDLE_FOLDER:
                return self._bundle_in_folder(FolderFiles(found.path), item)
            with open_regular(found.path) as stream:
                if found.form is Form.BUNDLE:
                    return self._bundle_in_folder(_zip(stream), item)
                content = unpacked(stream)
                if found.form is Form.SNAPSHOT:
                    return self._snapshot(content, item)
                if found.form is Form.BACKUP:
                    return self._backup_in_folder(content, item)
                if found.form is Form.CALLED:
                    # A cluster of which nothing was read is none.
                    return self._tolerated(
                        content, ManifestFile(item.label, self._evidence, ClusterEvidence(item.cluster))
                    )
                return self._tolerated(content, self._manifests(item))
        except Unusable as trouble:
            self._gap(item, trouble)
            return False

    def _tolerated(self, content: Peekable, manifests: ManifestFile) -> bool:
        try:
            manifests.read(content)
        except Unusable as trouble:
            manifests.fail(trouble)
        manifests.conclude()
        return manifests.useful

    def _cluster(self, item: Item, own: str, said: str = _FILE) -> ClusterEvidence:
        """Find or start the cluster of a source, and say where its name comes from unless the user gave it."""
        name = item.cluster or own
        because = item.because or ("" if item.cluster else f"{said} {item.label}")
        if because:
            self._evidence.note(f"cluster {name} is named after {because}")
        if because and said == _FILE:
            self._check_same(name, because)
        cluster = self._evidence.cluster(name)
        cluster.origins.add(item.origin)
        return cluster

    def _check_same(self, name: str, because: str) -> None:
        """Refuse to take two clusters for one because two paths end alike; raises WrongUse."""
        first = self._named_after.setdefault(name, because)
        if first != because:
            problem = f"a cluster is named after {first} and one after {because}: whether they are one is not known"
            raise WrongUse("sources", name, problem, "say it with NAME=PATH for both: one name, or two")

    def _manifests(self, item: Item) -> ManifestFile:
        return ManifestFile(item.label, self._evidence, self._cluster(item, item.stem))

    def _snapshot(self, content: Peekable, item: Item) -> bool:
        merge(read_stream(content, item.label), item.label, item.cluster, self._evidence)
        return True

    def _bundle_in_folder(self, files: Files, item: Item) -> bool:
        own = bundle_name(files)
        if own is None:
            if holds_manifests(files.names):
                raise Unusable("is a zip of manifests", "unpack it and name its folder")
            self._evidence.note(f"{item.label} is a zip, but no support bundle, and was passed over")
            return False
        return self._bundle(files, item, own)

    def _bundle(self, files: Files, item: Item, own: str) -> bool:
        cluster = self._cluster(item, own or item.stem, "the bundlename of" if own else _FILE)
        bundle = Bundle(files, item.label, self._evidence, cluster)
        self._bundles.append(bundle)
        return bundle.read() > 0

    def _backup_in_folder(self, content: Peekable, item: Item) -> bool:
        if self._backup(content, item):
            return True
        self._evidence.note(f"{item.label} is a tar archive, but no Rancher backup, and was passed over")
        return False

    def _backup(self, content: Peekable, item: Item) -> bool:
        """Take a tar archive; False when it is no Rancher backup."""
        contents = read_contents(content, item.label, self._keys)
        if contents is None:
            return False
        if not contents.objects:
            raise Unusable("is a Rancher backup with nothing that an audit reads", "make another backup")
        cluster = self._cluster(item, own_name(Path(item.label).name))
        self._backups.append(Backup(contents, item.label, self._evidence, cluster))
        self._backups[-1].take()
        return True

    def _gap(self, item: Item, trouble: Unusable) -> None:
        kinds = kind_names(kinds_of_resource(Path(item.label).name))
        self._evidence.gaps.append(Gap(item.cluster, item.label, f"it {trouble.problem}", trouble.advice, kinds))


def _zip(stream: IO[bytes]) -> ZipFiles:
    return ZipFiles(stream, os.fstat(stream.fileno()).st_size)
