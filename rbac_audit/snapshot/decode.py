"""One raw manifest into one typed object: secrets are dropped here, before anything else sees them."""

from types import GenericAlias
from typing import Any  # a manifest is untyped JSON until `decode` has converted it

import msgspec

from rbac_audit.snapshot import references, reshape
from rbac_audit.snapshot.objects import KINDS, KubernetesObject, kind_of
from rbac_audit.snapshot.reshape import Raw

_RESHAPE = reshape.RESHAPE | references.RESHAPE

# Annotations are free text in which people and tools leave credentials (last-applied-configuration holds whole
# Secrets), so only those are kept that say whose an object is; their values are names.
_KEPT_ANNOTATIONS = frozenset(
    {
        "argocd.argoproj.io/installation-id",
        "argocd.argoproj.io/tracking-id",
        "authz.cluster.auth.io/project-namespaces",
        "field.cattle.io/creatorId",
        "field.cattle.io/projectId",
        "fleet.cattle.io/bundle-id",
        "kubernetes.io/service-account.name",
        "management.cattle.io/aggregates",
        "meta.helm.sh/release-name",
        "meta.helm.sh/release-namespace",
        "objectset.rio.cattle.io/id",
        "objectset.rio.cattle.io/owner-gvk",
        "objectset.rio.cattle.io/owner-name",
        "objectset.rio.cattle.io/owner-namespace",
    }
)
# What Rancher itself writes there: names, and `true` for each controller that has seen the object.
_KEPT_PREFIXES = ("authz.cluster.cattle.io/", "authz.management.cattle.io/", "lifecycle.cattle.io/")


def is_kept(annotation: str) -> bool:
    """Tell whether a snapshot keeps an annotation of this name."""
    return annotation in _KEPT_ANNOTATIONS or annotation.startswith(_KEPT_PREFIXES)


def decode(raw: Raw) -> KubernetesObject | None:
    """Decode one manifest; None for a kind that the snapshot does not keep.

    Null fields count as absent, as the API server treats them. Raises msgspec.ValidationError, whose text has the
    path of the wrong field; a manifest without apiVersion or kind is one too.
    """
    api_version, kind_name = raw.get("apiVersion"), raw.get("kind")
    if not isinstance(api_version, str) or not isinstance(kind_name, str):
        raise msgspec.ValidationError("apiVersion and kind must be texts")
    group = api_version.rpartition("/")[0]
    kind = kind_of(group, kind_name)
    if kind is None:
        return None
    reshaped = _without_noise(_RESHAPE.get((group, kind_name), _same)(raw))
    try:
        return msgspec.convert(reshaped, kind)
    except msgspec.ValidationError:
        return msgspec.convert(_without_nulls(reshaped), kind)


class _Head(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str
    kind: str


def head_of(text: bytes | msgspec.Raw) -> tuple[str, str]:
    """Read apiVersion and kind of one JSON manifest; raises msgspec.ValidationError where they are no texts."""
    head = _HEAD.decode(text)
    return head.api_version, head.kind


def decode_json(text: bytes | msgspec.Raw, group: str, kind_name: str) -> KubernetesObject | None:
    """Decode one JSON manifest of a stated group and kind as `decode` does, without a detour over dicts.

    Raises msgspec.DecodeError, of which ValidationError is one.
    """
    decoder = _DIRECT.get((group, kind_name))
    if decoder is None:
        return decode(_ANY.decode(text))
    try:
        return _quiet(decoder.decode(text))
    except msgspec.ValidationError:
        return decode(_ANY.decode(text))


def decode_json_list(text: str, group: str, kind_name: str) -> list[KubernetesObject] | None:
    """Decode a JSON array of manifests of one kind; None for a kind, and for content, that `decode` has to look at.

    Raises msgspec.DecodeError where it is no JSON.
    """
    decoder = _DIRECT_LISTS.get((group, kind_name))
    if decoder is None:
        return None
    try:
        items = decoder.decode(text)
    except msgspec.ValidationError:
        return None
    return [_quiet(item) if item.metadata.annotations else item for item in items]


def _quiet(item: KubernetesObject) -> KubernetesObject:
    """Drop the annotations that nothing reads."""
    annotations = item.metadata.annotations
    if all(map(is_kept, annotations)):
        return item
    kept = {name: value for name, value in annotations.items() if is_kept(name)}
    metadata = msgspec.structs.replace(item.metadata, annotations=kept)
    return msgspec.structs.replace(item, metadata=metadata)


def _same(raw: Raw) -> Raw:
    return raw


def _without_noise(raw: Raw) -> Raw:
    metadata = raw.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(annotations, dict) or not isinstance(metadata, dict):
        return raw
    kept = {name: value for name, value in annotations.items() if is_kept(str(name))}
    return {**raw, "metadata": {**metadata, "annotations": kept}}


def _without_nulls(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value


_ANY = msgspec.json.Decoder(Raw)
_HEAD = msgspec.json.Decoder(_Head)
HEADS = msgspec.json.Decoder(list[_Head])
_DIRECT = {
    (kind.group, kind.kind): msgspec.json.Decoder(kind) for kind in KINDS if (kind.group, kind.kind) not in _RESHAPE
}
_DIRECT_LISTS = {name: msgspec.json.Decoder(GenericAlias(list, kind_of(*name))) for name in _DIRECT}
