"""Batches: JSON lines in order, access tests, bad lines."""

import pytest

from rbac_audit.answers.batch import answer_all, parse_questions
from rbac_audit.errors import BadInput
from tests.answers.shop import shop_view

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
