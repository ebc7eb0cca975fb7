"""What is predicted for small worlds, written down from how Rancher renders them."""

import random

import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.rancher.rendering import render
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    ClusterRoleTemplateBinding,
    KubernetesObject,
    Role,
    RoleBinding,
    ServiceAccount,
)
from tests.rancher.worlds import objects

MODELS = pytest.mark.parametrize("aggregated", [False, True], ids=["legacy", "aggregated"])
DOWN = "c-m-abcd1234"
AUTHZ = "authz.management.cattle.io/"
OF_RANCHER = {"app.kubernetes.io/managed-by": "rancher"}
OWNER = "authz.cluster.cattle.io/rtb-owner-updated"
MANAGEMENT = """
apiVersion: management.cattle.io/v3
kind: Cluster
metadata: {name: c-m-abcd1234}
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-abc12}
username: alice
principalIds: ["local://u-abc12"]
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-x1y2z, namespace: c-m-abcd1234}
spec: {clusterName: c-m-abcd1234}
status: {backingNamespace: c-m-abcd1234-p-x1y2z}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: project-member}
context: project
roleTemplateNames: [edit]
rules:
- {apiGroups: [""], resources: [nodes], verbs: [get]}
- {apiGroups: [""], resources: [Pods], verbs: [GET]}
- {apiGroups: [""], resources: [namespaces], verbs: [create]}
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: edit}
context: project
external: true
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: viewer}
context: project
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: orphan}
context: project
roleTemplateNames: [gone]
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: security}
context: project
rules: [{apiGroups: [management.cattle.io], resources: [projects], verbs: [updatepsa]}]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: keeper}
context: project
rules: [{apiGroups: [""], resources: [secrets], verbs: [get]}]
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {name: boss}
context: cluster
rules: [{apiGroups: [management.cattle.io], resources: [clusters, nodes], verbs: [own]}]
"""
DOWNSTREAM = """
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-x1y2z"}}
---
apiVersion: v1
kind: Namespace
metadata: {name: left-behind, labels: {field.cattle.io/projectId: p-x1y2z}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit}
rules: [{apiGroups: [storage.k8s.io], resources: [storageclasses], verbs: [list]}]
"""

Found = dict[tuple[str, str, str], KubernetesObject]


def prtb(template: str, who: str = "userName: u-abc12", name: str = "devs") -> str:
    return f"""
---
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: {name}, namespace: c-m-abcd1234-p-x1y2z}}
projectName: c-m-abcd1234:p-x1y2z
roleTemplateName: {template}
{who}
"""


def crtb(template: str) -> str:
    return f"""
---
apiVersion: management.cattle.io/v3
kind: ClusterRoleTemplateBinding
metadata: {{name: bosses, namespace: c-m-abcd1234}}
clusterName: c-m-abcd1234
roleTemplateName: {template}
groupPrincipalName: ad_group://bosses
"""


def clusters(management: str) -> tuple[list[KubernetesObject], list[KubernetesObject]]:
    return objects(MANAGEMENT + management), objects(DOWNSTREAM)


def rendered(management: str, *, aggregated: bool) -> tuple[Found, Found]:
    """Downstream and local, by kind, namespace and name."""
    out = predict(*clusters(management), aggregated=aggregated)
    down, local = (
        {(item.kind, item.namespace, item.name): item for item in items} for items in (out[DOWN], out["local"])
    )
    return down, local


def predict(
    management: list[KubernetesObject], downstream: list[KubernetesObject], *, aggregated: bool
) -> dict[str, tuple[KubernetesObject, ...]]:
    estate = Estate(Snapshot([Cluster("rancher", management), Cluster("harvester", downstream)]))
    return render(
        estate.ranchers[0], {view.rancher_id: view.cluster for view in estate.views}, aggregated_model=aggregated
    )


def labels(found: Found, kind: str, name: str, namespace: str = "") -> dict[str, str]:
    return dict(found[kind, namespace, name].metadata.labels)


