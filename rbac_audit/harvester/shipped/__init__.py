"""What Harvester and its parts ship, as data: one JSON file a component, which names what it was read from.

`versions` of a variant are versions of the component or ranges of them, `first..last` in the order of the component's
own list. `releases.json` says which component versions a Harvester release is made of.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

import msgspec

from rbac_audit.snapshot.objects import LabelSelector, PolicyRule, RoleRef, Subject


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """What some versions of one component ship under one name."""

    component: str = ""
    versions: tuple[str, ...]
    namespace: str = ""
    labels: Mapping[str, str] = {}
    aggregation_selectors: tuple[LabelSelector, ...] = ()
    rules: tuple[PolicyRule, ...] = ()
    role_ref: RoleRef | None = msgspec.field(name="roleRef", default=None)
    subjects: tuple[Subject, ...] = ()

    def selects(self, role: "Variant") -> bool:
        """Tell whether an aggregated role takes in what another one has; shipped selectors name only labels."""
        return any(item.match_labels.items() <= role.labels.items() for item in self.aggregation_selectors)


def nearest_version(asked: str, known: Iterable[str]) -> str:
    """Choose the version itself, else the nearest patch of the same minor, the newer of two; "" where none is near."""
    versions = tuple(known)
    plain = asked.removeprefix("v")
    if plain in versions:
        return plain
    major, minor, patch = _numbers(asked)
    near = [version for version in versions if _numbers(version)[:2] == (major, minor)]
    return min(reversed(near), key=lambda version: abs(_numbers(version)[2] - patch), default="")


def _numbers(version: str) -> tuple[int, int, int]:
    found = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", version)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else (-1, -1, -1)


class _Object(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    namespace: str = ""
    name: str
    variants: tuple[Variant, ...]


class Component(msgspec.Struct, frozen=True):
    """One file of shipped content; `versions` is in order."""

    component: str
    source: str
    versions: tuple[str, ...]
    objects: tuple[_Object, ...]

    def variants(self) -> Iterable[tuple[tuple[str, str, str], Variant]]:
        """Name every variant by (kind, namespace, name), with its ranges of versions written out."""
        for item in self.objects:
            for variant in item.variants:
                versions = tuple(version for text in variant.versions for version in self._expand(text))
                known = msgspec.structs.replace(
                    variant, component=self.component, versions=versions, namespace=item.namespace
                )
                yield (item.kind, item.namespace, item.name), known

    def _expand(self, text: str) -> tuple[str, ...]:
        first, _, last = text.partition("..")
        return self.versions[self.versions.index(first) : self.versions.index(last or first) + 1]


class _Release(msgspec.Struct, frozen=True):
    release: str
    components: Mapping[str, str]


class _Releases(msgspec.Struct, frozen=True):
    releases: tuple[_Release, ...]


class ReleaseParts(msgspec.Struct, frozen=True):
    """The component versions of a Harvester release; `known` is the release they are of, "" where none is near."""

    asked: str
    known: str
    components: Mapping[str, str]

    @property
    def exact(self) -> bool:
        """Tell whether the release asked for is itself known."""
        return self.asked.removeprefix("v") == self.known


class Shipped(msgspec.Struct, frozen=True):
    """All files: the components by name, and component versions by Harvester release, oldest first."""

    components: tuple[Component, ...]
    releases: Mapping[str, Mapping[str, str]]


@cache
def read_shipped() -> Shipped:
    """Read the content that is part of this package, once: the only input of this part of the core."""
    texts = {item.name: item.read_bytes() for item in files(__name__).iterdir() if item.name.endswith(".json")}
    releases = msgspec.json.decode(texts.pop("releases.json"), type=_Releases).releases
    texts.pop("role-templates.json")
    components = tuple(msgspec.json.decode(texts[name], type=Component) for name in sorted(texts))
    return Shipped(components, {item.release: item.components for item in releases})
