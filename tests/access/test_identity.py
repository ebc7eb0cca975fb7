"""Who asks: groups that authentication adds, service accounts as users, subjects as keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbac_audit.access import Identity
from rbac_audit.access.identity import account_groups, account_of, account_user, placed, subject_key
from rbac_audit.snapshot.objects import Subject
from tests.access import reference, worlds
from tests.access.manifests import Manifest

CATTLE = "system:cattle:authenticated"
BOT_GROUPS = ("system:serviceaccounts", "system:serviceaccounts:team-a", "system:authenticated")


@pytest.mark.parametrize(
    ("user", "groups", "expected"),
    [
        ("alice", (), ("system:authenticated",)),
        ("alice", ("devs", "ops"), ("devs", "ops", "system:authenticated")),
        ("alice", ("devs", "devs"), ("devs", "system:authenticated")),
        ("alice", ("system:authenticated", "devs"), ("system:authenticated", "devs")),
        # k8s.io/apiserver pkg/authentication/group: who is named as unauthenticated is not made authenticated.
        ("alice", ("system:unauthenticated",), ("system:unauthenticated",)),
        ("", (), ("system:authenticated",)),
        ("system:anonymous", (), ("system:unauthenticated",)),
        # pkg/endpoints/filters/impersonation: named groups stay, also for the anonymous user.
        ("system:anonymous", ("devs",), ("devs", "system:unauthenticated")),
        ("system:anonymous", ("system:unauthenticated",), ("system:unauthenticated",)),
        ("System:anonymous", (), ("system:authenticated",)),
        ("system:serviceaccount:team-a:bot", (), BOT_GROUPS),
        ("system:serviceaccount:team-a:bot", ("devs",), ("devs", *BOT_GROUPS)),
        ("system:serviceaccount:team-a", (), ("system:authenticated",)),
        ("system:serviceaccounts:team-a", (), ("system:authenticated",)),
        ("system:node:n1", (), ("system:authenticated",)),
    ],
)
def test_groups_that_authentication_adds(user: str, groups: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert Identity.of_user(user, groups) == Identity(user, expected)


@pytest.mark.parametrize(
    ("user", "groups", "expected"),
    [
        ("u-1", (), ("system:authenticated", CATTLE)),
        ("u-1", ("okta_group://devs",), ("okta_group://devs", "system:authenticated", CATTLE)),
        ("u-1", (CATTLE,), (CATTLE, "system:authenticated")),
        # A service account and nobody at all do not come through Rancher's login.
        ("system:serviceaccount:team-a:bot", (), BOT_GROUPS),
        ("system:anonymous", (), ("system:unauthenticated",)),
    ],
)
def test_groups_that_rancher_adds(user: str, groups: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert Identity.of_user(user, groups, through_rancher=True) == Identity(user, expected)


def test_a_service_account_is_the_user_and_groups_of_its_token() -> None:
    assert Identity.of_account("team-a", "bot") == Identity("system:serviceaccount:team-a:bot", BOT_GROUPS)
    assert account_user("team-a", "bot") == "system:serviceaccount:team-a:bot"
    assert account_groups("team-a") == BOT_GROUPS


@pytest.mark.parametrize(
    ("user", "account"),
    [
        ("system:serviceaccount:team-a:bot", ("team-a", "bot")),
        ("system:serviceaccount:0:bot.v1.example", ("0", "bot.v1.example")),
        (f"system:serviceaccount:{'n' * 63}:{'a.' * 126}a", ("n" * 63, "a." * 126 + "a")),
        ("alice", None),
        ("", None),
        ("system:serviceaccount", None),
        ("system:serviceaccount:", None),
        ("system:serviceaccount:team-a", None),
        ("system:serviceaccount:team-a:", None),
        ("system:serviceaccount::bot", None),
        ("system:serviceaccount:team-a:bot:", None),
        ("system:serviceaccount:team-a:bot:x", None),
        ("system:serviceaccounts:team-a:bot", None),
        (" system:serviceaccount:team-a:bot", None),
        ("xsystem:serviceaccount:team-a:bot", None),
        # k8s.io/apiserver pkg/authentication/serviceaccount SplitUsername checks both names.
        ("system:serviceaccount:Team-A:bot", None),
        ("system:serviceaccount:team.a:bot", None),
        ("system:serviceaccount:-team:bot", None),
        ("system:serviceaccount:team-:bot", None),
        ("system:serviceaccount:team-a:Bot", None),
        ("system:serviceaccount:team-a:bot ", None),
        ("system:serviceaccount:team-a:bot\n", None),
        ("system:serviceaccount:team-a\n:bot", None),
        ("system:serviceaccount:team-a:bot..x", None),
        ("system:serviceaccount:team-a:.bot", None),
        ("system:serviceaccount:team-a:bot-", None),
        (f"system:serviceaccount:{'n' * 64}:bot", None),
        (f"system:serviceaccount:team-a:{'a.' * 126}aa", None),
    ],
)
def test_only_a_whole_user_name_is_a_service_account(user: str, account: tuple[str, str] | None) -> None:
    assert account_of(user) == account


@given(st.from_regex(r"[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True), st.sampled_from(["bot", "b.ot", "0-0"]))
def test_a_service_account_spelled_and_split_again_is_the_same(namespace: str, name: str) -> None:
    user = account_user(namespace, name)
    assert account_of(user) == (namespace, name)
    assert Identity.of_user(user) == Identity.of_account(namespace, name)


@pytest.mark.parametrize(
    ("subject", "namespace", "key"),
    [
        (Subject(kind="User", name="alice"), "", "u:alice"),
        (Subject(kind="User", name="alice", namespace="team-a"), "team-b", "u:alice"),
        (Subject(kind="User", name="Alice "), "team-a", "u:Alice "),
        (Subject(kind="Group", name="devs"), "team-a", "g:devs"),
        (Subject(kind="Group", name="devs", namespace="team-a"), "", "g:devs"),
        (Subject(kind="ServiceAccount", name="bot", namespace="team-a"), "", f"u:{worlds.BOT}"),
        (Subject(kind="ServiceAccount", name="bot", namespace="team-a"), "team-b", f"u:{worlds.BOT}"),
        (Subject(kind="ServiceAccount", name="bot"), "team-a", f"u:{worlds.BOT}"),
        (Subject(kind="ServiceAccount", name="bot"), "", None),
        (Subject(kind="Robot", name="alice"), "team-a", None),
        (Subject(kind="user", name="alice"), "team-a", None),
        (Subject(kind="", name="alice"), "team-a", None),
        # The API server looks at the kind alone, never at the group of the subject.
        (Subject(kind="User", name="alice", api_group="example.com"), "", "u:alice"),
    ],
)
def test_a_subject_as_key(subject: Subject, namespace: str, key: str | None) -> None:
    assert subject_key(subject, namespace) == key


@given(worlds.subjects(), st.sampled_from(["", "team-a", "team-b"]), worlds.identities())
def test_keys_meet_exactly_where_the_api_server_matches(subject: Manifest, namespace: str, who: Identity) -> None:
    typed = Subject(kind=subject["kind"], name=subject["name"], namespace=subject.get("namespace", ""))
    keys = {f"u:{who.user}", *(f"g:{group}" for group in who.groups)}
    assert (subject_key(typed, namespace) in keys) is reference.applies(subject, namespace, who.user, who.groups)


@pytest.mark.parametrize(
    ("subject", "namespace", "found"),
    [
        (Subject(kind="ServiceAccount", name="ci"), "shop", "ServiceAccount:shop/ci"),
        (Subject(kind="ServiceAccount", name="ci", namespace="lab"), "shop", "ServiceAccount:lab/ci"),
        (Subject(kind="ServiceAccount", name="ci"), "", "ServiceAccount:ci"),
        (Subject(kind="User", name="ci"), "shop", "User:ci"),
    ],
)
def test_an_account_without_namespace_is_of_that_of_its_binding(subject: Subject, namespace: str, found: str) -> None:
    assert str(placed(subject, namespace)) == found
