"""Groups that everybody is in."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.broad_group_binding import RULE
from tests.rules.estate import estate, found

ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
rules:
- {apiGroups: [kubevirt.io], resources: [virtualmachines], verbs: [get, list]}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: sandbox}
---
"""


def binding(group: str, namespace: str = "", name: str = "b") -> str:
    """Write a binding to `view`."""
    kind, place = ("RoleBinding", f", namespace: {namespace}") if namespace else ("ClusterRoleBinding", "")
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: "{name}"{place}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "{group}"}}]
---
"""


@pytest.mark.parametrize(
    ("group", "namespace", "words"),
    [
        ("system:authenticated", "shop-dev", "every user and every service account may see VMs in namespace shop-dev"),
        ("system:authenticated", "", "in the whole cluster"),
        ("system:cattle:authenticated", "shop-dev", "every Rancher user"),
        ("system:serviceaccounts", "", "every pod"),
        ("system:serviceaccounts:shop-dev", "", "every service account of namespace shop-dev"),
        ("system:serviceaccounts:shop-dev", "sandbox", "every service account of namespace shop-dev"),
        ("system:serviceaccounts:shop-dev", "harvester-public", "every service account of namespace shop-dev"),
        ("system:serviceaccounts:kube-system", "", "every service account of namespace kube-system"),
        ("system:serviceaccounts:kube-system", "sandbox", "every service account of namespace kube-system"),
        ("system:serviceaccounts:shop-dev", "kube-system", "every service account of namespace shop-dev"),
    ],
)
def test_a_broad_group_is_found(group: str, namespace: str, words: str) -> None:
    [finding] = found(RULE, estate(ROLE + binding(group, namespace)))
    assert finding.severity is Severity.HIGH
    assert [str(subject) for subject in finding.subjects] == [f"Group:{group}"]
    assert words in finding.message


@pytest.mark.parametrize(
    ("group", "namespace", "name"),
    [
        ("system:serviceaccounts:shop-dev", "shop-dev", "b"),
        ("system:serviceaccounts:sandbox", "shop-dev", "b"),  # foreign-service-account tells
        ("system:serviceaccounts:sandbox", "sandbox", "b"),
        ("system:serviceaccounts:kube-system", "shop-dev", "b"),  # foreign-service-account tells
        ("system:serviceaccounts:kube-system", "kube-system", "b"),
        ("system:serviceaccount", "", "b"),
        ("system:unauthenticated", "shop-dev", "b"),  # anonymous-access tells
        ("devs", "", "b"),
        ("system:authenticated", "harvester-public", "harvester-public"),
    ],
)
def test_narrow_and_shipped_ones_are_clean(group: str, namespace: str, name: str) -> None:
    assert not found(RULE, estate(ROLE + binding(group, namespace, name)))


def test_the_shipped_name_elsewhere_does_not_help() -> None:
    assert found(RULE, estate(ROLE + binding("system:authenticated", "shop-dev", "harvester-public")))
