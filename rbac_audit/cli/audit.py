"""`rbac-audit audit`: sources in, report out."""

import datetime
import shlex
import sys
from pathlib import Path

import msgspec
import rich_click as click

from rbac_audit import __version__
from rbac_audit.audit.build import Run, build_report
from rbac_audit.audit.estate import Estate
from rbac_audit.audit.evaluate import evaluate
from rbac_audit.audit.extract import extracted
from rbac_audit.audit.filters import Filters, check_filters
from rbac_audit.audit.finding import Severity
from rbac_audit.audit.report import FORMAT, Report
from rbac_audit.audit.since import compared
from rbac_audit.cli.asking import PATH, Asked, read_sources, what_if
from rbac_audit.cli.formats import FORMATS, deliver
from rbac_audit.cli.live import live_options
from rbac_audit.cli.output import check_places
from rbac_audit.cli.policies import load_policies
from rbac_audit.errors import BadInput, WrongUse
from rbac_audit.fix.planner import FIXED
from rbac_audit.report.text import count
from rbac_audit.report.words import LANGUAGES
from rbac_audit.rules import RULES
from rbac_audit.snapshot.file import digest
from rbac_audit.sources.streams import shown

SEVERITIES = click.Choice([severity.value for severity in Severity])


_ARGUMENTS = "rbac_audit.arguments"


class _Recorded(click.RichCommand):
    """Remembers the arguments as they were given, so that a report can say what made it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep a copy: click takes them apart."""
        ctx.meta[_ARGUMENTS] = tuple(args)
        return super().parse_args(ctx, args)


@click.command(
    name="audit",
    cls=_Recorded,
    epilog="Example: rbac-audit audit examples/lived-in --format terminal -o - --format html -o report.html",
)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--format", "formats", multiple=True, type=click.Choice(list(FORMATS)), help="What to write (repeatable)."
)
@click.option(
    "-o", "outputs", multiple=True, metavar="PATH", help="Where to: one for each --format; - is standard output."
)
@click.option("--fail-on", type=SEVERITIES, default="low", show_default=True, help="Exit 1 from this severity on.")
@click.option("--min-severity", type=SEVERITIES, default="info", help="Show findings from this severity on.")
@click.option("--rule", "rules", multiple=True, metavar="ID", help="Show findings of this rule only.")
@click.option(
    "--project",
    "projects",
    multiple=True,
    metavar="NAME",
    help="Show findings that reach into this project (name or id) only.",
)
@click.option("--extract", is_flag=True, help="Write what is about the one --project only, and nothing about others.")
@click.option(
    "--since",
    type=PATH,
    metavar="REPORT",
    help="An earlier report (--format json): say what is new, gone and unchanged.",
)
@click.option(
    "--language", type=click.Choice(LANGUAGES), default="en", help="The words of HTML and Markdown; rules stay English."
)
@click.option(
    "--subject", "subjects", multiple=True, metavar="SUBJECT", help="Show findings about User:x, Group:x, … or a name."
)
@click.option(
    "--namespace",
    "-n",
    "namespaces",
    multiple=True,
    metavar="NAME",
    help="Show findings that reach into this namespace only.",
)
@click.option(
    "--policies", "folders", multiple=True, type=click.Path(path_type=Path), help="A folder of your own policies."
)
@live_options("--only-cluster")
@click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="The date of the report (default: today)."
)
@what_if
def command(
    asked: Asked,
    sources: tuple[str, ...],
    formats: tuple[str, ...],
    outputs: tuple[str, ...],
    fail_on: str,
    min_severity: str,
    rules: tuple[str, ...],
    projects: tuple[str, ...],
    subjects: tuple[str, ...],
    namespaces: tuple[str, ...],
    folders: tuple[Path, ...],
    today: datetime.datetime | None,
    since: Path | None,
    language: str,
    *,
    extract: bool,
) -> None:
    """Find what is wrong with access in an estate.

    A SOURCE is a folder or file of manifests, a Harvester support bundle, a Rancher backup, a snapshot file, or - for
    standard input, written NAME=PATH to name its cluster; or the word live, for the clusters that --context, --rancher
    and the like name. Several are joined into one estate.

    Exit codes: 0 clean, 1 findings from --fail-on on, 2 wrong use or bad input, 3 nothing found, but something could
    not be read or evaluated.
    """
    targets = _targets(formats or ("terminal",), outputs)
    _check_together(asked, projects if extract else None)
    policies, capabilities = load_policies(folders)
    known = (*RULES, *policies)
    _check_rules(rules, [rule.id for rule in known])
    earlier = read_report(since) if since else None
    snapshot = asked.changed(read_sources(sources))
    date = (today or datetime.datetime.now(tz=datetime.UTC)).date().isoformat()
    estate = Estate(snapshot, asked.ids, date)
    run = Run(__version__, date, digest(snapshot), Severity(fail_on), _command_line(), FIXED)
    asked_for = Filters(Severity(min_severity), rules, projects, subjects, namespaces)
    check_filters(estate, asked_for)
    filters = msgspec.structs.replace(asked_for, projects=()) if extract else asked_for
    report = build_report(estate, evaluate(estate, known), known, capabilities, filters, run)
    report = compared(report, earlier, filters) if earlier else report
    report = extracted(report, projects[0], Severity(fail_on)) if extract else report
    deliver(report, targets, language)
    sys.exit(report.summary.exit_code)


def _check_together(asked: Asked, extracted_of: tuple[str, ...] | None) -> None:
    """Refuse options that mean nothing without others; the projects of --extract, None without it."""
    if asked.cluster and not (asked.added or asked.removed):
        raise WrongUse("option", "--cluster", "there is nothing to change on it", "give --with or --without as well")
    if extracted_of is not None and len(extracted_of) != 1:
        raise WrongUse("option", "--extract", "it is about one project", "name it with --project, once")


def _command_line() -> str:
    context = click.get_current_context(silent=True)
    arguments = context.meta.get(_ARGUMENTS, ()) if context else ()
    return shlex.join(("rbac-audit", "audit", *map(shown, arguments))) if arguments else ""


def read_report(path: Path) -> Report:
    """Read a report that was written with --format json; raises BadInput for anything else."""
    advice = "give a report that rbac-audit audit --format json wrote"
    try:
        report = msgspec.json.decode(path.read_bytes(), type=Report)
    except OSError as error:
        raise BadInput("report", str(path), f"it cannot be read ({error.strerror})", advice) from error
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BadInput("report", str(path), f"it is no report ({error})", advice) from error
    if report.format != FORMAT:
        raise BadInput("report", str(path), f"its format is {report.format}, not {FORMAT}", advice)
    return report


def _targets(formats: tuple[str, ...], outputs: tuple[str, ...]) -> list[tuple[str, str]]:
    if outputs and len(outputs) != len(formats):
        problem = f"{count(len(outputs), 'path')} for {count(len(formats), 'format')}"
        raise WrongUse("option", "-o", problem, "give one -o for each --format, in their order; - is standard output")
    targets = list(zip(formats, outputs or ("-" for _ in formats), strict=True))
    if sum(path == "-" for _, path in targets) > 1:
        raise WrongUse("option", "--format", "two formats would be mixed on standard output", "give each its -o PATH")
    check_places(path for _, path in targets if path != "-")
    return targets


def _check_rules(wanted: tuple[str, ...], known: list[str]) -> None:
    for name in wanted:
        if name not in known:
            raise WrongUse("option", "--rule", f"there is no rule {name}", "see rbac-audit rules list")
