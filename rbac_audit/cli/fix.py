"""`rbac-audit fix`: plan changes, look at them, make them, take them back."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import rich_click as click

from rbac_audit import __version__
from rbac_audit.answers import words
from rbac_audit.audit.estate import Estate, View
from rbac_audit.audit.evaluate import evaluate
from rbac_audit.audit.finding import Finding
from rbac_audit.cli.applying import apply, read_plan, rollback
from rbac_audit.cli.asking import PATH, backup_key, print_answer, rancher_ids, read_sources, tell_gaps
from rbac_audit.cli.changes import show_record
from rbac_audit.cli.output import check_places, write_files
from rbac_audit.cli.policies import load_policies
from rbac_audit.errors import WrongUse
from rbac_audit.fix import document, outputs, show
from rbac_audit.fix.choose import AllowGain
from rbac_audit.fix.plan import Plan
from rbac_audit.fix.planner import FIXED, KUBEVIRT_ONLY, Request, plan
from rbac_audit.report.text import count, one_line
from rbac_audit.rules import RULES
from rbac_audit.snapshot.file import digest

INCOMPLETE = 3
FORMS = click.Choice(["terminal", "diff", "json", "html"])


@click.group(name="fix", epilog="Example: rbac-audit fix plan examples/lived-in")
def command() -> None:
    """Plan and make changes that take no access away and give none without consent."""


command.add_command(apply)
command.add_command(rollback)


@command.command(name="plan", epilog="Example: rbac-audit fix plan examples/lived-in -o plan.yaml")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("-o", "output", default="-", metavar="PATH", help="Where to write the plan; - is standard output.")
@click.option(
    "--rule", "rules", multiple=True, metavar="ID", help=f"Fix the findings of this rule (default: {KUBEVIRT_ONLY})."
)
@click.option("--object", "objects", multiple=True, metavar="OBJECT", help="Convert this binding: RoleBinding ns/name.")
@click.option("--subject", "subjects", multiple=True, metavar="SUBJECT", help="Convert raw bindings of this subject.")
@click.option("--project", "projects", multiple=True, metavar="NAME", help="Convert raw bindings in this project.")
@click.option(
    "--allow-gain",
    type=click.Choice([item.value for item in AllowGain]),
    default=AllowGain.NONE.value,
    show_default=True,
    help="What a step may add without consent.",
)
@click.option("--cluster", default="", metavar="NAME", help="The cluster to fix.")
@rancher_ids
@click.option("--policies", "folders", multiple=True, type=PATH, help="A folder of your own policies.")
@backup_key
def make(
    sources: tuple[str, ...],
    output: str,
    rules: tuple[str, ...],
    objects: tuple[str, ...],
    subjects: tuple[str, ...],
    projects: tuple[str, ...],
    allow_gain: str,
    cluster: str,
    ids: Mapping[str, str],
    folders: tuple[Path, ...],
) -> None:
    """Plan how raw bindings become project role template bindings, and other fixes; nothing is changed.

    Without --object, --subject and --project it fixes the findings of --rule; with them, all raw bindings that match.

    Exit codes: 0 the plan is written, 2 wrong use or bad input, 3 written, but something could not be read.
    """
    check_places([output] if output != "-" else [])
    snapshot = read_sources(sources)
    estate = Estate(snapshot, ids)
    blind = tell_gaps(estate)
    view = words.view_of(estate, cluster)
    chosen = bool(objects or subjects or projects)
    wanted = rules or (() if chosen else (KUBEVIRT_ONLY,))
    request = Request(
        findings=_findings(estate, wanted, folders),
        rules=wanted,
        objects=tuple(_object(view, text) for text in objects),
        subjects=tuple(str(words.subject(text, estate)) for text in subjects),
        projects=tuple(_project(view, text) for text in projects),
        allow_gain=AllowGain(allow_gain),
        digest=digest(snapshot),
        version=__version__,
    )
    made = plan(estate, view, request)
    text = document.write(made)
    if output == "-":
        click.echo(text, nl=False)
    else:
        write_files([(output, text.encode())])
        waiting = len(made.waiting)
        steps = f"{count(len(made.steps), 'step')}, {waiting} waiting for consent, {len(made.refusals)} refused"
        click.echo(one_line(f"{output}: {steps}; look at it: rbac-audit fix show {output}"))
    sys.exit(INCOMPLETE if blind else 0)


def _findings(estate: Estate, wanted: tuple[str, ...], folders: tuple[Path, ...]) -> tuple[Finding, ...]:
    if not wanted:
        return ()
    policies, _ = load_policies(folders)
    known = {rule.id: rule for rule in (*RULES, *policies)}
    for name in wanted:
        if name not in known:
            raise WrongUse("option", f"--rule {name}", "there is no such rule", "see rbac-audit rules list")
        if name not in FIXED:
            manual = f"rbac-audit rules show {name} says what to do; planned are {', '.join(FIXED)}"
            raise WrongUse("option", f"--rule {name}", "its fix cannot be planned", manual)
    return evaluate(estate, [known[name] for name in dict.fromkeys(wanted)]).findings


def _object(view: View, text: str) -> str:
    if all(str(binding.source) != text for binding in view.access.bindings):
        raise WrongUse("option", f"--object {text}", f"{view.name} has no such binding", "write RoleBinding ns/name")
    return text


def _project(view: View, text: str) -> str:
    found = [project.id for project in view.projects.all if text in {project.id, project.name}]
    if len(found) != 1:
        options = ", ".join(found or [project.name or project.id for project in view.projects.all])
        problem = "several projects have this name" if found else "no project has this name"
        raise WrongUse("option", f"--project {text}", problem, f"one of: {options}")
    return found[0]


@command.command(name="show", epilog="Example: rbac-audit fix show plan.yaml --format diff")
@click.argument("path", metavar="PLAN|JOURNAL", type=PATH)
@click.option("--format", "form", type=FORMS, default="terminal", help="How to show it.")
@click.option("--output", "kind", type=click.Choice(list(outputs.OUTPUTS)), help="Write the change for Git instead.")
@click.option("-o", "folder", type=PATH, metavar="FOLDER", help="The folder for --output, which must be there.")
def look(path: Path, form: str, kind: str | None, folder: Path | None) -> None:
    """Show a plan: its steps with what they give and take, or the same change for those who apply through Git.

    Steps that still need consent are left out of --output. Of the journal of an apply it shows the change record: who
    did what and when, what was verified, what stands, and how to take it back.
    """
    if kind is None and form != "diff" and (text := show_record(path, form)):
        click.echo(text, nl=False)
        return
    read = read_plan(path)
    if kind:
        _write(read, kind, folder)
        return
    if form == "json":
        print_answer(read)
        return
    if form == "html":
        click.echo(show.page(read), nl=False)
        return
    _print(show.difference(read) if form == "diff" else show.table(read))


def _write(read: Plan, kind: str, folder: Path | None) -> None:
    if folder is None or not folder.is_dir():
        raise WrongUse("option", "-o", "the folder to write into is not there", "make it, and name it with -o")
    files = outputs.OUTPUTS[kind](read)
    write_files((str(folder / name), text.encode()) for name, text in files.items())
    left = [step.id for step in read.waiting]
    note = f"; left out, as they need consent: {', '.join(left)}" if left else ""
    click.echo(one_line(f"{folder}: {', '.join(files)}{note}"), err=True)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(one_line(line))
