"""Bindings made uniform, and the two indexes over them: by role and by subject."""

from collections.abc import Iterable, Mapping

import msgspec

from rbac_audit.access.identity import subject_key
from rbac_audit.snapshot.objects import ClusterRoleBinding, RoleBinding, RoleRef, Subject

RoleKey = tuple[str, str]
"""(namespace, name); the namespace of a ClusterRole is ""."""


class Binding(msgspec.Struct, frozen=True, eq=False):
    """A RoleBinding or ClusterRoleBinding; `namespace` is "" for cluster-wide."""

    source: RoleBinding | ClusterRoleBinding
    namespace: str
    role: RoleKey
    subjects: tuple[Subject, ...]

    @property
    def role_ref(self) -> RoleRef:
        """The roleRef as written."""
        return self.source.role_ref

    @property
    def name(self) -> str:
        """metadata.name."""
        return self.source.metadata.name


def bindings_of(
    role_bindings: Iterable[RoleBinding], cluster_role_bindings: Iterable[ClusterRoleBinding]
) -> tuple[Binding, ...]:
    """Make the bindings of a cluster uniform, ClusterRoleBindings first, as the API server visits them.

    A ClusterRoleBinding to a Role resolves to nothing (rbac validation DefaultRuleResolver), which the key ("", "")
    never finds. A RoleBinding in no namespace is left out: VisitRulesFor never lists it, and its "" would mean
    cluster-wide here.
    """
    cluster = (
        Binding(item, "", ("", item.role_ref.name if item.role_ref.kind == "ClusterRole" else ""), item.subjects)
        for item in cluster_role_bindings
    )
    namespaced = (
        Binding(
            item,
            item.metadata.namespace,
            ("" if item.role_ref.kind == "ClusterRole" else item.metadata.namespace, item.role_ref.name),
            item.subjects,
        )
        for item in role_bindings
        if item.metadata.namespace and item.role_ref.kind in {"ClusterRole", "Role"}
    )
    return (*cluster, *namespaced)


def by_role(bindings: Iterable[Binding]) -> Mapping[RoleKey, list[Binding]]:
    """Index bindings by the role they grant."""
    index: dict[RoleKey, list[Binding]] = {}
    for binding in bindings:
        index.setdefault(binding.role, []).append(binding)
    return index


def by_subject(bindings: Iterable[Binding]) -> Mapping[str, Mapping[str, list[Binding]]]:
    """Index bindings by subject key, then by namespace ("" for cluster-wide)."""
    index: dict[str, dict[str, list[Binding]]] = {}
    for binding in bindings:
        namespace = binding.namespace
        for key in {subject_key(subject, namespace): None for subject in binding.subjects}:
            if key is not None:
                index.setdefault(key, {}).setdefault(namespace, []).append(binding)
    return index
