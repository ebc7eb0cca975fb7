"""The command `rbac-audit` and its sub-commands, imported when they are called."""

import contextlib
import errno
import gc
import importlib
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import NoReturn

import rich_click as click

from rbac_audit import __version__
from rbac_audit.errors import RbacAuditError
from rbac_audit.report.text import one_line

COMMANDS = {
    "audit": "Find what is wrong with access in an estate.",
    "can-grant": "Say whether somebody may hand out what is in a file.",
    "can-i": "Say what the API server would answer.",
    "collect": "Read clusters into one snapshot file.",
    "diff": "Compare what everybody may do in two states.",
    "fix": "Plan changes of access, look at them, make them, take them back.",
    "render": "Predict what Rancher writes onto every cluster.",
    "rules": "List the rules and show their pages.",
    "snapshot": "Write what the sources hold into one snapshot file.",
    "template": "Say what a role template really grants.",
    "what-can": "List what somebody can do.",
    "who-can": "List who can do something.",
    "why": "Explain why somebody can or cannot do something.",
}

# Beside the codes of the commands: those of the shell for signals, and EX_SOFTWARE and EX_IOERR of sysexits.h. None of
# them is 0, 1 or 3, which say something about an estate.
INTERRUPTED, READER_GONE, INTERNAL, UNWRITTEN = 130, 141, 70, 74

# What fails while a file is read or written has its own error, so that these are of standard output.
_OUTPUT_FAILS = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF))


class LazyGroup(click.RichGroup):
    """Imports a command when it is called: `--help` must not wait for networkx and kubernetes."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Name the commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # likewise
        """Stand in for a command with its line, which is enough for the help of the group."""
        line = COMMANDS.get(cmd_name)
        return click.Command(cmd_name, short_help=line, help=line) if line else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Import the command that is called."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, _imported(name) if name in COMMANDS else command, rest

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; that nobody reads on is no error of its, and click would say 1, which means findings."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _let_go()
            ctx.exit(READER_GONE)


def _imported(name: str) -> click.Command:
    command: click.Command = importlib.import_module(f"rbac_audit.cli.{name.replace('-', '_')}").command
    return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rbac-audit")
def cli() -> None:
    """Audit, repair and guard who may do what on Harvester clusters and their Rancher."""


def script() -> None:
    """Run the command line in a process of its own, whose memory goes with it.

    To free millions of objects one by one would take a tenth of the time of an audit.
    """
    main(os._exit)


def main(leave: Callable[[int], NoReturn] = sys.exit) -> None:
    """Run the command line; an error becomes its one line and exit code."""
    sys.excepthook = _internal
    # One run makes few cycles of millions of objects: collecting them would take a third of the time.
    gc.disable()
    _have_streams()
    ended: SystemExit | None = None
    try:
        code = _run()
    except SystemExit as error:
        # Kept, because its frames hold all that was read.
        ended = error
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    try:
        sys.stdout.flush()
    except OSError as error:
        code = _unwritten(error)
    leave(code)


def _run() -> int:
    try:
        result = cli.main(prog_name="rbac-audit", standalone_mode=False)
    except (KeyboardInterrupt, click.Abort):
        return _failed("interrupted", INTERRUPTED)
    except click.ClickException as error:
        path = getattr(getattr(error, "ctx", None), "command_path", "rbac-audit")
        return _failed(f"{error.format_message().rstrip('.')}; see {path} --help", error.exit_code)
    except RbacAuditError as error:
        return _failed(str(error), error.exit_code)
    except OSError as error:
        if error.filename is not None:
            # Even to ask whether a file is there may be forbidden.
            return _failed(f"file at {error.filename}: it cannot be used ({error.strerror}); check its permissions", 2)
        if error.errno not in _OUTPUT_FAILS:
            raise
        return _unwritten(error)
    return result if isinstance(result, int) else 0


def _failed(line: str, code: int) -> int:
    # Where standard error cannot be written either, the code has to do.
    with contextlib.suppress(OSError):
        click.echo(f"rbac-audit: {one_line(line)}", err=True)
    return code


def _unwritten(error: OSError) -> int:
    _let_go()
    if isinstance(error, BrokenPipeError):
        return READER_GONE
    return _failed(f"output at -: it cannot be written ({error.strerror}); send it elsewhere", UNWRITTEN)


def _internal(_: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say what kind of error came from which lines, in place of a traceback, whose values may be what was read."""
    import traceback

    frames = traceback.extract_tb(trace)[-5:]
    places = (f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno}" for frame in frames)
    what = f"{type(error).__name__} at {' > '.join(places)}"
    code = _failed(f"internal error: {what}; please report it with this line", INTERNAL)
    # Python would say 1, which means findings.
    os._exit(code)


def _have_streams() -> None:
    """Put an empty one in place of a closed stream, and write a name that a terminal cannot show as an escape."""
    opened = (sys.stdin, sys.stdout, sys.stderr)
    sys.stdin, sys.stdout, sys.stderr = (each or Path(os.devnull).open("r+") for each in opened)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _let_go() -> None:
    """Send what is still buffered nowhere: the interpreter would complain about it at its end."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.close(sink)
