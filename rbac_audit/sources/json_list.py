"""A JSON List of moderate size, decoded at once: what kubectl writes, at several times the speed of item by item.

Anything unusual in it (a bad item, another encoding, more than one document) is left to `json_reader`, which reads it
again from the start and says where and what.
"""

from collections import Counter

import msgspec

from rbac_audit.snapshot.decode import decode_json, head_of
from rbac_audit.snapshot.objects import KubernetesObject
from rbac_audit.sources import limits


class _Listed(msgspec.Struct, frozen=True):
    items: list[msgspec.Raw]


class Decoded(msgspec.Struct, frozen=True):
    """The objects of a List, and how many items are of kinds that no snapshot keeps, by (apiVersion, kind)."""

    objects: list[KubernetesObject]
    unknown: Counter[tuple[str, str]]


def decode_list(text: bytes) -> Decoded | None:
    """Decode a whole List; None for what is no List or not beyond doubt."""
    try:
        # Fields that are dropped would never be decoded, and another encoding in them would go unseen.
        text.decode()
        items = msgspec.json.decode(text, type=_Listed).items
        if not items or any(memoryview(item).nbytes > limits.ITEM_BYTES for item in items):
            return None
        return _decode(items)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _decode(items: list[msgspec.Raw]) -> Decoded:
    objects: list[KubernetesObject] = []
    unknown: Counter[tuple[str, str]] = Counter()
    for item in items:
        api_version, kind = head_of(item)
        decoded = decode_json(item, api_version.rpartition("/")[0], kind)
        if decoded is None:
            unknown[api_version, kind] += 1
        else:
            objects.append(decoded)
    return Decoded(objects, unknown)
