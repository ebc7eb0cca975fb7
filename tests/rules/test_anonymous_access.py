"""Access without a login."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.anonymous_access import RULE
from tests.rules.estate import estate, found

VIEW = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [get, list, watch]}
---
"""
DEFAULT = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "kubevirt.io:default"}
rules:
- {apiGroups: [subresources.kubevirt.io], resources: [version, guestfs], verbs: [get, list]}
- {apiGroups: [kubevirt.io], resources: [kubevirts], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "kubevirt.io:default"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "kubevirt.io:default"}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:unauthenticated"}
---
"""
INFO = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "system:public-info-viewer"}
rules:
- {nonResourceURLs: [/healthz, /livez, /readyz, /version, /version/%s], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "system:public-info-viewer"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:public-info-viewer"}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:unauthenticated"}
---
"""


def binding(subject: str, role: str = "view", namespace: str = "lab-net") -> str:
    """Write a binding of one subject; in no namespace, a ClusterRoleBinding."""
    kind, place = ("RoleBinding", f", namespace: {namespace}") if namespace else ("ClusterRoleBinding", "")
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: b{place}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "{role}"}}
subjects: [{subject}]
---
"""


def version(kubevirt: str) -> str:
    """Write a KubeVirt object that states its version."""
    return f"""
apiVersion: kubevirt.io/v1
kind: KubeVirt
metadata: {{name: kubevirt, namespace: harvester-system}}
status: {{observedKubeVirtVersion: "{kubevirt}"}}
---
"""


@pytest.mark.parametrize(
    "subject", ['{kind: Group, name: "system:unauthenticated"}', '{kind: User, name: "system:anonymous"}']
)
def test_a_binding_of_the_anonymous_is_found(subject: str) -> None:
    [finding] = found(RULE, estate(VIEW + binding(subject)))
    assert finding.severity is Severity.CRITICAL
    assert str(finding.object) == "RoleBinding lab-net/b"
    assert finding.scope.namespaces == ("lab-net",)
    assert "read Secrets in namespace lab-net" in finding.message
    assert [link.step for link in finding.chain][-1] == "rule"


def test_cluster_wide_is_said() -> None:
    [finding] = found(RULE, estate(VIEW + binding('{kind: Group, name: "system:unauthenticated"}', namespace="")))
    assert finding.scope.cluster_wide
    assert "in the whole cluster" in finding.message


def test_a_role_that_does_not_exist_is_less() -> None:
    [finding] = found(RULE, estate(binding('{kind: User, name: "system:anonymous"}', "missing")))
    assert finding.severity is Severity.MEDIUM


def test_what_kubernetes_ships_is_clean_and_what_was_added_to_it_is_not() -> None:
    assert not found(RULE, estate(INFO % ""))
    [finding] = found(RULE, estate(INFO % ", /metrics"))
    assert str(finding.object) == "ClusterRoleBinding system:public-info-viewer"


def test_an_old_kubevirt_shipped_it_and_a_new_one_does_not() -> None:
    assert not found(RULE, estate(DEFAULT + version("1.1.1")))
    [finding] = found(RULE, estate(DEFAULT + version("1.8.4")))
    assert [str(subject) for subject in finding.subjects] == ["Group:system:unauthenticated"]


@pytest.mark.parametrize(
    "subject",
    [
        '{kind: Group, name: "system:authenticated"}',
        '{kind: User, name: "system:unauthenticated"}',
        "{kind: ServiceAccount, name: anonymous, namespace: lab-net}",
    ],
)
def test_others_are_not_meant(subject: str) -> None:
    assert not found(RULE, estate(VIEW + binding(subject)))
