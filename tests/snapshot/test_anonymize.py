import pytest

from rbac_audit.snapshot.anonymize import Leftovers, Pseudonyms, anonymous
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.objects import ClusterRole, KubernetesObject, RoleBinding, User

RBAC = "rbac.authorization.k8s.io"
MANAGEMENT = "management.cattle.io/v3"
KEY = b"k" * 32


def decoded(api_version: str, kind: str, **fields: object) -> KubernetesObject:
    item = decode({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, **fields})
    assert item is not None
    return item


def subjects(*names: str, kind: str = "User") -> KubernetesObject:
    ref = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "edit"}
    listed = [{"kind": kind, "apiGroup": RBAC, "name": name} for name in names]
    return decoded(f"{RBAC}/v1", "RoleBinding", roleRef=ref, subjects=listed)


def impersonation(resource: str, *names: str) -> KubernetesObject:
    group = "" if resource in ("users", "groups") else "authentication.k8s.io"
    rule = {"apiGroups": [group], "resources": [resource], "resourceNames": [*names], "verbs": ["impersonate"]}
    return decoded(f"{RBAC}/v1", "ClusterRole", rules=[rule])


DN = "CN=Alice Ng,OU=people,DC=example,DC=com"
NAMING = {
    "username": decoded(MANAGEMENT, "User", username="alice"),
    "display name": decoded(MANAGEMENT, "User", displayName="Alice Ng"),
    "principal": decoded(MANAGEMENT, "User", principalIds=["local://u-abc12", f"activedirectory_user://{DN}"]),
    "subject": subjects("alice"),
    "mail": subjects("alice@example.com"),
    "global role": decoded(MANAGEMENT, "GlobalRoleBinding", userPrincipalName=f"okta_user://{DN}"),
    "project": decoded(MANAGEMENT, "ProjectRoleTemplateBinding", userPrincipalName="github_user://alice"),
    "cluster": decoded(MANAGEMENT, "ClusterRoleTemplateBinding", userName="alice"),
    "impersonated name": impersonation("userextras/username", "", "alice"),
    "impersonated principal": impersonation("userextras/principalid", f"activedirectory_user://{DN}"),
    "impersonated user": impersonation("users", "alice"),
    "claim": decoded("devices.harvesterhci.io/v1beta1", "PCIDeviceClaim", spec={"userName": "alice"}),
    "description": decoded(MANAGEMENT, "Project", spec={"description": "of Alice Ng"}),
}


@pytest.mark.parametrize("item", NAMING.values(), ids=NAMING)
def test_no_name_of_a_person_is_left(item: KubernetesObject) -> None:
    assert "alice" in repr(item).lower()
    assert "alice" not in repr(anonymous(item, Pseudonyms(KEY, {}))).lower()


KEPT = {
    "id": decoded(MANAGEMENT, "GlobalRoleBinding", userName="u-abc12"),
    "bootstrap admin": decoded(MANAGEMENT, "User", username="admin", principalIds=["local://user-x7k2q"]),
    "platform": subjects("system:kube-controller-manager", "kube-apiserver"),
    "group": subjects("devs", "activedirectory_group://CN=devs", kind="Group"),
    "service account": decoded("v1", "ServiceAccount"),
    "group principal": decoded(MANAGEMENT, "GlobalRoleBinding", groupPrincipalName="okta_group://devs"),
    "impersonated group": impersonation("groups", "devs"),
    "names of objects": decoded(
        f"{RBAC}/v1", "ClusterRole", rules=[{"resources": ["secrets"], "resourceNames": ["alice"], "verbs": ["get"]}]
    ),
}


@pytest.mark.parametrize("item", KEPT.values(), ids=KEPT)
def test_what_names_nobody_is_kept(item: KubernetesObject) -> None:
    names = Pseudonyms(KEY, {})
    assert anonymous(item, names) == item
    assert names.names == {}


def test_a_person_has_one_pseudonym_wherever_the_name_stands() -> None:
    names = Pseudonyms(KEY, {})
    user = anonymous(decoded(MANAGEMENT, "User", username="alice"), names)
    bound = anonymous(subjects("alice", "bob"), names)
    role = anonymous(impersonation("userextras/username", "alice"), names)
    assert isinstance(user, User)
    assert isinstance(bound, RoleBinding)
    assert isinstance(role, ClusterRole)
    assert user.username == bound.subjects[0].name == role.rules[0].resource_names[0]
    assert bound.subjects[0].name != bound.subjects[1].name
    assert sorted(names.names.values()) == ["alice", "bob"]
    assert names.names[user.username] == "alice"


def test_pseudonyms_hang_on_the_key() -> None:
    assert Pseudonyms(KEY, {}).person("alice") == Pseudonyms(KEY, {}).person("alice")
    assert Pseudonyms(KEY, {}).person("alice") != Pseudonyms(b"other" * 8, {}).person("alice")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("alice", True),
        ("RoleBinding dev/Alice-edit", True),
        ("alice@example.com", True),
        ("malice", False),
        ("alices", False),
        ("Bob van Dyk", True),
        ("bob-van-dyk", True),
        ("bob", False),
        ("jo", False),
        ("", False),
    ],
)
def test_names_that_are_left_are_found(text: str, found: bool) -> None:
    assert Leftovers(["alice", "Bob van Dyk", "jo"]).in_text(text) is found
