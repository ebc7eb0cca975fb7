"""What points at nothing and what was left behind, line by line, as both models of Rancher render it.

The estates are rendered whole; then what an object was for is taken away, or its place in the world is changed.
"""

from collections.abc import Callable, Iterable

import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.audit.evaluate import evaluate
from rbac_audit.audit.finding import Confidence, Finding, Severity
from rbac_audit.rancher.marks import GRB_OWNER
from rbac_audit.rancher.naming import cluster_role_binding_name, role_binding_name, safe_concat
from rbac_audit.rules import RULES
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import KubernetesObject, RoleBinding
from tests.fix.worlds import (
    DEVS,
    ID,
    LAB,
    MANAGEMENT,
    RBAC,
    SHOP,
    Raw,
    binding,
    estate,
    obj,
    objects,
    prtb,
    rule,
    template,
)

MODELS = pytest.mark.parametrize("aggregated", [False, True], ids=["legacy", "aggregated"])
BOUND = [
    prtb("prtb-alice", SHOP, "project-member", "User:u-alice"),
    prtb("prtb-devs", SHOP, "read-only", f"Group:{DEVS}"),
    obj(MANAGEMENT, "GlobalRole", "admin", builtin=True),
    obj(MANAGEMENT, "GlobalRoleBinding", "grb-bob", globalRoleName="admin", userName="u-bob"),
    obj(MANAGEMENT, "RoleTemplate", "cluster-member", context="cluster", rules=[]),
    obj(
        MANAGEMENT,
        "ClusterRoleTemplateBinding",
        "crtb-bob",
        ID,
        clusterName=ID,
        roleTemplateName="cluster-member",
        userName="u-bob",
    ),
    obj("provisioning.cattle.io/v1", "Cluster", "shop", "fleet-default", status={"clusterName": ID}),
    obj(MANAGEMENT, "FleetWorkspace", "fleet-default"),
    obj("v1", "Namespace", "fleet-default"),
    obj(
        MANAGEMENT,
        "GlobalRole",
        "gr-all",
        rules=[rule("management.cattle.io", "features", "get")],
        namespacedRules={"fleet-default": [rule("core", "configmaps", "get")]},
        inheritedNamespacedRules={"dev": [rule("core", "configmaps", "get")]},
        inheritedClusterRoles=["cluster-member"],
        inheritedFleetWorkspacePermissions={
            "resourceRules": [rule("fleet.cattle.io", "bundles", "get")],
            "workspaceVerbs": ["get"],
        },
    ),
    obj(MANAGEMENT, "GlobalRoleBinding", "grb-carol", globalRoleName="gr-all", userName="u-carol"),
]
# Of the API server on every cluster, and of Rancher where it renders who may make namespaces.
GIVEN = [obj(RBAC, "ClusterRole", name, rules=[]) for name in ("cluster-admin", "create-ns")]


def whole(aggregated: bool, *more: Raw, raw: Iterable[Raw] = ()) -> Estate:
    """Render an estate with members of both kinds, an administrator, and more."""
    return estate([*GIVEN, *raw], [*BOUND, *GIVEN, *more], aggregated=aggregated)


def changed(of: Estate, change: Callable[[KubernetesObject], bool], *more: Raw, on: str = "rancher") -> Estate:
    """Take objects away from one cluster and put others onto it; what was rendered stays."""
    clusters = []
    for cluster in of.snapshot.clusters:
        items = {item.key: item for kept in cluster.objects.values() for item in kept}
        if cluster.name == on:
            items = {key: item for key, item in items.items() if not change(item)}
            items |= {item.key: item for item in objects(more)}
        clusters.append(Cluster(cluster.name, items.values(), collected=cluster.collected))
    return Estate(Snapshot(clusters), {"harvester": ID})


def gone(kind: str, name: str) -> Callable[[KubernetesObject], bool]:
    return lambda item: (item.kind, item.name) == (kind, name)


def nothing(_: KubernetesObject) -> bool:
    return False


def findings(of: Estate, rule: str) -> list[Finding]:
    return list(evaluate(of, [item for item in RULES if item.id == rule]).findings)


