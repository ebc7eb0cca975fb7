"""What the documents say is what the program does."""

import re
import shlex
from pathlib import Path

import pytest
import rich_click as click

from rbac_audit.audit.classes import NAMESPACE_CLASSES, SUBJECT_CLASSES
from rbac_audit.cli.main import COMMANDS, cli
from rbac_audit.cli.policies import load_policies
from rbac_audit.cli.rules import page
from rbac_audit.rules import RULES

ROOT = Path(__file__).resolve().parent.parent
COMMAND = re.compile(r"^rbac-audit .+$", re.MULTILINE)


def commands(document: str) -> list[str]:
    text = (ROOT / document).read_text("utf-8")
    return [
        line.partition("   #")[0].strip()
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        for line in COMMAND.findall(block)
    ]


def test_every_command_is_in_the_readme() -> None:
    written = {line.split()[1] for line in commands("README.md")}
    assert written == set(COMMANDS)


@pytest.mark.parametrize("line", commands("README.md"))
def test_commands_of_the_readme_are_ones_that_the_program_takes(line: str) -> None:
    arguments = shlex.split(line)[1:]
    context = click.Context(cli, help_option_names=["-h", "--help"])
    command: click.Command | None = cli
    while isinstance(command, click.Group):
        _, command, arguments = command.resolve_command(context, arguments)
    assert command is not None, line
    # Parsing checks every option and the number of arguments; it runs nothing.
    command.make_context("rbac-audit", arguments, parent=context)


def test_the_rule_pages_are_those_of_the_rules() -> None:
    policies, _ = load_policies()
    rules = sorted((*RULES, *policies), key=lambda rule: rule.id)
    expected = "\n".join(page(rule) for rule in rules)
    assert (ROOT / "docs/rules.md").read_text("utf-8") == expected, (
        "write it again: rbac-audit rules show all > docs/rules.md"
    )


def test_the_policy_document_names_every_class() -> None:
    text = (ROOT / "docs/policies.md").read_text("utf-8")
    for name in (*SUBJECT_CLASSES, *NAMESPACE_CLASSES):
        assert f"| `{name}` |" in text, name
