"""Projects without a limit."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.project_without_quota import RULE
from rbac_audit.snapshot.objects import ResourceQuota
from tests.rules.estate import estate, found, not_evaluated

NAMESPACES = """
apiVersion: v1
kind: Namespace
metadata: {name: lab-vms, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-lab"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: lab-net, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-lab"}}
---
"""


def quota(namespace: str) -> str:
    return f"""
apiVersion: v1
kind: ResourceQuota
metadata: {{name: quota, namespace: {namespace}}}
---
"""


def project(
    name: str = "p-lab", spec: str = "{displayName: lab}", label: str = "", cluster: str = "c-m-abcd1234"
) -> str:
    labels = f', labels: {{authz.management.cattle.io/{label}: "true"}}' if label else ""
    return f"""
apiVersion: management.cattle.io/v3
kind: Project
metadata: {{name: {name}, namespace: {cluster}{labels}}}
spec: {spec}
---
"""


def test_it_names_the_project_and_what_is_in_it() -> None:
    [finding] = found(RULE, estate(NAMESPACES + quota("lab-net"), project()))
    assert str(finding.object) == "Project c-m-abcd1234/p-lab"
    assert finding.object.cluster == "rancher"
    assert finding.severity is Severity.MEDIUM
    assert finding.message == "project c-m-abcd1234:p-lab (lab) has no quota; without a quota of their own: lab-vms"
    assert finding.scope.namespaces == ("lab-net", "lab-vms")


@pytest.mark.parametrize(
    ("tenants", "rancher", "severity"),
    [
        (NAMESPACES + quota("lab-net") + quota("lab-vms"), project(), Severity.MEDIUM),
        (NAMESPACES, project(label="default-project"), Severity.INFO),
        (NAMESPACES, project(spec="{resourceQuota: {limit: {}}}"), Severity.MEDIUM),
        (NAMESPACES, project(spec="{resourceQuota: null}"), Severity.MEDIUM),
        (NAMESPACES, project(spec="{namespaceDefaultResourceQuota: {limit: {pods: '9'}}}"), Severity.MEDIUM),
    ],
)
def test_how_bad_it_is(tenants: str, rancher: str, severity: Severity) -> None:
    assert [finding.severity for finding in found(RULE, estate(tenants, rancher))] == [severity]


@pytest.mark.parametrize(
    ("why", "rancher"),
    [
        ("it has one", project(spec="{resourceQuota: {limit: {limitsCpu: 2000m}, usedLimit: {}}}")),
        ("the System project", project(label="system-project")),
        ("nothing of it is on this cluster", project("p-empty")),
        ("it is of another cluster", project(cluster="local")),
    ],
)
def test_what_is_not_meant(why: str, rancher: str) -> None:
    assert found(RULE, estate(NAMESPACES, rancher)) == [], why


def test_a_quota_that_was_not_read_is_no_missing_one() -> None:
    for world in (
        estate(NAMESPACES, project(), unread=(ResourceQuota,)),
        estate(NAMESPACES, project(), unread_namespaces=("lab-vms", "lab-net")),
    ):
        [finding] = found(RULE, world)
        assert finding.message == "project c-m-abcd1234:p-lab (lab) has no quota"


def test_without_rancher_no_project_is_said_to_be_limited() -> None:
    [blind] = not_evaluated(RULE, estate(NAMESPACES))
    assert (blind.partly, blind.because) == (False, ("no Rancher that manages harvester was read",))
