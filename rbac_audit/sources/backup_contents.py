"""What one Rancher backup holds: its entries decoded, and those that stay encrypted.

Layout: rancher/backup-restore-operator pkg/resourcesets/collector.go (WriteBackupObjects, writeToBackup).
"""

import io
import re
from collections import Counter

import msgspec

from rbac_audit.errors import BadInput
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.objects import Kind, KubernetesObject, Token, kind_of_plural, qualified
from rbac_audit.snapshot.reshape import Raw
from rbac_audit.sources import limits
from rbac_audit.sources.backup_crypto import Keys, Sealed, WrongKey, parse_sealed
from rbac_audit.sources.documents import KIND, Document, Problem, Unusable
from rbac_audit.sources.evidence import holds_manifests, some
from rbac_audit.sources.manifests import read_parts
from rbac_audit.sources.streams import Peekable
from rbac_audit.sources.tar import Foreign, Member, read_members

# So many files of other names in front tell that an archive is of something else, which may be large.
_STRANGERS = 100
FILTERS = "filters/filters.json"
_PATH = re.compile(r"([a-z][a-z0-9-]*)\.([a-z0-9.-]*)#(v[a-z0-9]+)/(?:([^/]+)/)?([^/]+)\.json")


_BELOW = re.compile(rf"/{_PATH.pattern}$")


class Locked(msgspec.Struct, frozen=True, order=True):
    """What lies encrypted, and which key would open it."""

    plural: str
    group: str
    provider: str
    key: str

    @property
    def resource(self) -> str:
        """`tokens.management.cattle.io`."""
        return qualified(self.plural, self.group)

    @property
    def kind(self) -> Kind | None:
        """The kind, if an audit keeps it."""
        return kind_of_plural(self.group, self.plural)


class Contents(msgspec.Struct):
    """What was read of one archive, before any of it counts: a damaged archive must leave nothing behind."""

    selectors: list[Raw] = msgspec.field(default_factory=list)
    resource_set: str = ""
    objects: list[KubernetesObject] = msgspec.field(default_factory=list)
    unknown: Counter[str] = msgspec.field(default_factory=Counter)
    locked: Counter[Locked] = msgspec.field(default_factory=Counter)
    problems: list[tuple[str, str, tuple[Kind, ...]]] = msgspec.field(default_factory=list)
    other: int = 0
    opened: int = 0
    open_tokens: int = 0
    is_backup: bool = False


def read_contents(stream: Peekable, label: str, keys: Keys) -> Contents | None:
    """Read a tar archive; None when it is no Rancher backup. Raises Unusable, and BadInput for a wrong key."""
    reader, foreign = _Reader(label, keys), False
    try:
        for member in read_members(stream):
            reader.member(member)
            foreign = reader.contents.other > _STRANGERS and not reader.entries
            if foreign:
                break
    except Foreign:
        if reader.entries:
            raise
        foreign = True
    found = reader.contents
    if foreign or not found.is_backup:
        reader.check_foreign()
        return None
    if keys.files and found.locked and not found.opened:
        wanted = some(f"{each.key} ({each.provider})" for each in found.locked)
        problem = f"{keys.files} has none of the keys that it was encrypted with: {wanted}"
        raise BadInput("backup", label, problem, "give the EncryptionConfiguration of that time")
    if found.locked and not found.objects:
        raise Unusable("is encrypted as a whole", "give the EncryptionConfiguration: --backup-key FILE")
    return found


