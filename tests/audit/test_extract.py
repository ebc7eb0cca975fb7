"""A report about one project: what it keeps, and that nothing about others is in any of its bytes."""

import base64
import re
import zlib

import msgspec
import pytest
from msgspec.structs import replace

from rbac_audit.audit.extract import extracted
from rbac_audit.audit.finding import Finding, FindingScope, Link, Severity, SubjectRef
from rbac_audit.audit.report import NotEvaluated, Report
from rbac_audit.audit.sections import BindingFate, PersonSummary
from rbac_audit.errors import WrongUse
from rbac_audit.report import html, json_format, markdown, terminal
from rbac_audit.snapshot.estate import Gap
from rbac_audit.snapshot.objects import ObjectRef
from tests.report import factory

WHOLE = factory.since(factory.report(300))
HOME = WHOLE.projects[0]
LOW = Severity.LOW


def extract(report: Report = WHOLE, name: str = HOME.id, fail_on: Severity = LOW) -> Report:
    return extracted(report, name, fail_on)


def texts(value: object) -> set[str]:
    """Every text anywhere in a report."""
    if isinstance(value, dict):
        return {text for pair in value.items() for each in pair for text in texts(each)}
    if isinstance(value, list | tuple):
        return {text for each in value for text in texts(each)}
    return {value} if isinstance(value, str) else set()


def test_only_findings_that_lie_in_the_project_are_kept() -> None:
    found = extract()
    assert found.findings
    assert {finding.cluster for finding in found.findings} == {HOME.cluster}
    for finding in found.findings:
        assert set(finding.scope.namespaces) <= set(HOME.namespaces)
        assert not finding.scope.cluster_wide
    inside = [
        each
        for each in WHOLE.findings
        if each.cluster == HOME.cluster and each.scope.namespaces and set(each.scope.namespaces) <= set(HOME.namespaces)
    ]
    assert set(found.findings) == set(inside)


def test_the_numbers_are_counted_again() -> None:
    found = extract()
    assert found.summary.findings == len(found.findings)
    assert sum(found.summary.by_severity.values()) == len(found.findings)
    assert sum(rule.findings for rule in found.rules) == len(found.findings)
    assert found.summary.gaps == len(found.gaps)
    assert found.summary.not_evaluated == len(found.not_evaluated)
    assert found.extract
    wide = sum(each.scope.cluster_wide and each.cluster == HOME.cluster for each in WHOLE.findings)
    assert found.extract.withheld == wide
    assert found.extract.cluster_wide == 1


@pytest.mark.parametrize(
    ("fail_on", "code"), [(Severity.CRITICAL, 3), (Severity.LOW, 1)], ids=["nothing-so-bad", "findings"]
)
def test_the_exit_code_is_that_of_what_is_left(fail_on: Severity, code: int) -> None:
    far = next(each for each in WHOLE.findings if each.cluster != HOME.cluster)
    whole = replace(WHOLE, findings=(replace(far, severity=Severity.CRITICAL), *WHOLE.findings))
    assert extract(whole, fail_on=fail_on).summary.exit_code == code


def test_the_project_keeps_its_rows() -> None:
    found = extract()
    assert found.projects == (HOME,)
    assert found.holdings == tuple(row for row in WHOLE.holdings if row.project == HOME.id)
    assert {person.subject for person in found.people} >= {member for member, _ in HOME.members}
    assert {row.name for row in found.templates} == {role for _, role in HOME.members}
    assert [fate.binding.name for fate in found.survival[0].bindings] == ["vm-admins-copy"]
    assert found.public == ()
    assert found.command == ""


def test_a_person_keeps_the_groups_that_the_project_knows() -> None:
    found = extract()
    (team,) = {row.subject.name for row in found.holdings if row.subject.kind == "Group"}
    named = {who.name for finding in found.findings for who in finding.subjects if who.kind == "Group"}
    kept = {name for person in found.people for name in person.groups}
    assert team in kept
    assert kept <= named | {team}
    assert not [person for person in found.people if person.tokens]
    assert kept < {name for person in WHOLE.people for name in person.groups}


def test_what_changed_is_cut_too() -> None:
    found = extract()
    assert found.since
    assert WHOLE.since
    marks = {finding.fingerprint for finding in found.findings}
    assert set(found.since.new) == marks & set(WHOLE.since.new)
    assert found.since.unchanged == len(marks) - len(found.since.new)


