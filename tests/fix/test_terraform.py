"""Terraform as HashiCorp's own parser reads it (github.com/hashicorp/hcl): syntax, and what each text means."""

import json
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rbac_audit.fix import outputs
from tests.controlplane.toolchain import BuildError, find_go
from tests.fix.test_outputs import HOSTILE, plan
from tests.fix.worlds import ROLES, SHOP

SOURCES = Path(__file__).resolve().parent / "hcl"
Block = dict[str, object]
Parse = Callable[[str], list[Block]]


@pytest.fixture(scope="session")
def parse(tmp_path_factory: pytest.TempPathFactory) -> Parse:
    """Build the parser, once; where Go or its modules are out of reach, nothing can be said."""
    program = tmp_path_factory.mktemp("hcl") / "hcl"
    try:
        find_go("1.26.0").build(SOURCES, ".", program)
    except BuildError as error:
        pytest.skip(f"the parser of HCL cannot be built: {error}")

    def run(text: str) -> list[Block]:
        done = subprocess.run([program], input=text.encode(), capture_output=True, check=False)
        assert not done.returncode, f"{done.stderr.decode()}\n{text}"
        found: list[Block] = json.loads(done.stdout)
        return found

    return run


def test_the_parser_refuses_what_is_no_terraform(parse: Parse) -> None:
    for text in ('resource "a" "b" {', 'a = "${b}"\nresource "a" "b" { x = "${y}" }', 'resource "a" "b" { x = "\\b" }'):
        with pytest.raises(AssertionError):
            parse(text)


def test_a_plan_is_resources_that_say_what_its_manifests_do(parse: Parse) -> None:
    role, *bindings = parse(outputs.terraform(plan())["rbac_audit.tf"])
    assert role["labels"][0] == "rancher2_role_template"  # type: ignore[index]  # JSON
    attributes = role["attributes"]
    assert isinstance(attributes, dict)
    assert (attributes["context"], attributes["role_template_ids"]) == ("project", [])
    rules = [each["attributes"] for each in role["blocks"]]  # type: ignore[attr-defined]  # JSON
    granted = {
        (group, resource, verb)
        for each in rules
        for group in each["api_groups"]
        for resource in each["resources"]
        for verb in each["verbs"]
    }
    wanted = {
        (group, resource, verb)
        for each in ROLES["kubevirt.io:edit"]
        for group in each["apiGroups"]  # type: ignore[attr-defined]  # JSON
        for resource in each["resources"]  # type: ignore[attr-defined]  # JSON
        for verb in each["verbs"]  # type: ignore[attr-defined]  # JSON
        if resource != "migrationpolicies"  # cluster-scoped: it has no effect in a RoleBinding
    }
    assert wanted <= granted
    assert [each["labels"][0] for each in bindings] == ["rancher2_project_role_template_binding"] * 2  # type: ignore[index]
    found = [each["attributes"] for each in bindings]
    assert [each["user_principal_id"] for each in found] == ["local://u-alice", "local://u-bob"]  # type: ignore[index]
    for each in found:
        assert isinstance(each, dict)
        assert each["project_id"] == SHOP
        assert each["role_template_id"] == f"=rancher2_role_template.{role['labels'][1]}.id"  # type: ignore[index]
        assert set(each) == {"name", "project_id", "role_template_id", "user_principal_id"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.text('$%{}"\\\b\f\n/u'), min_size=1))
@example([HOSTILE, "$${a}", "%%{a}", "$$${a}", "\b\f\r\t\x00\x7f", "\\u0041", "${", "$", "a$"])
def test_every_text_means_itself(parse: Parse, texts: list[str]) -> None:
    body = "".join(f"  x{number} = {outputs._quoted(text)}\n" for number, text in enumerate(texts))
    (block,) = parse(f'resource "a" "b" {{\n{body}}}\n')
    # The parser normalizes what it reads.
    wanted = {f"x{number}": unicodedata.normalize("NFC", text) for number, text in enumerate(texts)}
    assert block["attributes"] == wanted
