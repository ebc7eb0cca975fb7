"""The stand-ins for custom resources: what they are called, and what they accept."""

import gzip
import json
from pathlib import Path

import pytest
import yaml

from tests.controlplane import crds
from tests.controlplane.api import ApiError
from tests.controlplane.connections import Object
from tests.controlplane.server import Server

SAMPLES: list[Object] = list(yaml.load_all((Path(__file__).parent / "samples.yaml").read_bytes(), yaml.CSafeLoader))
PLACES: list[Object] = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sample"}}]


def _names(crd: Object) -> tuple[str, str]:
    return f"{crd['spec']['group']}/{crd['spec']['versions'][0]['name']}", crd["spec"]["names"]["kind"]


def test_every_kind_has_a_sample() -> None:
    assert sorted(map(_names, crds.manifests())) == sorted((s["apiVersion"], s["kind"]) for s in SAMPLES)


@pytest.mark.controlplane(controllers=False)
def test_samples_are_accepted_and_kept_whole(clean_apiserver: Server) -> None:
    api = clean_apiserver.api
    clean_apiserver.seed(PLACES + SAMPLES)
    for sample in SAMPLES:
        metadata = sample["metadata"]
        stored = api.get(sample["apiVersion"], sample["kind"], metadata["name"], metadata.get("namespace"))
        assert stored | {"metadata": metadata} == sample


@pytest.mark.parametrize(
    ("kind", "fields", "complaint"),
    [
        ("UserAttribute", {"groupPrincipals": {}}, "unknown field"),
        ("RoleTemplate", {"spec": {"context": "project"}}, "unknown field"),
        ("GlobalRoleBinding", {"userName": "u-sam01"}, "globalRoleName: Required value"),
        ("GlobalRole", {"rules": [{"apiGroups": [""], "resources": ["pods"]}]}, "verbs: Required value"),
        ("User", {"enabled": "yes"}, "must be of type boolean"),
    ],
)
@pytest.mark.controlplane(controllers=False)
def test_wrong_shapes_are_refused(apiserver: Server, kind: str, fields: Object, complaint: str) -> None:
    manifest = {"apiVersion": "management.cattle.io/v3", "kind": kind, "metadata": {"name": "wrong"}, **fields}
    with pytest.raises(ApiError, match=complaint):
        apiserver.api.create(manifest)


@pytest.mark.parametrize(
    ("api_version", "kind", "path"),
    [
        ("harvesterhci.io/v1beta1", "Setting", "/apis/harvesterhci.io/v1beta1/settings"),
        ("harvesterhci.io/v1beta1", "Addon", "/apis/harvesterhci.io/v1beta1/namespaces/a/addons"),
        ("management.cattle.io/v3", "Setting", "/apis/management.cattle.io/v3/settings"),
        ("management.cattle.io/v3", "RoleTemplate", "/apis/management.cattle.io/v3/roletemplates"),
        ("management.cattle.io/v3", "Project", "/apis/management.cattle.io/v3/namespaces/a/projects"),
        ("loadbalancer.harvesterhci.io/v1beta1", "IPPool", "/apis/loadbalancer.harvesterhci.io/v1beta1/ippools"),
        (
            "k8s.cni.cncf.io/v1",
            "NetworkAttachmentDefinition",
            "/apis/k8s.cni.cncf.io/v1/namespaces/a/network-attachment-definitions",
        ),
    ],
)
@pytest.mark.controlplane(controllers=False)
def test_objects_live_where_they_should(apiserver: Server, api_version: str, kind: str, path: str) -> None:
    assert apiserver.api.discovery.find(api_version, kind).path("a") == path


def test_names_are_those_of_real_clusters(shared_data: Path) -> None:
    known: dict[tuple[str, str], Object] = {}
    for path in sorted(shared_data.glob("stock-legacy/*/discovery-groups.json.gz")):
        for group in json.loads(gzip.decompress(path.read_bytes()))["items"]:
            for version in group["versions"]:
                place = f"{group['metadata']['name']}/{version['version']}"
                known |= {(place, each["responseKind"]["kind"]): each for each in version["resources"]}
    for crd in crds.manifests():
        names, real = crd["spec"]["names"], known[_names(crd)]
        assert names["plural"] == real["resource"]
        assert names["singular"] == real["singularResource"]
        assert names.get("shortNames") == real.get("shortNames")
        assert crd["spec"]["scope"] == real["scope"]