def named(of: Estate, rule: str) -> set[str]:
    return {str(ref) for finding in findings(of, rule) for ref in (finding.object, *finding.related)}


ASTRAY, STRANGER, DISABLED = "template-binding-astray", "unknown-subject", "disabled-user-bound"
LEFT, FORGED, TAMPERED = "orphaned-rancher-binding", "forged-ownership", "rancher-object-tampered"
MISMATCH = "namespace-project-mismatch"
PRTB, CRTB = "ProjectRoleTemplateBinding", "ClusterRoleTemplateBinding"
ALICE = f"{PRTB} {ID}-p-shop/prtb-alice"


@MODELS
@pytest.mark.parametrize("rule", [ASTRAY, STRANGER, DISABLED, LEFT, FORGED, TAMPERED, MISMATCH])
def test_a_whole_estate_is_clean(aggregated: bool, rule: str) -> None:
    assert findings(whole(aggregated), rule) == []


@MODELS
@pytest.mark.parametrize(
    ("kind", "name", "rule", "about"),
    [
        ("Project", "p-shop", ASTRAY, ALICE),
        ("RoleTemplate", "project-member", ASTRAY, ALICE),
        ("User", "u-alice", STRANGER, ALICE),
        ("GlobalRole", "admin", ASTRAY, "GlobalRoleBinding grb-bob"),
        ("RoleTemplate", "cluster-member", ASTRAY, f"{CRTB} {ID}/crtb-bob"),
        ("User", "u-bob", STRANGER, f"{CRTB} {ID}/crtb-bob"),
        ("User", "u-bob", STRANGER, "GlobalRoleBinding grb-bob"),
    ],
)
def test_a_binding_to_what_is_gone_is_named(aggregated: bool, kind: str, name: str, rule: str, about: str) -> None:
    assert about in named(changed(whole(aggregated), gone(kind, name)), rule)


def crtb(name: str, namespace: str, cluster: str) -> Raw:
    made = obj(MANAGEMENT, CRTB, name, namespace, clusterName=cluster, roleTemplateName="cluster-member")
    return made | {"userName": "u-bob"}


def misplaced(name: str, namespace: str, **fields: str) -> Raw:
    made = obj(MANAGEMENT, PRTB, name, namespace, projectName=SHOP, roleTemplateName="read-only")
    return made | fields


@MODELS
@pytest.mark.parametrize(
    ("more", "rule", "about"),
    [
        (misplaced("b", ID, userName="u-carol"), ASTRAY, f"{PRTB} {ID}/b"),
        (misplaced("b", f"{ID}-p-shop"), ASTRAY, f"{PRTB} {ID}-p-shop/b"),
        (misplaced("b", f"{ID}-p-shop", userName="u-sys"), ASTRAY, f"{PRTB} {ID}-p-shop/b"),
        (crtb("b", "local", ID), ASTRAY, f"{CRTB} local/b"),
        (crtb("b", "c-gone", "c-gone"), ASTRAY, f"{CRTB} c-gone/b"),
    ],
    ids=["wrong namespace", "nobody", "a system user", "wrong namespace of a cluster", "missing cluster"],
)
def test_a_binding_that_points_at_nothing_is_named(aggregated: bool, more: Raw, rule: str, about: str) -> None:
    assert about in named(whole(aggregated, more), rule)


@MODELS
@pytest.mark.parametrize(
    "more",
    [
        misplaced("b", f"{ID}-p-shop", userName="u-carol"),
        crtb("b", ID, ID),
        # Rancher itself binds its own users in this way.
        crtb("u-sys-admin", ID, ID) | {"userName": "u-sys"},
    ],
)
def test_a_binding_in_its_place_is_clean(aggregated: bool, more: Raw) -> None:
    assert findings(whole(aggregated, more), ASTRAY) == []


