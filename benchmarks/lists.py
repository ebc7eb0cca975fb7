"""The files of a generated estate: one List of each kind and cluster, written as kubectl prints it."""

import random
from collections import Counter
from pathlib import Path
from typing import Any, BinaryIO  # manifests are untyped JSON

import msgspec

from rbac_audit.snapshot.objects import kind_of

Raw = dict[str, Any]
RBAC = "rbac.authorization.k8s.io"


class Estate:
    """The open files of one estate, one List a kind and cluster, written as kubectl prints it."""

    def __init__(self, folder: Path, seed: int) -> None:
        """Start with nothing; `counts` says afterwards what was written."""
        self.counts: Counter[tuple[str, str]] = Counter()
        self.random = random.Random(seed)
        self._folder = folder
        self._files: dict[tuple[str, str], BinaryIO] = {}

    def write(self, cluster: str, *items: Raw) -> None:
        """Append objects to the Lists of their kinds."""
        for item in items:
            key = (cluster, _file_name(item))
            file = self._files.get(key) or self._open(key)
            text = msgspec.json.format(msgspec.json.encode(item), indent=4)
            file.write((b",\n" if self.counts[key] else b"\n") + text)
            self.counts[key] += 1

    def close(self) -> None:
        """End every List."""
        for file in self._files.values():
            file.write(b'\n    ],\n    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n')
            file.close()

    def object(self, api: str, kind: str, name: str, namespace: str = "", **rest: Any) -> Raw:  # noqa: ANN401
        """Make an object with what the API server adds; `labels`, `annotations`, `ownerReferences` go to metadata."""
        bits = f"{self.random.getrandbits(128):032x}"
        metadata: Raw = {"creationTimestamp": "2026-08-20T06:00:00Z", "name": name, "resourceVersion": bits[:8]}
        metadata["uid"] = "-".join((bits[:8], bits[8:12], bits[12:16], bits[16:20], bits[20:]))
        if namespace:
            metadata["namespace"] = namespace
        for field in ("labels", "annotations", "ownerReferences"):
            if field in rest:
                metadata[field] = rest.pop(field)
        return {"apiVersion": api, "kind": kind, "metadata": metadata} | rest

    def binding(self, name: str, namespace: str, role: Raw, *subjects: Raw, **rest: Any) -> Raw:  # noqa: ANN401
        """Make a RoleBinding, or a ClusterRoleBinding where there is no namespace."""
        kind = "RoleBinding" if namespace else "ClusterRoleBinding"
        return self.object(f"{RBAC}/v1", kind, name, namespace, roleRef=role, subjects=list(subjects), **rest)

    def _open(self, key: tuple[str, str]) -> BinaryIO:
        path = self._folder / key[0] / key[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        file = self._files[key] = path.open("wb")
        file.write(b'{\n    "apiVersion": "v1",\n    "items": [')
        return file


def _file_name(item: Raw) -> str:
    group = item["apiVersion"].rpartition("/")[0]
    kind = kind_of(group, item["kind"])
    assert kind is not None
    return f"{kind.plural}.{group}.json" if group else f"{kind.plural}.json"
