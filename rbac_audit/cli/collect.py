"""`rbac-audit collect`: clusters in, one snapshot file out."""

import sys
from pathlib import Path

import rich_click as click

from rbac_audit.cli.live import Live, live_options
from rbac_audit.cli.output import check_places
from rbac_audit.errors import WrongUse
from rbac_audit.report.text import one_line
from rbac_audit.sources.live.parts import Parts
from rbac_audit.sources.live.pseudonyms import KeyFile
from rbac_audit.sources.live.roles import ROLES, least_role
from rbac_audit.sources.live.since import Earlier

INCOMPLETE = 3


@click.command(
    name="collect",
    epilog="Example: rbac-audit collect --print-role harvester",
)
@live_options("--cluster", "--only-cluster")
@click.option("-o", "output", type=click.Path(path_type=Path), help="The file: .jsonl.zst, .jsonl.gz or .jsonl.")
@click.option("--resume", is_flag=True, help="Do not read again the clusters that an interrupted run had read.")
@click.option(
    "--since",
    "earlier",
    type=click.Path(path_type=Path),
    metavar="SNAPSHOT",
    help="Take what has not changed since then from SNAPSHOT.",
)
@click.option(
    "--anonymize",
    "key_file",
    type=click.Path(path_type=Path),
    metavar="KEYFILE",
    help="Write pseudonyms for people; who is who goes to KEYFILE (made if missing).",
)
@click.option("--print-role", "side", type=click.Choice(ROLES), help="Print the least role and stop.")
def command(output: Path | None, resume: bool, earlier: Path | None, key_file: Path | None, side: str | None) -> None:
    """Read clusters into one snapshot file, without any secret.

    Clusters are contexts of the kubeconfig, the cluster that this runs in, or a Rancher with every Harvester cluster
    behind it; of none of these it reads the current context. What cannot be read becomes a gap in the file; the other
    kinds and clusters are read all the same.

    Exit codes: 0 everything was read, 2 wrong use, 3 written with gaps.
    """
    live = Live.asked()
    if side:
        click.echo(least_role(side, secret_metadata=live.secret_metadata), nl=False)
        return
    if output is None:
        raise WrongUse("option", "-o", "it is missing", "say where to write, such as -o estate.jsonl.zst")
    check_places(map(str, filter(None, (output, key_file))))
    keys = KeyFile(key_file) if key_file else None
    since = Earlier(earlier) if earlier else None
    try:
        read = live.read(output, resume=resume, keys=keys, since=since)
    except KeyboardInterrupt:
        if kept := Parts(output).count:
            click.echo(f"{kept} clusters were read to their end: go on with --resume", err=True)
        raise
    for gap in read.head.gaps:
        click.echo(one_line(f"gap: {gap.cluster}: {gap.what}: {gap.reason}; {gap.advice}"), err=True)
    if read.naming:
        told = f"{read.naming} objects still show a name that a person has, such as in their own name"
        click.echo(f"note: {told}: look before you share {output}", err=True)
    gaps = f", {len(read.head.gaps)} gaps" if read.head.gaps else ""
    click.echo(f"{output}: {read.objects} objects of {len(read.head.clusters)} clusters{gaps}")
    sys.exit(INCOMPLETE if read.head.gaps else 0)
