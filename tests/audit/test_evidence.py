import pytest

from rbac_audit.access import Binding, Identity, Permission
from rbac_audit.audit.estate import View
from rbac_audit.audit.evidence import chain_of, describe, owner_of, scope_of, subject_ref, target_of
from rbac_audit.audit.finding import FindingScope
from rbac_audit.rancher.naming import role_binding_name
from rbac_audit.snapshot.objects import PolicyRule, Subject
from tests.rules.estate import estate, view

RBAC = "apiVersion: rbac.authorization.k8s.io/v1"
TEAM = "github_team://7"
RENDERED = role_binding_name("shop", "ClusterRole", "view", "Group", TEAM)
HARVESTER = f"""
{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, annotations: {{field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}}}}}
---
{{apiVersion: v1, kind: Namespace, metadata: {{name: till, annotations: {{field.cattle.io/projectId: "c-m-abcd1234:p-shop"}}}}}}
---
{{apiVersion: v1, kind: Namespace, metadata: {{name: lab, annotations: {{field.cattle.io/projectId: "c-m-abcd1234:p-lab"}}}}}}
---
{{apiVersion: v1, kind: Namespace, metadata: {{name: attic}}}}
---
{RBAC}
kind: ClusterRole
metadata: {{name: view}}
aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{to-view: "true"}}}}]}}
---
{RBAC}
kind: ClusterRole
metadata: {{name: parts, labels: {{to-view: "true"}}}}
aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{to-parts: "true"}}}}]}}
---
{RBAC}
kind: ClusterRole
metadata: {{name: source, labels: {{to-parts: "true"}}}}
rules: [{{apiGroups: [""], resources: [secrets], verbs: [get, list]}}]
---
{RBAC}
kind: Role
metadata: {{name: reader, namespace: shop}}
rules: [{{apiGroups: [""], resources: [secrets], verbs: [get], resourceNames: [db]}}]
---
{RBAC}
kind: RoleBinding
metadata: {{name: {RENDERED}, namespace: shop, labels: {{authz.cluster.cattle.io/rtb-owner-updated: c-m-abcd1234-p-shop_prtb-1}}}}
roleRef: {{kind: ClusterRole, name: view, apiGroup: rbac.authorization.k8s.io}}
subjects: [{{kind: Group, name: "{TEAM}", apiGroup: rbac.authorization.k8s.io}}]
---
{RBAC}
kind: RoleBinding
metadata: {{name: by-hand, namespace: shop}}
roleRef: {{kind: Role, name: reader}}
subjects: [{{kind: User, name: u-alice}}, {{kind: ServiceAccount, name: ci}}, {{kind: Group, name: nobody-known}}]
---
{RBAC}
kind: RoleBinding
metadata: {{name: by-hand, namespace: till}}
roleRef: {{kind: ClusterRole, name: view}}
subjects: [{{kind: User, name: u-alice}}]
---
{RBAC}
kind: RoleBinding
metadata: {{name: dangling, namespace: lab}}
roleRef: {{kind: ClusterRole, name: gone}}
subjects: [{{kind: User, name: u-alice}}]
---
{RBAC}
kind: RoleBinding
metadata: {{name: loose, namespace: attic}}
roleRef: {{kind: ClusterRole, name: view}}
subjects: [{{kind: User, name: u-alice}}]
---
{RBAC}
kind: ClusterRoleBinding
metadata: {{name: wide}}
roleRef: {{kind: ClusterRole, name: view}}
subjects: [{{kind: User, name: u-alice}}]
"""
MEMBERS = "".join(
    f"""
{{apiVersion: management.cattle.io/v3, kind: User, metadata: {{name: u-{number}}}, displayName: Person {number}}}
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {{name: u-{number}}}
GroupPrincipals: {{github: {{Items: [{{metadata: {{name: "{TEAM}"}}, displayName: devs}}]}}}}
---
"""
    for number in range(7)
)
RANCHER = f"""
{{apiVersion: management.cattle.io/v3, kind: User, metadata: {{name: u-alice}}, displayName: Alice Ng}}
---
{MEMBERS}
{{apiVersion: management.cattle.io/v3, kind: Project, metadata: {{name: p-shop, namespace: c-m-abcd1234}}, spec: {{displayName: Shop}}}}
---
{{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {{name: view}}, displayName: Viewer, context: project, external: true}}
---
{{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {{name: prtb-1, namespace: c-m-abcd1234-p-shop}},
 projectName: "c-m-abcd1234:p-shop", roleTemplateName: view, groupPrincipalName: "{TEAM}"}}
"""
SECRETS = Permission("get", "", "secrets")
ALICE = Subject(kind="User", name="u-alice")
DEVS = Subject(kind="Group", name=TEAM)


