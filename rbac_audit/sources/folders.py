"""The walk through a folder: which files are evidence, which are passed over, which cannot be read."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from rbac_audit.errors import BadInput
from rbac_audit.sources import limits
from rbac_audit.sources.documents import Unusable
from rbac_audit.sources.forms import Form, form_of_file, is_bundle_folder, sort_of


class Found(msgspec.Struct, frozen=True):
    """One path of a source; `parts` are the names below the source's own folder."""

    path: Path
    form: Form
    parts: tuple[str, ...]


class Scan:
    """One folder, walked in the order of names."""

    def __init__(self, root: Path) -> None:
        """Walk at once; raises BadInput for a folder that is too large."""
        self.root = root
        self.passed_over: Counter[str] = Counter()
        self.troubles: list[tuple[tuple[str, ...], Unusable]] = []
        self._real = root.resolve()
        self._files = 0
        self.found = list(self._folder(root, ()))

    def _folder(self, folder: Path, parts: tuple[str, ...]) -> Iterator[Found]:
        if is_bundle_folder(folder):
            yield Found(folder, Form.BUNDLE_FOLDER, parts)
            return
        if len(parts) > limits.FOLDER_DEPTH:
            problem = f"is over {limits.FOLDER_DEPTH} folders deep and was not read"
            self._trouble(parts, problem, "name it as a source of its own")
            return
        try:
            entries = sorted(folder.iterdir())
        except OSError as error:
            self._trouble(parts, f"cannot be read ({error.strerror})", "check its permissions")
            return
        for entry in entries:
            yield from self._entry(entry, (*parts, entry.name))

    def _trouble(self, parts: tuple[str, ...], problem: str, advice: str) -> None:
        self.troubles.append((parts, Unusable(problem, advice)))

    def _entry(self, entry: Path, parts: tuple[str, ...]) -> Iterator[Found]:
        self._files += 1
        if self._files > limits.FOLDER_FILES:
            problem = f"it has over {limits.FOLDER_FILES} entries"
            raise BadInput("folder", str(self.root), problem, "name the folders that have manifests")
        try:
            if entry.name.startswith("."):
                self.passed_over["hidden"] += 1
            elif entry.is_symlink() and not self._followed(entry, parts):
                return
            elif entry.is_dir():
                yield from self._folder(entry, parts)
            else:
                yield from self._file(entry, parts)
        except OSError as error:
            self._trouble(parts, f"cannot be read ({error.strerror})", "check its permissions")

    def _followed(self, entry: Path, parts: tuple[str, ...]) -> bool:
        """Follow a link to a file of the same folder, as in a mounted ConfigMap, and no other."""
        try:
            target = entry.resolve(strict=True)
        except (OSError, RuntimeError):
            self._trouble(parts, "is a link that leads nowhere", "repair it or remove it")
            return False
        if not target.is_relative_to(self._real):
            self._trouble(parts, "is a link out of the folder and was not followed", "name its target as a source")
            return False
        if target.is_dir():
            if any(part.startswith(".") for part in target.relative_to(self._real).parts):
                # As git-sync leaves it; a folder that is not hidden is walked anyway.
                self._trouble(parts, "is a link to a hidden folder and was not followed", "name its target as a source")
            else:
                self.passed_over["links to folders"] += 1
            return False
        return True

    def _file(self, file: Path, parts: tuple[str, ...]) -> Iterator[Found]:
        try:
            form = form_of_file(file)
        except Unusable as trouble:
            self.troubles.append((parts, trouble))
            return
        if form is None:
            self.passed_over[sort_of(file)] += 1
        else:
            yield Found(file, form, parts)
