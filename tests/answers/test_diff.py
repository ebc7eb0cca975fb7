"""What changed in effective rights, and what would change."""

from rbac_audit.answers.diff import Change, diff
from rbac_audit.audit.estate import Estate
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import KINDS, PolicyRule, Role, RoleBinding, UserAttribute
from tests.answers.shop import HARVESTER, MORE, RANCHER, shop
from tests.rules.estate import CLUSTER_ID, estate


def told(changes: tuple[Change, ...]) -> list[tuple[str, str, bool, list[str]]]:
    return [(item.subject, item.namespace, item.gained, [str(ref) for ref in item.because]) for item in changes]


def changed(text: str, other: str) -> Estate:
    assert text in HARVESTER
    return estate(HARVESTER.replace(text, other), RANCHER)


def test_nothing_changed() -> None:
    assert diff(shop(), shop()).changes == ()


def test_a_new_binding_is_a_gain_and_the_other_way_a_loss() -> None:
    more = estate(f"{HARVESTER}---{MORE}", RANCHER)
    found = diff(shop(), more)
    assert told(found.changes) == [("User:u-alice", "prod", True, ["RoleBinding prod/more"])]
    assert found.gained
    assert found.changes[0].display_name == "Alice Ng"
    back = diff(more, shop())
    assert told(back.changes) == [("User:u-alice", "prod", False, ["RoleBinding prod/more"])]
    assert not back.gained


def test_a_role_that_grew_names_the_role() -> None:
    grown = changed("resources: [pods], verbs: [get]", "resources: [pods], verbs: [get, delete]")
    found = diff(shop(), grown).changes
    assert told(found) == [
        ("ServiceAccount:dev/ci", "dev", True, ["ClusterRole grantor"]),
        ("User:u-bob", "dev", True, ["ClusterRole grantor"]),
    ]
    assert found[0].rules == (PolicyRule(verbs=("delete",), api_groups=("",), resources=("pods",)),)


def test_an_aggregated_rule_reaches_everyone_who_holds_the_role() -> None:
    grown = changed("resources: [secrets, nodes]", "resources: [secrets, nodes, events]")
    assert [item[:3] for item in told(diff(shop(), grown).changes)] == [
        ("Group:github_team://7", "dev", True),
        ("ServiceAccount:dev/ci", "", True),
    ]


def test_other_words_for_the_same_rights_are_no_change() -> None:
    split = changed(
        'rules: [{apiGroups: [""], resources: [secrets, nodes], verbs: [get, list]}',
        'rules: [{apiGroups: [""], resources: [nodes], verbs: [list, get]}, {apiGroups: [""], resources: [secrets], verbs: [get]}, '
        '{apiGroups: [""], resources: [secrets], verbs: [list]}',
    )
    assert diff(shop(), split).changes == ()


def test_a_wider_rule_is_a_gain_but_no_loss() -> None:
    wider = changed("resources: [pods], verbs: [get]", 'resources: [pods], verbs: ["*"]')
    assert {change.gained for change in diff(shop(), wider).changes} == {True}


def test_what_is_still_held_another_way_is_not_lost() -> None:
    everywhere = MORE.replace("RoleBinding", "ClusterRoleBinding").replace(", namespace: prod", "")
    both, wide = estate(f"{HARVESTER}---{MORE}---{everywhere}", RANCHER), estate(f"{HARVESTER}---{everywhere}", RANCHER)
    assert diff(both, wide).changes == ()
    through_group = MORE.replace("kind: User, name: u-alice", "kind: Group, name: 'github_team://7'")
    group, alone = estate(f"{HARVESTER}---{through_group}", RANCHER), estate(f"{HARVESTER}---{MORE}", RANCHER)
    assert told(diff(alone, group).changes) == [("Group:github_team://7", "prod", True, ["RoleBinding prod/more"])]


def test_joining_a_group_is_a_gain() -> None:
    stranger = estate(HARVESTER, RANCHER.replace('github_team://7"}, displayName', 'github_team://8"}, displayName'))
    found = diff(stranger, shop())
    assert told(found.changes) == [("User:u-alice", "dev", True, ["UserAttribute u-alice"])]
    assert told(diff(shop(), stranger).changes) == [("User:u-alice", "dev", False, ["UserAttribute u-alice"])]


