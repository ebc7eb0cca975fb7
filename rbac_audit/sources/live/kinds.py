"""Which kinds are read live, in which version, and where."""

import functools

import msgspec

from rbac_audit.snapshot.objects import (
    KINDS,
    HarvesterSetting,
    Kind,
    ManagementCluster,
    Secret,
    Token,
    qualified,
)

# The versions that Harvester v1.4 to v1.8 and Rancher v2.9 to v2.15 store and serve.
VERSIONS = {
    "": "v1",
    "apps": "v1",
    "batch": "v1",
    "rbac.authorization.k8s.io": "v1",
    "admissionregistration.k8s.io": "v1",
    "apidiscovery.k8s.io": "v2",
    "management.cattle.io": "v3",
    "provisioning.cattle.io": "v1",
    "harvesterhci.io": "v1beta1",
    "kubevirt.io": "v1",
    "k8s.cni.cncf.io": "v1",
    "loadbalancer.harvesterhci.io": "v1beta1",
    "network.harvesterhci.io": "v1beta1",
    "devices.harvesterhci.io": "v1beta1",
    "cdi.kubevirt.io": "v1beta1",
    "helm.cattle.io": "v1",
    "fleet.cattle.io": "v1alpha1",
}
# Every API server has these groups, so that a 404 for one of their kinds never means "not installed".
BUILT_IN = frozenset(("", "apps", "batch", "rbac.authorization.k8s.io"))
_RANCHER = BUILT_IN | {
    "admissionregistration.k8s.io",
    "management.cattle.io",
    "provisioning.cattle.io",
    "fleet.cattle.io",
    "helm.cattle.io",
}
# A Harvester cluster has an embedded Rancher, and so the kinds of both.
SIDES = {"harvester": frozenset(VERSIONS), "rancher": _RANCHER}
# What each cluster of a side has installed, whatever else is missing.
MUST_SERVE: dict[str, Kind] = {"harvester": HarvesterSetting, "rancher": ManagementCluster}


def live_kinds(*, secret_metadata: bool = False) -> tuple[Kind, ...]:
    """List the kinds to read: never Rancher's Tokens, and Secrets only if asked for."""
    return tuple(kind for kind in KINDS if kind is not Token and (secret_metadata or kind is not Secret))


def has_metadata_only(kind: Kind) -> bool:
    """Tell whether a snapshot keeps nothing but the metadata, so that nothing else need leave the server."""
    return kind is Secret or kind.__struct_fields__ == ("metadata",)


def manifest(kind: Kind, item: msgspec.Raw) -> bytes:
    """Say in an item of a list what it is: lists of built-in kinds leave it out, and those of metadata name another.

    The last of two equal keys counts.
    """
    return bytes(item).rstrip()[:-1] + _end(kind)


@functools.cache
def _end(kind: Kind) -> bytes:
    api_version = f"{kind.group}/{VERSIONS[kind.group]}" if kind.group else VERSIONS[kind.group]
    return f',"apiVersion":"{api_version}","kind":"{kind.kind}"}}'.encode()


def collection(kind: Kind, namespace: str = "") -> str:
    """Return the path of all objects of a kind, in one namespace or all."""
    version = VERSIONS[kind.group]
    root = f"/apis/{kind.group}/{version}" if kind.group else f"/api/{version}"
    return f"{root}/namespaces/{namespace}/{kind.plural}" if namespace else f"{root}/{kind.plural}"


def resource(kind: Kind) -> str:
    """Name a kind as kubectl does: `pods`, `settings.harvesterhci.io`."""
    return qualified(kind.plural, kind.group)
