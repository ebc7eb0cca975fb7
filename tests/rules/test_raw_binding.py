"""Access that Rancher does not show."""

import pytest

from rbac_audit.audit.finding import Finding, Severity
from rbac_audit.rules.raw_binding import RULE
from tests.rules.estate import estate, found

RANCHER = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-erin}
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
spec: {displayName: Shop}
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb, namespace: p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: view
userName: u-erin
"""
PLACES = """
{apiVersion: v1, kind: Namespace, metadata: {name: dev, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: test, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: alone}}
---
"""


def binding(name: str, namespace: str, user: str = "u-erin", more: str = "", kind: str = "User") -> str:
    scope = f"namespace: {namespace}, " if namespace else ""
    which = "RoleBinding" if namespace else "ClusterRoleBinding"
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: {which}
metadata: {{name: {name}, {scope}{more}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}}
subjects: [{{kind: {kind}, name: {user}}}]
---
"""


def findings(text: str) -> list[Finding]:
    return found(RULE, estate(PLACES + text, RANCHER))


def test_those_of_a_project_are_one_finding() -> None:
    [finding] = findings(binding("a", "dev") + binding("b", "test", "jdoe"))
    assert (finding.severity, str(finding.object)) == (Severity.LOW, "Project c-m-abcd1234/p-shop")
    assert [str(item) for item in finding.related] == ["RoleBinding dev/a", "RoleBinding test/b"]
    assert "in project Shop" in finding.message
    assert "User:jdoe cannot come through Rancher now" in finding.message
    assert [link.text.rpartition(", ")[2] for link in finding.chain] == ["in force", "latent"]


def test_each_namespace_without_a_project_and_the_cluster_are_apart() -> None:
    assert [str(item.object) for item in findings(binding("a", "alone") + binding("b", "dev") + binding("c", ""))] == [
        "Project c-m-abcd1234/p-shop",
        "ClusterRoleBinding c",
        "RoleBinding alone/a",
    ]


def test_who_made_it_and_what_keeps_it_is_told() -> None:
    more = "annotations: {field.cattle.io/creatorId: u-erin, meta.helm.sh/release-name: shop}"
    [finding] = findings(binding("a", "dev", more=more))
    assert "kept by Helm release shop: change it there" in finding.chain[0].text
    assert "(u-erin)" in finding.chain[0].text


@pytest.mark.parametrize(
    "text",
    [
        binding("a", "dev", "robot", kind="ServiceAccount"),
        binding("a", "dev", "system:kube-scheduler"),
        binding("rb-x", "dev", more="labels: {authz.cluster.cattle.io/rtb-owner-updated: x_gone}"),
    ],
    ids=["a service account", "the control plane", "it says it is Rancher's"],
)
def test_others_are_clean(text: str) -> None:
    assert findings(text) == []
