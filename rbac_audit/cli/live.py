"""The options that say which clusters are read live and how; shared by `collect` and by the source `live`."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import msgspec
import rich_click as click

from rbac_audit.cli.rancher_login import TOKEN, login
from rbac_audit.errors import WrongUse
from rbac_audit.sources.estate import LIVE
from rbac_audit.sources.live.limits import Limits
from rbac_audit.sources.spec import SourceSpec

# What speaks to clusters is imported where it is needed: most audits read files.
if TYPE_CHECKING:
    from rbac_audit.snapshot.estate import Gap, Snapshot
    from rbac_audit.sources.live.collect import Written
    from rbac_audit.sources.live.kubeconfig import Kubeconfig
    from rbac_audit.sources.live.pseudonyms import KeyFile
    from rbac_audit.sources.live.since import Earlier
    from rbac_audit.sources.live.target import Side, Target

P = ParamSpec("P")
R = TypeVar("R")

_META = "rbac_audit.live"
_PATH = click.Path(path_type=Path)
_SECONDS = click.FloatRange(min=0, min_open=True)


def _remember(context: click.Context, option: click.Parameter, value: object) -> None:
    """Keep the option out of every command's arguments: only whoever reads live wants it."""
    context.meta.setdefault(_META, {})[option.name] = value


def _option(*names: str, **attributes: object) -> Callable[[Callable[P, R]], Callable[P, R]]:
    return click.option(*names, expose_value=False, callback=_remember, **attributes)  # type: ignore[arg-type]  # click's


_CONTEXT = "[NAME=]CONTEXT"
_CLUSTERS = (
    _option("--context", "contexts", multiple=True, metavar=_CONTEXT, help="A cluster, and its name (repeatable)."),
    _option("--rancher-context", "rancher_contexts", multiple=True, metavar=_CONTEXT, help="One that runs Rancher."),
    _option(
        "--harvester-context", "harvester_contexts", multiple=True, metavar=_CONTEXT, help="One that is a Harvester."
    ),
    _option("--kubeconfig", type=_PATH, help="The kubeconfig (default: KUBECONFIG, else ~/.kube/config)."),
    _option("--in-cluster", metavar="NAME", help="The cluster that this runs in, through its service account."),
    _option("--rancher", metavar="URL", help="A Rancher, and every Harvester cluster that it manages."),
    _option(
        "--rancher-token-file",
        type=_PATH,
        metavar="FILE",
        help=f"The API token (default: in the variable {TOKEN}).",
    ),
    _option("--rancher-ca", type=_PATH, metavar="FILE", help="The authority of Rancher's certificate, as PEM."),
)
_READING = (
    _option("--secret-metadata", is_flag=True, help="Read the metadata of Secrets too, never their values."),
    _option(
        "--kind-timeout",
        type=_SECONDS,
        default=Limits().kind_seconds,
        show_default=True,
        metavar="SECONDS",
        help="How long one kind of objects may take.",
    ),
    _option(
        "--parallel",
        type=click.IntRange(1, 64),
        default=Limits().parallel,
        show_default=True,
        metavar="N",
        help="How many lists are read at a time.",
    ),
    _option(
        "--qps",
        type=_SECONDS,
        default=Limits().qps,
        show_default=True,
        metavar="N",
        help="How many requests a second one server gets at most.",
    ),
)


