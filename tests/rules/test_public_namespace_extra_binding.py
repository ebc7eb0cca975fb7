"""Bindings in harvester-public."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.public_namespace_extra_binding import RULE
from tests.rules.estate import estate, found, not_evaluated

SHIPPED = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
rules:
- {apiGroups: [harvesterhci.io], resources: [virtualmachineimages], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: harvester-public, namespace: harvester-public}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}]
---
"""


def extra(rule: str, namespace: str = "harvester-public", subject: str = "{kind: Group, name: helpers}") -> str:
    """Write a role of one rule and a binding to it."""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: extra}}
rules: [{rule}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: extra, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: extra}}
subjects: [{subject}]
---
"""


@pytest.mark.parametrize(
    ("rule", "severity"),
    [
        ("{apiGroups: [longhorn.io], resources: [volumes], verbs: [get]}", Severity.MEDIUM),
        ("{apiGroups: [longhorn.io], resources: [volumes], verbs: [get, delete]}", Severity.HIGH),
        ("{apiGroups: [harvesterhci.io], resources: [keypairs], verbs: [create]}", Severity.HIGH),
    ],
)
def test_added_rights_are_found(rule: str, severity: Severity) -> None:
    [finding] = found(RULE, estate(SHIPPED + extra(rule)))
    assert (finding.severity, str(finding.object)) == (severity, "RoleBinding harvester-public/extra")
    assert [str(subject) for subject in finding.subjects] == ["Group:helpers"]


@pytest.mark.parametrize(
    ("rule", "namespace"),
    [
        ("{apiGroups: [harvesterhci.io], resources: [virtualmachineimages], verbs: [get, list]}", "harvester-public"),
        ("{apiGroups: [longhorn.io], resources: [volumes], verbs: [get]}", "shop-dev"),
        # public-namespace-write tells
        ("{apiGroups: [harvesterhci.io], resources: [virtualmachineimages], verbs: [create]}", "harvester-public"),
    ],
)
def test_what_adds_nothing_is_clean(rule: str, namespace: str) -> None:
    assert not found(RULE, estate(SHIPPED + extra(rule, namespace)))


def test_reading_without_a_login_adds_something() -> None:
    rule = "{apiGroups: [harvesterhci.io], resources: [virtualmachineimages], verbs: [get]}"
    nobody = '{kind: Group, name: "system:unauthenticated"}'
    [finding] = found(RULE, estate(SHIPPED + extra(rule, subject=nobody)))
    assert finding.severity is Severity.HIGH


def test_an_unread_namespace_is_not_clean() -> None:
    [blind] = not_evaluated(RULE, estate(SHIPPED, unread_namespaces=["harvester-public"]))
    assert not blind.partly
