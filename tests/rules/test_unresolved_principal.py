"""Bindings whose person Rancher never found."""

import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.audit.finding import Confidence
from rbac_audit.rules.unresolved_principal import RULE
from rbac_audit.snapshot.objects import GlobalRoleBinding
from tests.rules.estate import estate, found, not_evaluated

MADE = "2026-03-01T10:00:00Z"


def prtb(made: str = MADE, more: str = "") -> str:
    created = f', creationTimestamp: "{made}"' if made else ""
    return f"""
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {{name: prtb, namespace: c-m-abcd1234-p-shop{created}}}
projectName: "c-m-abcd1234:p-shop"
roleTemplateName: project-member
userPrincipalName: "openldap_user://uid=jane"
{more}
---
"""


def user(made: str) -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: u-erin, creationTimestamp: "{made}"}}
---
"""


def on(text: str, today: str) -> Estate:
    return Estate(estate("", text).snapshot, today=today)


@pytest.mark.parametrize(
    ("why", "text", "today", "expected"),
    [
        ("the objects show it", prtb() + user("2026-03-02T10:00:01Z"), "", Confidence.CERTAIN),
        ("a day is not more than a day", prtb() + user("2026-03-02T10:00:00Z"), "2026-03-02", None),
        ("the date alone", prtb(), "2026-03-03", Confidence.POSSIBLE),
        ("the date says that it is new", prtb(), "2026-03-02", None),
        ("no date at all", prtb(), "", Confidence.POSSIBLE),
        ("a date that is none", prtb("yesterday"), "2026-03-03", Confidence.POSSIBLE),
        ("no creation time", prtb(""), "2026-03-01", Confidence.POSSIBLE),
        ("a user is there", prtb(more="userName: u-x") + user("2026-04-01T00:00:00Z"), "2026-04-01", None),
    ],
)
def test_how_sure_it_is(why: str, text: str, today: str, expected: Confidence | None) -> None:
    confidences = [finding.confidence for finding in found(RULE, on(text, today))]
    assert confidences == ([expected] if expected else []), why


def test_a_login_shows_how_late_it_was() -> None:
    login = """
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {name: u-erin}
LastRefresh: "2026-03-09T00:00:00Z"
"""
    [finding] = found(RULE, on(prtb() + login, ""))
    assert finding.confidence is Confidence.CERTAIN
    assert "at least until 2026-03-09" in finding.message
    assert "openldap_user://uid=jane" in finding.message


def test_global_bindings_wait_as_well() -> None:
    text = """
apiVersion: management.cattle.io/v3
kind: GlobalRoleBinding
metadata: {name: grb, creationTimestamp: "2026-03-01T10:00:00Z"}
globalRoleName: admin
userPrincipalName: "saml_user://jane"
---
"""
    [finding] = found(RULE, on(text + user("2026-03-09T00:00:00Z"), ""))
    assert finding.object.name == "grb"
    assert finding.scope.cluster_wide


def test_bindings_that_were_not_read_are_said() -> None:
    [entry] = not_evaluated(RULE, estate("", prtb(), unread=(GlobalRoleBinding,)))
    assert entry.because == ("no GlobalRoleBinding was read from rancher",)
