"""Undoes what the collector of support bundles does to empty values.

rancher/support-bundle-kit pkg/manager/collectors/common.go, toObjCommon, works on the JSON text: `"field":null,`
becomes `"field":"null",` and every `""` becomes `"null"`, also the one that ends a text with an escaped quote.

What cannot be told apart any more: a namespace of a subject, a label value, a resource name or another text that
really was `null` reads as empty, and a text that really ended in `"null` loses that word.
"""

from rbac_audit.snapshot.reshape import Raw

_EMPTY = "null"
# Never empty in the API, so `null` is what they are called.
_NAMES = frozenset(("name", "kind", "apiVersion"))
# Maps of texts, where an empty value is not the same as no value.
_TEXT_MAPS = frozenset(("labels", "annotations", "matchLabels", "data", "stringData"))


def restore(raw: Raw) -> Raw:
    """Return the manifest as it was: empty texts in lists and maps of texts, absent fields elsewhere."""
    return _mapping(raw, "")


def _restored(value: object, field: str) -> object:
    if isinstance(value, dict):
        return _mapping(value, field)
    if isinstance(value, list):
        return ["" if item == _EMPTY else _restored(item, "") for item in value]
    if isinstance(value, str) and value.endswith('"null'):
        return value.removesuffix(_EMPTY)
    return value


def _mapping(value: Raw, field: str) -> Raw:
    texts = field in _TEXT_MAPS
    fields: Raw = {}
    for key, item in value.items():
        if item != _EMPTY or (key in _NAMES and not texts):
            fields[key] = _restored(item, key)
        elif texts:
            fields[key] = ""
    return fields
