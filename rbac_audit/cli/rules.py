"""`rbac-audit rules`: the rules and their pages."""

import re
from pathlib import Path

import rich_click as click

from rbac_audit.audit.rule import Rule
from rbac_audit.cli.policies import load_policies
from rbac_audit.errors import WrongUse
from rbac_audit.report.text import one_line
from rbac_audit.rules import RULES


@click.group(name="rules", epilog="Example: rbac-audit rules show kubevirt-only-binding")
def command() -> None:
    """List the rules and show their pages."""


@command.command(name="list")
@click.option(
    "--policies", "folders", multiple=True, type=click.Path(path_type=Path), help="A folder of your own policies."
)
def list_rules(folders: tuple[Path, ...]) -> None:
    """List every rule with its severity and title."""
    rules = _all(folders)
    width = max(len(rule.id) for rule in rules)
    for rule in rules:
        click.echo(one_line(f"{rule.severity.value:<9}{rule.id:<{width}}  {rule.title}"))


@command.command(name="show")
@click.argument("rule_id", metavar="ID|all")
@click.option(
    "--policies", "folders", multiple=True, type=click.Path(path_type=Path), help="A folder of your own policies."
)
def show_rule(rule_id: str, folders: tuple[Path, ...]) -> None:
    """Show the page of one rule, or of all."""
    wanted = [rule for rule in _all(folders) if rule_id in {rule.id, "all"}]
    if not wanted:
        raise WrongUse("argument", rule_id, "there is no such rule", "see rbac-audit rules list")
    for line in "\n".join(map(page, wanted)).rstrip("\n").split("\n"):
        click.echo(one_line(line))


def _all(folders: tuple[Path, ...]) -> list[Rule]:
    policies, _ = load_policies(folders)
    return sorted((*RULES, *policies), key=lambda rule: rule.id)


# What a reader of rendered Markdown does not see of a block.
_SHOWN = {"flagged": "Flagged", "clean": "Not flagged", "both": "In both examples"}
_BLOCK = re.compile(r"^```yaml (flagged|clean|both)( rancher)?$", re.MULTILINE)


def page(rule: Rule) -> str:
    """Write a rule's page in Markdown."""
    title, _, rest = rule.page.strip().partition("\n")
    rest = _BLOCK.sub(lambda block: f"{_SHOWN[block[1]]}{', in Rancher' if block[2] else ''}:\n\n```yaml", rest)
    references = "".join(f"- {reference}\n" for reference in rule.references)
    return (
        f"# {rule.id}\n\n{title}\n\nSeverity: {rule.severity.value}\n{rest.rstrip()}\n\n"
        f"## Fix ({rule.fix.safety.value})\n{rule.fix.text}\n"
        + (f"\n## References\n{references}" if references else "")
    )
