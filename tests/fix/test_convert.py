"""Which role template raw bindings become, and what is left of them."""

import base64
import hashlib

import msgspec
import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.fix.plan import Plan, Step
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import KINDS
from tests.fix.worlds import (
    DEVS,
    KUBEVIRT,
    LAB,
    ROLES,
    SHOP,
    Raw,
    binding,
    estate,
    obj,
    objects,
    planned,
    prtb,
    rule,
    template,
)

MODELS = pytest.mark.parametrize("aggregated", [False, True], ids=["legacy", "aggregated"])


def only(plan: Plan) -> Step:
    assert len(plan.steps) == 1, [step.title for step in plan.steps]
    return plan.steps[0]


def created(step: Step) -> list[tuple[object, object]]:
    return [(item.manifest["kind"], item.manifest.get("roleTemplateName")) for item in step.do.creates]


def rules_of(step: Step) -> set[tuple[str, str, str]]:
    found = next(item.manifest for item in step.do.creates if item.manifest["kind"] == "RoleTemplate")
    rules = found["rules"]
    assert isinstance(rules, list)
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@MODELS
@pytest.mark.parametrize("allow", ["none", "same-project", "listed"])
def test_the_same_role_is_taken_where_rancher_has_a_template_of_it(allow: str, aggregated: bool) -> None:
    step = only(planned(estate([binding("dev/b", "edit", "User:u-alice")], aggregated=aggregated), allow))
    assert created(step) == [("ProjectRoleTemplateBinding", "edit")]
    (wanted,) = step.expect
    assert (wanted.legacy, wanted.aggregated, wanted.namespaces) == (("edit",), ("edit",), ("dev", "prod"))


def test_the_binding_says_whom_where_and_why() -> None:
    step = only(planned(estate([binding("dev/b", "edit", "User:u-alice")])))
    (made,) = step.do.creates
    hashed = base64.b32encode(hashlib.sha256(b"local://u-alice/edit/c-m-abcd1234:p-shop").digest())
    assert made.cluster == "rancher"
    assert made.manifest == {
        "apiVersion": "management.cattle.io/v3",
        "kind": "ProjectRoleTemplateBinding",
        "metadata": {
            "name": f"prtb-{hashed.decode().lower()[:10]}",
            "namespace": "c-m-abcd1234-p-shop",
            "annotations": {"rbac-audit/replaces": "RoleBinding dev/b"},
        },
        "projectName": SHOP,
        "roleTemplateName": "edit",
        "userName": "u-alice",
        "userPrincipalName": "local://u-alice",
    }


def test_a_name_is_the_one_that_the_webhook_would_give() -> None:
    """The vector of the webhook's mutator: local://u-abc12, project-member, c-m-abcd1234:p-x1y2z."""
    from rbac_audit.fix.objects import project_binding
    from rbac_audit.rancher.people import Person
    from rbac_audit.rancher.projects import ProjectInfo
    from rbac_audit.snapshot.objects import Subject

    person = Person("u-abc12", "", "", True, False, ("local://u-abc12", "x_user://1"), (), "", "")
    project = ProjectInfo("c-m-abcd1234:p-x1y2z", "", False, False, True, "backing", ())
    made = project_binding(Subject(kind="User", name="u-abc12"), person, project, "project-member", ())
    metadata = made["metadata"]
    assert isinstance(metadata, dict)
    assert metadata["name"] == "prtb-lbkuwnhmsr"


def test_a_group_is_bound_by_its_principal() -> None:
    step = only(planned(estate([binding("dev/b", "edit", f"Group:{DEVS}")])))
    (made,) = step.do.creates
    assert (made.manifest["groupPrincipalName"], made.manifest.get("userName")) == (DEVS, None)


