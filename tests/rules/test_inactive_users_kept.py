"""Users whom nobody has seen for long."""

import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.inactive_users_kept import RULE
from tests.rules.estate import estate, found

LEFT = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-left, creationTimestamp: "2025-01-01T00:00:00Z"}
principalIds: ["openldap_user://uid=left", "local://u-left"]
---
"""
SEEN = """
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {name: u-left}
GroupPrincipals: {openldap: {Items: [{metadata: {name: "openldap_group://devs"}}]}}
lastLogin: "2026-01-05T10:00:00Z"
---
"""
HELD = """
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb-left}
globalRoleName: user
userName: u-left
---
"""
NOW = """
apiVersion: management.cattle.io/v3
kind: User
metadata: {name: u-new, creationTimestamp: "2026-07-01T10:00:00Z"}
---
"""


def setting(name: str, value: str) -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {{name: {name}}}
value: "{value}"
---
"""


OFF = setting("disable-inactive-user-after", "") + setting("delete-inactive-user-after", "")


def test_a_user_whom_nobody_has_seen_is_low_and_possible() -> None:
    [finding] = found(RULE, estate("", LEFT + SEEN + HELD + NOW + OFF))
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.POSSIBLE)
    assert str(finding.object) == "Setting disable-inactive-user-after"
    assert [str(ref) for ref in finding.related] == ["User u-left"]
    assert "CVE-2023-22650" in finding.chain[-1].text


def test_a_rancher_that_has_no_such_settings_keeps_everybody() -> None:
    [finding] = found(RULE, estate("", LEFT + SEEN + HELD + NOW))
    assert str(finding.object) == "User u-left"


def test_what_is_held_through_a_group_counts() -> None:
    group = HELD.replace("userName: u-left", 'groupPrincipalName: "openldap_group://devs"')
    assert len(found(RULE, estate("", LEFT + SEEN + group + NOW + OFF))) == 1


@pytest.mark.parametrize(
    "text",
    [
        LEFT + SEEN + HELD + NOW + setting("disable-inactive-user-after", "720h"),
        LEFT
        + SEEN
        + HELD
        + NOW
        + OFF.replace('delete-inactive-user-after}\nvalue: ""', 'delete-inactive-user-after}\nvalue: "720h"'),
        LEFT + SEEN + NOW + OFF,
        LEFT + SEEN + HELD.replace("u-left", "u-other") + NOW + OFF,
        LEFT + SEEN.replace("2026-01-05", "2026-06-05") + HELD + NOW + OFF,
        LEFT + SEEN.replace("lastLogin", "other") + HELD + NOW + OFF,
        LEFT.replace("principalIds", "enabled: false\nprincipalIds") + SEEN + HELD + NOW + OFF,
        LEFT.replace('"openldap_user://uid=left", ', "") + SEEN + HELD + NOW + OFF,
        LEFT.replace('"local://u-left"', '"system://c-m-abcd1234"') + SEEN + HELD + NOW + OFF,
        # Restored: the object is younger than the login.
        LEFT.replace("2025-01-01", "2026-06-01") + SEEN + HELD + NOW + OFF,
    ],
)
def test_who_may_still_be_there_is_clean(text: str) -> None:
    assert found(RULE, estate("", text)) == []


def test_without_any_date_nobody_is_late() -> None:
    undated = LEFT.replace(', creationTimestamp: "2025-01-01T00:00:00Z"', "")
    assert found(RULE, estate("", undated + SEEN + HELD + OFF)) == []


def test_the_date_of_the_audit_tells_it_too() -> None:
    undated = LEFT.replace(', creationTimestamp: "2025-01-01T00:00:00Z"', "")
    snapshot = estate("", undated + SEEN + HELD + OFF).snapshot
    assert len(found(RULE, Estate(snapshot, today="2026-06-01"))) == 1
    assert found(RULE, Estate(snapshot, today="2026-02-01")) == []
