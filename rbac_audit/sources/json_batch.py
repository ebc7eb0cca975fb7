"""Many items of a JSON List decoded at once, straight into their types: several times as fast as one by one.

Anything unusual (a bad item, a List or a Status among the items, a free-form field) leaves them to the reader, which
takes one by one and says what is wrong.
"""

from collections import Counter

import msgspec

from rbac_audit.snapshot.decode import HEADS, decode_json, decode_json_list, head_of
from rbac_audit.snapshot.objects import KubernetesObject, Project
from rbac_audit.sources.documents import API_VERSION, KIND, Batch
from rbac_audit.sources.heads import is_plain


def decode_items(text: str) -> Batch | None:
    """Decode items and the commas between them; None unless every one is a good manifest."""
    listed = f"[{text}]"
    try:
        heads = {(head.api_version, head.kind) for head in HEADS.decode(listed)}
        alike = _alike(listed, *heads.pop()) if len(heads) == 1 else None
        return alike or _each(msgspec.json.decode(listed, type=list[msgspec.Raw]))
    except (msgspec.DecodeError, RecursionError):
        return None


def _alike(listed: str, api_version: str, kind: str) -> Batch | None:
    """Decode items of one kind, as kubectl lists them, in one go; None where they need to be looked at one by one."""
    objects = decode_json_list(listed, api_version.rpartition("/")[0], kind)
    return None if objects is None or any(map(_is_free_form, objects)) else Batch(objects, Counter())


def _is_free_form(item: KubernetesObject) -> bool:
    """Tell whether an object has the only free-form field: how deep that is, the other way counts."""
    return isinstance(item, Project) and bool(item.spec.resource_quota)


def _each(items: list[msgspec.Raw]) -> Batch | None:
    objects: list[KubernetesObject] = []
    unknown: Counter[tuple[str, str]] = Counter()
    for item in items:
        api_version, kind = head_of(item)
        decoded = decode_json(item, api_version.rpartition("/")[0], kind)
        if decoded is None:
            if not is_plain(api_version, kind):
                return None
            unknown[api_version, kind] += 1
        elif _is_free_form(decoded):
            return None
        else:
            objects.append(decoded)
    if not all(API_VERSION.fullmatch(api_version) and KIND.fullmatch(kind) for api_version, kind in unknown):
        return None
    return Batch(objects, unknown)
