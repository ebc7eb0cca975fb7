"""Which bindings of a cluster Rancher makes, by what it makes them from; claims that nobody can verify are believed."""

import itertools
from collections.abc import Iterator, Mapping
from functools import cached_property

from rbac_audit.access import Binding
from rbac_audit.rancher.bindings import GlobalBinding, Owner, TemplateBinding
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.ownership import Claim, Ownership
from rbac_audit.snapshot.objects import GlobalRole

_OWNER_ROLES = frozenset({"cluster-admin", "cluster-owner", "cluster-owner-aggregator", "cattle-globalrole-admin"})


class MadeByRancher:
    """The bindings of one cluster that Rancher renders, or that say so."""

    def __init__(self, ownership: Mapping[Binding, Ownership], rancher: Rancher | None) -> None:
        """Sort the bindings of one cluster by who made them, as far as its Rancher was read."""
        self._ownership, self._rancher = ownership, rancher

    @cached_property
    def project_roles(self) -> frozenset[Binding]:
        """The bindings that Rancher renders from project role template bindings."""
        return self.like_members.union(
            item
            for item, owner in self._rendered
            if item.namespace and isinstance(owner, TemplateBinding) and owner.project
        )

    @cached_property
    def template_roles(self) -> frozenset[Binding]:
        """The bindings that Rancher renders from role template bindings, of projects and of clusters."""
        unproven = self._unproven("prtb", "crtb", "rtb-owner", "aggregation", "binding-owner", "ownerReference")
        return frozenset(item for item, owner in self._rendered if isinstance(owner, TemplateBinding)).union(unproven)

    @cached_property
    def builtin_global_roles(self) -> frozenset[Binding]:
        """The bindings that Rancher renders from global roles which it ships."""
        return frozenset(
            item
            for item, owner in self._rendered
            if isinstance(owner, GlobalBinding) and owner.role is not None and owner.role.builtin
        )

    @property
    def _rendered(self) -> Iterator[tuple[Binding, Owner]]:
        """Each binding that Rancher really makes, with each of those it is made for."""
        for item, verdict in self._ownership.items():
            if verdict.claim is Claim.HOLDS:
                yield from ((item, owner) for owner in verdict.owners)

    @cached_property
    def like_members(self) -> frozenset[Binding]:
        """The bindings in namespaces that say they are of a project's members, where that could not be verified."""
        return frozenset(item for item in self._unproven("prtb", "rtb-owner") if item.namespace)

    @cached_property
    def like_owners(self) -> frozenset[Binding]:
        """The bindings that say they are of administrators or owners, where that could not be verified."""
        marked = self._unproven("globaladmin", "crtb", "rtb-owner", "authz.management.cattle.io/")
        found = itertools.chain(marked, self._of_unread_roles())
        return frozenset(item for item in found if not item.namespace and item.role_ref.name in _OWNER_ROLES)

    def _of_unread_roles(self) -> Iterator[Binding]:
        """Find what is made for global roles that were not read."""
        rancher = self._rancher
        if rancher is not None and not rancher.cluster.whole(GlobalRole):
            for binding, verdict in self._ownership.items():
                if any(isinstance(owner, GlobalBinding) and owner.role is None for owner in verdict.owners):
                    yield binding

    def _unproven(self, *marks: str) -> Iterator[Binding]:
        """Believe a marker where Rancher's objects were not read: that nothing was verified is said once, as a gap."""
        for binding, verdict in self._ownership.items():
            if verdict.claim is Claim.UNPROVEN and any(mark in verdict.marker for mark in marks):
                yield binding
