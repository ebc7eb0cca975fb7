"""Batches: JSON lines in order, access tests, bad lines."""

import pytest

from rbac_audit.access import Permission
from rbac_audit.answers.access import ask
from rbac_audit.answers.batch import answer_all, parse_questions
from rbac_audit.errors import BadInput
from rbac_audit.snapshot.objects import Subject
from tests.answers.shop import HARVESTER, RANCHER, shop_view
from tests.rules.estate import estate, view

ALICE = Subject(kind="User", name="u-alice")

LINES = [
    '{"user": "u-alice", "verb": "get", "apiGroup": "", "resource": "secrets", "namespace": "dev"}',
    "",
    '{"user": "u-alice", "groups": [], "verb": "get", "resource": "secrets", "namespace": "dev", "expect": true}',
    '{"user": "system:serviceaccount:dev:ci", "verb": "get", "path": "/metrics", "expect": true}',
    '{"user": "nobody", "groups": ["system:masters"], "verb": "x", "resource": "pods", "subresource": "exec", "name": "a"}',
]


def test_answers_come_in_order_with_the_chain() -> None:
    answers = list(answer_all(shop_view(), parse_questions(LINES, "f")))
    assert [(answer.subject, answer.allowed, answer.ok) for answer in answers] == [
        ("User:u-alice", True, None),
        ("User:u-alice", False, False),
        ("ServiceAccount:dev/ci", True, True),
        ("User:nobody", True, None),
    ]
    assert [bool(answer.chain) for answer in answers] == [True, False, True, True]
    (link,) = answers[3].chain
    assert link.text == "User:nobody is in system:masters, which may do everything, without any binding"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "line 2"),
        ('{"user": "a", "verb": "get"}', "either resource or path"),
        ('{"user": "a", "verb": "get", "resource": "x", "path": "/y"}', "either resource or path"),
        ('{"user": "a", "verb": "get", "resource": "x", "namspace": "y"}', "namspace"),
        ('{"user": "a", "verb": "get", "resource": "pods/log"}', '"resource": "pods", "subresource": "log"'),
        ('{"user": 7, "verb": "get", "resource": "x"}', "user"),
    ],
)
def test_a_bad_line_is_named(line: str, problem: str) -> None:
    with pytest.raises(BadInput, match=problem) as caught:
        parse_questions([LINES[0], line], "questions.jsonl")
    assert "questions.jsonl, line 2" in str(caught.value)


@pytest.mark.parametrize(
    ("stated", "allowed"), [("", True), (', "namespace": ""', False), (', "namespace": "dev"', True)]
)
def test_a_namespace_by_its_name_is_asked_about_as_can_i_does(stated: str, allowed: bool) -> None:
    more = """
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r, namespace: dev}, rules: [{apiGroups: [""], resources: [namespaces], verbs: [get]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b, namespace: dev}, roleRef: {kind: Role, name: r},
 subjects: [{kind: User, name: u-alice}]}
"""
    cluster = view(estate(HARVESTER + more, RANCHER))
    line = f'{{"user": "u-alice", "verb": "get", "resource": "namespaces", "name": "dev"{stated}}}'
    (answer,) = answer_all(cluster, parse_questions([line], "f"))
    assert answer.allowed is allowed
    if not stated:
        assert ask(cluster, ALICE, Permission("get", "", "namespaces", "dev")).allowed is allowed


def test_a_namespace_that_is_stated_counts_as_in_a_review() -> None:
    """Also where no request would carry it: so does the API server decide a SubjectAccessReview."""
    line = '{"user": "u-alice", "verb": "get", "resource": "nodes", "namespace": "dev"}'
    (answer,) = answer_all(shop_view(), parse_questions([line], "f"))
    assert answer.allowed
    assert not ask(shop_view(), ALICE, Permission("get", "", "nodes"), "dev").allowed


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ('{"user": "u-alice", "verb": "get", "resource": "secrets", "namespace": "dev"', ""),
        ('{"user": "alice", "verb": "get", "resource": "secrets", "namespace": "dev"', "did you mean User:u-alice"),
        ('{"user": "u-alice", "verb": "get", "resource": "secrets", "namespace": "devv"', "no namespace devv"),
        (
            '{"user": "u-alice", "verb": "get", "resource": "virtualmachines"',
            "did you mean virtualmachines.kubevirt.io",
        ),
        ('{"user": "u-alice", "verb": "GET", "resource": "secrets"', "did you mean get"),
        ('{"user": "u-alice", "verb": "get", "path": "metrics"', "did you mean /metrics"),
    ],
)
def test_a_line_that_may_hold_a_slip_passes_no_test_in_silence(line: str, note: str) -> None:
    (answer,) = answer_all(shop_view(), parse_questions([f'{line}, "expect": false}}'], "f"))
    assert [note in said for said in answer.notes] == ([True] if note else [])
