import pytest
from msgspec.structs import replace

from rbac_audit.audit.finding import SubjectRef
from rbac_audit.audit.strangers import Strangers, bare
from tests.report import factory

REPORT = factory.report(0)
HOME, OTHER, *_ = REPORT.projects
ADA, BOB = SubjectRef("User", "u-ada", "", "Ada Adler"), SubjectRef("User", "bob", "", "Bob")
TEAM = SubjectRef("Group", "ldap://cn=team one,dc=x", "", "Team")


@pytest.fixture(scope="module")
def strangers() -> Strangers:
    members = tuple((who, "read-only") for who in (ADA, BOB, TEAM, SubjectRef("User", "project-owner")))
    other = replace(OTHER, id="c-m-1:p-other", name="Other Team", namespaces=("other-ns",), members=members)
    everybody = SubjectRef("Group", "system:authenticated")
    accounts = SubjectRef("Group", "system:serviceaccounts:other-ns")
    row = replace(REPORT.holdings[0], subject=everybody), replace(REPORT.holdings[1], subject=accounts)
    report = replace(REPORT, projects=(HOME, other), people=(), holdings=row, survival=(), public=(), accounts=())
    return Strangers(report, HOME, frozenset({bare(BOB)}))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("nothing to see", False),
        ("u-ada may read", True),
        ("as (User:u-ada).", True),
        ("u-adamant is another", False),
        ("Ada Adler may", True),
        ("Adam Adler may", False),
        ("Bob (User:bob) may", False),
        ("in other-ns/x", True),
        ("in other-ns.", True),
        ("in other-ns-2", False),
        ("project p-other", True),
        ("project c-m-1:p-other", True),
        ("of Other Team", True),
        ("ldap://cn=team one,dc=x may", True),
        ("role template project-owner", False),
        ("Group:system:authenticated may", False),
        ("Group:system:serviceaccounts:other-ns may", True),
        (f"in {HOME.namespaces[0]} of {HOME.id} ({HOME.name})", False),
        ("namespace default", False),
    ],
)
def test_a_text_is_about_others_where_it_names_one_of_them(strangers: Strangers, text: str, *, named: bool) -> None:
    assert strangers.are_named(text) is named
