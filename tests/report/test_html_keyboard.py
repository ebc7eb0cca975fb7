"""The page without a mouse."""

import pytest

from tests.report.conftest import Open
from tests.report.reading import focused, matrix_fragment, panel_of, project_fragment, shown, small, until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.no_cover]


def test_the_keyboard_reaches_and_opens_everything(open_report: Open) -> None:
    report = small()
    page = open_report(report, "#findings").page
    page.locator("#search").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "group"
    for facet in (
        "Severity",
        "Rule",
        "Project",
        "Namespace",
        "Cluster",
        "Subject",
        "Confidence",
        "Fix",
        "Object to change",
        "Since",
    ):
        page.keyboard.press("Tab")
        assert focused(page).startswith(facet)
    for column in ("Severity", "Finding", "Object", "Who", "Where"):
        page.keyboard.press("Tab")
        assert focused(page) == column
    page.keyboard.press("Tab")
    assert focused(page) == report.findings[0].message
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    assert focused(page) == report.findings[1].message
    page.keyboard.press("End")
    assert focused(page) == report.findings[-1].message
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    until(page, "document.activeElement.tagName === 'H2'")
    panel_of(page, report.findings[1])
    page.keyboard.press("Escape")
    until(page, "document.activeElement.tagName === 'A'")
    assert not page.locator(".panel").is_visible()
    assert focused(page) == report.findings[1].message


def test_a_facet_opens_and_closes_by_keyboard(open_report: Open) -> None:
    page = open_report(small(), "#findings").page
    page.locator('[data-facet="severity"] > summary').focus()
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-facet="severity"] .answers li')
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert shown(page) < 100
    page.keyboard.press("Escape")
    assert page.locator('[data-facet="severity"]').get_attribute("open") is None
    assert focused(page).startswith("Severity")


def test_focus_can_be_seen(open_report: Open) -> None:
    page = open_report(small(), "#findings").page
    page.locator("#search").focus()
    for _ in range(14):
        page.keyboard.press("Tab")
        assert page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2


def test_the_first_tab_leads_to_the_content(open_report: Open) -> None:
    page = open_report(small()).page
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"


TABBABLE = """() => [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')].filter(
  (each) => each.tabIndex >= 0 && each.checkVisibility({ visibilityProperty: true }) && !each.disabled)"""


def test_every_view_is_walked_through_by_tab_without_a_trap(open_report: Open) -> None:
    report = small()
    home, person = report.projects[1], report.people[1].subject
    opened = open_report(report)
    for fragment in (
        "#summary",
        project_fragment(home),
        matrix_fragment(home),
        f"#person/User//{person.name}",
        "#public",
        "#upgrade",
        "#rules",
    ):
        opened.go(fragment)
        page = opened.page
        page.evaluate("() => { document.activeElement.blur(); getSelection().removeAllRanges() }")
        page.evaluate("() => { document.body.tabIndex = -1; document.body.focus(); window.walked = new Set() }")
        total = page.evaluate(f"({TABBABLE})().length")
        assert total > 5, fragment
        for _ in range(total):
            page.keyboard.press("Tab")
            page.evaluate("walked.add(document.activeElement)")
        missed = page.evaluate(f"({TABBABLE})().filter((each) => !walked.has(each)).map((each) => each.outerHTML)")
        assert missed == [], fragment
        unnamed = page.evaluate(
            "[...walked].filter((each) => !(each.textContent.trim() || each.getAttribute('aria-label') || each.labels?.length))"
            ".map((each) => each.outerHTML)"
        )
        assert unnamed == [], fragment
