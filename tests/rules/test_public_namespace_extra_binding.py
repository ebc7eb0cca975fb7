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


_PUBLIC = "harvester-public"


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
        ("{apiGroups: [kubevirt.io], resources: [virtualmachines], verbs: [patch]}", Severity.HIGH),
        ("{apiGroups: [harvesterhci.io], resources: [virtualmachineimages/status], verbs: [update]}", Severity.HIGH),
        ('{apiGroups: [""], resources: [secrets], resourceNames: [a], verbs: [update]}', Severity.HIGH),
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
        ("{apiGroups: [harvesterhci.io], resources: [virtualmachineimages], verbs: [deletecollection]}", _PUBLIC),
        (
            "{apiGroups: [harvesterhci.io], resources: [virtualmachineimages], resourceNames: [a], verbs: [patch]}",
            _PUBLIC,
        ),
    ],
)
def test_what_adds_nothing_is_clean(rule: str, namespace: str) -> None:
    assert not found(RULE, estate(SHIPPED + extra(rule, namespace)))


def test_reading_without_a_login_adds_something() -> None:
    rule = "{apiGroups: [harvesterhci.io], resources: [virtualmachineimages], verbs: [get]}"
    nobody = '{kind: Group, name: "system:unauthenticated"}'
    [finding] = found(RULE, estate(SHIPPED + extra(rule, subject=f"{nobody}, {{kind: Group, name: helpers}}")))
    assert finding.severity is Severity.HIGH
    assert [str(subject) for subject in finding.subjects] == ["Group:system:unauthenticated"]


def test_an_unread_namespace_is_not_clean() -> None:
    [blind] = not_evaluated(RULE, estate(SHIPPED, unread_namespaces=["harvester-public"]))
    assert not blind.partly


def test_the_platform_is_not_meant() -> None:
    rule = "{apiGroups: [longhorn.io], resources: [volumes], verbs: [get]}"
    account = "{kind: ServiceAccount, name: harvester, namespace: harvester-system}"
    assert not found(RULE, estate(SHIPPED + extra(rule, subject=account)))
