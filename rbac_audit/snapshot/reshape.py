"""Kinds whose manifests hold secrets or say it in other words than the snapshot: made over before decoding."""

from collections.abc import Callable
from typing import Any  # a manifest is untyped JSON until it is decoded
from urllib.parse import urlsplit

import msgspec

from rbac_audit.snapshot.objects.harvester import HARVESTER
from rbac_audit.snapshot.objects.rancher import MANAGEMENT

Raw = dict[str, Any]

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


# Fields of a management Cluster that are for credentials (rancher pkg/controllers/management/secretmigrator).
_CREDENTIALS = frozenset(
    {
        "aadClientCertPassword",
        "aadClientSecret",
        "clientSecret",
        "password",
        "privateKey",
        "secret",
        "secretKey",
        "serviceAccountToken",
        "sshKey",
        "token",
    }
)


def mapping(value: object) -> Raw:
    """Take what should be a mapping; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """Take what should be a list; an empty one for anything else."""
    return value if isinstance(value, list) else []


def _secret(raw: Raw) -> Raw:
    keys = sorted({str(key) for field in ("data", "stringData") for key in mapping(raw.get(field))})
    return {"metadata": raw.get("metadata"), "type": raw.get("type") or "", "keys": keys}


def _setting(raw: Raw) -> Raw:
    group = str(raw["apiVersion"]).rpartition("/")[0]
    name = mapping(raw.get("metadata")).get("name")
    if group == HARVESTER and name == "cluster-registration-url":
        return {"metadata": raw["metadata"], "registration": _registration(raw.get("value") or raw.get("default"))}
    if name not in KEPT_SETTINGS[group]:
        return {"metadata": raw.get("metadata")}
    return {**raw, "value": _without_password(raw.get("value")), "default": _without_password(raw.get("default"))}


def _registration(value: object) -> Raw | None:
    """Read both forms of cluster-registration-url (harvester pkg/settings/settings_helper.go); the path is a token."""
    if not isinstance(value, str) or not value:
        return None
    plain = not value.lstrip().startswith("{")
    try:
        parsed = {"url": value, "insecureSkipTLSVerify": True} if plain else mapping(msgspec.json.decode(value))
        url = urlsplit(str(parsed.get("url") or ""))
        # What stands before a colon is a scheme only if it is one that the setting may have; else part of a secret.
        scheme = url.scheme if url.scheme in ("http", "https") else ""
        host = (url.hostname or "") if scheme else ""
    except (ValueError, RecursionError):
        # The value may hold the token, so the error must not quote it.
        raise msgspec.ValidationError("value is neither a URL nor JSON with a url") from None
    if not parsed.get("url"):
        return None
    skip = parsed.get("insecureSkipTLSVerify") is True
    return {"scheme": scheme, "host": host, "plain": plain, "insecureSkipTlsVerify": skip}


def _without_password(url: object) -> object:
    """Drop what stands before the `@` of a URL's host; what is no URL stays as it is."""
    if not isinstance(url, str) or "//" not in url:
        return url
    scheme, separator, rest = url.partition("//")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def _user_attribute(raw: Raw) -> Raw:
    groups = [
        {
            "name": mapping(item.get("metadata")).get("name"),
            "provider": provider,
            "displayName": item.get("displayName") or "",
        }
        for provider, principals in sorted(mapping(raw.get("GroupPrincipals")).items())
        for item in listed(mapping(principals).get("Items"))
        if isinstance(item, dict)
    ]
    extras = [mapping(extra) for _, extra in sorted(mapping(raw.get("ExtraByProvider")).items())]
    return {
        "metadata": raw.get("metadata"),
        "userName": raw.get("UserName") or "",
        "groups": groups,
        "principalIds": [name for extra in extras for name in listed(extra.get("principalid"))],
        "usernames": [name for extra in extras for name in listed(extra.get("username"))],
        "lastRefresh": raw.get("LastRefresh") or "",
        "lastLogin": raw.get("lastLogin") or "",
    }


def _registration_token(raw: Raw) -> Raw:
    status = mapping(raw.get("status"))
    token = status.get("token")
    visible = isinstance(token, str) and token not in ("", "{token}")
    spec = mapping(raw.get("spec"))
    return {"metadata": raw.get("metadata"), "clusterName": spec.get("clusterName") or "", "tokenVisible": visible}


def _managed_cluster(raw: Raw) -> Raw:
    """Name the fields with a credential, and whether in spec or status: what lies between may be anybody's text."""
    found = {f"{name} in {part}" for part in ("spec", "status") for name in _credentials(raw.get(part))}
    return {**raw, "credentials": sorted(found)}


def _credentials(value: object) -> set[str]:
    found: set[str] = set()
    todo = [value]
    while todo:
        item = todo.pop()
        todo.extend(mapping(item).values())
        todo.extend(listed(item))
        texts = {name for name, text in mapping(item).items() if text and isinstance(text, str)}
        found |= _CREDENTIALS & texts
    return found


def _workload(raw: Raw) -> Raw:
    spec, status = mapping(raw.get("spec")), mapping(raw.get("status"))
    job = mapping(mapping(spec.get("jobTemplate")).get("spec"))
    pod = spec if raw["kind"] == "Pod" else mapping(mapping((job or spec).get("template")).get("spec"))
    told = [*listed(status.get("initContainerStatuses")), *listed(status.get("containerStatuses"))]
    statuses = [mapping(item) for item in told]
    reasons = [mapping(mapping(item.get("state")).get("waiting")).get("reason") for item in statuses]
    return {
        "metadata": raw.get("metadata"),
        "serviceAccountName": pod.get("serviceAccountName") or "",
        "replicas": spec.get("replicas"),
        "availableReplicas": status.get("availableReplicas"),
        "images": [mapping(item).get("image") or "" for item in listed(pod.get("containers"))],
        "rancherServer": next(filter(None, map(_rancher_server, listed(pod.get("containers")))), ""),
        "phase": status.get("phase") or "",
        "waiting": [reason for reason in reasons if reason],
    }


def _rancher_server(container: object) -> str:
    """Keep the host of CATTLE_SERVER, the Rancher that an agent obeys; the rest of a URL may hold credentials."""
    variables = [mapping(item) for item in listed(mapping(container).get("env"))]
    urls = [str(item.get("value") or "") for item in variables if item.get("name") == "CATTLE_SERVER"]
    return next((host for url in urls if (host := web_host(url))), "")


def web_host(url: str) -> str:
    """Return the host of an http or https URL in lower case, "" for anything else."""
    try:
        parsed = urlsplit(url)
        return (parsed.hostname or "") if parsed.scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _api_group(raw: Raw) -> Raw:
    metadata = mapping(raw.get("metadata"))
    return {**raw, "metadata": {**metadata, "name": metadata.get("name") or "core"}}


RESHAPE: dict[tuple[str, str], Callable[[Raw], Raw]] = {
    ("", "Secret"): _secret,
    ("", "Pod"): _workload,
    ("apps", "Deployment"): _workload,
    ("apps", "DaemonSet"): _workload,
    ("apps", "StatefulSet"): _workload,
    ("batch", "Job"): _workload,
    ("batch", "CronJob"): _workload,
    ("apidiscovery.k8s.io", "APIGroupDiscovery"): _api_group,
    (HARVESTER, "Setting"): _setting,
    (MANAGEMENT, "Setting"): _setting,
    (MANAGEMENT, "Cluster"): _managed_cluster,
    (MANAGEMENT, "UserAttribute"): _user_attribute,
    (MANAGEMENT, "ClusterRegistrationToken"): _registration_token,
}
