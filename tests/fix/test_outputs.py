"""The same change for those who apply through Git."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import yaml

from rbac_audit.fix import outputs, show
from rbac_audit.fix.plan import Plan
from tests.fix.shipped import cluster
from tests.fix.shipped import restored as of_shipped
from tests.fix.worlds import KUBEVIRT, binding, estate, planned

HOSTILE = "a'$(touch x)`\"${b}%{c}\n"


def plan(consent: bool = True) -> Plan:
    raw = [
        binding("dev/one", "kubevirt.io:edit", "User:u-alice"),
        binding("dev/two", "kubevirt.io:edit", "User:u-bob", "ServiceAccount:dev/ci"),
    ]
    made = planned(estate(raw), rules=KUBEVIRT)
    steps = tuple(
        msgspec.structs.replace(step, consent=msgspec.structs.replace(step.consent, given=consent))
        for step in made.steps
    )
    return msgspec.structs.replace(made, steps=steps)


def restored() -> Plan:
    """A shipped binding that somebody was added to."""
    made = of_shipped(cluster([binding("kubevirt.io:default", "kubevirt.io:default", "User:u-bob")]))
    steps = tuple(
        msgspec.structs.replace(step, consent=msgspec.structs.replace(step.consent, given=True)) for step in made.steps
    )
    return msgspec.structs.replace(made, steps=steps)


def test_manifests_are_what_the_plan_creates_each_once() -> None:
    found = list(yaml.safe_load_all(outputs.manifests(plan())["management.yaml"]))
    assert [item["kind"] for item in found] == [
        "RoleTemplate",
        "ProjectRoleTemplateBinding",
        "ProjectRoleTemplateBinding",
    ]
    assert all(item["metadata"]["name"] and "generateName" not in item["metadata"] for item in found)


@pytest.mark.parametrize("kind", outputs.OUTPUTS)
def test_steps_without_consent_are_left_out(kind: str) -> None:
    text = "".join(outputs.OUTPUTS[kind](plan(consent=False)).values())
    assert "prtb-" not in text
    assert "delete" not in text
    assert "prtb-" in "".join(outputs.OUTPUTS[kind](plan()).values())


def test_what_comes_from_git_is_written_for_git() -> None:
    raw = [
        binding(
            "dev/b",
            "kubevirt.io:edit",
            "User:u-alice",
            "ServiceAccount:dev/ci",
            annotations={"argocd.argoproj.io/tracking-id": "x"},
        )
    ]
    made = planned(estate(raw), rules=KUBEVIRT)
    assert not made.steps
    assert [bool(refusal.change.creates) for refusal in made.refusals] == [False, True]
    files = outputs.manifests(made)
    assert [item["kind"] for item in yaml.safe_load_all(files["management.yaml"])] == [
        "RoleTemplate",
        "ProjectRoleTemplateBinding",
    ]
    assert "# take RoleBinding dev/b (User:u-alice) out where it comes from" in files["cleanup.sh"]
    assert "kubectl --context" not in files["cleanup.sh"]
    assert any("gains in the project (prod)" in line for line in show.table(made))


def test_the_script_takes_away_just_what_the_plan_does() -> None:
    text = outputs.script(plan())
    commands = [line for line in text.splitlines() if line.startswith("kubectl")]
    rest = '{"subjects": [{"kind": "ServiceAccount", "name": "ci", "namespace": "dev"}]}'
    assert commands == [
        'kubectl --context "$CONTEXT" -n dev delete rolebindings one',
        f"kubectl --context \"$CONTEXT\" -n dev patch rolebindings two --type=merge -p '{rest}'",
    ]
    assert "# wait for: User u-alice has ClusterRole rbac-audit-" in text


def test_the_script_is_one_that_a_shell_takes() -> None:
    subprocess.run([shutil.which("sh") or "sh", "-n"], input=outputs.script(plan()).encode(), check=True)


KUBECTL = """\
#!/bin/sh
for word; do [ "$word" = get ] && printf '%s' "$THERE" && exit; done
echo "$@" >> "$DONE"
"""


@pytest.mark.parametrize("made_by", [plan, restored], ids=["conversions", "a restoration"])
@pytest.mark.parametrize("version", ["7", "8"], ids=["as planned", "written to since"])
def test_the_script_stops_at_what_has_changed(tmp_path: Path, made_by: Callable[[], Plan], version: str) -> None:
    """Everything of the test's estates has resourceVersion 7."""
    made = made_by()
    touched = [item for step in made.ready for item in step.preconditions if item.uid]
    (tmp_path / "kubectl").write_text(KUBECTL)
    (tmp_path / "kubectl").chmod(0o755)
    done = tmp_path / "done"
    path = f"{tmp_path}:{os.environ['PATH']}"
    there = {"PATH": path, "CONTEXT": "x", "DONE": str(done), "THERE": f"{touched[0].uid} {version}"}
    first = msgspec.structs.replace(made, steps=made.ready[:1])
    ran = subprocess.run(
        [shutil.which("sh") or "sh"], input=outputs.script(first).encode(), env=there, capture_output=True, check=False
    )
    assert (ran.returncode == 0) is done.exists() is (version == "7")
    assert version == "7" or b"it has changed since the plan was made; plan again" in ran.stderr


