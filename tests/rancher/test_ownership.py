"""Claims of being Rancher's: those that hold, those whose owner is gone, and those that are forged; both models."""

import pytest

from rbac_audit.rancher import naming
from rbac_audit.rancher.ownership import Claim, Ownership
from rbac_audit.snapshot.objects import Subject
from tests.rancher.worlds import harvester_view, verdicts

RANCHER = """
{apiVersion: management.cattle.io/v3, kind: Cluster, metadata: {name: c-1}, spec: {displayName: hv}, status: {provider: harvester}}
---
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-alice}, displayName: Alice, principalIds: ["local://u-alice"]}
---
{apiVersion: management.cattle.io/v3, kind: Project, metadata: {name: p-shop, namespace: c-1}, spec: {displayName: shop}}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: edit}, context: project, external: true}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: project-member}, context: project, roleTemplateNames: [edit],
 rules: [{apiGroups: [""], resources: [namespaces], verbs: [create]}]}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: read-only}, context: project}
---
{apiVersion: management.cattle.io/v3, kind: RoleTemplate, metadata: {name: cluster-owner}, context: cluster}
---
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: prtb-a, namespace: c-1-p-shop, uid: uid-a},
 projectName: "c-1:p-shop", roleTemplateName: project-member, userName: u-alice}
---
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: prtb-ro, namespace: c-1-p-shop},
 projectName: "c-1:p-shop", roleTemplateName: read-only, userName: u-alice}
---
{apiVersion: management.cattle.io/v3, kind: ClusterRoleTemplateBinding, metadata: {name: crtb-a, namespace: c-1}, clusterName: c-1,
 roleTemplateName: cluster-owner, groupPrincipalName: "github_team://1"}
---
{apiVersion: management.cattle.io/v3, kind: ClusterRoleTemplateBinding, metadata: {name: crtb-b, namespace: c-2}, clusterName: c-2,
 roleTemplateName: cluster-owner, userName: u-alice}
---
{apiVersion: management.cattle.io/v3, kind: GlobalRole, metadata: {name: admin}, builtin: true}
---
{apiVersion: management.cattle.io/v3, kind: GlobalRoleBinding, metadata: {name: grb-1}, globalRoleName: admin, userName: u-root}
"""
NAMESPACES = """
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: edit}, rules: [{apiGroups: [""], resources: [nodes], verbs: [get]}]}
---
{apiVersion: v1, kind: Namespace, metadata: {name: dev, annotations: {field.cattle.io/projectId: "c-1:p-shop"}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: other, annotations: {field.cattle.io/projectId: "c-1:p-other"}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: none}}
"""
LEGACY = "authz.cluster.cattle.io/rtb-owner-updated"


def namespaced(name: str, namespace: str, role: str, labels: str, user: str = "u-alice") -> str:
    return f"""
{{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {{name: {name}, namespace: {namespace}, labels: {labels}}},
 roleRef: {{kind: ClusterRole, name: {role}}}, subjects: [{{kind: User, name: {user}}}]}}
"""


def clusterwide(name: str, role: str, labels: str = "{}", subject: str = "{kind: User, name: u-alice}") -> str:
    return f"""
{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {{name: {name}, labels: {labels}}},
 roleRef: {{kind: ClusterRole, name: {role}}}, subjects: [{subject}]}}
"""


def judged(binding: str, rancher: str = RANCHER) -> Ownership:
    view = harvester_view(f"{NAMESPACES}---{binding}", rancher)
    (verdict,) = verdicts(view).values()
    return verdict


def hashed(namespace: str, role: str, user: str = "u-alice") -> str:
    return naming.role_binding_name(namespace, "ClusterRole", role, "User", user)


OWNED = f"{{{LEGACY}: c-1-p-shop_prtb-a}}"
AGGREGATED = (
    '{authz.cluster.cattle.io/prtb-owner-prtb-a: "true", management.cattle.io/roletemplate-aggregation: "true"}'
)


