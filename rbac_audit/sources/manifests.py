"""Manifests of one file into a cluster: decoded, counted, and every failure kept as a gap."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import msgspec

from rbac_audit.errors import BadInput
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.estate import Gap
from rbac_audit.snapshot.objects import Kind, KubernetesObject, kind_of, qualified
from rbac_audit.snapshot.reshape import Raw
from rbac_audit.sources import limits
from rbac_audit.sources.documents import (
    EMPTY,
    Batch,
    Document,
    ListEnd,
    Part,
    Place,
    Problem,
    Unusable,
    items_of,
)
from rbac_audit.sources.evidence import (
    ClusterEvidence,
    Evidence,
    Tally,
    in_default_namespace,
    kind_names,
    kinds_of_resource,
    without_namespace,
)
from rbac_audit.sources.heads import is_event, wrong_head
from rbac_audit.sources.json_reader import read_json
from rbac_audit.sources.streams import Peekable, text
from rbac_audit.sources.yaml_reader import read_yaml

_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\{\s*[\"}]|\[\s*[{\]])")
_JSON_NAME = re.compile(r"\.json(\.gz)?$", re.IGNORECASE)
ADVICE = "repair it, or leave it out and say so"
_PAGES = "read all of its pages: `kubectl get` does, and `kubectl get --raw` does not"


def read_parts(stream: Peekable, file: str, *, batches: bool = False) -> Iterator[Part]:
    """Read a file as JSON when it is called or begins like JSON, else as YAML; raises Unusable."""
    start = stream.peek(limits.SNIFF_BYTES)
    if not start.strip():
        raise Unusable("is empty", EMPTY)
    if _JSON_NAME.search(file) or _JSON.match(start):
        return read_json(text(stream), file, batches=batches)
    return read_yaml(text(stream), file)


class ManifestFile:
    """One file on its way into a cluster."""

    def __init__(
        self, file: str, evidence: Evidence, cluster: ClusterEvidence, called: tuple[Kind, ...] | None = None
    ) -> None:
        """Read nothing yet; `called` are the kinds that the file may be named for, where more than its name says it."""
        self.file = file
        self.useful = False
        self._evidence, self._cluster = evidence, cluster
        self._called = kinds_of_resource(file.rpartition("/")[2]) if called is None else called
        self._named = self._called[0] if len(self._called) == 1 else None
        self._kinds: set[Kind] = set()
        self._problems: list[Problem] = []
        self._untold: Counter[Kind | None] = Counter()
        self._no_manifests = 0
        self._defaulted, self._replaced = Tally(), Tally()
        self._change: Callable[[Raw], Raw] | None = None

    def read(self, stream: Peekable, change: Callable[[Raw], Raw] | None = None) -> None:
        """Take every document; `change` sees each raw manifest first. Raises Unusable."""
        self._change = change
        for part in read_parts(stream, self.file, batches=change is None):
            self._part(part)

    def _part(self, part: Part) -> None:
        match part:
            case Batch():
                self._batch(part)
            case Document(raw, place):
                self._document(raw, place)
            case ListEnd():
                self._list(part)
            case Problem():
                self._problem(part)

    def fail(self, trouble: Unusable) -> None:
        """Take it that the file could be read up to here only."""
        place = Place(self.file, line=trouble.line)
        self._problem(Problem(place, f"it {trouble.problem}", rest_lost=True, advice=trouble.advice))

    def _problem(self, problem: Problem) -> None:
        if len(self._problems) < limits.GAPS_PER_FILE:
            self._problems.append(problem)
        else:
            self._untold[_kind_of(problem)] += 1

    def _batch(self, batch: Batch) -> None:
        for (api_version, kind), count in batch.unknown.items():
            self._evidence.unknown(qualified(kind, api_version.rpartition("/")[0]), count)
        for item in batch.objects:
            self._keep(item)

    def _document(self, raw: Raw, place: Place) -> None:
        kind = raw.get("kind")
        if isinstance(raw.get("items"), list) and (kind is None or str(kind).endswith("List")):
            # How deep this goes, the readers have limited.
            for part in items_of(raw, place):
                self._part(part)
        elif kind is None and raw.get("apiVersion") is None and not is_event(raw):
            self._no_manifests += 1
        elif (problem := wrong_head(raw, place)) is not None:
            self._problem(problem)
        else:
            self._object(raw, raw["apiVersion"].rpartition("/")[0], raw["kind"], place)

    def _object(self, raw: Raw, group: str, kind: str, place: Place) -> None:
        try:
            item = decode(self._change(raw) if self._change else raw)
        except msgspec.ValidationError as error:
            # Its text has types and the path of the field, never a value.
            self._problem(Problem(place, f"no valid {kind} ({error})", kind=kind_of(group, kind)))
            return
        if item is None:
            self._evidence.unknown(qualified(kind, group))
        else:
            self._keep(item)

    def _keep(self, item: KubernetesObject) -> None:
        if bool(item.metadata.namespace) != item.namespaced:
            item = in_default_namespace(item) if item.namespaced else without_namespace(item)
            if item.namespaced:
                self._defaulted.add(item)
        if not self._cluster.add(item):
            self._replaced.add(item)
        self._kinds.add(type(item))
        self.useful = True

    def _list(self, end: ListEnd) -> None:
        """An empty list proves that its kind was read; which one, a plain List says by its file's name only.

        One page of several says it in ListMeta (apimachinery pkg/apis/meta/v1/types.go, continue, remainingItemCount).
        """
        if end.items and not end.more:
            return
        group = end.api_version.rpartition("/")[0]
        plain = end.kind == "List" and not group
        kind = self._named if plain else kind_of(group, end.kind.removesuffix("List"))
        if end.more:
            if kind is not None or end.kind in ("", "List"):
                self._problem(Problem(end.place, "only a part of the list is there", kind=kind, advice=_PAGES))
        elif kind is not None:
            self.useful = True
            self._cluster.collected.add(kind)

    def conclude(self) -> None:
        """Tell the gaps of this file."""
        for problem in self._problems:
            self._missing(str(problem.place), _reason(problem), problem.advice or ADVICE, [_kind_of(problem)])
        if self._called and not self.useful and not self._problems:
            reason = "it holds nothing of what it is called"
            self._gap(self.file, reason, f"{EMPTY}; else call it something else", kind_names(self._called))
        if self._untold:
            reason = f"{self._untold.total()} more documents or items cannot be used"
            self._missing(self.file, reason, ADVICE, self._untold)
        if self._no_manifests:
            self._evidence.note(f"{self.file}: {self._no_manifests} documents without apiVersion and kind passed over")
        if self._defaulted.count:
            reason = "objects name no namespace and were read as being in `default`, as kubectl would"
            advice = "write metadata.namespace into them, such as with a template that uses .Release.Namespace"
            kinds = kind_names(self._defaulted.kinds)
            self._gap(self.file, f"{self._defaulted.count} {reason}: {self._defaulted}", advice, kinds)
        self._evidence.replaced(self._cluster.name, self.file, self._replaced)

    def _missing(self, what: str, reason: str, advice: str, kinds: Iterable[Kind | None]) -> None:
        """Tell what may be missing of these kinds; None may be of any, unless the file is called like all it holds."""
        called = {*self._called} if self._kinds.issubset(self._called) else set()
        each = [{kind} if kind else called for kind in kinds]
        named: set[Kind] = set().union(*each) if all(each) else set()
        self._gap(what, reason, advice, kind_names(named))
        self._cluster.partial |= named or self._kinds

    def _gap(self, what: str, reason: str, advice: str, kinds: tuple[str, ...]) -> None:
        self._evidence.gaps.append(Gap(self._cluster.name, what, reason, advice, kinds))

    def refused(self) -> BadInput:
        """Make the error for a file of which nothing can be used."""
        if self._problems:
            first = self._problems[0]
            return BadInput("manifest", str(first.place), _reason(first), first.advice or ADVICE)
        advice = "name a file with manifests of Kubernetes RBAC, Rancher or Harvester"
        return BadInput("file", self.file, "it holds nothing that an audit reads", advice)


def _kind_of(problem: Problem) -> Kind | None:
    return None if problem.rest_lost else problem.kind


def _reason(problem: Problem) -> str:
    return f"{problem.text}; what follows was not read" if problem.rest_lost else problem.text
