from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from rbac_audit.audit.estate import Estate, View
from rbac_audit.audit.evaluate import evaluate
from rbac_audit.audit.finding import Confidence, Finding, Fix, Safety, Severity
from rbac_audit.audit.report import NotEvaluated
from rbac_audit.audit.rule import Check, On, Problem, Rule
from rbac_audit.snapshot.estate import Gap
from rbac_audit.snapshot.objects import (
    Kind,
    ObjectRef,
    ProjectRoleTemplateBinding,
    RoleBinding,
    Secret,
    Subject,
    User,
)
from tests.audit.clusters import joined, namespace, rancher, view
from tests.rules.estate import estate as small

FIX = Fix(Safety.SAFE, "undo it")
BINDING = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: devs, namespace: shop}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: User, name: u-alice}]
---
"""
SHOP = namespace("shop", "c-m-abcd1234:p-shop")


def ref(name: str, kind: str = "RoleBinding", cluster: str = "harvester") -> ObjectRef:
    return ObjectRef("rbac.authorization.k8s.io", kind, name, "shop", cluster)


def says(*problems: Problem) -> Check:
    def check(_: View) -> Iterator[Problem]:
        yield from problems

    return check


SILENT = says()


def rule(
    check: Check = SILENT,
    *,
    name: str = "some-rule",
    on: On = On.HARVESTER,
    needs: tuple[Kind, ...] = (RoleBinding,),
    uses: tuple[Kind, ...] = (),
    needs_rancher: tuple[Kind, ...] = (),
    public: bool = False,
    severity: Severity = Severity.MEDIUM,
) -> Rule:
    return Rule(
        id=name,
        page="A title.\n\n## Why\nBecause.\n",
        severity=severity,
        on=on,
        needs=needs,
        uses=uses,
        needs_rancher=needs_rancher,
        public=public,
        fix=FIX,
        references=("https://example.org",),
        check=check,
    )


def fails(_: View) -> Iterator[Problem]:
    yield from ()
    raise AssertionError("must not be asked")


def where(of: Estate, on: On) -> list[str]:
    asked: list[str] = []

    def check(found: View) -> Iterator[Problem]:
        asked.append(found.name)
        yield from ()

    evaluate(of, [rule(check, on=on, needs=())])
    return asked


def blind(of: Estate, one: Rule) -> tuple[NotEvaluated, ...]:
    return evaluate(of, [one]).not_evaluated


@pytest.mark.parametrize(
    ("on", "names"),
    [(On.HARVESTER, ["harvester"]), (On.MANAGEMENT, ["rancher"]), (On.ALL, ["harvester", "rancher"])],
)
def test_a_rule_is_asked_about_the_clusters_it_is_about(on: On, names: list[str]) -> None:
    assert where(joined({"harvester": SHOP, "rancher": rancher("c-m-abcd1234")}), on) == names


@pytest.mark.parametrize(
    ("text", "on", "because"),
    [
        (rancher("c-m-abcd1234"), On.HARVESTER, "no Harvester cluster was read"),
        (SHOP, On.MANAGEMENT, "no cluster with the objects of a Rancher was read"),
    ],
)
def test_a_rule_without_any_cluster_that_it_is_about_is_not_clean(text: str, on: On, because: str) -> None:
    """Of a Rancher alone nobody knows what its bindings give on the clusters that it manages."""
    assert blind(joined({"one": text}), rule(fails, on=on, needs=())) == (NotEvaluated("some-rule", (because,)),)
    assert blind(joined({"one": text}), rule(on=On.ALL, needs=())) == ()


def test_a_rule_that_does_not_concern_the_cluster_read_says_nothing() -> None:
    idle = replace(rule(fails, needs=()), concerns=lambda _: False)
    assert blind(joined({"harvester": SHOP}), idle) == ()


def test_a_rule_without_its_types_is_not_evaluated_and_not_asked() -> None:
    found = blind(joined({"harvester": SHOP}), rule(fails))
    assert found == (NotEvaluated("some-rule", ("no RoleBinding was read from harvester",), "harvester"),)


def test_types_that_were_read_and_are_empty_are_enough() -> None:
    assert blind(joined({"harvester": SHOP}, collected=[RoleBinding]), rule()) == ()


def test_a_rule_about_rancher_needs_a_rancher() -> None:
    found = blind(joined({"harvester": SHOP + BINDING}), rule(fails, needs_rancher=(User,)))
    assert [item.because for item in found] == [("no Rancher that manages harvester was read",)]


def test_a_rule_about_rancher_needs_the_types_of_that_rancher() -> None:
    of = joined({"harvester": SHOP + BINDING, "rancher": rancher("c-m-abcd1234")})
    found = blind(of, rule(fails, needs_rancher=(User, ProjectRoleTemplateBinding)))
    assert [item.because for item in found] == [("no ProjectRoleTemplateBinding was read from rancher",)]


def test_a_rule_about_the_public_namespace_is_not_evaluated_where_that_was_not_read() -> None:
    of = small(SHOP + BINDING, unread_namespaces=["harvester-public"])
    (found,) = blind(of, rule(fails, public=True))
    assert (found.because, found.partly) == (("namespace harvester-public of harvester was not read",), False)


def test_other_unread_namespaces_do_not_matter_to_it() -> None:
    of = small(SHOP + BINDING, unread_namespaces=["till"])
    assert blind(of, rule(public=True)) == ()


@pytest.mark.parametrize(("needs", "partly"), [((RoleBinding,), True), ((), False)])
def test_unread_namespaces_leave_a_rule_about_namespaced_types_in_part(
    needs: tuple[Kind, ...], *, partly: bool
) -> None:
    found = blind(small(SHOP + BINDING, unread_namespaces=["till", "lab"]), rule(needs=needs))
    assert [item.because for item in found] == ([("2 namespaces of harvester were not read",)] if partly else [])
    assert all(item.partly for item in found)


def gap(cluster: str, *kinds: str, namespaces: tuple[str, ...] = ()) -> Gap:
    return Gap(cluster, "the list", "403 Forbidden", "give it the right", kinds, namespaces)


@pytest.mark.parametrize(
    ("one", "partly"),
    [
        (gap("harvester", "RoleBinding.rbac.authorization.k8s.io"), True),
        (gap("harvester", "RoleBinding"), False),
        (gap("harvester", "Secret"), False),
        (gap("rancher", "RoleBinding.rbac.authorization.k8s.io"), False),
        (gap("rancher", "User.management.cattle.io"), True),
        (gap("harvester", "User.management.cattle.io"), False),
        (gap("harvester"), True),
        (gap("rancher"), True),
        (gap("another"), False),
        (gap(""), False),
    ],
)
def test_a_gap_in_what_a_rule_needs_leaves_it_in_part(one: Gap, *, partly: bool) -> None:
    of = joined({"harvester": SHOP + BINDING, "rancher": rancher("c-m-abcd1234")}, gaps=[one])
    found = blind(of, rule(needs_rancher=(User,)))
    assert found == (
        (NotEvaluated("some-rule", ("the list: 403 Forbidden",), "harvester", partly=True),) if partly else ()
    )


def test_namespaces_that_a_gap_names_are_not_counted_again() -> None:
    of = small(SHOP + BINDING, unread_namespaces=["till", "lab"])
    told = gap("harvester", "RoleBinding.rbac.authorization.k8s.io", namespaces=("till",))
    of.snapshot.gaps = (told,)
    (found,) = blind(of, rule())
    assert found.because == ("the list: 403 Forbidden", "1 namespaces of harvester were not read")


def test_a_rule_evaluated_in_part_still_finds() -> None:
    of = joined({"harvester": SHOP + BINDING}, gaps=[gap("harvester", "RoleBinding.rbac.authorization.k8s.io")])
    outcome = evaluate(of, [rule(says(Problem(target=ref("devs"), message="wrong")))])
    assert len(outcome.findings) == len(outcome.not_evaluated) == 1


def test_what_a_rule_uses_and_does_not_need_leaves_it_in_part() -> None:
    of = joined({"harvester": SHOP + BINDING})
    (found,) = blind(of, rule(needs=(), uses=(RoleBinding, Secret)))
    assert (found.because, found.partly) == (("no Secret was read from harvester",), True)


def found_by(*rules: Rule) -> tuple[Finding, ...]:
    return evaluate(joined({"harvester": SHOP + BINDING}), rules).findings


def test_the_rule_adds_what_the_problem_leaves_open() -> None:
    (finding,) = found_by(rule(says(Problem(target=ref("devs"), message="wrong"))))
    assert (finding.rule, finding.severity, finding.confidence) == ("some-rule", Severity.MEDIUM, Confidence.CERTAIN)
    assert (finding.fix, finding.references, finding.cluster) == (FIX, ("https://example.org",), "harvester")


def test_the_problem_overrides_the_rule() -> None:
    other = Fix(Safety.MANUAL, "think")
    problem = Problem(
        target=ref("devs"), message="wrong", severity=Severity.LOW, confidence=Confidence.POSSIBLE, fix=other
    )
    (finding,) = found_by(rule(says(problem)))
    assert (finding.severity, finding.confidence, finding.fix) == (Severity.LOW, Confidence.POSSIBLE, other)


def test_subjects_are_sorted_and_named_once() -> None:
    subjects = tuple(Subject(kind="User", name=name) for name in ("u-zoe", "u-alice", "u-zoe"))
    (finding,) = found_by(rule(says(Problem(target=ref("devs"), message="wrong", subjects=subjects))))
    assert [subject.name for subject in finding.subjects] == ["u-alice", "u-zoe"]


def test_findings_are_worst_first_then_by_rule_and_object() -> None:
    low = rule(says(Problem(target=ref("a"), message="")), name="a-low", severity=Severity.LOW)
    later = rule(says(*(Problem(target=ref(name), message="") for name in "zb")), name="z-high", severity=Severity.HIGH)
    first = rule(says(Problem(target=ref("y"), message="")), name="b-high", severity=Severity.HIGH)
    expected = [("b-high", "y"), ("z-high", "b"), ("z-high", "z"), ("a-low", "a")]
    for rules in ((low, later, first), (first, low, later), (later, first, low)):
        assert [(finding.rule, finding.object.name) for finding in found_by(*rules)] == expected


def test_what_could_not_be_evaluated_is_sorted() -> None:
    of = joined({"b": SHOP, "a": SHOP})
    found = evaluate(of, [rule(fails, name="z"), rule(fails, name="y")]).not_evaluated
    assert [(item.rule, item.cluster) for item in found] == [("y", "a"), ("y", "b"), ("z", "a"), ("z", "b")]


def test_a_linked_rancher_names_the_subjects() -> None:
    of = joined({"harvester": SHOP + BINDING, "rancher": rancher("c-m-abcd1234")})
    alice = Subject(kind="User", name="u-alice")
    (finding,) = evaluate(of, [rule(says(Problem(target=ref("devs"), message="wrong", subjects=(alice,))))]).findings
    assert [subject.display_name for subject in finding.subjects] == ["Alice"]
    assert view(of, "harvester").display_name(alice) == "Alice"


def test_a_name_that_begins_like_another_is_replaced_as_a_whole() -> None:
    known = "{{apiVersion: management.cattle.io/v3, kind: User, metadata: {{name: {0}}}, displayName: {1}}}\n---\n"
    people = known.format("u-a", "Ann") + known.format("u-ab", "Abe")
    of = joined({"harvester": SHOP + BINDING, "rancher": rancher("c-m-abcd1234") + people})
    subjects = tuple(Subject(kind="User", name=name) for name in ("u-a", "u-ab"))
    problem = Problem(target=ref("devs"), message="User:u-ab knows User:u-a", subjects=subjects)
    (finding,) = evaluate(of, [rule(says(problem))]).findings
    assert finding.message == "Abe (User:u-ab) knows Ann (User:u-a)"
