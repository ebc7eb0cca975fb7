"""What others do while an apply runs: another apply, Rancher, people, and a network that is too slow."""

import shutil
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest
import yaml

from rbac_audit.fix import document
from rbac_audit.fix.apply.checks import Waiting
from rbac_audit.fix.apply.run import Run
from rbac_audit.fix.apply.server import Server
from rbac_audit.fix.journal import Journal
from rbac_audit.sources.live.kubeconfig import read_kubeconfig
from rbac_audit.sources.live.limits import Limits
from rbac_audit.sources.live.ways import Paces, connect
from tests.controlplane.connections import Object
from tests.controlplane.plugin import Estate
from tests.controlplane.settle import wait
from tests.fix.plugin import PROPERTY
from tests.fix.proxy import Call, Fate
from tests.fix.stage import QUICK, Sampler, Stage, journal_of, staged, users
from tests.fix.standin import LEGACY, MANAGEMENT, RBAC, rb_name
from tests.fix.worlds import ID, SHOP, binding, obj

pytestmark = [pytest.mark.timeout(300), pytest.mark.no_cover]
PRTB = "ProjectRoleTemplateBinding"
PEOPLE = users(2)


@pytest.fixture
def stage(two_apiservers: Estate, tmp_path: Path) -> Iterator[Stage]:
    with staged(two_apiservers, tmp_path, len(PEOPLE)) as made:
        yield made


def is_write(call: Call) -> bool:
    return call.method in {"POST", "PUT", "DELETE"} and "reviews" not in call.path and "dryRun" not in call.path


def bindings(stage: Stage) -> list[Object]:
    return stage.management.objects(MANAGEMENT, PRTB)


def test_two_copies_of_a_plan_are_not_applied_at_once(stage: Stage) -> None:
    """The second has a journal of its own, and would take away in its undo what the first relies on."""
    plan = stage.plan()
    (stage.folder / "copy").mkdir()
    copy = Path(shutil.copy(plan, stage.folder / "copy/plan.yaml"))
    stage.standin.paused = True
    with Sampler(stage.harvester, PEOPLE) as sampler:
        ended = stage.start("fix", "apply", plan, *QUICK, *stage.connection())
        wait("the first has begun", lambda: bool(stage.members()))
        other = stage.other("fix", "apply", copy, *QUICK, *stage.connection())
        assert other.code == 4
        assert "another apply of this plan made it; step 0001 was taken back" in other.text
        stage.standin.paused = False
        assert ended().code == 0
        assert stage.rollback(copy).code == 0
    assert not stage.raw()
    assert stage.members() == set(PEOPLE)
    assert not sampler.refused
    assert stage.rollback(plan).code == 0
    assert len(stage.raw()) == len(PEOPLE)


def test_a_namespace_that_is_moved_between_two_steps_stops_before_the_second(stage: Stage) -> None:
    plan = stage.plan()

    def script(call: Call) -> Fate:
        if is_write(call) and call.method == "DELETE" and call.when == "after":
            stage.faults.script = lambda _: None
            place(stage, "prod", f"{ID}:p-other")
        return None

    stage.faults.reset(script)
    with Sampler(stage.harvester, PEOPLE) as sampler:
        ended = stage.apply(plan)
    assert ended.code == 4
    assert "Namespace prod at harvester: it has changed since the plan was made" in ended.text
    assert set(stage.raw()) == {"raw-u-01"}
    assert stage.members() == {"u-00"}
    assert not sampler.refused
    place(stage, "prod", SHOP)
    assert stage.apply(plan, "--resume").code == 0


@pytest.fixture
def aggregated(two_apiservers: Estate, tmp_path: Path) -> Iterator[Stage]:
    with staged(two_apiservers, tmp_path, len(PEOPLE), aggregated=True) as made:
        yield made


def bound(namespace: str, role: str, name: str, **labels: str) -> Object:
    made = binding(f"{namespace}/{name}", role, "User:u-00")
    return {**made, "metadata": {"name": name, "namespace": namespace, "labels": labels}}