@pytest.fixture
def shop() -> View:
    return view(estate(HARVESTER, RANCHER))


def binding(of: View, name: str, namespace: str = "") -> Binding:
    return next(item for item in of.access.bindings if (item.name, item.namespace) == (name, namespace))


def chain(
    of: View, name: str, namespace: str, subject: Subject, permission: Permission = SECRETS
) -> list[tuple[str, str]]:
    grant = next(it for it in of.access.holders(permission) if it.binding == binding(of, name, namespace))
    return [(link.step, link.text) for link in chain_of(of, grant, subject)]


def test_the_chain_of_a_person_names_person_binding_role_source_and_rule(shop: View) -> None:
    assert chain(shop, "by-hand", "till", ALICE) == [
        ("subject", "User:u-alice (Alice Ng)"),
        ("binding", "is bound by RoleBinding till/by-hand in namespace till"),
        ("role", "to ClusterRole view"),
        ("aggregated-from", "aggregated from ClusterRole parts"),
        ("aggregated-from", "aggregated from ClusterRole source"),
        ("rule", "which allows get,list on secrets in core"),
    ]


def test_the_chain_of_a_rendered_binding_ends_at_the_role_template(shop: View) -> None:
    said = chain(shop, RENDERED, "shop", DEVS)
    assert said[:2] == [
        ("subject", f"Group:{TEAM} (devs)"),
        ("group", "members known to Rancher: Person 0, Person 1, Person 2, Person 3, Person 4 and 2 more"),
    ]
    assert said[-2:] == [
        ("template-binding", "rendered by Rancher from ProjectRoleTemplateBinding c-m-abcd1234-p-shop/prtb-1"),
        ("role-template", "which binds role template view (Viewer)"),
    ]


def test_the_links_point_at_their_objects_on_the_right_cluster(shop: View) -> None:
    grant = next(it for it in shop.access.holders(SECRETS) if it.binding == binding(shop, RENDERED, "shop"))
    objects = {
        link.step: (link.object.cluster, str(link.object)) for link in chain_of(shop, grant, DEVS) if link.object
    }
    assert objects == {
        "binding": ("harvester", f"RoleBinding shop/{RENDERED}"),
        "role": ("harvester", "ClusterRole view"),
        "aggregated-from": ("harvester", "ClusterRole source"),
        "template-binding": ("rancher", "ProjectRoleTemplateBinding c-m-abcd1234-p-shop/prtb-1"),
        "role-template": ("rancher", "RoleTemplate view"),
    }


def test_a_group_without_known_members_says_so(shop: View) -> None:
    said = chain(
        shop, "by-hand", "shop", Subject(kind="Group", name="nobody-known"), Permission("get", "", "secrets", "db")
    )
    assert said[:2] == [("subject", "Group:nobody-known"), ("group", "its members are not known")]
    assert said[-1] == ("rule", "which allows get on secrets in core named db")


def test_a_mark_that_nobody_can_verify_is_said_to_be_so() -> None:
    alone = view(estate(HARVESTER))
    assert (
        "fact",
        "the binding says that Rancher made it (label authz.cluster.cattle.io/rtb-owner-updated), which could not be verified",
    ) in chain(alone, RENDERED, "shop", DEVS)


def test_a_wide_binding_reaches_the_whole_cluster(shop: View) -> None:
    assert ("binding", "is bound by ClusterRoleBinding wide in the whole cluster") in chain(shop, "wide", "", ALICE)


