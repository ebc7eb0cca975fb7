"""Who can do something."""

from collections.abc import Iterable

import pytest

from rbac_audit.access import Permission
from rbac_audit.answers.access import ask
from rbac_audit.answers.who import Holder, who_can, who_can_by_name
from rbac_audit.audit.estate import View
from rbac_audit.snapshot.objects import Subject
from tests.answers.shop import HARVESTER, RANCHER, shop_view
from tests.rules.estate import estate, view

SECRETS = Permission("get", "", "secrets")


def bound(view: View, permission: Permission, namespaces: Iterable[str] | None = None) -> list[Holder]:
    """Leave out the first, who needs no binding."""
    first, *others = who_can(view, permission, namespaces)
    assert (first.subject, first.cluster_wide, first.members_known) == ("Group:system:masters", True, False)
    return others


def test_system_masters_can_do_everything_with_and_without_a_binding() -> None:
    (alone,) = who_can(shop_view(), Permission("dance", "x", "y"), ["dev"])
    assert [link.text for link in alone.chain] == ["Group:system:masters may do everything, without any binding"]
    admin = """
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admins}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: Group, name: system:masters}]
"""
    also_bound = view(estate(HARVESTER + admin, RANCHER))
    assert [holder.subject for holder in who_can(also_bound, SECRETS)][:2] == [
        "Group:system:masters",
        "ServiceAccount:dev/ci",
    ]


def test_cluster_wide_holders_stand_apart_and_first() -> None:
    holders = bound(shop_view(), SECRETS)
    assert [(holder.subject, holder.cluster_wide, holder.namespaces) for holder in holders] == [
        ("ServiceAccount:dev/ci", True, ()),
        ("Group:github_team://7", False, ("dev",)),
    ]


def test_groups_have_their_known_members_and_accounts_their_workloads() -> None:
    account, group = bound(shop_view(), SECRETS)
    assert [str(item) for item in account.workloads] == ["Deployment dev/runner"]
    assert [person.display_name for person in group.members] == ["Alice Ng"]
    assert (group.display_name, group.members_known) == ("devs", True)


def test_membership_of_a_group_without_known_members_is_unknown() -> None:
    nobody = RANCHER.replace('github_team://7"}, displayName', 'github_team://8"}, displayName')
    group = bound(view(estate(HARVESTER, nobody)), SECRETS)[1]
    assert (group.subject, group.members, group.members_known) == ("Group:github_team://7", (), False)


def test_one_namespace_or_those_of_a_project() -> None:
    assert [holder.subject for holder in bound(shop_view(), SECRETS, ["prod"])] == ["ServiceAccount:dev/ci"]
    assert len(bound(shop_view(), SECRETS, ("prod", "dev"))) == 2
    assert len(bound(shop_view(), SECRETS, ())) == 1


def test_a_url_is_held_cluster_wide_only() -> None:
    holders = bound(shop_view(), Permission("get", path="/metrics"))
    assert [holder.subject for holder in holders] == ["ServiceAccount:dev/ci"]


def test_an_account_without_namespace_is_the_bindings() -> None:
    holders = bound(shop_view(), Permission("create", "rbac.authorization.k8s.io", "roles"))
    assert [holder.subject for holder in holders] == ["ServiceAccount:dev/ci", "User:u-bob"]


SCOPES = """
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: scopes}
rules:
- {apiGroups: [""], resources: [namespaces, nodes, pods, pods/exec], verbs: [get, list, create]}
- {apiGroups: [""], resources: [namespaces], resourceNames: [lab], verbs: [update]}
- {apiGroups: [management.cattle.io], resources: [users], verbs: ["*"]}
- {nonResourceURLs: [/metrics], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: scopes, namespace: lab}
roleRef: {kind: ClusterRole, name: scopes}
subjects: [{kind: User, name: u-bob}, {kind: Group, name: system:authenticated}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: scopes}
roleRef: {kind: ClusterRole, name: scopes}
subjects: [{kind: User, name: u-carol}]
"""
ASKED = [
    Permission("get", "", "namespaces"),
    Permission("get", "", "namespaces", "lab"),
    Permission("update", "", "namespaces", "lab"),
    Permission("update", "", "namespaces", "dev"),
    Permission("list", "", "namespaces"),
    Permission("create", "", "namespaces"),
    Permission("get", "", "nodes"),
    Permission("get", "", "pods"),
    Permission("create", "", "pods/exec"),
    Permission("delete", "management.cattle.io", "users", "u-1"),
    Permission("get", path="/metrics"),
]