def bound(found: Found) -> set[tuple[str, str]]:
    """Namespace and role of every binding but those of impersonation."""
    return {
        (item.namespace, item.role_ref.name)
        for item in found.values()
        if isinstance(item, RoleBinding | ClusterRoleBinding) and not item.name.startswith("cattle-impersonation-")
    }


def rules(found: Found, name: str) -> list[tuple[str, ...]]:
    role = found["ClusterRole", "", name]
    assert isinstance(role, ClusterRole)
    return [(*rule.verbs, *rule.resources, *rule.resource_names) for rule in role.rules]


def test_legacy_binds_each_template_of_the_closure() -> None:
    down, _ = rendered(prtb("project-member"), aggregated=False)
    assert bound(down) == {
        ("shop-dev", "project-member"),
        ("shop-dev", "edit"),
        ("", "project-member-promoted"),
        ("", "edit-promoted"),
        ("", "p-x1y2z-namespaces-edit"),
        ("", "create-ns"),
    }
    # The vectors were computed apart from this code.
    made = down["RoleBinding", "shop-dev", "rb-4e55pvztr4"]
    assert made.metadata.labels == {OWNER: "c-m-abcd1234-p-x1y2z_devs"}
    shared = down["ClusterRoleBinding", "", "crb-eurml63ktf"]
    assert shared.metadata.labels == {"c-m-abcd1234-p-x1y2z_devs": "owner-user"}
    assert rules(down, "project-member") == [("get", "nodes"), ("get", "pods"), ("create", "namespaces")]
    assert rules(down, "edit-promoted") == [("list", "storageclasses")]


def test_aggregated_binds_the_aggregator_where_the_label_says() -> None:
    down, _ = rendered(prtb("project-member"), aggregated=True)
    assert bound(down) == {
        ("shop-dev", "project-member-aggregator"),
        ("left-behind", "project-member-aggregator"),
        ("", "project-member-promoted-aggregator"),
        ("", "p-x1y2z-namespaces-edit"),
        ("", "create-ns"),
    }
    made = down["RoleBinding", "shop-dev", "rb-p5qbpzepx4"]
    assert made.metadata.labels == {
        "authz.cluster.cattle.io/prtb-owner-devs": "true",
        "management.cattle.io/roletemplate-aggregation": "true",
    }
    assert rules(down, "project-member-aggregator") == [
        ("get", "nodes"),
        ("get", "pods"),
        ("create", "namespaces"),
        ("list", "storageclasses"),
    ]


ASTRAY = """
---
apiVersion: v1
kind: Namespace
metadata: {name: astray, annotations: {field.cattle.io/projectId: "c-m-else1234:p-other"}}
"""


@MODELS
@pytest.mark.parametrize(
    ("who", "template", "roles"),
    [
        ("userName: u-abc12", "project-member", {"project-member", "edit"}),
        ("groupPrincipalName: ad_group://devs", "viewer", {"viewer"}),
        ("serviceAccount: shop-dev:ci", "viewer", set[str]()),
        ("userName: u-abc12", "orphan", set[str]()),
    ],
)
def test_a_namespace_that_names_a_project_of_another_cluster_is_open_to_its_members(
    who: str, template: str, roles: set[str], aggregated: bool
) -> None:
    other = prtb(template, who).replace("projectName: c-m-abcd1234:p-x1y2z", "projectName: c-m-else1234:p-other")
    out = predict(objects(MANAGEMENT + other), objects(DOWNSTREAM + ASTRAY), aggregated=aggregated)
    found = {(item.kind, item.namespace, item.name): item for item in out[DOWN]}
    assert bound(found) == ({("astray", role) for role in roles} if not aggregated else set())
    made = [item for item in found.values() if isinstance(item, RoleBinding)]
    assert {item.metadata.labels[OWNER] for item in made} <= {"c-m-abcd1234-p-x1y2z_devs"}