def test_a_gap_elsewhere_is_left_out_and_one_here_loses_the_other_namespaces() -> None:
    here, there = HOME.namespaces[0], WHOLE.projects[2].namespaces[0]
    gaps = (
        Gap(HOME.cluster, "Secrets", "403", "ask", ("Secret",), (here, there)),
        Gap(HOME.cluster, "Secrets", "403", "ask", ("Secret",), (there,)),
        Gap(HOME.cluster, f"the file of {there}", "broken", "ask", ("Role",)),
        Gap("local", "Users", "403", "ask", ("User",)),
    )
    found = extract(replace(WHOLE, gaps=gaps)).gaps
    assert [(gap.what, gap.namespaces) for gap in found] == [
        ("Secrets", (here,)),
        ("something outside this project", ()),
        ("Users", ()),
    ]


def test_a_rule_that_was_not_judged_here_is_not_called_clean() -> None:
    there = WHOLE.projects[2].namespaces[0]
    blind = (
        NotEvaluated("a", ("no Secret was read",), HOME.cluster),
        NotEvaluated("b", (f"nothing of {there} was read",), HOME.cluster),
        NotEvaluated("c", ("no Secret was read",), "harvester-b"),
        NotEvaluated("d", ("x",)),
    )
    found = extract(replace(WHOLE, findings=(), gaps=(), not_evaluated=blind))
    assert [(each.rule, each.because) for each in found.not_evaluated] == [
        ("a", ("no Secret was read",)),
        ("b", ("something outside this project",)),
        ("d", ("x",)),
    ]
    assert found.summary.exit_code == 3


# Made-up names of everything that has nothing to do with the project.
CANARY_NAMESPACE, CANARY_PROJECT, CANARY_USER, CANARY_GROUP = (
    "zz-canary-ns",
    "c-m-zz:p-zzcanary",
    "u-zzcanary",
    "zz://CN=zz canary,DC=x",
)
CANARIES = (
    "zz-canary-ns",
    "p-zzcanary",
    "Canary Project",
    "u-zzcanary",
    "Canary Person",
    "zz canary",
    "zz-canary-account",
    "zz-canary-empty",
)


def planted(own: Finding) -> tuple[Finding, ...]:
    """Findings in the project, each of which names something foreign in another field."""
    other = ObjectRef("rbac.authorization.k8s.io", "RoleBinding", "x", CANARY_NAMESPACE, own.cluster)
    foreign = SubjectRef("User", CANARY_USER, "", "Canary Person")
    changes: tuple[dict[str, object], ...] = (
        {"message": f"Role {CANARY_NAMESPACE}/x does the same"},
        {"message": "as Canary Person may, too"},
        {"message": "as in Canary Project, too"},
        {"message": f"as in {CANARY_PROJECT}, too"},
        {"message": "as in namespace zz-canary-empty"},
        {"message": f"like {CANARY_GROUP} may"},
        {"related": (other,)},
        {"object": other},
        {"chain": (Link("group", f"members known to Rancher: Canary Person, {CANARY_USER}"),)},
        {"chain": (Link("binding", "is bound", other),)},
        {"fix": replace(own.fix, text="Ask Canary Person.")},
        {"scope": FindingScope((*own.scope.namespaces, CANARY_NAMESPACE))},
        {"scope": FindingScope((CANARY_NAMESPACE,), CANARY_PROJECT), "subjects": (foreign,)},
        {"scope": FindingScope((), "", cluster_wide=True), "subjects": (foreign,)},
        {"scope": FindingScope(own.scope.namespaces, HOME.id, cluster_wide=True), "subjects": (foreign,)},
        {"cluster": "harvester-b", "subjects": (foreign,)},
    )
    return tuple(replace(own, fingerprint=f"{number:016x}", **each) for number, each in enumerate(changes))


