"""`rbac-audit render`: what Rancher writes onto every cluster, as a folder of manifests a cluster."""

import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec
import rich_click as click

from rbac_audit.answers.unread import missing_from
from rbac_audit.audit.estate import Estate, View
from rbac_audit.cli.asking import backup_key, rancher_ids, read_sources, tell_gaps
from rbac_audit.errors import BadInput, WrongUse
from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.rendering import render
from rbac_audit.report.text import one_line
from rbac_audit.snapshot.objects import (
    ClusterRole,
    FleetWorkspace,
    GlobalRole,
    GlobalRoleBinding,
    KubernetesObject,
    ManagementCluster,
    Namespace,
    Project,
    ProvisioningCluster,
    UserAttribute,
)

MODELS = click.Choice(["legacy", "aggregated"])


@click.command(name="render", epilog="Example: rbac-audit render examples/tenancy-legacy -o rendered")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "-o", "output", required=True, type=click.Path(path_type=Path), help="The folder; it must not be there yet."
)
@click.option("--model", default=None, type=MODELS, help="What if Rancher rendered so; default: as its feature says.")
@rancher_ids
@backup_key
def command(sources: tuple[str, ...], output: Path, model: str | None, ids: Mapping[str, str]) -> None:
    """Write every object that Rancher makes of its users, role templates, projects and bindings.

    Exit codes: 0 written from everything there is, 2 wrong use or bad input, 3 written from what could be read.
    """
    if output.exists() or not output.absolute().parent.is_dir():
        problem = "it is there already" if output.exists() else f"there is no folder {output.absolute().parent}"
        raise WrongUse("option", f"-o {output}", problem, "choose another place")
    estate = Estate(read_sources(sources), ids)
    blind = tell_gaps(estate)
    rancher = _rancher(estate)
    views = [view for view in estate.views if view.rancher is rancher]
    notes = tuple(_unread(rancher, views))
    aggregated = _aggregated(rancher, model)
    made = render(rancher, {view.rancher_id: view.cluster for view in views}, aggregated_model=aggregated)
    write(output, [(view, made[view.rancher_id]) for view in views])
    for view in views:
        click.echo(one_line(f"{output / view.name}: {len(made[view.rancher_id])} objects"))
    for note in notes:
        click.echo(one_line(f"note: {note}; what Rancher makes of that is not predicted"), err=True)
    sys.exit(3 if blind or notes else 0)


_OF_RANCHER = (
    *(UserAttribute, GlobalRole, GlobalRoleBinding, Project, ManagementCluster, ProvisioningCluster, FleetWorkspace),
    *(Namespace, ClusterRole),
)


def _unread(rancher: Rancher, views: Iterable[View]) -> Iterator[str]:
    """Name the kinds, but those without which nothing is predicted, that were not read; gaps are told already."""
    yield from missing_from(rancher.cluster, (), _OF_RANCHER)
    for view in views:
        if view.cluster is not rancher.cluster:
            yield from missing_from(view.cluster, (), (Namespace, ClusterRole))


def _rancher(estate: Estate) -> Rancher:
    found = [rancher for rancher in estate.ranchers if rancher.knows_bindings and rancher.knows_users]
    if len(found) != 1:
        problem = "several Ranchers were read" if found else "no Rancher's users, role templates and bindings were read"
        raise BadInput("estate", "the sources", problem, "give the management cluster of one Rancher")
    return found[0]


def _aggregated(rancher: Rancher, model: str | None) -> bool:
    if model:
        return model == "aggregated"
    if rancher.aggregated is None:
        problem = "whether aggregated-roletemplates is on was not read"
        raise BadInput("features", rancher.cluster.name, problem, "state it: --model legacy or --model aggregated")
    return rancher.aggregated


def write(output: Path, clusters: Iterable[tuple[View, tuple[KubernetesObject, ...]]]) -> None:
    """Write everything beside its place, and only then rename it; raises WrongUse."""
    beside = None
    try:
        beside = Path(tempfile.mkdtemp(dir=output.absolute().parent, prefix=f".{output.name}.", suffix=".part"))
        for view, items in clusters:
            folder = beside / _folder_name(view)
            folder.mkdir()
            for name, text in _lists(items):
                (folder / name).write_text(text, encoding="utf-8", newline="\n")
        beside.rename(output)
    except OSError as error:
        problem = f"it cannot be written ({error.strerror})"
        raise WrongUse("option", f"-o {output}", problem, "choose another place") from error
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)


def _folder_name(view: View) -> str:
    """Take the name of a cluster, which a snapshot file may have from anywhere, if it leads nowhere else."""
    if view.name in {"", ".", ".."} or "/" in view.name or "\\" in view.name or "\0" in view.name:
        raise BadInput("cluster", view.name, "its name cannot be that of a folder", "name it: NAME=SOURCE")
    return view.name


def _lists(items: Iterable[KubernetesObject]) -> list[tuple[str, str]]:
    kinds: dict[str, list[dict[str, object]]] = {}
    for item in items:
        suffix = f".{item.group}" if item.group else ""
        fields: dict[str, object] = msgspec.to_builtins(item)
        kinds.setdefault(f"{item.plural}{suffix}.json", []).append(
            {"apiVersion": _version(item), "kind": item.kind, **fields}
        )
    return [
        (name, _text({"apiVersion": "v1", "kind": "List", "items": members})) for name, members in sorted(kinds.items())
    ]


def _version(item: KubernetesObject) -> str:
    if item.group == "management.cattle.io":
        return f"{item.group}/v3"
    return f"{item.group}/v1" if item.group else "v1"


def _text(value: object) -> str:
    return f"{msgspec.json.format(msgspec.json.encode(value, order='sorted'), indent=2).decode()}\n"
