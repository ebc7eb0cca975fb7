"""Shipped objects that somebody edited or deleted: what is restored, what that changes, and what is refused."""

from collections.abc import Sequence

import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.fix import show
from rbac_audit.fix.effects import ADMINISTER, is_person
from rbac_audit.fix.plan import Plan
from rbac_audit.fix.simulate import revert, simulate
from rbac_audit.harvester.shipped import read_shipped
from rbac_audit.snapshot.objects import ClusterRole, RoleBinding
from tests.fix.shipped import DEFAULT, PUBLIC, SETTINGS_BINDING, SETTINGS_ROLE, cluster, restored, shipped
from tests.fix.test_laws import bare
from tests.fix.worlds import RBAC, Raw, binding, obj, planned, rule, view

RELEASES = read_shipped().releases
SECRETS = rule("core", "secrets", "get")
THINGS = rule("example.com", "things", "get")
TO_VIEW = "rbac.authorization.k8s.io/aggregate-to-view"


def more(name: tuple[str, str, str], **fields: object) -> Raw:
    """Edit a shipped object: rules and subjects are added, labels replaced."""
    made = shipped(*name)
    for field, value in fields.items():
        if field == "labels":
            metadata = made["metadata"]
            assert isinstance(metadata, dict)
            made["metadata"] = {**metadata, "labels": value}
        elif isinstance(value, list):
            there = made.get(field, [])
            assert isinstance(there, list)
            made[field] = [*there, *value]
    return made


def words(plan: Plan, subject: str) -> list[str]:
    """What a subject loses (-) and gains (+), over all steps."""
    found = []
    for step in plan.steps:
        for effect in (effect for effect in step.effects if effect.subject == subject):
            found += [f"-{line}" for item in effect.lost for line in item.rights]
            found += [f"+{line}" for item in effect.gained for line in item.rights]
    return found


def after(of: Estate, plan: Plan) -> Estate:
    return Estate(simulate(of, view(of), plan.steps).after)


def role(of: Estate, name: str) -> ClusterRole:
    (found,) = (item for item in view(of).cluster.of(ClusterRole) if item.name == name)
    return found


def test_what_is_as_shipped_is_left_alone() -> None:
    plan = restored(cluster())
    assert not plan.steps
    assert not plan.refusals


def test_added_rights_go_and_everybody_who_had_them_by_the_role_is_named() -> None:
    edited = [more(("ClusterRole", "", "kubevirt.io:view"), rules=[SECRETS])]
    of = cluster(
        [*edited, binding("dev/b", "kubevirt.io:view", "User:u-alice"), binding("lab/v", "view", "User:u-bob")]
    )
    plan = restored(of)
    (step,) = plan.steps
    assert step.action == "restore"
    assert step.title == "restore ClusterRole kubevirt.io:view as kubevirt 1.7.0 ships it; virt-operator resets it soon"
    assert step.rules == ("shipped-role-edited",)
    assert step.consent.needed
    assert "User:u-alice loses rights in dev" in step.consent.because
    # view adds it up; what is stored in view names secrets already.
    assert words(plan, "User:u-alice") == ["-get secrets of the core API"]
    assert not restored(after(of, plan)).steps


def test_rights_that_are_missing_come_back_and_need_consent() -> None:
    edited = shipped("ClusterRole", "", "kubevirt.io:default")
    rules = edited["rules"]
    assert isinstance(rules, list)
    plan = restored(cluster([edited | {"rules": rules[:1]}]))
    (step,) = plan.steps
    assert any(line.startswith("gain (cluster) on the whole cluster") for line in step.consent.because)
    assert [effect.subject for effect in step.effects] == ["Group:system:authenticated"]
    assert all(not effect.lost for effect in step.effects)


