"""What is left of the role restricted-admin."""

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.restricted_admin_left import RULE
from tests.rules.estate import estate, found

ROLE = "{apiVersion: management.cattle.io/v3, kind: GlobalRole, metadata: {name: NAME}}\n---\n"
BINDING = """
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb}
globalRoleName: NAME
userName: u-erin
"""


def test_its_holders_are_told() -> None:
    [finding] = found(RULE, estate("", (ROLE + BINDING).replace("NAME", "restricted-admin")))
    assert (finding.severity, str(finding.object)) == (Severity.HIGH, "GlobalRole restricted-admin")
    assert [str(item) for item in finding.related] == ["GlobalRoleBinding grb"]
    assert [str(subject) for subject in finding.subjects] == ["User:u-erin"]


def test_the_binding_alone_is_told_and_the_role_alone_is_low() -> None:
    [finding] = found(RULE, estate("", BINDING.replace("NAME", "restricted-admin")))
    assert str(finding.object) == "GlobalRoleBinding grb"
    [finding] = found(RULE, estate("", ROLE.replace("NAME", "restricted-admin")))
    assert finding.severity is Severity.LOW


def test_others_are_clean() -> None:
    assert found(RULE, estate("", (ROLE + BINDING).replace("NAME", "user"))) == []
