"""Which Harvester clusters a Rancher manages, found as Rancher itself and its dashboard find them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import NamedTuple, TypeVar

import msgspec

from rbac_audit.errors import WrongUse
from rbac_audit.snapshot.decode import decode_json
from rbac_audit.snapshot.estate import Gap
from rbac_audit.snapshot.objects import KubernetesObject, ManagementCluster, ProvisioningCluster
from rbac_audit.sources.live.connection import Failed
from rbac_audit.sources.live.kinds import collection, manifest, resource
from rbac_audit.sources.live.limits import Limits
from rbac_audit.sources.live.lists import METADATA_ONLY, Listing, Refused
from rbac_audit.sources.live.target import Target
from rbac_audit.sources.live.ways import Login, Paces, Proxied, connect

NAME = "rancher"
LOCAL = "local"
# The dashboard asks for the label first (rancher/dashboard shell/utils/cluster.js); Rancher's own detector, which fills
# status.provider, asks whether a node has the other one.
LABEL, PROVIDER, NODE_LABEL = "provider.cattle.io", "harvester", "harvesterhci.io/managed"
# Harvester is built on RKE2, and a cluster that was imported by hand may be taken for that.
UNDECIDED = ("", "rke2")

T = TypeVar("T", bound=KubernetesObject)


class Found(NamedTuple):
    """The management cluster and the Harvester clusters; `gaps` where it is not known whether a cluster is one."""

    targets: tuple[Target, ...]
    gaps: tuple[Gap, ...] = ()


class _Cluster(NamedTuple):
    id: str
    names: tuple[str, ...]
    provider: str
    labelled: bool


def find_clusters(login: Login, wanted: Sequence[str], limits: Limits) -> Found:
    """Find the clusters to read: the management cluster, and all Harvester clusters or those that are wanted.

    `wanted` are ids or names as Rancher shows them. Raises WrongUse for one that Rancher does not have.
    """
    paces = Paces(limits.qps)
    rancher = Target(NAME, Proxied(login, LOCAL), "rancher")
    try:
        clusters = _clusters(rancher, paces, limits)
    except (Refused, Failed) as trouble:
        # What is asked for by id can be read all the same; the reading of the management cluster tells why.
        ids = [name for name in wanted if name.startswith("c-")]
        targets = [Target(name, Proxied(login, name), "harvester", name) for name in ids]
        return Found((rancher, *targets), () if ids else (_unknown(trouble),))
    if wanted:
        return Found((rancher, *_targets(login, _chosen(clusters, wanted))))
    chosen, gaps = [], []
    for cluster in clusters:
        try:
            if cluster.id != LOCAL and _is_harvester(cluster, login, paces, limits):
                chosen.append(cluster)
        except (Refused, Failed) as trouble:
            # Where Rancher has named another provider, its word is enough.
            if not cluster.provider:
                gaps.append(_undecided(cluster, trouble))
    return Found((rancher, *_targets(login, chosen)), tuple(gaps))


def _clusters(rancher: Target, paces: Paces, limits: Limits) -> list[_Cluster]:
    with closing(connect(rancher.way, paces)) as connection:
        found = _objects(Listing(connection, collection(ManagementCluster), limits), ManagementCluster)
        try:
            provisioned = _objects(Listing(connection, collection(ProvisioningCluster), limits), ProvisioningCluster)
        except Refused:
            # The other signs remain, and the reading of the management cluster tells the refusal.
            provisioned = []
    names = {each.status.cluster_name: each for each in provisioned}
    return [_described(each, names.get(each.name)) for each in found]


def _described(managed: ManagementCluster, provisioned: ProvisioningCluster | None) -> _Cluster:
    both = [managed, provisioned] if provisioned else [managed]
    names = [managed.spec.display_name, provisioned.name if provisioned else "", managed.name]
    labelled = any(each.metadata.labels.get(LABEL) == PROVIDER for each in both)
    return _Cluster(managed.name, tuple(filter(None, names)), managed.status.provider, labelled)


def _objects(listing: Listing, kind: type[T]) -> list[T]:
    found: list[T] = []
    for items in listing:
        if items is None:
            found.clear()
        for item in items or ():
            try:
                decoded = decode_json(manifest(kind, item), kind.group, kind.kind)
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
                raise Failed(f"its {resource(kind)} cannot be understood", "look at them with kubectl") from None
            if isinstance(decoded, kind):
                found.append(decoded)
    return found


def _is_harvester(cluster: _Cluster, login: Login, paces: Paces, limits: Limits) -> bool:
    if cluster.labelled or cluster.provider == PROVIDER:
        return True
    if cluster.provider not in UNDECIDED:
        return False
    # One answer is enough, and a cluster that is down must not hold up the others for minutes.
    once = msgspec.structs.replace(limits, page=1, retries=1)
    with closing(connect(Proxied(login, cluster.id), paces)) as connection:
        listing = Listing(connection, "/api/v1/nodes", once, METADATA_ONLY, {"labelSelector": NODE_LABEL})
        return bool(next(iter(listing)))


def _chosen(clusters: Sequence[_Cluster], wanted: Iterable[str]) -> list[_Cluster]:
    chosen: dict[str, _Cluster] = {}
    for name in wanted:
        found = [cluster for cluster in clusters if name in cluster.names]
        if len(found) != 1:
            known = ", ".join(sorted(cluster.names[0] for cluster in clusters)) or "none"
            problem = "several clusters are called so" if found else "Rancher has no such cluster"
            raise WrongUse("option", f"--cluster {name}", problem, f"give its id, or one of: {known}")
        chosen[found[0].id] = found[0]
    return [cluster for cluster in chosen.values() if cluster.id != LOCAL]


def _targets(login: Login, clusters: Iterable[_Cluster]) -> list[Target]:
    clusters = list(clusters)
    uses = Counter([NAME, *(cluster.names[0] for cluster in clusters)])
    return [
        Target(
            cluster.names[0] if uses[cluster.names[0]] == 1 else f"{cluster.names[0]} ({cluster.id})",
            Proxied(login, cluster.id),
            "harvester",
            cluster.id,
        )
        for cluster in clusters
    ]


def _unknown(trouble: Refused | Failed) -> Gap:
    problem, advice = _words(trouble)
    return Gap(NAME, "which Harvester clusters it manages", problem, f"{advice}, or name their ids with --cluster")


def _undecided(cluster: _Cluster, trouble: Refused | Failed) -> Gap:
    problem, _ = _words(trouble)
    reason = f"it may be a Harvester cluster: Rancher does not say, and its nodes do not ({problem})"
    return Gap(NAME, f"cluster {cluster.names[0]}", reason, f"if it is, label it {LABEL}={PROVIDER} in Rancher")


def _words(trouble: Refused | Failed) -> tuple[str, str]:
    if isinstance(trouble, Failed):
        return trouble.problem, trouble.advice
    return f"the account may not list them ({trouble.status})", f"let it list {resource(ManagementCluster)}"
