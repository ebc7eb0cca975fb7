"""Harvester clusters without their label."""

import pytest

from rbac_audit.rules.provider_label_missing import RULE
from tests.rules.estate import estate, found


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
