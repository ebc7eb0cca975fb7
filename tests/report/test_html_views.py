"""Every view in a real browser, at every width, on paper and without JavaScript."""

import re

import msgspec
import pytest
from playwright.sync_api import expect

from tests.report import factory
from tests.report.conftest import Open, Opened
from tests.report.reading import document, panel_of, shown, small, views, whole

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.no_cover]


def test_every_view_opens_without_a_complaint(open_report: Open) -> None:
    report = small()
    opened = open_report(report)
    for fragment, title in views(report).items():
        opened.go(fragment)
        assert opened.page.locator(f"#{title}").is_visible(), fragment
        assert opened.page.locator(".view:not([hidden])").count() == 1, fragment
        text = opened.page.locator("main").inner_text()
        assert not re.search(r"\[object|undefined|\bNaN\b|\bnull\b|\{\w+\}", text), fragment
    assert (opened.complaints, opened.requests, opened.dialogs) == ([], [], [])


@pytest.mark.parametrize("number", [0, 1])
def test_small_reports_open_too(open_report: Open, number: int) -> None:
    opened = open_report(factory.report(number))
    for view in ("summary", "findings", "projects", "people", "matrix", "public", "upgrade", "rules", "estate"):
        opened.go(f"#{view}")
        assert opened.page.locator(f"#{view}-title").is_visible()
    assert opened.complaints == []


def test_a_report_of_nothing_at_all_opens(open_report: Open) -> None:
    bare = msgspec.structs.replace(
        factory.report(0, gaps=False),
        projects=(),
        people=(),
        capabilities=(),
        holdings=(),
        rules=(),
        survival=(),
        public=(),
        accounts=(),
        templates=(),
    )
    opened = open_report(bare)
    for view in ("findings", "projects", "people", "matrix", "public", "upgrade", "rules", "estate"):
        opened.go(f"#{view}")
        assert opened.page.locator(f"#{view}-title").is_visible()
    assert opened.complaints == []


def test_the_numbers_on_the_page_are_those_of_the_json(open_report: Open) -> None:
    report = small()
    read, page = document(report), open_report(report).page
    for level, number in read["summary"]["by_severity"].items():
        assert whole(page.locator(f'[data-severity="{level}"]').text_content()) == number
    assert whole(page.locator(".tab-count").text_content()) == len(read["findings"])
    assert whole(page.locator("#gap-count").text_content()) == len(read["gaps"])
    assert whole(page.locator("#hidden-count").text_content()) == read["summary"]["hidden"]
    opened = Opened(page)
    opened.go("#findings")
    assert shown(page) == len(read["findings"])
    opened.go("#projects")
    assert whole(page.locator("#projects-app .result").text_content()) == len(read["projects"])


def test_without_javascript_the_summary_the_rules_and_the_estate_are_read(open_report: Open) -> None:
    report = small()
    page = open_report(report, script=False).page
    text = page.locator("main").inner_text()
    assert "100 findings: 34 high" in text
    assert report.findings[0].message in text
    assert all(gap.what in text for gap in report.gaps)
    assert all(rule.title in text for rule in report.rules)
    assert report.estate.digest in text
    assert "JavaScript is off" in text
    assert not page.locator("#findings-title").is_visible()
    assert not page.locator('a[href="#findings"]').first.is_visible()


@pytest.mark.parametrize("width", [320, 640, 1360, 2560])
def test_no_view_is_wider_than_its_window(open_report: Open, width: int) -> None:
    report = small()
    opened = open_report(report, width=width)
    for fragment in views(report):
        opened.go(fragment)
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width, fragment


def test_a_finding_is_read_in_a_narrow_window(open_report: Open) -> None:
    report = small()
    opened = open_report(report, f"#finding/{report.findings[5].fingerprint}", width=400)
    panel_of(opened.page, report.findings[5])
    assert not opened.page.locator(".findings").is_visible()
    opened.page.get_by_role("link", name="Close").click()
    expect(opened.page.locator(".findings")).to_be_visible()


def test_forced_colours_leave_everything_to_be_seen(open_report: Open) -> None:
    opened = open_report(small(), "#findings", forced_colors="active")
    shape = opened.page.locator(".findings .severity svg").first
    assert shape.evaluate("each => getComputedStyle(each).fill") != "none"
    assert opened.complaints == []


def titles(pdf: bytes) -> list[str]:
    """The entries of a PDF's outline: the headings of the document, without spaces (line breaks swallow some)."""
    return [each.decode().replace(" ", "") for each in re.findall(rb"/Title \((.*?)\)\n", pdf)]


def test_a_print_has_every_finding_and_the_static_parts(open_report: Open) -> None:
    report = small()
    page = open_report(report, "#findings").page
    pdf = page.pdf(tagged=True, outline=True, format="A4")
    assert pdf.startswith(b"%PDF-")
    printed = titles(pdf)
    expected = [f"{each.severity.value.capitalize()}{each.message}".replace(" ", "") for each in report.findings]
    assert [each for each in printed if each in set(expected)] == expected
    parts = {
        "Rules",
        "Theestate",
        "Findings",
        "Notknown",
        "Whocandowhat,byproject",
        "Contents",
        "Thenamespaceharvester-public",
    }
    assert parts <= set(printed)
    assert page.locator("#print-app").text_content() == ""


def test_a_print_says_what_it_cuts_and_what_filters_left_out(open_report: Open) -> None:
    opened = open_report(factory.report(700), "#findings?severity=low")
    note = (
        "() => { dispatchEvent(new Event('beforeprint'));"
        " return document.querySelector('#print-app section p').textContent }"
    )
    low = factory.report(700).summary.by_severity["low"]
    assert opened.page.evaluate(note) == f"{low} of 700 lines. The filters on the screen let {low} through."
    opened.page.evaluate("dispatchEvent(new Event('afterprint'))")
    opened.page.get_by_role("button", name="Clear all").click()
    assert opened.page.evaluate(note) == (
        "500 of 700 lines. 200 more are cut here: they are in the file itself and in the JSON report."
    )
    assert opened.page.locator("#print-app article").count() == 500