@MODELS
def test_a_binding_of_a_global_role_that_does_not_give_it_is_named(aggregated: bool) -> None:
    labels = {GRB_OWNER: "grb-carol"}
    fields = {"clusterName": ID, "roleTemplateName": "cluster-member", "userName": "u-carol"}
    of = whole(aggregated, obj(MANAGEMENT, CRTB, "crtb-grb-x7k2p", ID, labels=labels, **fields))
    assert not findings(of, ASTRAY)
    long = "grb-" + 70 * "x"
    shortened = obj(MANAGEMENT, CRTB, "crtb-grb-long", ID, labels={GRB_OWNER: safe_concat(long)}, **fields)
    named_so = obj(MANAGEMENT, "GlobalRoleBinding", long, globalRoleName="gr-all", userName="u-carol")
    assert not findings(whole(aggregated, shortened, named_so), ASTRAY)
    less = obj(MANAGEMENT, "GlobalRole", "gr-all", inheritedClusterRoles=["another"])
    for left, why in (
        (changed(of, gone("GlobalRoleBinding", "grb-carol")), "which does not exist"),
        (changed(of, nothing, less), "whose role does not give it any more"),
    ):
        [finding] = findings(left, ASTRAY)
        assert str(finding.object) == f"{CRTB} {ID}/crtb-grb-x7k2p"
        assert finding.severity is Severity.HIGH
        assert f"it was made for GlobalRoleBinding grb-carol, {why}" in finding.message


@MODELS
def test_the_binding_of_a_disabled_user_is_named(aggregated: bool) -> None:
    disabled = obj(MANAGEMENT, "User", "u-alice", enabled=False)
    of = changed(whole(aggregated), nothing, disabled)
    assert ALICE in named(of, DISABLED)
    assert not findings(changed(whole(aggregated), nothing, disabled | {"enabled": True}), DISABLED)


@MODELS
def test_a_group_in_which_rancher_knows_nobody_is_info_and_no_orphan(aggregated: bool) -> None:
    of = whole(aggregated, prtb("prtb-new", LAB, "read-only", "Group:github_team://99"))
    [finding] = findings(of, STRANGER)
    assert (finding.severity, finding.confidence) == (Severity.INFO, Confidence.POSSIBLE)
    assert str(finding.object) == f"{PRTB} {ID}-p-lab/prtb-new"
    assert not findings(of, ASTRAY)
    assert not findings(of, LEFT)


@MODELS
@pytest.mark.parametrize(("builtin", "severity"), [(False, Severity.MEDIUM), (True, Severity.LOW)])
def test_an_external_template_without_its_cluster_role_is_named(
    aggregated: bool, builtin: bool, severity: Severity
) -> None:
    monitoring = template("mon", external=True, builtin=builtin)
    parent = template("parent", roleTemplateNames=["mon"])
    bound = prtb("prtb-mon", LAB, "mon", "User:u-carol")
    [finding] = findings(whole(aggregated, monitoring, bound), ASTRAY)
    assert str(finding.object) == f"{PRTB} {ID}-p-lab/prtb-mon"
    assert "cluster harvester has no ClusterRole mon" in finding.message
    assert finding.severity is severity
    there = obj(RBAC, "ClusterRole", "mon", rules=[])
    assert not findings(whole(aggregated, monitoring, bound, raw=[there]), ASTRAY)
    inherits = prtb("prtb-mon", LAB, "parent", "User:u-carol")
    assert not findings(whole(aggregated, monitoring, parent, inherits), ASTRAY), "it gives what its own rules say"


@MODELS
def test_a_role_is_looked_for_where_the_binding_counts_and_only_that_of_an_external_template(aggregated: bool) -> None:
    there = obj(RBAC, "ClusterRole", "mon", rules=[])
    local = obj(MANAGEMENT, CRTB, "crtb-local", "local", clusterName="local", roleTemplateName="mon")
    bound = [template("mon", external=True) | {"context": "cluster"}, local | {"userName": "u-carol"}]
    assert not findings(whole(aggregated, *bound, there), ASTRAY)
    assert findings(whole(aggregated, *bound, raw=[there]), ASTRAY)
    assert not findings(changed(whole(aggregated), gone("ClusterRole", "read-only"), on="harvester"), ASTRAY)
    shipped = whole(aggregated, prtb("prtb-edit", LAB, "edit", "User:u-carol"))
    assert not findings(changed(shipped, gone("ClusterRole", "edit"), on="harvester"), ASTRAY), "no API server lacks it"


