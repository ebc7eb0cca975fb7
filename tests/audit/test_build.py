from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from rbac_audit.audit.build import Run, build_report
from rbac_audit.audit.estate import Estate, View
from rbac_audit.audit.evaluate import Outcome, evaluate
from rbac_audit.audit.filters import Filters, Reached, check_filters
from rbac_audit.audit.finding import FindingScope, Fix, Safety, Severity
from rbac_audit.audit.report import Report
from rbac_audit.audit.rule import On, Problem, Rule
from rbac_audit.errors import WrongUse
from rbac_audit.rancher.projects import ProjectInfo
from rbac_audit.snapshot.estate import Gap
from rbac_audit.snapshot.objects import ClusterRole, ObjectRef, RoleBinding, Secret, Subject
from tests.audit.clusters import joined, namespace, rancher
from tests.rules.estate import estate

FIX = Fix(Safety.SAFE, "undo it")
SHOP = "c-m-abcd1234:p-shop"
HARVESTER = (
    namespace("shop", SHOP)
    + namespace("till", SHOP)
    + namespace("attic")
    + """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: devs, namespace: shop}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: User, name: u-alice}]
"""
)
RANCHER = (
    rancher("c-m-abcd1234")
    + """
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-bob}, displayName: Bob, enabled: false}
---
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-sys}, principalIds: ["system://local"]}
---
{apiVersion: management.cattle.io/v3, kind: Project, metadata: {name: p-shop, namespace: c-m-abcd1234}, spec: {displayName: Shop}}
---
{apiVersion: management.cattle.io/v3, kind: Project, metadata: {name: p-empty, namespace: c-m-abcd1234,
 labels: {authz.management.cattle.io/system-project: "true"}}, spec: {displayName: System}}
---
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: prtb-2, namespace: c-m-abcd1234-p-shop},
 projectName: "c-m-abcd1234:p-shop", roleTemplateName: read-only, userName: u-bob}
---
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: prtb-1, namespace: c-m-abcd1234-p-shop},
 projectName: "c-m-abcd1234:p-shop", roleTemplateName: project-owner, userName: u-alice}
---
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: prtb-3, namespace: c-m-abcd1234-p-shop},
 projectName: "c-m-abcd1234:p-shop", roleTemplateName: project-owner}
"""
)


def problem(name: str, severity: Severity, place: str = "shop", user: str = "u-alice") -> Problem:
    project = SHOP if place in {"shop", "till"} else ""
    return Problem(
        target=ObjectRef("rbac.authorization.k8s.io", "RoleBinding", name, place, "harvester"),
        message=f"{name} is wrong",
        severity=severity,
        subjects=(Subject(kind="User", name=user),),
        scope=FindingScope((place,), project, cluster_wide=False),
    )


def rule(name: str, *problems: Problem, needs: tuple[type, ...] = ()) -> Rule:
    def check(_: View) -> Iterator[Problem]:
        yield from problems

    page = f"Title of {name}.\n\n## Why\nIt matters.\n"
    return Rule(id=name, page=page, severity=Severity.MEDIUM, on=On.HARVESTER, needs=needs, fix=FIX, check=check)


RULES = (
    rule("two", problem("c", Severity.HIGH, "till", "u-bob"), problem("d", Severity.INFO, "attic")),
    rule("one", problem("a", Severity.CRITICAL), problem("b", Severity.LOW)),
    rule("quiet"),
)
WHOLE = joined({"harvester": HARVESTER, "rancher": RANCHER})


def report(
    filters: Filters | None = None,
    *,
    of: Estate = WHOLE,
    rules: tuple[Rule, ...] = RULES,
    fail_on: Severity = Severity.LOW,
) -> Report:
    run = Run("1.2.3", "2026-11-25", "d" * 64, fail_on)
    return build_report(of, evaluate(of, rules), rules, (), filters or Filters(), run)


def names(found: Report) -> list[str]:
    return [finding.object.name for finding in found.findings]


GAP = Gap("harvester", "the list", "403", "ask", ("Pod",))
SEEN = joined({"harvester": HARVESTER}, collected=[ClusterRole])
WITH_GAP = joined({"harvester": HARVESTER}, gaps=[GAP])
NEEDS_SECRETS = rule("blind", needs=(Secret,))


