"""People: names, groups, state."""

import msgspec

from rbac_audit.rancher.model import Rancher
from rbac_audit.rancher.people import People
from rbac_audit.snapshot.estate import Cluster
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


def test_tokens_are_told_by_kind_end_and_cluster_and_never_by_value() -> None:
    text = """
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-a}}
---
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-b}}
---
{apiVersion: management.cattle.io/v3, kind: Token, metadata: {name: kubeconfig-u-a, labels: {authn.management.cattle.io/kind: kubeconfig}},
 userId: u-a, token: CANARY-value, ttl: 0, expiresAt: "2099-01-01T00:00:00Z", clusterName: c-1}
---
{apiVersion: management.cattle.io/v3, kind: Token, metadata: {name: token-1}, userId: u-a, token: CANARY-value, isDerived: true,
 ttl: 60000, expiresAt: "2026-12-01T00:00:00Z"}
---
{apiVersion: management.cattle.io/v3, kind: Token, metadata: {name: token-2}, userId: u-a, token: CANARY-value, ttl: 60000}
"""
    rancher = Rancher(Cluster("rancher", objects(text)))
    [person] = [person for person in rancher.people.all if person.user == "u-a"]
    assert [msgspec.structs.astuple(token) for token in person.tokens] == [
        ("kubeconfig-u-a", "kubeconfig", True, "", "c-1"),
        ("token-1", "api-key", False, "2026-12-01T00:00:00Z", ""),
        ("token-2", "session", False, "", ""),
    ]
    assert "CANARY" not in repr(rancher.people.all)
    assert [person.tokens for person in rancher.people.all if person.user == "u-b"] == [()]


def test_a_user_is_found_by_the_local_principal_that_nobody_wrote_down() -> None:
    users = """
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-ad}, principalIds: ["activedirectory_user://CN=ad"]}
---
{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-old}, principalIds: ["local://u-before"]}
"""
    known = People(item for item in objects(users) if isinstance(item, User))
    assert known.user_for("local://u-ad") == "u-ad"
    assert known.user_for("local://u-before") == "u-old"
    assert known.user_for("local://u-old") != "u-old"
