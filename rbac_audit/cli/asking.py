"""What all questions share: the estate with its what-if, the cluster, and how an answer is written."""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import msgspec
import rich_click as click
from msgspec.structs import replace

from rbac_audit.access import Permission
from rbac_audit.answers import words
from rbac_audit.answers.overlay import overlay
from rbac_audit.audit.estate import Estate, View
from rbac_audit.cli.live import live_reader
from rbac_audit.errors import BadInput, WrongUse
from rbac_audit.report.text import one_line
from rbac_audit.snapshot.estate import Snapshot
from rbac_audit.snapshot.objects import (
    ClusterRoleTemplateBinding,
    GlobalRole,
    GlobalRoleBinding,
    KubernetesObject,
    Project,
    ProjectRoleTemplateBinding,
    RoleTemplate,
)
from rbac_audit.sources import SourceSpec, read_estate

PATH = click.Path(path_type=Path)
FORMS = click.Choice(["terminal", "json"])
P = ParamSpec("P")
R = TypeVar("R")


_KEYS = "rbac_audit.backup_keys"


def _remember_keys(context: click.Context, _option: click.Parameter, files: tuple[Path, ...]) -> None:
    """Keep the option out of every command's arguments: only the reader of the sources wants it."""
    context.meta[_KEYS] = files


backup_key = click.option(
    "--backup-key",
    multiple=True,
    type=PATH,
    metavar="FILE",
    expose_value=False,
    callback=_remember_keys,
    help="The EncryptionConfiguration of an encrypted Rancher backup.",
)


def read_sources(texts: Iterable[str]) -> Snapshot:
    """Read the sources of a command, with its --backup-key."""
    texts = tuple(texts)
    context = click.get_current_context(silent=True)
    keys = context.meta.get(_KEYS, ()) if context else ()
    return read_estate([SourceSpec.parse(text) for text in texts], backup_keys=keys, live=live_reader(texts))


class Asked(msgspec.Struct, frozen=True):
    """The options that say about which estate something is asked: `ids` are ids in Rancher by the cluster's name."""

    cluster: str
    ids: Mapping[str, str]
    added: tuple[Path, ...]
    removed: tuple[str, ...]
    sources: tuple[str, ...] = ()

    def estate(self, source: str, *, renders: bool = False) -> Estate:
        """Read the estate, with the changes of --with and --without made.

        Raises WrongUse for a change of what Rancher makes rights of, unless the command `renders` it itself.
        """
        if not renders:
            kinds = {item.kind for path in self.added for item in objects_of(path)}
            _check_decided_by(kinds | {text.partition(" ")[0] for text in self.removed})
        snapshot = read_sources((source, *self.sources))
        estate = Estate(self.changed(snapshot), self.ids)
        tell_gaps(estate)
        return estate

    def changed(self, snapshot: Snapshot) -> Snapshot:
        """Make the changes of --with and --without on the cluster that is asked about."""
        if not self.added and not self.removed:
            return snapshot
        added = [item for path in self.added for item in objects_of(path)]
        target = words.view_of(Estate(snapshot), self.cluster).name
        return overlay(snapshot, target, added=added, removed=self.removed)

    def view(self, estate: Estate) -> View:
        """Choose the cluster."""
        return words.view_of(estate, self.cluster)


_OF_RANCHER = frozenset(
    kind.kind
    for kind in (
        ProjectRoleTemplateBinding,
        ClusterRoleTemplateBinding,
        GlobalRoleBinding,
        GlobalRole,
        RoleTemplate,
        Project,
    )
)


def _check_decided_by(kinds: Iterable[str]) -> None:
    for kind in sorted(_OF_RANCHER.intersection(kinds)):
        problem = f"a {kind} changes no decision itself, but by what Rancher makes of it, which is not worked out here"
        advice = "write what it makes with rbac-audit render, and give that"
        raise WrongUse("option", "--with or --without", problem, advice)


def objects_of(path: Path) -> list[KubernetesObject]:
    """Read the objects of one file of manifests; raises BadInput for what cannot be read, as it is all meant."""
    snapshot = read_estate([SourceSpec(str(path), "overlay")])
    for gap in snapshot.gaps:
        raise BadInput("manifest", gap.what, gap.reason, gap.advice)
    found = [item for cluster in snapshot.clusters for items in cluster.objects.values() for item in items]
    if not found:
        raise BadInput("manifest", str(path), "it holds no object that counts", "give roles, bindings or namespaces")
    return found


def tell_gaps(estate: Estate, side: str = "") -> bool:
    """Say on standard error what could not be read: an answer must not look like the whole truth."""
    gaps = sorted({*estate.snapshot.gaps, *estate.gaps})
    for gap in gaps:
        click.echo(one_line(f"{f'gap {side}{gap.cluster}'.rstrip()}: {gap.what}: {gap.reason}; {gap.advice}"), err=True)
    return bool(gaps)


def _ids(_context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    ids: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not value:
            raise WrongUse("option", "--rancher-id", f"{text} is not CLUSTER=ID", "for example harvester=c-m-abcd1234")
        ids[name] = value
    return ids


rancher_ids = click.option(
    "--rancher-id", "ids", multiple=True, metavar="CLUSTER=ID", callback=_ids, help="A cluster's id in Rancher."
)


def what_if(function: Callable[Concatenate[Asked, ...], R]) -> Callable[..., R]:
    """Add the options that say what would be; the command gets them as one value, before its own arguments."""

    @click.option("--cluster", default="", metavar="NAME", help="The cluster that is asked about, or changed.")
    @rancher_ids
    @click.option("--with", "added", multiple=True, type=PATH, metavar="FILE", help="What if FILE was applied.")
    @click.option("--without", "removed", multiple=True, metavar="OBJECT", help="What if OBJECT was deleted.")
    @backup_key
    @wraps(function)
    def asking(
        cluster: str,
        ids: Mapping[str, str],
        added: tuple[Path, ...],
        removed: tuple[str, ...],
        *args: object,
        **kwargs: object,
    ) -> R:
        return function(Asked(cluster, ids, added, removed), *args, **kwargs)

    return asking


def question(function: Callable[Concatenate[Asked, P], R]) -> Callable[..., R]:
    """Add the options that every question takes."""

    @what_if
    @click.option("--source", "more", multiple=True, metavar="SOURCE", help="A further source of the same estate.")
    @click.option("--format", "form", type=FORMS, default="terminal", help="How to answer.")
    @wraps(function)
    def asking(asked: Asked, more: tuple[str, ...], *args: P.args, **kwargs: P.kwargs) -> R:
        return function(replace(asked, sources=more), *args, **kwargs)

    return asking


def request(texts: tuple[str, ...], usage: str) -> tuple[Permission, str]:
    """Read `VERB RESOURCE [NAME] SOURCE`: what is asked for, and the source."""
    if len(texts) not in {3, 4}:
        raise WrongUse("arguments", " ".join(texts) or "none", "they are not what is asked for", usage)
    verb, resource, *name, source = texts
    return words.permission(verb, resource, name[0] if name else ""), source


def exit_code(*, allowed: bool, complete: bool = True) -> int:
    """0 for yes, 1 for no, 3 for a no that what was not read could change."""
    return 0 if allowed else 1 if complete else 3


def print_answer(value: object) -> None:
    """Print an answer as JSON, in UTF-8 whatever the terminal takes: it is read by programs."""
    click.echo(msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=2))