@pytest.mark.parametrize(
    ("allow", "chosen"),
    [("none", "rbac-audit-"), ("same-project", "rbac-audit-"), ("listed", "edit")],
)
def test_the_policy_decides_between_an_existing_template_and_an_exact_one(allow: str, chosen: str) -> None:
    """`edit` adds Secrets of the project on the management cluster, which only `listed` lets pass."""
    step = only(planned(estate([binding("dev/b", "kubevirt.io:edit", "User:u-alice")]), allow, KUBEVIRT))
    assert str(created(step)[-1][1]).startswith(chosen)


def test_the_least_of_those_that_are_enough_is_chosen() -> None:
    plan = planned(estate([binding("dev/b", "pods", "User:u-alice")]), "same-project")
    step = only(plan)
    assert created(step) == [("ProjectRoleTemplateBinding", "pods-and-more")]
    by_name = {item.role_template: item for item in step.candidates}
    assert by_name["pods-and-more"].chosen
    assert by_name["pods-and-more"].surplus == ("delete pods of the core API",)
    assert by_name["edit"].adds > by_name["view"].adds > by_name["pods-and-more"].adds == 1 + 3
    assert "locked" not in by_name, "nobody can bind it"


def test_one_that_gives_rights_on_the_whole_cluster_is_the_last_choice() -> None:
    few = template("a-few", [rule("core", "pods", "get,list"), rule("core", "nodes", "get")])
    step = only(planned(estate([binding("dev/b", "pods", "User:u-alice")], [few]), "listed"))
    assert created(step) == [("ProjectRoleTemplateBinding", "pods-and-more")]
    adds = {item.role_template: item.adds for item in step.candidates}
    assert adds.get("a-few", 0) < adds["pods-and-more"], "else it proves nothing"


def test_an_exact_template_holds_just_what_was_held() -> None:
    step = only(planned(estate([binding("dev/b", "kubevirt.io:edit", "User:u-alice")]), rules=KUBEVIRT))
    vms = ("virtualmachines", "virtualmachineinstances")
    verbs = ("get", "list", "watch", "create", "update")
    assert rules_of(step) == {
        *(("kubevirt.io", vm, verb) for vm in vms for verb in verbs),
        ("subresources.kubevirt.io", "virtualmachineinstances/vnc", "get"),
        ("migrations.kubevirt.io", "migrationpolicies", "get"),
    }
    assert [item.manifest["kind"] for item in step.do.creates] == ["RoleTemplate", "ProjectRoleTemplateBinding"]
    assert [str(item) for item in step.undo.deletes][-1].startswith("RoleTemplate")


def test_an_exact_template_has_the_same_name_wherever_it_is_needed() -> None:
    raw = [binding("dev/a", "kubevirt.io:edit", "User:u-alice"), binding("lab/b", "kubevirt.io:edit", "User:u-bob")]
    plan = planned(estate(raw), rules=KUBEVIRT)
    names = {str(created(step)[-1][1]) for step in plan.steps}
    assert len(plan.steps) == 2
    assert len(names) == 1


POD_RULES = ROLES["pods"]


def exact(*bound: Raw, user: str = "u-bob") -> tuple[Step, str]:
    """The step for a user whose rights no template but an exact one has, and the template that is taken."""
    step = only(planned(estate([binding("dev/b", "pods", f"User:{user}")], bound)))
    return step, str(step.do.creates[-1].manifest["roleTemplateName"])


def test_an_exact_template_of_an_earlier_plan_is_taken() -> None:
    first, name = exact(user="u-alice")
    assert [str(target) for target in first.undo.deletes][-1] == f"RoleTemplate {name}"
    step, again = exact(template(name, POD_RULES))
    assert again == name
    assert [kind for kind, _ in created(step)] == ["ProjectRoleTemplateBinding"]
    assert f"RoleTemplate {name}" in {str(item.target) for item in step.preconditions}
    assert not any(str(item).startswith("RoleTemplate") for item in step.undo.deletes)


