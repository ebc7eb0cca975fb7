"""The words of the reports: one catalogue a language, whole, without anything that nobody says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.report import html, markdown
from rbac_audit.report.words import LANGUAGES, Words, words
from rbac_audit.resources import policies_dir, reports_dir
from tests.report import factory
from tests.report.conftest import Open, Opened
from tests.report.reading import small, views, whole

GERMAN = words("de")
FOLDER = reports_dir() / "html"
SOURCES = (
    *FOLDER.iterdir(),
    *Path(html.__file__).parent.glob("*.py"),
    policies_dir() / "capabilities.yaml",
)


class Strict(dict[str, str]):
    """A catalogue that fails for a text it does not have."""

    def get(self, key: str, default: object = None) -> str:
        assert key in self, f"the catalogue does not have {key!r} (not even {default!r})"
        return self[key]


def holes(text: str) -> set[str]:
    return set(re.findall(r"\{\w+\}", text))


def test_every_text_keeps_its_holes() -> None:
    assert {key: text for key, text in GERMAN.catalogue.items() if holes(key) != holes(text)} == {}


def test_no_text_is_empty_or_acts() -> None:
    assert [
        key for key, text in GERMAN.catalogue.items() if not text.strip() or re.search(r"[<>\x00-\x1f]", text)
    ] == []


def test_the_catalogue_is_sorted_so_that_changes_can_be_read() -> None:
    raw = (reports_dir() / "words" / "de.json").read_text("utf-8")
    found = json.loads(raw, object_pairs_hook=lambda pairs: [key for key, _ in pairs])
    assert found == sorted(set(found))


def test_nothing_is_translated_that_nobody_says() -> None:
    said = "\n".join(source.read_text("utf-8") for source in SOURCES).replace("\\u2026", "\u2026")
    assert [key for key in GERMAN.catalogue if key.capitalize() not in said and key not in said] == []


def quoted() -> Iterator[str]:
    """Every text that a script or a template asks to translate."""
    text = r'"((?:[^"\\]|\\.)*)"'
    for source in FOLDER.iterdir():
        read = source.read_text("utf-8")
        yield from re.findall(rf"(?<![\w.])t\(\s*{text}", read)
        for pair in re.findall(rf"(?<!\w)n\(\s*[^\"`;]*?,\s*{text}\s*,\s*{text}", read):
            yield from pair


def test_everything_that_is_said_is_translated() -> None:
    texts = {json.loads(f'"{text}"') for text in quoted()}
    assert len(texts) > 300
    assert texts - GERMAN.catalogue.keys() == set()


def test_verdict_summary_and_markdown_are_translated_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    strict = Words("de", Strict(GERMAN.catalogue))
    monkeypatch.setattr(markdown, "words", lambda _: strict)
    for report in (small(), factory.report(0), factory.report(0, gaps=False), factory.report(1, waived=2)):
        assert "# Zugriffsbericht" in markdown.render(report, "de")


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_every_view_is_translated_whole(open_report: Open) -> None:
    report = small()
    opened = open_report(report, language="de")
    assert opened.page.locator("html").get_attribute("lang") == "de"
    opened.page.evaluate(
        "() => { window.missed = new Set(); const get = WORDS.get.bind(WORDS);"
        " WORDS.get = (key) => { const found = get(key); if (!found) missed.add(key); return found } }"
    )
    for fragment in views(report):
        opened.go(fragment)
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    told = set(opened.page.evaluate("[...missed]"))
    # What policies and clusters say is theirs.
    own = {each.title for each in report.capabilities}
    assert told - own == set()
    assert opened.complaints == []


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_the_numbers_are_the_same_in_german(open_report: Open) -> None:
    report = factory.report(1_200)
    opened = open_report(report, "#findings", language="de")
    assert opened.page.locator(".tab-count").text_content() == "1.200"
    assert german(opened) == len(report.findings)
    opened.go("#summary")
    for severity in Severity:
        shown = opened.page.locator(f'[data-severity="{severity.value}"]').text_content() or ""
        assert whole(shown.replace(".", "")) == report.summary.by_severity[severity.value]


def german(opened: Opened) -> int:
    return whole((opened.page.locator("#findings-app .result strong").text_content() or "").replace(".", ""))


def test_english_is_what_is_translated() -> None:
    assert words("en").catalogue == {}
    assert LANGUAGES == ("en", "de")


@pytest.mark.parametrize(
    ("language", "number", "said"),
    [("en", 1, "1 finding"), ("en", 1_200, "1,200 findings"), ("de", 1, "1 Befund"), ("de", 1_200, "1.200 Befunde")],
)
def test_a_number_is_said_in_the_way_of_the_language(language: str, number: int, said: str) -> None:
    assert words(language).n(number, "{n} finding", "{n} findings") == said


def test_a_name_in_a_sentence_is_made_visible_and_fills_nothing_else() -> None:
    assert words("en")("in {projects}", projects="a\u202e{n}") == "in a\u27e8U+202E\u27e9{n}"


@pytest.mark.parametrize(
    ("parts", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a und b"), (["a", "b", "c"], "a, b und c")]
)
def test_words_are_joined_as_in_a_sentence(parts: list[str], said: str) -> None:
    assert GERMAN.joined(parts) == said
