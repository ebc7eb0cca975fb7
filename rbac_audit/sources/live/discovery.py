"""What a server serves: a kind that it does not know is not installed, and not a gap."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from rbac_audit.snapshot.objects import Kind
from rbac_audit.sources.live.connection import Connection, Failed
from rbac_audit.sources.live.kinds import BUILT_IN
from rbac_audit.sources.live.limits import Limits, Patience
from rbac_audit.sources.live.lists import Refused, read

T = TypeVar("T")


class _Version(msgspec.Struct, frozen=True):
    version: str


class _Group(msgspec.Struct, frozen=True):
    name: str
    versions: list[_Version]


class _Groups(msgspec.Struct, frozen=True):
    groups: list[_Group]


class _Resource(msgspec.Struct, frozen=True):
    name: str


class _Resources(msgspec.Struct, frozen=True):
    resources: list[_Resource]


class Served:
    """The versions in which each kind is served; None where the server does not say."""

    def __init__(self, groups: Mapping[str, Mapping[str, frozenset[str]] | None] | None) -> None:
        """Take the plurals by group and version; None for a group, or for all, that cannot be known."""
        self._groups = groups

    def versions(self, kind: Kind) -> frozenset[str] | None:
        """Name the versions of a kind; none means that it is not installed."""
        if kind.group in BUILT_IN or self._groups is None:
            return None
        versions = self._groups.get(kind.group, {})
        if versions is None:
            return None
        return frozenset(version for version, plurals in versions.items() if kind.plural in plurals)


def discover(connection: Connection, kinds: Iterable[Kind], limits: Limits) -> Served:
    """Ask what is served of the groups of these kinds; raises Failed when the server gives no answer at all."""
    wanted = {kind.group for kind in kinds} - BUILT_IN
    try:
        present = _read(connection, "/apis", limits, _Groups)
    except Refused:
        return Served(None)
    return Served({group.name: _plurals(connection, group, limits) for group in present.groups if group.name in wanted})


def _plurals(connection: Connection, group: _Group, limits: Limits) -> Mapping[str, frozenset[str]] | None:
    found: dict[str, frozenset[str]] = {}
    for each in group.versions:
        try:
            listed = _read(connection, f"/apis/{group.name}/{each.version}", limits, _Resources)
        except Refused:
            return None
        except Failed as failed:
            if failed.whole:
                raise
            return None
        found[each.version] = frozenset(item.name for item in listed.resources)
    return found


def _read(connection: Connection, path: str, limits: Limits, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(read(connection, path, Patience(limits), {}), type=shape)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        advice = "check that the context names a Kubernetes API"
        raise Failed("it does not say which API groups it serves", advice) from None
