"""The report as short Markdown for a ticket or a merge request: what the first page of the HTML report says."""

import re
from collections.abc import Iterable, Iterator

from rbac_audit.audit.classes import PUBLIC
from rbac_audit.audit.finding import Finding, Severity, SubjectRef
from rbac_audit.audit.report import Report
from rbac_audit.report import summary
from rbac_audit.report.text import visible
from rbac_audit.report.verdict import AT_RISK, since_line, told, verdict
from rbac_audit.report.words import Words, words
from rbac_audit.snapshot.objects import ObjectRef

# A word of these characters means nothing to Markdown, nor to what GitHub and GitLab make of names, numbers and
# addresses in a text; every other word is written as code, in which nothing is made of anything.
_PLAIN = re.compile(r"[\w.,;()'/+=-]+:?")
_SPECIAL = re.compile(r"_|www\.|^[0-9a-f]{7,}|^[-+=]+$|^\d+[.)]$", re.IGNORECASE)


def render(report: Report, language: str = "en") -> str:
    """Write the report; every list is cut to what a ticket can hold, and says so."""
    said = words(language)
    return "\n".join(_lines(report, said)).rstrip("\n") + "\n"


def _lines(report: Report, t: Words) -> Iterator[str]:
    found = verdict(report, t)
    yield f"# {t('Access report')} {inert(report.date)}"
    yield ""
    yield f"**{inert(found.headline)}**"
    for sentence in found.details:
        yield ""
        yield inert(sentence)
    yield from _section(t("What changed"), _since(report, t))
    yield from _section(t("Not known"), _unknown(report, t))
    yield from _section(t("What to change first"), _changes(report, t))
    yield from _section(t("Worst findings"), _worst(report, t))
    yield from _section(t("Who is concerned"), _affected(report, t))
    yield from _section(t("What an upgrade does to bindings"), _upgrade(report, t))
    yield from _section(t("The namespace harvester-public"), _public(report, t))
    yield from _section(t("The estate"), _estate(report, t))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Write a section, and nothing where there is nothing to say."""
    written = list(lines)
    if written:
        yield from ("", f"## {title}", "", *written)


def _cut(lines: list[str], t: Words, limit: int = summary.WORST) -> Iterator[str]:
    yield from lines[:limit]
    if len(lines) > limit:
        yield f"- {t.n(len(lines) - limit, '{n} more is in the JSON report.', '{n} more are in the JSON report.')}"


def _since(report: Report, t: Words) -> Iterator[str]:
    if report.since is None:
        return
    new = set(report.since.new)
    yield inert(since_line(report, t))
    yield ""
    lines = [f"- {t('New')}: {_finding(each, t)}" for each in report.findings if each.fingerprint in new]
    lines += [f"- {t('Gone')}: {_finding(each, t)}" for each in report.since.gone]
    lines += [f"- {t('Not judged again')}: {_finding(each, t)}" for each in report.since.unjudged]
    yield from _cut(lines, t)


def _unknown(report: Report, t: Words) -> Iterator[str]:
    lines = [f"- {inert(f'{gap.what}: {gap.reason}; {gap.advice}')}{_on(gap.cluster)}" for gap in report.gaps]
    for each in report.not_evaluated:
        part = f", {t('in part')}" if each.partly else ""
        lines.append(f"- {code(each.rule)}{part}: {inert('; '.join(each.because))}{_on(each.cluster)}")
    yield from _cut(lines, t)


def _on(cluster: str) -> str:
    return f" ({code(cluster)})" if cluster else ""


def _changes(report: Report, t: Words) -> Iterator[str]:
    found = summary.changes(report)
    for number, change in enumerate(found[: summary.FIRST], 1):
        counts = told({severity.value: total for severity, total in change.by_severity.items()}, t)
        yield f"{number}. {_object(change.object)}: {inert(change.findings[0].message)}"
        yield f"   - {t('What to do:')} {inert(change.fix)}"
        yield f"   - {t('Removes')} {counts}"
    if len(found) > summary.FIRST:
        yield ""
        yield t("All {n} objects to change", n=t.number(len(found))) + f": {t('see the HTML report')}."


def _worst(report: Report, t: Words) -> Iterator[str]:
    picked = summary.worst(report)
    for finding in picked:
        yield f"- {_finding(finding, t)} {_object(finding.object)} {code(finding.fingerprint)}"
    if len(report.findings) > len(picked):
        yield f"- {t('All {n} findings', n=t.number(len(report.findings)))}: {t('see the HTML report')}."


def _affected(report: Report, t: Words) -> Iterator[str]:
    lines = [
        f"- {_subject(line.subject)}: {t.n(line.findings, '{n} finding', '{n} findings')}, "
        f"{t('the worst')}: {_severity(line.worst, t)}"
        for line in summary.affected(report)
    ]
    yield from _cut(lines, t)


def _upgrade(report: Report, t: Words) -> Iterator[str]:
    fates = (fate for cluster in report.survival for fate in cluster.bindings if fate.survival in AT_RISK)
    lines = [f"- {_object(fate.binding)}: {inert(fate.reason)}. {inert(fate.first)}" for fate in fates]
    yield from _cut(lines, t)


def _public(report: Report, t: Words) -> Iterator[str]:
    for place in report.public:
        bindings = sum(not bound.shipped for bound in place.bindings)
        secrets = sum(not secret.shipped for secret in place.secrets)
        parts = [
            t.n(bindings, "{n} binding beside what ships", "{n} bindings beside what ships"),
            t.n(secrets, "{n} Secret beside what ships", "{n} Secrets beside what ships"),
            t.n(len(place.readers), "{n} subject can read its Secrets", "{n} subjects can read its Secrets"),
            t.n(len(place.writers), "{n} subject can change it", "{n} subjects can change it"),
        ]
        if place.unread:
            parts.append(f"{t('Not read here:')} {inert(', '.join(place.unread))}")
        yield f"- {code(place.cluster)} ({PUBLIC}): {'; '.join(parts)}."


def _estate(report: Report, t: Words) -> Iterator[str]:
    for cluster in report.estate.clusters:
        versions = ", ".join(f"{name} {version}" for name, version in sorted(cluster.versions.items()))
        known = f" ({cluster.display_name})" if cluster.display_name else ""
        yield f"- {code(cluster.name + known)}: {inert(versions) or t('not known')}"
    yield f"- {t('Digest')}: {code(report.estate.digest)}"
    yield f"- {t('Exit code {code}', code=report.summary.exit_code)}, rbac-audit {inert(report.tool.version)}"
    if report.command:
        yield f"- {t('Made by')}: {code(report.command)}"


def _finding(finding: Finding, t: Words) -> str:
    return f"**{_severity(finding.severity, t)}** {inert(finding.message)}"


def _severity(severity: Severity, t: Words) -> str:
    return t(severity.value.capitalize())


def _object(item: ObjectRef) -> str:
    return code(str(item))


def _subject(subject: SubjectRef) -> str:
    return code(f"{subject.display_name} ({subject})" if subject.display_name else str(subject))


def code(text: str) -> str:
    """Write a text as code: in more backticks than it holds in a row, so that it cannot end the code."""
    shown = visible(text) or "\u2013"
    longest = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    room = " " if longest or shown.strip() != shown else ""
    return f"{fence}{room}{shown}{room}{fence}"


def inert(text: str) -> str:
    """Write a sentence that may hold names: plain words as they are, runs of all others as code."""
    parts: list[str] = []
    foreign: list[str] = []
    for word in visible(text).split(" "):
        if _PLAIN.fullmatch(word) and not _SPECIAL.search(word):
            parts += [code(" ".join(foreign)), word] if foreign else [word]
            foreign = []
        elif word:
            foreign.append(word)
    return " ".join([*parts, code(" ".join(foreign))] if foreign else parts)
