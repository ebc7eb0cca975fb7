"""Which bindings say that they are Rancher's, and whether that is true.

A claim holds when a live template binding, global role binding or user makes this very binding: same role, same
subject, same place, in either model of Rancher's.
"""

from collections.abc import Mapping
from enum import Enum
from functools import cached_property

import msgspec

from rbac_audit.rancher import naming
from rbac_audit.rancher.bindings import Owner, TemplateBinding
from rbac_audit.rancher.marks import (
    ADMIN_MISSING,
    GRB_OWNER,
    POD_SECURITY,
    has_hashed_name,
    is_named_by_rancher,
    marker,
)
from rbac_audit.rancher.naming import AGGREGATION
from rbac_audit.rancher.places import can_make, management_places
from rbac_audit.rancher.prediction import Grant, Prediction, by_grant, gives_the_same, grant_of
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    GlobalRole,
    GlobalRoleBinding,
    KubernetesObject,
    Namespace,
    Project,
    ProjectRoleTemplateBinding,
    RoleBinding,
)


class Claim(Enum):
    """What became of a binding's claim to be Rancher's: `CHANGED` is Rancher's own with another content."""

    NONE = "none"
    HOLDS = "holds"
    UNPROVEN = "unproven"
    ORPHANED = "orphaned"
    FORGED = "forged"
    CHANGED = "changed"


class Ownership(msgspec.Struct, frozen=True):
    """The verdict on one binding: the marker that claims, the owners that make it, and why the claim fails.

    `other_model` says that Rancher would make it in its other model only.
    """

    claim: Claim
    marker: str = ""
    owners: tuple[Owner, ...] = ()
    reason: str = ""
    other_model: bool = False


_NO_CLAIM = Ownership(Claim.NONE)
_UNREAD = "Rancher's objects were not read"
UNPREDICTED = "controllers of Rancher that are not predicted make such bindings"
_SUFFIXES = ("-promoted-aggregator", "-promoted", "-aggregator")
# Kinds that other controllers of Rancher, which are not predicted, give rights to in namespaces of the management
# cluster: provisioning, Fleet, the API of clusters.
_UNMODELLED = frozenset({"Cluster", "User", "RoleTemplate", "GlobalRole"})


def unread(item: RoleBinding | ClusterRoleBinding) -> Ownership:
    """Judge a binding where Rancher's objects were not read: a mark is neither true nor false."""
    found = marker(item)
    return Ownership(Claim.UNPROVEN, found, (), _UNREAD) if found else _NO_CLAIM


