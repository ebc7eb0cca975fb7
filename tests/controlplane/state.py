"""What a server holds: loads whole estates, and brings it back to where it began."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.controlplane.api import MERGE, Api
from tests.controlplane.connections import Object
from tests.controlplane.discovery import Resource

METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
RBAC = "rbac.authorization.k8s.io/v1"
PATIENCE = 60.0
# What the server writes into metadata. It refuses some of it in an object that is created, and an owner's
# uid of another cluster would make the garbage collector delete the object.
WRITTEN = frozenset(("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "ownerReferences"))
# Kinds that come and go by themselves, and definitions, which are costly to install.
APART = frozenset(("Event", "Lease", "CustomResourceDefinition", "APIService", "IPAddress", "ServiceCIDR"))
NOW = {"gracePeriodSeconds": 0, "propagationPolicy": "Background"}


@dataclass(frozen=True)
class Key:
    """One object of a server."""

    resource: Resource
    namespace: str
    name: str

    @property
    def path(self) -> str:
        """Return the path of the object."""
        return self.resource.path(self.namespace, self.name)


@dataclass(frozen=True)
class Inventory:
    """Everything there at one time; RBAC objects and namespaces in full."""

    keys: frozenset[Key]
    kept: dict[Key, Object]

    @classmethod
    def take(cls, api: Api) -> "Inventory":
        """Read what is there."""
        return cls(frozenset(_present(api)), dict(_read_kept(api)))


def seed(api: Api, manifests: Iterable[Object]) -> None:
    """Create objects, namespaces first, or replace those of the same name; for whole clusters from files."""
    stripped = [_stripped(each) for each in manifests if not _own(each)]
    for first in (True, False):
        wave = [each for each in stripped if (each["kind"] == "Namespace") is first]
        list(api.connections.pool.map(api.put, wave))


def _own(manifest: Object) -> bool:
    """Whether every server makes it for itself, with an address of its own."""
    metadata = manifest["metadata"]
    return (manifest["kind"], metadata.get("namespace"), metadata.get("name")) == ("Service", "default", "kubernetes")


def clean(api: Api, first: Inventory) -> None:
    """Delete what was not there at first, and put back RBAC objects and namespaces that are not as they were.

    Deletions that fail, for a finalizer or a policy that still refuses, are tried again; raises TimeoutError.
    """
    deadline = time.monotonic() + PATIENCE
    while extra := _extra(api, first):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not deleted after {PATIENCE:.0f} s: {', '.join(key.path for key in extra)}")
        _delete(api, extra)
    current = dict(_read_kept(api))
    for key, item in first.kept.items():
        if _stripped(item) != _stripped(current.get(key, {"metadata": {}})):
            api.put(_stripped(item))


def _extra(api: Api, first: Inventory) -> dict[Key, Object]:
    present = _present(api)
    return {key: item for key, item in present.items() if key not in first.keys and not _returns(key, first)}


def _returns(key: Key, first: Inventory) -> bool:
    """Whether a controller would only make it again: the account of every namespace."""
    own = any(other.name == key.namespace for other in first.keys if other.resource.kind == "Namespace")
    return key.resource.kind == "ServiceAccount" and key.name == "default" and own


def _delete(api: Api, extra: dict[Key, Object]) -> None:
    """Go once through admission policies, then namespaces and what is in them, then the rest."""
    run = api.connections.pool.map
    policies = [key for key in extra if "admissionregistration" in key.resource.api_version]
    namespaces = [key for key in extra if key.resource.kind == "Namespace"]
    held = [key for key, item in extra.items() if item["metadata"].get("finalizers")]
    rest = extra.keys() - set(policies) - set(namespaces)
    inside = [key for key in rest if key.namespace in {each.name for each in namespaces}]
    list(run(lambda key: api.request("DELETE", key.path, NOW), [*policies, *namespaces]))
    list(run(lambda key: api.request("PATCH", key.path, {"metadata": {"finalizers": None}}, MERGE), held))
    collections = {key.resource.path(key.namespace) for key in inside}
    paths = [*sorted(collections), *sorted(key.path for key in rest - set(inside))]
    list(run(lambda path: api.request("DELETE", path, NOW), paths))
    list(run(lambda key: _finalize(api, key), namespaces))


def _finalize(api: Api, key: Key) -> None:
    """Do what the namespace controller does at the end.

    It does not run here: it would still empty, kind by kind, the namespace that the next test makes under the name.
    """
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": key.name}, "spec": {"finalizers": []}}
    api.request("PUT", f"{key.path}/finalize", body)


def _present(api: Api) -> dict[Key, Object]:
    """Read the metadata of all objects, each kind in one of its versions."""
    kinds = {(each.api_version.split("/")[0], each.plural): each for each in _deletable(api)}
    lists = api.connections.pool.map(lambda each: api.pages(each, each.path(), {}, METADATA), kinds.values())
    return {_key(resource, item): item for resource, items in zip(kinds.values(), lists, strict=True) for item in items}


def _deletable(api: Api) -> Iterator[Resource]:
    for each in api.discovery.refresh():
        if {"list", "delete"} <= each.verbs and each.kind not in APART:
            yield each


def _read_kept(api: Api) -> Iterator[tuple[Key, Object]]:
    kinds = [(RBAC, f"{scope}{kind}") for scope in ("Cluster", "") for kind in ("Role", "RoleBinding")]
    for api_version, kind in [*kinds, ("v1", "Namespace")]:
        resource = api.discovery.find(api_version, kind)
        for item in api.objects(api_version, kind):
            yield _key(resource, item), item


def _key(resource: Resource, item: Object) -> Key:
    return Key(resource, item["metadata"].get("namespace", ""), item["metadata"]["name"])


def _stripped(manifest: Object) -> Object:
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in WRITTEN}
    return manifest | {"metadata": metadata}
