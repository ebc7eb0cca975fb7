"""What has been read so far: objects by cluster, gaps, notes; becomes a Snapshot at the end."""

import re
from collections import Counter
from collections.abc import Iterable

import msgspec

from rbac_audit.snapshot.estate import Cluster, Gap, Snapshot
from rbac_audit.snapshot.objects import KINDS, Kind, KubernetesObject, qualified

NAMES_IN_A_GAP = 3
UNKNOWN_KINDS = 1_000
_LISTED = re.compile(r"\.(json|ya?ml)(\.gz)?$", re.IGNORECASE)
_SUFFIXES = re.compile(r"(\.(jsonl?|ndjson|ya?ml))?(\.gz)?$")


def kind_names(kinds: Iterable[Kind]) -> tuple[str, ...]:
    """Name each kind once, sorted."""
    return tuple(sorted({qualified(kind.kind, kind.group) for kind in kinds}))


def kinds_of_resource(file: str) -> tuple[Kind, ...]:
    """Find the kinds that a file `<plural>[.<group>].json` may be named for: several where a plural alone fits them."""
    plural, _, group = _SUFFIXES.sub("", file.lower()).partition(".")
    found = tuple(kind for kind in KINDS if kind.plural == plural and (kind.group == group or not group))
    return tuple(kind for kind in found if kind.group == group) or found


def holds_manifests(names: Iterable[str]) -> bool:
    """Tell whether the files of an archive are called like lists of objects; a Helm chart has templates of them."""
    files = {name.rpartition("/")[2] for name in names}
    return "Chart.yaml" not in files and any(_LISTED.search(file) and kinds_of_resource(file) for file in files)


def some(names: Iterable[str]) -> str:
    """`a, b, c and 4 more`."""
    ordered = sorted(set(names))
    more = len(ordered) - NAMES_IN_A_GAP
    shown = ", ".join(ordered[:NAMES_IN_A_GAP])
    return f"{shown} and {more} more" if more > 0 else shown


class Tally:
    """Counts objects, and remembers a few of them to name."""

    def __init__(self) -> None:
        """Start at zero."""
        self.count = 0
        self.kinds: set[Kind] = set()
        self._first: list[str] = []

    def add(self, item: KubernetesObject) -> None:
        """Count one."""
        self.count += 1
        self.kinds.add(type(item))
        if len(self._first) < NAMES_IN_A_GAP:
            self._first.append(str(item))

    def __str__(self) -> str:
        """`RoleBinding a/b, RoleBinding a/c and 4 more`."""
        more = self.count - len(self._first)
        return ", ".join(self._first) + (f" and {more} more" if more else "")


class ClusterEvidence:
    """The objects of one cluster, by key; a later object replaces an earlier one."""

    def __init__(self, name: str) -> None:
        """Start with nothing."""
        self.name = name
        self.collected: set[Kind] = set()
        self.partial: set[Kind] = set()
        self.origins: set[str] = set()
        self.unread_namespaces: set[str] = set()
        self.rancher_id = ""
        self._objects: dict[tuple[Kind, str, str], KubernetesObject] = {}

    def add(self, item: KubernetesObject) -> bool:
        """Keep an object; False when it replaces one that says something else."""
        key = (type(item), item.metadata.namespace, item.metadata.name)
        known = self._objects.setdefault(key, item)
        if known is item:
            return True
        self._objects[key] = item
        return known == item

    @property
    def kinds(self) -> set[Kind]:
        """The kinds of which there are objects."""
        return {kind for kind, _, _ in self._objects}

    def names_of(self, kind: Kind) -> set[str]:
        """Name the objects of one kind."""
        return {name for known, _, name in self._objects if known is kind}

    def cluster(self) -> Cluster:
        """Freeze it."""
        return Cluster(
            self.name,
            self._objects.values(),
            collected=self.collected,
            origins=self.origins,
            unread_namespaces=self.unread_namespaces,
            partial=self.partial - self.collected,
            rancher_id=self.rancher_id,
        )

    def __len__(self) -> int:
        """Count the objects."""
        return len(self._objects)


class Evidence:
    """Everything that the sources gave."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._clusters: dict[str, ClusterEvidence] = {}
        self.gaps: list[Gap] = []
        self.notes: list[str] = []
        self.unknown_kinds: Counter[str] = Counter()

    def cluster(self, name: str) -> ClusterEvidence:
        """Find or start a cluster."""
        return self._clusters.setdefault(name, ClusterEvidence(name))

    @property
    def names(self) -> set[str]:
        """The names of the clusters."""
        return set(self._clusters)

    def note(self, text: str) -> None:
        """Say something once."""
        if text not in self.notes:
            self.notes.append(text)

    def replaced(self, cluster: str, where: str, objects: Tally) -> None:
        """Tell which objects took the place of others of the same name."""
        if objects.count:
            reason = "objects differ from what was read before under the same name, and replaced it"
            advice = "give each object once, as it was at one time"
            kinds = kind_names(objects.kinds)
            self.gaps.append(Gap(cluster, where, f"{objects.count} {reason}: {objects}", advice, kinds))

    def unknown(self, kind: str, count: int = 1) -> None:
        """Count objects of a kind that a snapshot does not keep."""
        known = kind in self.unknown_kinds or len(self.unknown_kinds) < UNKNOWN_KINDS
        self.unknown_kinds[kind if known else "other"] += count

    def snapshot(self) -> Snapshot:
        """Freeze it."""
        clusters = [each.cluster() for each in self._clusters.values()]
        return Snapshot(clusters, self.gaps, self.unknown_kinds, self.notes)


def in_default_namespace(item: KubernetesObject) -> KubernetesObject:
    """Put an object without a namespace into `default`, as kubectl does."""
    return _with_namespace(item, "default")


def without_namespace(item: KubernetesObject) -> KubernetesObject:
    """Drop the namespace of a cluster-scoped object, as the API server does."""
    return _with_namespace(item, "")


def _with_namespace(item: KubernetesObject, namespace: str) -> KubernetesObject:
    metadata = msgspec.structs.replace(item.metadata, namespace=namespace)
    return msgspec.structs.replace(item, metadata=metadata)