def test_without_a_version_there_is_nothing_to_compare() -> None:
    steps = (
        msgspec.structs.replace(
            step,
            preconditions=tuple(
                msgspec.structs.replace(each, uid="", resource_version="") for each in step.preconditions
            ),
        )
        for step in plan().steps
    )
    text = outputs.script(msgspec.structs.replace(plan(), steps=tuple(steps)))
    assert not [line for line in text.splitlines() if line.startswith("same ")]
    assert "delete rolebindings one" in text


def test_hostile_names_are_no_commands_and_no_templates() -> None:
    quoted = outputs._quoted(HOSTILE)
    assert "${" not in quoted
    assert "%{" not in quoted
    assert "\n" not in quoted


def test_terraform_points_at_its_own_role_template() -> None:
    text = outputs.terraform(plan())["rbac_audit.tf"]
    resources = re.findall(r'^resource "(\w+)" "([\w-]+)" \{$', text, re.MULTILINE)
    assert [kind for kind, _ in resources] == [
        "rancher2_role_template",
        *["rancher2_project_role_template_binding"] * 2,
    ]
    assert text.count(f"role_template_id = rancher2_role_template.{resources[0][1]}.id") == 2
    assert text.count("{") == text.count("}")
    assert 'user_principal_id = "local://u-alice"' in text


def test_the_fleet_bundle_is_for_the_management_cluster() -> None:
    files = outputs.fleet(plan())
    assert yaml.safe_load(files["fleet.yaml"])["defaultNamespace"] == "default"
    assert files["management.yaml"] == outputs.manifests(plan())["management.yaml"]


def test_the_table_says_what_is_given_and_taken() -> None:
    lines = "\n".join(show.table(plan(consent=False)))
    assert "0001  convert  [needs consent]" in lines
    assert "+ ProjectRoleTemplateBinding c-m-abcd1234-p-shop/prtb-" in lines
    assert "- RoleBinding dev/one on harvester" in lines
    assert "User:u-alice (U-Alice) keeps all it has in dev" in lines
    assert "gains in the project (prod) of harvester:" in lines
    assert "get projects of management.cattle.io, only p-shop" in lines
    assert "RoleBinding dev/two, ServiceAccount:dev/ci: " in lines
    assert "2 steps with 6 writes, 2 without the consent they need, 1 refused" in lines


def test_the_difference_shows_both_sides() -> None:
    lines = list(show.difference(plan()))
    assert "+kind: ProjectRoleTemplateBinding" in lines
    assert "-kind: RoleBinding" in lines
    at = lines.index("@@ harvester: RoleBinding dev/two")
    assert [line for line in lines[at + 1 : at + 12] if "name:" in line] == [
        "-  name: u-bob",
        "-  name: ci",
        "+  name: ci",
    ]
