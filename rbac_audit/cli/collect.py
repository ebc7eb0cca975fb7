"""`rbac-audit collect`: clusters in, one snapshot file out."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import rich_click as click

from rbac_audit.cli.output import check_places
from rbac_audit.errors import WrongUse
from rbac_audit.report.text import one_line
from rbac_audit.snapshot.estate import Snapshot
from rbac_audit.snapshot.file import write_snapshot
from rbac_audit.sources.live import Limits, Target, collect
from rbac_audit.sources.live.kinds import SIDES, least_role, live_kinds
from rbac_audit.sources.live.kubeconfig import Kubeconfig, read_kubeconfig

INCOMPLETE = 3
_PATH = click.Path(path_type=Path)


@click.command(
    name="collect",
    epilog="Example: rbac-audit collect --print-role harvester",
)
@click.option(
    "--context", "contexts", multiple=True, metavar="[NAME=]CONTEXT", help="A cluster, and its name (repeatable)."
)
@click.option("--kubeconfig", type=_PATH, help="The kubeconfig (default: KUBECONFIG, else ~/.kube/config).")
@click.option("-o", "output", type=_PATH, help="The file: .jsonl.zst, .jsonl.gz or .jsonl.")
@click.option("--secret-metadata", is_flag=True, help="Read the metadata of Secrets too, never their values.")
@click.option(
    "--kind-timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=Limits().kind_seconds,
    show_default=True,
    metavar="SECONDS",
    help="How long one kind of objects may take.",
)
@click.option("--print-role", "side", type=click.Choice(list(SIDES)), help="Print the least ClusterRole and stop.")
def command(
    contexts: tuple[str, ...],
    kubeconfig: Path | None,
    output: Path | None,
    secret_metadata: bool,
    kind_timeout: float,
    side: str | None,
) -> None:
    """Read clusters into one snapshot file, without any secret.

    Without --context it reads the current one. What cannot be read becomes a gap in the file; the other kinds and
    clusters are read all the same.

    Exit codes: 0 everything was read, 2 wrong use, 3 written with gaps.
    """
    if side:
        click.echo(least_role(side, secret_metadata=secret_metadata), nl=False)
        return
    if output is None:
        raise WrongUse("option", "-o", "it is missing", "say where to write, such as -o estate.jsonl.zst")
    check_places([str(output)])
    targets = _targets(contexts, read_kubeconfig(kubeconfig))
    progress = _Progress()
    kinds = live_kinds(secret_metadata=secret_metadata)
    snapshot = collect(targets, kinds, kubeconfig, Limits(kind_seconds=kind_timeout), progress.say)
    progress.end()
    write_snapshot(snapshot, output)
    _tell(snapshot, output)
    sys.exit(INCOMPLETE if snapshot.gaps else 0)


def _targets(texts: Sequence[str], kubeconfig: Kubeconfig) -> list[Target]:
    wanted = texts or [kubeconfig.current]
    targets: dict[str, Target] = {}
    for text in wanted:
        name, context = _split(text, kubeconfig)
        if context not in kubeconfig.contexts:
            names = ", ".join(sorted(kubeconfig.contexts)) or "none"
            problem = "there is no such context" if context else "the kubeconfig has no current context"
            raise WrongUse("option", f"--context {text}".rstrip(), problem, f"the kubeconfig has: {names}")
        if name in targets:
            raise WrongUse("option", f"--context {text}", f"two clusters are called {name}", "write NAME=CONTEXT")
        targets[name] = Target(name, context, tuple(kubeconfig.impersonation(context)))
    return list(targets.values())


def _split(text: str, kubeconfig: Kubeconfig) -> tuple[str, str]:
    """Split `[NAME=]CONTEXT`; the name of a context may have a `=` itself."""
    name, separator, context = text.partition("=")
    return (name, context) if separator and name and text not in kubeconfig.contexts else (text, text)


def _tell(snapshot: Snapshot, output: Path) -> None:
    for gap in snapshot.gaps:
        click.echo(one_line(f"gap: {gap.cluster}: {gap.what}: {gap.reason}; {gap.advice}"), err=True)
    gaps = f", {len(snapshot.gaps)} gaps" if snapshot.gaps else ""
    click.echo(f"{output}: {sum(map(len, snapshot.clusters))} objects of {len(snapshot.clusters)} clusters{gaps}")


class _Progress:
    """On a terminal one line that changes; else a line now and then."""

    SECONDS = 5.0

    def __init__(self) -> None:
        self._rewrites = sys.stderr.isatty()
        self._said = time.monotonic()

    def say(self, line: str) -> None:
        """Show where it is."""
        if self._rewrites:
            click.echo(f"\r\x1b[K{one_line(line)}", err=True, nl=False)
        elif time.monotonic() - self._said > self.SECONDS:
            self._said = time.monotonic()
            click.echo(one_line(line), err=True)

    def end(self) -> None:
        """Clear the line."""
        if self._rewrites:
            click.echo("\r\x1b[K", err=True, nl=False)
