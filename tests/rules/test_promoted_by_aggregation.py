"""Rights that an aggregation label promotes to the whole cluster."""

import pytest

from rbac_audit.audit.finding import Finding, Severity
from rbac_audit.rules.promoted_by_aggregation import RULE
from tests.rules.estate import estate, found

LABEL = "rbac.authorization.k8s.io/aggregate-to-view"
ROLES = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: tool, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}
rules: [{apiGroups: [GROUP], resources: [RESOURCE], verbs: [VERB]}]
---
"""
RANCHER = """
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: view}
context: project
external: true
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: read-only}
context: project
roleTemplateNames: [view]
---
apiVersion: management.cattle.io/v3
kind: Feature
metadata: {name: aggregated-roletemplates}
spec: {value: MODEL}
---
apiVersion: management.cattle.io/v3
kind: KIND
metadata: {name: b, namespace: NAMESPACE}
SCOPE
roleTemplateName: read-only
userName: u-abc12
"""
IN_PROJECT = ("ProjectRoleTemplateBinding", "p-x1y2z", 'projectName: "c-m-abcd1234:p-x1y2z"')
ON_CLUSTER = ("ClusterRoleTemplateBinding", "c-m-abcd1234", "clusterName: c-m-abcd1234")


def findings(
    resource: str = "storageclasses",
    group: str = "storage.k8s.io",
    verb: str = "delete",
    model: str = "false",
    binding: tuple[str, str, str] = IN_PROJECT,
) -> list[Finding]:
    roles = ROLES.replace("RESOURCE", resource).replace("GROUP", f'"{group}"').replace("VERB", verb)
    kind, namespace, scope = binding
    rancher = RANCHER.replace("MODEL", model).replace("KIND", kind).replace("NAMESPACE", namespace)
    return found(RULE, estate(roles, rancher.replace("SCOPE", scope)))


def test_the_cause_is_told_with_whom_it_reaches() -> None:
    [finding] = findings()
    assert (finding.severity, str(finding.object), finding.object.cluster) == (
        Severity.HIGH,
        "ClusterRole tool",
        "harvester",
    )
    assert [str(subject) for subject in finding.subjects] == ["User:u-abc12"]
    assert "delete on storageclasses" in finding.message
    assert finding.scope.cluster_wide


def test_reading_is_low() -> None:
    assert [item.severity for item in findings(verb="list")] == [Severity.LOW]


@pytest.mark.parametrize(
    ("resource", "group"),
    [("nodes", ""), ("persistentvolumes", ""), ("navlinks", "ui.cattle.io"), ("apiservices", "apiregistration.k8s.io")],
)
def test_every_promoted_kind_counts(resource: str, group: str) -> None:
    assert len(findings(resource, group)) == 1


@pytest.mark.parametrize(("resource", "group"), [("nodes", "metrics.k8s.io"), ("secrets", "")])
def test_other_kinds_are_not_promoted(resource: str, group: str) -> None:
    assert findings(resource, group) == []


def test_the_aggregated_model_does_not_promote_it() -> None:
    assert findings(model="true") == []


def test_nobody_in_a_project_holds_it() -> None:
    assert findings(binding=ON_CLUSTER) == []
