"""What Rancher writes onto one cluster laid beside what is there: what is missing, blocked, changed, doubled, left.

Where Rancher's own outcome flaps (Presence.FLAPPING), both are regular. A kind that was not read whole, or a
namespace that was not read, is not judged.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cached_property

import msgspec

from rbac_audit.access.aggregation import Aggregation
from rbac_audit.access.bindings import Binding
from rbac_audit.access.escalation import uncovered
from rbac_audit.rancher.bindings import Owner
from rbac_audit.rancher.marks import CLUSTER_ROLE_OWNER, IMPERSONATION, marker
from rbac_audit.rancher.ownership import Claim, Ownership
from rbac_audit.rancher.prediction import Grant, Prediction, grant_of
from rbac_audit.rancher.rendering.sheet import AGGREGATES, Made, Presence
from rbac_audit.snapshot.estate import Cluster
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    ClusterRoleTemplateBinding,
    KubernetesObject,
    Namespace,
    PolicyRule,
    Role,
    RoleBinding,
    ServiceAccount,
)

AnyBinding = RoleBinding | ClusterRoleBinding
_COMPARED: tuple[type[KubernetesObject], ...] = (
    ClusterRole,
    ClusterRoleBinding,
    ClusterRoleTemplateBinding,
    Role,
    RoleBinding,
    ServiceAccount,
)


class Fate(Enum):
    """What became of an object: `BLOCKED` means that somebody else's object has its name.

    `FED` is a ClusterRole of somebody else that Rancher's aggregating roles take up.
    """

    MISSING = "missing"
    BLOCKED = "blocked"
    CHANGED = "changed"
    DOUBLED = "doubled"
    FED = "fed"


class Difference(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One object that is not as Rancher writes it.

    `item` is what is there, of a missing one what should be; `wanted` what Rancher writes, None for what it does not;
    `added` and `lost` are the rules that a role has more or less.
    """

    fate: Fate
    item: KubernetesObject
    wanted: KubernetesObject | None = None
    owners: tuple[Owner, ...] = ()
    added: tuple[PolicyRule, ...] = ()
    lost: tuple[PolicyRule, ...] = ()


