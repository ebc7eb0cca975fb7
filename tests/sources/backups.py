"""Rancher backups for the tests, written as the operator writes them, without its code."""

import base64
import gzip
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tests.sources.builders import Json

FILE = "nightly-0a1b2c3d-0a1b-4c3d-8e5f-0123456789ab-2026-11-23T02-15-29Z.tar.gz"
MANAGEMENT = "management.cattle.io/v3"
PLURALS = {
    "NetworkAttachmentDefinition": "network-attachment-definitions",
    "IPPool": "ippools",
}
CLUSTER_SCOPED = {
    "ClusterRole",
    "ClusterRoleBinding",
    "Feature",
    "GlobalRole",
    "GlobalRoleBinding",
    "Namespace",
    "RoleTemplate",
    "Setting",
    "Token",
    "User",
    "UserAttribute",
}
SELECTORS: list[Json] = [
    {"apiVersion": MANAGEMENT, "kindsRegexp": ".", "excludeKinds": ["tokens"]},
    {"apiVersion": MANAGEMENT, "kindsRegexp": "^tokens$", "labelSelectors": {"matchExpressions": [{"key": "x"}]}},
    {"apiVersion": "v1", "kindsRegexp": "^namespaces$", "resourceNameRegexp": "^p-"},
    {"apiVersion": "v1", "kindsRegexp": "^secrets$", "namespaceRegexp": "^cattle-"},
    {"apiVersion": "v1", "kindsRegexp": "^serviceaccounts$", "excludeResourceNameRegexp": "^default$"},
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kindsRegexp": "^roles$|^rolebindings$", "namespaces": ["local"]},
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kindsRegexp": "^clusterroles$", "resourceNames": ["x"]},
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kindsRegexp": "^clusterrolebindings$", "resourceNames": ["x"]},
]
KEYS = {"aescbc": b"a" * 32, "aesgcm": b"g" * 32, "secretbox": b"s" * 32}
Seal = Callable[[bytes, bytes], bytes]


def filters(selectors: Sequence[Json] = SELECTORS) -> Json:
    head = {"apiVersion": "resources.cattle.io/v1", "kind": "ResourceSet", "metadata": {"name": "set-of-tests"}}
    return {**head, "resourceSelectors": list(selectors)}


def path_of(raw: Json) -> tuple[str, str]:
    """The path of an entry, and the additional data of its encryption."""
    api_version, kind, metadata = str(raw["apiVersion"]), str(raw["kind"]), raw["metadata"]
    assert isinstance(metadata, dict)
    group, slash, version = api_version.partition("/")
    group, version = (group, version) if slash else ("", api_version)
    plural = PLURALS.get(kind, f"{kind.lower()}s")
    name, namespace = str(metadata["name"]), metadata.get("namespace")
    folder = f"{plural}.{group}#{version}"
    if namespace:
        return f"{folder}/{namespace}/{name}.json", f"{namespace}#{name}"
    return f"{folder}/{name}.json", name


def entries(items: Iterable[Json], seals: Mapping[str, Seal] | None = None) -> dict[str, bytes]:
    """Entries by path; `seals` encrypt by kind, `*` every kind."""
    found = {"filters/filters.json": compact(filters())}
    for raw in items:
        path, context = path_of(raw)
        seal = (seals or {}).get(str(raw["kind"])) or (seals or {}).get("*")
        plain = compact(raw)
        found[path] = json.dumps(base64.b64encode(seal(plain, context.encode())).decode()).encode() if seal else plain
    return found


def compact(raw: Json) -> bytes:
    return json.dumps(raw, separators=(",", ":"), sort_keys=True).encode()


def tarred(path: Path, content: Mapping[str, bytes], *more: tarfile.TarInfo, form: int = tarfile.USTAR_FORMAT) -> Path:
    """Write entries in the order of their paths; gzip by suffix."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        folders = sorted({name.rpartition("/")[0] for name in content} - {""})
        for folder in folders:
            info = tarfile.TarInfo(folder)
            info.type = tarfile.DIRTYPE
            archive.addfile(info)
        for name, data in sorted(content.items()):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in more:
            archive.addfile(info)
    raw = buffer.getvalue()
    path.write_bytes(raw if path.suffix == ".tar" else gzip.compress(raw, mtime=0))
    return path


def seal(provider: str, name: str = "key1", key: bytes = b"") -> Seal:
    """Encrypt as kubernetes/apiserver pkg/storage/value/encrypt does."""
    secret = key or KEYS[provider]

    def sealed(plain: bytes, context: bytes) -> bytes:
        return f"k8s:enc:{provider}:v1:{name}:".encode() + _SEALED[provider](secret, plain, context)

    return sealed


def _aescbc(key: bytes, plain: bytes, _context: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    iv, missing = os.urandom(16), 16 - len(plain) % 16
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return bytes(iv + encryptor.update(plain + bytes([missing]) * missing) + encryptor.finalize())


def _aesgcm(key: bytes, plain: bytes, context: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(12)
    return bytes(nonce + AESGCM(key).encrypt(nonce, plain, context))


def _secretbox(key: bytes, plain: bytes, _context: bytes) -> bytes:
    from nacl.secret import SecretBox

    nonce = os.urandom(24)
    return bytes(nonce + SecretBox(key).encrypt(plain, nonce).ciphertext)


_SEALED = {"aescbc": _aescbc, "aesgcm": _aesgcm, "secretbox": _secretbox}


def key_file(path: Path, **changes: bytes) -> Path:
    """An EncryptionConfiguration with a key of each provider, or with other ones."""
    rules = [
        {
            "resources": ["*.*"],
            "providers": [
                {provider: {"keys": [{"name": "key1", "secret": base64.b64encode(key).decode()}]}},
                {"identity": {}},
            ],
        }
        for provider, key in {**KEYS, **changes}.items()
    ]
    head = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration"}
    path.write_text(json.dumps({**head, "resources": rules}))
    return path