class _Reader:
    def __init__(self, label: str, keys: Keys) -> None:
        self.contents = Contents()
        self.entries = 0
        self._others: list[str] = []
        self._label, self._keys = label, keys

    def member(self, member: Member) -> None:
        if member.name == FILTERS:
            self._filters(member)
            return
        found = _PATH.fullmatch(member.name)
        if found is None:
            self.contents.other += 1
            self.entries += bool(_BELOW.search(member.name))
            if len(self._others) <= _STRANGERS:
                self._others.append(member.name)
            return
        self.entries += 1
        plural, group, _, namespace, name = found.groups()
        kind = kind_of_plural(group, plural)
        if member.content is None:
            self._problem(member.name, f"it is larger than {limits.ITEM_BYTES // limits.MIB} MiB", kind)
            return
        locked = member.content[:1] == b'"'
        if kind is None:
            self.contents.unknown[_unkept(plural, group, None if locked else member.content)] += 1
            return
        plain: bytes | None = member.content
        if locked:
            plain = self._opened(member, kind, f"{namespace}#{name}" if namespace else name)
        elif kind is Token:
            self.contents.open_tokens += 1
        if plain is not None:
            self._entry(member.name, plain, kind, (namespace or "", name))

    def check_foreign(self) -> None:
        """Refuse what is no backup, and may be evidence all the same; raises Unusable."""
        if self.entries:
            advice = "copy it again from where the operator wrote it, and do not pack it again"
            raise Unusable(f"has entries of a Rancher backup, but no {FILTERS} at its top", advice)
        if holds_manifests(self._others):
            raise Unusable("is a tar archive of manifests", "unpack it and name its folder")

    def _filters(self, member: Member) -> None:
        self.contents.is_backup = True
        raw = _document(member.content or b"")
        selectors = raw.get("resourceSelectors") if isinstance(raw, dict) else None
        if not isinstance(raw, dict) or not isinstance(selectors, list):
            self._problem(FILTERS, "it is no ResourceSet, so it is not known what the backup leaves out", None)
            return
        self.contents.selectors = [each for each in selectors if isinstance(each, dict)]
        metadata = raw.get("metadata")
        self.contents.resource_set = str(metadata.get("name") or "") if isinstance(metadata, dict) else ""

    def _opened(self, member: Member, kind: Kind, context: str) -> bytes | None:
        """Decrypt; None where that is not possible, which the contents say. Raises BadInput for a wrong key."""
        try:
            sealed = parse_sealed(member.content or b"")
        except (ValueError, msgspec.DecodeError):
            self._problem(member.name, "it is neither JSON nor encrypted in a known form", kind)
            return None
        if not isinstance(sealed, Sealed):
            return sealed
        try:
            opened = self._keys.open(sealed, context.encode())
        except WrongKey:
            problem = f"key {sealed.key} ({sealed.provider}) of {self._keys.files} does not open it"
            where = f"{self._label}/{member.name}"
            raise BadInput("backup", where, problem, "give the EncryptionConfiguration of that time") from None
        if opened is None:
            self.contents.locked[Locked(kind.plural, kind.group, sealed.provider, sealed.key)] += 1
            return None
        self.contents.opened += 1
        return opened

    def _entry(self, name: str, content: bytes, kind: Kind, key: tuple[str, str]) -> None:
        raw = _document(content)
        if isinstance(raw, str):
            self._problem(name, raw, kind)
            return
        try:
            item = decode(raw)
        except msgspec.ValidationError as error:
            # Its text has types and the path of the field, never a value.
            self._problem(name, f"no valid {kind.kind} ({error})", kind)
            return
        if item is None or type(item) is not kind or (item.metadata.namespace, item.metadata.name) != key:
            self._problem(name, "it is another object than its path says", kind)
        else:
            self.contents.objects.append(item)

    def _problem(self, name: str, text: str, kind: Kind | None) -> None:
        self.contents.problems.append((name, text, (kind,) if kind else ()))


def _document(content: bytes) -> Raw | str:
    """Read one JSON object, or say what is wrong, without a word of its content."""
    try:
        parts = list(read_parts(Peekable(io.BytesIO(content)), "x.json"))
    except Unusable as trouble:
        return f"it {trouble.problem}"
    for part in parts:
        if isinstance(part, Problem):
            return part.text
    only = parts[0] if len(parts) == 1 else None
    return only.raw if isinstance(only, Document) else "it is not one JSON object"


def _unkept(plural: str, group: str, content: bytes | None) -> str:
    """Name a kind that no snapshot keeps, by what it says it is where that can be read."""
    try:
        kind = _KIND.decode(content or b"").kind
    except (msgspec.DecodeError, RecursionError):
        kind = plural
    return qualified(kind if KIND.fullmatch(kind) else plural[:63], group[:253])


class _Kind(msgspec.Struct):
    kind: str


_KIND = msgspec.json.Decoder(_Kind)