def test_an_added_subject_leaves_and_the_shipped_ones_stay() -> None:
    of = cluster([more(DEFAULT, subjects=[{"kind": "User", "name": "u-bob"}, {"kind": "User", "name": "u-carol"}])])
    plan = restored(of)
    (step,) = plan.steps
    (change,) = step.do.changes
    group = {"kind": "Group", "name": "system:authenticated", "apiGroup": "rbac.authorization.k8s.io"}
    assert change.fields == {"subjects": [group]}
    assert len(step.undo.changes[0].fields["subjects"]) == 3  # type: ignore[arg-type]  # JSON
    assert "virt-operator resets it at the next upgrade" in step.title
    # Whoever is authenticated holds it anyhow.
    assert not words(plan, "User:u-bob")


def test_what_is_missing_is_made_again_as_the_facts_say() -> None:
    plan = restored(cluster(without=[PUBLIC, SETTINGS_ROLE, SETTINGS_BINDING]))
    made = {str(item.manifest["kind"]): item.manifest for step in plan.steps for item in step.do.creates}
    assert made["RoleBinding"] == {
        "apiVersion": RBAC,
        "kind": "RoleBinding",
        "metadata": {"name": "harvester-public", "namespace": "harvester-public"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated"}],
    }
    rules = made["ClusterRole"]["rules"]
    assert isinstance(rules, list)
    assert rule("management.cattle.io", "settings", "get,watch", resourceNames=["system-namespaces"]) in rules
    # The role comes first, and nobody has it before it is bound.
    assert [bool(step.effects) for step in plan.steps] == [False, True, True]
    assert "+get, watch settings of harvesterhci.io, only server-version" in words(plan, "Group:system:authenticated")
    assert all(step.undo.deletes for step in plan.steps)


def test_an_older_release_gets_what_it_ships() -> None:
    old = obj("harvesterhci.io/v1beta1", "Setting", "server-version", value="v1.7.1")
    (step,) = restored(cluster([old], without=[SETTINGS_ROLE]), "public-namespace-default-binding").steps
    assert "management.cattle.io" not in str(step.do.creates[0].manifest["rules"])
    assert "as harvester 1.7.1 ships it; Harvester resets it at its next start" in step.title


def test_a_binding_to_another_role_is_deleted_first() -> None:
    of = cluster([binding("harvester-public/harvester-public", "edit", "Group:system:authenticated", "User:u-bob")])
    plan = restored(of)
    assert [step.action for step in plan.steps] == ["remove", "restore"]
    gone, back = plan.steps
    assert (gone.after, back.after) == ((), (gone.id,))
    assert [str(item) for item in gone.do.deletes] == ["RoleBinding harvester-public/harvester-public"]
    assert gone.preconditions[0].uid
    assert [item.manifest["kind"] for item in back.do.creates] == ["RoleBinding"]
    assert not [item for item in back.preconditions if item.target.kind == "RoleBinding"]
    assert any(line.startswith("-") and "delete" in line for line in words(plan, "User:u-bob"))
    (left,) = (item for item in view(after(of, plan)).cluster.of(RoleBinding) if item.namespace == "harvester-public")
    assert left.role_ref.name == "view"
    assert [str(item) for item in left.subjects] == ["Group:system:authenticated"]


def test_marks_of_the_maker_stay_on_what_is_made_again() -> None:
    marks = {"objectset.rio.cattle.io/id": "harvester-authenticated"}
    swapped = binding("harvester-public/harvester-public", "edit", "Group:system:authenticated", annotations=marks)
    _, back = restored(cluster([swapped])).steps
    assert back.do.creates[0].manifest["metadata"]["annotations"] == marks  # type: ignore[index]  # JSON


def test_a_label_that_was_taken_off_gives_members_their_rights_back() -> None:
    edited = more(("ClusterRole", "", "kubevirt.io:view"), labels={})
    stored = shipped("ClusterRole", "", "view") | {"rules": [SECRETS]}
    of = cluster([edited, stored, binding("dev/b", "view", "User:u-alice")])
    plan = restored(of)
    (step,) = plan.steps
    assert dict(step.do.changes[0].labels) == {TO_VIEW: "true"}
    assert dict(step.undo.changes[0].labels) == {TO_VIEW: None}
    gained = words(plan, "User:u-alice")
    assert any("virtualmachines" in line for line in gained)
    # What is stored and in no part goes at the same time.
    assert [line for line in gained if line.startswith("-")] == ["-get secrets of the core API"]
    assert any("virtualmachines" in rule.resources for rule in role(after(of, plan), "view").rules)
    assert not any("secrets" in rule.resources for rule in role(after(of, plan), "view").rules)


def test_a_role_that_is_aggregated_again_comes_before_its_parts() -> None:
    own = obj(RBAC, "ClusterRole", "view", rules=[rule("core", "pods", "delete")])
    part = more(("ClusterRole", "", "kubevirt.io:view"), rules=[SECRETS])
    of = cluster([own, part, binding("dev/b", "view", "User:u-alice")])
    plan = restored(of)
    names = [str(change.target.name) for step in plan.steps for change in step.do.changes]
    assert names == ["view", "kubevirt.io:view"]
    assert "-delete pods of the core API" in words(plan, "User:u-alice")
    # The way back gives it its own rules again, which the API server has replaced by then.
    assert plan.steps[0].undo.changes[0].fields["rules"] == [rule("core", "pods", "delete")]
    done = simulate(of, view(of), plan.steps)
    assert bare(revert(done, of, plan.steps)) == bare(of.snapshot)


def test_steps_of_which_one_changes_what_the_other_does_come_one_after_the_other() -> None:
    """While the whole has rules of its own, what is taken from the part is taken from nobody who holds the whole."""
    part = more(("ClusterRole", "", "kubevirt.io:edit"), rules=[THINGS])
    whole = obj(RBAC, "ClusterRole", "edit", rules=[SECRETS])
    other = more(("ClusterRole", "", "kubevirt.io:view"), rules=[SECRETS])
    bound = [binding("dev/b", "edit", "User:u-alice"), binding("dev/c", "kubevirt.io:view", "User:u-bob")]
    plan = restored(cluster([part, whole, other, *bound]))
    ids = {step.do.changes[0].target.name: step.id for step in plan.steps}
    after = {step.do.changes[0].target.name: step.after for step in plan.steps}
    assert after == {"edit": (), "kubevirt.io:edit": (ids["edit"],), "kubevirt.io:view": ()}


def test_rules_that_the_controller_writes_are_left_to_it() -> None:
    stored = shipped("ClusterRole", "", "view") | {"rules": [SECRETS]}
    plan = restored(cluster([stored]), "aggregation-changed")
    assert not plan.steps
    assert ["the controller" in item.manual for item in plan.refusals] == [True]


def test_kubevirt_may_be_told_not_to_aggregate() -> None:
    manual = obj(
        "kubevirt.io/v1",
        "KubeVirt",
        "kubevirt",
        "harvester-system",
        spec={"configuration": {"roleAggregationStrategy": "Manual"}},
        status={"observedKubeVirtVersion": "v1.7.0"},
    )
    edited = more(("ClusterRole", "", "kubevirt.io:view"), rules=[SECRETS], labels={})
    (step,) = restored(cluster([manual, edited]), "shipped-role-edited").steps
    assert not step.do.changes[0].labels
    assert {(item.target.kind, item.target.name) for item in step.preconditions} == {
        ("ClusterRole", "kubevirt.io:view"),
        ("Setting", "server-version"),
        ("KubeVirt", "kubevirt"),
    }


def release(value: str) -> Raw:
    return obj("harvesterhci.io/v1beta1", "Setting", "server-version", value=value)


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ([release("v1.8.99")], "what Harvester v1.8.99 ships is not known, only what releases near it do"),
        ([release("master-head")], "which version of kubevirt is installed is not known"),
        (
            [obj("kubevirt.io/v1", "KubeVirt", "k", "harvester-system", status={"observedKubeVirtVersion": "v1.7.99"})],
            "what kubevirt v1.7.99 ships under this name is not known",
        ),
    ],
    ids=["a release nearby", "no release", "another KubeVirt"],
)
def test_an_unknown_version_is_refused(extra: Sequence[Raw], reason: str) -> None:
    edited = more(("ClusterRole", "", "kubevirt.io:view"), rules=[SECRETS])
    plan = restored(cluster([edited, *extra]), "shipped-role-edited")
    assert not [step for step in plan.steps if "kubevirt.io:view" in step.title]
    refusals = {item.object: item for item in plan.refusals}
    assert refusals["ClusterRole kubevirt.io:view"].reason == reason
    assert "from its chart or by a restart of its operator" in refusals["ClusterRole kubevirt.io:view"].manual


