"""Who can do what in a real browser: matrix, projects, people."""

import re

import pytest
from playwright.sync_api import expect

from rbac_audit.audit.finding import SubjectRef
from tests.report import factory
from tests.report.conftest import Open
from tests.report.reading import project_fragment, shown, small, whole

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.no_cover]


def test_the_matrix_counts_holders_and_outsiders(open_report: Open) -> None:
    report = small()
    page = open_report(report, "#matrix").page
    home = report.projects[2]
    row = page.locator(".matrix tbody tr[data-index]", has_text=re.compile(rf"^{home.name}Berlin"))
    for column, capability in enumerate(report.capabilities):
        rows = [each for each in report.holdings if each.project == home.id and capability.name in each.capabilities]
        cell = row.locator("td").nth(column)
        if rows:
            assert whole(cell.locator(".all").text_content()) == len({each.subject for each in rows})
        outside = {each.subject for each in rows if not each.member}
        assert cell.locator(".outside").count() == bool(outside)
        if outside:
            assert whole(cell.locator(".outside").text_content()) == len(outside)


def test_a_cell_of_the_matrix_leads_to_who_it_counts(open_report: Open) -> None:
    report = small()
    page = open_report(report, "#matrix").page
    cell = page.locator(".matrix td a.has-outside").first
    number = whole(cell.locator(".all").text_content())
    cell.click()
    expect(page.locator("#project-title")).to_be_visible()
    current = page.locator('.choices a[aria-current="true"]')
    assert whole(current.locator(".count").text_content()) == number
    assert page.locator("#project-app h3.outside").is_visible()
    named = page.locator("#project-app h3:has(+ .scroll) + .scroll tbody tr")
    assert named.count() == number


def test_nobody_is_an_outsider_of_a_whole_cluster(open_report: Open) -> None:
    page = open_report(small(), "#project/harvester-a/%2Fcluster").page
    assert page.locator("#project-title").text_content() == "Whole cluster"
    assert page.locator("#project-app .outside").count() == 0
    assert "Bruno Adler" in (page.locator("#project-app").text_content() or "")


def test_unknown_is_not_nobody_in_the_matrix(open_report: Open) -> None:
    page = open_report(small(), "#matrix").page
    unsure = page.locator(".matrix tr[data-index]", has_text="harvester-b").locator(".none")
    assert set(unsure.all_text_contents()) == {"?"}
    sure = page.locator(".matrix tr[data-index]", has_text="Berlin").locator(".none")
    assert set(sure.all_text_contents()) == {"\u2013"}


def test_unknown_is_not_nobody_on_paper(open_report: Open) -> None:
    page = open_report(small(), "#matrix").page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    rows = page.locator(".printed-matrix tbody tr")
    unsure, sure = rows.filter(has_text="harvester-b"), rows.filter(has_text="Berlin")
    assert "?" in unsure.locator("td").all_text_contents()
    assert "\u2013" not in unsure.locator("td").all_text_contents()
    assert "?" not in sure.locator("td").all_text_contents()
    assert "\u2013" in sure.locator("td").all_text_contents()


def test_the_facet_of_a_project_counts_what_its_page_lists(open_report: Open) -> None:
    report = small()
    opened = open_report(report, project_fragment(report.projects[0]))
    counted = whole(opened.page.locator("#project-app h2 .count").last.text_content())
    opened.page.get_by_role("link", name="Show them in the list of findings").click()
    expect(opened.page.locator("#findings-title")).to_be_visible()
    assert shown(opened.page) == counted > 0
    expected = [each for each in report.findings if set(each.scope.namespaces) & set(report.projects[0].namespaces)]
    assert counted == len(expected)


def test_a_person_has_everything_that_is_known_of_them(open_report: Open) -> None:
    report = small()
    person = next(each for each in report.people if each.groups and each.groups_as_of and each.last_login)
    page = open_report(report, f"#person/User//{person.subject.name}").page
    text = page.locator("#person-app").text_content() or ""
    assert page.locator("#person-title").text_content() == (person.subject.display_name or person.subject.name)
    assert set(person.groups) <= set(page.locator("#person-app dd code").all_text_contents())
    assert person.groups_as_of in text
    assert re.search(r"\d+ days before this report", text)
    for token in person.tokens:
        end = "never ends" if token.never_expires else f"ends {token.expires_at}"
        end = end if token.never_expires or token.expires_at else "its end is not known"
        reach = f"for cluster {token.cluster}" if token.cluster else "for every cluster"
        assert f"{token.kind} {token.name}: {end}, {reach}" in text
    for project in report.projects:
        for member, role in project.members:
            if member == person.subject:
                assert f"{project.name} as {role}" in text
    for holding in report.holdings:
        if holding.subject == person.subject:
            assert all(str(item.name) in text for item in holding.through)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-11-24T06:00:00Z", "on the day of this report"),
        ("2026-11-22T00:00:00Z", "2 days before this report"),
        ("2026-11-23T00:00:00Z", "1 day before this report"),
        ("last week", ""),
    ],
)
def test_ages_are_counted_to_the_date_of_the_report(open_report: Open, moment: str, words: str) -> None:
    page = open_report(factory.report(0)).page
    assert page.evaluate("moment => days({ date: '2026-11-24' }, moment)", moment) == words


def test_a_project_sets_outsiders_apart_from_members(open_report: Open) -> None:
    report = small()
    home = next(
        project
        for project in report.projects
        if len({h.member for h in report.holdings if h.project == project.id}) == 2
    )
    page = open_report(report, project_fragment(home)).page

    def names(heading: str) -> set[str]:
        rows = page.locator(f'#project-app h3:has-text("{heading}") + .scroll tbody th a')
        return set(rows.all_text_contents())

    def expected(member: bool) -> set[str]:
        rows = [each for each in report.holdings if each.project == home.id and each.member is member]
        return {each.subject.display_name or plain(each.subject) for each in rows}

    assert names("Outsiders") == expected(False)
    assert names("Members") == expected(True)


def plain(subject: SubjectRef) -> str:
    return f"{subject.namespace}/{subject.name}" if subject.namespace else subject.name
