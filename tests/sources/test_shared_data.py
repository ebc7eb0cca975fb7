"""Collected clusters beside the checkout, where there are any: folders, bundles, and both against each other."""

import gzip
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.estate import Cluster
from rbac_audit.snapshot.file import digest, read_snapshot, write_snapshot
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    Kind,
    KubernetesObject,
    Role,
    RoleBinding,
    Secret,
)
from tests.sources.builders import keys, read

ESTATES = ("messy-estate", "stock-legacy", "stock-aggregated")


@pytest.fixture(params=ESTATES)
def estate(request: pytest.FixtureRequest, shared_data: Path) -> Path:
    folder: Path = shared_data / request.param
    if not folder.is_dir():
        pytest.skip(f"no {request.param}")
    return folder


@pytest.fixture
def bundles(shared_data: Path) -> tuple[Path, Path]:
    """Without and with the tenants' namespaces."""
    found = sorted((shared_data / "support-bundle").glob("*.zip"))
    if len(found) != 2:
        pytest.skip("no support bundles")
    return found[0], found[1]


def _items(folder: Path) -> Iterator[dict[str, object]]:
    """Every item of a folder, read with nothing but the standard library."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("discovery") or ".json" not in path.suffixes or path.suffix == ".jsonl":
            continue
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        yield from json.loads(raw)["items"]


def test_an_estate_is_read_whole(estate: Path) -> None:
    snapshot = read(estate)
    assert [cluster.name for cluster in snapshot.clusters] == ["harvester-cluster", "rancher-local"]
    assert snapshot.gaps == ()
    unknown: Counter[str] = Counter()
    for cluster in snapshot.clusters:
        expected = []
        for raw in _items(estate / cluster.name):
            item = decode(raw)
            if item is None:
                group = str(raw["apiVersion"]).rpartition("/")[0]
                unknown[f"{raw['kind']}.{group}" if group else str(raw["kind"])] += 1
            else:
                expected.append(item)
        assert _by_key(cluster) == {(type(item), str(item)): item for item in expected}
    assert snapshot.unknown_kinds == unknown


def _by_key(cluster: Cluster) -> dict[tuple[Kind, str], KubernetesObject]:
    return {(kind, str(item)): item for kind, members in cluster.objects.items() for item in members}


def test_an_estate_survives_its_snapshot_file(estate: Path, tmp_path: Path) -> None:
    snapshot = read(estate)
    write_snapshot(snapshot, tmp_path / "x.jsonl.zst")
    assert digest(read_snapshot(tmp_path / "x.jsonl.zst")) == digest(snapshot)
    assert digest(read(tmp_path / "x.jsonl.zst")) == digest(snapshot)


def test_the_bundle_without_the_tenants(bundles: tuple[Path, Path]) -> None:
    snapshot = read(bundles[0])
    (cluster,) = snapshot.clusters
    assert cluster.name == "bundle-k7x2p"
    assert {"harvester-public", "shop-prod", "lab-vms"} <= cluster.unread_namespaces
    assert "cattle-system" not in cluster.unread_namespaces
    reasons = " ".join(gap.reason for gap in snapshot.gaps)
    assert "harvester-public among them" in reasons
    assert not any("could not be listed" in gap.reason for gap in snapshot.gaps)
    assert not cluster.has(Secret)


def test_the_bundle_with_the_tenants(bundles: tuple[Path, Path]) -> None:
    (cluster,) = read(f"prod={bundles[1]}").clusters
    assert cluster.unread_namespaces.isdisjoint(("harvester-public", "shop-prod", "lab-vms"))
    assert {binding.namespace for binding in cluster.of(RoleBinding)} >= {"harvester-public", "shop-prod"}


def test_the_second_bundle_has_all_of_the_first(bundles: tuple[Path, Path]) -> None:
    (small,), (large,) = read(f"x={bundles[0]}").clusters, read(f"x={bundles[1]}").clusters
    assert set(keys(small)) < set(keys(large))


def test_an_unpacked_bundle_reads_as_the_packed_one(bundles: tuple[Path, Path], tmp_path: Path) -> None:
    with zipfile.ZipFile(bundles[0]) as archive:
        archive.extractall(tmp_path / "x")
    packed, unpacked = read(f"x={bundles[0]}"), read(f"x={tmp_path / 'x'}")
    assert packed.clusters[0].objects == unpacked.clusters[0].objects
    assert packed.clusters[0].collected == unpacked.clusters[0].collected
    assert [gap.reason for gap in packed.gaps] == [gap.reason for gap in unpacked.gaps]


def test_roles_of_the_bundle_are_those_of_the_dump(bundles: tuple[Path, Path], shared_data: Path) -> None:
    """The dump is older: what was not changed since has its version, and must be equal in all that is kept."""
    (bundle,) = read(f"x={bundles[1]}").clusters
    (dump,) = read(f"x={shared_data / 'messy-estate' / 'harvester-cluster'}").clusters
    same = 0
    for kind in (ClusterRole, ClusterRoleBinding, Role, RoleBinding):
        known = {(item.namespace, item.name): item for item in dump.of(kind)}
        for item in bundle.of(kind):
            other = known.get((item.namespace, item.name))
            if other is not None and other.metadata.resource_version == item.metadata.resource_version:
                assert item == other
                same += 1
    assert same > 500
    empty = [role for role in bundle.of(ClusterRole) for rule in role.rules if "" in rule.resource_names]
    assert empty
