"""Small estates out of YAML text, and what one rule finds in them."""

from collections.abc import Iterable, Iterator

import yaml

from rbac_audit.audit.estate import Estate, View
from rbac_audit.audit.evaluate import evaluate
from rbac_audit.audit.finding import Finding
from rbac_audit.audit.report import NotEvaluated
from rbac_audit.audit.rule import Rule
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import KINDS, Kind, KubernetesObject, ManagementCluster, Metadata
from rbac_audit.snapshot.reshape import Raw

HARVESTER = "harvester"
RANCHER = "rancher"
CLUSTER_ID = "c-m-abcd1234"
"""The id of the cluster `harvester` in the Rancher of the cluster `rancher`."""

_MANAGEMENT = frozenset(kind for kind in KINDS if kind.__module__.endswith(".rancher"))


def estate(
    harvester: str = "", rancher: str = "", *, unread: Iterable[Kind] = (), unread_namespaces: Iterable[str] = ()
) -> Estate:
    """Build an estate of up to two clusters, completely read but for the types in `unread`.

    An empty text means that there is no such cluster. Objects of Rancher that the Harvester cluster does not show
    count as not read there. Raises AssertionError for what is no manifest of a kind that a snapshot keeps.
    """
    return estate_of(manifests(harvester), manifests(rancher), unread=unread, unread_namespaces=unread_namespaces)


def estate_of(
    harvester: Iterable[Raw],
    rancher: Iterable[Raw] = (),
    *,
    unread: Iterable[Kind] = (),
    unread_namespaces: Iterable[str] = (),
) -> Estate:
    """Build the same out of manifests that are already parsed, such as the examples of an access policy."""
    tenants, managers = _objects(harvester), _objects(rancher)
    clusters = []
    if tenants:
        read = (set(KINDS) - _MANAGEMENT) - set(unread)
        clusters.append(Cluster(HARVESTER, tenants, collected=read, unread_namespaces=unread_namespaces))
    if managers:
        clusters.append(Cluster(RANCHER, [*managers, *_clusters(managers)], collected=set(KINDS) - set(unread)))
    return Estate(Snapshot(clusters), {HARVESTER: CLUSTER_ID} if tenants and managers else {})


class _Loader(yaml.SafeLoader):
    """Reads times as the texts that they are in a manifest."""


def _text(_: _Loader, node: yaml.Node) -> str:
    return str(node.value)


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)


def manifests(text: str) -> Iterator[Raw]:
    """Parse YAML documents; raises AssertionError for one that is no mapping."""
    for raw in yaml.load_all(text, _Loader):
        if raw is not None:
            assert isinstance(raw, dict), raw
            yield raw


def _objects(raw: Iterable[Raw]) -> list[KubernetesObject]:
    return [_object(item) for item in raw]


def _object(raw: Raw) -> KubernetesObject:
    item = decode(raw)
    assert item is not None, f"no snapshot keeps {raw['kind']} of {raw['apiVersion']}"
    assert bool(item.namespace) is item.namespaced, f"{item} is in the wrong scope"
    return item


def _clusters(managers: Iterable[KubernetesObject]) -> Iterator[ManagementCluster]:
    """Both clusters in Rancher's list, so that examples need not name them."""
    named = {item.name for item in managers if isinstance(item, ManagementCluster)}
    return (ManagementCluster(metadata=Metadata(name=name)) for name in ("local", CLUSTER_ID) if name not in named)


def view(of: Estate, cluster: str = HARVESTER) -> View:
    """Look at one cluster of an estate."""
    return next(item for item in of.views if item.name == cluster)


def found(rule: Rule, of: Estate) -> list[Finding]:
    """Evaluate one rule; raises AssertionError where it could not look, so that no blind rule passes for clean."""
    outcome = evaluate(of, [rule])
    blind = [entry for entry in outcome.not_evaluated if not entry.partly]
    assert not blind, blind
    return list(outcome.findings)


def not_evaluated(rule: Rule, of: Estate) -> tuple[NotEvaluated, ...]:
    """Say where one rule could not look, wholly or partly."""
    return evaluate(of, [rule]).not_evaluated
