"""What a server serves: a kind that it does not know is not installed, and not a gap."""

from collections.abc import Iterable

import msgspec

from rbac_audit.snapshot.decode import decode_json
from rbac_audit.snapshot.objects import APIGroupDiscovery, Kind
from rbac_audit.sources.live.connection import Connection, Failed
from rbac_audit.sources.live.kinds import BUILT_IN, manifest
from rbac_audit.sources.live.limits import Limits, Patience
from rbac_audit.sources.live.lists import read

# Aggregated discovery: two requests for everything, and no wait for an API behind it that is down
# (k8s.io/apiserver pkg/endpoints/discovery/aggregated). v2 since Kubernetes 1.30.
ACCEPT = ",".join(
    f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")
)


class _Groups(msgspec.Struct, frozen=True):
    kind: str
    items: tuple[msgspec.Raw, ...] = ()


class Served:
    """The groups that a server has; None where it does not say."""

    def __init__(self, groups: Iterable[APIGroupDiscovery] | None) -> None:
        """Take what discovery said."""
        self._groups = None if groups is None else {group.name: group for group in groups}

    def versions(self, kind: Kind) -> frozenset[str] | None:
        """Name the versions in which a kind is served; none means that it is not installed, None that nobody knows."""
        if kind.group in BUILT_IN or kind is APIGroupDiscovery or self._groups is None:
            return None
        group = self._groups.get(kind.group)
        found = group.versions if group else ()
        if any(version.freshness == "Stale" for version in found):
            return None
        return frozenset(
            version.version for version in found for each in version.resources if each.resource == kind.plural
        )


def discover(connection: Connection, limits: Limits) -> tuple[APIGroupDiscovery, ...]:
    """Ask what is served; raises Refused, and Failed where the answer is no aggregated discovery."""
    return tuple(group for path in ("/api", "/apis") for group in _read(connection, path, limits))


def _read(connection: Connection, path: str, limits: Limits) -> Iterable[APIGroupDiscovery]:
    try:
        found = msgspec.json.decode(read(connection, path, Patience(limits), {}, ACCEPT), type=_Groups)
        if found.kind == "APIGroupDiscoveryList":
            kind = APIGroupDiscovery
            decoded = [decode_json(manifest(kind, item), kind.group, kind.kind) for item in found.items]
            return [group for group in decoded if isinstance(group, APIGroupDiscovery)]
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass
    raise Failed("it does not say what it serves", "check that the context names a Kubernetes API")
