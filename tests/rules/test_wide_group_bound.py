"""Roles for groups in which nearly everybody is."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.wide_group_bound import RULE
from tests.rules.estate import CLUSTER_ID, estate, found
from tests.rules.test_many_owners import GROUP, clusters, members, projects

WRITES = """
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: NAME}
rules: [{apiGroups: [kubevirt.io], resources: [virtualmachines], verbs: [get, update]}]
---
"""
READS = WRITES.replace(", update", "")
MEMBER, OWNER = WRITES.replace("NAME", "project-member"), WRITES.replace("NAME", "cluster-owner")


@pytest.mark.parametrize(("inside", "outside", "wide"), [(10, 10, True), (30, 2, True), (10, 11, False), (9, 0, False)])
def test_half_of_all_people_are_nearly_everybody(inside: int, outside: int, *, wide: bool) -> None:
    people = members(inside) + members(outside, 100, "others")
    findings = found(RULE, estate("", MEMBER + projects((GROUP,), "project-member") + people))
    told = [(it.severity, it.confidence, str(it.object)) for it in findings]
    place = "ProjectRoleTemplateBinding p-shop/project-member-0"
    assert told == [(Severity.MEDIUM, Confidence.CERTAIN, place)] * wide
    assert all(f"has seen {inside} of {inside + outside} people" in it.message for it in findings)


@pytest.mark.parametrize(
    ("name", "wide"),
    [
        ("activedirectory_group://CN=Domain Users,CN=Users,DC=example,DC=com", True),
        ("okta_group://domain-users", True),
        ("keycloak_group://Everyone", True),
        ("okta_group://all_staff", True),
        ("activedirectory_group://CN=Domain Admins,CN=Users,DC=example,DC=com", False),
        ("okta_group://shop-users", False),
        ("activedirectory_group://CN=shop,OU=All Users,DC=example,DC=com", False),
        ("okta_group://not-everyone", False),
    ],
)
def test_some_groups_are_called_so(name: str, *, wide: bool) -> None:
    text = MEMBER + projects((f'groupPrincipalName: "{name}"',), "project-member")
    findings = found(RULE, estate("", text))
    assert [it.confidence for it in findings] == [Confidence.POSSIBLE] * wide


def test_in_a_whole_cluster_it_is_worse() -> None:
    [finding] = found(RULE, estate("", OWNER + clusters(('groupPrincipalName: "okta_group://everyone"',))))
    assert (finding.severity, str(finding.object)) == (
        Severity.HIGH,
        "ClusterRoleTemplateBinding p-shop/cluster-owner-0",
    )
    assert finding.message.endswith(f"role template cluster-owner in cluster {CLUSTER_ID}")


@pytest.mark.parametrize(
    "text",
    [
        READS.replace("NAME", "project-member") + projects((GROUP,), "project-member"),
        projects((GROUP,), "project-member"),
        MEMBER + projects(("userName: everyone",), "project-member"),
    ],
    ids=["looks only", "no such template", "a user"],
)
def test_what_changes_nothing_is_clean(text: str) -> None:
    assert not found(RULE, estate("", text + members(12)))
