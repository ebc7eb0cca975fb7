"""Where the server keeps objects of a kind: aggregated discovery, read once and again when a kind is new."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from tests.controlplane.connections import Object

ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
# A new kind is served a moment before discovery tells of it.
PATIENCE = 10.0


@dataclass(frozen=True)
class Resource:
    """A kind and the path of its objects."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str]

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Return the path of the collection, or of one object; without a namespace, of all namespaces."""
        root = "/apis/" if "/" in self.api_version else "/api/"
        middle = f"/namespaces/{quote(namespace)}" if namespace and self.namespaced else ""
        end = f"/{quote(name)}" if name else ""
        return f"{root}{self.api_version}{middle}/{self.plural}{end}"


class Discovery:
    """Finds resources by apiVersion and kind."""

    def __init__(self, read: Callable[[str, str], Object]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], Resource] = {}

    def find(self, api_version: str, kind: str) -> Resource:
        """Return the resource; raises LookupError when the server does not serve the kind."""
        deadline = time.monotonic() + PATIENCE
        while (found := self._known.get((api_version, kind))) is None:
            if self._known and time.monotonic() > deadline:
                raise LookupError(f"the server knows no {kind} of {api_version}")
            time.sleep(0.05 if self._known else 0)
            self.refresh()
        return found

    def refresh(self) -> list[Resource]:
        """Read all resources of all served versions."""
        with self._lock:
            groups = [item for path in ("/api", "/apis") for item in self._read(path, ACCEPT)["items"]]
            found = [resource for group in groups for resource in _resources(group)]
            self._known = {(each.api_version, each.kind): each for each in found}
        return found


def _resources(group: Object) -> list[Resource]:
    name = group["metadata"].get("name")
    return [
        Resource(
            f"{name}/{version['version']}" if name else version["version"],
            each["responseKind"]["kind"],
            each["resource"],
            each["scope"] == "Namespaced",
            frozenset(each["verbs"]),
        )
        for version in group["versions"]
        for each in version.get("resources", [])
        if "list" in each["verbs"] or "create" in each["verbs"]
    ]
