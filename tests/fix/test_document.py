"""The plan file: what people may change in it, and what is refused."""

import pytest

from rbac_audit.errors import BadInput
from rbac_audit.fix import document
from rbac_audit.fix.plan import Plan
from tests.fix.worlds import binding, estate, planned


def plan() -> Plan:
    return planned(estate([binding("dev/b", "edit", "User:u-alice")]))


def test_consent_is_given_in_the_file() -> None:
    text = document.write(plan())
    read = document.read(text.replace("given: false", "given: true"), "plan.yaml")
    assert not plan().steps[0].ready
    assert read.steps[0].ready
    assert document.digest(read) == document.digest(plan()), "consent does not make another plan of it"


def test_another_change_makes_another_plan() -> None:
    text = document.write(plan())
    read = document.read(text.replace("userName: u-alice", "userName: u-mallory"), "plan.yaml")
    assert document.digest(read) != document.digest(plan())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is no plan of rbac-audit"),
        ("- 1\n", "it is no plan of rbac-audit"),
        ("a: [", "it is no YAML"),
        ("format: rbac-audit/plan/v2\n", "its format is rbac-audit/plan/v2"),
        ("format: rbac-audit/plan/v1\n", "missing required field"),
        (document.write(plan()).replace("given: false", "givn: true"), "unknown field `givn`"),
        (document.write(plan()).replace("given: false", "given: yess"), "Expected `bool`"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_place(text: str, problem: str) -> None:
    with pytest.raises(BadInput, match="plan at plan") as raised:
        document.read(text, "plan.yaml")
    assert problem in str(raised.value)


def test_hostile_names_stay_texts() -> None:
    name = "activedirectory_group://CN=<script>|#: 'x'\"\n\u202e,OU=a"
    attribute = {"metadata": {"name": name}, "displayName": "x"}
    from tests.fix.worlds import MANAGEMENT, obj

    groups = {"ad": {"Items": [attribute]}}
    extra = [obj(MANAGEMENT, "UserAttribute", "u-bob", UserName="u-bob", GroupPrincipals=groups)]
    made = planned(estate([binding("dev/b", "edit", f"Group:{name}")], extra))
    assert document.read(document.write(made), "plan.yaml") == made
    assert made.steps[0].do.creates[0].manifest["groupPrincipalName"] == name
