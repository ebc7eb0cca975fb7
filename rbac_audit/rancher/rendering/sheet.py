"""The objects of one cluster as they come to be, and how each kind of them is made."""

from collections.abc import Iterable, Mapping

import msgspec

from rbac_audit.access.aggregation import Aggregation
from rbac_audit.rancher import naming
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


class Sheet:
    """What is written onto one cluster, beside the ClusterRoles that are there already."""

    def __init__(self, existing: Iterable[ClusterRole] = ()) -> None:
        """Start with nothing written."""
        self.existing = {role.name: role for role in existing}
        self._made: dict[tuple[str, str, str, str], KubernetesObject] = {}

    def add(self, item: KubernetesObject) -> None:
        """Write an object, unless one of its name is written: the first one stays, as in Rancher."""
        self._made.setdefault(item.key, item)

    def share(self, item: KubernetesObject) -> None:
        """Write an object, or add its labels to the one that is written: such objects name all their owners."""
        before = self._made.get(item.key, item)
        labels = {**before.metadata.labels, **item.metadata.labels}
        metadata = msgspec.structs.replace(before.metadata, labels=labels)
        self._made[item.key] = msgspec.structs.replace(before, metadata=metadata)

    def has_cluster_role(self, name: str) -> bool:
        """Tell whether this ClusterRole is written."""
        return (RBAC, "ClusterRole", "", name) in self._made

    def objects(self) -> tuple[KubernetesObject, ...]:
        """List what is written by kind, namespace and name, aggregated ClusterRoles with their rules."""
        written = {item.name: item for item in self._made.values() if isinstance(item, ClusterRole)}
        aggregation = Aggregation({**self.existing, **written}.values())
        # Rules that an external ClusterRole stores are kept: its sources may not have been read.
        filled = (
            msgspec.structs.replace(item, rules=aggregation.effective(item.name))
            if isinstance(item, ClusterRole) and item.aggregation_rule
            else item
            for item in self._made.values()
        )
        return tuple(sorted(filled, key=lambda item: item.key))


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
    name: str = "",
    labels: Labels | None = None,
    owner: KubernetesObject | None = None,
) -> RoleBinding:
    """Make a RoleBinding to a ClusterRole, by default with the name that its content hashes to."""
    name = name or naming.role_binding_name(namespace, "ClusterRole", role_name, subject.kind, subject.name)
    return RoleBinding(
        metadata=metadata(name, namespace, labels, owner=owner),
        role_ref=RoleRef(kind="ClusterRole", name=role_name, api_group=RBAC),
        subjects=(subject,),
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
