"""Ids of several Ranchers on one cluster."""

import pytest

from rbac_audit.audit.finding import Confidence
from rbac_audit.rules.several_managers import RULE
from rbac_audit.snapshot.objects import ClusterRoleBinding
from tests.rules.estate import estate, found, not_evaluated


def binding(name: str, owner: str, label: str = "authz.cluster.cattle.io/rtb-owner-updated") -> str:
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {name}, labels: {{{label}: "{owner}"}}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: u-{name}}}]
---
"""


def test_the_bindings_of_the_other_one_are_told() -> None:
    world = estate(
        binding("a", "c-m-abcd1234-p-shop_x") + binding("b", "c-m-old00001_crtb-1") + binding("c", "c-x1y2z_crtb-2")
    )
    findings = {finding.object.name: finding for finding in found(RULE, world)}
    assert set(findings) <= {"a", "b", "c"}
    assert len(findings) == 2
    assert {finding.confidence for finding in findings.values()} == {Confidence.POSSIBLE}


def test_the_id_that_rancher_has_now_is_the_right_one_however_few_there_are() -> None:
    others = binding("b", "c-m-old00001_crtb-1") + binding("c", "c-m-old00001_crtb-2")
    managed = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
"""
    [finding] = found(RULE, estate(binding("a", "c-m-abcd1234_crtb-1") + others, managed))
    assert [finding.object.name, *(item.name for item in finding.related)] == ["b", "c"]
    assert "for cluster c-m-old00001: 2 bindings, for c-m-abcd1234: 1" in finding.message
    assert {subject.name for subject in finding.subjects} == {"u-b", "u-c"}


@pytest.mark.parametrize(
    "other",
    [
        binding("b", "c-m-abcd1234_crtb-2"),
        # The older names of backing namespaces say nothing about the cluster.
        binding("b", "p-shop1_prtb-1"),
        binding("b", "c-m-old00001_crtb-1", "example.com/owner"),
        binding("b", "no-id"),
    ],
)
def test_one_id_is_one_rancher(other: str) -> None:
    assert found(RULE, estate(binding("a", "c-m-abcd1234-p-shop_prtb-1") + other)) == []


def test_half_of_the_bindings_is_half_an_answer() -> None:
    text = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
"""
    [entry] = not_evaluated(RULE, estate(text, unread=(ClusterRoleBinding,)))
    assert entry.partly
    assert entry.because == ("no ClusterRoleBinding was read from harvester",)
