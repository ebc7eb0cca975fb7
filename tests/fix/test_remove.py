"""Fixes that take something away, what they cost, and what they never take."""

from rbac_audit.audit.estate import Estate
from rbac_audit.fix.plan import Plan
from rbac_audit.fix.simulate import simulate
from rbac_audit.rancher.comparison import Fate
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import KINDS, RoleBinding
from tests.fix.worlds import RBAC, SHOP, Raw, binding, estate, obj, planned, prtb, rule, view

LEFT = "authz.cluster.cattle.io/rtb-owner-updated"


def orphan() -> Raw:
    from rbac_audit.rancher.naming import role_binding_name

    name = role_binding_name("dev", "ClusterRole", "view", "User", "u-bob")
    return binding(f"dev/{name}", "view", "User:u-bob", labels={LEFT: "c-m-abcd1234-p-shop_prtb-gone"})


def of(raw: list[Raw], rule_id: str, bound: list[Raw] | None = None) -> Plan:
    return planned(estate(raw, bound or []), rules=(rule_id,))


def test_an_orphan_is_deleted_with_consent_as_somebody_loses() -> None:
    (step,) = of([orphan()], "orphaned-rancher-binding").steps
    assert step.action == "remove"
    assert step.consent.needed
    assert [item.target.kind for item in step.preconditions] == ["RoleBinding"]
    (effect,) = step.effects
    assert effect.subject == "User:u-bob"
    assert "get, list, watch configmaps, pods of the core API" in effect.lost[0].rights
    (back,) = step.undo.creates
    assert back.manifest["kind"] == "RoleBinding"
    assert back.manifest["subjects"]


def test_who_keeps_it_by_another_binding_loses_nothing() -> None:
    (step,) = of([orphan()], "orphaned-rancher-binding", [prtb("prtb-1", SHOP, "edit", "User:u-bob")]).steps
    lost = step.effects[0].lost
    assert not lost or "pods" not in str(lost)


def test_a_binding_to_nothing_is_deleted_and_costs_nothing() -> None:
    (step,) = of([binding("dev/b", "gone", "User:u-alice")], "dangling-role-ref").steps
    assert not step.effects[0].lost
    assert step.consent.because
    assert [str(item) for item in step.do.deletes] == ["RoleBinding dev/b"]


def test_only_the_stranger_leaves_a_binding_of_several() -> None:
    (step,) = of([binding("dev/b", "view", "User:u-alice", "User:u-gone")], "unknown-subject").steps
    assert step.action == "restrict"
    (change,) = step.do.changes
    assert [item["name"] for item in change.fields["subjects"]] == ["u-alice"]  # type: ignore[attr-defined]  # JSON
    assert [effect.subject for effect in step.effects] == ["User:u-gone"]


def test_an_extra_binding_in_the_public_namespace() -> None:
    raw = [binding("harvester-public/more", "edit", "User:u-alice")]
    (step,) = planned(estate(raw), rules=("public-namespace-extra-binding",)).steps or (None,)
    assert step is None or [str(item) for item in step.do.deletes] == ["RoleBinding harvester-public/more"]


def test_a_copied_label_is_taken_off_without_consent() -> None:
    labels = {"app.kubernetes.io/managed-by": "virt-operator", "team": "a"}
    raw = [
        binding("dev/b", "view", "User:u-alice", labels=labels),
        obj(RBAC, "ClusterRole", "mine", labels=labels, rules=[]),
    ]
    plan = of(raw, "operator-label-copied")
    assert [step.action for step in plan.steps] == ["relabel", "relabel"]
    assert not any(step.consent.needed for step in plan.steps)
    assert all(
        dict(change.labels) == {"app.kubernetes.io/managed-by": None}
        for step in plan.steps
        for change in step.do.changes
    )
    assert all(
        dict(change.labels) == {"app.kubernetes.io/managed-by": "virt-operator"}
        for step in plan.steps
        for change in step.undo.changes
    )


def test_the_last_administrator_stays() -> None:
    raw = [
        obj(RBAC, "ClusterRole", "boss", rules=[rule("rbac.authorization.k8s.io", "rolebindings", "*")]),
        binding("dev/boss", "boss", "User:u-gone"),
    ]
    plan = of(raw, "unknown-subject")
    assert not plan.steps
    assert "administers dev" in plan.refusals[0].reason
    more = of([*raw, binding("dev/second", "boss", "User:u-alice")], "unknown-subject")
    assert [str(item) for step in more.steps for item in step.do.deletes] == ["RoleBinding dev/boss"]


