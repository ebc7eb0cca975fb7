"""What everybody new gets."""

import pytest

from rbac_audit.rules.default_role_widened import RULE
from tests.rules.estate import estate, found


def role(kind: str, name: str, fields: str) -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: {kind}
metadata: {{name: {name}}}
{fields}
"""


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        (
            role("GlobalRole", "own", "newUserDefault: true\ninheritedClusterRoles: [nodes]"),
            "every new user: nodes on every cluster",
        ),
        (
            role("GlobalRole", "settings-manage", "builtin: true\nnewUserDefault: true"),
            "every new user: it has no rules",
        ),
        (role("RoleTemplate", "own", "clusterCreatorDefault: true"), "whoever creates a cluster"),
        (
            role("RoleTemplate", "own", "projectCreatorDefault: true\nroleTemplateNames: [edit]"),
            "a project: all of edit",
        ),
    ],
)
def test_a_default_that_is_not_shipped_so_is_told(text: str, whom: str) -> None:
    [finding] = found(RULE, estate("", text))
    assert whom in finding.message


@pytest.mark.parametrize(
    "text",
    [
        role("GlobalRole", "user", "builtin: true\nnewUserDefault: true"),
        role("RoleTemplate", "project-owner", "builtin: true\nprojectCreatorDefault: true"),
        role("GlobalRole", "own", "newUserDefault: false"),
    ],
)
def test_what_rancher_ships_is_clean(text: str) -> None:
    assert found(RULE, estate("", text)) == []
