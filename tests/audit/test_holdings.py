import pytest

from rbac_audit.audit.capabilities import CapabilitySpec, columns, holdings, parse_capabilities, templates
from rbac_audit.audit.policy import PolicyPermission
from rbac_audit.audit.sections import Holding
from rbac_audit.errors import BadPolicy
from rbac_audit.rancher.naming import role_binding_name
from tests.rules.estate import estate, view

CONSOLE = CapabilitySpec(
    name="console",
    title="Open consoles",
    permissions=(
        PolicyPermission(
            verbs=("get",), api_groups=("subresources.kubevirt.io",), resources=("virtualmachineinstances/console",)
        ),
    ),
)
SECRETS = CapabilitySpec(
    name="secrets",
    title="Read Secrets",
    permissions=(PolicyPermission(verbs=("get", "list"), api_groups=("",), resources=("secrets",)),),
)
RENDERED = role_binding_name("till", "ClusterRole", "reader", "User", "u-bob")
HARVESTER = f"""
{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, annotations: {{field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}}}}}
---
{{apiVersion: v1, kind: Namespace, metadata: {{name: till, annotations: {{field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}}}}}
---
{{apiVersion: v1, kind: Namespace, metadata: {{name: attic}}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: opener}}
rules: [{{apiGroups: [subresources.kubevirt.io], resources: ["virtualmachineinstances/*", "*/console"], verbs: ["*"]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: reader}}
rules: [{{apiGroups: [""], resources: [secrets], verbs: [list]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: idle}}
rules: [{{apiGroups: [""], resources: [pods], verbs: [list]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: openers, namespace: shop}}
roleRef: {{kind: ClusterRole, name: opener}}
subjects: [{{kind: User, name: u-bob}}, {{kind: ServiceAccount, name: ci}}, {{kind: User, name: u-eve}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {RENDERED}, namespace: till, labels: {{authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-shop_prtb-1}}}}
roleRef: {{kind: ClusterRole, name: reader, apiGroup: rbac.authorization.k8s.io}}
subjects: [{{kind: User, name: u-bob, apiGroup: rbac.authorization.k8s.io}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: loose, namespace: attic}}
roleRef: {{kind: ClusterRole, name: reader}}
subjects: [{{kind: User, name: u-eve}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: idle, namespace: shop}}
roleRef: {{kind: ClusterRole, name: idle}}
subjects: [{{kind: User, name: u-idle}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: wide}}
roleRef: {{kind: ClusterRole, name: reader}}
subjects:
- {{kind: Group, name: "github_team://7"}}
- {{kind: ServiceAccount, name: harvester, namespace: harvester-system}}
- {{kind: ServiceAccount, name: without-a-namespace}}
"""
RANCHER = """
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-bob}, displayName: Bob}
---
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-eve}, displayName: Eve}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: reader}, context: project,
 rules: [{apiGroups: [""], resources: [secrets], verbs: [list]}]}
---
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: prtb-1, namespace: c-m-abcd1234-p-shop},
 projectName: "c-m-abcd1234:p-shop", roleTemplateName: reader, userName: u-bob}
"""
SHOP = "c-m-abcd1234:p-shop"


@pytest.fixture
def rows() -> dict[tuple[str, str, bool], Holding]:
    found = tuple(holdings(view(estate(HARVESTER, RANCHER)), (CONSOLE, SECRETS)))
    table = {(str(row.subject), row.project, row.cluster_wide): row for row in found}
    assert len(table) == len(found), "one row for a subject, project and reach"
    return table


Rows = dict[tuple[str, str, bool], Holding]


def test_there_is_a_row_for_everybody_who_can_do_something_and_for_no_part_of_the_platform(rows: Rows) -> None:
    assert set(rows) == {
        ("Group:github_team://7", "", True),
        ("ServiceAccount:shop/ci", SHOP, False),
        ("User:u-bob", SHOP, False),
        ("User:u-eve", "", False),
        ("User:u-eve", SHOP, False),
    }


def test_what_somebody_can_do_in_a_project_is_in_one_row(rows: Rows) -> None:
    bob = rows["User:u-bob", SHOP, False]
    assert (bob.subject.display_name, bob.namespaces, bob.capabilities) == (
        "Bob",
        ("shop", "till"),
        ("console", "secrets"),
    )
    assert [str(ref) for ref in bob.through] == [
        "ProjectRoleTemplateBinding c-m-abcd1234-p-shop/prtb-1",
        "RoleBinding shop/openers",
    ]


@pytest.mark.parametrize(
    ("key", "member"),
    [
        (("User:u-bob", SHOP, False), True),
        (("ServiceAccount:shop/ci", SHOP, False), True),
        (("User:u-eve", SHOP, False), False),
        (("User:u-eve", "", False), False),
        (("Group:github_team://7", "", True), False),
    ],
)
def test_a_member_is_whom_rancher_shows_there(rows: Rows, key: tuple[str, str, bool], *, member: bool) -> None:
    assert rows[key].member is member