@MODELS
def test_who_may_not_create_namespaces_reads_those_of_the_project(aggregated: bool) -> None:
    down, _ = rendered(prtb("viewer"), aggregated=aggregated)
    assert ("", "p-x1y2z-namespaces-readonly") in bound(down)
    assert not bound(down) & {("", "p-x1y2z-namespaces-edit"), ("", "create-ns")}
    assert rules(down, "p-x1y2z-namespaces-readonly") == [("get", "namespaces", "shop-dev")]
    assert rules(down, "p-x1y2z-namespaces-edit") == [
        ("manage-namespaces", "projects", "p-x1y2z"),
        ("*", "namespaces", "shop-dev"),
    ]


def test_a_long_name_is_shortened_at_each_step() -> None:
    text = (
        prtb("t" * 60)
        + f"""
---
apiVersion: management.cattle.io/v3
kind: RoleTemplate
metadata: {{name: {"t" * 60}}}
context: project
rules: [{{apiGroups: [""], resources: [nodes, secrets], verbs: [get]}}]
"""
    )
    down, local = rendered(text.replace("t" * 60, "a" * 60), aggregated=True)
    start = "a" * 57
    # sha256sum of `a…-promoted` and `a…-project-mgmt`, and of what these are shortened to with `-aggregator`.
    assert {f"{start}-9bf9a", f"{start}-40f5d"} <= {name for kind, _, name in down if kind == "ClusterRole"}
    assert {f"{start}-25107", f"{start}-62180"} <= {name for kind, _, name in local if kind == "ClusterRole"}
    assert ("", f"{start}-40f5d") in bound(down)
    assert ("c-m-abcd1234-p-x1y2z", f"{start}-62180") in bound(local)


@MODELS
def test_pod_security_has_a_role_of_its_own(aggregated: bool) -> None:
    down, _ = rendered(prtb("security"), aggregated=aggregated)
    assert rules(down, "p-x1y2z-namespaces-psa") == [("updatepsa", "projects", "p-x1y2z")]
    assert ("", "p-x1y2z-namespaces-psa") in bound(down)
    if aggregated:
        # Of its making alone, the mark of the model is not set.
        owner, name = "authz.cluster.cattle.io/clusterrole-owner", "p-x1y2z-namespaces-psa"
        assert labels(down, "ClusterRole", name) == {owner: "security", "management.cattle.io/aggregates": name}
    # In the aggregated model it takes the place of reading the namespaces.
    assert (("", "p-x1y2z-namespaces-readonly") in bound(down)) is not aggregated


@MODELS
def test_an_external_template_is_bound_itself(aggregated: bool) -> None:
    down, _ = rendered(prtb("edit"), aggregated=aggregated)
    assert ("shop-dev", "edit") in bound(down)
    assert ("shop-dev", "edit-aggregator") not in bound(down)


@MODELS
def test_a_missing_template_leaves_only_aggregated_bindings(aggregated: bool) -> None:
    down, local = rendered(prtb("nowhere"), aggregated=aggregated)
    places = ("shop-dev", "left-behind")
    assert bound(down) == ({(place, "nowhere-aggregator") for place in places} if aggregated else set())
    assert not any(isinstance(item, RoleBinding) for item in local.values())


@MODELS
@pytest.mark.parametrize(
    "broken",
    [prtb("orphan", name="b"), prtb("viewer", "userName: u-abc12\ngroupName: g", name="b")],
    ids=["missing parent", "two subjects"],
)
def test_one_broken_binding_empties_the_roles_over_namespaces(broken: str, aggregated: bool) -> None:
    down, _ = rendered(prtb("viewer") + broken, aggregated=aggregated)
    assert rules(down, "p-x1y2z-namespaces-readonly") == []
    assert rules(down, "p-x1y2z-namespaces-edit") == [("manage-namespaces", "projects", "p-x1y2z")]


@MODELS
def test_a_service_account_is_bound_downstream_only(aggregated: bool) -> None:
    down, local = rendered(prtb("viewer", "serviceAccount: 'ci:robot'"), aggregated=aggregated)
    role = "viewer-aggregator" if aggregated else "viewer"
    assert ("shop-dev", role) in bound(down)
    assert not any(isinstance(item, ServiceAccount) for item in down.values())
    assert not [role for role in bound(local) if role[1].startswith(("p-x1y2z-project", f"{DOWN}-cluster"))]


