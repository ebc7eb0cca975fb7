"""Faults of the API servers, objects that change underneath, and wrong use of apply and rollback."""

import itertools
import json
import os
import time
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace

from rbac_audit.fix import document
from tests.controlplane.plugin import Estate
from tests.controlplane.settle import wait
from tests.fix.plugin import PROPERTY
from tests.fix.proxy import Call, Fate
from tests.fix.stage import QUICK, Sampler, Stage, consent, journal_of, staged, users
from tests.fix.standin import MANAGEMENT, RBAC, rb_name
from tests.fix.worlds import ID, SHOP, binding, obj, rule

pytestmark = [pytest.mark.timeout(300), pytest.mark.no_cover]
PEOPLE = users(2)
# By write of a step (role template, binding, deletion), fault, and whether the write took effect before it.
EVERY_ONE = list(itertools.product(range(3), (429, 500, 503, "cut"), ("before", "after")))
SOME = [(0, "cut", "after"), (1, 429, "before"), (1, "cut", "after"), (2, 500, "after"), (2, "cut", "before")]
PASSING = EVERY_ONE if "FIX_STEPS" in os.environ else SOME


@pytest.fixture(scope="module")
def shared(two_apiservers: Estate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(two_apiservers, tmp_path_factory.mktemp("faults"), len(PEOPLE)) as made:
        yield made


@pytest.fixture
def stage(shared: Stage) -> Iterator[Stage]:
    """The estate as it was at first, whatever the test before did to it."""
    yield shared
    shared.faults.reset()
    shared.standin.paused, shared.standin.delay = False, 0.0
    shared.standin.skipped = set()
    if (journal := journal_of(shared.folder / "plan.yaml")).exists():
        shared.rollback(shared.folder / "plan.yaml")
        journal.unlink()
    wait("bindings are gone", lambda: not shared.management.objects(MANAGEMENT, "ProjectRoleTemplateBinding"))
    for name in shared.templates():
        shared.management.delete(MANAGEMENT, "RoleTemplate", name)
    for user in PEOPLE:
        shared.harvester.put(
            binding(f"dev/raw-{user}", "pod-reader", f"User:{user}", annotations={"note": f"for {user}"})
            | bare_metadata(user)
        )


def bare_metadata(user: str) -> dict[str, object]:
    return {"metadata": {"name": f"raw-{user}", "namespace": "dev", "annotations": {"note": f"for {user}"}}}


def once(matches: Callable[[Call], bool], fate: Fate) -> Callable[[Call], Fate]:
    """Let one request that matches have a fate."""
    left = [fate]

    def script(call: Call) -> Fate:
        return left.pop() if left and matches(call) else None

    return script


def is_write(call: Call) -> bool:
    return call.method in {"POST", "PUT", "DELETE"} and "reviews" not in call.path and "dryRun" not in call.path


def creates(what: str) -> Callable[[Call], bool]:
    return lambda call: is_write(call) and call.method == "POST" and call.path.endswith(what) and call.when == "before"


PRTBS, TEMPLATES = "/projectroletemplatebindings", "/roletemplates"


def deletes(call: Call) -> bool:
    return is_write(call) and call.method == "DELETE" and call.when == "before"


@pytest.mark.parametrize(("number", "fate", "when"), PASSING)
def test_a_passing_fault_of_a_write_is_overcome(
    record_property: Callable[[str, object], None], stage: Stage, fate: Fate, when: str, number: int
) -> None:
    """Also where the write took effect and nobody was told."""
    seen: list[Call] = []

    def script(call: Call) -> Fate:
        if is_write(call) and call.when == when:
            seen.append(call)
            return fate if len(seen) == number + 1 else None
        return None

    plan = stage.plan()
    stage.faults.reset(script)
    with Sampler(stage.harvester, PEOPLE) as sampler:
        ended = stage.apply(plan)
    assert ended.code == 0, ended.text
    assert len(seen) > number
    record_property(PROPERTY, ["faults of a write", 1])
    assert not stage.raw()
    assert stage.members() == set(PEOPLE)
    assert not sampler.refused


@pytest.mark.parametrize(("what", "fate"), [(creates(PRTBS), 422), (creates(TEMPLATES), 403), (deletes, 403)])
def test_a_refused_write_is_taken_back(stage: Stage, fate: int, what: Callable[[Call], bool]) -> None:
    before, plan = stage.raw(), stage.plan()
    stage.faults.reset(once(what, fate))
    with Sampler(stage.harvester, PEOPLE) as sampler:
        ended = stage.apply(plan)
    assert ended.code == 4
    assert f"{fate} made up; step 0001 was taken back" in ended.text
    assert stage.raw() == before
    assert not stage.members()
    assert not stage.templates()
    assert not sampler.refused


def test_a_webhook_that_refuses_the_dry_run_stops_everything_before_it_begins(stage: Stage) -> None:
    before, plan = stage.raw(), stage.plan()
    stage.faults.reset(once(lambda call: "dryRun" in call.path and call.path.startswith("/apis/rbac"), 403))
    ended = stage.apply(plan)
    assert ended.code == 4
    assert stage.raw() == before
    assert not any(is_write(call) for call in stage.faults.calls)


def test_a_duplicate_that_is_not_to_be_seen_is_no_success(stage: Stage) -> None:
    """rancher-webhook answers 409 to a second binding of the same content, under whatever name."""
    before, plan = stage.raw(), stage.plan()
    stage.faults.reset(once(creates(PRTBS), 409))
    ended = stage.apply(plan)
    assert ended.code == 4
    assert "a duplicate of it" in ended.text
    assert stage.raw() == before


def test_an_equal_binding_that_somebody_made_is_used_and_left_at_rollback(stage: Stage) -> None:
    import yaml

    plan = stage.plan()
    made = yaml.safe_load(plan.read_text("utf-8"))["steps"][0]["do"]["creates"]
    for creation in made:
        stage.management.create(creation["manifest"])
    assert stage.apply(plan).code == 0
    assert stage.members() == set(PEOPLE)
    back = stage.rollback(plan)
    journal_of(plan).unlink()
    assert back.code == 0, back.text
    assert len(stage.members()) == 1
    # Bindings first: Rancher's webhook would not let one go without its template.
    for creation in reversed(made):
        metadata = creation["manifest"]["metadata"]
        stage.management.delete(MANAGEMENT, creation["manifest"]["kind"], metadata["name"], metadata.get("namespace"))
        wait("bindings are gone", lambda: not stage.management.objects(MANAGEMENT, "ProjectRoleTemplateBinding"))


def test_something_else_of_the_same_name_is_not_touched(stage: Stage) -> None:
    import yaml

    plan = stage.plan()
    creation = yaml.safe_load(plan.read_text("utf-8"))["steps"][0]["do"]["creates"][-1]
    other = {**creation["manifest"], "roleTemplateName": "read-only"}
    stage.management.create(other)
    before = stage.raw()
    ended = stage.apply(plan)
    metadata = other["metadata"]
    stage.management.delete(MANAGEMENT, other["kind"], metadata["name"], metadata["namespace"])
    wait("bindings are gone", lambda: not stage.management.objects(MANAGEMENT, "ProjectRoleTemplateBinding"))
    assert ended.code == 4
    assert "something else of this name is there" in ended.text
    assert stage.raw() == before


def made_anew(stage: Stage) -> None:
    stage.harvester.delete(RBAC, "RoleBinding", "raw-u-00", "dev")
    stage.harvester.create({**binding("dev/raw-u-00", "pod-reader", "User:u-00"), **bare_metadata("u-00")})


CHANGES: dict[str, Callable[[Stage], object]] = {
    "the binding": lambda stage: stage.harvester.put(
        binding("dev/raw-u-00", "pod-reader", "User:u-00", "User:u-09")
        | {"metadata": {"name": "raw-u-00", "namespace": "dev"}}
    ),
    "only a label of it": lambda stage: stage.harvester.put(
        binding("dev/raw-u-00", "pod-reader", "User:u-00")
        | {"metadata": {"name": "raw-u-00", "namespace": "dev", "labels": {"a": "b"}}}
    ),
    "the same made anew": made_anew,
    "the binding is gone": lambda stage: stage.harvester.delete(RBAC, "RoleBinding", "raw-u-00", "dev"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_stale_plan_does_nothing(stage: Stage, name: str) -> None:
    plan = stage.plan()
    CHANGES[name](stage)
    stage.faults.reset()
    ended = stage.apply(plan)
    assert ended.code == 4
    assert "RoleBinding dev/raw-u-00" in ended.text
    assert "since the plan was made" in ended.text
    assert not any(is_write(call) for call in stage.faults.calls)


def test_a_role_that_grants_more_now_makes_the_plan_stale(stage: Stage) -> None:
    plan = stage.plan()
    role = obj(RBAC, "ClusterRole", "pod-reader")
    rules = stage.harvester.get(RBAC, "ClusterRole", "pod-reader")["rules"]
    stage.harvester.replace(
        {**role, "metadata": {"name": "pod-reader"}, "rules": [*rules, rule("core", "secrets", "get")]}
    )
    ended = stage.apply(plan)
    stage.harvester.replace({**role, "metadata": {"name": "pod-reader"}, "rules": rules})
    assert ended.code == 4
    assert "ClusterRole pod-reader" in ended.text


def test_a_namespace_that_came_into_the_project_makes_the_plan_stale(stage: Stage) -> None:
    plan = stage.plan()
    stage.harvester.put(
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": "late", "annotations": {"field.cattle.io/projectId": SHOP}},
        }
    )
    ended = stage.apply(plan)
    stage.harvester.replace({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "late", "annotations": {}}})
    assert ended.code == 4
    assert "namespace late came into the project" in ended.text


def test_a_feature_that_was_switched_makes_the_plan_stale(stage: Stage) -> None:
    plan = stage.plan()
    feature = stage.management.get(MANAGEMENT, "Feature", "aggregated-roletemplates")
    stage.management.replace({**feature, "spec": {"value": True}})
    ended = stage.apply(plan)
    stage.management.replace({**feature, "spec": {"value": False}})
    assert ended.code == 4
    assert "Feature aggregated-roletemplates" in ended.text


def test_a_binding_that_changes_at_the_last_moment_is_not_deleted(stage: Stage) -> None:
    plan = stage.plan()

    def script(call: Call) -> Fate:
        if deletes(call):
            stage.faults.script = lambda _: None
            CHANGES["only a label of it"](stage)
        return None

    stage.faults.reset(script)
    with Sampler(stage.harvester, PEOPLE) as sampler:
        ended = stage.apply(plan)
    assert ended.code == 4
    assert "raw-u-00" in stage.raw()
    assert not stage.members()
    assert not sampler.refused


def test_nothing_is_deleted_before_rancher_has_made_all_bindings(stage: Stage) -> None:
    before, plan = stage.raw(), stage.plan()
    stage.standin.skipped = {"prod"}
    ended = stage.run("fix", "apply", plan, "--yes", "--settle", "0.05", "--deadline", "1", *stage.connection())
    assert ended.code == 4
    assert "Rancher did not make it in time: u-00 has no binding to rbac-audit-" in ended.text
    assert "in prod" in ended.text
    assert stage.raw() == before
    assert not stage.members()


def test_a_slow_rancher_is_waited_for_also_in_a_namespace_that_comes_meanwhile(stage: Stage) -> None:
    plan = stage.plan()
    stage.standin.paused = True
    wait = stage.start("fix", "apply", plan, *QUICK, *stage.connection())
    end = time.monotonic() + 15
    while not stage.members() and time.monotonic() < end:
        time.sleep(0.02)
    stage.harvester.put(
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": "late", "annotations": {"field.cattle.io/projectId": SHOP}},
        }
    )
    time.sleep(0.3)
    assert set(stage.raw()) == {"raw-u-00", "raw-u-01"}
    stage.standin.paused = False
    ended = wait()
    late = {item["subjects"][0]["name"] for item in stage.harvester.objects(RBAC, "RoleBinding", "late")}
    stage.harvester.replace({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "late", "annotations": {}}})
    assert "u-00" in late
    # The next step is of a plan that did not know of the namespace.
    assert ended.code == 4
    assert "namespace late came into the project" in ended.text
    assert set(stage.raw()) == {"raw-u-01"}


