"""Harvester-public in a project."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.public_namespace_in_project import RULE
from rbac_audit.snapshot.objects import ProjectRoleTemplateBinding
from tests.rules.estate import estate, found, not_evaluated

RANCHER = """
apiVersion: management.cattle.io/v3
kind: Project
metadata:
  name: p-sys01
  namespace: c-m-abcd1234
  labels: {authz.management.cattle.io/system-project: "true"}
spec: {displayName: System}
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-shop, namespace: c-m-abcd1234}
spec: {displayName: shop}
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-a, namespace: c-m-abcd1234-p-shop}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: project-member
userName: u-alice
"""


def cluster(project: str, version: str = "v1.9.0", namespace: str = "harvester-public") -> str:
    """Write a namespace in a project and the version of the cluster."""
    return f"""
apiVersion: v1
kind: Namespace
metadata: {{name: {namespace}, annotations: {{field.cattle.io/projectId: "{project}"}}}}
---
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {{name: server-version}}
value: {version}
"""


@pytest.mark.parametrize(
    ("project", "version", "severity", "words"),
    [
        ("c-m-abcd1234:p-shop", "v1.9.0", Severity.HIGH, "is in project shop; 1 member of it"),
        ("c-m-abcd1234:p-shop", "v1.8.1", Severity.HIGH, "is in project shop; 1 member of it"),
        ("c-m-abcd1234:p-sys01", "v1.8.0", Severity.MEDIUM, "as Harvester v1.8.0 does by mistake"),
        ("c-m-abcd1234:p-sys01", "v1.8.2", Severity.MEDIUM, "as Harvester v1.8.2 does by mistake"),
        ("c-m-abcd1234:p-sys01", "v1.8.3", Severity.MEDIUM, "may have put it by mistake"),
        ("c-m-abcd1234:p-sys01", "v1.9.0-rc6", Severity.MEDIUM, "may have put it by mistake"),
        ("c-m-abcd1234:p-sys01", "v1.7.3", Severity.MEDIUM, "is in project System; 0 members"),
        ("c-m-abcd1234:p-sys01", "master-head", Severity.MEDIUM, "may have put it by mistake"),
    ],
)
def test_any_project_is_found(project: str, version: str, severity: Severity, words: str) -> None:
    [finding] = found(RULE, estate(cluster(project, version), RANCHER))
    assert (finding.severity, str(finding.object)) == (severity, "Namespace harvester-public")
    assert finding.scope.project == project
    assert words in finding.message


SYSTEM_MEMBER = """
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-s, namespace: c-m-abcd1234-p-sys01}
projectName: "c-m-abcd1234:p-sys01"
roleTemplateName: project-member
userName: u-alice
"""


def test_the_system_project_is_worse_once_a_tenant_is_in_it() -> None:
    [finding] = found(RULE, estate(cluster("c-m-abcd1234:p-sys01"), RANCHER + SYSTEM_MEMBER))
    assert (finding.severity, [str(subject) for subject in finding.subjects]) == (Severity.HIGH, ["User:u-alice"])


def test_who_is_in_a_project_that_rancher_does_not_know_is_not_counted() -> None:
    [finding] = found(RULE, estate(cluster("local:p-emb12"), RANCHER))
    assert (finding.severity, "whoever is in it" in finding.message) == (Severity.HIGH, True)
    unread = RANCHER.replace("ProjectRoleTemplateBinding", "ClusterRoleTemplateBinding").replace("projectName", "x")
    of = estate(cluster("c-m-abcd1234:p-shop"), unread, unread=[ProjectRoleTemplateBinding])
    [finding] = found(RULE, of)
    assert "whoever is in it" in finding.message
    assert not_evaluated(RULE, of)


def test_the_members_are_named() -> None:
    [finding] = found(RULE, estate(cluster("c-m-abcd1234:p-shop"), RANCHER))
    assert [str(subject) for subject in finding.subjects] == ["User:u-alice"]


@pytest.mark.parametrize(("project", "namespace"), [("", "harvester-public"), ("c-m-abcd1234:p-shop", "default")])
def test_no_project_and_other_namespaces_are_clean(project: str, namespace: str) -> None:
    assert not found(RULE, estate(cluster(project, namespace=namespace), RANCHER))
