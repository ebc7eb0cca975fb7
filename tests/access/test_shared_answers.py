"""Collected clusters: what a real API server answered about them, and what its controller aggregated in them."""

import gzip
import json
import re
from pathlib import Path

import pytest

from rbac_audit.access import Aggregation, Authorizer, Identity, Permission
from rbac_audit.snapshot.objects import ClusterRole
from tests.access.manifests import Manifest, cluster_of

ESTATES = {"stock-legacy": 2_838, "stock-aggregated": 2_838, "messy-estate": 7_920}
KINDS = ("clusterroles", "clusterrolebindings", "roles", "rolebindings")
REASON = re.compile(r'RBAC: allowed by (\w+) "([^"]*)" of (\w+) "([^"]*)" to (\w+) "([^"]*)"')


def read(path: Path) -> bytes:
    packed = path.with_name(f"{path.name}.gz")
    return gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()


def permission_of(line: Manifest) -> Permission:
    if "path" in line:
        return Permission(line["verb"], path=line["path"])
    resource = "/".join(filter(None, (line["resource"], line.get("subresource"))))
    return Permission(line["verb"], line["group"], resource, line.get("name", ""))


def granted_by(access: Authorizer, who: Identity, permission: Permission, namespace: str) -> set[tuple[str, ...]]:
    """The bindings that allow it, as the API server names them: kind, name/namespace, kind and name of the role."""
    bindings = [grant.binding for grant in access.grants(who, permission, namespace) if grant.binding]
    return {
        (
            item.source.kind,
            f"{item.name}/{item.namespace}" if item.namespace else item.name,
            item.role_ref.kind,
            item.role_ref.name,
        )
        for item in bindings
    }


@pytest.mark.parametrize("estate", ESTATES)
def test_every_answer_is_that_of_the_api_server(shared_data: Path, estate: str) -> None:
    folder = shared_data / estate / "harvester-cluster"
    lists = [json.loads(read(folder / f"{kind}.rbac.authorization.k8s.io.json")) for kind in KINDS]
    access = Authorizer(cluster_of([item for each in lists for item in each["items"]]))
    lines = [json.loads(line) for line in read(folder / "access-answers.jsonl").splitlines()]
    assert len(lines) == ESTATES[estate]
    assert {line["allowed"] for line in lines} == {True, False}
    for line in lines:
        who, namespace = Identity(line["user"], tuple(line["groups"])), line.get("namespace", "")
        found = granted_by(access, who, permission_of(line), namespace)
        assert bool(found) is access.allowed(who, permission_of(line), namespace) is line["allowed"], line
        if line["allowed"]:
            # Which one it names where several allow is chance.
            reason = REASON.match(line["reason"])
            assert reason, line
            assert reason.groups()[:4] in found, line


@pytest.mark.parametrize("cluster", ["harvester-cluster", "rancher-local"])
@pytest.mark.parametrize("estate", ESTATES)
def test_every_aggregated_role_is_what_the_controller_wrote(shared_data: Path, estate: str, cluster: str) -> None:
    path = shared_data / estate / cluster / "clusterroles.rbac.authorization.k8s.io.json"
    stored = json.loads(read(path))["items"]
    emptied = [{**item, "rules": []} if "aggregationRule" in item else item for item in stored]
    written, computed = (Aggregation(cluster_of(items).of(ClusterRole)) for items in (stored, emptied))
    assert {"admin", "edit", "view"} <= {name for name in written.names if written.effective(name)}
    for name in written.names:
        assert computed.effective(name) == written.effective(name)
        assert written.drift(name) == ((), ())
        assert all(written.source(name, rule) for rule in written.effective(name))
