"""How the tests find their way around the page."""

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from rbac_audit.audit.finding import Finding
from rbac_audit.audit.report import Report
from rbac_audit.audit.sections import ProjectSummary
from rbac_audit.report import json_format
from tests.report import factory


def small() -> Report:
    return factory.since(factory.report(100, waived=3))


def document(report: Report) -> dict[str, Any]:
    """The same report as a script reads it."""
    read: dict[str, Any] = json.loads(json_format.render(report))
    return read


def views(report: Report) -> dict[str, str]:
    """Every view of the page, by the fragment that shows it."""
    project, person = report.projects[0], report.people[1].subject
    return {
        "#summary": "summary-title",
        "#findings": "findings-title",
        f"#finding/{report.findings[7].fingerprint}": "findings-title",
        "#projects": "projects-title",
        project_fragment(project): "project-title",
        f"{project_fragment(project)}/{factory.CAPABILITIES[0].name}": "project-title",
        "#people": "people-title",
        f"#person/User//{person.name}": "person-title",
        "#matrix": "matrix-title",
        matrix_fragment(project): "matrix-project-title",
        "#public": "public-title",
        "#upgrade": "upgrade-title",
        "#upgrade/kubevirt-role": "upgrade-title",
        "#findings?group=cause": "findings-title",
        "#rules": "rules-title",
        "#estate": "estate-title",
        "#estate/gaps": "estate-title",
    }


def project_fragment(project: ProjectSummary) -> str:
    return f"#project/{quote(project.cluster, safe='')}/{quote(project.id, safe='')}"


def matrix_fragment(project: ProjectSummary) -> str:
    return project_fragment(project).replace("#project/", "#matrix/")


def whole(text: str | None) -> int:
    """The first number of a text."""
    found = re.search(r"[\d,]+", text or "")
    assert found, text
    return int(found[0].replace(",", ""))


def shown(page: Page) -> int:
    """How many findings the list says that it shows."""
    return whole(page.locator("#findings-app .result strong").text_content())


def messages(page: Page) -> list[str]:
    return page.locator(".findings tbody tr[data-index] .c-finding a").all_text_contents()


def panel_of(page: Page, finding: Finding) -> None:
    """The panel says everything about this finding."""
    panel = page.locator(".panel")
    # A link within the page is followed a moment after the click.
    expect(panel.locator("h2")).to_have_text(finding.message)
    text = panel.text_content() or ""
    assert [step.text in text for step in finding.chain] == [True] * len(finding.chain)
    assert finding.fix.text in text
    assert finding.fingerprint in text
    assert finding.rule in text
    for subject in finding.subjects:
        assert (subject.display_name or subject.name) in text
    for reference in finding.references:
        assert reference in text
    assert panel.locator('a[href^="http"]').get_attribute("rel") == "noreferrer noopener"
    assert panel.locator(".chain li").count() == len(finding.chain)


def until(page: Page, condition: str) -> None:
    """Wait until a condition holds (the page's policy forbids Playwright's own way, which evaluates text in the page)."""
    for _ in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never came true: {condition}")


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))
