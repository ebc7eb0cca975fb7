"""`rbac-audit snapshot`: sources in, one snapshot file out."""

import sys
from pathlib import Path

import rich_click as click

from rbac_audit.cli.asking import backup_key, read_sources
from rbac_audit.cli.output import check_places
from rbac_audit.snapshot.file import write_snapshot


@click.command(name="snapshot", epilog="Example: rbac-audit snapshot examples/lived-in -o estate.jsonl.zst")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "-o", "output", required=True, type=click.Path(path_type=Path), help="The file: .jsonl.zst, .jsonl.gz or .jsonl."
)
@backup_key
def command(sources: tuple[str, ...], output: Path) -> None:
    """Write what the sources hold into one snapshot file, without any secret.

    Exit codes: 0 everything was read, 2 wrong use or bad input, 3 written with gaps.
    """
    check_places([str(output)])
    snapshot = read_sources(sources)
    write_snapshot(snapshot, output)
    gaps = f", {len(snapshot.gaps)} gaps" if snapshot.gaps else ""
    click.echo(f"{output}: {sum(map(len, snapshot.clusters))} objects of {len(snapshot.clusters)} clusters{gaps}")
    sys.exit(3 if snapshot.gaps else 0)
