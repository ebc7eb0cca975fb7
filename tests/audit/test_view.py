import pytest

from rbac_audit.rancher.people import People
from tests.audit.clusters import linked, namespace, rancher, view

SETTING = (
    "{apiVersion: harvesterhci.io/v1beta1, kind: Setting, metadata: {name: server-version}, default: v1.8.0}\n---\n"
)
VALUE = "{apiVersion: harvesterhci.io/v1beta1, kind: Setting, metadata: {name: server-version}, default: v1.8.0, value: v1.9.0}\n---\n"
KUBEVIRT = """
{apiVersion: kubevirt.io/v1, kind: KubeVirt, metadata: {name: kubevirt, namespace: harvester-system},
 status: {observedKubeVirtVersion: v1.8.4}}
---
"""
CHART = """
{apiVersion: management.cattle.io/v3, kind: ManagedChart, metadata: {name: harvester, namespace: fleet-local}, spec: {version: 1.7.1}}
---
"""
RANCHER = (
    "{apiVersion: management.cattle.io/v3, kind: Setting, metadata: {name: server-version}, value: v2.15.0}\n---\n"
)
SHOP = namespace("shop", "c-m-abcd1234:p-shop")


@pytest.mark.parametrize(
    ("text", "role", "manages"),
    [
        (SETTING, "harvester", False),
        (KUBEVIRT, "harvester", False),
        (SHOP, "other", False),
        (rancher(), "management", True),
        (rancher("c-m-abcd1234"), "management", True),
        (SETTING + rancher(), "harvester", True),
    ],
)
def test_what_a_cluster_is_follows_from_its_objects(text: str, role: str, *, manages: bool) -> None:
    found = view(linked(one=text), "one")
    assert (found.role, found.manages) == (role, manages)


def test_one_cluster_of_its_own_does_not_make_a_manager() -> None:
    """Harvester's embedded Rancher has `local`."""
    local = "{apiVersion: management.cattle.io/v3, kind: Cluster, metadata: {name: local}}\n---\n"
    assert not view(linked(one=SETTING + local), "one").manages


@pytest.mark.parametrize(("provider", "role"), [("harvester", "harvester"), ("rke2", "other")])
def test_rancher_says_that_a_cluster_is_harvester(provider: str, role: str) -> None:
    estate = linked(one=SHOP, rancher=rancher("c-m-abcd1234", provider=provider))
    assert view(estate, "one").role == role


def test_tenants_work_on_all_clusters_but_those_that_only_manage() -> None:
    estate = linked(harvester=SETTING, rancher=rancher(), single=SETTING + rancher(), other=SHOP)
    assert [found.name for found in estate.harvesters] == ["harvester", "other", "single"]


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        (SETTING, {"harvester": "v1.8.0"}),
        (VALUE, {"harvester": "v1.9.0"}),
        (CHART, {"harvester": "1.7.1"}),
        (CHART + VALUE, {"harvester": "v1.9.0"}),
        (KUBEVIRT + RANCHER, {"kubevirt": "v1.8.4", "rancher": "v2.15.0"}),
        (SHOP, {}),
    ],
)
def test_versions_are_those_that_the_objects_state(text: str, versions: dict[str, str]) -> None:
    assert view(linked(one=text), "one").versions == versions


def test_without_rancher_nobody_has_another_name() -> None:
    found = view(linked(one=SHOP), "one")
    assert found.people.all == People().all == ()
    assert found.claims is None