def test_a_name_that_is_taken_after_the_plan_stops_the_step(stage: Stage) -> None:
    import yaml

    plan = stage.plan()
    before = stage.raw()
    role = yaml.safe_load(plan.read_text("utf-8"))["steps"][0]["expect"][0]["legacy"][0]
    name = rb_name("prod", role, "User", "u-00")
    stage.harvester.create(
        {**binding("prod/x", "pod-reader", "User:u-09"), "metadata": {"name": name, "namespace": "prod"}}
    )
    ended = stage.run("fix", "apply", plan, "--yes", "--settle", "0.05", "--deadline", "1", *stage.connection())
    stage.harvester.delete(RBAC, "RoleBinding", name, "prod")
    assert ended.code == 4
    assert stage.raw() == before


def test_two_applies_at_once(stage: Stage) -> None:
    plan = stage.plan()
    stage.standin.paused = True
    wait = stage.start("fix", "apply", plan, *QUICK, *stage.connection())
    end = time.monotonic() + 15
    while not stage.members() and time.monotonic() < end:
        time.sleep(0.02)
    other = stage.other("fix", "apply", plan, "--resume", *QUICK, *stage.connection())
    stage.standin.paused = False
    assert wait().code == 0
    assert other.code == 2
    assert "another run of rbac-audit fix has it open" in other.text


