"""The report as one HTML file to mail: joins the templates, styles and scripts of `reports/html` with the data."""

import base64
import hashlib
from functools import cache, partial
from typing import TYPE_CHECKING

from rbac_audit.audit.finding import Severity, SubjectRef
from rbac_audit.audit.report import Report
from rbac_audit.report import summary, text
from rbac_audit.report.html_payload import Payload
from rbac_audit.report.verdict import since_line, told, verdict
from rbac_audit.report.words import Words, words
from rbac_audit.resources import reports_dir
from rbac_audit.snapshot.objects import ObjectRef

if TYPE_CHECKING:
    from jinja2 import Environment

STYLES = ("base.css", "layout.css", "summary.css", "controls.css", "tables.css", "pages.css", "print.css")
SCRIPTS = (
    "dom.js",
    "data.js",
    "table.js",
    "filter.js",
    "facets.js",
    "findings.js",
    "finding.js",
    "holders.js",
    "projects.js",
    "people.js",
    "matrix.js",
    "public.js",
    "upgrade.js",
    "print.js",
    "app.js",
)
WAIVED_SHOWN = 200


def render(report: Report, language: str = "en") -> str:
    """Render the report into one file that loads nothing and runs under a content security policy by hashes."""
    style, script, said = _joined(STYLES), _joined(SCRIPTS), words(language)
    return (
        _environment(language)
        .get_template("page.html.j2")
        .render(
            report=report,
            style=style,
            style_hash=_hash(style),
            script=script,
            script_hash=_hash(script),
            payload=Payload(report, said).packed(),
            **_static(report, said),
        )
    )


def page(template: str, **values: object) -> str:
    """Render another page in the look of the report: without scripts, and it loads nothing either."""
    style = _joined(STYLES)
    return _environment("en").get_template(template).render(style=style, style_hash=_hash(style), **values)


def _static(report: Report, said: Words) -> dict[str, object]:
    """What can be read without JavaScript."""
    return {
        "verdict": verdict(report, said),
        "since_line": since_line(report, said),
        "changes": summary.changes(report),
        "affected": summary.affected(report),
        "rule_lines": summary.rule_lines(report),
        "severities": list(Severity),
        "first": summary.FIRST,
        "worst": summary.WORST,
        "worst_findings": summary.worst(report),
        "new": set(report.since.new if report.since else ()),
        "per_rule": summary.PER_RULE,
        "waived_shown": WAIVED_SHOWN,
    }


@cache
def _environment(language: str) -> "Environment":
    said = words(language)
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(reports_dir() / "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        visible=lambda value: text.visible(str(value)),
        prose=lambda value: text.prose(str(value)),
        number=said.number,
        own=Markup,  # our own style and script, never text of a report
        subject=subject_name,
        key=subject_key,
        target=target_name,
        cause=cause_key,
    )
    unsafe = "".join(rf"\p{{{each}}}" for each in text.UNSAFE)
    environment.globals.update(t=said, n=said.n, told=partial(told, words=said), language=said.language, unsafe=unsafe)
    return environment


def subject_name(subject: SubjectRef) -> str:
    """Name a subject for people: the display name where there is one, else what Kubernetes calls it."""
    plain = f"{subject.namespace}/{subject.name}" if subject.namespace else subject.name
    return subject.display_name or plain


def subject_key(subject: SubjectRef) -> str:
    """Name a subject for links within the page."""
    return f"{subject.kind}/{subject.namespace}/{subject.name}"


def target_name(item: ObjectRef) -> str:
    """Name an object without its kind."""
    return f"{item.namespace}/{item.name}" if item.namespace else item.name


def cause_key(change: summary.Change) -> str:
    """Name the object that a change is about for links within the page, as `causeKey` in data.js does."""
    item = change.object
    return f"{change.cluster}/{item.api_group}/{item.kind}/{item.namespace}/{item.name}"


def _joined(names: tuple[str, ...]) -> str:
    folder = reports_dir() / "html"
    return "\n" + "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


def _hash(text: str) -> str:
    """The source expression of a content security policy for an inline element with that very text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
