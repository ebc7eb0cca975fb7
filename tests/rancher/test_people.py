"""People: names, groups, state."""

from rbac_audit.rancher.people import People
from rbac_audit.snapshot.objects import Subject, User, UserAttribute
from tests.rancher.worlds import objects

DEVS = "activedirectory_group://CN=devs,DC=example,DC=com"
PEOPLE = f"""
{{apiVersion: management.cattle.io/v3, kind: User, metadata: {{name: u-alice}}, displayName: Alice Ng, username: alice,
  principalIds: ["local://u-alice", "activedirectory_user://CN=alice"]}}
---
{{apiVersion: management.cattle.io/v3, kind: User, metadata: {{name: u-bob}}, username: bob, enabled: false}}
---
{{apiVersion: management.cattle.io/v3, kind: User, metadata: {{name: u-sys}}, principalIds: ["system://local"]}}
---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {{name: u-alice}}
UserName: u-alice
LastRefresh: "2026-08-20T06:00:00Z"
lastLogin: "2026-08-19T06:00:00Z"
GroupPrincipals:
  activedirectory:
    Items:
    - metadata: {{name: "{DEVS}"}}
      displayName: devs
  local: {{Items: null}}
"""


def people() -> People:
    found = objects(PEOPLE)
    return People(
        [item for item in found if isinstance(item, User)], [item for item in found if isinstance(item, UserAttribute)]
    )


def test_a_person_has_the_groups_of_the_user_attribute() -> None:
    alice = people().find("u-alice")
    assert alice is not None
    assert (alice.groups, alice.groups_as_of, alice.last_login) == (
        (DEVS,),
        "2026-08-20T06:00:00Z",
        "2026-08-19T06:00:00Z",
    )


def test_absent_enabled_means_enabled() -> None:
    assert {person.user: person.enabled for person in people().all} == {"u-alice": True, "u-bob": False, "u-sys": True}


def test_system_users_are_known_by_their_principal() -> None:
    assert [person.user for person in people().all if person.system] == ["u-sys"]


def test_display_names_fall_back() -> None:
    names = people()
    assert names.display_name(Subject(kind="User", name="u-alice")) == "Alice Ng"
    assert names.display_name(Subject(kind="User", name="u-bob")) == "bob"
    assert names.display_name(Subject(kind="Group", name=DEVS)) == "devs"
    assert names.display_name(Subject(kind="User", name="nobody")) == ""
    assert names.display_name(Subject(kind="ServiceAccount", name="u-alice", namespace="x")) == ""


def test_a_principal_stands_for_its_user_or_for_the_one_that_rancher_would_make() -> None:
    assert people().user_for("activedirectory_user://CN=alice") == "u-alice"
    principal = "activedirectory_user://CN=alice,OU=people,DC=example,DC=com"
    assert people().user_for(principal) == "u-hqveksrxga"


def test_identity_has_learnt_and_implicit_groups() -> None:
    assert people().identity("u-alice").groups == (DEVS, "system:authenticated", "system:cattle:authenticated")
    assert people().identity("u-unknown").groups == ("system:authenticated", "system:cattle:authenticated")
    account = people().identity("system:serviceaccount:shop:ci")
    assert "system:cattle:authenticated" not in account.groups


def test_members_are_those_known() -> None:
    assert [person.user for person in people().members(DEVS)] == ["u-alice"]
    assert people().members("elsewhere") == ()


def test_groups_of_the_local_provider_lose_their_scheme() -> None:
    attribute = """
{apiVersion: management.cattle.io/v3, kind: UserAttribute, metadata: {name: u-alice}, GroupPrincipals:
  {local: {Items: [{metadata: {name: "local://g-x"}, displayName: x}]}}}
"""
    (learnt,) = objects(attribute)
    assert isinstance(learnt, UserAttribute)
    users = [item for item in objects(PEOPLE) if isinstance(item, User)]
    found = People(users, [learnt])
    assert [person.user for person in found.members("g-x")] == ["u-alice"]
    assert found.display_name(Subject(kind="Group", name="g-x")) == "x"