class Claims:
    """Verifies what the bindings of one cluster say, against what one Rancher renders there."""

    def __init__(self, prediction: Prediction, rancher_id: str) -> None:
        """Look at one cluster of a prediction."""
        self._prediction, self._id = prediction, rancher_id
        self.rancher = prediction.rancher
        self._due = prediction.due(rancher_id)

    def judge(self, item: RoleBinding | ClusterRoleBinding) -> Ownership:
        """Verify the claim of one binding."""
        made = self._due.get(item.key)
        if made is not None and (
            gives_the_same(item, made.item) or any(gives_the_same(item, it) for it in made.others)
        ):
            return Ownership(Claim.HOLDS, owners=made.owners)
        found = marker(item)
        if not found and not item.name.startswith(("rb-", "crb-")):
            return _NO_CLAIM
        # Under a name that is due for something else, content that is due elsewhere is no less wrong.
        if made is None and (found or has_hashed_name(item)):
            owners = self._grants.get(grant_of(item))
            if owners is not None:
                return Ownership(Claim.HOLDS, found or "name", owners)
            owners = self._other_grants.get(grant_of(item)) if self._may_be_of_the_other_model(item) else None
            if owners is not None:
                return Ownership(Claim.HOLDS, found or "name", owners, other_model=True)
        if not found:
            return _NO_CLAIM
        if made is not None:
            reason = "Rancher made it with another role or for others"
            return Ownership(Claim.CHANGED, found, made.owners, reason)
        return self._failed(item, found)

    def _may_be_of_the_other_model(self, item: RoleBinding | ClusterRoleBinding) -> bool:
        """Tell what the aggregated model may write by its label or role, before all that it writes is worked out."""
        aggregates = AGGREGATION in item.metadata.labels or item.role_ref.name.endswith("aggregator")
        return self._prediction.aggregated or aggregates

    @cached_property
    def owners(self) -> frozenset[Owner]:
        """Everybody that Rancher renders a binding on this cluster for."""
        return frozenset(owner for made in self._due.values() for owner in made.owners)

    def bound_to(self, namespace: str, role: str) -> tuple[Owner, ...]:
        """Find whom Rancher renders bindings to a role for: a ClusterRole where the namespace is ""."""
        return tuple(self._by_role.get((namespace, role), ()))

    @cached_property
    def _by_role(self) -> dict[tuple[str, str], dict[Owner, None]]:
        index: dict[tuple[str, str], dict[Owner, None]] = {}
        for made in self._due.values():
            item = made.item
            if isinstance(item, RoleBinding | ClusterRoleBinding):
                place = item.namespace if item.role_ref.kind == "Role" else ""
                index.setdefault((place, item.role_ref.name), {}).update(dict.fromkeys(made.owners))
        return index

    @cached_property
    def _grants(self) -> Mapping[Grant, tuple[Owner, ...]]:
        return by_grant(self._due)

    @cached_property
    def _other_grants(self) -> Mapping[Grant, tuple[Owner, ...]]:
        return by_grant(self._prediction.otherwise(self._id))

    def renders(self, item: KubernetesObject) -> bool:
        """Tell whether Rancher writes an object of this name here."""
        return item.key in self._due

    def _failed(self, item: RoleBinding | ClusterRoleBinding, found: str) -> Ownership:
        claimed = self.claimed(item)
        if reason := self._unknowable(item, found, claimed):
            return Ownership(Claim.UNPROVEN, found, claimed, reason)
        if self._is_management_plane(item, claimed):
            return Ownership(Claim.HOLDS, found, claimed)
        if claimed:
            what = " and ".join(str(owner.source) for owner in claimed)
            if self._was_once(item, claimed):
                return Ownership(Claim.ORPHANED, found, claimed, f"{what} would not make this binding any more")
            return Ownership(Claim.FORGED, found, claimed, f"{what} would not make this binding")
        if not is_named_by_rancher(item):
            return Ownership(Claim.FORGED, found, (), "no such owner, and Rancher would have given it another name")
        return Ownership(Claim.ORPHANED, found, (), "what it was made for is gone")

    def _unknowable(self, item: RoleBinding | ClusterRoleBinding, found: str, claimed: tuple[Owner, ...]) -> str:
        """Say what would have to be read to know; "" where everything was."""
        manager = self.rancher.cluster
        about_global = found.startswith(("name globaladmin-", "label authz.management.", "ownerReference Global"))
        marked = item.metadata.annotations.get(ADMIN_MISSING) == "true"
        if about_global and not marked and not (manager.whole(GlobalRole) and manager.whole(GlobalRoleBinding)):
            return "not all global roles and their bindings were read"
        if item.role_ref.name.endswith("-promoted") and not self._prediction.has_read(self._id, ClusterRole):
            return "the ClusterRoles behind external role templates were not read"
        if item.namespace and not self._prediction.has_read(self._id, Namespace):
            return "not all namespaces were read, so its project is not known"
        if item.namespace and self._manages_itself and not manager.whole(Project):
            return "not all projects were read, so what is made for them is not known"
        namespaced = bool(item.namespace) and self._manages_itself and not claimed
        if namespaced and any(owner.kind in _UNMODELLED for owner in item.metadata.owner_references):
            return UNPREDICTED
        return ""

    @cached_property
    def _places(self) -> frozenset[str]:
        return management_places(self.rancher) if self._manages_itself else frozenset()

    @property
    def _manages_itself(self) -> bool:
        return self._id == "local"

    def _is_management_plane(self, item: RoleBinding | ClusterRoleBinding, claimed: tuple[Owner, ...]) -> bool:
        """Tell whether a live owner may have made a RoleBinding to a Role of the management plane.

        Versions of Rancher differ in the names of these; whom they are for, and in which namespaces, does not.
        """
        if item.namespace not in self._places or item.role_ref.kind != "Role" or len(item.subjects) != 1:
            return False
        subject = item.subjects[0]
        return any(
            owner.subject is not None and (owner.subject.kind, owner.subject.name) == (subject.kind, subject.name)
            for owner in claimed
        )

    def _was_once(self, item: RoleBinding | ClusterRoleBinding, claimed: tuple[Owner, ...]) -> bool:
        """Tell whether an owner may have made a binding before its template, or the namespace's project, changed."""
        role = item.role_ref.name
        template = next((role.removesuffix(end) for end in _SUFFIXES if role.endswith(end)), role)
        known = template in self.rancher.templates.by_name or role.endswith(POD_SECURITY) or "-namespaces-" in role
        # What an owner's template gave that is gone, nobody knows any more.
        known = known or any(self._lost_its_template(owner) for owner in claimed)
        makers = [owner for owner in claimed if can_make(owner, item, self._id)]
        whom = [(owner.subject.kind, owner.subject.name) for owner in makers if owner.subject]
        mine = [(subject.kind, subject.name) for subject in item.subjects]
        return known and has_hashed_name(item) and len(mine) == 1 and mine[0] in whom

    def _lost_its_template(self, owner: Owner) -> bool:
        return isinstance(owner, TemplateBinding) and owner.template not in self.rancher.templates.by_name

    def claimed(self, item: RoleBinding | ClusterRoleBinding) -> tuple[Owner, ...]:
        """Follow a binding's name, labels and owner references to the live owners that they state."""
        metadata = item.metadata
        names = [metadata.name, *metadata.labels, *metadata.labels.values()]
        names += [f"{key}={value}" for key, value in metadata.labels.items()]
        for owner in metadata.owner_references:
            # A backup has no uids: there the name says it.
            names += [owner.uid, f"{owner.kind} {owner.name}", f"{owner.kind} {metadata.namespace}/{owner.name}"]
        found = {owner: None for name in names if name for owner in self._by_label.get(name, ())}
        return tuple(found)

    @cached_property
    def _by_label(self) -> dict[str, list[Owner]]:
        index: dict[str, list[Owner]] = {}
        for item in self.rancher.bindings:
            source = item.source
            project = isinstance(source, ProjectRoleTemplateBinding)
            label = (naming.prtb_owner_label if project else naming.crtb_owner_label)(source.name)
            own = f"{source.kind} {source.namespace}/{source.name}"
            stated = f"authz.cluster.cattle.io/{'prtb' if project else 'crtb'}-owner={source.name}"
            for key in (naming.owner_key(source.namespace, source.name), label, source.metadata.uid, own, stated):
                index.setdefault(key, []).append(item)
        for one in self.rancher.globals:
            name = one.source.name
            admin = (one.admin_binding_name,) if one.admin else ()
            for key in (f"GlobalRoleBinding {name}", f"{GRB_OWNER}={name}", *admin):
                index.setdefault(key, []).append(one)
        return index
