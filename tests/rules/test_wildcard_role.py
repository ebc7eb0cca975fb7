"""Roles with wildcards."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.wildcard_role import RULE
from rbac_audit.snapshot.objects import GlobalRole, RoleTemplate
from tests.rules.estate import estate, found, not_evaluated

BINDING = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: b, namespace: shop-dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: own}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: u-dave}]
---
"""
PRTB = """
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-wild, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: rt-top
userName: u-dave
---
"""


def role(rule: str, name: str = "own", extra: str = "") -> str:
    """Write a ClusterRole of one rule."""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: "{name}"{extra}}}
rules: [{rule}]
---
"""


def template(name: str, rule: str = "", inherits: str = "", context: str = "project") -> str:
    """Write a role template."""
    return f"""
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: {name}}}
displayName: Of Ours
context: {context}
rules: [{rule}]
roleTemplateNames: [{inherits}]
---
"""


ALL = '{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}'


@pytest.mark.parametrize(
    ("rule", "bound", "unbound"),
    [
        (ALL, Severity.HIGH, Severity.LOW),
        ('{apiGroups: ["*"], resources: ["*"], verbs: [get]}', Severity.HIGH, Severity.LOW),
        ('{apiGroups: [longhorn.io], resources: ["*"], verbs: ["*"]}', Severity.MEDIUM, Severity.LOW),
        (
            '{apiGroups: [longhorn.io], resources: ["*"], verbs: [get, list, watch, create, update, patch, delete]}',
            Severity.MEDIUM,
            Severity.LOW,
        ),
        ('{apiGroups: ["*"], resources: [settings], verbs: [get, update]}', Severity.LOW, Severity.LOW),
    ],
)
def test_a_wildcard_is_worse_when_bound(rule: str, bound: Severity, unbound: Severity) -> None:
    [finding] = found(RULE, estate(role(rule) + BINDING))
    assert (finding.severity, str(finding.object)) == (bound, "ClusterRole own")
    assert "is bound to User:u-dave" in finding.message
    assert [str(ref) for ref in finding.related] == ["RoleBinding shop-dev/b"]
    [finding] = found(RULE, estate(role(rule)))
    assert finding.severity is unbound
    assert "is bound to nobody" in finding.message


@pytest.mark.parametrize(
    "rule",
    [
        '{apiGroups: [longhorn.io], resources: [volumes], verbs: ["*"]}',
        '{apiGroups: [longhorn.io], resources: ["*"], verbs: [get, list]}',
        '{apiGroups: [longhorn.io], resources: ["*"], verbs: [get, list, watch, create]}',
        '{apiGroups: ["*"], resources: [settings], verbs: [get, list]}',
        '{apiGroups: ["*"], resources: [settings], verbs: ["*"], resourceNames: [own]}',
        '{nonResourceURLs: ["*"], verbs: ["*"]}',
    ],
)
def test_narrower_rules_are_clean(rule: str) -> None:
    assert not found(RULE, estate(role(rule) + BINDING))


def test_what_ships_is_clean_and_what_was_added_to_it_is_not() -> None:
    urls = '{nonResourceURLs: ["*"], verbs: ["*"]}'
    assert not found(RULE, estate(role(f"{ALL}, {urls}", "cluster-admin")))
    [finding] = found(RULE, estate(role(ALL, "harvesterhci.io:cloudprovider")))
    assert str(finding.object) == "ClusterRole harvesterhci.io:cloudprovider"


def test_an_aggregated_role_is_judged_by_its_parts() -> None:
    text = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: sum}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {part: "true"}}]}
---
"""
    findings = found(RULE, estate(text + role(ALL, "part-one", ', labels: {part: "true"}')))
    assert [str(finding.object) for finding in findings] == ["ClusterRole part-one"]


def test_a_role_template_is_found_where_rancher_is_and_its_rendering_is_not_told_again() -> None:
    rancher = template("rt-top", inherits="rt-wild") + template("rt-wild", ALL) + PRTB
    [finding] = found(RULE, estate(role(ALL, "rt-wild"), rancher))
    assert (finding.severity, finding.cluster) == (Severity.HIGH, "rancher")
    assert str(finding.object) == "RoleTemplate rt-wild"
    assert [str(ref) for ref in finding.related] == ["ProjectRoleTemplateBinding c-m-abcd1234-p-shop/prtb-wild"]
    assert "promotes parts of it to the whole cluster" in finding.message
    assert finding.scope.project == "c-m-abcd1234:p-shop"


def test_a_mark_is_believed_only_where_rancher_was_not_read() -> None:
    marked = role(ALL, "own", ", annotations: {authz.cluster.cattle.io/clusterrole-owner: rt-gone}")
    assert not found(RULE, estate(marked))
    [finding] = found(RULE, estate(marked, template("rt-top") + PRTB))
    assert finding.object.name == "own"


def test_a_chart_that_is_known_is_no_template_of_ours() -> None:
    rules = ", ".join(
        f'{{apiGroups: [{group}], resources: ["*"], verbs: ["*"]}}'
        for group in ("loadbalancer.harvesterhci.io", "harvesterhci.io")
    )
    known = template("virt-project-manage", rules, "project-member, monitoring-ui-view")
    assert not found(RULE, estate("", known + PRTB))
    assert found(RULE, estate("", known.replace("monitoring-ui-view", "admin") + PRTB))


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("cattle-globalrole-admin", "authz.management.cattle.io/globalrole"),
        ("cluster-owner", "authz.cluster.cattle.io/clusterrole-owner"),
    ],
)
def test_a_mark_of_rancher_is_believed_where_its_roles_were_not_read(name: str, mark: str) -> None:
    text = role(ALL, name, f', labels: {{{mark}: "x"}}')
    users = "{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-a}}\n---\n"
    of = estate("", users + text, unread=[RoleTemplate, GlobalRole])
    assert not found(RULE, of)
    [told] = not_evaluated(RULE, of)
    assert told.partly
    assert found(RULE, estate("", users + text))