def kubevirt(version: str) -> Raw:
    status = {"observedKubeVirtVersion": version}
    return obj("kubevirt.io/v1", "KubeVirt", "kubevirt", "harvester-system", status=status)


@pytest.mark.parametrize(
    ("versions", "known"),
    [
        (["v1.8.0", "v1.7.0"], True),
        (["v1.8.0", "1.7.0-150700.3.16"], True),
        (["v1.8.0", "v1.7.0-5.2"], True),
        (["v1.8.0", "v1.7.4"], True),  # in the middle of an upgrade: the operator says what it installed
        (["v1.8.0", "v1.7.4-5.2"], False),  # a build of something that this release is not made of
        (["v1.8.0", "v1.7.0-rc.1"], False),
        (["v1.8.99", "v1.7.0-5.2"], False),
    ],
    ids=str,
)
def test_a_build_number_is_no_other_version(versions: list[str], known: bool) -> None:
    harvester_version, version = versions
    edited = more(("ClusterRole", "", "kubevirt.io:view"), rules=[SECRETS])
    plan = restored(cluster([edited, release(harvester_version), kubevirt(version)]), "shipped-role-edited")
    steps = [step.title for step in plan.steps if "kubevirt.io:view" in step.title]
    assert bool(steps) is known
    assert all("as kubevirt 1.7." in title and "-5.2" not in title for title in steps)
    assert known or "ClusterRole kubevirt.io:view" in {item.object for item in plan.refusals}


