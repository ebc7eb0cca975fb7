"""The report as one HTML file to mail: joins the templates, styles and scripts of `reports/html` with the data."""

import base64
import hashlib
from typing import TYPE_CHECKING

from rbac_audit.audit.finding import Severity, SubjectRef
from rbac_audit.audit.report import Report
from rbac_audit.report import html_summary as summary
from rbac_audit.report.html_payload import Payload
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
    "print.js",
    "app.js",
)
WAIVED_SHOWN = 200

# What must not act in running text: control characters are shown as pictures, characters that turn the direction of
# writing or have no width as their number. `visible` in dom.js does the same.
_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421"}
_NUMBERED = (
    *range(0x80, 0xA0),
    0xAD,
    0x61C,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
)
VISIBLE = _PICTURES | {code: f"\u27e8U+{code:04X}\u27e9" for code in _NUMBERED}
PROSE = {code: sign for code, sign in VISIBLE.items() if code not in (0x09, 0x0A)}


def render(report: Report) -> str:
    """Render the report into one file that loads nothing and runs under a content security policy by hashes."""
    style, script = _joined(STYLES), _joined(SCRIPTS)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            report=report,
            style=style,
            style_hash=_hash(style),
            script=script,
            script_hash=_hash(script),
            payload=Payload(report).packed(),
            **_static(report),
        )
    )


def _static(report: Report) -> dict[str, object]:
    """What can be read without JavaScript."""
    return {
        "verdict": summary.verdict(report),
        "todos": summary.todos(report),
        "affected": summary.affected(report),
        "rule_lines": summary.rule_lines(report),
        "severities": list(Severity),
        "exit_codes": summary.EXIT_CODES,
        "first": summary.FIRST,
        "worst": summary.WORST,
        "worst_findings": summary.worst(report),
        "per_rule": summary.PER_RULE,
        "waived_shown": WAIVED_SHOWN,
    }


def _environment() -> "Environment":
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
        visible=lambda text: str(text).translate(VISIBLE),
        prose=lambda text: str(text).translate(PROSE),
        number=lambda value: f"{value:,}",
        own=Markup,  # our own style and script, never text of a report
        subject=subject_name,
        key=subject_key,
        target=target_name,
    )
    environment.globals.update(count=summary.count)
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


def _joined(names: tuple[str, ...]) -> str:
    folder = reports_dir() / "html"
    return "\n" + "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


def _hash(text: str) -> str:
    """The source expression of a content security policy for an inline element with that very text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