@MODELS
def test_a_binding_makes_a_member_of_cluster_and_project(aggregated: bool) -> None:
    _, local = rendered(prtb("viewer"), aggregated=aggregated)
    assert {("", f"{DOWN}-clustermember"), (DOWN, "p-x1y2z-projectmember")} <= bound(local)


@MODELS
def test_the_verb_own_makes_an_owner(aggregated: bool) -> None:
    down, local = rendered(crtb("boss"), aggregated=aggregated)
    assert ("", f"{DOWN}-clusterowner") in bound(local)
    assert bound(down) == {("", "boss-aggregator" if aggregated else "boss")}
    # And what it says about nodes counts on the management plane too.
    assert (DOWN, "boss-cluster-mgmt-aggregator" if aggregated else "boss") in bound(local)


@MODELS
def test_secrets_of_a_template_are_those_of_the_project_on_the_management_cluster(aggregated: bool) -> None:
    _, local = rendered(prtb("keeper"), aggregated=aggregated)
    role = "keeper-project-mgmt-aggregator" if aggregated else "keeper"
    assert (f"{DOWN}-p-x1y2z", role) in bound(local)
    if not aggregated:
        made = local["RoleBinding", f"{DOWN}-p-x1y2z", "devs-keeper"]
        assert [owner.kind for owner in made.metadata.owner_references] == ["ProjectRoleTemplateBinding"]
        assert isinstance(local["Role", f"{DOWN}-p-x1y2z", "keeper"], Role)


@MODELS
def test_a_twin_is_deleted_and_the_first_name_stays(aggregated: bool) -> None:
    down, _ = rendered(prtb("viewer", name="b") + prtb("viewer", name="a"), aggregated=aggregated)
    labels = [item.metadata.labels for item in down.values() if isinstance(item, RoleBinding)]
    wanted = "authz.cluster.cattle.io/prtb-owner-a" if aggregated else OWNER
    assert labels
    assert all(wanted in found for found in labels)
    assert all(found.get(OWNER, f"{DOWN}-p-x1y2z_a") == f"{DOWN}-p-x1y2z_a" for found in labels)


def test_legacy_shares_what_two_bindings_make_and_names_both() -> None:
    down, _ = rendered(prtb("viewer", name="a") + prtb("keeper", name="b"), aggregated=False)
    (shared,) = (
        item
        for item in down.values()
        if isinstance(item, ClusterRoleBinding) and item.role_ref.name == "p-x1y2z-namespaces-readonly"
    )
    assert set(shared.metadata.labels) == {f"{DOWN}-p-x1y2z_a", f"{DOWN}-p-x1y2z_b"}


GLOBAL = """
---
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: helpdesk}
rules: [{apiGroups: [management.cattle.io], resources: [users], verbs: [get]}]
inheritedClusterRoles: [boss]
namespacedRules:
  cattle-system: [{apiGroups: [""], resources: [pods], verbs: [get]}]
  not-there: [{apiGroups: [""], resources: [pods], verbs: [get]}]
  leaving: [{apiGroups: [""], resources: [pods], verbs: [get]}]
inheritedNamespacedRules:
  shop-dev: [{apiGroups: [""], resources: [pods], verbs: [list]}]
  cattle-system: [{apiGroups: [""], resources: [pods], verbs: [list]}]
inheritedFleetWorkspacePermissions:
  resourceRules: [{apiGroups: [fleet.cattle.io], resources: [gitrepos], verbs: [get]}]
  workspaceVerbs: [get]
---
apiVersion: v1
kind: Namespace
metadata: {name: cattle-system}
---
apiVersion: v1
kind: Namespace
metadata: {name: leaving, deletionTimestamp: "2026-01-01T00:00:00Z"}
---
apiVersion: management.cattle.io/v3
kind: FleetWorkspace
metadata: {name: fleet-default}
---
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-help}
globalRoleName: helpdesk
userName: u-abc12
---
apiVersion: management.cattle.io/v3
kind: GlobalRole
metadata: {name: admin}
builtin: true
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-admin}
globalRoleName: admin
userName: u-abc12
"""