def live_options(*narrowing: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Add the options that name clusters and say how to read them; `narrowing` names the one that leaves some out.

    To `audit`, `--cluster` says which cluster a what-if changes.
    """
    narrowed = _option(
        *narrowing, "clusters", multiple=True, metavar="NAME", help="Of Rancher's clusters, this one only."
    )

    def added(function: Callable[P, R]) -> Callable[P, R]:
        for option in reversed((*_CLUSTERS, narrowed, *_READING)):
            function = option(function)
        return function

    return added


class Live(msgspec.Struct, frozen=True):
    """What the options say."""

    contexts: tuple[str, ...]
    rancher_contexts: tuple[str, ...]
    harvester_contexts: tuple[str, ...]
    kubeconfig: Path | None
    in_cluster: str | None
    rancher: str | None
    rancher_token_file: Path | None
    rancher_ca: Path | None
    clusters: tuple[str, ...]
    secret_metadata: bool
    kind_timeout: float
    parallel: int
    qps: float

    @classmethod
    def asked(cls) -> "Live":
        """Take the options of the command that runs."""
        context = click.get_current_context(silent=True)
        assert context is not None  # noqa: S101  # only a command calls it
        return cls(**context.meta[_META])

    @property
    def limits(self) -> Limits:
        """The bounds of the reading."""
        return Limits(kind_seconds=self.kind_timeout, parallel=self.parallel, qps=self.qps)

    def read(
        self, output: Path, *, resume: bool = False, keys: "KeyFile | None" = None, since: "Earlier | None" = None
    ) -> "Written":
        """Read the clusters into a file. Raises WrongUse."""
        from rbac_audit.cli.progress import Progress
        from rbac_audit.sources.live.collect import Order, collect
        from rbac_audit.sources.live.kinds import live_kinds

        targets, gaps = self._targets()
        order = Order(live_kinds(secret_metadata=self.secret_metadata), gaps, resume, keys, since)
        with Progress() as progress:
            return collect(targets, order, self.limits, output, progress.show)

    def snapshot(self) -> "Snapshot":
        """Read the clusters into memory, through a file that goes at once."""
        from rbac_audit.snapshot.file import read_snapshot

        with tempfile.TemporaryDirectory(prefix="rbac-audit-") as folder:
            file = Path(folder) / "live.jsonl"
            self.read(file)
            return read_snapshot(file)

    def _targets(self) -> tuple[Sequence["Target"], Sequence["Gap"]]:
        from rbac_audit.sources.live.rancher import find_clusters
        from rbac_audit.sources.live.target import Target
        from rbac_audit.sources.live.ways import InCluster

        self._check()
        named = list(self._of_contexts())
        if self.in_cluster:
            named.append(Target(self.in_cluster, InCluster()))
        gaps: Sequence[Gap] = ()
        if self.rancher:
            found = find_clusters(
                login(self.rancher, self.rancher_token_file, self.rancher_ca), self.clusters, self.limits
            )
            named += found.targets
            gaps = found.gaps
        names: set[str] = set()
        for target in named:
            if target.name in names:
                problem = f"two clusters are called {target.name}"
                raise WrongUse("option", str(target.way), problem, "write NAME=CONTEXT")
            names.add(target.name)
        return named, gaps

    def _check(self) -> None:
        stray = [
            option
            for option, value in {
                "--rancher-token-file": self.rancher_token_file,
                "--rancher-ca": self.rancher_ca,
                "--only-cluster": self.clusters,
            }.items()
            if value and not self.rancher
        ]
        if stray:
            raise WrongUse("option", stray[0], "it is about a Rancher", "name that with --rancher URL")

    def _of_contexts(self) -> Iterator["Target"]:
        from rbac_audit.sources.live.kubeconfig import read_kubeconfig

        sides: dict[Side, tuple[str, ...]] = {
            "": self.contexts,
            "rancher": self.rancher_contexts,
            "harvester": self.harvester_contexts,
        }
        asked = [(side, text) for side, texts in sides.items() for text in texts]
        if not asked and (self.in_cluster or self.rancher):
            return
        kubeconfig = read_kubeconfig(self.kubeconfig)
        for side, text in asked or [("", kubeconfig.current)]:
            yield of_context(text, kubeconfig, side)


def live_reader(sources: Sequence[str]) -> "Callable[[], Snapshot] | None":
    """Return what reads the source `live`; None for a command without the options for it.

    Raises WrongUse where clusters are named, but `live` is not among the sources.
    """
    context = click.get_current_context(silent=True)
    if context is None or _META not in context.meta:
        return None
    live = Live.asked()
    named = (live.contexts, live.rancher_contexts, live.harvester_contexts, live.in_cluster, live.rancher)
    if any(named) and not any(SourceSpec.parse(source).path == LIVE for source in sources):
        raise WrongUse("option", "SOURCE", "clusters are named, but not read", f"add the source {LIVE}")
    return live.snapshot


def of_context(text: str, kubeconfig: "Kubeconfig", side: "Side" = "") -> "Target":
    """Read `[NAME=]CONTEXT`; raises WrongUse for a context that is not there."""
    from rbac_audit.sources.live.target import Target

    name, context = _split(text, kubeconfig)
    if context not in kubeconfig.contexts:
        names = ", ".join(sorted(kubeconfig.contexts)) or "none"
        problem = "there is no such context" if context else "the kubeconfig has no current context"
        option = f"--{side}-context" if side else "--context"
        raise WrongUse("option", f"{option} {text}".rstrip(), problem, f"the kubeconfig has: {names}")
    return Target(name, kubeconfig.way(context), side, kubeconfig.rancher_id(context))


def _split(text: str, kubeconfig: "Kubeconfig") -> tuple[str, str]:
    """Split `[NAME=]CONTEXT`; the name of a context may have a `=` itself."""
    name, separator, context = text.partition("=")
    return (name, context) if separator and name and text not in kubeconfig.contexts else (text, text)
