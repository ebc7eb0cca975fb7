"""What adds up in view, edit and admin."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.aggregation_changed import RULE
from rbac_audit.rules.shipped_role_edited import RULE as SHIPPED
from tests.rules.estate import estate, found

LABEL = "rbac.authorization.k8s.io/aggregate-to-"


def role(name: str, rule: str, into: str = "view") -> str:
    """Write a ClusterRole that is aggregated."""
    labels = ", ".join(f'{LABEL}{place}: "true"' for place in into.split())
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: "{name}", labels: {{{labels}}}}}
rules: [{rule}]
---
"""


def view(more: str = "", rules: str = "") -> str:
    """Write the ClusterRole view and its base."""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: view, labels: {{{LABEL}edit: "true"}}}}
aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{{LABEL}view: "true"}}}}{more}]}}
rules: [{rules}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: "system:aggregate-to-view", labels: {{{LABEL}view: "true"}}}}
rules: [{READ}]
---
"""


READ = '{apiGroups: [""], resources: [configmaps], verbs: [get, list, watch]}'
WRITE = '{apiGroups: [""], resources: [configmaps], verbs: [get, update]}'
SECRETS = '{apiGroups: [""], resources: [secrets], verbs: [get]}'
OTHER_SECRETS = "{apiGroups: [example.com], resources: [secrets], verbs: [get]}"
CONSOLE = "{apiGroups: [subresources.kubevirt.io], resources: [virtualmachineinstances/console], verbs: [get]}"


@pytest.mark.parametrize(
    ("rule", "into", "severity"),
    [
        (WRITE, "view", Severity.HIGH),
        (SECRETS, "view", Severity.HIGH),
        (READ, "view", Severity.LOW),
        (OTHER_SECRETS, "view", Severity.LOW),
        (WRITE, "edit", Severity.MEDIUM),
        (WRITE, "edit view", Severity.HIGH),
        (READ, "admin", Severity.LOW),
        ('{apiGroups: ["*"], resources: ["*"], verbs: [get]}', "view", Severity.HIGH),
        ('{apiGroups: [""], resources: ["*"], verbs: [watch]}', "view", Severity.HIGH),
        (CONSOLE, "view", Severity.HIGH),
        (CONSOLE, "edit", Severity.MEDIUM),
        ('{apiGroups: [""], resources: [pods/exec], verbs: [get]}', "view", Severity.HIGH),
        ("{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}", "admin", Severity.HIGH),
        ("{apiGroups: [harvesterhci.io], resources: [addons], verbs: [create]}", "edit", Severity.HIGH),
        ('{apiGroups: [""], resources: [nodes], verbs: [patch]}', "edit", Severity.MEDIUM),
        ('{apiGroups: [""], resources: [nodes], verbs: [get]}', "edit", Severity.LOW),
    ],
)
def test_who_adds_what(rule: str, into: str, severity: Severity) -> None:
    [finding] = found(RULE, estate(role("legacy-extra", rule, into)))
    assert (finding.severity, str(finding.object)) == (severity, "ClusterRole legacy-extra")
    assert all(place in finding.message for place in into.split())


def test_a_role_that_is_aggregated_itself_adds_what_its_parts_have() -> None:
    part = f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: part, labels: {{team: shop}}}}
rules: [{SECRETS}]
---
"""
    added = role("sum", "").replace(
        "rules: []", "aggregationRule: {clusterRoleSelectors: [{matchLabels: {team: shop}}]}"
    )
    [finding] = found(RULE, estate(part + added))
    assert (finding.severity, str(finding.object)) == (Severity.HIGH, "ClusterRole sum")
    assert "get on secrets in core" in finding.message


@pytest.mark.parametrize("name", ["edit", "admin"])
def test_a_user_facing_role_that_is_added_to_view_is_found(name: str) -> None:
    into = f'{{{LABEL}view: "true"' + (f', {LABEL}admin: "true"}}' if name == "edit" else "}")
    text = f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {name}, labels: {into}}}
aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{{LABEL}{name}: "true"}}}}]}}
rules: [{WRITE}]
"""
    [finding] = found(RULE, estate(text))
    assert (finding.severity, str(finding.object)) == (Severity.HIGH, f"ClusterRole {name}")
    assert "was also added to view" in finding.message


def test_a_role_that_does_not_add_up_any_more_is_found_and_only_here() -> None:
    text = f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: view, labels: {{{LABEL}edit: "true"}}}}
rules: [{READ}]
"""
    [finding] = found(RULE, estate(text))
    assert (finding.severity, str(finding.object)) == (Severity.HIGH, "ClusterRole view")
    assert f"does not add up the ClusterRoles that match {LABEL}view=true any more" in finding.message
    assert not found(SHIPPED, estate(text))


@pytest.mark.parametrize(
    "text",
    [
        role("own", WRITE, "").replace("labels: {}", 'labels: {rbac.authorization.k8s.io/aggregate-to-view: "false"}'),
        role("monitoring-view", "", "view"),
        role("empty", "", "view"),
        view(rules=READ),
        view(),
    ],
)
def test_other_labels_shipped_and_explained_ones_are_clean(text: str) -> None:
    findings = found(RULE, estate(text))
    assert not [item for item in findings if item.object.name != "system:aggregate-to-view"]


def test_another_selector_is_found() -> None:
    [finding] = found(RULE, estate(view(", {matchLabels: {team: shop}}")))
    assert (finding.severity, str(finding.object)) == (Severity.HIGH, "ClusterRole view")
    assert "match team=shop" in finding.message


def test_stored_rules_without_a_source_are_found_where_the_parts_were_read() -> None:
    [finding] = found(RULE, estate(view(rules=f"{READ}, {SECRETS}")))
    assert (finding.severity, str(finding.object)) == (Severity.MEDIUM, "ClusterRole view")
    assert "get on secrets in core" in finding.message
    alone = view(rules=f"{READ}, {SECRETS}").split("---")[0]
    assert not found(RULE, estate(alone))


def test_a_lost_label_is_found_unless_aggregation_is_switched_off() -> None:
    lost = role("kubevirt.io:edit", READ, "").replace("labels: {}", "labels: {a: b}")
    [finding] = found(RULE, estate(lost))
    assert (finding.severity, str(finding.object)) == (Severity.HIGH, "ClusterRole kubevirt.io:edit")
    assert "lost its label for edit" in finding.message
    manual = """
apiVersion: kubevirt.io/v1
kind: KubeVirt
metadata: {name: kubevirt, namespace: harvester-system}
spec: {configuration: {roleAggregationStrategy: Manual}}
"""
    [finding] = found(RULE, estate(lost + manual))
    assert str(finding.object) == "KubeVirt harvester-system/kubevirt"


def test_a_shipped_role_with_one_more_label_is_found() -> None:
    [finding] = found(RULE, estate(role("harvesterhci.io:edit", WRITE, "admin edit view")))
    assert finding.severity is Severity.HIGH
    assert "was also added to view" in finding.message


def templated(name: str, label: str, verbs: str = "[update]") -> str:
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {name}, labels: {{management.cattle.io/aggregates: {label}}}}}
rules: [{{apiGroups: [kubevirt.io], resources: [virtualmachines], verbs: {verbs}}}]
---
"""


READERS = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: read-only-aggregator, labels: {management.cattle.io/aggregates: read-only-aggregator}}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {management.cattle.io/aggregates: read-only}}]}
---
"""


@pytest.mark.parametrize(("verbs", "severity"), [("[update]", Severity.HIGH), ("[get, list]", Severity.LOW)])
def test_what_adds_to_a_role_template_is_told_where_rancher_was_not_read(verbs: str, severity: Severity) -> None:
    [finding] = found(RULE, estate(READERS + templated("extra", "read-only", verbs)))
    assert (finding.severity, finding.confidence) == (severity, Confidence.POSSIBLE)
    assert str(finding.object) == "ClusterRole extra"
    assert "adds to Rancher's role template read-only: " in finding.message


@pytest.mark.parametrize("text", [READERS + templated("read-only", "read-only"), templated("extra", "read-only")])
def test_the_role_of_the_template_itself_and_a_label_that_nothing_selects_add_nothing(text: str) -> None:
    assert not found(RULE, estate(text))


def test_where_rancher_was_read_another_rule_knows_it_for_sure() -> None:
    rancher = """
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: read-only}
context: project
"""
    assert not found(RULE, estate(READERS + templated("extra", "read-only"), rancher))