@MODELS
def test_who_owns_clusters_in_a_project_owns_the_cluster_in_one_model_only(aggregated: bool) -> None:
    """The webhook lets no cluster template be bound in a project, but it may be off.

    Source: rancher pkg/controllers/management/auth/{roletemplates,project_cluster}/prtb_handler.go.
    """
    _, local = rendered(prtb("boss"), aggregated=aggregated)
    assert (("", f"{DOWN}-clusterowner") in bound(local)) is aggregated
    assert (DOWN, "p-x1y2z-projectmember") in bound(local)


@MODELS
def test_global_roles_reach_namespaces_workspaces_and_clusters(aggregated: bool) -> None:
    down, local = rendered(GLOBAL, aggregated=aggregated)
    assert {
        ("", "cattle-globalrole-helpdesk"),
        ("cattle-system", "helpdesk-cattle-system"),
        ("fleet-default", "helpdesk-fwcr"),
        ("", "helpdesk-fwv"),
        ("", "u-abc12-view"),
        ("", "cluster-admin"),
        ("", f"{DOWN}-clusterowner"),
    } <= bound(local)
    assert bound(down) == {
        ("shop-dev", "helpdesk-shop-dev"),
        ("", "cluster-admin"),
        ("", "boss-aggregator" if aggregated else "boss"),
    }
    assert {item.namespace for item in (*local.values(), *down.values())}.isdisjoint({"not-there", "leaving"})
    assert not any(item.namespace == "cattle-system" for item in down.values())
    assert labels(local, "ClusterRole", "helpdesk-fwcr") == labels(local, "ClusterRole", "helpdesk-fwv")
    assert labels(local, "ClusterRole", "helpdesk-fwcr") == {**OF_RANCHER, f"{AUTHZ}gr-owner": "helpdesk"}
    assert labels(local, "ClusterRoleBinding", "grb-help-fwv") == {**OF_RANCHER, f"{AUTHZ}grb-owner": "grb-help"}
    assert labels(local, "RoleBinding", "grb-help", "fleet-default") == {
        **OF_RANCHER,
        f"{AUTHZ}grb-owner": "grb-help",
        f"{AUTHZ}fleet-workspace-permissions": "true",
    }
    (made,) = (item for item in local.values() if isinstance(item, ClusterRoleTemplateBinding))
    assert made.name.startswith("crtb-grb-")
    assert made.metadata.labels["authz.management.cattle.io/grb-owner"] == "grb-help"


@MODELS
def test_verbs_on_workspaces_alone_bind_nobody(aggregated: bool) -> None:
    """Rancher makes the role for them, but looks for rules on resources before it binds (seen on its controllers)."""
    text = GLOBAL.replace(
        "  resourceRules: [{apiGroups: [fleet.cattle.io], resources: [gitrepos], verbs: [get]}]\n", ""
    )
    _, local = rendered(text, aggregated=aggregated)
    assert ("ClusterRole", "", "helpdesk-fwv") in local
    assert ("ClusterRole", "", "helpdesk-fwcr") not in local
    assert {("", "helpdesk-fwv"), ("fleet-default", "helpdesk-fwcr")}.isdisjoint(bound(local))


@MODELS
def test_long_names_of_global_roles_are_shortened_where_rancher_shortens_them(aggregated: bool) -> None:
    role, grb = "a" * 60, "b" * 60
    text = GLOBAL.replace("helpdesk", role).replace("grb-help", grb)
    down, local = rendered(text, aggregated=aggregated)
    there = {(namespace, name) for _, namespace, name in (*local, *down)}
    # sha256sum of the joined names; the cut is at 57 characters, before a letter or a digit.
    assert {("cattle-system", f"{'a' * 57}-7097f"), ("shop-dev", f"{'b' * 57}-a064e")} <= there


