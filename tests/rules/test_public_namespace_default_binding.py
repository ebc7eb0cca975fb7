"""The three objects that Harvester ships for harvester-public."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.public_namespace_default_binding import RULE
from tests.rules.estate import estate, found

SETTING = """
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: server-version}
value: VERSION
---
"""
BINDING = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: harvester-public, namespace: harvester-public}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}]
---
"""
ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: harvester-authenticated}
rules:
- apiGroups: [harvesterhci.io]
  resources: [settings]
  resourceNames:
  - server-version
  - default-storage-class
  - harvester-csi-ccm-versions
  - default-vm-termination-grace-period-seconds
  verbs: [get, watch]
- {apiGroups: [network.harvesterhci.io], resources: [clusternetworks], verbs: [get, list, watch]}
- {apiGroups: [""], resources: [namespaces], resourceNames: [harvester-public], verbs: [get, watch]}
---
"""
EVERYBODY = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: harvester-authenticated}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: harvester-authenticated}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}
---
"""
ALL = BINDING + ROLE + EVERYBODY


def cluster(text: str, version: str = "v1.7.3") -> str:
    """Write a Harvester cluster of a version."""
    return SETTING.replace("VERSION", version) + text


def test_as_shipped_is_clean() -> None:
    assert not found(RULE, estate(cluster(ALL)))


@pytest.mark.parametrize(
    ("missing", "name", "lost"),
    [
        (BINDING, "RoleBinding harvester-public/harvester-public", "see public images and templates"),
        (ROLE, "ClusterRole harvester-authenticated", "read the settings and networks"),
        (EVERYBODY, "ClusterRoleBinding harvester-authenticated", "read the settings and networks"),
    ],
)
def test_a_missing_one_is_found(missing: str, name: str, lost: str) -> None:
    [finding] = found(RULE, estate(cluster(ALL.replace(missing, ""))))
    assert (finding.severity, str(finding.object)) == (Severity.MEDIUM, name)
    assert "is missing" in finding.message
    assert lost in finding.message


def test_an_added_subject_is_drift_that_the_next_start_resets() -> None:
    text = ALL.replace(
        'name: "system:authenticated"}\n---\n', 'name: "system:authenticated"}\n- {kind: Group, name: devs}\n---\n'
    )
    [finding] = found(RULE, estate(cluster(text)))
    assert str(finding.object) == "ClusterRoleBinding harvester-authenticated"
    assert [str(subject) for subject in finding.subjects] == ["Group:devs"]
    assert "added Group:devs" in finding.message
    assert "next start of Harvester resets it" in finding.message


def test_changed_rules_are_named() -> None:
    text = ALL.replace("verbs: [get, list, watch]", "verbs: [get, list, watch, create]")
    [finding] = found(RULE, estate(cluster(text)))
    assert "added create clusternetworks.network.harvesterhci.io" in finding.message
    assert finding.confidence is Confidence.CERTAIN
    [finding] = found(RULE, estate(cluster(text, "v1.7.99")))
    assert finding.confidence is Confidence.POSSIBLE


def test_another_cluster_does_not_need_them() -> None:
    assert not found(RULE, estate("{apiVersion: v1, kind: Namespace, metadata: {name: default}}"))
