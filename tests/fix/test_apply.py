"""Apply and rollback on two real API servers."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.controlplane.plugin import Estate
from tests.fix.stage import Sampler, Stage, staged, users
from tests.fix.standin import RBAC
from tests.fix.worlds import binding

pytestmark = pytest.mark.timeout(300)
MODELS = pytest.mark.parametrize("aggregated", [False, True], ids=["legacy", "aggregated"])


@pytest.fixture
def stage(two_apiservers: Estate, tmp_path: Path) -> Iterator[Stage]:
    with staged(two_apiservers, tmp_path) as made:
        yield made


@MODELS
def test_raw_bindings_become_project_bindings_and_nobody_notices(
    two_apiservers: Estate, tmp_path: Path, aggregated: bool
) -> None:
    with staged(two_apiservers, tmp_path, aggregated=aggregated) as stage:
        before = stage.raw()
        plan = stage.plan()
        with Sampler(stage.harvester, users(3)) as sampler:
            ended = stage.apply(plan)
            assert ended.code == 0, ended.text
            assert not stage.raw()
            assert stage.members() == set(users(3))
            back = stage.rollback(plan)
            assert back.code == 0, back.text
        assert stage.raw() == before
        assert not stage.members()
        assert not stage.templates()
        assert not sampler.refused
        assert sampler.asked


def test_a_second_plan_is_empty(stage: Stage) -> None:
    assert stage.apply(stage.plan()).code == 0
    again = stage.folder / "again"
    again.mkdir()
    stage.folder = again
    assert "steps: []" in stage.plan().read_text("utf-8")


def test_the_printed_roles_are_enough(stage: Stage, two_apiservers: Estate) -> None:
    """An account with just these, and the rights that it hands out, applies and rolls back."""
    tokens = {}
    for side, server in two_apiservers._asdict().items():
        api = server.api
        (role,) = yaml.safe_load_all(stage.run("fix", "apply", "--print-role", side).text)
        api.create(role)
        api.create(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "fixer", "namespace": "default"}}
        )
        subject = {"kind": "ServiceAccount", "name": "fixer", "namespace": "default"}
        ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "rbac-audit-fix"}
        api.create(
            {
                "apiVersion": RBAC,
                "kind": "ClusterRoleBinding",
                "metadata": {"name": "fixer"},
                "roleRef": ref,
                "subjects": [subject],
            }
        )
        path = "/api/v1/namespaces/default/serviceaccounts/fixer/token"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        tokens[side] = api.call("POST", path, body)["status"]["token"]
    plan = stage.plan()
    config = json.loads(stage.config.read_text("utf-8"))
    for user in config["users"]:
        user["user"]["token"] = tokens[user["name"]]
    stage.config.write_text(json.dumps(config), "utf-8")
    stage.standin.delay = 0.5
    stage.faults.reset()
    assert stage.apply(plan).code == 0
    assert any("watch=true" in call.path for call in stage.faults.calls)
    back = stage.rollback(plan)
    assert back.code == 0, back.text
    assert len(stage.raw()) == 3
    assert not [call for call in stage.faults.calls if call.status == 403]


def test_any_name_that_the_server_takes(two_apiservers: Estate, tmp_path: Path) -> None:
    """Names of RBAC objects are free text but for / and %: a request must not end at a # or a ?."""
    with staged(two_apiservers, tmp_path, 1) as stage:
        for name in ("raw-#1", "raw-a?b", "raw-a?dryRun=All", "raw-of us", "raw-ü", "raw-a;b&c=d+e", "raw-a:b@c"):
            made = binding(f"dev/{name}", "pod-reader", "User:u-00")
            stage.harvester.create({**made, "metadata": {"name": name, "namespace": "dev"}})
        # What a name that is cut short would mean.
        for name in ("raw-", "raw-a"):
            made = binding(f"dev/{name}", "pod-reader", "User:u-01")
            stage.harvester.create({**made, "metadata": {"name": name, "namespace": "dev"}})
        before = stage.raw()
        ended = stage.apply(plan := stage.plan())
        assert ended.code == 0, ended.text
        assert set(stage.raw()) == {"raw-", "raw-a"}
        back = stage.rollback(plan)
        assert back.code == 0, back.text
        assert stage.raw() == before


def test_a_binding_that_was_changed_comes_back_as_it_was(two_apiservers: Estate, tmp_path: Path) -> None:
    """With what means nothing too, such as the namespace of a user."""
    with staged(two_apiservers, tmp_path, 1) as stage:
        made = binding("dev/raw-1", "pod-reader", "User:u-00", "User:somebody", "ServiceAccount:dev/ci")
        for who in made["subjects"][:2]:  # type: ignore[index]  # JSON
            who["namespace"] = "dev"
        stage.harvester.create({**made, "metadata": {"name": "raw-1", "namespace": "dev"}})
        before = stage.raw()
        plan = stage.plan()
        assert stage.apply(plan).code == 0
        assert [who["name"] for who in stage.raw()["raw-1"]["subjects"]] == ["somebody", "ci"]
        back = stage.rollback(plan)
        assert back.code == 0, back.text
        assert stage.raw() == before


def test_what_is_left_is_planned_anew(stage: Stage) -> None:
    """The second plan finds the role template of the first, whose rollback leaves it to the second."""
    first = stage.plan()
    assert stage.apply(first, "--only", "0001").code == 0
    stage.folder = stage.folder / "again"
    stage.folder.mkdir()
    second = stage.plan()
    with Sampler(stage.harvester, users(3)) as sampler:
        ended = stage.apply(second)
        assert ended.code == 0, ended.text
        assert stage.members() == set(users(3))
        back = stage.rollback(first)
        assert back.code == 4
        assert "uses it" in back.text
        assert stage.members() == set(users(3)[1:])
        assert stage.rollback(second).code == 0
        assert stage.rollback(first).code == 0
    assert len(stage.raw()) == 3
    assert not stage.templates()
    assert not sampler.refused