class Comparison:
    """One cluster beside the prediction for it."""

    def __init__(
        self,
        prediction: Prediction,
        rancher_id: str,
        cluster: Cluster,
        verdicts: Mapping[Binding, Ownership],
    ) -> None:
        """Keep both sides; `verdicts` are those on the cluster's bindings."""
        self._prediction, self._id, self._cluster, self._verdicts = prediction, rancher_id, cluster, verdicts
        self._due = prediction.due(rancher_id)
        self._namespaces = frozenset(item.name for item in cluster.of(Namespace))

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Every difference, in the order of the objects' keys."""
        found = [*self._missing(), *self._bindings(), *self._roles(), *self._fed()]
        return tuple(sorted(found, key=lambda item: (item.item.key, item.fate.value)))

    def _missing(self) -> Iterator[Difference]:
        # As KubernetesObject.key, written out: there is one for every object of a cluster.
        there = {
            (kind.group, kind.kind, item.metadata.namespace, item.metadata.name)
            for kind in _COMPARED
            for item in self._cluster.of(kind)
        }
        for key in self._due.keys() - there:
            made = self._due[key]
            if made.presence is Presence.REQUIRED and self._is_missing(made.item):
                yield Difference(fate=Fate.MISSING, item=made.item, wanted=made.item, owners=made.owners)

    def _is_missing(self, item: KubernetesObject) -> bool:
        if not isinstance(item, _COMPARED) or not self._cluster.whole(type(item)) or _is_external(item):
            return False
        if item.namespace and item.namespace not in self._namespaces:
            # Nothing can be in a namespace that is not there, and nothing is known of one that was not read.
            return False
        # A binding under an older name does as well: Rancher looks for what it gives.
        return not (isinstance(item, AnyBinding) and grant_of(item) in self._given)

    @cached_property
    def _given(self) -> frozenset[Grant]:
        return frozenset(
            grant_of(binding.source)
            for binding, verdict in self._verdicts.items()
            if verdict.claim is Claim.HOLDS and not verdict.other_model and verdict.marker
        )

    def _bindings(self) -> Iterator[Difference]:
        """Find bindings with a name of Rancher's and another content or no mark, and those of the other model.

        Rancher never takes over what has its name but not its mark.
        """
        for binding, verdict in self._verdicts.items():
            item, holds = binding.source, verdict.claim is Claim.HOLDS
            if verdict.other_model:
                # In the aggregated model, the legacy namespace handler still writes RoleBindings, which come and go.
                if not (self._prediction.aggregated and binding.namespace):
                    yield Difference(fate=Fate.DOUBLED, item=item, owners=verdict.owners)
            elif not (holds and (verdict.marker or item.metadata.labels)) and (made := self._due.get(item.key)):
                mark = marker(made.item) if isinstance(made.item, AnyBinding) else ""
                foreign = bool(mark) and not marker(item)
                # By owner references Rancher does not look for its own, but for the content: they only clean up.
                if not holds or (foreign and mark.startswith("label")):
                    fate = Fate.BLOCKED if foreign else Fate.CHANGED
                    yield Difference(fate=fate, item=item, wanted=made.item, owners=made.owners)

    def _roles(self) -> Iterator[Difference]:
        roles: tuple[ClusterRole | Role, ...] = (*self._cluster.of(ClusterRole), *self._cluster.of(Role))
        for item in roles:
            made = self._due.get(item.key)
            if made is not None and not _is_external(made.item):
                yield from self._role(made, item)

    def _role(self, made: Made, found: ClusterRole | Role) -> Iterator[Difference]:
        wanted = _rules_of(made.item)
        have = self._aggregation.effective(found.name) if isinstance(found, ClusterRole) else found.rules
        if have == wanted:
            return
        if found.name.startswith(IMPERSONATION):
            have, wanted = _lasting(have), _lasting(wanted)
        others = [_rules_of(other) for other in made.others]
        # What a foreign role feeds into an aggregating one is told of the foreign role.
        is_fed = isinstance(made.item, ClusterRole) and made.item.aggregation_rule
        fed = [self._aggregation.effective(role.name) for role in self._feeding] if is_fed else []
        added = uncovered([rule for rules in (wanted, *others, *fed) for rule in rules], have)
        if _is_project_role(found):
            added = self._of_namespaces_that_are(added)
        lost = min((uncovered(have, rules) for rules in (wanted, *others)), key=len)
        if made.presence is not Presence.REQUIRED or found.name.startswith(IMPERSONATION):
            # What an account may impersonate less is made up for at its user's next request.
            lost = ()
        if added or lost:
            yield Difference(
                fate=Fate.CHANGED, wanted=made.item, item=found, owners=made.owners, added=added, lost=lost
            )

    @cached_property
    def _aggregation(self) -> Aggregation:
        return Aggregation(self._cluster.of(ClusterRole))

    def _of_namespaces_that_are(self, rules: tuple[PolicyRule, ...]) -> tuple[PolicyRule, ...]:
        """Leave out rules on namespaces that are gone: they give nothing until somebody takes the name again."""
        return tuple(
            rule
            for rule in rules
            if "namespaces" not in rule.resources or not self._namespaces.isdisjoint(rule.resource_names)
        )

    @cached_property
    def _feeding(self) -> tuple[ClusterRole, ...]:
        """The ClusterRoles that aggregating roles of templates select, and that Rancher does not write."""
        selected = {
            selector.match_labels.get(AGGREGATES)
            for made in self._due.values()
            if isinstance(made.item, ClusterRole) and made.item.aggregation_rule
            for selector in made.item.aggregation_rule.cluster_role_selectors
        }
        return tuple(
            role
            for role in self._cluster.of(ClusterRole)
            if AGGREGATES in role.metadata.labels
            and role.metadata.labels[AGGREGATES] in selected
            and role.key not in self._due
        )

    def _fed(self) -> Iterator[Difference]:
        for role in self._feeding:
            if added := self._aggregation.effective(role.name):
                yield Difference(fate=Fate.FED, item=role, added=added)


def _lasting(rules: tuple[PolicyRule, ...]) -> tuple[PolicyRule, ...]:
    """Leave out of what an account may impersonate all that follows the user's last login: groups and extras."""
    return tuple(
        msgspec.structs.replace(rule, resource_names=tuple(name for name in rule.resource_names if _is_lasting(name)))
        for rule in rules
        if not all(resource.startswith("userextras/") for resource in rule.resources)
    )


def _is_lasting(name: str) -> bool:
    return "://" not in name


def _rules_of(item: KubernetesObject) -> tuple[PolicyRule, ...]:
    return item.rules if isinstance(item, ClusterRole | Role) else ()


def _is_external(item: KubernetesObject) -> bool:
    """Tell a ready-made ClusterRole, to which Rancher only gives a label, from those that it makes."""
    labels = item.metadata.labels
    return isinstance(item, ClusterRole) and AGGREGATES in labels and CLUSTER_ROLE_OWNER not in labels


def _is_project_role(item: ClusterRole | Role) -> bool:
    return item.name.endswith(("-namespaces-readonly", "-namespaces-edit"))