def test_nor_do_two_steps_take_both() -> None:
    raw = [
        obj(RBAC, "ClusterRole", "boss", rules=[rule("rbac.authorization.k8s.io", "rolebindings", "*")]),
        binding("dev/first", "boss", "User:u-gone"),
        binding("dev/second", "boss", "User:u-lost", "ServiceAccount:dev/ci"),
        binding("dev/third", "boss", "User:u-gone"),
    ]
    plan = of(raw, "unknown-subject")
    touched = [str(item) for step in plan.steps for item in (*step.do.deletes, *(c.target for c in step.do.changes))]
    assert touched == ["RoleBinding dev/first", "RoleBinding dev/third"]
    (refusal,) = plan.refusals
    assert (refusal.object, "administers dev" in refusal.reason) == ("RoleBinding dev/second", True)


def test_an_account_does_not_count_as_an_administrator() -> None:
    raw = [
        obj(RBAC, "ClusterRole", "boss", rules=[rule("rbac.authorization.k8s.io", "rolebindings", "*")]),
        binding("dev/boss", "boss", "User:u-gone"),
        binding("dev/second", "boss", "ServiceAccount:dev/ci"),
    ]
    assert not of(raw, "unknown-subject").steps


def test_what_git_owns_is_left_alone() -> None:
    raw = [binding("dev/b", "gone", "User:u-alice", annotations={"argocd.argoproj.io/tracking-id": "x"})]
    plan = of(raw, "dangling-role-ref")
    assert not plan.steps
    assert "written from elsewhere" in plan.refusals[0].reason


def test_what_is_converted_is_not_removed_as_well() -> None:
    labels = {"app.kubernetes.io/managed-by": "virt-operator"}
    raw = [binding("dev/b", "kubevirt.io:edit", "User:u-alice", labels=labels)]
    plan = planned(estate(raw), rules=("kubevirt-only-binding", "operator-label-copied"))
    assert [step.action for step in plan.steps] == ["convert"]
    assert plan.steps[0].rules == ("kubevirt-only-binding", "operator-label-copied")


def two_models(*, complete: bool) -> Estate:
    """A cluster with bindings of both of Rancher's models; incomplete: the present model's were deleted by hand."""
    bound = [prtb("prtb-1", SHOP, "project-member", "User:u-bob")]
    now, other = estate([], bound), estate([], bound, aggregated=True)
    present = {} if not complete else {item.key: item for item in now.snapshot.cluster("harvester").of(RoleBinding)}
    there = {item.key: item for items in now.snapshot.cluster("harvester").objects.values() for item in items}
    if not complete:
        there = {key: item for key, item in there.items() if not isinstance(item, RoleBinding)}
    left = {
        item.key: item
        for items in other.snapshot.cluster("harvester").objects.values()
        for item in items
        if item.kind in {"RoleBinding", "ClusterRole"}
    }
    merged = Cluster("harvester", {**left, **there, **present}.values(), collected=KINDS)
    return Estate(Snapshot([merged, now.snapshot.cluster("rancher")]))


def test_what_another_model_left_goes_where_the_present_one_gives_the_same() -> None:
    of_two = two_models(complete=True)
    plan = planned(of_two, rules=("both-models-present",))
    assert {target.namespace for step in plan.steps for target in step.do.deletes} == {"dev", "prod"}
    assert not any(effect.lost for step in plan.steps for effect in step.effects)
    assert all(step.rules == ("both-models-present",) and step.consent.needed for step in plan.steps)
    after = Estate(simulate(of_two, view(of_two), plan.steps).after)
    assert not planned(after, rules=("both-models-present",)).steps
    assert not view(after).differences or all(item.fate is not Fate.DOUBLED for item in view(after).differences)


def test_what_another_model_left_stays_where_nothing_else_gives_it() -> None:
    plan = planned(two_models(complete=False), rules=("both-models-present",))
    assert not plan.steps
    assert {item.reason for item in plan.refusals} == {
        "what Rancher's present model should give instead is not there, so access would be lost"
    }


def test_two_ways_to_one_right_are_lost_with_the_second() -> None:
    names = ("User:u-gone",)
    raw = [binding("dev/one", "pods", *names), binding("dev/two", "pods", *names)]
    first, second = of(raw, "unknown-subject").steps
    assert not first.effects[0].lost
    assert second.effects[0].lost[0].rights == ("get, list pods of the core API",)