@pytest.mark.parametrize(
    "binding",
    [
        pytest.param(namespaced("rb-x", "dev", "project-member", OWNED), id="legacy, the template itself"),
        pytest.param(namespaced("rb-x", "dev", "edit", OWNED), id="legacy, inherited external template"),
        pytest.param(namespaced("rb-x", "dev", "project-member-aggregator", AGGREGATED), id="aggregated"),
        pytest.param(namespaced("rb-x", "dev", "edit", f"{{{LEGACY}: c-1-p-shop_prtb-gone}}"), id="made for a twin"),
        pytest.param(namespaced(hashed("dev", "edit"), "dev", "edit", "{}"), id="no label, but Rancher's name"),
        pytest.param(clusterwide("crb-x", "create-ns", "{c-1-p-shop_prtb-a: owner-user}"), id="create-ns"),
        pytest.param(clusterwide("crb-x", "p-shop-namespaces-edit", "{x_y: owner-user}"), id="namespaces-edit"),
        pytest.param(
            clusterwide("crb-x", "p-shop-namespaces-readonly", "{x_y: owner-user}"), id="of the read-only twin"
        ),
        pytest.param(clusterwide("crb-x", "edit-promoted", "{x_y: owner-user}"), id="promoted"),
        pytest.param(
            clusterwide(
                "crb-x", "cluster-owner", f"{{{LEGACY}: c-1_crtb-a}}", '{kind: Group, name: "github_team://1"}'
            ),
            id="cluster role template",
        ),
        pytest.param(
            clusterwide("globaladmin-u-root", "cluster-admin", subject="{kind: User, name: u-root}"), id="global admin"
        ),
        pytest.param(
            clusterwide(
                "cattle-impersonation-u-alice",
                "cattle-impersonation-u-alice",
                subject="{kind: ServiceAccount, name: cattle-impersonation-u-alice, namespace: cattle-impersonation-system}",
            ),
            id="impersonation",
        ),
    ],
)
def test_claims_that_hold(binding: str) -> None:
    assert judged(binding).claim is Claim.HOLDS


@pytest.mark.parametrize(
    ("binding", "claim"),
    [
        pytest.param(namespaced("rb-x", "dev", "admin", OWNED), Claim.FORGED, id="another role than the owner's"),
        pytest.param(namespaced("rb-x", "dev", "edit", OWNED, "u-eve"), Claim.FORGED, id="another subject"),
        pytest.param(namespaced("rb-x", "other", "edit", OWNED), Claim.FORGED, id="namespace of another project"),
        pytest.param(namespaced("rb-x", "none", "edit", OWNED), Claim.FORGED, id="namespace without project"),
        pytest.param(
            namespaced(hashed("other", "edit"), "other", "edit", OWNED), Claim.ORPHANED, id="namespace moved since"
        ),
        pytest.param(
            namespaced(hashed("dev", "read-only", "u-eve"), "dev", "read-only", OWNED, "u-eve"),
            Claim.FORGED,
            id="Rancher's name, but somebody else than the owner's",
        ),
        pytest.param(
            namespaced(hashed("dev", "cluster-admin"), "dev", "cluster-admin", OWNED),
            Claim.FORGED,
            id="Rancher's name, but a role that no template has",
        ),
        pytest.param(
            namespaced(hashed("dev", "cluster-owner"), "dev", "cluster-owner", OWNED),
            Claim.ORPHANED,
            id="a template that the owner's no longer inherits",
        ),
        pytest.param(
            namespaced(hashed("dev", "edit"), "dev", "cluster-admin", OWNED), Claim.CHANGED, id="role changed"
        ),
        pytest.param(
            namespaced("rb-x", "dev", "cluster-admin", '{management.cattle.io/roletemplate-aggregation: "true"}'),
            Claim.FORGED,
            id="no owner, not Rancher's name",
        ),
        pytest.param(
            namespaced(hashed("dev", "old"), "dev", "old", f"{{{LEGACY}: c-9-p-x_prtb-gone}}"),
            Claim.ORPHANED,
            id="owner gone, Rancher's name",
        ),
        pytest.param(
            namespaced("anything", "dev", "old", f"{{{LEGACY}: c-9-p-x_prtb-gone}}"),
            Claim.FORGED,
            id="owner gone, and no name of Rancher's",
        ),
        pytest.param(
            namespaced("rolebinding-x7k2p", "dev", "old", "{authz.cluster.cattle.io/rtb-owner: 1f2e}"),
            Claim.ORPHANED,
            id="owner gone, a name from before v2.5",
        ),
        pytest.param(
            clusterwide(naming.cluster_role_binding_name("ClusterRole", "edit", "User", "u-alice"), "edit", OWNED),
            Claim.FORGED,
            id="a project's binding in the whole cluster",
        ),
        pytest.param(
            clusterwide(
                naming.cluster_role_binding_name("ClusterRole", "cluster-owner", "User", "u-alice"),
                "cluster-owner",
                f"{{{LEGACY}: c-2_crtb-b}}",
            ),
            Claim.FORGED,
            id="a binding of another cluster",
        ),
        pytest.param(
            clusterwide(
                naming.cluster_role_binding_name("ClusterRole", "read-only-promoted", "User", "u-alice"),
                "read-only-promoted",
                OWNED,
            ),
            Claim.ORPHANED,
            id="what a project's template promoted before",
        ),
        pytest.param(
            namespaced(
                naming.role_binding_name("dev", "ClusterRole", "cluster-owner", "Group", "github_team://1"),
                "dev",
                "cluster-owner",
                f"{{{LEGACY}: c-1_crtb-a}}",
            ).replace("{kind: User, name: u-alice}", '{kind: Group, name: "github_team://1"}'),
            Claim.FORGED,
            id="a cluster's binding in a namespace",
        ),
        pytest.param(
            clusterwide("globaladmin-u-former", "cluster-admin", subject="{kind: User, name: u-former}"),
            Claim.ORPHANED,
            id="global admin binding without its global role binding",
        ),
        pytest.param(
            clusterwide("globaladmin-u-root", "cluster-admin", subject="{kind: User, name: u-eve}"),
            Claim.CHANGED,
            id="global admin binding with somebody else in it",
        ),
        pytest.param(clusterwide("crb-x", "p-shop-namespaces-psa"), Claim.ORPHANED, id="psa without updatepsa"),
        pytest.param(
            clusterwide(
                "cattle-impersonation-u-gone",
                "cattle-impersonation-u-gone",
                subject="{kind: ServiceAccount, name: cattle-impersonation-u-gone, namespace: cattle-impersonation-system}",
            ),
            Claim.ORPHANED,
            id="impersonation of a user who is gone",
        ),
        pytest.param(namespaced("vm-users", "dev", "edit", "{}"), Claim.NONE, id="no mark"),
        pytest.param(namespaced("rb-mine", "dev", "edit", "{}"), Claim.NONE, id="looks like it by the prefix only"),
        pytest.param(namespaced("x", "dev", "view", "{cattle.io/creator: norman}"), Claim.NONE, id="made in the UI"),
    ],
)
def test_claims_that_do_not_hold(binding: str, claim: Claim) -> None:
    assert judged(binding).claim is claim