@pytest.mark.parametrize(
    ("of", "rules", "fail_on", "code"),
    [
        (SEEN, (rule("quiet"),), Severity.LOW, 0),
        (SEEN, (rule("r", problem("a", Severity.INFO)),), Severity.LOW, 0),
        (SEEN, (rule("r", problem("a", Severity.INFO)),), Severity.INFO, 1),
        (SEEN, (rule("r", problem("a", Severity.LOW)),), Severity.LOW, 1),
        (SEEN, (rule("r", problem("a", Severity.HIGH)),), Severity.CRITICAL, 0),
        (SEEN, (rule("r", problem("a", Severity.CRITICAL)),), Severity.CRITICAL, 1),
        (SEEN, (NEEDS_SECRETS,), Severity.LOW, 3),
        (WITH_GAP, (rule("quiet"),), Severity.LOW, 3),
        (WITH_GAP, (rule("r", problem("a", Severity.INFO)),), Severity.LOW, 3),
        (WITH_GAP, (rule("r", problem("a", Severity.LOW)),), Severity.LOW, 1),
        (SEEN, (NEEDS_SECRETS, rule("r", problem("a", Severity.HIGH))), Severity.LOW, 1),
    ],
)
def test_the_exit_code_is_that_of_what_is_shown(
    of: Estate, rules: tuple[Rule, ...], fail_on: Severity, code: int
) -> None:
    assert report(of=of, rules=rules, fail_on=fail_on).summary.exit_code == code


def test_an_estate_that_is_not_linked_is_not_clean() -> None:
    lost = joined({"harvester": namespace("shop"), "rancher": rancher("c-m-abcd1234")})
    found = report(of=lost, rules=(rule("quiet"),))
    assert [gap.cluster for gap in found.gaps] == ["harvester"]
    assert found.summary.exit_code == 3


def test_the_numbers_are_those_of_the_lists() -> None:
    for filters in (Filters(), Filters(Severity.HIGH), Filters(rules=("quiet",))):
        found = report(filters, rules=(*RULES, NEEDS_SECRETS))
        summary = found.summary
        assert summary.findings == len(found.findings) == sum(summary.by_severity.values())
        assert summary.findings + summary.hidden == 4
        assert summary.gaps == len(found.gaps)
        assert summary.not_evaluated == len(found.not_evaluated) == 1
        assert summary.objects == sum(cluster.objects for cluster in found.estate.clusters)
        assert sum(result.findings for result in found.rules) == summary.findings


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        (Filters(), ["a", "c", "b", "d"]),
        (Filters(Severity.HIGH), ["a", "c"]),
        (Filters(Severity.CRITICAL), ["a"]),
        (Filters(rules=("one",)), ["a", "b"]),
        (Filters(rules=("one", "two")), ["a", "c", "b", "d"]),
        (Filters(projects=("Shop",)), ["a", "c", "b"]),
        (Filters(projects=(SHOP,)), ["a", "c", "b"]),
        (Filters(namespaces=("till",)), ["c"]),
        (Filters(namespaces=("till", "attic")), ["c", "d"]),
        (Filters(subjects=("User:u-bob",)), ["c"]),
        (Filters(subjects=("Bob",)), ["c"]),
        (Filters(subjects=("u-bob",)), []),
        (Filters(rules=("one",), namespaces=("till",)), []),
    ],
)
def test_a_filter_hides_and_is_counted(filters: Filters, shown: list[str]) -> None:
    found = report(filters)
    assert names(found) == shown
    assert found.summary.hidden == 4 - len(shown)


@pytest.mark.parametrize(
    ("scope", "cluster", "projects"),
    [
        (FindingScope(("till",)), "harvester", ["Shop"]),
        (FindingScope(("attic", "till")), "harvester", ["Shop"]),
        (FindingScope(("till", "lab")), "harvester", ["Lab", "Shop"]),
        (FindingScope(("lab",), SHOP), "harvester", ["Lab", "Shop"]),
        (FindingScope(("attic",)), "harvester", []),
        (FindingScope(("till",)), "other", ["Lab"]),
        (FindingScope(("shop",)), "other", []),
        (FindingScope((), "", cluster_wide=True), "harvester", []),
    ],
)
def test_a_finding_is_of_every_project_that_it_reaches_into(
    scope: FindingScope, cluster: str, projects: list[str]
) -> None:
    """Somebody who writes in two projects is a finding of both, whichever of them is asked about."""
    rows = [
        ("harvester", ProjectInfo(SHOP, "Shop", False, False, True, "", ("shop", "till"))),
        ("harvester", ProjectInfo("c-m-abcd1234:p-lab", "Lab", False, False, True, "", ("lab",))),
        ("other", ProjectInfo("c-m-efgh5678:p-lab", "Lab", False, False, True, "", ("till",))),
    ]
    finding = replace(report().findings[0], scope=scope, cluster=cluster)
    reached = Reached(rows).names(finding)
    assert [name for name in ("Lab", "Shop") if Filters(projects=(name,)).shows(finding, reached)] == projects


def test_a_filter_never_changes_what_is_evaluated() -> None:
    whole, part = report(), report(Filters(Severity.CRITICAL, ("one",), ("Shop",), ("User:u-alice",), ("shop",)))
    assert part.not_evaluated == whole.not_evaluated
    assert part.gaps == whole.gaps
    assert part.projects == whole.projects
    assert part.estate == whole.estate
    assert [result.rule for result in part.rules] == [result.rule for result in whole.rules]
    assert [it for it in whole.findings if it in part.findings] == list(part.findings)