def test_who_gains_by_a_binding_and_by_a_group_in_one_place_is_told_of_both() -> None:
    stranger = estate(HARVESTER, RANCHER.replace('github_team://7"}, displayName', 'github_team://8"}, displayName'))
    own = MORE.replace("prod", "dev").replace("[pods]", "[configmaps]")
    both = estate(f"{HARVESTER}---{own}", RANCHER)
    whys = [["UserAttribute u-alice"], ["RoleBinding dev/more"]]
    assert told(diff(stranger, both).changes) == [("User:u-alice", "dev", True, why) for why in whys]
    assert told(diff(both, stranger).changes) == [("User:u-alice", "dev", False, why) for why in whys]


def test_clusters_of_one_side_only_are_told() -> None:
    alone = estate(rancher=RANCHER)
    found = diff(shop(), alone)
    assert (found.only_old, found.only_new) == (("harvester",), ())


def test_two_sides_without_any_right_are_no_comparison() -> None:
    empty = estate("{apiVersion: v1, kind: Namespace, metadata: {name: lab}}", unread=(Role, RoleBinding))
    found = diff(empty, empty)
    assert (found.changes, found.complete) == ((), False)
    what = "not read from harvester: Role, RoleBinding; what that grants is not in this answer"
    assert found.notes == (f"old state: {what}", f"new state: {what}")


def test_nobody_is_blamed_for_groups_that_one_side_did_not_read() -> None:
    alone = Estate(Snapshot([shop().snapshot.cluster("harvester")]))
    for old, new, side in ((alone, shop(), "old"), (shop(), alone, "new")):
        found = diff(old, new)
        assert found.changes == ()
        assert [note for note in found.notes if note.startswith(f"{side} state: not read: the Rancher")]


def test_groups_that_one_side_read_in_part_are_compared_as_far_as_they_go() -> None:
    def known(users: str, *, partial: bool) -> Estate:
        harvester, rancher = estate(HARVESTER, RANCHER + users).snapshot.clusters
        objects = [item for items in rancher.objects.values() for item in items]
        cluster = Cluster("rancher", objects, collected=KINDS, partial=[UserAttribute] if partial else [])
        return Estate(Snapshot([harvester, cluster]), {"harvester": CLUSTER_ID})

    bob = """---
apiVersion: management.cattle.io/v3
kind: UserAttribute
metadata: {name: u-bob}
GroupPrincipals: {github: {Items: [%s]}}
"""
    team, other = (f'{{metadata: {{name: "github_team://{number}"}}}}' for number in (7, 8))
    both = bob % f"{team}, {other}"
    # Of Bob the old side knows nothing, then that he was in another team only.
    assert told(diff(known("", partial=False), known(both, partial=False)).changes) == [
        ("User:u-bob", "dev", True, ["UserAttribute u-bob"])
    ]
    assert diff(known("", partial=True), known(both, partial=False)).changes == ()
    assert len(diff(known(bob % other, partial=True), known(both, partial=False)).changes) == 1


def test_who_may_everything_gains_nothing() -> None:
    masters = MORE.replace("kind: User, name: u-alice", "kind: Group, name: 'system:masters'")
    more = estate(f"{HARVESTER}---{masters}", RANCHER)
    assert diff(shop(), more).changes == diff(more, shop()).changes == ()


def test_what_is_void_in_a_namespace_is_not_gained_there() -> None:
    grown = changed(
        "resources: [secrets, nodes], verbs: [get, list]",
        "resources: [secrets, nodes, persistentvolumes], verbs: [get, list]",
    )
    assert told(diff(shop(), grown).changes) == [
        ("ServiceAccount:dev/ci", "", True, ["ClusterRole view"]),
    ]


def test_what_one_side_did_not_read_is_not_surely_gained_or_lost() -> None:
    """A right in a namespace that could not be read any more looks as if it was taken away."""
    more = estate(f"{HARVESTER}---{MORE}", RANCHER)
    blind = estate(HARVESTER, RANCHER, unread_namespaces=["prod"])
    for old, new in ((more, blind), (blind, more)):
        (change,) = diff(old, new).changes
        assert (change.namespace, change.gained, change.complete) == ("prod", old is blind, False)
    elsewhere = estate(HARVESTER, RANCHER, unread_namespaces=["lab"])
    (change,) = diff(more, elsewhere).changes
    assert (change.namespace, change.gained, change.complete) == ("prod", False, True)
