"""Names that try to break out of the report do nothing in a real browser."""

from urllib.parse import quote

import pytest

from rbac_audit.audit.report import Report
from tests.report import factory
from tests.report.conftest import Open, Opened
from tests.report.hostile import HOSTILE, replace_texts

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.no_cover]

FOREIGN = (
    "img, iframe, object, embed, link, base, form, video, audio, b, svg[onload], [onerror], [onload], [style*=url]"
)


def fragments(report: Report, text: str) -> list[str]:
    """Every view, with the hostile text where an address names something."""
    name = quote(text, safe="")
    finding = report.findings[0].fingerprint
    return [
        "#summary",
        "#findings",
        f"#findings?rule={name}",
        f"#findings?q={name}",
        f"#finding/{finding}",
        f"#finding/{name}",
        "#projects",
        f"#project/{name}/{name}",
        f"#project/{name}/{name}/{name}",
        "#people",
        f"#person/{name}/{name}/{name}",
        "#matrix",
        f"#matrix/{name}/{name}",
        "#public",
        "#upgrade",
        f"#upgrade/{name}",
        f"#findings?group=cause&cause={name}",
        f"#findings?group={name}",
        "#rules",
        "#estate",
        f"#{name}",
    ]


def harmless(opened: Opened) -> None:
    assert opened.page.locator(FOREIGN).count() == 0
    assert opened.page.locator("script").count() == 2
    addresses = opened.page.locator("a[href]").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert [each for each in addresses if not each.startswith(("#", "https://", "http://"))] == []
    assert (opened.complaints, opened.dialogs, opened.requests) == ([], [], [])


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_inert_everywhere(open_report: Open, text: str) -> None:
    report = replace_texts(factory.since(factory.report(30, waived=2)), text)
    opened = open_report(report)
    for fragment in fragments(report, text):
        opened.go(fragment)
        harmless(opened)
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    harmless(opened)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_is_shown_as_it_is(open_report: Open, text: str) -> None:
    report = replace_texts(factory.report(3), text)
    opened = open_report(report, f"#finding/{report.findings[0].fingerprint}")
    seen = opened.page.evaluate("text => visible(text)", text)
    assert opened.page.locator(".panel h2").text_content() == seen
    assert opened.page.locator(".panel .object bdi").first.text_content() == f"{seen}/{seen}"


def test_a_narrow_window_holds_the_longest_name(open_report: Open) -> None:
    report = replace_texts(factory.report(3), "x" * 253)
    opened = open_report(report, width=400)
    for fragment in fragments(report, "x" * 253):
        opened.go(fragment)
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= 400, fragment


def test_the_policy_stops_what_text_alone_would_not(open_report: Open) -> None:
    """Were there a way to put markup on the page, the browser would still not run it."""
    opened = open_report(factory.report(1))
    opened.page.evaluate(
        "() => { const made = document.createElement('div');"
        'made.innerHTML = \'<img src="https://example.org/x.png" onerror="alert(1)">\'; document.body.append(made); }'
    )
    opened.page.wait_for_timeout(100)
    assert opened.dialogs == []
    assert any("Content Security Policy" in each for each in opened.complaints)
