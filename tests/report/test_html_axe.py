"""No view breaks a rule of accessibility that a machine can check, in light and in dark."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.report import factory
from tests.report.conftest import Open, Opened, Scheme
from tests.report.reading import small, views

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.no_cover]


COLOURS = {"runOnly": ["color-contrast"]}


def violations(opened: Opened, options: dict[str, Any] | None = None) -> list[tuple[str, str, list[Any]]]:
    found = Axe().run(opened.page, options=options).response["violations"]
    return [(each["id"], each["impact"], [node["target"] for node in each["nodes"]][:3]) for each in found]


@pytest.mark.parametrize("width", [1360, 400])
def test_every_view(open_report: Open, width: int) -> None:
    report = small()
    opened = open_report(report, width=width)
    for fragment in views(report):
        opened.go(fragment)
        assert violations(opened) == [], fragment


def test_the_colours_of_every_view_in_the_dark(open_report: Open) -> None:
    report = small()
    opened = open_report(report, scheme="dark")
    for fragment in views(report):
        opened.go(fragment)
        assert violations(opened, COLOURS) == [], fragment


def test_an_open_group_of_findings(open_report: Open) -> None:
    opened = open_report(small(), "#findings?group=rule")
    opened.page.locator(".toggle").first.click()
    assert violations(opened) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_open_facet_and_a_filter_in_force(open_report: Open, scheme: Scheme) -> None:
    opened = open_report(factory.report(100), "#findings?severity=high&rule=kubevirt-only-binding", scheme=scheme)
    opened.page.locator('[data-facet="subject"] > summary').click()
    opened.page.wait_for_selector('[data-facet="subject"] .answers li')
    assert violations(opened) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("gaps", [True, False])
def test_a_report_without_findings(open_report: Open, scheme: Scheme, gaps: bool) -> None:
    report = factory.report(0, gaps=gaps)
    opened = open_report(report, scheme=scheme)
    for view in ("summary", "findings", "rules", "estate"):
        opened.go(f"#{view}")
        assert violations(opened) == [], view


def test_the_check_itself_finds_something(open_report: Open) -> None:
    opened = open_report(factory.report(1))
    opened.page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    assert [name for name, _, _ in violations(opened)] == ["image-alt"]
