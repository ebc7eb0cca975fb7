"""In which classes a binding puts its subjects."""

from pathlib import Path

import pytest

from rbac_audit.audit.estate import Estate, View
from rbac_audit.audit.standing import BITS
from rbac_audit.snapshot.objects import GlobalRole, Kind
from rbac_audit.sources import SourceSpec, read_estate
from tests.audit.clusters import view
from tests.rules.estate import estate

EXAMPLE = Path(__file__).parents[2] / "examples" / "tenancy-legacy"
MEMBER = {"project-members", "project-roles", "template-roles"}


def standing(found: View, role: str) -> dict[str, set[str]]:
    """Name the classes of each subject of the one binding to a role."""
    [binding] = (item for item in found.access.bindings if item.role_ref.name == role)
    return {str(who): {name for name, bit in BITS.items() if bit & bits} for who, bits in found.standing.of(binding)}


def bound(role: str, subjects: str, metadata: str, namespace: str = "") -> str:
    kind, place = ("RoleBinding", f", namespace: {namespace}") if namespace else ("ClusterRoleBinding", "")
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{{metadata}{place}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "{role}"}}
subjects: [{subjects}]
---
"""


@pytest.fixture(scope="module")
def example() -> Estate:
    """A cluster owner who is an administrator (user-n5m8x), the owner of a project, and somebody who reads there."""
    return Estate(read_estate([SourceSpec.parse(str(EXAMPLE))]))


@pytest.mark.parametrize(
    ("cluster", "role", "who", "classes"),
    [
        ("harvester", "read-only", "u-q9s2d", MEMBER),
        ("harvester", "project-owner", "u-m4t7x", MEMBER),
        # What a project's template gives cluster-wide is of the template, and in no project.
        ("harvester", "create-ns", "u-m4t7x", {"template-roles"}),
        ("harvester", "read-only-promoted", "u-q9s2d", {"template-roles"}),
        ("harvester", "cluster-owner", "user-n5m8x", {"template-roles", "cluster-owners", "cluster-admins"}),
        # The namespace of the management cluster is in no project that the member is in.
        ("rancher", "p-4qv8n-projectmember", "u-q9s2d", {"project-roles", "template-roles"}),
        ("rancher", "cattle-globalrole-admin", "user-n5m8x", {"builtin-global-roles", "cluster-owners", "cluster-admins"}),
    ],
)  # fmt: skip
def test_what_rancher_renders_tells_what_it_is_from(
    example: Estate, cluster: str, role: str, who: str, classes: set[str]
) -> None:
    assert standing(view(example, cluster), role) == {f"User:{who}": classes}


def test_a_cluster_owner_has_no_project_role_in_the_namespaces_of_projects(example: Estate) -> None:
    found = view(example, "rancher")
    owners = [item for item in found.access.bindings if item.role_ref.name == "cluster-owner" and item.namespace]
    assert owners
    for item in owners:
        assert all(not bits & BITS["project-roles"] for _, bits in found.standing.of(item))


LEGACY = "authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-shop_prtb-bob"
OWNER = "ownerReferences: [{apiVersion: management.cattle.io/v3, kind: ClusterRoleTemplateBinding, name: crtb, uid: a}]"
PEOPLE = {"project-members", "project-roles", "template-roles"}


@pytest.mark.parametrize(
    ("metadata", "namespace", "role", "classes"),
    [
        ("name: mine", "shop", "edit", set()),
        ("name: mine", "", "cluster-admin", set()),
        (f"name: rb-a, labels: {{{LEGACY}}}", "shop", "edit", PEOPLE),
        (f"name: crb-a, labels: {{{LEGACY}}}", "", "create-ns", {"template-roles"}),
        (f"name: crb-a, labels: {{{LEGACY}}}", "", "cluster-owner", {"template-roles", "cluster-owners"}),
        (f"name: rb-a, labels: {{{LEGACY}}}", "shop", "cluster-owner", PEOPLE),
        ('name: rb-a, labels: {authz.cluster.cattle.io/prtb-owner-x: "true"}', "shop", "edit", PEOPLE),
        ('name: rb-a, labels: {authz.cluster.cattle.io/crtb-owner-x: "true"}', "shop", "edit", {"template-roles"}),
        (
            'name: crb-a, labels: {authz.cluster.cattle.io/crtb-owner-x: "true"}',
            "",
            "cluster-owner-aggregator",
            {"template-roles", "cluster-owners"},
        ),
        ('name: rb-a, labels: {management.cattle.io/roletemplate-aggregation: "true"}', "shop", "e", {"template-roles"}),
        ("name: crb-a, labels: {c-m-abcd1234-p-shop_prtb: membership-binding-owner}", "", "m", {"template-roles"}),
        (f"name: crb-a, {OWNER}", "", "e", {"template-roles"}),
        ("name: globaladmin-u-bob", "", "cluster-admin", {"cluster-owners"}),
        ("name: globaladmin-u-bob", "shop", "cluster-admin", set()),
        ("name: x, labels: {authz.management.cattle.io/grb-owner: grb-x}", "", "cluster-admin", {"cluster-owners"}),
        ("name: x, labels: {authz.management.cattle.io/grb-owner: grb-x}", "", "view", set()),
    ],
)  # fmt: skip
def test_a_mark_is_believed_where_nobody_could_verify_it(
    metadata: str, namespace: str, role: str, classes: set[str]
) -> None:
    of = estate(bound(role, "{kind: User, name: u-bob}", metadata, namespace))
    found = view(of, "harvester")
    assert standing(found, role) == {"User:u-bob": classes}


@pytest.mark.parametrize(
    ("unread", "namespace", "owners"), [((), "", False), ((GlobalRole,), "", True), ((GlobalRole,), "shop", False)]
)
def test_who_is_bound_to_a_global_role_that_was_not_read_may_be_an_administrator(
    unread: tuple[Kind, ...], namespace: str, *, owners: bool
) -> None:
    rancher = """
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-eve, uid: b}
globalRoleName: root-like
userName: u-eve
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-eve}
"""
    marks = "name: globaladmin-u-eve, ownerReferences: [{apiVersion: management.cattle.io/v3, kind: GlobalRoleBinding, name: grb-eve, uid: b}]"
    text = bound("cluster-admin", "{kind: User, name: u-eve}", marks, namespace)
    found = view(estate(text, rancher, unread=unread), "harvester")
    [verdict] = found.ownership.values()
    assert [str(owner.source) for owner in verdict.owners] == ["GlobalRoleBinding grb-eve"]
    assert ("cluster-owners" in standing(found, "cluster-admin")["User:u-eve"]) is owners


def test_each_subject_is_told_once_and_nobody_is_not_told() -> None:
    account = "{kind: ServiceAccount, name: ci}, {kind: ServiceAccount, name: ci, namespace: shop}"
    nobody = "{kind: Robot, name: r2}"
    found = view(estate(bound("edit", f"{account}, {nobody}", "name: mine", "shop")), "harvester")
    [binding] = found.access.bindings
    assert [str(who) for who, _ in found.standing.of(binding)] == ["ServiceAccount:shop/ci"]
    wide = view(estate(bound("edit", "{kind: ServiceAccount, name: ci}", "name: mine")), "harvester")
    assert standing(wide, "edit") == {}