def test_the_owner_of_a_holding_claim_is_named() -> None:
    verdict = judged(namespaced("rb-x", "dev", "edit", OWNED))
    assert [str(owner.source) for owner in verdict.owners] == ["ProjectRoleTemplateBinding c-1-p-shop/prtb-a"]


def test_the_label_alone_reaches_an_aggregated_namespace() -> None:
    namespace = (
        "{apiVersion: v1, kind: Namespace, metadata: {name: moved, labels: {field.cattle.io/projectId: p-shop}}}"
    )
    binding = namespaced("rb-x", "moved", "project-member-aggregator", AGGREGATED)
    view = harvester_view(f"{NAMESPACES}---\n{namespace}\n---{binding}", RANCHER)
    assert verdicts(view)["rb-x"].claim is Claim.HOLDS


def test_updatepsa_in_a_template_makes_the_psa_binding_regular() -> None:
    psa = RANCHER.replace(
        "verbs: [create]}]",
        "verbs: [create]}, {apiGroups: [management.cattle.io], resources: [projects], verbs: [updatepsa]}]",
    )
    assert judged(clusterwide("crb-x", "p-shop-namespaces-psa"), psa).claim is Claim.HOLDS


def test_without_rancher_nothing_is_proven() -> None:
    view = harvester_view(
        f"{NAMESPACES}---{namespaced('rb-x', 'dev', 'edit', OWNED)}",
        "{apiVersion: v1, kind: Namespace, metadata: {name: x}}",
    )
    assert verdicts(view)["rb-x"].claim is Claim.UNPROVEN


def test_a_service_account_binding_compares_its_namespace() -> None:
    account = RANCHER.replace(
        "roleTemplateName: read-only, userName: u-alice", 'roleTemplateName: read-only, serviceAccount: "shop:ci"'
    )
    mine = "{kind: ServiceAccount, name: ci, namespace: shop}"
    text = clusterwide("crb-x", "p-shop-namespaces-readonly", "{x_y: owner-user}", mine)
    assert judged(text, account).claim is Claim.HOLDS
    assert judged(text.replace("namespace: shop", "namespace: evil"), account).claim is not Claim.HOLDS


def test_group_and_principal_together_are_no_subject() -> None:
    both = RANCHER.replace(
        'groupPrincipalName: "github_team://1"', 'groupPrincipalName: "github_team://1", groupName: x'
    )
    view = harvester_view(NAMESPACES, both)
    assert view.rancher is not None
    assert [item.subject for item in view.rancher.bindings if item.source.name == "crtb-a"] == [None]


def test_a_principal_stands_for_its_user() -> None:
    principal = RANCHER.replace("userName: u-alice}", 'userPrincipalName: "local://u-alice"}', 1)
    view = harvester_view(NAMESPACES, principal)
    assert view.rancher is not None
    assert view.rancher.bindings[0].subject == Subject(
        kind="User", name="u-alice", api_group="rbac.authorization.k8s.io"
    )