@pytest.mark.parametrize(
    "edited",
    [
        {"rules": [rule("core", "pods", "get")]},
        {"rules": [rule("core", "pods", "get,list,delete")]},
        {"rules": POD_RULES, "roleTemplateNames": ["edit"]},
        {"rules": POD_RULES, "locked": True},
        {"rules": POD_RULES, "external": True},
        {"rules": POD_RULES, "context": "cluster"},
    ],
    ids=["narrower", "wider", "inheriting", "locked", "external", "of clusters"],
)
def test_one_that_was_changed_since_is_not(edited: Raw) -> None:
    _, name = exact()
    there = template(name) | edited
    step, other = exact(there)
    assert other != name
    assert [str(target) for target in step.undo.deletes][-1] == f"RoleTemplate {other}"
    assert step.do.creates[0].manifest["rules"] == [
        {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}
    ]
    # Nor is the next one, when that was changed too; nor does any of it depend on when the plan is made.
    third = exact(there, template(other, [rule("core", "pods", "get")]))[1]
    assert third not in {name, other}
    assert exact(there)[1] == other
    assert exact(there, template(other, POD_RULES))[1] == other


def test_an_exact_template_inherits_the_role_that_is_held_beside_others() -> None:
    raw = [binding("dev/a", "view", "User:u-alice"), binding("dev/b", "kubevirt.io:edit", "User:u-alice")]
    step = only(planned(estate(raw)))
    made = next(item.manifest for item in step.do.creates if item.manifest["kind"] == "RoleTemplate")
    assert made["roleTemplateNames"] == ["view"]
    assert ("core", "secrets", "get") not in rules_of(step)


def test_what_rancher_would_turn_into_cluster_wide_rights_is_not_carried_over() -> None:
    step = only(planned(estate([binding("dev/b", "nodes-and-pods", "User:u-alice")])))
    assert rules_of(step) == {("", "pods", "get"), ("", "pods", "create"), ("", "namespaces", "get")}
    assert {gain.reach for gain in step.effects[0].gained} == {"project", "standing"}


def test_a_role_of_the_namespace_becomes_a_template() -> None:
    step = only(planned(estate([binding("dev/b", "console", "User:u-alice", kind="Role")])))
    assert rules_of(step) == {("subresources.kubevirt.io", "virtualmachineinstances/vnc", "get")}


def test_bindings_of_one_subject_in_one_project_are_merged() -> None:
    raw = [
        binding("dev/a", "kubevirt.io:view", "User:u-alice"),
        binding("prod/b", "kubevirt.io:edit", "User:u-alice"),
        binding("lab/c", "kubevirt.io:edit", "User:u-alice"),
    ]
    plan = planned(estate(raw), rules=KUBEVIRT)
    assert [[str(item) for item in step.do.deletes] for step in plan.steps] == [
        ["RoleBinding dev/a", "RoleBinding prod/b"],
        ["RoleBinding lab/c"],
    ]
    assert len(plan.steps[0].do.creates) == 2
    assert [kept.namespaces for kept in plan.steps[0].effects[0].kept] == [("dev",), ("prod",)]


def test_bindings_that_share_subjects_are_one_step() -> None:
    raw = [
        binding("dev/a", "edit", "User:u-alice", "User:u-bob"),
        binding("dev/b", "view", "User:u-bob", "User:u-carol"),
    ]
    step = only(planned(estate(raw)))
    assert [item.manifest["userName"] for item in step.do.creates if "userName" in item.manifest] == [
        "u-alice",
        "u-bob",
        "u-carol",
    ]


def test_who_cannot_move_stays_in_the_binding() -> None:
    raw = [binding("dev/a", "kubevirt.io:edit", "User:u-alice", "ServiceAccount:dev/ci")]
    plan = planned(estate(raw), rules=KUBEVIRT)
    step = only(plan)
    (change,) = step.do.changes
    assert not step.do.deletes
    assert change.fields == {"subjects": [{"kind": "ServiceAccount", "name": "ci", "namespace": "dev"}]}
    back = step.undo.changes[0].fields["subjects"]
    assert isinstance(back, list)
    assert len(back) == 2
    assert [(refusal.object, refusal.subject) for refusal in plan.refusals] == [
        ("RoleBinding dev/a", "ServiceAccount:dev/ci")
    ]


