from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.conftest import ROOT
from tests.estates import every_rule

RULES = {rule.id: rule for rule in every_rule()}


def test_the_list_has_every_rule_once_sorted_with_severity_and_title(run: Run) -> None:
    ran = run("rules", "list")
    rows = [line.split(maxsplit=2) for line in ran.out.splitlines()]
    assert ran.code == 0
    assert [row[1] for row in rows] == sorted(RULES)
    for severity, name, title in rows:
        assert (severity, title) == (RULES[name].severity.value, RULES[name].title)


@pytest.mark.parametrize("name", RULES)
def test_every_rule_has_a_page(run: Run, name: str) -> None:
    rule = RULES[name]
    ran = run("rules", "show", name)
    assert ran.code == 0
    assert ran.out.startswith(f"# {name}\n\n{rule.title}")
    assert f"Severity: {rule.severity.value}" in ran.out
    assert f"## Fix ({rule.fix.safety.value})" in ran.out
    assert all(f"- {reference}" in ran.out for reference in rule.references)
    assert "## Why" in ran.out


def own(folder: Path, name: str, title: str) -> Path:
    shipped = (ROOT / "policies/platform/settings-write.yaml").read_text("utf-8")
    old = RULES["settings-write"].title
    text = shipped.replace("name: settings-write", f"name: {name}").replace(old, title)
    assert title in text
    (folder / "own.yaml").write_text(text, "utf-8")
    return folder


def test_own_policies_are_listed_and_shown(run: Run, tmp_path: Path) -> None:
    own(tmp_path, "my-policy", "Ours")
    assert "my-policy" in run("rules", "list", "--policies", tmp_path).out
    assert run("rules", "show", "my-policy", "--policies", tmp_path).out.startswith("# my-policy")
    assert run("rules", "show", "my-policy").code == 2


def test_a_long_name_does_not_run_into_its_title(run: Run, tmp_path: Path) -> None:
    name = "a-policy-with-a-name-that-is-longer-than-any-other"
    ran = run("rules", "list", "--policies", own(tmp_path, name, "Ours"))
    (line,) = [line for line in ran.out.splitlines() if name in line]
    assert line.split(maxsplit=2) == ["critical", name, "Ours"]


def test_a_hostile_title_stays_on_its_line(run: Run, tmp_path: Path) -> None:
    folder = own(tmp_path, "my-policy", '"a \\e[31m\\u202e b"')
    for command in (["list"], ["show", "my-policy"]):
        ran = run("rules", *command, "--policies", folder)
        assert ran.code == 0
        assert "\\u001b[31m\\u202e" in ran.out
        assert "\x1b" not in ran.out
        assert "\u202e" not in ran.out
