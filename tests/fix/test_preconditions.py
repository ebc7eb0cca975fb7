"""A step touches only the very object that was planned for: not one made anew, nor one that was written to since."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from rbac_audit.fix import document
from tests.controlplane.connections import Object
from tests.controlplane.plugin import Estate
from tests.fix.proxy import Call, Fate
from tests.fix.stage import Stage, journal_of, staged
from tests.fix.standin import RBAC
from tests.fix.worlds import binding

pytestmark = pytest.mark.timeout(300)
LABEL = "app.kubernetes.io/managed-by"
FIRST, SECOND = "copy-1", "copy-2"


def copied(name: str, **labels: str) -> Object:
    made = binding(f"dev/{name}", "pod-reader", "User:u-00", labels={LABEL: "virt-operator", **labels})
    return made | {"metadata": {key: made["metadata"][key] for key in ("name", "namespace", "labels")}}  # type: ignore[index]  # JSON


@pytest.fixture(scope="module")
def shared(two_apiservers: Estate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(two_apiservers, tmp_path_factory.mktemp("preconditions"), 1) as made:
        yield made


@pytest.fixture
def stage(shared: Stage) -> Iterator[Stage]:
    """Two bindings with a label to take off, whose taking off is planned in two steps."""
    for name in (FIRST, SECOND):
        shared.harvester.put(copied(name))
    yield shared
    shared.faults.reset()
    journal_of(shared.folder / "plan.yaml").unlink(missing_ok=True)


def planned(stage: Stage, known: str) -> Path:
    """Plan, and let the preconditions know only `known`, as where the snapshot has no more than that."""
    plan = stage.plan("--rule", "operator-label-copied")
    made = document.read(plan.read_text("utf-8"), "plan.yaml")
    unknown = dict.fromkeys({"uid", "resource_version"} - set(known.split("+")), "")
    steps = (
        replace(step, preconditions=tuple(replace(item, **unknown) for item in step.preconditions))
        for step in made.steps
    )
    plan.write_text(document.write(replace(made, steps=tuple(steps))), "utf-8")
    return plan


def labelled(stage: Stage) -> set[str]:
    found = stage.harvester.objects(RBAC, "RoleBinding", "dev")
    return {item["metadata"]["name"] for item in found if LABEL in (item["metadata"].get("labels") or {})}


def made_anew(stage: Stage, name: str) -> None:
    stage.harvester.delete(RBAC, "RoleBinding", name, "dev")
    stage.harvester.create(copied(name))


def written_to(stage: Stage, name: str) -> None:
    """Another resourceVersion, and the same content in the end."""
    stage.harvester.put(copied(name, passing="yes"))
    stage.harvester.put(copied(name))


@pytest.mark.parametrize(
    ("disturb", "known"),
    [
        (made_anew, "uid+resource_version"),
        (made_anew, "uid"),
        (made_anew, "resource_version"),
        (written_to, "uid+resource_version"),
        (written_to, "resource_version"),
    ],
)
def test_the_same_content_is_not_the_same_object(
    stage: Stage, disturb: Callable[[Stage, str], None], known: str
) -> None:
    """Seen before the first write: the step before it, which is still as planned, is not done either."""
    plan = planned(stage, known)
    disturb(stage, SECOND)
    ended = stage.apply(plan)
    assert ended.code == 4
    assert f"RoleBinding dev/{SECOND} at harvester: it has changed since the plan was made" in ended.text
    assert labelled(stage) == {FIRST, SECOND}
    assert "step" not in [json.loads(line)["event"] for line in journal_of(plan).read_text("utf-8").splitlines()]


@pytest.mark.parametrize(("disturb", "known"), [(written_to, "uid"), (made_anew, "")])
def test_what_the_snapshot_did_not_know_is_not_asked_for(
    stage: Stage, disturb: Callable[[Stage, str], None], known: str
) -> None:
    plan = planned(stage, known)
    disturb(stage, SECOND)
    ended = stage.apply(plan)
    assert ended.code == 0, ended.text
    assert not labelled(stage)


@pytest.mark.parametrize(("disturb", "known"), [(made_anew, "uid"), (written_to, "resource_version")])
def test_nor_is_it_touched_when_that_happens_after_the_checks(
    stage: Stage, disturb: Callable[[Stage, str], None], known: str
) -> None:
    plan = planned(stage, known)
    read: list[Call] = []

    def script(call: Call) -> Fate:
        if (call.method, call.when) == ("GET", "after") and call.path.endswith(f"/{FIRST}"):
            read.append(call)
            # Once before everything, once before the step; the next one is to write.
            if len(read) == 2:
                disturb(stage, FIRST)
        return None

    stage.faults.reset(script)
    ended = stage.apply(plan)
    assert len(read) > 2
    assert ended.code == 4
    assert "since the plan was made; step 0001 was taken back" in ended.text
    assert labelled(stage) == {FIRST, SECOND}
