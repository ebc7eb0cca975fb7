"""The snapshot: what was read of every cluster, and the gaps where nothing could be read."""

import itertools
import operator
from collections.abc import Iterable, Mapping, Set
from types import MappingProxyType
from typing import TypeVar

import msgspec

from rbac_audit.snapshot.objects import KubernetesObject, qualified

T = TypeVar("T", bound=KubernetesObject)


class Gap(msgspec.Struct, frozen=True, order=True, rename="camel", omit_defaults=False):
    """Something that could not be read, and so must never count as clean.

    `kinds` are names as in ObjectRef.kind, qualified `Kind.group` for groups; empty `kinds` and `namespaces` mean:
    unknown.
    """

    cluster: str
    what: str
    reason: str
    advice: str
    kinds: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()

    def may_hide(self, kind: type[KubernetesObject], cluster: str, namespaces: Set[str] | None = None) -> bool:
        """Tell whether an object of a type may be missing from a cluster, in some namespaces (None: in any) of it.

        A gap that names no cluster, kinds or namespaces may be in any.
        """
        name = qualified(kind.kind, kind.group)
        elsewhere = namespaces is not None and bool(self.namespaces) and namespaces.isdisjoint(self.namespaces)
        return self.cluster in {"", cluster} and (not self.kinds or name in self.kinds) and not elsewhere


class Cluster:
    """Every object of one cluster by type, in the order of their keys.

    `collected` names the types that were read, which may have no object at all; a type outside it is unknown.
    Of the types in `partial` only some objects were read, such as those that a backup selects by name. `rancher_id` is
    the name that Rancher has for the cluster (`c-m-…`), where it was read through Rancher.
    """

    def __init__(  # noqa: PLR0913  # everything but the objects is optional
        self,
        name: str,
        objects: Iterable[KubernetesObject] = (),
        *,
        collected: Iterable[type[KubernetesObject]] = (),
        origins: Iterable[str] = (),
        unread_namespaces: Iterable[str] = (),
        partial: Iterable[type[KubernetesObject]] = (),
        rancher_id: str = "",
    ) -> None:
        """Group and sort the objects; raises ValueError when two have the same key."""
        self.name = name
        self.rancher_id = rancher_id
        self.origins = tuple(sorted(set(origins)))
        self.unread_namespaces = frozenset(unread_namespaces)
        self.partial = frozenset(partial)
        groups: dict[type[KubernetesObject], list[KubernetesObject]] = {}
        for item in objects:
            groups.setdefault(type(item), []).append(item)
        for members in groups.values():
            keys = list(map(_order, members))
            # The API server lists in this order, so that most often nothing has to be moved.
            if not all(map(operator.lt, keys, itertools.islice(keys, 1, None))):
                members.sort(key=_order)
                for one, other in itertools.pairwise(members):
                    if _order(one) == _order(other):
                        raise ValueError(f"two objects with the key {one.key}")
        self._objects = MappingProxyType({kind: tuple(members) for kind, members in groups.items()})
        self.collected = frozenset(collected) | frozenset(groups)

    def of(self, kind: type[T]) -> tuple[T, ...]:
        """List the objects of one type, sorted by namespace and name."""
        return self._objects.get(kind, ())  # type: ignore[return-value]  # keyed by the type of its members

    def has(self, *kinds: type[KubernetesObject]) -> bool:
        """Tell whether all of these types were read."""
        return self.collected.issuperset(kinds)

    def whole(self, kind: type[KubernetesObject]) -> bool:
        """Tell whether an object of this type that was not read does not exist, as far as its namespace was read."""
        return kind in self.collected and kind not in self.partial

    @property
    def objects(self) -> Mapping[type[KubernetesObject], tuple[KubernetesObject, ...]]:
        """Every type that has objects, with them."""
        return self._objects

    def __len__(self) -> int:
        """Count the objects."""
        return sum(map(len, self._objects.values()))


_order = operator.attrgetter("metadata.namespace", "metadata.name")


class Snapshot:
    """An estate: several clusters, the gaps, and how many objects of unknown kinds were passed over."""

    def __init__(
        self,
        clusters: Iterable[Cluster],
        gaps: Iterable[Gap] = (),
        unknown_kinds: Mapping[str, int] = MappingProxyType({}),
        notes: Iterable[str] = (),
    ) -> None:
        """Sort by cluster name; raises ValueError when two clusters have the same name."""
        self.clusters = tuple(sorted(clusters, key=lambda cluster: cluster.name))
        names = [cluster.name for cluster in self.clusters]
        if len(set(names)) != len(names):
            raise ValueError(f"two clusters with the same name among {names}")
        self.gaps = tuple(sorted(set(gaps)))
        self.unknown_kinds = MappingProxyType(dict(sorted(unknown_kinds.items())))
        self.notes = tuple(notes)

    def cluster(self, name: str) -> Cluster:
        """Find a cluster by name; raises KeyError."""
        return {cluster.name: cluster for cluster in self.clusters}[name]