@MODELS
def test_a_known_user_without_a_name_is_no_unknown_group(aggregated: bool) -> None:
    nameless = obj(MANAGEMENT, "User", "u-nameless")
    of = whole(aggregated, nameless, prtb("prtb-n", LAB, "read-only", "User:u-nameless"))
    assert not findings(of, STRANGER)


def rendered(of: Estate, cluster: str, owner: str) -> set[str]:
    """Name the bindings that Rancher writes on a cluster for one template binding, and for nothing else."""
    (view,) = (item for item in of.views if item.name == cluster)
    return {
        str(made.source)
        for made, verdict in view.ownership.items()
        if verdict.owners and {str(item.source) for item in verdict.owners} == {owner}
    }


@MODELS
@pytest.mark.parametrize("cluster", ["harvester", "rancher"])
@pytest.mark.parametrize(
    ("kind", "place", "name"),
    [
        (PRTB, f"{ID}-p-shop/", "prtb-alice"),
        (PRTB, f"{ID}-p-shop/", "prtb-devs"),
        (CRTB, f"{ID}/", "crtb-bob"),
        ("GlobalRoleBinding", "", "grb-carol"),
    ],
)
def test_all_that_was_made_for_a_deleted_binding_is_left_over(
    aggregated: bool, cluster: str, kind: str, place: str, name: str
) -> None:
    of = whole(aggregated)
    # Who still is a user keeps the account by which Rancher impersonates them.
    made = {item for item in rendered(of, cluster, f"{kind} {place}{name}") if "cattle-imp" not in item}
    assert made
    left = changed(of, gone(kind, name))
    assert made <= named(left, LEFT)
    assert not findings(left, FORGED)


@MODELS
def test_what_was_made_for_a_deleted_template_is_left_over_and_not_forged(aggregated: bool) -> None:
    of = whole(aggregated)
    left = changed(of, gone("RoleTemplate", "project-member"))
    assert not findings(left, FORGED)
    roles = {item for item in named(left, LEFT) if item.startswith("ClusterRole project-member")}
    assert "ClusterRole project-member" in roles


@MODELS
def test_the_binding_of_an_administrator_who_is_none_any_more_is_left_over(aggregated: bool) -> None:
    for lost in (gone("GlobalRoleBinding", "grb-bob"), gone("GlobalRole", "admin")):
        left = [item for item in findings(changed(whole(aggregated), lost), LEFT) if "globaladmin" in item.object.name]
        assert {(item.cluster, item.severity) for item in left} == {
            ("harvester", Severity.CRITICAL),
            ("rancher", Severity.CRITICAL),
        }


@MODELS
def test_what_is_of_a_user_that_is_gone_is_left_over(aggregated: bool) -> None:
    left = changed(whole(aggregated), gone("User", "u-alice"))
    about = named(left, LEFT)
    account = "cattle-impersonation-u-alice"
    assert {
        "ClusterRole u-alice-view",
        "ClusterRoleBinding grb-u-alice-view",
        f"ServiceAccount cattle-impersonation-system/{account}",
        f"ClusterRole {account}",
        f"ClusterRoleBinding {account}",
    } <= about
    assert not any("u-bob" in item for item in about)


@MODELS
def test_what_stayed_when_a_namespace_moved_is_left_over(aggregated: bool) -> None:
    annotations = {"field.cattle.io/projectId": LAB}
    moved = obj("v1", "Namespace", "dev", annotations=annotations, labels={"field.cattle.io/projectId": "p-lab"})
    of = whole(aggregated)
    there = of.snapshot.cluster("harvester").of(RoleBinding)
    # A global role names its namespaces itself, whatever project they are in.
    stayed = {str(item) for item in there if item.namespace == "dev" and not item.name.startswith("grb-")}
    assert stayed
    left = changed(of, nothing, moved, on="harvester")
    assert stayed <= named(left, LEFT)
    assert not findings(left, FORGED)


