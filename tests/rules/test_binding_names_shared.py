"""Role template bindings that undo each other, because their labels do not tell them apart."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.binding_names_shared import RULE
from rbac_audit.snapshot.objects import Feature
from tests.rules.estate import estate, found, not_evaluated

FEATURE = """
apiVersion: management.cattle.io/v3
kind: Feature
metadata: {{name: aggregated-roletemplates}}
spec: {{value: {}}}
---
"""
CREATOR = "creator-project-owner"


def prtb(project: str, name: str = CREATOR, cluster: str = "c-m-abcd1234", deleted: str = "") -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: {name}, namespace: {cluster}-{project}{deleted}}}
projectName: "{cluster}:{project}"
roleTemplateName: project-owner
userName: u-{project}
---
"""


def crtb(cluster: str, name: str = "creator-cluster-owner") -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {{name: {name}, namespace: {cluster}}}
clusterName: {cluster}
roleTemplateName: cluster-owner
userName: u-{cluster}
---
"""


def test_projects_of_one_cluster_are_told_together() -> None:
    bindings = prtb("p-a") + prtb("p-b") + prtb("p-c")
    (finding,) = found(RULE, estate(rancher=FEATURE.format("true") + bindings))
    assert finding.severity is Severity.MEDIUM
    assert "3 role template bindings of 3 projects of cluster c-m-abcd1234" in finding.message
    assert {str(item) for item in finding.related} == {
        f"ProjectRoleTemplateBinding c-m-abcd1234-{project}/{CREATOR}" for project in ("p-a", "p-b", "p-c")
    }
    assert {item.name for item in finding.subjects} == {"u-p-a", "u-p-b", "u-p-c"}


def test_clusters_are_told_together() -> None:
    (finding,) = found(RULE, estate(rancher=FEATURE.format("true") + crtb("c-m-abcd1234") + crtb("local")))
    assert "2 role template bindings of 2 clusters are called creator-cluster-owner" in finding.message


@pytest.mark.parametrize(
    "bindings",
    [
        pytest.param(prtb("p-a") + prtb("p-b", "prtb-x"), id="other names"),
        pytest.param(prtb("p-a") + prtb("p-a", cluster="local"), id="projects of different clusters"),
        pytest.param(prtb("p-a") + prtb("p-b", deleted=', deletionTimestamp: "2026-01-01T00:00:00Z"'), id="on its way"),
        pytest.param(prtb("p-a", "x") + crtb("c-m-abcd1234", "x"), id="of a project and of a cluster"),
    ],
)
def test_what_does_not_meet_is_not_told(bindings: str) -> None:
    assert found(RULE, estate(rancher=FEATURE.format("true") + bindings)) == []


def test_in_the_legacy_model_labels_name_the_namespace_too() -> None:
    assert found(RULE, estate(rancher=FEATURE.format("false") + prtb("p-a") + prtb("p-b"))) == []


def test_without_the_features_it_is_not_known() -> None:
    assert not_evaluated(RULE, estate(rancher=prtb("p-a") + prtb("p-b"), unread=[Feature]))
