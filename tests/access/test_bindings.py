"""Bindings made uniform, and the order of the indexes over them."""

import pytest

from rbac_audit.access.bindings import RoleKey, bindings_of, by_role, by_subject
from rbac_audit.snapshot.objects import ClusterRoleBinding, RoleBinding
from tests.access.manifests import (
    Manifest,
    account,
    authorizer_of,
    cluster_of,
    cluster_role_binding,
    group,
    role_binding,
    user,
)


@pytest.mark.parametrize(
    ("manifest", "namespace", "role"),
    [
        (cluster_role_binding("b", "ClusterRole/view"), "", ("", "view")),
        (cluster_role_binding("b", "Role/view"), "", ("", "")),
        (cluster_role_binding("b", "Robot/view"), "", ("", "")),
        (role_binding("team-a/b", "ClusterRole/view"), "team-a", ("", "view")),
        (role_binding("team-a/b", "Role/view"), "team-a", ("team-a", "view")),
    ],
)
def test_a_binding_knows_where_and_which_role(manifest: Manifest, namespace: str, role: RoleKey) -> None:
    cluster = cluster_of([manifest])
    (binding,) = bindings_of(cluster.of(RoleBinding), cluster.of(ClusterRoleBinding))
    assert (binding.name, binding.namespace, binding.role) == ("b", namespace, role)
    assert (binding.role_ref.kind, binding.role_ref.name) == (manifest["roleRef"]["kind"], "view")
    assert binding.source.kind == manifest["kind"]
    assert binding.subjects == ()


def test_cluster_wide_bindings_come_first() -> None:
    access = authorizer_of(
        role_binding("team-a/b", "Role/view"), cluster_role_binding("z", "Role/x"), role_binding("team-b/a", "Role/x")
    )
    assert [str(binding.source) for binding in access.bindings] == [
        "ClusterRoleBinding z",
        "RoleBinding team-a/b",
        "RoleBinding team-b/a",
    ]


SUBJECTS = [user(f"user-{number}") for number in range(12)]
BINDINGS = authorizer_of(
    cluster_role_binding("a", "ClusterRole/view", *SUBJECTS, account("bot"), {"kind": "Robot", "name": "r2"}),
    role_binding("team-a/c", "ClusterRole/view", user("user-3"), user("user-3"), account("bot")),
    role_binding("team-a/d", "Role/view", group("user-3"), account("bot", "team-a")),
    role_binding("team-b/c", "ClusterRole/edit", user("user-3")),
)


def test_the_index_by_subject_is_in_the_order_of_the_bindings() -> None:
    index = {
        key: {place: [binding.name for binding in found] for place, found in places.items()}
        for key, places in by_subject(BINDINGS.bindings).items()
    }
    assert index == {
        **{f"u:user-{number}": {"": ["a"]} for number in range(12)},
        "u:user-3": {"": ["a"], "team-a": ["c"], "team-b": ["c"]},
        "u:system:serviceaccount:team-a:bot": {"team-a": ["c", "d"]},
        "g:user-3": {"team-a": ["d"]},
    }
    expected = [*(f"u:user-{number}" for number in range(12)), "u:system:serviceaccount:team-a:bot", "g:user-3"]
    assert list(index) == expected
    assert BINDINGS.by_subject == by_subject(BINDINGS.bindings)


def test_the_index_by_role_is_in_the_order_of_the_bindings() -> None:
    index = {role: [binding.name for binding in found] for role, found in by_role(BINDINGS.bindings).items()}
    assert index == {("", "view"): ["a", "c"], ("team-a", "view"): ["d"], ("", "edit"): ["c"]}
    assert list(index) == [("", "view"), ("team-a", "view"), ("", "edit")]
    assert BINDINGS.by_role == by_role(BINDINGS.bindings)
