"""The pages about harvester-public, upgrades and changes, and the table of people, in a real browser."""

import re

import msgspec
import pytest
from playwright.sync_api import Locator, Page, expect

from rbac_audit.audit.finding import Link, SubjectRef
from rbac_audit.audit.report import Report
from rbac_audit.audit.sections import HeldGrant
from rbac_audit.report import summary
from rbac_audit.report.verdict import AT_RISK
from tests.report import factory
from tests.report.conftest import Open
from tests.report.reading import matrix_fragment, messages, project_fragment, shown, small, whole

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.no_cover]


def test_the_upgrade_page_has_every_binding_with_its_class_reason_and_advice(open_report: Open) -> None:
    report = small()
    page = open_report(report, "#upgrade").page
    rows = page.locator(".upgrade tbody tr[data-index]")
    expect(rows).to_have_count(len(factory.FATES))
    for row, fate in zip(rows.all(), factory.FATES, strict=True):
        text = row.text_content() or ""
        assert fate.binding.name in text
        assert fate.role in text
        assert fate.reason in text
        assert fate.first in text
    assert whole(page.locator("#risky").text_content()) == sum(each.survival in AT_RISK for each in factory.FATES)
    rest = page.locator("#upgrade-app").text_content() or ""
    assert "106 more bindings are shipped as they are. 253 more are made again by Rancher" in rest


def test_a_class_of_survival_narrows_the_table(open_report: Open) -> None:
    page = open_report(small(), "#upgrade").page
    page.get_by_role("link", name="Rests on an operator's role 1").click()
    expect(page.locator(".upgrade tbody tr[data-index]")).to_have_count(1)
    expect(page.locator('.choices a[aria-current="true"]')).to_contain_text("Rests on an operator's role")


def section(page: Page, title: str) -> Locator:
    return page.locator(f'#public-app h3:text-is("{title}") + * , #public-app h3:text-is("{title}") + p + *').last


def test_the_public_page_sets_what_ships_apart_from_what_was_added(open_report: Open) -> None:
    page = open_report(small(), "#public").page
    text = page.locator("#public-app").text_content() or ""
    assert "harvester-public/harvester-public" in (section(page, "What ships").text_content() or "")
    added = section(page, "What is exposed beyond it").text_content() or ""
    assert "harvester-public/publishers" in added
    assert "Create images" in added
    assert "registry-pull" in (section(page, "Secrets there").text_content() or "")
    assert "system:authenticated" in (section(page, "Who can read the Secrets").text_content() or "")
    assert "VirtualMachineImage, Secret" in (section(page, "Who can change what all share").text_content() or "")
    assert "it should be in none" in text
    assert "KeyPair" in (page.locator("#public-app .note").text_content() or "")


def alone(grants: tuple[HeldGrant, ...], role: str = "", *, group: bool = False) -> Report:
    """One project with one person, who holds something by themselves or through their group."""
    report = factory.report(0, gaps=False)
    home, ada = report.projects[0], next(each for each in report.people if each.groups)
    holder = SubjectRef("Group", ada.groups[0]) if group else ada.subject
    rows = (factory.holding(holder, home.cluster, home.id, grants, member=bool(role)),) if grants else ()
    members = ((ada.subject, role),) if role else ()
    project = msgspec.structs.replace(home, members=members)
    return msgspec.structs.replace(report, projects=(project,), people=(ada,), holdings=rows, accounts=(), public=())


def grant(source: str, *capabilities: str) -> HeldGrant:
    report = factory.report(0)
    through = next(each for each in report.holdings if each.project == report.projects[0].id).through[0]
    return HeldGrant(through, source, "ClusterRole edit", capabilities, report.projects[0].namespaces[:1])


@pytest.mark.parametrize(
    ("report", "cells"),
    [
        (alone((grant("raw", "console"),)), {"console": "H"}),
        (alone((grant("raw", "console"), grant("rancher", "console"))), {"console": "RH"}),
        (alone((grant("rancher", "console", "power"),), "project-member"), {"console": "R", "power": "R"}),
        (alone((grant("rancher", "console", "power"), grant("raw", "exec")), "project-member"), {"exec": "H+"}),
        (alone((grant("rancher", "console"),), "project-member"), {"console": "R", "power": "\u2260"}),
        (alone((), "project-owner"), {"console": "\u2260", "secrets": "\u2260", "exec": "\u2013"}),
        (alone((grant("shipped", "secrets"),), group=True), {"secrets": "S"}),
    ],
)
def test_a_cell_says_where_a_right_comes_from_and_whether_the_role_says_so(
    open_report: Open, report: Report, cells: dict[str, str]
) -> None:
    page = open_report(report, matrix_fragment(report.projects[0])).page
    name = report.people[0].subject.display_name or report.people[0].subject.name
    row = page.locator(".grid tbody tr[data-index]", has=page.get_by_role("link", name=name, exact=True))
    expect(row).to_have_count(1)
    written = [text.strip() for text in row.locator("td").all_text_contents()]
    found = dict(zip([each.name for each in report.capabilities], written, strict=True))
    assert {name: found[name] for name in cells} == cells


def test_a_member_says_its_role_and_an_outsider_that_it_is_one(open_report: Open) -> None:
    report = small()
    home = report.projects[0]
    page = open_report(report, matrix_fragment(home)).page
    lines = page.locator(".grid tbody tr[data-index] th")
    members = {each.display_name or each.name: role for each, role in home.members}
    for line in lines.all():
        name, standing = (each.text_content() or "" for each in line.locator(".line").all())
        assert (members.get(name, "Outsider") in standing) or "project" in standing or "read-only" in standing


