"""Members of GitHub teams that a fault of Rancher wrote down."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.github_app_teams import RULE
from tests.rules.estate import estate, found


def rancher(version: str, refreshed: str, provider: str = "githubapp_team") -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {{name: server-version}}
value: "{version}"
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: u-erin}}
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {{name: u-erin}}
GroupPrincipals:
  github: {{Items: [{{metadata: {{name: "{provider}://7"}}, displayName: admins}}, {{metadata: {{name: "{provider}://8"}}}}]}}
LastRefresh: "{refreshed}"
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {{name: u-bob}}
---
"""


BOUND = """
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-admins}
globalRoleName: admin
groupPrincipalName: "githubapp_team://7"
"""
BEFORE, SINCE = "2026-05-01T10:00:00Z", "2026-07-01T10:00:00Z"


@pytest.mark.parametrize(
    ("version", "refreshed", "sure"),
    [
        ("v2.14.1", SINCE, Confidence.CERTAIN),
        ("v2.13.5", BEFORE, Confidence.CERTAIN),
        ("v2.14.2", BEFORE, Confidence.CERTAIN),
        ("v2.14.2-rc1", SINCE, Confidence.POSSIBLE),
        ("v2.15.0", "", Confidence.POSSIBLE),
        ("dev", SINCE, Confidence.POSSIBLE),
    ],
)
def test_a_bound_team_is_told_with_its_members_and_what_it_gives(
    version: str, refreshed: str, sure: Confidence
) -> None:
    bound, rest = found(RULE, estate("", rancher(version, refreshed) + BOUND))
    assert (bound.severity, bound.confidence) == (Severity.HIGH, sure)
    assert str(bound.object) == "GlobalRoleBinding grb-admins"
    assert [str(ref) for ref in bound.related] == ["UserAttribute u-erin"]
    assert [subject.name for subject in bound.subjects] == ["u-erin"]
    assert "team admins" in bound.message
    assert (rest.severity, rest.confidence) == (Severity.LOW, Confidence.POSSIBLE)
    assert "into 1 GitHub teams" in rest.message


def test_teams_that_give_nothing_are_one_low_finding() -> None:
    [finding] = found(RULE, estate("", rancher("v2.14.1", SINCE)))
    assert finding.severity is Severity.LOW
    assert "into 2 GitHub teams" in finding.message


@pytest.mark.parametrize(
    "text",
    [
        rancher("v2.14.2", SINCE),
        rancher("v2.15.0", "2026-05-28T00:00:00Z"),
        # The other provider was never wrong.
        rancher("v2.14.1", BEFORE, "github_team"),
    ],
)
def test_what_was_learnt_since_the_fix_is_clean(text: str) -> None:
    assert found(RULE, estate("", text + BOUND)) == []
