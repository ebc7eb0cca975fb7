"""What every Kubernetes object has: metadata, and a name to point at it with."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec


class Struct(msgspec.Struct, frozen=True, gc=False, kw_only=True, rename="camel", omit_defaults=True):
    """Base of the frozen values; unknown fields of the input are dropped."""


def qualified(name: str, group: str) -> str:
    """`pods` and `Secret` of the core group; `roles.rbac.authorization.k8s.io` of another, as kubectl writes it."""
    return f"{name}.{group}" if group else name


class OwnerReference(Struct, frozen=True):
    """One entry of metadata.ownerReferences."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""


class Metadata(Struct, frozen=True):
    """The part of ObjectMeta that an audit needs; annotations are those that `decode.is_kept` names."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generate_name: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str = ""
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()
    finalizers: tuple[str, ...] = ()


class ObjectRef(msgspec.Struct, frozen=True, order=True, rename="camel"):
    """Points at one object of one cluster; prints as `RoleBinding tenant-a/devs`."""

    api_group: str
    kind: str
    name: str
    namespace: str = ""
    cluster: str = ""

    def __str__(self) -> str:
        """`Kind name` or `Kind namespace/name`, as everywhere in the tool."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class KubernetesObject(Struct, frozen=True):
    """One object; the subclass says of which API group and kind."""

    group: ClassVar[str]
    kind: ClassVar[str]
    plural: ClassVar[str]
    namespaced: ClassVar[bool]
    metadata: Metadata

    @property
    def key(self) -> tuple[str, str, str, str]:
        """(group, kind, namespace, name): unique within a cluster, and the order of a snapshot."""
        return (self.group, self.kind, self.metadata.namespace, self.metadata.name)

    @property
    def name(self) -> str:
        """metadata.name."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """metadata.namespace, "" for a cluster-scoped kind."""
        return self.metadata.namespace

    def ref(self, cluster: str = "") -> ObjectRef:
        """Point at this object, in that cluster."""
        return ObjectRef(self.group, self.kind, self.metadata.name, self.metadata.namespace, cluster)

    def __str__(self) -> str:
        """`RoleBinding tenant-a/devs`."""
        return str(self.ref())


class Reference(Struct, frozen=True):
    """Points into another namespace of the same cluster; `kind` is qualified, as `qualified` writes it."""

    kind: str
    namespace: str
    name: str

    def ref(self, cluster: str = "") -> ObjectRef:
        """Point at the object, in that cluster."""
        kind, _, group = self.kind.partition(".")
        return ObjectRef(group, kind, self.name, self.namespace, cluster)


class Referring(KubernetesObject, frozen=True):
    """An object of which is kept what it refers to in other namespaces, but for harvester-public.

    `unreadable` says that a part of it that may hold references was not in a form that Harvester reads either.
    """

    references: tuple[Reference, ...] = ()
    unreadable: bool = False