def test_without_consent_nothing_is_done(stage: Stage) -> None:
    plan = stage.plan()
    consent(plan, given=False)
    stage.faults.reset()
    ended = stage.apply(plan)
    assert ended.code == 2
    assert "no step of it may be applied" in ended.text
    assert not stage.faults.calls


def test_some_steps_first_and_the_others_later(stage: Stage) -> None:
    plan = stage.plan()
    consent(plan, given=False, only="0001")
    ended = stage.apply(plan)
    assert ended.code == 1
    assert "left out, as they need consent: 0001" in ended.text
    assert set(stage.raw()) == {"raw-u-00"}
    consent(plan, given=True)
    assert "say --resume" in stage.apply(plan).text
    assert stage.apply(plan, "--resume").code == 0
    assert not stage.raw()


def test_only_and_max_changes(stage: Stage) -> None:
    plan = stage.plan()
    refused = stage.apply(plan, "--max-changes", "5")
    assert refused.code == 2
    assert "the plan has 6" in refused.text
    assert "the plan has no such step" in stage.apply(plan, "--only", "0009").text
    assert stage.apply(plan, "--only", "0002", "--max-changes", "3").code == 0
    assert set(stage.raw()) == {"raw-u-00"}


def test_without_a_terminal_it_wants_yes(stage: Stage) -> None:
    plan = stage.plan()
    ended = stage.run("fix", "apply", plan, *stage.connection())
    assert ended.code == 2
    assert "say --yes" in ended.text