@pytest.mark.parametrize("permission", ASKED, ids=str)
@pytest.mark.parametrize("namespace", ["", "lab", "dev"])
def test_who_can_lists_those_who_can(permission: Permission, namespace: str) -> None:
    """The same question asked of everybody: somebody can who is listed, or is in a group that is."""
    cluster = view(estate(HARVESTER + SCOPES, RANCHER))
    listed = {holder.subject for holder in who_can(cluster, permission, (namespace,))}
    subjects = [Subject(kind="User", name=name) for name in ("u-bob", "u-carol", "u-alice", "u-eve")]
    subjects += [Subject(kind="ServiceAccount", name="ci", namespace="dev"), Subject(kind="Group", name="x")]
    for subject in subjects:
        answer = ask(cluster, subject, permission, namespace)
        names = {answer.subject, *(f"Group:{group}" for group in answer.groups)}
        assert answer.allowed is not names.isdisjoint(listed), (answer.subject, listed)


def test_without_a_namespace_every_place_is_listed_where_it_can_be_asked() -> None:
    cluster = view(estate(HARVESTER + SCOPES, RANCHER))

    def places(permission: Permission) -> dict[str, tuple[str, ...]]:
        return {
            holder.subject: holder.namespaces for holder in bound(cluster, permission) if "ci" not in holder.subject
        }

    everywhere, lab = {"User:u-carol": ()}, {"User:u-bob": ("lab",), "Group:system:authenticated": ("lab",)}
    assert places(Permission("get", "", "nodes")) == everywhere
    assert places(Permission("list", "", "namespaces")) == everywhere
    assert places(Permission("get", "", "namespaces")) == {**everywhere, **lab}
    assert places(Permission("get", "", "namespaces", "dev")) == everywhere


NAMED = """
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: some, namespace: lab}
rules:
- {apiGroups: [""], resources: [secrets], resourceNames: [web, db], verbs: [get, create, list]}
- {apiGroups: [""], resources: [secrets], resourceNames: [cache], verbs: [get]}
- {apiGroups: [""], resources: [pods], resourceNames: [pod], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: some, namespace: lab}
roleRef: {kind: Role, name: some}
subjects: [{kind: User, name: u-bob}, {kind: ServiceAccount, name: own}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: shell}
rules: [{apiGroups: [""], resources: [pods/exec], resourceNames: [web], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: shell}
roleRef: {kind: ClusterRole, name: shell}
subjects: [{kind: User, name: u-ops}]
"""


def test_who_can_with_some_names_only_is_listed_apart() -> None:
    cluster = view(estate(HARVESTER + NAMED, RANCHER))
    assert "User:u-bob" not in {holder.subject for holder in who_can(cluster, SECRETS)}

    def named(permission: Permission, namespaces: list[str] | None = None) -> dict[str, tuple[str, ...]]:
        return {holder.subject: holder.names for holder in who_can_by_name(cluster, permission, namespaces)}

    everything = dict.fromkeys(("ServiceAccount:lab/own", "User:u-bob"), ("cache", "db", "web"))
    assert named(SECRETS) == named(SECRETS, ["lab"]) == everything
    assert named(SECRETS, ["dev"]) == {}
    assert named(Permission("list", "", "secrets"))["User:u-bob"] == ("db", "web")
    # Server-side apply creates by name.
    assert named(Permission("create", "", "secrets"))["User:u-bob"] == ("db", "web")
    assert named(Permission("create", "", "pods/exec")) == {"User:u-ops": ("web",)}
    assert named(Permission("get", path="/x")) == {}
    # Who asks about one name gets those who can, whichever way.
    web = Permission("get", "", "secrets", "web")
    assert named(web) == {}
    assert {holder.subject: holder.names for holder in bound(cluster, web, ["lab"])}["User:u-bob"] == ()


def test_an_account_that_a_binding_spells_as_a_user_has_its_workloads() -> None:
    spelled = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: spelled, namespace: prod}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: User, name: "system:serviceaccount:dev:ci"}]
"""
    cluster = view(estate(f"{HARVESTER}---{spelled}", RANCHER))
    found = {holder.subject: holder.workloads for holder in bound(cluster, SECRETS, ["prod"])}
    assert [str(item) for item in found["User:system:serviceaccount:dev:ci"]] == ["Deployment dev/runner"]


@pytest.mark.parametrize(
    ("group", "whom"),
    [
        ("system:authenticated", "every user and service account that has logged in"),
        ("system:unauthenticated", "everybody who has not logged in"),
        ("system:cattle:authenticated", "every user of Rancher"),
        ("system:serviceaccounts", "every service account"),
        ("system:serviceaccounts:dev", "every service account of namespace dev"),
        ("system:masters", ""),
        ("devs", ""),
    ],
)
def test_a_group_that_holds_everybody_is_not_called_unknown(group: str, whom: str) -> None:
    more = f"""
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: many}}
roleRef: {{kind: ClusterRole, name: view}}
subjects: [{{kind: Group, name: "{group}"}}]
"""
    (holder,) = (
        item
        for item in who_can(view(estate(HARVESTER + more, RANCHER)), SECRETS, ["lab"])
        if item.subject == f"Group:{group}"
    )
    assert (holder.everybody, holder.members_known) == (whom, False)
    if group != "system:masters":
        assert holder.chain[1].text == (whom or "its members are not known")
