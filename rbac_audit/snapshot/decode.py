"""One raw manifest into one typed object: secrets are dropped here, before anything else sees them."""

from collections.abc import Callable
from typing import Any  # a manifest is untyped JSON until `decode` has converted it
from urllib.parse import urlsplit

import msgspec

from rbac_audit.snapshot.objects import KINDS, KubernetesObject, kind_of
from rbac_audit.snapshot.objects.harvester import HARVESTER
from rbac_audit.snapshot.objects.rancher import MANAGEMENT

Raw = dict[str, Any]

# Annotations are free text in which people and tools leave credentials (last-applied-configuration holds whole
# Secrets), so only those that a rule reads are kept.
KEPT_ANNOTATIONS = (
    "field.cattle.io/",
    "authz.cluster.cattle.io/",
    "authz.cluster.auth.io/",
    "authz.management.cattle.io/",
    "management.cattle.io/",
    "lifecycle.cattle.io/",
    "auth.cattle.io/principal-display-name",
    "cattle.io/creator",
    "meta.helm.sh/",
    "objectset.rio.cattle.io/id",
    "objectset.rio.cattle.io/owner-",
    "fleet.cattle.io/bundle-id",
    "argocd.argoproj.io/",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "rbac.authorization.kubernetes.io/autoupdate",
    "kubevirt.io/install-strategy-version",
    "kubernetes.io/service-account.name",
    "harvesterhci.io/imageId",
)

# Settings may hold credentials (backup-target, containerd-registry, ssl-certificates): only these values are kept.
KEPT_SETTINGS = {
    HARVESTER: frozenset(
        {
            "server-version",
            "kubeconfig-default-token-ttl-minutes",
            "cluster-pod-security-standard",
            "support-bundle-namespaces",
        }
    ),
    MANAGEMENT: frozenset(
        {
            "server-url",
            "server-version",
            "server-version-type",
            "system-namespaces",
            "kubeconfig-default-token-ttl-minutes",
            "auth-token-max-ttl-minutes",
            "auth-user-info-max-age-seconds",
            "auth-user-info-resync-cron",
            "disable-inactive-user-after",
            "delete-inactive-user-after",
        }
    ),
}


def decode(raw: Raw) -> KubernetesObject | None:
    """Decode one manifest; None for a kind that the snapshot does not keep.

    Null fields count as absent, as the API server treats them. Raises msgspec.ValidationError, whose text has the
    path of the wrong field, and KeyError-free: a manifest without apiVersion or kind is a ValidationError too.
    """
    api_version, kind_name = raw.get("apiVersion"), raw.get("kind")
    if not isinstance(api_version, str) or not isinstance(kind_name, str):
        raise msgspec.ValidationError("apiVersion and kind must be texts")
    group = api_version.rpartition("/")[0]
    kind = kind_of(group, kind_name)
    if kind is None:
        return None
    reshaped = _RESHAPE.get((group, kind_name), _same)(_without_noise(raw))
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
        item = decoder.decode(text)
    except msgspec.ValidationError:
        return decode(_ANY.decode(text))
    annotations = item.metadata.annotations
    if all(name.startswith(KEPT_ANNOTATIONS) for name in annotations):
        return item
    kept = {name: value for name, value in annotations.items() if name.startswith(KEPT_ANNOTATIONS)}
    metadata = msgspec.structs.replace(item.metadata, annotations=kept)
    return msgspec.structs.replace(item, metadata=metadata)


def _same(raw: Raw) -> Raw:
    return raw


def _without_noise(raw: Raw) -> Raw:
    metadata = raw.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(annotations, dict) or not isinstance(metadata, dict):
        return raw
    kept = {name: value for name, value in annotations.items() if str(name).startswith(KEPT_ANNOTATIONS)}
    return {**raw, "metadata": {**metadata, "annotations": kept}}