def test_system_masters_need_no_binding(shop: View) -> None:
    (grant,) = shop.access.grants(Identity("x", ("system:masters",)), SECRETS)
    (link,) = chain_of(shop, grant, Subject(kind="User", name="x"))
    assert link.step == "subject"
    assert "system:masters" in link.text


@pytest.mark.parametrize(
    ("places", "scope"),
    [
        ([("by-hand", "shop")], FindingScope(("shop",), "c-m-abcd1234:p-shop", cluster_wide=False)),
        (
            [("by-hand", "till"), ("by-hand", "shop")],
            FindingScope(("shop", "till"), "c-m-abcd1234:p-shop", cluster_wide=False),
        ),
        ([("by-hand", "shop"), ("dangling", "lab")], FindingScope(("lab", "shop"), "", cluster_wide=False)),
        ([("by-hand", "shop"), ("loose", "attic")], FindingScope(("attic", "shop"), "", cluster_wide=False)),
        ([("loose", "attic")], FindingScope(("attic",), "", cluster_wide=False)),
        ([("wide", "")], FindingScope((), "", cluster_wide=True)),
        ([("by-hand", "shop"), ("wide", "")], FindingScope(("shop",), "c-m-abcd1234:p-shop", cluster_wide=True)),
        ([], FindingScope()),
    ],
)
def test_the_scope_names_a_project_only_where_all_of_it_is_in_that_one(
    shop: View, places: list[tuple[str, str]], scope: FindingScope
) -> None:
    assert scope_of(shop, [binding(shop, *place) for place in places]) == scope


def test_the_target_is_what_has_to_be_changed(shop: View) -> None:
    assert target_of(shop, binding(shop, "by-hand", "shop")) == binding(shop, "by-hand", "shop").source.ref("harvester")
    owner = target_of(shop, binding(shop, RENDERED, "shop"))
    assert (owner.cluster, str(owner)) == ("rancher", "ProjectRoleTemplateBinding c-m-abcd1234-p-shop/prtb-1")


def test_without_rancher_the_target_is_the_binding_itself() -> None:
    alone = view(estate(HARVESTER))
    assert target_of(alone, binding(alone, RENDERED, "shop")).kind == "RoleBinding"
    assert owner_of(alone, binding(alone, RENDERED, "shop")) is None


def test_only_a_proven_binding_has_an_owner(shop: View) -> None:
    assert owner_of(shop, binding(shop, "by-hand", "shop")) is None
    owner = owner_of(shop, binding(shop, RENDERED, "shop"))
    assert owner is not None
    assert owner.source.name == "prtb-1"


@pytest.mark.parametrize(
    ("subject", "text", "name"),
    [
        (ALICE, "User:u-alice", "Alice Ng"),
        (DEVS, f"Group:{TEAM}", "devs"),
        (Subject(kind="ServiceAccount", name="ci", namespace="shop"), "ServiceAccount:shop/ci", ""),
        (Subject(kind="User", name="stranger"), "User:stranger", ""),
    ],
)
def test_a_subject_is_shown_with_the_name_that_rancher_knows(
    shop: View, subject: Subject, text: str, name: str
) -> None:
    shown = subject_ref(shop, subject)
    assert (str(shown), shown.display_name) == (text, name)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (PolicyRule(verbs=("get",), api_groups=("",), resources=("pods",)), "get on pods in core"),
        (
            PolicyRule(verbs=("get", "list"), api_groups=("apps", ""), resources=("a", "b")),
            "get,list on a, b in apps,core",
        ),
        (
            PolicyRule(verbs=("get",), api_groups=("",), resources=("pods",), resource_names=("x", "y")),
            "get on pods in core named x, y",
        ),
        (PolicyRule(verbs=("*",), non_resource_urls=("/metrics", "/healthz")), "* on /metrics, /healthz"),
        (
            PolicyRule(verbs=("get",), api_groups=("",), resources=tuple("abcdefghij")),
            "get on a, b, c, d, e, f, g, h and 2 more in core",
        ),
    ],
)
def test_a_rule_is_one_line(rule: PolicyRule, text: str) -> None:
    assert describe(rule) == text
