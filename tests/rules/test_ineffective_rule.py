"""Rules that no request matches."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.ineffective_rule import RULE
from tests.rules.estate import estate, found


def role(*rules: str, kind: str = "Role", name: str = "own") -> str:
    """Write a role out of rules `groups resources verbs [names]`, and a binding to it."""
    lines = []
    for rule in rules:
        groups, resources, verbs, *rest = ("" if word == "core" else word for word in rule.split())
        limit = f", resourceNames: [{rest[0]}]" if rest else ""
        lines.append(f'{{apiGroups: ["{groups}"], resources: ["{resources}"], verbs: ["{verbs}"]{limit}}}')
    place = ", namespace: lab" if kind == "Role" else ""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: "{name}"{place}}}
rules: [{", ".join(lines)}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: own, namespace: lab}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {kind}, name: "{name}"}}
subjects: [{{kind: User, name: u-alice}}]
---
"""


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("core pods/* get", "pods/* is no wildcard"),
        ("kubevirt.io virtualmachineinstances/console get", "that is in subresources.kubevirt.io"),
        ("kubevirt.io virtualmachines/start update", "that is in subresources.kubevirt.io"),
        ("core configmaps create settings", "what is created has no name yet"),
        ("core configmaps deletecollection settings", "all of them have no name"),
        ("harvesterhci.io virtualmachines get", "virtualmachines are in kubevirt.io"),
        ("kubevirt.io virtualmachineimages create", "virtualmachineimages are in harvesterhci.io"),
        ("core deployments/scale update", "deployments are in apps"),
        ("core secret get", "that is called secrets"),
        ("core pods GET", "verbs are written small: get"),
        ("core nodes get", "a Role reaches no cluster-scoped kind"),
        ("rbac.authorization.k8s.io clusterroles escalate", "a Role reaches no cluster-scoped kind"),
        ("harvesterhci.io settings *", "a Role reaches no cluster-scoped kind"),
        ("devices.harvesterhci.io pcideviceclaims create", "a Role reaches no cluster-scoped kind"),
    ],
)
def test_a_rule_that_grants_nothing_is_found(rule: str, words: str) -> None:
    [finding] = found(RULE, estate(role(rule)))
    assert (finding.severity, str(finding.object)) == (Severity.LOW, "Role lab/own")
    assert "grants nothing" in finding.message
    assert words in finding.message
    assert [str(subject) for subject in finding.subjects] == ["User:u-alice"]
    [finding] = found(RULE, estate(role(rule, "core pods get")))
    assert "has rules that grant nothing" in finding.message


@pytest.mark.parametrize(
    "rule",
    [
        "core */log get",
        "core * *",
        "subresources.kubevirt.io virtualmachineinstances/console get",
        "kubevirt.io virtualmachines/status update",
        "kubevirt.io virtualmachines get",
        "core serviceaccounts/token create ci",
        "core configmaps get settings",
        "core namespaces get",
        "rbac.authorization.k8s.io clusterroles bind",
        "example.com widgets get",
        "* nodes get",
    ],
)
def test_rules_that_grant_something_are_clean(rule: str) -> None:
    assert not found(RULE, estate(role(rule)))


CLUSTER_WIDE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: own}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: own}
subjects: [{kind: User, name: u-alice}]
---
"""
SUM = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: sum}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: sum}}]}
---
"""


def test_a_cluster_role_that_is_bound_in_namespaces_only_reaches_no_cluster_scoped_kind() -> None:
    [finding] = found(RULE, estate(role("core nodes get", kind="ClusterRole")))
    assert "a RoleBinding reaches no cluster-scoped kind" in finding.message


@pytest.mark.parametrize(
    "text",
    [
        role("core nodes get", kind="ClusterRole") + CLUSTER_WIDE,
        role("core nodes get", kind="ClusterRole").replace(
            'name: "own"}\nrules', 'name: "own", labels: {to: sum}}\nrules'
        )
        + SUM,
        role("core nodes get", kind="ClusterRole").partition("---")[0],
    ],
    ids=["bound cluster-wide", "a part of another", "unbound"],
)
def test_a_cluster_role_may_reach_the_whole_cluster(text: str) -> None:
    assert not found(RULE, estate(text))


def test_what_is_shipped_is_not_meant() -> None:
    assert not found(RULE, estate(role("core pods/* get", kind="ClusterRole", name="longhorn-role")))


TEMPLATE = """
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: rt-own}}
displayName: Of Ours
context: {}
rules: [{{apiGroups: ["{}"], resources: ["{}"], verbs: ["{}"]}}]
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: prtb, namespace: c-m-abcd1234-p-lab}}
projectName: "c-m-abcd1234:p-lab"
roleTemplateName: rt-own
userName: u-alice
"""


@pytest.mark.parametrize(
    ("context", "group", "resource", "verb", "flagged"),
    [
        ("project", "devices.harvesterhci.io", "pcideviceclaims", "create", True),
        ("project", "harvesterhci.io", "settings", "get", True),
        ("cluster", "devices.harvesterhci.io", "pcideviceclaims", "create", False),
        ("project", "", "nodes", "get", False),
        ("project", "storage.k8s.io", "storageclasses", "get", False),
        ("project", "", "namespaces", "create", False),
        ("project", "management.cattle.io", "clusters", "get", False),
        ("project", "harvesterhci.io", "virtualmachineimages", "get", False),
        ("project", "*", "*", "*", False),
    ],
)
def test_a_project_role_template_reaches_few_cluster_scoped_kinds(
    context: str, group: str, resource: str, verb: str, *, flagged: bool
) -> None:
    findings = found(RULE, estate("", TEMPLATE.format(context, group, resource, verb)))
    assert [str(item.object) for item in findings] == ["RoleTemplate rt-own"] * flagged
    assert all([str(subject) for subject in item.subjects] == ["User:u-alice"] for item in findings)


@pytest.mark.parametrize(
    "rule",
    [
        "core users impersonate u-bob",
        "certificates.k8s.io signers approve example.com/own",
        "core deployments *",
        "example.com virtualmachines get",
        "subresources.kubevirt.io virtualmachines get",
        "core widgets get",
        "apps deployments/scale update",
        "core * get",
        'core deployments","* get',
        "* virtualmachines get",
    ],
)
def test_words_that_may_be_served_are_not_called_misplaced(rule: str) -> None:
    assert not found(RULE, estate(role(rule, kind="ClusterRole") + CLUSTER_WIDE))