@pytest.fixture(scope="module")
def poisoned() -> Report:
    """The report with everything foreign that an estate may have, in every list."""
    own = next(each for each in WHOLE.findings if each.scope.namespaces == HOME.namespaces[:1])
    foreign = SubjectRef("User", CANARY_USER, "", "Canary Person")
    group = SubjectRef("Group", CANARY_GROUP, "", "zz canary")
    account = SubjectRef("ServiceAccount", "zz-canary-account", CANARY_NAMESPACE)
    project = replace(
        WHOLE.projects[2],
        id=CANARY_PROJECT,
        name="Canary Project",
        namespaces=(CANARY_NAMESPACE, "zz-canary-empty"),
        members=((foreign, "project-owner"), (group, "read-only")),
    )
    row = next(each for each in WHOLE.holdings if each.project == HOME.id)
    theirs = [
        replace(row, subject=who, project=CANARY_PROJECT, namespaces=(CANARY_NAMESPACE,))
        for who in (foreign, group, account)
    ]
    member = next(person for person in WHOLE.people if person.subject == HOME.members[0][0])
    people = (
        replace(member, groups=(*member.groups, CANARY_GROUP)),
        PersonSummary(foreign, True, (CANARY_GROUP,), "", "", "canary", ("x://u-zzcanary",)),
        *(person for person in WHOLE.people if person != member),
    )
    fate = BindingFate(
        "custom-role", ObjectRef("", "RoleBinding", "b", CANARY_NAMESPACE, HOME.cluster), "r", (foreign,), "x", "y"
    )
    assert WHOLE.since
    return replace(
        WHOLE,
        findings=(*planted(own), *WHOLE.findings),
        waived=planted(own),
        projects=(*WHOLE.projects, project),
        holdings=(*WHOLE.holdings, *theirs),
        people=people,
        accounts=(*WHOLE.accounts, replace(WHOLE.accounts[0], subject=account)),
        survival=(replace(WHOLE.survival[0], bindings=(*WHOLE.survival[0].bindings, fate)),),
        public=(replace(WHOLE.public[0], readers=(foreign, group)),),
        gaps=(Gap(HOME.cluster, f"Secrets of {CANARY_NAMESPACE}", "403", "ask Canary Person"),),
        not_evaluated=(NotEvaluated("r", (f"{CANARY_NAMESPACE} was not read",), HOME.cluster),),
        estate=replace(WHOLE.estate, notes=("about Canary Person",), unknown_kinds={"zz-canary-ns": 1}),
        since=replace(WHOLE.since, gone=planted(own), unjudged=planted(own)),
        command=f"rbac-audit audit {CANARY_NAMESPACE}",
        filters={"subject": ["Canary Person"]},
    )


def written(report: Report) -> dict[str, str]:
    """The report in every format, the data block of the page unpacked beside it."""
    page = html.render(report)
    (block,) = re.findall(r'id="payload">([^<]*)<', page)
    return {
        "json": json_format.render(report).decode(),
        "html": page,
        "html data": zlib.decompress(base64.b64decode(block)).decode(),
        "html de": html.render(report, "de"),
        "markdown": markdown.render(report),
        "terminal": terminal.plain(report),
    }


def test_the_whole_report_holds_every_canary(poisoned: Report) -> None:
    everything = "\n".join(written(poisoned).values())
    assert [canary for canary in CANARIES if canary not in everything] == []


def test_nothing_about_others_is_in_any_byte_of_an_extract(poisoned: Report) -> None:
    cut = extract(poisoned)
    for name, text in written(cut).items():
        assert [canary for canary in CANARIES if canary in text] == [], name
    assert len(cut.findings) == len(extract().findings), "and what is the project's own is still there"


def test_no_other_project_namespace_or_person_of_the_estate_is_in_an_extract() -> None:
    cut = texts(msgspec.to_builtins(extract()))
    others = [project for project in WHOLE.projects if project.id != HOME.id]
    assert not cut & {name for project in others for name in (project.id, *project.namespaces)}
    named = {subject.name for finding in extract().findings for subject in finding.subjects}
    named |= {row.subject.name for row in extract().holdings} | {who.name for who, _ in HOME.members}
    named |= {who.name for fate in extract().survival[0].bindings for who in fate.subjects}
    known = {person.subject.name for person in extract().people}
    strangers = {person.subject.name for person in WHOLE.people} - named - known
    assert strangers
    assert not cut & strangers


@pytest.mark.parametrize(
    ("name", "problem"),
    [("nowhere", "no project is called so"), ("Twice", "2 projects are called so; give the id: ")],
)
def test_a_name_that_is_not_one_project_is_refused(name: str, problem: str) -> None:
    first, second, *rest = WHOLE.projects
    twice = replace(WHOLE, projects=(replace(first, name="Twice"), replace(second, name="Twice"), *rest))
    with pytest.raises(WrongUse) as refused:
        extract(twice, name)
    assert problem in str(refused.value)


def test_a_project_is_found_by_its_name() -> None:
    assert extract(name=HOME.name) == extract()