def test_several_ways_to_ship_it_are_refused() -> None:
    edited = obj(RBAC, "ClusterRole", "rke2-traefik-kube-system", rules=[SECRETS])
    (step,) = (name for name, parts in RELEASES.items() if parts.get("rke2") == "1.34.3")
    plan = restored(cluster([edited, release(f"v{step}")]), "shipped-role-edited")
    texts = {item.object: item.reason for item in plan.refusals}
    assert "ships it in 2 ways, by its options" in texts["ClusterRole rke2-traefik-kube-system"]


@pytest.mark.parametrize(
    "mark",
    [("annotations", "argocd.argoproj.io/tracking-id"), ("labels", "kustomize.toolkit.fluxcd.io/name")],
    ids=["Argo CD", "Flux"],
)
def test_what_a_repository_keeps_is_changed_there(mark: tuple[str, str]) -> None:
    edited = binding("kubevirt.io:default", "kubevirt.io:default", "User:u-bob")
    metadata = edited["metadata"]
    assert isinstance(metadata, dict)
    edited["metadata"] = {**metadata, mark[0]: {mark[1]: "x"}}
    plan = restored(cluster([edited]))
    assert not plan.steps
    assert "kept in a repository" in plan.refusals[0].reason


def test_the_marks_of_its_own_chart_are_no_hindrance() -> None:
    edited = binding(
        "kubevirt.io:default",
        "kubevirt.io:default",
        "Group:system:authenticated",
        "User:u-bob",
        annotations={"meta.helm.sh/release-name": "harvester"},
        labels={"app.kubernetes.io/managed-by": "Helm"},
    )
    assert [step.action for step in restored(cluster([edited])).steps] == ["restore"]


def test_the_last_administrator_stays() -> None:
    edited = more(("ClusterRoleBinding", "", "cluster-admin"), subjects=[{"kind": "User", "name": "u-alice"}])
    plan = restored(cluster([edited]))
    # Group system:masters is a part of the platform: nobody logs in with it.
    assert not plan.steps
    assert "would administer the cluster any more" in plan.refusals[0].reason
    second = binding("second", "cluster-admin", "User:u-bob")
    assert [step.action for step in restored(cluster([edited, second])).steps] == ["restore"]


