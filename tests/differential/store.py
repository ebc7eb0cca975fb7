"""The etcd behind the API server: empties it of RBAC at once, and stores what validation would refuse.

Objects that an older release accepted, or that somebody wrote into etcd, are decided over like any other.
"""

import base64
import http.client
import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any  # JSON is untyped

from tests.access.manifests import Manifest

PLURALS = {
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
    "Role": "roles",
    "RoleBinding": "rolebindings",
}


class Store:
    """An etcd that listens on a socket in the folder of its control plane."""

    def __init__(self, directory: Path) -> None:
        self._connection = _Connection(directory / "clients:0")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def empty(self, first: Sequence[Manifest]) -> None:
        """Delete all roles and bindings at once; those that are named come first, in this order."""
        ranges = [f"/registry/{plural}/" for plural in PLURALS.values()]
        self._commit([{"requestDeleteRange": {"key": _text(_key(one))}} for one in first])
        self._commit([{"requestDeleteRange": {"key": _text(one), "range_end": _text(_after(one))}} for one in ranges])

    def put(self, objects: Sequence[Manifest]) -> None:
        """Write objects in one transaction, without a word from the API server."""
        self._commit([{"requestPut": {"key": _text(_key(one)), "value": _text(_stored(one))}} for one in objects])

    def _commit(self, operations: Sequence[Manifest]) -> None:
        answer = self._post("/v3/kv/txn", {"success": list(operations)})
        if not answer.get("succeeded"):
            raise RuntimeError(f"etcd: {answer}")

    def _post(self, path: str, body: Manifest) -> dict[str, Any]:
        self._connection.request("POST", path, json.dumps(body))
        answer: dict[str, Any] = json.loads(self._connection.getresponse().read())
        return answer


class _Connection(http.client.HTTPConnection):
    """HTTP through a socket that is a file."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


def _key(item: Manifest) -> str:
    metadata = item["metadata"]
    parts = ("registry", PLURALS[item["kind"]], metadata.get("namespace", ""), metadata["name"])
    return "/" + "/".join(filter(None, parts))


def _stored(item: Manifest) -> str:
    uid = base64.b32encode(_key(item).encode()).decode()
    return json.dumps({**item, "metadata": {**item["metadata"], "uid": uid}})


def _after(prefix: str) -> str:
    """The first key behind those with a prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _text(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