def test_a_rolled_back_plan_is_not_applied_again(stage: Stage) -> None:
    plan = stage.plan()
    assert stage.apply(plan).code == 0
    assert stage.rollback(plan).code == 0
    again = stage.apply(plan, "--resume")
    assert again.code == 2
    assert "was rolled back" in again.text


def test_an_edited_plan_does_not_go_on_with_the_old_journal(stage: Stage) -> None:
    plan = stage.plan()
    assert stage.apply(plan, "--only", "0001").code == 0
    text = plan.read_text("utf-8")
    other = replace(document.read(text, "plan.yaml"), digest="of another snapshot")
    plan.write_text(document.write(other), "utf-8")
    ended = stage.apply(plan, "--resume")
    plan.write_text(text, "utf-8")
    assert ended.code == 2
    assert "it is of another plan" in ended.text


def test_rollback_leaves_what_somebody_changed(stage: Stage) -> None:
    plan = stage.plan()
    assert stage.apply(plan).code == 0
    mine = binding("dev/raw-u-00", "pod-reader", "User:u-00", "User:u-09") | {
        "metadata": {"name": "raw-u-00", "namespace": "dev"}
    }
    stage.harvester.create(mine)
    back = stage.rollback(plan)
    assert back.code == 4
    assert "left alone: RoleBinding dev/raw-u-00 on harvester: something else of its name is there now" in back.text
    assert stage.members() == {"u-00"}
    stage.harvester.delete(RBAC, "RoleBinding", "raw-u-00", "dev")
    assert stage.rollback(plan).code == 0
    assert not stage.members()


def test_a_role_template_that_somebody_uses_stays(stage: Stage) -> None:
    plan = stage.plan()
    assert stage.apply(plan).code == 0
    (name,) = stage.templates()
    other = {
        "apiVersion": MANAGEMENT,
        "kind": "ProjectRoleTemplateBinding",
        "metadata": {"name": "mine", "namespace": f"{ID}-p-shop"},
        "projectName": SHOP,
        "roleTemplateName": name,
        "userName": "u-09",
    }
    stage.management.create(other)
    back = stage.rollback(plan)
    assert back.code == 4
    assert "projectroletemplatebindings mine uses it" in back.text
    assert stage.templates() == {name}
    stage.management.delete(MANAGEMENT, "ProjectRoleTemplateBinding", "mine", f"{ID}-p-shop")
    journal = journal_of(plan)
    assert stage.rollback(plan).code == 0
    assert not stage.templates()
    ended = [json.loads(line)["event"] for line in journal.read_text("utf-8").splitlines()[-2:]]
    assert ended == ["rolled-back", "end"]


def test_the_journal_is_for_its_owner_only_and_holds_no_token(stage: Stage) -> None:
    plan = stage.plan()
    assert stage.apply(plan).code == 0
    journal = journal_of(plan)
    assert journal.stat().st_mode & 0o077 == 0
    tokens = json.loads(stage.config.read_text("utf-8"))["users"]
    assert not any(user["user"]["token"] in journal.read_text("utf-8") for user in tokens)
