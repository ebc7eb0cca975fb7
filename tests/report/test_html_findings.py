"""The findings in a real browser: search, facets, order, links, commands."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from rbac_audit.audit.finding import Finding, Severity
from tests.report import factory
from tests.report.conftest import Open
from tests.report.reading import document, focused, messages, panel_of, shown, small, until, whole

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.no_cover]


def test_every_facet_counts_as_the_json_does(open_report: Open) -> None:
    report = small()
    read, page = document(report), open_report(report, "#findings").page
    expected = {
        "severity": [each["severity"] for each in read["findings"]],
        "rule": [each["rule"] for each in read["findings"]],
        "cluster": [each["cluster"] for each in read["findings"]],
        "confidence": [each["confidence"] for each in read["findings"]],
        "safety": [each["fix"]["safety"] for each in read["findings"]],
        "namespace": [name for each in read["findings"] for name in each["scope"]["namespaces"]],
    }
    for facet, values in expected.items():
        page.locator(f'[data-facet="{facet}"] > summary').click()
        answers = page.locator(f'[data-facet="{facet}"] .answers li')
        answers.first.wait_for()
        counted = {
            answers.nth(i).locator("input").get_attribute("data-id"): whole(
                answers.nth(i).locator(".answer-count").text_content()
            )
            for i in range(answers.count())
        }
        assert counted == {value: values.count(value) for value in set(values)}, facet


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("castro", lambda f: "castro" in f.message.lower() or any("Castro" in s.display_name for s in f.subjects)),
        ("CONSOLE every", lambda f: "console" in f.message and "every" in f.message),
        ("orphaned-binding", lambda f: f.rule == "orphaned-binding"),
        ("nothing-is-called-so", lambda _: False),
    ],
)
def test_search_finds_all_words_in_any_case(open_report: Open, query: str, fits: Callable[[Finding], bool]) -> None:
    report = small()
    page = open_report(report, "#findings").page
    page.locator("#search").fill(query)
    assert shown(page) == sum(map(fits, report.findings))


def test_search_finds_a_fingerprint_and_a_namespace(open_report: Open) -> None:
    report = small()
    page = open_report(report, "#findings").page
    page.locator("#search").fill(report.findings[40].fingerprint)
    assert shown(page) == 1
    page.locator("#search").fill("ns-07-1")
    assert shown(page) == sum("ns-07-1" in each.scope.namespaces for each in report.findings) > 0


def test_facets_narrow_and_are_taken_back(open_report: Open) -> None:
    report = small()
    page = open_report(report, "#findings").page
    page.locator('[data-facet="severity"] > summary').click()
    page.locator('[data-facet="severity"] input[data-id="high"]').check()
    high = [each for each in report.findings if each.severity is Severity.HIGH]
    assert shown(page) == len(high)
    page.locator('[data-facet="severity"] input[data-id="low"]').check()
    assert shown(page) == len(high) + report.summary.by_severity["low"]
    page.locator('[data-facet="cluster"] > summary').click()
    page.locator('[data-facet="cluster"] input[data-id="harvester-b"]').check()
    both = [each for each in report.findings if each.severity in {Severity.HIGH, Severity.LOW}]
    assert shown(page) == sum(each.cluster == "harvester-b" for each in both)
    page.get_by_role("button", name="Remove the filter Severity: High").click()
    page.get_by_role("button", name="Clear all").click()
    assert shown(page) == 100
    page.wait_for_url(lambda url: url.endswith("#findings"))


def test_filters_are_in_the_address_and_are_read_from_it(open_report: Open) -> None:
    report = small()
    opened = open_report(report, "#findings?severity=high&rule=kubevirt-only-binding")
    expected = sum(each.rule == "kubevirt-only-binding" for each in report.findings)
    assert shown(opened.page) == expected > 0
    opened.page.locator("#search").fill("rb-3")
    # Playwright learns of a changed address a moment later.
    opened.page.wait_for_url(lambda url: "q=rb-3" in url and "severity=high" in url)


def test_sorting_goes_both_ways_and_says_so(open_report: Open) -> None:
    report = small()
    page = open_report(report, "#findings").page
    assert messages(page)[:5] == [each.message for each in report.findings[:5]]
    header = page.locator('.findings th[data-key="finding"]')
    header.get_by_role("button").click()
    ordered = sorted(each.message.lower() for each in report.findings)
    assert [each.lower() for each in messages(page)[:5]] == ordered[:5]
    assert header.get_attribute("aria-sort") == "ascending"
    header.get_by_role("button").click()
    assert [each.lower() for each in messages(page)[:5]] == ordered[::-1][:5]
    assert header.get_attribute("aria-sort") == "descending"


def test_a_deep_link_opens_its_finding(open_report: Open) -> None:
    report = small()
    finding = report.findings[63]
    page = open_report(report, f"#finding/{finding.fingerprint}").page
    panel_of(page, finding)
    expect(page.locator(".findings tr.selected")).to_be_in_viewport()
    expect(page.locator(".panel h2")).to_be_in_viewport()
    assert finding.message in page.title()
    assert page.evaluate("document.activeElement.textContent") == finding.message


def test_a_deep_link_to_nothing_says_so(open_report: Open) -> None:
    opened = open_report(small(), "#finding/0000000000000000")
    assert opened.page.locator(".panel h2").text_content() == "No such finding"
    opened.go("#person/User//nobody")
    assert opened.page.locator("#person-title").text_content() == "Not in this report"
    opened.go("#project/x/y")
    assert opened.page.locator("#project-title").text_content() == "Not in this report"
    assert opened.complaints == []


def test_the_neighbours_of_a_finding_are_those_of_the_list(open_report: Open) -> None:
    report = small()
    page = open_report(report, f"#finding/{report.findings[10].fingerprint}").page
    page.get_by_role("link", name="Next", exact=True).click()
    panel_of(page, report.findings[11])
    page.get_by_role("link", name="Previous", exact=True).click()
    panel_of(page, report.findings[10])


def copied(page: Page) -> str:
    return str(page.evaluate("() => navigator.clipboard.readText()"))


def test_the_button_copies_the_command_that_shows_the_object(open_report: Open) -> None:
    report = small()
    finding = next(each for each in report.findings if each.object.namespace)
    page = open_report(report, f"#finding/{finding.fingerprint}").page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.locator(".panel .facts .copy").first
    button.click()
    page.get_by_text("Copied", exact=True).first.wait_for()
    target = finding.object
    assert copied(page) == f"kubectl get rolebinding -n {target.namespace} {target.name} -o yaml"
    assert page.evaluate("document.activeElement.textContent") == "Copied"


@pytest.mark.parametrize(
    ("target", "command"),
    [
        (("", "Secret", "a", "n"), "kubectl get secret -n n a -o yaml"),
        ((factory.RBAC, "ClusterRole", "system:node", ""), "kubectl get clusterrole system:node -o yaml"),
        ((factory.RANCHER, "Project", "p-1", "c-m-1"), "kubectl get project.management.cattle.io -n c-m-1 p-1 -o yaml"),
        (("", "Secret", "a; rm -rf ~", "n"), "kubectl get secret -n n 'a; rm -rf ~' -o yaml"),
        (("", "Secret", "it's", "n"), "kubectl get secret -n n 'it'\\''s' -o yaml"),
        (("", "Secret", "$(id)`id`", "n"), "kubectl get secret -n n '$(id)`id`' -o yaml"),
        (("", "Secret", "--all", ""), "kubectl get secret -o yaml -- --all"),
        (("", "Secret", "a\nb\x1b'\\", ""), "kubectl get secret $'a\\u000ab\\u001b\\'\\\\' -o yaml"),
    ],
)
def test_a_copied_command_is_one_harmless_command(
    open_report: Open, target: tuple[str, str, str, str], command: str
) -> None:
    page = open_report(factory.report(0)).page
    group, kind, name, namespace = target
    item = {"group": group, "kind": kind, "name": name, "namespace": namespace}
    assert page.evaluate("item => kubectl(item)", item) == command


def test_fifty_thousand_findings_stay_usable(open_report: Open) -> None:
    report = factory.report(50_000, projects=300)
    opened = open_report(report, "#findings")
    page = opened.page
    assert shown(page) == 50_000
    assert Path(unquote(urlsplit(page.url).path)).stat().st_size < 15_000_000
    assert page.locator("body *").count() < 2_000
    page.locator(".findings tbody a").first.focus()
    page.keyboard.press("End")
    assert focused(page) == report.findings[-1].message
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)")
    until(page, "Math.abs(document.querySelector('.findings tr[data-index]').dataset.index - 25000) < 500")
    assert page.locator("body *").count() < 2_000
    page.locator("#search").fill(report.findings[31_000].fingerprint)
    assert shown(page) == 1
    assert messages(page) == [report.findings[31_000].message]
    assert opened.complaints == []