def test_a_cluster_wide_row_names_no_namespaces(rows: Rows) -> None:
    wide = rows["Group:github_team://7", "", True]
    assert (wide.namespaces, wide.capabilities, [ref.name for ref in wide.through]) == ((), ("secrets",), ["wide"])


def test_outside_projects_the_namespaces_are_named(rows: Rows) -> None:
    loose = rows["User:u-eve", "", False]
    assert (loose.namespaces, loose.capabilities) == (("attic",), ("secrets",))


def test_the_columns_keep_the_order_of_the_file() -> None:
    assert [(it.name, it.title) for it in columns((SECRETS, CONSOLE))] == [
        ("secrets", "Read Secrets"),
        ("console", "Open consoles"),
    ]


def test_without_capabilities_there_are_no_rows() -> None:
    assert list(holdings(view(estate(HARVESTER, RANCHER)), ())) == []


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ({"apiVersion": "rbac-audit/v1", "kind": "Capabilities"}, "capabilities"),
        ({"apiVersion": "rbac-audit/v1", "kind": "Capabilities", "capabilities": [{"name": "x"}]}, "$.capabilities[0]"),
        ({"apiVersion": "rbac-audit/v1", "kind": "Capabilities", "capabilities": [], "extra": 1}, "extra"),
        ([], "Expected `object`"),
    ],
)
def test_a_capabilities_file_is_read_strictly(raw: object, path: str) -> None:
    with pytest.raises(BadPolicy) as refused:
        parse_capabilities(raw, "capabilities.yaml")
    assert "capabilities.yaml" in str(refused.value)
    assert path in str(refused.value)


def test_each_source_says_what_it_gives_and_where(rows: Rows) -> None:
    bob = rows["User:u-bob", SHOP, False]
    told = [(str(it.through), it.source, it.role, it.capabilities, it.namespaces, it.template) for it in bob.grants]
    assert told == [
        (
            "ProjectRoleTemplateBinding c-m-abcd1234-p-shop/prtb-1",
            "rancher",
            "ClusterRole reader",
            ("secrets",),
            ("till",),
            "reader",
        ),
        ("RoleBinding shop/openers", "raw", "ClusterRole opener", ("console",), ("shop",), ""),
    ]


def test_a_cluster_wide_source_names_no_namespaces(rows: Rows) -> None:
    (wide,) = rows["Group:github_team://7", "", True].grants
    assert (wide.source, wide.namespaces, wide.capabilities) == ("raw", (), ("secrets",))


def test_what_the_sources_give_adds_up_to_the_row(rows: Rows) -> None:
    for row in rows.values():
        assert {name for grant in row.grants for name in grant.capabilities} == set(row.capabilities)
        assert {name for grant in row.grants for name in grant.namespaces} == set(row.namespaces)
        assert {grant.through for grant in row.grants} == set(row.through)


def test_a_mark_that_cannot_be_verified_is_told_apart() -> None:
    (bob,) = (
        row
        for row in holdings(view(estate(HARVESTER)), (SECRETS,))
        if str(row.subject) == "User:u-bob" and row.namespaces == ("till",)
    )
    assert [grant.source for grant in bob.grants] == ["unproven"]


SHIPPED = """
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: view},
 rules: [{apiGroups: [""], resources: [secrets], verbs: [get, list]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: harvester-public, namespace: harvester-public}
roleRef: {kind: ClusterRole, name: view, apiGroup: rbac.authorization.k8s.io}
subjects: [{kind: Group, name: "system:authenticated", apiGroup: rbac.authorization.k8s.io}]
"""


def test_what_the_platform_ships_is_not_made_by_hand() -> None:
    (row,) = holdings(view(estate(SHIPPED)), (SECRETS,))
    assert [(str(row.subject), grant.source) for grant in row.grants] == [("Group:system:authenticated", "shipped")]


def test_a_role_template_says_what_its_rules_and_those_it_inherits_give() -> None:
    more = """
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: boss}, displayName: Boss, context: project,
 roleTemplateNames: [reader, outer]}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: outer}, external: true}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: unused}, displayName: Unused}
---
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: prtb-2, namespace: c-m-abcd1234-p-shop},
 projectName: "c-m-abcd1234:p-shop", roleTemplateName: boss, userName: u-eve}
"""
    outer = """
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: outer},
 rules: [{apiGroups: [subresources.kubevirt.io], resources: [virtualmachineinstances/console], verbs: [get]}]}
"""
    found = {row.name: row for row in templates(view(estate(HARVESTER + outer, RANCHER + more)), (CONSOLE, SECRETS))}
    assert {name: row.capabilities for name, row in found.items()} == {
        "reader": ("secrets",),
        "boss": ("console", "secrets"),
    }
    assert (found["boss"].title, found["boss"].cluster) == ("Boss", "harvester")


def test_without_rancher_no_role_template_says_anything() -> None:
    assert list(templates(view(estate(HARVESTER)), (SECRETS,))) == []
