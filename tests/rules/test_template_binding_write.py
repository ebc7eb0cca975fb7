"""Who may make members without owning."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.template_binding_write import RULE
from tests.rules.estate import estate, found, not_evaluated

NAMESPACE = "{apiVersion: v1, kind: Namespace, metadata: {name: default}}"


def template(name: str, context: str, resource: str, verbs: str, more: str = "", inherits: str = "") -> str:
    """Write a role template with one rule about Rancher's bindings."""
    return f"""
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: {name}}}
context: {context}
rules:
- {{apiGroups: [management.cattle.io], resources: [{resource}], verbs: [{verbs}]}}
{more}
roleTemplateNames: [{inherits}]
---
"""


CRTBS, PRTBS = "clusterroletemplatebindings", "projectroletemplatebindings"
OWN_PROJECT = "- {apiGroups: [management.cattle.io], resources: [projects], verbs: [own]}"
OWN_CLUSTER = "- {apiGroups: [management.cattle.io], resources: [clusters], verbs: [own]}"


def bound(name: str, *, project: bool, cluster: str = "c-m-abcd1234") -> str:
    """Bind one role template in a project and one on the cluster; only one of them is the one that is asked for."""
    prtb, crtb = (name, "none") if project else ("none", name)
    return f"""
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: prtb-a, namespace: p}}
projectName: "{cluster}:p-shop"
roleTemplateName: {prtb}
userName: u-mallory
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {{name: crtb-a, namespace: {cluster}}}
clusterName: {cluster}
roleTemplateName: {crtb}
userName: u-mallory
"""


@pytest.mark.parametrize(
    ("text", "project", "words"),
    [
        (template("rt", "cluster", CRTBS, '"*"'), False, f"may write {CRTBS} on cluster harvester"),
        (template("rt", "cluster", CRTBS, "create"), False, f"may write {CRTBS} on cluster harvester"),
        (template("rt", "cluster", PRTBS, "update"), False, f"may write {PRTBS} on cluster harvester"),
        (template("rt", "project", PRTBS, "patch"), True, f"may write {PRTBS} on c-m-abcd1234:p-shop"),
        (template("rt", "cluster", '"*"', '"*"'), False, f"may write {CRTBS} and {PRTBS} on cluster harvester"),
        (template("rt", "project", '"*"', '"*"'), True, f"may write {PRTBS} on c-m-abcd1234:p-shop"),
        (
            template("up", "cluster", CRTBS, '"*"') + template("rt", "cluster", CRTBS, "get", inherits="up"),
            False,
            "through role template rt",
        ),
    ],
)
def test_writing_without_owning_is_found(text: str, project: bool, words: str) -> None:
    [finding] = found(RULE, estate(NAMESPACE, text + bound("rt", project=project)))
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.POSSIBLE)
    assert finding.object.kind == ("ProjectRoleTemplateBinding" if project else "ClusterRoleTemplateBinding")
    assert [str(subject) for subject in finding.subjects] == ["User:u-mallory"]
    assert words in finding.message


@pytest.mark.parametrize(
    ("text", "project"),
    [
        (template("rt", "cluster", CRTBS, "get, list, watch"), False),
        (template("rt", "cluster", CRTBS, '"*"', OWN_CLUSTER), False),
        (template("rt", "project", PRTBS, '"*"', OWN_PROJECT), True),
        (template("rt", "project", CRTBS, '"*"'), True),
        (template("rt", "project", "projectroletemplates", '"*"'), True),
    ],
)
def test_owners_and_readers_are_clean(text: str, project: bool) -> None:
    assert not found(RULE, estate(NAMESPACE, text + bound("rt", project=project)))


def test_another_cluster_is_not_this_one() -> None:
    text = template("rt", "cluster", CRTBS, '"*"') + bound("rt", project=False, cluster="c-m-other")
    assert not found(RULE, estate(NAMESPACE, text))


def test_without_rancher_nothing_is_said_to_be_clean() -> None:
    [blind] = not_evaluated(RULE, estate(NAMESPACE))
    assert blind.because == ("no Rancher that manages harvester was read",)


def test_beside_rancher_clusters_that_were_not_read_are_judged() -> None:
    text = template("rt", "cluster", CRTBS, "create") + bound("rt", project=False)
    [finding] = found(RULE, estate("", text))
    assert str(finding.object) == "ClusterRoleTemplateBinding c-m-abcd1234/crtb-a"
    assert f"may write {CRTBS} on cluster c-m-abcd1234" in finding.message
    [finding] = found(RULE, estate(NAMESPACE, text))
    assert finding.cluster == "harvester"


@pytest.mark.parametrize(
    ("cluster", "subject", "owns"),
    [
        ("c-m-abcd1234", "userName: u-mallory", True),
        ("c-m-abcd1234", "groupPrincipalName: okta_group://ops", True),
        ("c-m-other", "userName: u-mallory", False),
        ("c-m-abcd1234", "userName: u-eve", False),
    ],
)
def test_owners_of_a_cluster_that_was_not_read_are_not_meant(cluster: str, subject: str, *, owns: bool) -> None:
    text = f"""
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {{name: u-mallory}}
UserName: u-mallory
GroupPrincipals: {{okta: {{Items: [{{metadata: {{name: "okta_group://ops"}}}}]}}}}
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: u-mallory}}
---
{template("owner", "cluster", CRTBS, "get", OWN_CLUSTER)}
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {{name: crtb-o, namespace: {cluster}}}
clusterName: {cluster}
roleTemplateName: owner
{subject}
---
{template("rt", "cluster", CRTBS, "create")}{bound("rt", project=False)}"""
    assert bool(found(RULE, estate("", text))) is not owns
