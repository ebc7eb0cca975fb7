"""The objects of one cluster as they come to be, and how each kind of them is made."""

from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum

import msgspec

from rbac_audit.access.aggregation import Aggregation
from rbac_audit.rancher import naming
from rbac_audit.rancher.bindings import Owner
from rbac_audit.snapshot.objects import (
    AggregationRule,
    ClusterRole,
    ClusterRoleBinding,
    KubernetesObject,
    LabelSelector,
    Metadata,
    OwnerReference,
    PolicyRule,
    Role,
    RoleBinding,
    RoleRef,
    Subject,
)

RBAC = "rbac.authorization.k8s.io"
AGGREGATES = "management.cattle.io/aggregates"
Labels = Mapping[str, str]
Key = tuple[str, str, str, str]
"""(group, kind, namespace, name), as KubernetesObject.key."""


class Presence(IntEnum):
    """Whether an object is there once Rancher has come to rest.

    `FLAPPING` is what Rancher itself deletes and creates again, or writes at some occasions only; `TOLERATED` what it
    does not write any more but leaves alone, such as what a deleted duplicate made.
    """

    REQUIRED = 0
    FLAPPING = 1
    TOLERATED = 2


class Made(msgspec.Struct, frozen=True, eq=False, gc=False):
    """An object that Rancher writes, and the bindings of Rancher that it does so for: () for what all clusters get.

    `others` are what the same name may hold as well, because owners compete for it.
    """

    item: KubernetesObject
    owners: tuple[Owner, ...]
    presence: Presence
    others: tuple[KubernetesObject, ...] = ()


class Sheet:
    """What is written onto one cluster, beside the ClusterRoles that are there already."""

    def __init__(self, existing: Iterable[ClusterRole] = ()) -> None:
        """Start with nothing written."""
        self.existing = {role.name: role for role in existing}
        self._made: dict[Key, Made] = {}
        self._owners: tuple[Owner, ...] = ()
        self._presence = Presence.REQUIRED

    def write_for(self, owner: Owner | None, presence: Presence = Presence.REQUIRED) -> None:
        """Say whom the objects that follow are written for, and whether they have to be there."""
        self._owners, self._presence = (owner,) if owner else (), presence

    def add(self, item: KubernetesObject, presence: Presence = Presence.REQUIRED) -> None:
        """Write an object, unless one of its name is written: the first one stays, as in Rancher."""
        presence = max(presence, self._presence)
        key = item.key
        before = self._made.get(key)
        if before is None:
            self._made[key] = Made(item, self._owners, presence)
            return
        # What is only tolerated gives way: another may be there instead, with labels of its own.
        kept, other = (before.item, item) if before.presence <= presence else (item, before.item)
        others = before.others if content(kept) == content(other) else (*before.others, other)
        owners = before.owners if before.owners[-1:] == self._owners else (*before.owners, *self._owners)
        self._made[key] = Made(kept, owners, min(before.presence, presence), others)

    def share(self, item: KubernetesObject, presence: Presence = Presence.REQUIRED) -> None:
        """Write an object, or add its labels to the one that is written: such objects name all their owners."""
        before = self._made.get(item.key)
        tolerated = Presence.TOLERATED in (self._presence, presence)
        if before is not None and before.presence is not Presence.TOLERATED and not tolerated:
            labels = {**before.item.metadata.labels, **item.metadata.labels}
            metadata = msgspec.structs.replace(before.item.metadata, labels=labels)
            joined = msgspec.structs.replace(before.item, metadata=metadata)
            self._made[item.key] = msgspec.structs.replace(before, item=joined)
        self.add(item, presence)

    def has_cluster_role(self, name: str) -> bool:
        """Tell whether this ClusterRole is written."""
        return (RBAC, "ClusterRole", "", name) in self._made

    def made(self) -> dict[Key, Made]:
        """Return what is written, aggregated ClusterRoles with their rules, in the order of writing."""
        items = (made.item for made in self._made.values())
        written = {item.name: item for item in items if isinstance(item, ClusterRole)}
        # A role of somebody else's that carries the label is no part of what Rancher means.
        others = {name: role for name, role in self.existing.items() if AGGREGATES not in role.metadata.labels}
        aggregation = Aggregation({**others, **written}.values())
        for name, item in written.items():
            if item.aggregation_rule:
                # Rules that an external ClusterRole stores are kept: its sources may not have been read.
                filled = msgspec.structs.replace(item, rules=aggregation.effective(name))
                self._made[item.key] = msgspec.structs.replace(self._made[item.key], item=filled)
        return self._made