@MODELS
def test_a_name_that_rancher_wrote_down_wins(aggregated: bool) -> None:
    text = GLOBAL.replace("{name: helpdesk}", f"{{name: helpdesk, annotations: {{{AUTHZ}cr-name: cattle-old}}}}")
    text = text.replace("{name: grb-help}", f"{{name: grb-help, annotations: {{{AUTHZ}crb-name: grb-old}}}}")
    _, local = rendered(text, aggregated=aggregated)
    made = local["ClusterRoleBinding", "", "grb-old"]
    assert isinstance(made, ClusterRoleBinding)
    assert made.role_ref.name == "cattle-old"
    assert ("ClusterRole", "", "cattle-old") in local


LEARNT = """
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {name: u-abc12}
GroupPrincipals: {okta: {Items: [{metadata: {name: "okta_group://b"}}, {metadata: {name: "okta_group://a"}}]}}
"""
EXTRA = 'ExtraByProvider: {okta: {principalid: ["okta_user://al"], username: ["al"]}, local: {username: ["ab"]}}\n'


@pytest.mark.parametrize(
    ("more", "groups", "extras"),
    [
        ("", [], {"principalid": ("local://u-abc12",)}),
        (LEARNT, ["okta_group://a", "okta_group://b"], {}),
        (
            LEARNT + EXTRA,
            ["okta_group://a", "okta_group://b"],
            {"principalid": ("okta_user://al",), "username": ("ab", "al")},
        ),
    ],
)
def test_what_an_account_may_impersonate_is_what_was_learnt_last(
    more: str, groups: list[str], extras: dict[str, tuple[str, ...]]
) -> None:
    """Without a UserAttribute it is what the User says: its display name, of which this one has none."""
    down, _ = rendered(prtb("viewer") + more, aggregated=False)
    role = down["ClusterRole", "", "cattle-impersonation-u-abc12"]
    assert isinstance(role, ClusterRole)
    named = {rule.resources[0]: rule.resource_names for rule in role.rules}
    assert named.pop("groups") == (*groups, "system:authenticated", "system:cattle:authenticated")
    assert named == {
        "users": ("u-abc12",),
        "userextras/requesttokenid": (),
        "userextras/requesthost": (),
        **{f"userextras/{name}": values for name, values in extras.items()},
    }


@MODELS
def test_a_user_is_impersonated_by_an_account(aggregated: bool) -> None:
    down, _ = rendered(prtb("viewer"), aggregated=aggregated)
    name = "cattle-impersonation-u-abc12"
    account = down["ServiceAccount", "cattle-impersonation-system", name]
    assert [(owner.kind, owner.name) for owner in account.metadata.owner_references] == [("ClusterRole", name)]
    assert ("impersonate", "users", "u-abc12") in rules(down, name)
    assert ("Namespace", "", "cattle-impersonation-system") in down


@MODELS
def test_the_order_of_what_is_read_changes_nothing(aggregated: bool) -> None:
    management, downstream = clusters(prtb("project-member") + crtb("boss") + GLOBAL)
    wanted = predict(management, downstream, aggregated=aggregated)
    for seed in range(5):
        random.Random(seed).shuffle(management)
        random.Random(seed).shuffle(downstream)
        assert predict(management, downstream, aggregated=aggregated) == wanted


@MODELS
def test_what_is_rendered_already_renders_the_same(aggregated: bool) -> None:
    management, downstream = clusters(prtb("project-member") + crtb("boss") + GLOBAL)
    first = predict(management, downstream, aggregated=aggregated)

    def laid_over(before: list[KubernetesObject], made: tuple[KubernetesObject, ...]) -> list[KubernetesObject]:
        return list({**{item.key: item for item in before}, **{item.key: item for item in made}}.values())

    again = predict(laid_over(management, first["local"]), laid_over(downstream, first[DOWN]), aggregated=aggregated)
    inherited = {item.key for item in first["local"] if isinstance(item, ClusterRoleTemplateBinding)}
    assert again[DOWN] == first[DOWN]
    assert again["local"] == tuple(item for item in first["local"] if item.key not in inherited)
