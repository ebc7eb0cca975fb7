"""`rbac-audit fix plan` and `show`, as somebody calls them."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Run, spawned
from tests.conftest import ROOT

LIVED_IN = ROOT / "examples/lived-in"


@pytest.fixture
def plan(run: Run, tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    assert run("fix", "plan", LIVED_IN, "-o", path).code == 0
    return path


def test_the_findings_of_the_example_are_planned(plan: Path) -> None:
    made = yaml.safe_load(plan.read_text("utf-8"))
    gone = {target["name"] for step in made["steps"] for target in step["do"]["deletes"]}
    assert gone == {"oncall-vms", "tomas-console"}
    assert all(step["consent"] == {**step["consent"], "needed": True, "given": False} for step in made["steps"])
    assert [item["subject"] for item in made["refusals"]] == ["ServiceAccount:webstore-back/reporter"]
    assert len(made["digest"]) == 64


def test_a_plan_is_the_same_bytes_in_another_process(plan: Path) -> None:
    again = spawned("fix", "plan", LIVED_IN, changes={"PYTHONHASHSEED": "7"})
    assert again.stdout == plan.read_bytes()


def test_it_says_how_many_need_consent(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    ran = run("fix", "plan", LIVED_IN, "-o", path)
    assert ran.out == f"{path}: 3 steps, 3 waiting for consent, 1 refused; look at it: rbac-audit fix show {path}\n"
    assert ran.err == ""


def test_a_table_a_difference_a_page_and_json(run: Run, plan: Path) -> None:
    assert "0001  convert  [needs consent]" in run("fix", "show", plan).out
    assert "\n-kind: RoleBinding\n" in run("fix", "show", plan, "--format", "diff").out
    assert "3 steps, 3 without the consent they need." in run("fix", "show", plan, "--format", "html").out
    assert json.loads(run("fix", "show", plan, "--format", "json").out)["format"] == "rbac-audit/plan/v1"


def test_outputs_go_into_a_folder(run: Run, plan: Path, tmp_path: Path) -> None:
    plan.write_text(plan.read_text("utf-8").replace("given: false", "given: true", 1), "utf-8")
    folder = tmp_path / "out"
    assert run("fix", "show", plan, "--output", "manifests", "-o", folder).code == 2
    folder.mkdir()
    ran = run("fix", "show", plan, "--output", "manifests", "-o", folder)
    assert ran.code == 0
    assert "left out, as they need consent: 0002, 0003" in ran.err
    assert sorted(item.name for item in folder.iterdir()) == ["cleanup.sh", "management.yaml"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--rule", "no-such-rule"], "there is no such rule"),
        (["--rule", "wildcard-role"], "its fix cannot be planned"),
        (["--object", "RoleBinding x/y"], "has no such binding"),
        (["--subject", "nobody-at-all"], "no Rancher user has this name"),
        (["--project", "nowhere"], "no project has this name"),
        (["--cluster", "mars"], "no cluster is called mars"),
        (["-o", "/nowhere/plan.yaml"], "there is no folder"),
    ],
)
def test_wrong_use(run: Run, arguments: list[str], problem: str) -> None:
    ran = run("fix", "plan", LIVED_IN, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert problem in ran.err


def test_selections_by_name(run: Run) -> None:
    made = yaml.safe_load(run("fix", "plan", LIVED_IN, "--project", "webstore", "--subject", "u-3hw8n").out)
    gone = {target["name"] for step in made["steps"] for target in step["do"]["deletes"]}
    assert gone == {"tomas-console", "tomas-tokens"}


def test_what_was_not_read_is_in_the_plan_and_in_the_exit_code(run: Run, tmp_path: Path) -> None:
    shutil.copytree(LIVED_IN, tmp_path / "estate")
    (tmp_path / "estate/harvester/broken.yaml").write_text("apiVersion: v1\nkind: RoleBinding\nmetadata: [", "utf-8")
    ran = run("fix", "plan", tmp_path / "estate")
    assert ran.code == 3
    assert len(yaml.safe_load(ran.out)["unread"]) == 1


def test_a_plan_that_is_none(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    assert run("fix", "show", path).code == 2
    path.write_text("x: 1\n", "utf-8")
    ran = run("fix", "show", path)
    assert ran.code == 2
    assert "it is no plan of rbac-audit" in ran.err
