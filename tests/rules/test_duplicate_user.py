"""Users that share a login."""

import pytest

from rbac_audit.rules.duplicate_user import RULE
from tests.rules.estate import estate, found


def user(name: str, fields: str) -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: {name}}}
{fields}
---
"""


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("username: bob", "username: bob", "login name bob"),
        (
            'principalIds: ["okta_user://bob"]',
            'principalIds: ["local://u-b", "okta_user://bob"]',
            "principal okta_user://bob",
        ),
    ],
)
def test_two_users_with_one_login_are_one_finding(one: str, other: str, shared: str) -> None:
    [finding] = found(RULE, estate("", user("u-a", one) + user("u-b", other)))
    assert shared in finding.message
    assert {str(finding.object), *map(str, finding.related)} == {"User u-a", "User u-b"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("username: bob", "username: Bob"),
        ("displayName: Bob", "displayName: Bob"),
        ('principalIds: ["local://u-a", "local://u-a"]', 'principalIds: ["local://u-b"]'),
    ],
)
def test_what_is_not_shared_is_clean(one: str, other: str) -> None:
    assert found(RULE, estate("", user("u-a", one) + user("u-b", other))) == []