def test_a_report_on_a_project_has_what_reaches_into_it_by_a_namespace_alone() -> None:
    both = replace(problem("e", Severity.HIGH), scope=FindingScope(("attic", "till")))
    assert names(report(Filters(projects=("Shop",)), rules=(rule("r", both),))) == ["e"]


def test_the_filters_in_force_are_in_the_report() -> None:
    found = report(Filters(Severity.HIGH, ("one",), ("Shop",), ("User:u-bob",), ("till",)))
    assert found.filters == {
        "rule": ["one"],
        "project": ["Shop"],
        "subject": ["User:u-bob"],
        "namespace": ["till"],
        "min-severity": ["high"],
    }
    assert report().filters == {}


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(projects=("Shop", SHOP, "System")),
        Filters(namespaces=("shop", "attic")),
        Filters(subjects=("User:u-alice", "Alice", "User:u-bob", "Bob")),
        Filters(Severity.CRITICAL, ("a rule that nobody checks here",)),
    ],
)
def test_a_filter_for_what_is_there_is_accepted(filters: Filters) -> None:
    check_filters(WHOLE, filters)


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        (Filters(projects=("Shp",)), "--project Shp: nothing has this name; did you mean Shop"),
        (Filters(namespaces=("shopp",)), "--namespace shopp: nothing has this name; did you mean shop"),
        (Filters(subjects=("u-alice",)), "--subject u-alice: nothing has this name; did you mean User:u-alice"),
        (Filters(projects=("",)), "nothing has this name; it is written whole"),
        (Filters(projects=("Shop", "zzzzzz")), "--project zzzzzz: nothing has this name"),
    ],
)
def test_a_filter_for_what_is_not_there_is_refused(filters: Filters, words: str) -> None:
    """It would show nothing, which looks clean."""
    with pytest.raises(WrongUse) as refused:
        check_filters(WHOLE, filters)
    assert words in str(refused.value)


def test_an_unread_namespace_can_be_asked_for() -> None:
    check_filters(estate(HARVESTER, unread_namespaces=["secret-lab"]), Filters(namespaces=("secret-lab",)))


def test_every_rule_has_its_result_even_without_findings() -> None:
    results = {result.rule: result for result in report().rules}
    assert list(results) == ["one", "quiet", "two"]
    assert [results[name].findings for name in results] == [2, 0, 2]
    quiet = results["quiet"]
    assert (quiet.title, quiet.why, quiet.fix, quiet.severity) == (
        "Title of quiet",
        "It matters.",
        "undo it",
        Severity.MEDIUM,
    )


def test_projects_have_their_namespaces_and_members() -> None:
    shop = next(project for project in report().projects if project.id == SHOP)
    assert (shop.cluster, shop.name, shop.system, shop.namespaces) == ("harvester", "Shop", False, ("shop", "till"))
    assert [(str(subject), subject.display_name, role) for subject, role in shop.members] == [
        ("User:u-alice", "Alice", "project-owner"),
        ("User:u-bob", "Bob", "read-only"),
    ]


def test_a_project_without_namespaces_is_there_too() -> None:
    empty = next(project for project in report().projects if project.id.endswith("p-empty"))
    assert (empty.system, empty.namespaces, empty.members) == (True, (), ())


def test_people_are_those_of_rancher_without_its_own_accounts() -> None:
    people = report().people
    assert [(person.subject.name, person.subject.display_name, person.enabled) for person in people] == [
        ("u-alice", "Alice", True),
        ("u-bob", "Bob", False),
    ]


def test_clusters_say_what_they_are_and_how_that_is_known() -> None:
    harvester, manager = report().estate.clusters
    assert (harvester.name, harvester.role, harvester.rancher_id) == ("harvester", "other", "c-m-abcd1234")
    assert harvester.rancher_id_from == "the project annotations of its namespaces"
    assert harvester.display_name == "name of c-m-abcd1234"
    assert (manager.role, manager.rancher_id) == ("management", "local")


def test_a_rule_says_whether_fix_plan_takes_it() -> None:
    run = Run("1", "d", "x", Severity.LOW, "rbac-audit audit x", ("one",))
    found = build_report(WHOLE, evaluate(WHOLE, RULES), RULES, (), Filters(), run)
    assert {result.rule for result in found.rules if result.planned} == {"one"}
    assert found.command == "rbac-audit audit x"


def test_the_report_says_who_made_it_of_what() -> None:
    found = report()
    assert (found.tool.version, found.date, found.estate.digest) == ("1.2.3", "2026-11-25", "d" * 64)


def test_nothing_is_nothing() -> None:
    empty = build_report(WHOLE, Outcome((), ()), (), (), Filters(), Run("1", "d", "x", Severity.LOW))
    assert empty.summary.exit_code == 0
    assert empty.summary.by_severity == {"critical": 0, "high": 0, "medium": 0, "low": 0, "info": 0}
    assert not WHOLE.views[0].cluster.has(RoleBinding, Secret)