@MODELS
def test_the_access_to_a_projects_namespaces_without_a_binding_in_it_is_left_over(aggregated: bool) -> None:
    role = "p-lab-namespaces-edit"
    name = cluster_role_binding_name("ClusterRole", role, "User", "u-alice")
    for labels in ({}, {"authz.cluster.cattle.io/prtb-owner-prtb-gone": "true"}, {f"{ID}-p-lab_gone": "owner-user"}):
        of = whole(aggregated, raw=[binding(name, role, "User:u-alice", labels=labels)])
        assert f"ClusterRoleBinding {name}" in named(of, LEFT)
    live = prtb("prtb-lab", LAB, "project-member", "User:u-alice")
    of = whole(aggregated, live, raw=[binding(name, role, "User:u-alice", labels=labels)])
    assert f"ClusterRoleBinding {name}" not in named(of, LEFT)


def owner_label(aggregated: bool, name: str) -> dict[str, str]:
    if aggregated:
        return {f"authz.cluster.cattle.io/prtb-owner-{name}": "true"}
    return {"authz.cluster.cattle.io/rtb-owner-updated": f"{ID}-p-shop_{name}"}


@MODELS
def test_a_mark_on_a_binding_with_another_name_or_for_another_one_is_forged(aggregated: bool) -> None:
    labels = owner_label(aggregated, "prtb-alice")
    copied = binding("dev/copied", "edit", "User:u-mallory", labels=labels)
    hashed = role_binding_name("dev", "ClusterRole", "edit", "User", "u-mallory")
    other = binding(f"dev/{hashed}", "edit", "User:u-mallory", labels=labels)
    of = whole(aggregated, raw=[copied, other])
    assert {"RoleBinding dev/copied", f"RoleBinding dev/{hashed}"} <= named(of, FORGED)


@MODELS
def test_a_rendered_binding_with_another_role_or_subject_is_tampered_with(aggregated: bool) -> None:
    of = whole(aggregated)
    role = "project-member-aggregator" if aggregated else "project-member"
    name = role_binding_name("dev", "ClusterRole", role, "User", "u-alice")
    labels = owner_label(aggregated, "prtb-alice")
    assert f"RoleBinding dev/{name}" in {str(item) for item in of.snapshot.cluster("harvester").of(RoleBinding)}
    for changes in (
        binding(f"dev/{name}", "edit", "User:u-alice", labels=labels),
        binding(f"dev/{name}", role, "User:u-alice", "User:u-mallory", labels=labels),
    ):
        left = changed(of, nothing, changes, on="harvester")
        assert f"RoleBinding dev/{name}" in named(left, TAMPERED)
        assert not findings(left, FORGED)


@MODELS
@pytest.mark.parametrize("kind", ["ClusterRole", "Role"])
@pytest.mark.parametrize("mark", ["labels", "annotations"])
def test_a_role_of_a_missing_template_is_left_over(aggregated: bool, kind: str, mark: str) -> None:
    for name, left in (("rt-gone", True), ("read-only", False)):
        owner = {"authz.cluster.cattle.io/clusterrole-owner": name}
        place = "dev" if kind == "Role" else ""
        made = obj(RBAC, kind, f"{name}-x", place, rules=[], **{mark: owner})
        told = named(changed(whole(aggregated), nothing, made, on="harvester"), LEFT)
        assert (f"{kind} {place}/{name}-x" if place else f"{kind} {name}-x") in told or not left
        assert not told or left


@MODELS
@pytest.mark.parametrize(
    ("annotation", "label", "told"),
    [
        (SHOP, "p-shop", False),
        (SHOP, "p-lab", True),
        ("", "p-lab", True),
        (f"{ID}:p-none", "p-none", True),
        ("c-gone:p-shop", "p-shop", True),
        ("", "", False),
    ],
)
def test_a_namespace_whose_project_is_not_there_is_named(
    aggregated: bool, annotation: str, label: str, told: bool
) -> None:
    key = "field.cattle.io/projectId"
    space = obj(
        "v1",
        "Namespace",
        "odd",
        annotations={key: annotation} if annotation else {},
        labels={key: label} if label else {},
    )
    assert named(whole(aggregated, raw=[space]), MISMATCH) == ({"Namespace odd"} if told else set())
