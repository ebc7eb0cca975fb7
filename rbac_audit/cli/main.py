"""The command `rbac-audit` and its sub-commands, imported when they are called."""

import importlib
import sys

import rich_click as click

from rbac_audit import __version__
from rbac_audit.errors import RbacAuditError
from rbac_audit.report.text import one_line

COMMANDS = {
    "audit": "Find what is wrong with access in an estate.",
    "can-grant": "Say whether somebody may hand out what is in a file.",
    "can-i": "Say what the API server would answer.",
    "diff": "Compare what everybody may do in two states.",
    "rules": "List the rules and show their pages.",
    "snapshot": "Write what the sources hold into one snapshot file.",
    "what-can": "List what somebody can do.",
    "who-can": "List who can do something.",
    "why": "Explain why somebody can or cannot do something.",
}


class LazyGroup(click.RichGroup):
    """Imports a command when it is called: `--help` must not wait for networkx and kubernetes."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Name the commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; for the help of the group, a stand-in with its line is enough."""
        if cmd_name not in COMMANDS:
            return None
        if ctx.info_name and not ctx.protected_args and "--help" in sys.argv[1:2]:
            return click.Command(cmd_name, short_help=COMMANDS[cmd_name], help=COMMANDS[cmd_name])
        command: click.Command = importlib.import_module(f"rbac_audit.cli.{cmd_name.replace('-', '_')}").command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rbac-audit")
def cli() -> None:
    """Audit, repair and guard who may do what on Harvester clusters and their Rancher."""


def main() -> None:
    """Run the command line and turn an error into its one line and exit code."""
    try:
        cli(prog_name="rbac-audit")
    except RbacAuditError as error:
        click.echo(f"rbac-audit: {one_line(str(error))}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
