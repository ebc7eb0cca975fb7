import re

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec.structs import replace

from rbac_audit.audit.report import NotEvaluated
from rbac_audit.report import markdown, summary
from rbac_audit.report.text import visible
from rbac_audit.report.words import words
from rbac_audit.snapshot.estate import Gap
from tests.report import factory
from tests.report.hostile import HOSTILE, replace_texts

REPORT = factory.since(factory.report(100, waived=2))
# What a ticket makes something of: people, numbers of issues, addresses, emoji.
MEANT = (
    *HOSTILE,
    "@everyone",
    "group/project#12",
    "!34 and ~label %milestone $5",
    "https://example.org/x",
    "www.example.org",
    "someone@example.org",
    "a `b` ``c`` d",
    "`",
    "![x](https://example.org/x.png) [y](javascript:alert(1))",
    "# heading",
    "- item",
    "1. item",
    "===",
    "<details open><b>",
    "&#64;you &amp; me",
    "*bold* _it_ ~~gone~~",
    ":tada:",
    "\\@you",
    "| a | b |",
)


def tokens(text: str) -> list[Token]:
    """What a renderer of GitHub's kind makes of a text, with everything that stands in a line."""
    parsed = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    return [inner for token in parsed for inner in (token, *(token.children or ()))]


def test_it_says_what_the_first_page_says() -> None:
    text = markdown.render(REPORT)
    for change in summary.changes(REPORT)[: summary.FIRST]:
        assert f"`{change.object}`" in text
    for finding in summary.worst(REPORT):
        assert f"`{finding.fingerprint}`" in text
    for gap in REPORT.gaps:
        assert gap.what in text
    for each in REPORT.not_evaluated:
        assert f"`{each.rule}`" in text
    assert "2 findings are waived and not counted here." in text
    assert "100 findings: " in text
    assert "Since the report of 2026-11-01" in text
    assert REPORT.command in text
    assert text.endswith("\n")


def test_it_stays_short_whatever_the_number_of_findings() -> None:
    assert len(markdown.render(factory.report(5_000, projects=60)).splitlines()) < 120


def test_an_empty_report_is_a_few_lines() -> None:
    text = markdown.render(factory.report(0, gaps=False))
    assert "**Nothing wrong was found.**" in text
    assert "## Not known" not in text


@pytest.mark.parametrize("text", MEANT)
def test_a_name_makes_nothing_in_a_ticket(text: str) -> None:
    def shape(name: str) -> list[str]:
        found = tokens(markdown.render(replace_texts(factory.since(factory.report(12, waived=1)), name)))
        return [each.type for each in found if each.type not in {"text", "code_inline"}]

    assert shape(text) == shape("harmless")


@pytest.mark.parametrize("text", MEANT)
def test_what_a_ticket_would_make_something_of_stands_in_code(text: str) -> None:
    written = markdown.render(replace_texts(factory.report(12), text))
    bare = " ".join(each.content for each in tokens(written) if each.type == "text")
    assert not re.search(r"[@#!~%$&<>\[\]|*`\\]|://|www\.|:\w+:", bare), bare


@pytest.mark.parametrize("text", MEANT)
def test_code_holds_the_whole_name_on_one_line(text: str) -> None:
    (token,) = (each for each in tokens(markdown.code(text)) if each.type == "code_inline")
    assert token.content.strip() == visible(text).strip()
    assert "\n" not in markdown.code(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Ada may read Secrets in shop-dev.", "Ada may read Secrets in shop-dev."),
        ("Ada (User:u-1) may", "Ada `(User:u-1)` may"),
        ("by @ada and @bob, now", "by `@ada` and `@bob,` now"),
        ("see a|b c_d now", "see `a|b c_d` now"),
        ("Gr\u00fc\u00dfe an J\u00f6rg", "Gr\u00fc\u00dfe an J\u00f6rg"),
        ("5e6ac47df0aa470d", "`5e6ac47df0aa470d`"),
        ("", ""),
    ],
)
def test_plain_words_stay_as_they_are(text: str, written: str) -> None:
    assert markdown.inert(text) == written


def test_it_speaks_german() -> None:
    text = markdown.render(REPORT, "de")
    assert "# Zugriffsbericht 2026-11-24" in text
    assert words("de")("Worst findings") in text
    assert REPORT.findings[0].fingerprint in text


def test_what_is_of_no_cluster_names_none() -> None:
    gap = Gap("", "a bundle", "it has no Rancher", "add it")
    empty = factory.report(0, gaps=False)
    report = replace(empty, gaps=(gap,), not_evaluated=(NotEvaluated("one", ("nothing was read",)),))
    lines = markdown.render(report, "en").splitlines()
    assert "- a bundle: it has no Rancher; add it" in lines
    assert "- `one`: nothing was read" in lines