def stopped(stage: Stage, plan: Path) -> str:
    """An apply that waits in vain, and nobody loses anything."""
    before = stage.raw()
    with Sampler(stage.harvester, PEOPLE) as sampler:
        ended = stage.run("fix", "apply", plan, *QUICK, "--deadline", "1", *stage.connection())
    assert ended.code == 4
    assert stage.raw() == before
    assert not stage.members()
    assert not sampler.refused
    return ended.text


def test_late_bindings_of_the_legacy_model_do_not_count_in_the_aggregated_one(aggregated: Stage) -> None:
    """Its namespace handler still makes them, with the same rights, and the other handler deletes them later."""
    plan = aggregated.plan()
    role = yaml.safe_load(plan.read_text("utf-8"))["steps"][0]["expect"][0]["legacy"][0]
    aggregated.standin.skipped = {"dev", "prod"}
    for namespace in ("dev", "prod"):
        name = rb_name(namespace, role, "User", "u-00")
        aggregated.harvester.create(bound(namespace, role, name, **{LEGACY: f"{ID}-p-shop_x"}))
    assert f"u-00 has no binding to {role}-aggregator in dev" in stopped(aggregated, plan)


def test_a_name_clash_that_stops_all_later_namespaces(aggregated: Stage) -> None:
    """A foreign binding of the wanted name in the first is never adopted, though its content is the wanted one."""
    plan = aggregated.plan()
    role = yaml.safe_load(plan.read_text("utf-8"))["steps"][0]["expect"][0]["aggregated"][0]
    aggregated.harvester.create(bound("dev", role, rb_name("dev", role, "User", "u-00")))
    assert f"u-00 has no binding to {role} in prod" in stopped(aggregated, plan)


def test_a_rollback_says_what_rancher_has_not_let_go_of(stage: Stage) -> None:
    plan = stage.plan()
    assert stage.apply(plan).code == 0
    stage.standin.paused = True
    back = stage.run("fix", "rollback", journal_of(plan), *QUICK, "--deadline", "1", *stage.connection())
    assert back.code == 4
    assert "is still being deleted" in back.text
    assert len(stage.raw()) == len(PEOPLE)
    assert stage.templates()
    stage.standin.paused = False
    assert stage.rollback(plan).code == 0
    assert not stage.templates()


def place(stage: Stage, namespace: str, project: str) -> None:
    annotations = {"field.cattle.io/projectId": project}
    head = {"apiVersion": "v1", "kind": "Namespace"}
    stage.harvester.replace({**head, "metadata": {"name": namespace, "annotations": annotations}})


def test_a_duplicate_that_rancher_removes_takes_nobody_anything(stage: Stage) -> None:
    """Somebody made the same binding under another name; the controller keeps the older one and deletes ours."""
    plan = stage.plan()
    creates = yaml.safe_load(plan.read_text("utf-8"))["steps"][0]["do"]["creates"]
    for creation in creates:
        metadata = {key: value for key, value in creation["manifest"]["metadata"].items() if key != "annotations"}
        if creation["manifest"]["kind"] == PRTB:
            # Its creation time is in whole seconds, and ours must be later.
            metadata["name"] = "a-colleague-made-it"
        stage.management.create({**creation["manifest"], "metadata": metadata})
    time.sleep(1.1)
    before = stage.raw()
    with Sampler(stage.harvester, PEOPLE) as sampler:
        ended = stage.apply(plan)
        assert ended.code == 0, ended.text
        wait("Rancher has removed the duplicate", lambda: len(bindings(stage)) == len(PEOPLE))
        assert stage.standin.deduplicated
        back = stage.rollback(plan)
        assert back.code == 0, back.text
    assert not sampler.refused
    assert stage.raw() == before
    assert [item["metadata"]["name"] for item in bindings(stage)] == ["a-colleague-made-it"]


def test_rancher_is_restarted_while_it_is_waited_for(stage: Stage) -> None:
    plan = stage.plan()
    stage.standin.delay = 0.3
    stage.standin.paused = True
    with Sampler(stage.harvester, PEOPLE) as sampler:
        ended = stage.start("fix", "apply", plan, *QUICK, *stage.connection())
        wait("it waits", lambda: "waiting" in stage.said())
        stage.standin.restart()
        stage.standin.paused = False
        assert ended().code == 0
    assert not stage.raw()
    assert not sampler.refused