def test_nor_do_two_steps_take_both() -> None:
    first = more(("ClusterRoleBinding", "", "cluster-admin"), subjects=[{"kind": "User", "name": "u-alice"}])
    second = binding("kubevirt.io:default", "cluster-admin", "User:u-bob")
    plan = restored(cluster([first, second]))
    refused = [item.object for item in plan.refusals]
    assert len(refused) == 1
    assert "would administer the cluster any more" in plan.refusals[0].reason
    left = view(after(cluster([first, second]), plan)).access.holders(ADMINISTER)
    assert any(is_person(who) for grant in left if grant.binding for who in grant.binding.subjects)


@pytest.mark.parametrize("another", [False, True], ids=["of the other step", "of nobody else"])
def test_a_removal_counts_on_nothing_that_is_restored_away(another: bool) -> None:
    """Each step by itself costs nothing: together they take what both gave."""
    gone = {"kind": "User", "name": "u-gone", "apiGroup": "rbac.authorization.k8s.io"}
    edited = more(("ClusterRoleBinding", "", "cluster-admin"), subjects=[gone])
    admins = [binding("second", "cluster-admin", "User:u-gone")]
    admins += [binding("boss", "cluster-admin", "User:u-alice")] if another else []
    plan = restored(cluster([edited, *admins]), "operator-binding-subject-added", "unknown-subject")
    if another:
        assert [step.action for step in plan.steps] == ["remove", "restore"]
        assert words(plan, "User:u-gone") == ["-do anything to *", "-do anything to everything of every API group"]
    else:
        assert [step.action for step in plan.steps] == ["restore"]
        assert [item.object for item in plan.refusals] == ["ClusterRoleBinding second"]


def test_what_a_conversion_rests_on_is_restored_in_a_plan_of_its_own() -> None:
    """The right by which a role template was enough goes with the edit, and no effect would say so."""
    part = more(("ClusterRole", "", "kubevirt.io:edit"), rules=[THINGS])
    mine = obj(RBAC, "ClusterRole", "mine", rules=[THINGS, rule("kubevirt.io", "virtualmachines", "get")])
    of = cluster([part, mine, binding("dev/raw", "mine", "User:u-alice")])
    rules = ("raw-binding", "shipped-role-edited")
    plan = planned(of, "listed", rules)
    (step,) = plan.steps
    assert "User:u-alice as edit" in step.title
    refusals = {item.object: item.reason for item in plan.refusals}
    assert refusals["ClusterRole kubevirt.io:edit"].startswith(
        "another step converts a binding by what ClusterRole edit"
    )
    again = planned(after(of, plan), "listed", rules)
    assert [item.action for item in again.steps] == ["restore"]
    assert "-get things of example.com" in words(again, "User:u-alice")


def test_the_built_in_role_template_is_left_to_rancher() -> None:
    from rbac_audit.audit.evaluate import evaluate
    from rbac_audit.fix.planner import Request, plan
    from rbac_audit.rules import RULES
    from tests.fix.worlds import estate, template

    edited = template("project-owner", [SECRETS], builtin=True)
    of = estate([], [edited])
    known = [item for item in RULES if item.id == "shipped-role-edited"]
    request = Request(findings=evaluate(of, known).findings, rules=("shipped-role-edited",))
    # Whichever of the two clusters is planned for.
    for one in of.views:
        texts = {item.object: item for item in plan(of, one, request).refusals}
        assert "rancher-webhook" in texts["RoleTemplate project-owner"].reason
        assert "restart Rancher" in texts["RoleTemplate project-owner"].manual


def test_the_table_and_the_difference_show_it() -> None:
    edited = more(("ClusterRole", "", "kubevirt.io:view"), labels={}, rules=[SECRETS])
    plan = restored(cluster([edited, binding("dev/b", "view", "User:u-alice")]))
    lines = list(show.table(plan))
    assert f"      ~ ClusterRole kubevirt.io:view on harvester: set rules, label {TO_VIEW}=true" in lines
    assert "        gains in the namespace (dev) of harvester:" in lines
    changes = list(show.difference(plan))
    assert f"+  {TO_VIEW}: 'true'" in changes
    assert "-  - secrets" in changes
