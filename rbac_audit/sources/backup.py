"""A Rancher backup into a cluster: what is in it, what its ResourceSet leaves out, and what is encrypted.

The name of the file: rancher/backup-restore-operator pkg/controllers/backup/controller.go.
"""

import re
from collections.abc import Sequence

from rbac_audit.snapshot.estate import Gap
from rbac_audit.snapshot.objects import KINDS, Kind
from rbac_audit.sources import limits
from rbac_audit.sources.backup_contents import Contents
from rbac_audit.sources.backup_crypto import PROVIDERS
from rbac_audit.sources.backup_set import Taken, taken
from rbac_audit.sources.evidence import ClusterEvidence, Evidence, Tally, kind_names
from rbac_audit.sources.manifests import ADVICE

_FILE = re.compile(r"([^/]+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d{4}-\d\d-\d\dT[0-9Z+-]+\.tar\.gz(?:\.enc)?")
_ENDING = re.compile(r"\.(?:tgz|tar)(?:\.gz)?(?:\.enc)?$")
_LIVE = "read the management cluster itself for these"


def own_name(file: str) -> str:
    """Name a backup as the operator does in its file name, else by the whole name."""
    found = _FILE.fullmatch(file)
    return found[1] if found else _ENDING.sub("", file) or file


class Backup:
    """One Rancher backup on its way into a cluster."""

    def __init__(self, contents: Contents, label: str, evidence: Evidence, cluster: ClusterEvidence) -> None:
        """Take nothing yet."""
        self._contents, self.label = contents, label
        self._evidence, self.cluster = evidence, cluster

    def take(self) -> int:
        """Take everything; return how many objects there were."""
        replaced = Tally()
        for item in self._contents.objects:
            if not self.cluster.add(item):
                replaced.add(item)
        for kind, count in self._contents.unknown.items():
            self._evidence.unknown(kind, count)
        self._evidence.replaced(self.cluster.name, self.label, replaced)
        self._selected()
        self._locked()
        self._problems()
        self._notes()
        return len(self._contents.objects)

    def _selected(self) -> None:
        """Tell the kinds of which a part only was taken: of these, absence proves nothing."""
        present = {type(item) for item in self._contents.objects}
        by_kind = {kind: taken(kind, self._contents.selectors) for kind in KINDS}
        whole = {kind for kind in KINDS if by_kind[kind] is Taken.ALL}
        part = {kind for kind in KINDS if by_kind[kind] is Taken.PART} | present - whole
        unread = {kind for each in self._contents.locked if (kind := each.kind)}
        unread |= {kind for _, _, kinds in self._contents.problems for kind in kinds}
        self.cluster.collected |= whole - unread
        self.cluster.partial |= present & (part | unread)
        if part:
            name = self._contents.resource_set or "of the backup"
            self._gap(
                f"the ResourceSet {name} takes only a part of these into a backup, chosen by name, namespace or label",
                _LIVE,
                part,
            )

    def _locked(self) -> None:
        """Tell what is encrypted, and what would open it."""
        for what, count in sorted(self._contents.locked.items()):
            problem = f"{count} {what.resource} are encrypted ({what.provider}, key {what.key})"
            needed = "give the EncryptionConfiguration with this key: --backup-key FILE"
            if what.provider not in PROVIDERS:
                needed = f"{_LIVE}: the key of {what.provider} is in no file"
            self._gap(problem, needed, {what.kind} if what.kind else set())

    def _problems(self) -> None:
        problems = self._contents.problems
        for name, text, kinds in problems[: limits.GAPS_PER_FILE]:
            where = f"{self.label}/{name}"
            self._evidence.gaps.append(Gap(self.cluster.name, where, text, ADVICE, kind_names(kinds)))
        untold = problems[limits.GAPS_PER_FILE :]
        if untold:
            self._gap(
                f"{len(untold)} more entries cannot be used", ADVICE, {kind for *_, found in untold for kind in found}
            )

    def _notes(self) -> None:
        note, contents = self._evidence.note, self._contents
        note(
            f"cluster {self.cluster.name} comes from the Rancher backup {self.label}: it says what Rancher was to do "
            "when the backup was made, and objects that were being deleted look alive"
        )
        if contents.open_tokens:
            note(
                f"{self.label} holds {contents.open_tokens} tokens of Rancher that are not encrypted: whoever has the "
                "file can log in with those that have not expired"
            )
        if contents.other:
            note(f"passed over in {self.label}, being no entry of a Rancher backup: {contents.other} files")

    def _gap(self, reason: str, advice: str, kinds: set[Kind]) -> None:
        self._evidence.gaps.append(Gap(self.cluster.name, self.label, reason, advice, kind_names(kinds)))


def conclude(backups: Sequence[Backup], evidence: Evidence) -> None:
    """Tell that the managed clusters are missing, unless another source may have them."""
    if backups and {backup.cluster.name for backup in backups} >= evidence.names:
        labels = ", ".join(backup.label for backup in backups)
        reason = (
            "a Rancher backup has the management cluster only: the namespaces, roles and bindings of the clusters that "
            "Rancher manages are not in it, and neither is what was made of its bindings there"
        )
        advice = "add each of these clusters as a source of its own, such as a support bundle"
        evidence.gaps.append(Gap("", labels, reason, advice))