def test_rancher_adds_the_principal_of_a_user_and_a_resumed_apply_knows_its_binding(stage: Stage) -> None:
    """A user whose principal does not end in the name: the field is empty until the controller fills it."""
    person = obj(MANAGEMENT, "User", "u-00", username="u-00", principalIds=["github_user://7"])
    stage.management.put(person | {"metadata": {"name": "u-00"}})
    plan = stage.plan()
    made = yaml.safe_load(plan.read_text("utf-8"))["steps"][0]["do"]["creates"][-1]["manifest"]
    assert not made.get("userPrincipalName")

    def script(call: Call) -> Fate:
        if "subjectaccessreviews" in call.path:
            stage.kill()
            return "cut"
        return None

    stage.faults.reset(script)
    assert stage.apply(plan).code < 0
    (there,) = bindings(stage)
    assert there["userPrincipalName"] == "local://u-00"
    stage.faults.reset()
    ended = stage.apply(plan, "--resume")
    assert ended.code == 0, ended.text
    back = stage.rollback(plan)
    assert back.code == 0, back.text
    assert not stage.members()
    assert len(stage.raw()) == len(PEOPLE)


@pytest.mark.parametrize(("number", "when"), list(product(range(3), ("before", "after"))))
def test_a_write_that_nobody_answers_in_time(
    stage: Stage, number: int, when: str, record_property: Callable[[str, object], None]
) -> None:
    """Every write once: it is sent again while the first is still on its way, and takes effect late, or has done so."""
    plan = document.read(stage.plan().read_text("utf-8"), "plan.yaml")
    seen: list[Call] = []

    def script(call: Call) -> Fate:
        if is_write(call) and call.when == when:
            seen.append(call)
            return 1.0 if len(seen) == number + 1 else None
        return None

    stage.faults.reset(script)
    limits = Limits(silence_seconds=0.4, first_delay=0.05, qps=200.0)
    known, paces = read_kubeconfig(stage.config), Paces(limits.qps)
    servers = {name: Server(name, connect(known.way(name), paces), limits) for name in ("harvester", "rancher")}
    journal = Journal(journal_of(stage.folder / "plan.yaml"))
    with Sampler(stage.harvester, PEOPLE) as sampler:
        outcome = Run(plan, servers, journal, Waiting(settle=0.05, interval=0.05, deadline=60)).apply(plan.steps)
        # What was late must not do anything any more.
        time.sleep(1.2)
    journal.close()
    assert outcome.done == len(plan.steps)
    assert len(seen) > 5
    assert not stage.raw()
    assert stage.members() == set(PEOPLE)
    assert not sampler.refused
    record_property(PROPERTY, ["faults of a write", 1])


@pytest.mark.parametrize("whole", [True, False], ids=["gone", "going"])
def test_a_rollback_goes_on_where_a_namespace_is_no_more(stage: Stage, whole: bool) -> None:
    """What was in it cannot come back, today or later; everybody else gets theirs back, and the rest is said."""
    made = binding("prod/raw-last", "pod-reader", "User:u-01")
    stage.harvester.delete(RBAC, "RoleBinding", "raw-u-01", "dev")
    stage.harvester.create({**made, "metadata": {"name": "raw-last", "namespace": "prod"}})
    before = stage.raw()
    plan = stage.plan()
    assert stage.apply(plan).code == 0
    remove(stage, "prod", whole=whole)
    for _ in range(2):
        back = stage.rollback(plan)
        assert back.code == 4
        assert "left alone: RoleBinding prod/raw-last on harvester: " in back.text
        assert stage.raw() == before
        assert stage.members() == {"u-01"}


def remove(stage: Stage, namespace: str, *, whole: bool) -> None:
    """Delete a namespace, and without what is in it where no controller does that."""
    path = f"/api/v1/namespaces/{namespace}"
    stage.harvester.call("DELETE", path)
    if whole:
        for item in stage.harvester.objects(RBAC, "RoleBinding", namespace):
            stage.harvester.delete(RBAC, "RoleBinding", item["metadata"]["name"], namespace)
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}, "spec": {"finalizers": []}}
        stage.harvester.call("PUT", f"{path}/finalize", body)
