"""What one Rancher renders on its clusters, worked out once for each model and only when it is asked for."""

from collections.abc import Mapping
from functools import cached_property

from rbac_audit.rancher.bindings import Owner
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.naming import AGGREGATION
from rbac_audit.rancher.rendering import render_with_owners
from rbac_audit.rancher.rendering.sheet import Key, Made
from rbac_audit.snapshot.estate import Cluster
from rbac_audit.snapshot.objects import ClusterRoleBinding, KubernetesObject, RoleBinding

Grant = tuple[str, str, str, tuple[tuple[str, str, str], ...]]
"""What a binding gives: its namespace, the kind and name of its role, its subjects as (kind, namespace, name)."""
Rendered = Mapping[Key, Made]


class Prediction:
    """The prediction of one Rancher for those of its clusters that were read, by their ids in it."""

    def __init__(self, rancher: Rancher, clusters: Mapping[str, Cluster]) -> None:
        """Keep what to predict from; nothing is rendered yet."""
        self.rancher = rancher
        self._clusters = clusters

    @property
    def aggregated(self) -> bool:
        """The model: as the feature says, else as the label says that Rancher gives its bindings in that model only."""
        stated = self.rancher.aggregated
        if stated is None:
            return any(AGGREGATION in item.source.metadata.labels for item in self.rancher.bindings)
        return stated

    def covers(self, rancher_id: str) -> bool:
        """Tell whether a cluster was read."""
        return rancher_id in self._clusters

    def has_read(self, rancher_id: str, kind: type[KubernetesObject]) -> bool:
        """Tell whether all objects of a kind were read from a cluster."""
        return rancher_id in self._clusters and self._clusters[rancher_id].whole(kind)

    @cached_property
    def _legacy(self) -> Mapping[str, Rendered]:
        return render_with_owners(self.rancher, self._clusters, aggregated_model=False)

    @cached_property
    def _aggregated(self) -> Mapping[str, Rendered]:
        return render_with_owners(self.rancher, self._clusters, aggregated_model=True)

    def due(self, rancher_id: str) -> Rendered:
        """Return what Rancher writes onto a cluster in its model."""
        return (self._aggregated if self.aggregated else self._legacy).get(rancher_id, {})

    def otherwise(self, rancher_id: str) -> Rendered:
        """Return what it would write onto a cluster in the other model."""
        return (self._legacy if self.aggregated else self._aggregated).get(rancher_id, {})


def grant_of(item: RoleBinding | ClusterRoleBinding) -> Grant:
    """Say what a binding gives, whatever it is called and labelled; API groups follow from the kinds."""
    subjects = tuple((subject.kind, subject.namespace, subject.name) for subject in item.subjects)
    return item.metadata.namespace, item.role_ref.kind, item.role_ref.name, subjects


def gives_the_same(item: RoleBinding | ClusterRoleBinding, other: KubernetesObject) -> bool:
    """Tell whether another object of its name and place is a binding that gives the same."""
    if not isinstance(other, RoleBinding | ClusterRoleBinding) or item.role_ref.name != other.role_ref.name:
        return False
    # Most often they are alike to the last field, which is quickly seen.
    alike = item.subjects == other.subjects and item.role_ref.kind == other.role_ref.kind
    return alike or grant_of(item) == grant_of(other)


def by_grant(rendered: Rendered) -> dict[Grant, tuple[Owner, ...]]:
    """Index rendered bindings by what they give, with everybody they are for."""
    index: dict[Grant, tuple[Owner, ...]] = {}
    for made in rendered.values():
        for item in (made.item, *made.others):
            if isinstance(item, RoleBinding | ClusterRoleBinding):
                grant = grant_of(item)
                index[grant] = (*index.get(grant, ()), *made.owners)
    return index
