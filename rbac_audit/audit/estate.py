"""The estate as rules see it: each cluster with its access, its projects, its Rancher, and who made which binding."""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from types import MappingProxyType

from rbac_audit.access import Authorizer, Binding
from rbac_audit.audit.classes import Classes
from rbac_audit.audit.linking import link, unlinked
from rbac_audit.audit.standing import Standing
from rbac_audit.errors import WrongUse
from rbac_audit.harvester.baseline import Baseline, shipped_baseline
from rbac_audit.harvester.shipped import Variant
from rbac_audit.rancher.comparison import Comparison, Difference
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.ownership import Claims, Ownership, unread
from rbac_audit.rancher.people import People
from rbac_audit.rancher.prediction import Prediction
from rbac_audit.rancher.projects import Projects
from rbac_audit.snapshot.estate import Cluster, Gap, Snapshot
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    GlobalRole,
    GlobalRoleBinding,
    HarvesterSetting,
    KubeVirt,
    ManagedChart,
    ManagementCluster,
    Namespace,
    Project,
    ProjectRoleTemplateBinding,
    RancherSetting,
    RoleTemplate,
    Subject,
    User,
)

_OF_RANCHER = (
    RoleTemplate,
    User,
    ProjectRoleTemplateBinding,
    ClusterRoleTemplateBinding,
    GlobalRole,
    GlobalRoleBinding,
    Project,
)

_BUILD = re.compile(r"-\d[\d.]*$")


class View:
    """One cluster with everything that is known about it."""

    def __init__(  # what is known about a cluster comes from as many places
        self,
        cluster: Cluster,
        rancher: Rancher | None,
        rancher_id: str,
        rancher_id_from: str,
        gaps: Iterable[Gap] = (),
        today: str = "",
    ) -> None:
        """Join a cluster with the Rancher that manages it, None where that was not read, and the estate's gaps.

        `today` is the date of the audit, YYYY-MM-DD, "" where nobody says it.
        """
        self.today = today
        self.managed: tuple[View, ...] = ()
        """Of a management cluster: the clusters of its Rancher that were read, itself among them."""
        self.strangers: tuple[Rancher, ...] = ()
        """The Ranchers of the estate of which it is not known that one manages this cluster."""
        self.prediction = Prediction(rancher, {rancher_id: cluster}) if rancher else None
        self.cluster = cluster
        self.name = cluster.name
        self.rancher = rancher
        self.rancher_id = rancher_id
        self.rancher_id_from = rancher_id_from
        self.gaps = tuple(gaps)
        self.manages = bool(
            cluster.of(User) or cluster.of(ProjectRoleTemplateBinding) or len(cluster.of(ManagementCluster)) > 1
        )
        managed = rancher.clusters.get(rancher_id) if rancher and not self.manages else None
        self.is_harvester = bool(cluster.of(HarvesterSetting) or cluster.of(KubeVirt)) or (
            managed is not None and managed.status.provider == "harvester"
        )

    @property
    def role(self) -> str:
        """Say harvester, management or other."""
        return "harvester" if self.is_harvester else "management" if self.manages else "other"

    @cached_property
    def access(self) -> Authorizer:
        """The decisions of the cluster."""
        return Authorizer(self.cluster)

    @cached_property
    def people(self) -> People:
        """The people of the managing Rancher."""
        return self.rancher.people if self.rancher else People()

    @cached_property
    def projects(self) -> Projects:
        """The projects of this cluster."""
        known = self.rancher.projects if self.rancher else ()
        return Projects(self.rancher_id, known, self.cluster.of(Namespace))

    @cached_property
    def claims(self) -> Claims | None:
        """What Rancher renders here; None where its bindings were not read or its id for the cluster is not known."""
        known = self.prediction is not None and self.prediction.rancher.knows_bindings and self.rancher_id
        return Claims(self.prediction, self.rancher_id) if self.prediction and known else None

    @cached_property
    def ownership(self) -> Mapping[Binding, Ownership]:
        """Who made each binding, as far as it says and is true."""
        judge = self.claims.judge if self.claims else unread
        return {binding: judge(binding.source) for binding in self.access.bindings}

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """What is not as Rancher writes it; () where its objects were not read."""
        if self.claims is None or self.prediction is None:
            return ()
        return Comparison(self.prediction, self.rancher_id, self.cluster, self.ownership).differences

    @cached_property
    def standing(self) -> Standing:
        """Which subjects are the platform's, members, owners."""
        return Standing(self)

    @cached_property
    def classes(self) -> Classes:
        """Which namespaces are the platform's and projects', and whom bindings reach in them."""
        return Classes(self)

    @cached_property
    def versions(self) -> dict[str, str]:
        """The versions that the objects themselves state: harvester, kubevirt, rancher."""
        charts = {item.name: item.spec.version for item in self.cluster.of(ManagedChart)}
        settings = {item.name: item.value or item.default for item in self.cluster.of(HarvesterSetting)}
        rancher = {item.name: item.value or item.default for item in self.cluster.of(RancherSetting)}
        kubevirt = [item.status.observed_kube_virt_version for item in self.cluster.of(KubeVirt)]
        found = {
            "harvester": settings.get("server-version") or charts.get("harvester", ""),
            "kubevirt": kubevirt[0] if kubevirt else "",
            "rancher": rancher.get("server-version", ""),
        }
        return {name: version for name, version in found.items() if version}

    @cached_property
    def components(self) -> Mapping[str, str]:
        """The versions of the installed components, by name: those of the Harvester release, and those stated."""
        release = self.versions.get("harvester", "")
        parts = self.baseline.components_of(release).components if release else {}
        return {**parts, **self._stated} if self.is_harvester else self._stated

    @cached_property
    def exact_components(self) -> Mapping[str, str]:
        """The same without what is only known of a release nearby.

        The build number of a distributor (1.7.0-150700.3.2 of KubeVirt) is no other version, where the Harvester
        release says that it is made of that one.
        """
        release = self.versions.get("harvester", "")
        parts = self.baseline.components_of(release) if release and self.is_harvester else None
        if parts is None or not parts.exact:
            return self._stated
        built = {name: _BUILD.sub("", version) for name, version in self._stated.items()}
        same = {name: version for name, version in built.items() if parts.components.get(name) == version.lstrip("v")}
        return {**parts.components, **self._stated, **same}

    @property
    def _stated(self) -> dict[str, str]:
        return {name: version for name, version in self.versions.items() if name in {"kubevirt", "rancher"}}

    @cached_property
    def shipped(self) -> Mapping[Binding, tuple[Variant, ...]]:
        """The bindings under names that some component ships, with what it ships, whether they are like it or not."""
        places = self.access.by_namespace
        found = (binding for name in sorted(self.baseline.namespaces & places.keys()) for binding in places[name])
        named = ((item, self.baseline.variants(item.source.kind, item.namespace, item.name)) for item in found)
        return {item: variants for item, variants in named if variants}

    @property
    def baseline(self) -> Baseline:
        """What the parts of a Harvester cluster ship, of every known version."""
        return shipped_baseline()

    def display_name(self, subject: Subject) -> str:
        """Name a subject for people, "" where only its own name is known."""
        return self.people.display_name(subject)