def test_rights_by_hand_stand_apart_from_those_of_rancher(open_report: Open) -> None:
    report = small()
    person = next(each for each in report.people if "okta_group://team-1" in each.groups)
    page = open_report(report, f"#person/User//{person.subject.name}").page
    raw = page.locator('h5:has-text("Raw") + .scroll', has_text="ns-00-0/team")
    expect(raw).to_contain_text("as one of okta_group://team-1")
    rancher = page.locator('h5:has-text("Through role templates") + .scroll')
    assert "By hand" not in "".join(rancher.all_text_contents())


def test_a_service_account_shows_its_workloads(open_report: Open) -> None:
    page = open_report(small(), "#person/ServiceAccount/ns-03/deployer-3").page
    expect(page.locator("#person-app dl")).to_contain_text("Deployment ns-03/builder")


def test_a_project_shows_what_it_holds_its_quota_and_what_it_shares(open_report: Open) -> None:
    report = small()
    one, other = report.projects[1], report.projects[3]
    opened = open_report(report, project_fragment(one))
    expect(opened.page.locator("#project-app dl").first).to_contain_text("1 VM, 1 Secret")
    expect(opened.page.locator("#project-app dl").first).to_contain_text("limitsCpu 64000m")
    expect(opened.page.locator(".shared")).to_contain_text("ns-01-0/image-x")
    opened.go(project_fragment(other))
    expect(opened.page.locator("#project-app dl").first).to_contain_text("3 VMs")
    assert re.search(r"Quota\s*not known", opened.page.locator("#project-app dl").first.text_content() or "")


def test_findings_are_put_together_by_the_object_to_change(open_report: Open) -> None:
    report = small()
    page = open_report(report, "#findings?group=cause").page
    first = summary.changes(report)[0]
    toggle = page.locator(".toggle").first
    assert first.object.name in (toggle.text_content() or "")
    assert page.locator(".findings").get_attribute("aria-rowcount") == str(len(summary.changes(report)) + 1)
    toggle.click()
    assert page.locator(".toggle").first.get_attribute("aria-expanded") == "true"
    assert messages(page) == [each.message for each in first.findings]
    assert page.evaluate("document.activeElement.className") == "toggle"
    page.keyboard.press("Enter")
    assert messages(page) == []


def test_a_change_of_the_summary_leads_to_the_findings_it_removes(open_report: Open) -> None:
    report = small()
    page = open_report(report).page
    link = page.locator(".todos a").first
    number = whole(link.text_content())
    assert number == len(summary.changes(report)[0].findings)
    link.click()
    expect(page.locator("#findings-title")).to_be_visible()
    assert shown(page) == number


def test_what_is_new_is_marked_and_can_be_chosen(open_report: Open) -> None:
    report = small()
    assert report.since
    opened = open_report(report, "#findings?since=new")
    assert shown(opened.page) == len(report.since.new)
    assert opened.page.locator(".findings tbody tr[data-index]").first.locator('.chip:text-is("New")').count() == 1
    opened.go("#findings?since=unchanged")
    assert shown(opened.page) == report.since.unchanged
    opened.go("#summary")
    text = opened.page.locator("#view-summary").text_content() or ""
    assert report.since.gone[0].message in text
    assert "Not judged again" in text


def test_the_same_report_without_an_earlier_one_says_nothing_of_changes(open_report: Open) -> None:
    page = open_report(factory.report(10), "#findings").page
    assert page.locator('[data-facet="since"]').count() == 0
    assert page.locator("#since-line").count() == 0


@pytest.mark.parametrize("rule", ["kubevirt-only-binding", "orphaned-binding"])
def test_a_finding_says_whether_a_fix_can_be_planned_and_how_to_see_that_it_is_gone(
    open_report: Open, rule: str
) -> None:
    report = small()
    finding = next(each for each in report.findings if each.rule == rule)
    page = open_report(report, f"#finding/{finding.fingerprint}").page
    text = page.locator(".panel").text_content() or ""
    assert ("rbac-audit fix plan SOURCE --rule kubevirt-only-binding -o plan.yaml" in text) is (
        rule == "kubevirt-only-binding"
    )
    assert f"rbac-audit audit SOURCE --rule {rule} --since REPORT.json" in text
    assert f"kubectl get rolebinding -n {finding.object.namespace} {finding.object.name} -o yaml" in text


def test_a_finding_tells_its_chain_as_a_sentence(open_report: Open) -> None:
    report = small()
    finding = next(each for each in report.findings if each.chain)
    page = open_report(report, f"#finding/{finding.fingerprint}").page
    first, second, third, fact = finding.chain
    assert page.locator(".sentence").text_content() == f"{first.text} {second.text} {third.text}. {fact.text}."


def test_who_is_known_in_a_group_stands_in_brackets(open_report: Open) -> None:
    report = small()
    finding, *others = report.findings
    chain = (Link("subject", "Group:devs"), Link("group", "its members are not known"), Link("binding", "is bound"))
    changed = msgspec.structs.replace(finding, chain=chain)
    page = open_report(
        msgspec.structs.replace(report, findings=(changed, *others)), f"#finding/{finding.fingerprint}"
    ).page
    assert page.locator(".sentence").text_content() == "Group:devs (its members are not known) is bound."
