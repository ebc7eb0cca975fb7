"""Harvester clusters without their label."""

import pytest

from rbac_audit.rules.provider_label_missing import RULE
from tests.rules.estate import CLUSTER_ID, RANCHER, estate, found


def cluster(labels: str, provider: str) -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: Cluster
metadata: {{name: c-m-x, labels: {labels}}}
status: {{provider: "{provider}"}}
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: u-erin}}
"""


@pytest.mark.parametrize("labels", ["{}", "{provider.cattle.io: rke2}"])
def test_a_harvester_cluster_without_it_is_told(labels: str) -> None:
    assert [str(item.object) for item in found(RULE, estate("", cluster(labels, "harvester")))] == ["Cluster c-m-x"]


@pytest.mark.parametrize(("labels", "provider"), [("{provider.cattle.io: harvester}", "harvester"), ("{}", "rke2")])
def test_others_are_clean(labels: str, provider: str) -> None:
    assert found(RULE, estate("", cluster(labels, provider))) == []


KUBEVIRT = "{apiVersion: kubevirt.io/v1, kind: KubeVirt, metadata: {name: kubevirt, namespace: harvester-system}}"
GUEST = "{apiVersion: v1, kind: Namespace, metadata: {name: a}}"


@pytest.mark.parametrize(
    ("harvester", "labels", "flagged"),
    [
        (KUBEVIRT, "{}", True),
        (KUBEVIRT, "{provider.cattle.io: harvester}", False),
        (GUEST, "{}", False),
    ],
)
def test_what_a_cluster_shows_of_itself_counts(harvester: str, labels: str, *, flagged: bool) -> None:
    findings = found(RULE, estate(harvester, cluster(labels, "").replace("c-m-x", CLUSTER_ID)))
    assert [(str(it.object), it.object.cluster) for it in findings] == [(f"Cluster {CLUSTER_ID}", RANCHER)] * flagged


def test_it_is_told_once() -> None:
    assert len(found(RULE, estate(KUBEVIRT, cluster("{}", "harvester").replace("c-m-x", CLUSTER_ID)))) == 1