def _without_nulls(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value


def _mapping(value: object) -> Raw:
    return value if isinstance(value, dict) else {}


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _secret(raw: Raw) -> Raw:
    keys = sorted({str(key) for field in ("data", "stringData") for key in _mapping(raw.get(field))})
    return {"metadata": raw.get("metadata"), "type": raw.get("type") or "", "keys": keys}


def _setting(raw: Raw) -> Raw:
    group = str(raw["apiVersion"]).rpartition("/")[0]
    name = _mapping(raw.get("metadata")).get("name")
    if group == HARVESTER and name == "cluster-registration-url":
        return {"metadata": raw["metadata"], "registration": _registration(raw.get("value") or raw.get("default"))}
    return raw if name in KEPT_SETTINGS[group] else {"metadata": raw.get("metadata")}


def _registration(value: object) -> Raw | None:
    """Read both forms of cluster-registration-url (harvester pkg/settings/settings_helper.go); the path is a token."""
    if not isinstance(value, str) or not value:
        return None
    plain = not value.lstrip().startswith("{")
    try:
        parsed = {"url": value, "insecureSkipTLSVerify": True} if plain else _mapping(msgspec.json.decode(value))
        url = urlsplit(str(parsed.get("url") or ""))
        # What stands before a colon is a scheme only if it is one that the setting may have; else part of a secret.
        scheme = url.scheme if url.scheme in ("http", "https") else ""
        host = (url.hostname or "") if scheme else ""
    except ValueError:
        # The value may hold the token, so the error must not quote it.
        raise msgspec.ValidationError("value is neither a URL nor JSON with a url") from None
    if not parsed.get("url"):
        return None
    skip = parsed.get("insecureSkipTLSVerify") is True
    return {"scheme": scheme, "host": host, "plain": plain, "insecureSkipTlsVerify": skip}


def _addon(raw: Raw) -> Raw:
    spec = _mapping(raw.get("spec"))
    return {**raw, "spec": {**spec, "repo": _without_password(spec.get("repo"))}}


def _without_password(url: object) -> object:
    """Drop what stands before the `@` of a URL's host."""
    if not isinstance(url, str):
        return url
    scheme, separator, rest = url.partition("//") if "//" in url else ("", "", url)
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def _user_attribute(raw: Raw) -> Raw:
    groups = [
        {
            "name": _mapping(item.get("metadata")).get("name"),
            "provider": provider,
            "displayName": item.get("displayName") or "",
        }
        for provider, principals in sorted(_mapping(raw.get("GroupPrincipals")).items())
        for item in _listed(_mapping(principals).get("Items"))
        if isinstance(item, dict)
    ]
    return {
        "metadata": raw.get("metadata"),
        "userName": raw.get("UserName") or "",
        "groups": groups,
        "lastRefresh": raw.get("LastRefresh") or "",
        "lastLogin": raw.get("lastLogin") or "",
    }


def _registration_token(raw: Raw) -> Raw:
    status = _mapping(raw.get("status"))
    token = status.get("token")
    visible = isinstance(token, str) and token not in ("", "{token}")
    spec = _mapping(raw.get("spec"))
    return {"metadata": raw.get("metadata"), "clusterName": spec.get("clusterName") or "", "tokenVisible": visible}


def _workload(raw: Raw) -> Raw:
    spec, status = _mapping(raw.get("spec")), _mapping(raw.get("status"))
    job = _mapping(_mapping(spec.get("jobTemplate")).get("spec"))
    pod = spec if raw["kind"] == "Pod" else _mapping(_mapping((job or spec).get("template")).get("spec"))
    statuses = [_mapping(item) for item in _listed(status.get("containerStatuses"))]
    reasons = [_mapping(_mapping(item.get("state")).get("waiting")).get("reason") for item in statuses]
    return {
        "metadata": raw.get("metadata"),
        "serviceAccountName": pod.get("serviceAccountName") or "",
        "replicas": spec.get("replicas"),
        "availableReplicas": status.get("availableReplicas"),
        "images": [_mapping(item).get("image") or "" for item in _listed(pod.get("containers"))],
        "phase": status.get("phase") or "",
        "waiting": [reason for reason in reasons if reason],
    }


_RESHAPE: dict[tuple[str, str], Callable[[Raw], Raw]] = {
    ("", "Secret"): _secret,
    ("", "Pod"): _workload,
    ("apps", "Deployment"): _workload,
    ("apps", "DaemonSet"): _workload,
    ("apps", "StatefulSet"): _workload,
    ("batch", "Job"): _workload,
    ("batch", "CronJob"): _workload,
    (HARVESTER, "Setting"): _setting,
    (HARVESTER, "Addon"): _addon,
    (MANAGEMENT, "Setting"): _setting,
    (MANAGEMENT, "UserAttribute"): _user_attribute,
    (MANAGEMENT, "ClusterRegistrationToken"): _registration_token,
}

_ANY = msgspec.json.Decoder(Raw)
_HEAD = msgspec.json.Decoder(_Head)
_DIRECT = {
    (kind.group, kind.kind): msgspec.json.Decoder(kind) for kind in KINDS if (kind.group, kind.kind) not in _RESHAPE
}