class Estate:
    """All clusters of a snapshot, each joined with its Rancher."""

    def __init__(
        self, snapshot: Snapshot, rancher_ids: Mapping[str, str] = MappingProxyType({}), today: str = ""
    ) -> None:
        """Link the clusters; `rancher_ids` states the id in Rancher of clusters by name, `today` the date of the audit.

        Raises WrongUse for a name that no cluster has.
        """
        self.snapshot = snapshot
        names = [cluster.name for cluster in snapshot.clusters]
        for name in rancher_ids:
            if name not in names:
                raise WrongUse("option", "--rancher-id", f"no cluster is called {name}", f"one of: {', '.join(names)}")
        known = {cluster.name: Rancher(cluster) for cluster in snapshot.clusters if _holds_rancher(cluster)}
        links = [(cluster, link(cluster, known, rancher_ids.get(cluster.name, ""))) for cluster in snapshot.clusters]
        # Where a Rancher was read, but not which cluster it manages.
        self.gaps = tuple(unlinked(cluster.name) for cluster, (rancher, *_) in links if known and rancher is None)
        gaps = (*snapshot.gaps, *self.gaps)
        self.views = tuple(View(cluster, *link, gaps, today) for cluster, link in links)
        self.ranchers = tuple(known.values())
        for view in self.views:
            others = (rancher for rancher in self.ranchers if rancher.cluster is not view.cluster)
            view.strangers = tuple(others) if view.rancher is None else ()
        for rancher in self.ranchers:
            _predict_together(rancher, [view for view in self.views if view.rancher is rancher])

    @property
    def harvesters(self) -> tuple[View, ...]:
        """The clusters that tenants work on: all but those that only manage."""
        return tuple(view for view in self.views if view.role != "management")


def _predict_together(rancher: Rancher, views: list[View]) -> None:
    """Render for all clusters of one Rancher at once; a cluster that was read twice is on its own the second time."""
    clusters: dict[str, Cluster] = {}
    for view in views:
        clusters.setdefault(view.rancher_id, view.cluster)
    prediction = Prediction(rancher, clusters)
    for view in views:
        if clusters[view.rancher_id] is view.cluster:
            view.prediction = prediction
        if view.cluster is rancher.cluster:
            view.managed = tuple(views)


def _holds_rancher(cluster: Cluster) -> bool:
    """Tell whether a cluster shows objects that only a Rancher with users or clusters of its own has.

    That their types were read is not enough: a Harvester cluster has the types, for the Rancher that is embedded in
    it, and a support bundle has them without an object.
    """
    return any(cluster.of(kind) for kind in _OF_RANCHER) or len(cluster.of(ManagementCluster)) > 1
