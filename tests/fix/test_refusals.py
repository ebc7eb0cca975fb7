"""What is not converted, with the reason and the manual way."""

import pytest

from rbac_audit.errors import BadInput
from rbac_audit.snapshot.objects import Feature, Project, User
from tests.fix.worlds import DEVS, KUBEVIRT, SHOP, Raw, binding, estate, planned, prtb, view

ALICE = "User:u-alice"
TABLE: dict[str, tuple[Raw, str, str]] = {
    "an account": (binding("dev/b", "edit", "ServiceAccount:dev/ci"), "no user of Rancher", "version control"),
    "an account as user": (
        binding("dev/b", "edit", "User:system:serviceaccount:dev:ci"),
        "ServiceAccount dev/ci",
        "version control",
    ),
    "an unknown user": (binding("dev/b", "edit", "User:u-gone"), "no user u-gone", "remove it"),
    "a login name": (binding("dev/b", "edit", "User:alice"), "no user alice", "did you mean u-alice"),
    "a user of the platform": (binding("dev/b", "edit", "User:system:admin"), "a user of the platform", "leave it"),
    "a system user of Rancher": (binding("dev/b", "edit", "User:u-sys"), "a system user of Rancher", "leave it"),
    "everybody": (binding("dev/b", "edit", "Group:system:authenticated"), "everybody of a kind", "bind the people"),
    "a group of no provider": (
        binding("dev/b", "edit", "Group:devs"),
        "not a group of an auth provider",
        "principal id",
    ),
    "a group that nobody is in": (
        binding("dev/b", "edit", "Group:github_team://8"),
        "no user that Rancher knows",
        "check the group",
    ),
    "a kind of subject that is none": (binding("dev/b", "edit", "Robot:x"), "no kind of subject", "remove it"),
    "no project": (binding("loose/b", "edit", ALICE), "loose is in no project", "move loose into a project"),
    "the System project": (binding("kube-system/b", "edit", ALICE), "belongs to the platform", "remove the binding"),
    "harvester-public": (
        binding("harvester-public/b", "edit", ALICE),
        "open to everybody",
        "public-namespace-extra-binding",
    ),
    "the whole cluster": (binding("b", "edit", ALICE), "holds on the whole cluster", "cluster role template"),
    "Helm": (
        binding("dev/b", "edit", ALICE, labels={"app.kubernetes.io/managed-by": "Helm"}),
        "written from elsewhere",
        "where it comes from",
    ),
    "Argo CD": (
        binding("dev/b", "edit", ALICE, annotations={"argocd.argoproj.io/tracking-id": "x"}),
        "argocd",
        "where it comes from",
    ),
    "Argo CD before v3": (
        binding("dev/b", "edit", ALICE, labels={"app.kubernetes.io/instance": "x"}),
        "app.kubernetes.io/instance",
        "where it comes from",
    ),
    "Flux": (
        binding("dev/b", "edit", ALICE, labels={"kustomize.toolkit.fluxcd.io/name": "x"}),
        "fluxcd",
        "where it comes from",
    ),
    "Fleet": (
        binding("dev/b", "edit", ALICE, annotations={"fleet.cattle.io/bundle-id": "x"}),
        "fleet",
        "where it comes from",
    ),
    "wrangler": (
        binding("dev/b", "edit", ALICE, annotations={"objectset.rio.cattle.io/id": "x"}),
        "objectset",
        "where it comes from",
    ),
    "an owner": (
        binding(
            "dev/b", "edit", ALICE, ownerReferences=[{"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "uid": "1"}]
        ),
        "ConfigMap c",
        "where it comes from",
    ),
    "a finalizer": (binding("dev/b", "edit", ALICE, finalizers=["x/y"]), "has a finalizer (x/y)", "ask whoever"),
    "names": (binding("dev/b", "named", ALICE), "limited to objects by name", "without the names"),
    "cluster-scoped": (
        binding("dev/b", "cluster-scoped", ALICE),
        "grants nothing in a namespace",
        "cluster role template",
    ),
    "everything": (binding("dev/b", "all", ALICE), "allows everything", "decide what is needed"),
    "a role that is not there": (
        binding("dev/b", "gone", ALICE),
        "ClusterRole gone does not exist",
        "dangling-role-ref",
    ),
    "a forged mark": (
        binding(
            "dev/b", "edit", ALICE, labels={"authz.cluster.cattle.io/rtb-owner-updated": "c-m-abcd1234-p-shop_prtb-1"}
        ),
        "marks of Rancher that are not true",
        "find out who",
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_it_is_refused_with_a_reason_and_the_manual_way(name: str) -> None:
    raw, reason, manual = TABLE[name]
    others = [binding("lab/other", "edit", "User:u-bob"), prtb("prtb-1", SHOP, "view", f"Group:{DEVS}")]
    metadata = raw["metadata"]
    assert isinstance(metadata, dict)
    space = metadata.get("namespace")
    plan = planned(
        estate([raw, *others[:1]], others[1:]), objects=(f"RoleBinding {space}/b" if space else "ClusterRoleBinding b",)
    )
    assert not plan.steps
    (refusal,) = plan.refusals
    assert reason in refusal.reason
    assert manual in refusal.manual


def test_the_same_names_in_an_external_template_are_no_obstacle() -> None:
    from tests.fix.worlds import MANAGEMENT, RBAC, obj, rule

    rules = [rule("core", "configmaps", "get", resourceNames=["one"]), rule("core", "pods", "get")]
    raw = [obj(RBAC, "ClusterRole", "shipped", rules=rules), binding("dev/b", "shipped", ALICE)]
    external = obj(MANAGEMENT, "RoleTemplate", "shipped", context="project", external=True, externalRules=rules)
    (step,) = planned(estate(raw, [external])).steps
    assert [item.manifest["roleTemplateName"] for item in step.do.creates] == ["shipped"]


@pytest.mark.parametrize("local", [False, True])
def test_an_external_template_that_the_webhook_refuses_is_not_offered(local: bool) -> None:
    """Without externalRules it needs a ClusterRole of its name on the management cluster."""
    from tests.fix.worlds import MANAGEMENT, RBAC, obj, rule

    rules = [rule("core", "pods", "get")]
    raw = [obj(RBAC, "ClusterRole", "mine", rules=rules), binding("dev/b", "mine", ALICE)]
    bound = [obj(MANAGEMENT, "RoleTemplate", "mine", context="project", external=True)]
    bound += [obj(RBAC, "ClusterRole", "mine", rules=rules)] if local else []
    (step,) = planned(estate(raw, bound)).steps
    assert (step.do.creates[-1].manifest["roleTemplateName"] == "mine") is local


def test_rancher_makes_it() -> None:
    of = estate([], [prtb("prtb-1", SHOP, "view", ALICE)])
    made = next(item for item in view(of).access.bindings if item.namespace == "dev")
    plan = planned(of, objects=(str(made.source),))
    assert [refusal.reason for refusal in plan.refusals] == ["Rancher makes it"]


def test_a_namespace_of_an_unknown_project() -> None:
    from tests.fix.worlds import obj

    away = obj("v1", "Namespace", "away", annotations={"field.cattle.io/projectId": "c-m-abcd1234:p-gone"})
    plan = planned(estate([away, binding("away/b", "edit", ALICE)]))
    assert "names project c-m-abcd1234:p-gone" in plan.refusals[0].reason


def without(kind: type) -> BadInput:
    """The refusal to plan where the management cluster was read without a kind."""
    from rbac_audit.audit.estate import Estate
    from rbac_audit.snapshot.estate import Cluster, Snapshot

    of = estate([binding("dev/b", "edit", ALICE)])
    clusters = []
    for cluster in of.snapshot.clusters:
        kept = {key: items for key, items in cluster.objects.items() if key is not kind}
        read = cluster.collected - {kind}
        clusters.append(Cluster(cluster.name, [item for items in kept.values() for item in items], collected=read))
    with pytest.raises(BadInput) as raised:
        planned(Estate(Snapshot(clusters), {"harvester": "c-m-abcd1234"}))
    return raised.value


def test_without_the_features_nobody_knows_the_model() -> None:
    assert "aggregated-roletemplates" in str(without(Feature))


def test_without_the_role_templates_nothing_is_planned() -> None:
    from rbac_audit.snapshot.objects import RoleTemplate

    assert "were not read" in str(without(RoleTemplate))


def test_without_a_rancher_nothing_is_planned() -> None:
    from rbac_audit.audit.estate import Estate
    from rbac_audit.snapshot.estate import Snapshot

    of = Estate(Snapshot([estate().snapshot.cluster("harvester")]))
    with pytest.raises(BadInput, match="management cluster"):
        planned(of)


def test_a_user_is_not_unknown_where_users_were_not_read() -> None:
    from rbac_audit.audit.estate import Estate
    from rbac_audit.snapshot.estate import Cluster, Snapshot

    of = estate([binding("dev/b", "edit", ALICE)])
    kept = of.snapshot.cluster("rancher")
    items = [item for kind, found in kept.objects.items() if kind is not User for item in found]
    bare = Cluster("rancher", items, collected=kept.collected - {User})
    plan = planned(Estate(Snapshot([of.snapshot.cluster("harvester"), bare])))
    assert plan.refusals[0].reason == "which users Rancher has was not read"


@pytest.mark.parametrize(("kind", "role"), [("ClusterRole", "pods"), ("Role", "console")])
def test_a_role_is_not_gone_where_roles_were_not_read(kind: str, role: str) -> None:
    """Whose rights nobody knows, and which a step of dangling-role-ref would delete as worth nothing."""
    from rbac_audit.audit.estate import Estate
    from rbac_audit.snapshot.estate import Cluster, Snapshot

    of = estate([binding("dev/b", role, ALICE, kind=kind)])
    kept = of.snapshot.cluster("harvester")
    all_of_them = [item for found in kept.objects.values() for item in found]
    unread = [item for item in all_of_them if item.kind != kind], {one for one in kept.collected if one.kind != kind}
    gone = [item for item in all_of_them if item.name != role], kept.collected
    for (left, collected), reason in ((unread, f"{kind} {role} was not read"), (gone, "does not exist")):
        cluster = Cluster("harvester", left, collected=collected)
        (refusal,) = planned(Estate(Snapshot([cluster, of.snapshot.cluster("rancher")]))).refusals
        assert reason in refusal.reason


def test_kubevirt_only_findings_that_cannot_move_are_all_refused() -> None:
    raw = [binding("loose/a", "kubevirt.io:view", ALICE), binding("dev/b", "kubevirt.io:edit", "ServiceAccount:dev/ci")]
    plan = planned(estate(raw), rules=KUBEVIRT)
    assert not plan.steps
    assert [item.object for item in plan.refusals] == ["RoleBinding dev/b", "RoleBinding loose/a"]


def test_the_estate_has_projects() -> None:
    """Else the refusals above would be for another reason."""
    assert len(estate().snapshot.cluster("rancher").of(Project)) == 3