@MODELS
def test_who_is_a_member_with_enough_only_loses_the_raw_binding(aggregated: bool) -> None:
    raw = [binding("dev/a", "kubevirt.io:edit", "User:u-alice")]
    member = [prtb("prtb-1", SHOP, "project-member", "User:u-alice")]
    step = only(planned(estate(raw, member, aggregated=aggregated)))
    assert not step.do.creates
    assert not step.consent.needed
    assert [str(item) for item in step.do.deletes] == ["RoleBinding dev/a"]


@MODELS
def test_a_membership_that_is_being_deleted_is_none(aggregated: bool) -> None:
    raw = [binding("dev/a", "edit", "User:u-alice")]
    member = prtb("prtb-1", SHOP, "edit", "User:u-alice")
    made = estate(raw, [member], aggregated=aggregated)
    metadata = member["metadata"]
    assert isinstance(metadata, dict)
    metadata |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["x/y"]}
    (leaving,) = objects([member])
    items = [
        leaving if item.key == leaving.key else item
        for items in made.snapshot.cluster("rancher").objects.values()
        for item in items
    ]
    going = Estate(Snapshot([made.snapshot.cluster("harvester"), Cluster("rancher", items, collected=KINDS)]))
    step = only(planned(going))
    assert created(step) == [("ProjectRoleTemplateBinding", "edit")]


def test_a_membership_of_another_project_is_not_enough() -> None:
    raw = [binding("dev/a", "kubevirt.io:edit", "User:u-alice")]
    step = only(planned(estate(raw, [prtb("prtb-1", LAB, "project-member", "User:u-alice")])))
    assert len(step.do.creates) == 2


def test_rights_through_a_group_do_not_replace_those_of_the_person() -> None:
    raw = [binding("dev/a", "edit", "User:u-carol")]
    step = only(planned(estate(raw, [prtb("prtb-1", SHOP, "edit", f"Group:{DEVS}")])))
    assert created(step) == [("ProjectRoleTemplateBinding", "edit")]


@MODELS
def test_a_user_with_a_namespace_is_that_user(aggregated: bool) -> None:
    """The API server does not look at it: two spellings are one person, who may be a member already."""
    other = binding("dev/b", "kubevirt.io:view", "User:u-alice", f"Group:{DEVS}")
    for who in other["subjects"]:  # type: ignore[attr-defined]  # JSON
        who["namespace"] = "dev"
    raw = [binding("dev/a", "pods", "User:u-alice"), other]
    step = only(planned(estate(raw, aggregated=aggregated)))
    assert [effect.subject for effect in step.effects] == [f"Group:{DEVS}", "User:u-alice"]
    names = [(item.manifest.get("userName"), item.manifest.get("groupPrincipalName")) for item in step.do.creates]
    assert [pair for pair in names if any(pair)] == [(None, DEVS), ("u-alice", None)]
    member = [prtb("prtb-1", SHOP, "project-member", "User:u-alice")]
    step = only(planned(estate(raw, member, aggregated=aggregated)))
    assert "User:u-alice (keeps what it has)" in step.title


@MODELS
def test_a_name_that_rancher_wants_to_give_blocks_the_step(aggregated: bool) -> None:
    """The name is that of a RoleBinding in prod to ClusterRole edit for User u-alice."""
    from rbac_audit.rancher.naming import role_binding_name

    clash = role_binding_name("prod", "ClusterRole", "edit", "User", "u-alice")
    raw = [binding("dev/a", "edit", "User:u-alice"), binding(f"prod/{clash}", "view", "User:u-bob")]
    plan = planned(estate(raw, aggregated=aggregated), objects=("RoleBinding dev/a",))
    assert not plan.steps
    assert clash in plan.refusals[0].reason