def content(item: KubernetesObject) -> tuple[object, ...]:
    """Return what an object means, whatever it is called and labelled."""
    match item:
        case RoleBinding() | ClusterRoleBinding():
            return (item.role_ref.kind, item.role_ref.name, item.subjects)
        case ClusterRole():
            return (item.rules, item.aggregation_rule)
        case Role():
            return (item.rules,)
        case _:
            return ()


def metadata(
    name: str,
    namespace: str = "",
    labels: Labels | None = None,
    annotations: Labels | None = None,
    owner: KubernetesObject | None = None,
) -> Metadata:
    """Describe a new object; `owner` is what it is deleted with."""
    owners = (_reference(owner),) if owner else ()
    return Metadata(
        name=name, namespace=namespace, labels=labels or {}, annotations=annotations or {}, owner_references=owners
    )


def _reference(owner: KubernetesObject) -> OwnerReference:
    version = "management.cattle.io/v3" if owner.group == "management.cattle.io" else f"{owner.group}/v1"
    return OwnerReference(api_version=version, kind=owner.kind, name=owner.name, uid=owner.metadata.uid)


def cluster_role(
    name: str,
    rules: Iterable[PolicyRule] = (),
    *,
    labels: Labels | None = None,
    annotations: Labels | None = None,
    owner: KubernetesObject | None = None,
) -> ClusterRole:
    """Make a ClusterRole."""
    return ClusterRole(metadata=metadata(name, "", labels, annotations, owner), rules=tuple(rules))


def aggregated_role(
    name: str, members: Iterable[str], *, labels: Labels, owner: KubernetesObject | None = None
) -> ClusterRole:
    """Make a ClusterRole that is the union of those labelled as one of `members`."""
    selectors = tuple(LabelSelector(match_labels={AGGREGATES: member}) for member in members)
    rule = AggregationRule(cluster_role_selectors=selectors)
    return ClusterRole(metadata=metadata(name, "", labels, owner=owner), aggregation_rule=rule)


def role(
    name: str,
    namespace: str,
    rules: Iterable[PolicyRule],
    *,
    labels: Labels | None = None,
    owner: KubernetesObject | None = None,
) -> Role:
    """Make a Role."""
    return Role(metadata=metadata(name, namespace, labels, owner=owner), rules=tuple(rules))


def cluster_binding(
    role_name: str,
    subject: Subject,
    *,
    name: str = "",
    labels: Labels | None = None,
    annotations: Labels | None = None,
    owner: KubernetesObject | None = None,
) -> ClusterRoleBinding:
    """Make a ClusterRoleBinding, by default with the name that its content hashes to."""
    name = name or naming.cluster_role_binding_name("ClusterRole", role_name, subject.kind, subject.name)
    return ClusterRoleBinding(
        metadata=metadata(name, "", labels, annotations, owner),
        role_ref=RoleRef(kind="ClusterRole", name=role_name, api_group=RBAC),
        subjects=(subject,),
    )


def binding(
    namespace: str,
    role_name: str,
    subject: Subject,
    *,
    name: str,
    labels: Labels | None = None,
    owner: KubernetesObject | None = None,
) -> RoleBinding:
    """Make a RoleBinding to a ClusterRole."""
    return RoleBinding(
        metadata=metadata(name, namespace, labels, owner=owner),
        role_ref=RoleRef(kind="ClusterRole", name=role_name, api_group=RBAC),
        subjects=(subject,),
    )


def hashed_bindings(
    namespaces: Iterable[str], role_name: str, subject: Subject, labels: Labels
) -> Iterator[RoleBinding]:
    """Make RoleBindings to a ClusterRole in several namespaces, with the names that their content hashes to.

    They are most of what Rancher writes, so they share what they can.
    """
    role_ref, subjects = RoleRef(kind="ClusterRole", name=role_name, api_group=RBAC), (subject,)
    for namespace in namespaces:
        name = naming.role_binding_name(namespace, "ClusterRole", role_name, subject.kind, subject.name)
        yield RoleBinding(
            metadata=Metadata(name=name, namespace=namespace, labels=labels), role_ref=role_ref, subjects=subjects
        )


def binding_to_role(
    namespace: str,
    role_name: str,
    subject: Subject,
    *,
    name: str,
    labels: Labels,
    owner: KubernetesObject | None = None,
) -> RoleBinding:
    """Make a RoleBinding to a Role of its own namespace."""
    return RoleBinding(
        metadata=metadata(name, namespace, labels, owner=owner),
        role_ref=RoleRef(kind="Role", name=role_name, api_group=RBAC),
        subjects=(subject,),
    )
