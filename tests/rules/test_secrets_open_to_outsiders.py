"""Who reads the Secrets of a project and is no member of it."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.secrets_open_to_outsiders import RULE
from tests.rules.estate import CLUSTER_ID, estate, found

SHOP = f"""
apiVersion: v1
kind: Namespace
metadata: {{name: shop, annotations: {{field.cattle.io/projectId: "{CLUSTER_ID}:p-shop"}}}}
---
apiVersion: v1
kind: Namespace
metadata: {{name: shop-dev, annotations: {{field.cattle.io/projectId: "{CLUSTER_ID}:p-shop"}}}}
---
"""
READ = '{verbs: [list], apiGroups: [""], resources: [secrets]}'
BOB = "{kind: User, name: u-bob}"
MEMBERS = f"""
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: u-bob}}
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: prtb, namespace: {CLUSTER_ID}-p-shop}}
projectName: "{CLUSTER_ID}:p-shop"
roleTemplateName: project-member
userName: u-bob
"""


def may(rule: str = READ, who: str = BOB, place: str = "shop", more: str = "") -> str:
    kind, where = ("RoleBinding", f", namespace: {place}") if place else ("ClusterRoleBinding", "")
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: own}}
rules: [{rule}]
{more}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: own{where}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: own}}
subjects: [{who}]
---
"""


@pytest.mark.parametrize(
    "rule",
    [
        READ,
        READ.replace("list", "watch"),
        '{verbs: [get], apiGroups: ["*"], resources: ["*"]}',
        '{verbs: ["*"], apiGroups: [""], resources: [secrets, pods]}',
    ],
)
@pytest.mark.parametrize("who", [BOB, "{kind: Group, name: devs}", "{kind: ServiceAccount, name: x, namespace: lab}"])
def test_an_outsider_is_told(rule: str, who: str) -> None:
    [finding] = found(RULE, estate(SHOP + may(rule, who)))
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.POSSIBLE)
    assert str(finding.object) == "RoleBinding shop/own"
    assert finding.scope.project == f"{CLUSTER_ID}:p-shop"


def test_where_members_are_known_it_is_sure() -> None:
    [finding] = found(RULE, estate(SHOP + may(), MEMBERS.replace("u-bob", "u-eve")))
    assert finding.confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    ("text", "rancher"),
    [
        (may(), MEMBERS),
        (may(who="{kind: ServiceAccount, name: ci, namespace: shop-dev}"), ""),
        (may(READ.replace("}", ", resourceNames: [ca]}")), ""),
        (may(READ.replace("list", "create")), ""),
        (may(READ.replace('""', "apps")), ""),
        (may(place="sandbox"), ""),
        (may(place=""), ""),
        (may(who="{kind: ServiceAccount, name: harvester, namespace: harvester-system}"), ""),
    ],
    ids=["member", "own account", "one name", "verb", "group", "no project", "cluster-wide", "platform"],
)
def test_members_and_other_rights_are_clean(text: str, rancher: str) -> None:
    assert not found(RULE, estate(SHOP + text, rancher))


def test_the_role_of_readers_is_told_elsewhere() -> None:
    part = f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: part, labels: {{to: view}}}}
rules: [{READ}]
---
"""
    view = may("").replace("rules: []", "aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: view}}]}")
    assert not found(RULE, estate(SHOP + part + view))