def test_everything_that_the_step_relies_on_is_held() -> None:
    step = only(planned(estate([binding("dev/b", "edit", "User:u-alice")])))
    held = {str(item.target): (item.uid, item.resource_version) for item in step.preconditions}
    assert held == {
        "RoleBinding dev/b": ("uid-RoleBinding-dev-b", "7"),
        "ClusterRole edit": ("", ""),
        "Namespace dev": ("", ""),
        "Namespace prod": ("", ""),
        "Project c-m-abcd1234/p-shop": ("", ""),
        "Feature aggregated-roletemplates": ("", ""),
        "User u-alice": ("", ""),
        "RoleTemplate edit": ("", ""),
    }
    assert all(len(item.content) == 64 for item in step.preconditions)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"objects": ("RoleBinding dev/a",)}, ["dev/a"]),
        ({"subjects": ("User:u-bob",)}, ["dev/b", "lab/c"]),
        ({"projects": (LAB,)}, ["lab/c"]),
        ({"subjects": ("User:u-bob",), "projects": (SHOP,)}, ["dev/b"]),
        ({}, ["dev/a", "dev/b", "lab/c"]),
    ],
)
def test_selections(selection: dict[str, tuple[str, ...]], expected: list[str]) -> None:
    raw = [
        binding("dev/a", "edit", "User:u-alice"),
        binding("dev/b", "edit", "User:u-bob"),
        binding("lab/c", "edit", "User:u-bob"),
    ]
    plan = planned(
        estate(raw, [prtb("prtb-1", SHOP, "edit", "User:u-carol")]),
        objects=selection.get("objects", ()),
        subjects=selection.get("subjects", ()),
        projects=selection.get("projects", ()),
    )
    found = [f"{item.namespace}/{item.name}" for step in plan.steps for item in step.do.deletes]
    assert sorted(found) == expected
    assert not plan.refusals


def test_a_finding_about_a_whole_project_means_all_its_bindings() -> None:
    raw = [binding("dev/a", "edit", "User:u-alice"), binding("prod/b", "view", "User:u-bob")]
    plan = planned(estate(raw), rules=("raw-binding",))
    assert [str(item) for step in plan.steps for item in step.do.deletes] == ["RoleBinding dev/a", "RoleBinding prod/b"]
    assert all(step.rules == ("raw-binding",) for step in plan.steps)


def test_findings_of_a_rule_can_be_narrowed() -> None:
    raw = [binding("dev/a", "kubevirt.io:edit", "User:u-alice"), binding("lab/c", "kubevirt.io:edit", "User:u-bob")]
    plan = planned(estate(raw), rules=KUBEVIRT, projects=(LAB,))
    assert [str(item) for step in plan.steps for item in step.do.deletes] == ["RoleBinding lab/c"]


def test_a_changed_template_makes_another_hash() -> None:
    from rbac_audit.fix.objects import content_hash

    one, other, same = objects(
        [
            template("t", [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]),
            template("t", [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]),
            template("t", [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}], annotations={"x": "y"}),
        ]
    )
    assert content_hash(one) != content_hash(other)
    assert content_hash(one) == content_hash(same)


def test_a_changed_binding_makes_another_hash() -> None:
    from rbac_audit.fix.objects import content_hash

    (one,) = objects([binding("dev/a", "edit", "User:u-alice")])
    for change in ({"labels": {"x": "y"}}, {"finalizers": ["x/y"]}):
        (other,) = objects([binding("dev/a", "edit", "User:u-alice", **change)])
        assert content_hash(one) != content_hash(other)
    moved = msgspec.structs.replace(one, metadata=msgspec.structs.replace(one.metadata, resource_version="8"))
    assert content_hash(one) == content_hash(moved)


def test_a_role_that_an_operator_fills_is_the_same_in_another_order() -> None:
    from rbac_audit.fix.objects import content_hash
    from tests.fix.worlds import RBAC, ROLES

    rules = ROLES["view"]
    one, other = objects([obj(RBAC, "ClusterRole", "r", rules=rules), obj(RBAC, "ClusterRole", "r", rules=rules[::-1])])
    assert content_hash(one) == content_hash(other)
