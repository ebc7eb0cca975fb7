"""Whom a subject of a binding means (pkg/registry/rbac/validation/rule.go appliesToUser)."""

import pytest

from rbac_audit.access import Authorizer, Identity, Permission
from tests.access.manifests import (
    READ_PODS,
    Manifest,
    account,
    authorizer_of,
    cluster_role,
    cluster_role_binding,
    group,
    role_binding,
    user,
)

ALICE = Identity("alice", ("devs", "system:authenticated"))
READER = cluster_role("reader", READ_PODS)
BOT = Identity.of_account("team-a", "bot")
PLACES = ("", "team-a", "team-b")


def places(access: Authorizer, who: Identity) -> list[str]:
    """Where somebody may get pods: "" is all namespaces."""
    return [place for place in PLACES if access.allowed(who, Permission("get", resource="pods"), place)]


SUBJECTS: list[tuple[Manifest, Identity, bool, bool]] = [
    # subject, who asks, through a RoleBinding in team-a, through a ClusterRoleBinding
    (user("alice"), Identity("alice"), True, True),
    (user("alice"), Identity("Alice"), False, False),
    (user("alice"), Identity("alice "), False, False),
    (user("alice "), Identity("alice"), False, False),
    (user("alice"), Identity("bob", ("alice",)), False, False),
    (user("*"), Identity("alice"), False, False),
    (user("<script>|\n\u202e"), Identity("<script>|\n\u202e"), True, True),
    (group("devs"), Identity("bob", ("ops", "devs")), True, True),
    (group("devs"), Identity("bob", ("Devs",)), False, False),
    (group("devs "), Identity("bob", ("devs",)), False, False),
    (group("devs"), Identity("devs"), False, False),
    (user("system:serviceaccount:team-a:bot"), BOT, True, True),
    (user("system:serviceaccount:team-a:bot"), Identity("system:serviceaccount:team-a:bot"), True, True),
    (user("bot"), BOT, False, False),
    (account("bot", "team-a"), BOT, True, True),
    (account("bot", "team-a"), Identity("system:serviceaccount:team-a:bot"), True, True),
    (account("bot", "team-a"), Identity("bot"), False, False),
    (account("bot", "team-b"), BOT, False, False),
    (account("Bot", "team-a"), BOT, False, False),
    # Without a namespace it is that of the binding; in a ClusterRoleBinding it is nobody.
    (account("bot"), BOT, True, False),
    (account("bot"), Identity.of_account("team-b", "bot"), False, False),
    (account("bot"), Identity("system:serviceaccount::bot"), False, False),
    (group("system:serviceaccounts"), BOT, True, True),
    (group("system:serviceaccounts:team-a"), BOT, True, True),
    (group("system:serviceaccounts:team-b"), BOT, False, False),
    (group("system:serviceaccounts:team"), BOT, False, False),
    (group("system:authenticated"), BOT, True, True),
    (group("system:authenticated"), Identity.of_user("alice"), True, True),
    (group("system:authenticated"), Identity("alice"), False, False),
    (group("system:authenticated"), Identity.of_user("system:anonymous"), False, False),
    (group("system:unauthenticated"), Identity.of_user("system:anonymous"), True, True),
    (group("system:unauthenticated"), Identity.of_user("alice"), False, False),
    (user("system:anonymous"), Identity.of_user("system:anonymous"), True, True),
    (group("system:cattle:authenticated"), Identity.of_user("u-1", through_rancher=True), True, True),
    (group("system:cattle:authenticated"), Identity.of_user("u-1"), False, False),
    (group("system:cattle:authenticated"), BOT, False, False),
    # The namespace of a user or a group means nothing.
    ({**user("alice"), "namespace": "team-b"}, ALICE, True, True),
    ({**group("devs"), "namespace": "team-b"}, ALICE, True, True),
    ({**user("alice"), "namespace": "team-b"}, Identity("team-b/alice"), False, False),
    ({"kind": "Robot", "name": "alice"}, ALICE, False, False),
    ({"kind": "user", "name": "alice"}, ALICE, False, False),
    ({"kind": "GROUP", "name": "devs"}, ALICE, False, False),
    ({"kind": "", "name": "alice"}, ALICE, False, False),
]


@pytest.mark.parametrize(("subject", "who", "in_namespace", "everywhere"), SUBJECTS)
def test_a_subject_is(subject: Manifest, who: Identity, in_namespace: bool, everywhere: bool) -> None:
    namespaced = authorizer_of(READER, role_binding("team-a/b", "ClusterRole/reader", user("eve"), subject))
    assert places(namespaced, who) == (["team-a"] if in_namespace else [])
    wide = authorizer_of(READER, cluster_role_binding("b", "ClusterRole/reader", subject, user("eve")))
    assert places(wide, who) == (list(PLACES) if everywhere else [])
