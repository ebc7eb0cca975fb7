"""Copies of the operator's objects."""

import pytest

from rbac_audit.audit.finding import Safety, Severity
from rbac_audit.rules.operator_label_copied import RULE
from tests.rules.estate import estate, found

LABEL = "app.kubernetes.io/managed-by: virt-operator"


def thing(kind: str, name: str, label: str = LABEL, namespace: str = "") -> str:
    """Write a labelled role or binding."""
    place = f", namespace: {namespace}" if namespace else ""
    body = (
        """
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: own}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: u-frank}]
"""
        if "Binding" in kind
        else "\nrules: []\n"
    )
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: "{name}"{place}, labels: {{{label}}}}}{body}---
"""


@pytest.mark.parametrize(
    ("kind", "namespace"),
    [("RoleBinding", "shop-prod"), ("ClusterRoleBinding", ""), ("Role", "shop-prod"), ("ClusterRole", "")],
)
@pytest.mark.parametrize("operator", ["virt-operator", "kubevirt-operator"])
def test_every_kind_is_found(kind: str, namespace: str, operator: str) -> None:
    label = LABEL.replace("virt-operator", operator)
    [finding] = found(RULE, estate(thing(kind, "copy", label, namespace)))
    assert (finding.severity, finding.fix.safety) == (Severity.HIGH, Safety.SAFE)
    assert (finding.object.kind, finding.object.namespace) == (kind, namespace)
    assert f"carries {label.replace(': ', '=')}" in finding.message


def test_who_loses_access_is_named() -> None:
    [finding] = found(RULE, estate(thing("ClusterRole", "own") + thing("RoleBinding", "b", "team: shop", "shop-prod")))
    assert str(finding.object) == "ClusterRole own"
    assert [str(subject) for subject in finding.subjects] == ["User:u-frank"]
    assert [str(ref) for ref in finding.related] == ["RoleBinding shop-prod/b"]


@pytest.mark.parametrize(
    "text",
    [
        thing("ClusterRole", "kubevirt.io:migrate"),
        thing("ClusterRoleBinding", "kubevirt-controller"),
        thing("RoleBinding", "kubevirt-handler", namespace="harvester-system"),
        thing("RoleBinding", "b", "app.kubernetes.io/managed-by: virt-operators-team", "shop-prod"),
        thing("RoleBinding", "b", "kubevirt.io/managed-by: virt-operator", "shop-prod"),
    ],
)
def test_the_operators_own_and_other_labels_are_clean(text: str) -> None:
    assert not found(RULE, estate(text))


def test_an_own_name_in_another_namespace_is_a_copy() -> None:
    assert found(RULE, estate(thing("RoleBinding", "kubevirt-handler", namespace="shop-prod")))
