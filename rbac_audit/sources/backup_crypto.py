"""Encrypted entries of a Rancher backup, opened with the keys of an EncryptionConfiguration.

Form: kubernetes/apiserver pkg/server/options/encryptionconfig/config.go (prefixes, keys) and
pkg/storage/value/encrypt/{aes,secretbox}; backup-restore-operator pkg/resourcesets/collector.go (additional data).
"""

import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from rbac_audit.errors import BadInput, WrongUse
from rbac_audit.snapshot.reshape import Raw
from rbac_audit.sources.documents import Document, Problem, Unusable
from rbac_audit.sources.manifests import read_parts
from rbac_audit.sources.streams import Peekable, open_regular, shown

_PREFIX = re.compile(rb"k8s:enc:([a-z0-9]{1,20}):v[0-9]:([^:]{1,253}):")
_SIZES = {"aescbc": (16, 24, 32), "aesgcm": (16, 24, 32), "secretbox": (32,)}
PROVIDERS = frozenset(_SIZES)
_CONFIGURATION = "give the EncryptionConfiguration that the backup was made with"
_IV, _NONCE_GCM, _NONCE_BOX, _BLOCK_BITS = 16, 12, 24, 128


class Sealed(msgspec.Struct, frozen=True):
    """An encrypted entry: by what, with which key, and the rest."""

    provider: str
    key: str
    data: bytes


class WrongKey(Exception):
    """A key of the right name does not fit."""


def parse_sealed(data: bytes) -> Sealed | bytes:
    """Take an entry that is a JSON string apart; bytes where `identity` left it plain. Raises ValueError."""
    raw = b64decode(msgspec.json.decode(data, type=str), validate=True)
    found = _PREFIX.match(raw)
    if found is None:
        if raw[:1] == b"{":
            return raw
        raise ValueError("no prefix of a provider")
    provider, key = (part.decode(errors="replace") for part in found.groups())
    return Sealed(provider, key, raw[found.end() :])


class Keys:
    """The keys that were given, by provider and name; several files may each have one of the same name."""

    def __init__(self, files: Sequence[Path] = ()) -> None:
        """Read EncryptionConfigurations; BadInput for a file that is none."""
        self.files = ", ".join(shown(str(file)) for file in files)
        self._keys: dict[tuple[str, str], list[bytes]] = {}
        for file in files:
            self._read(file)

    def _read(self, file: Path) -> None:
        label = shown(str(file))
        before = sum(map(len, self._keys.values()))
        try:
            with open_regular(file) as stream:
                for part in read_parts(Peekable(stream), label):
                    self._part(part, label)
        except Unusable as trouble:
            raise BadInput("key file", label, f"it {trouble.problem}", trouble.advice) from None
        if sum(map(len, self._keys.values())) == before:
            raise BadInput("key file", label, "it has no key of aescbc, aesgcm or secretbox", _CONFIGURATION)

    def _part(self, part: object, label: str) -> None:
        if isinstance(part, Problem):
            raise BadInput("key file", str(part.place), part.text, _CONFIGURATION)
        if not isinstance(part, Document) or part.raw.get("kind") != "EncryptionConfiguration":
            raise BadInput("key file", label, "it is no EncryptionConfiguration", _CONFIGURATION)
        for provider, name, secret in _entries(part.raw):
            self._keys.setdefault((provider, name), []).append(_secret(provider, name, secret, label))

    def open(self, sealed: Sealed, context: bytes) -> bytes | None:
        """Decrypt; None when no key of this name was given. Raises WrongKey, WrongUse."""
        keys = self._keys.get((sealed.provider, sealed.key), ())
        for key in keys:
            try:
                return _OPENERS[sealed.provider](key, sealed.data, context)
            except WrongKey:
                continue
        if keys:
            raise WrongKey
        return None


def _entries(raw: Raw) -> Iterator[tuple[str, str, object]]:
    """Walk resources[].providers[].<provider>.keys[]."""
    for rule in _dicts(raw.get("resources")):
        for entry in _dicts(rule.get("providers")):
            for provider, settings in entry.items():
                if provider in _SIZES and isinstance(settings, dict):
                    for key in _dicts(settings.get("keys")):
                        yield provider, str(key.get("name")), key.get("secret")


def _dicts(value: object) -> list[Raw]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _secret(provider: str, name: str, text: object, label: str) -> bytes:
    """Decode one key; what is wrong with it is said without it."""
    try:
        key = b64decode(text if isinstance(text, str) else "", validate=True)
    except ValueError:
        key = b""
    if len(key) not in _SIZES[provider]:
        sizes = " or ".join(map(str, _SIZES[provider]))
        problem = f"the secret of {provider} key {name} is not base64 of {sizes} bytes"
        raise BadInput("key file", label, problem, _CONFIGURATION)
    return key


def _lacking(package: str) -> WrongUse:
    problem = f"encrypted entries need the package {package}, which is not installed"
    return WrongUse("option", "--backup-key", problem, "install rbac-audit with its extra: rbac-audit[backup]")


def _aescbc(key: bytes, data: bytes, _context: bytes) -> bytes:
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        from cryptography.hazmat.primitives.padding import PKCS7
    except ImportError:
        raise _lacking("cryptography") from None
    try:
        decryptor = Cipher(algorithms.AES(key), modes.CBC(data[:_IV])).decryptor()
        padded = decryptor.update(data[_IV:]) + decryptor.finalize()
        unpadder = PKCS7(_BLOCK_BITS).unpadder()
        plain = bytes(unpadder.update(padded) + unpadder.finalize())
    except ValueError:
        raise WrongKey from None
    # Nothing authenticates this provider: a wrong key may leave a padding that looks right.
    if plain[:1] != b"{":
        raise WrongKey
    return plain


def _aesgcm(key: bytes, data: bytes, context: bytes) -> bytes:
    try:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise _lacking("cryptography") from None
    try:
        return bytes(AESGCM(key).decrypt(data[:_NONCE_GCM], data[_NONCE_GCM:], context))
    except (InvalidTag, ValueError):
        raise WrongKey from None


def _secretbox(key: bytes, data: bytes, _context: bytes) -> bytes:
    try:
        from nacl.exceptions import CryptoError
        from nacl.secret import SecretBox
    except ImportError:
        raise _lacking("pynacl") from None
    try:
        return bytes(SecretBox(key).decrypt(data[_NONCE_BOX:], data[:_NONCE_BOX]))
    except (CryptoError, ValueError):
        raise WrongKey from None


_OPENERS: dict[str, Callable[[bytes, bytes, bytes], bytes]] = {
    "aescbc": _aescbc,
    "aesgcm": _aesgcm,
    "secretbox": _secretbox,
}
