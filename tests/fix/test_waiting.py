"""Waiting for Rancher: few requests, no watch that is needed, and everything seen at the end."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rbac_audit.fix.apply.server import Server
from rbac_audit.sources.live.kubeconfig import read_kubeconfig
from rbac_audit.sources.live.limits import Limits
from rbac_audit.sources.live.ways import Paces, connect
from tests.controlplane.plugin import Estate
from tests.controlplane.settle import wait
from tests.fix.proxy import Call, Fate
from tests.fix.stage import QUICK, Sampler, Stage, staged, users
from tests.fix.standin import RBAC
from tests.fix.worlds import SHOP, binding

pytestmark = pytest.mark.timeout(300)
BINDINGS = (RBAC, "rolebindings", "dev")


@pytest.fixture
def stage(two_apiservers: Estate, tmp_path: Path) -> Iterator[Stage]:
    with staged(two_apiservers, tmp_path, 1) as made:
        yield made


def of_project(name: str, project: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "annotations": {"field.cattle.io/projectId": project}},
    }


def test_while_nothing_happens_next_to_nothing_is_asked(stage: Stage) -> None:
    plan = stage.plan()
    stage.standin.paused = True
    ended = stage.start("fix", "apply", plan, *QUICK, *stage.connection())
    wait("it waits", lambda: any("watch=true" in call.path for call in stage.faults.calls))
    stage.faults.calls.clear()
    time.sleep(3.0)
    # The proxy cuts a watch after two seconds; everything is looked at anew then.
    assert 0 < len(stage.faults.calls) < 25
    stage.standin.paused = False
    began = time.monotonic()
    assert ended().code == 0
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("fate", [403, 410, 500, "cut", "gone"])
def test_without_watches_it_looks_again_and_again(stage: Stage, fate: Fate) -> None:
    """An account that may not watch, a server that forgot, a proxy that cuts what is long."""
    plan = stage.plan()
    stage.standin.delay = 0.5
    met: list[Call] = []

    def script(call: Call) -> Fate:
        if "watch=true" in call.path and call.when == "before":
            met.append(call)
            return fate
        return None

    stage.faults.reset(script)
    with Sampler(stage.harvester, users(1)) as sampler:
        ended = stage.apply(plan)
    assert ended.code == 0, ended.text
    assert met
    assert not stage.raw()
    assert not sampler.refused


def test_progress_is_told_and_a_namespace_that_leaves_is_waited_for_no_longer(stage: Stage) -> None:
    plan = stage.plan()
    stage.standin.skipped = {"prod"}
    ended = stage.start("fix", "apply", plan, *QUICK, *stage.connection())
    wait("it waits for prod", lambda: "waiting u-00 has no binding" in stage.said() and "in prod" in stage.said())
    stage.harvester.replace(of_project("prod", f"{SHOP}-other"))
    told = ended()
    stage.harvester.replace(of_project("prod", SHOP))
    assert told.code == 0, told.text
    assert "waiting u-00 has no binding to rbac-audit-" in told.text


def test_a_namespace_that_comes_after_the_bindings_were_seen_counts(stage: Stage) -> None:
    """It is there when everything is seen once more, before anything is deleted."""
    plan = stage.plan()
    stage.standin.skipped = {"late"}
    stage.standin.delay = 0.5

    def script(call: Call) -> Fate:
        if "watch=true" in call.path and call.when == "after":
            stage.faults.script = lambda _: None
            stage.harvester.put(of_project("late", SHOP))
        return None

    stage.faults.reset(script)
    ended = stage.start("fix", "apply", plan, *QUICK, *stage.connection())
    wait("it waits for late", lambda: "in late" in stage.said())
    assert stage.raw()
    stage.standin.skipped = set()
    assert ended().code == 0
    assert not stage.raw()


def server(stage: Stage) -> Server:
    way = read_kubeconfig(stage.config).way("harvester")
    return Server("harvester", connect(way, Paces(1000)), Limits())


def test_changes_are_told_by_name_until_the_time_is_over(stage: Stage) -> None:
    seen = []
    with closing(server(stage).changes(BINDINGS, 1, 0.1)) as changes:
        assert next(changes) == ""
        made = binding("dev/new", "pod-reader", "User:u-09")
        stage.harvester.put(made | {"metadata": {"name": "new", "namespace": "dev"}})
        seen.append(next(changes))
        stage.harvester.delete(RBAC, "RoleBinding", "new", "dev")
        seen += changes
    assert seen == ["new", "new"]
