"""Shipped roles that somebody changed."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.shipped_role_edited import RULE
from tests.rules.estate import estate, found

NAMES = "virtualmachineclusterinstancetypes, virtualmachineclusterpreferences"
VERSIONS = """
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {name: server-version}
value: v1.9.0-rc6
---
apiVersion: kubevirt.io/v1
kind: KubeVirt
metadata: {name: kubevirt, namespace: harvester-system}
status: {observedKubeVirtVersion: 1.8.4}
---
"""
INTO_VIEW = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}]}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
---
"""


def role(verbs: str = "get, list, watch", more: str = "", name: str = "instancetype.kubevirt.io:view") -> str:
    """Write the operator's role for cluster-wide instance types."""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: "{name}"}}
rules:
- {{apiGroups: [instancetype.kubevirt.io], resources: [{NAMES}], verbs: [{verbs}]}}
{more}
---
"""


CLOUDPROVIDER = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "harvesterhci.io:cloudprovider"}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [get]}
---
"""

RUNS = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-any}
---
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {name: server-version}
value: v2.15.0
"""


def template(rules: str, name: str = "create-ns", builtin: str = "true") -> str:
    """Write a role template and Rancher's version."""
    return f"""
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: {name}}}
displayName: Create Namespaces
builtin: {builtin}
context: project
rules: [{rules}]
---
{RUNS}"""


CREATE = '{apiGroups: [""], resources: [namespaces], verbs: [create]}'


@pytest.mark.parametrize(("versions", "confidence"), [(VERSIONS, Confidence.CERTAIN), ("", Confidence.POSSIBLE)])
def test_added_rights_are_named(versions: str, confidence: Confidence) -> None:
    more = '- {apiGroups: [""], resources: [secrets], verbs: [get]}'
    [finding] = found(RULE, estate(versions + role(more=more)))
    assert (finding.severity, finding.confidence) == (Severity.HIGH, confidence)
    assert str(finding.object) == "ClusterRole instancetype.kubevirt.io:view"
    assert "it also has get secrets" in finding.message


def test_only_less_rights_is_medium() -> None:
    [finding] = found(RULE, estate(role("get, list")))
    assert finding.severity is Severity.MEDIUM
    assert "it lacks watch virtualmachineclusterinstancetypes.instancetype.kubevirt.io" in finding.message


def test_a_role_of_the_harvester_chart_may_block_the_upgrade() -> None:
    [finding] = found(RULE, estate(CLOUDPROVIDER))
    assert "may block it" in finding.message
    assert "it also has get secrets and it lacks" in finding.message


@pytest.mark.parametrize("text", [role(), role("watch, get, list"), role("delete", name="of-ours"), INTO_VIEW])
def test_equal_rights_own_roles_and_aggregated_roles_are_clean(text: str) -> None:
    assert not found(RULE, estate(text))


def test_an_edited_builtin_role_template_is_found() -> None:
    more = "{apiGroups: [subresources.kubevirt.io], resources: [virtualmachineinstances/vnc], verbs: [get]}"
    [finding] = found(RULE, estate("", template(f"{CREATE}, {more}")))
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.CERTAIN)
    assert str(finding.object) == "RoleTemplate create-ns"
    assert "get virtualmachineinstances.subresources.kubevirt.io/vnc" in finding.message


@pytest.mark.parametrize("text", [template(CREATE), template("", "own", "false"), template("", "create-ns", "false")])
def test_an_unedited_one_and_those_of_others_are_clean(text: str) -> None:
    assert not found(RULE, estate("", text))


def global_role(fields: str, name: str = "view-rancher-metrics", builtin: str = "true") -> str:
    """Write a global role, Rancher's version beside it."""
    return f"""
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {{name: {name}}}
builtin: {builtin}
{fields}
---
{RUNS}"""


METRICS = "rules: [{apiGroups: [management.cattle.io], resources: [ranchermetrics], verbs: [get]}]"
SECRETS = '{apiGroups: [""], resources: [secrets], verbs: [get]}'


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        (f"{METRICS[:-1]}, {SECRETS}]", "it also has get secrets; Rancher resets it"),
        (f"{METRICS}\ninheritedClusterRoles: [cluster-owner]", "it also has inherits cluster-owner; Rancher resets it"),
        (
            f"{METRICS}\nnamespacedRules: {{kube-system: [{SECRETS}]}}",
            "it also has get secrets in namespace kube-system",
        ),
        (
            f"{METRICS}\ninheritedNamespacedRules: {{kube-system: [{SECRETS}]}}",
            "get secrets in namespace kube-system of every cluster; Rancher does not reset its",
        ),
        (
            f"{METRICS}\ninheritedFleetWorkspacePermissions: {{resourceRules: [{SECRETS}], workspaceVerbs: [update]}}",
            "get secrets in every Fleet workspace, update every Fleet workspace",
        ),
    ],
)
def test_an_edited_builtin_global_role_is_found(fields: str, what: str) -> None:
    [finding] = found(RULE, estate("", global_role(fields)))
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.CERTAIN)
    assert str(finding.object) == "GlobalRole view-rancher-metrics"
    assert what in finding.message


@pytest.mark.parametrize(
    "text",
    [
        global_role(METRICS),
        global_role(f"{METRICS}\ninheritedClusterRoles: null\nnamespacedRules: null"),
        global_role(f"{METRICS[:-1]}, {SECRETS}]", builtin="false"),
        global_role(f"rules: [{SECRETS}]", "of-ours", builtin="false"),
        global_role(
            "rules: [{apiGroups: [management.cattle.io], resources: [users, globalrolebindings], verbs: ['*']},"
            "{apiGroups: [management.cattle.io], resources: [globalroles], verbs: [get, list, watch]},"
            "{apiGroups: [ext.cattle.io], resources: [groupmembershiprefreshrequests], verbs: [create]}]\n"
            "namespacedRules: {cattle-local-user-passwords: "
            "[{apiGroups: [''], resources: [secrets], verbs: [create, update]}]}",
            "users-manage",
        ),
    ],
)
def test_an_unedited_global_role_and_those_of_others_are_clean(text: str) -> None:
    assert not found(RULE, estate("", text))


@pytest.mark.parametrize(("version", "told"), [("v2.15.0", True), ("v2.99.0", False)])
@pytest.mark.parametrize("text", [global_role(METRICS, "of-ours"), template(CREATE, "of-ours")])
def test_one_that_only_says_that_it_is_built_in_is_found_where_all_such_are_known(
    text: str, version: str, *, told: bool
) -> None:
    result = found(RULE, estate("", text.replace("v2.15.0", version)))
    shown = [(item.severity, item.confidence, item.object.name) for item in result]
    assert shown == [(Severity.HIGH, Confidence.POSSIBLE, "of-ours")] * told
