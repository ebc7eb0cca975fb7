"""What people type."""

import pytest

from rbac_audit.access import Permission
from rbac_audit.answers import words
from rbac_audit.answers.access import ask
from rbac_audit.errors import WrongUse
from tests.answers.shop import RANCHER, shop, shop_view
from tests.rules.estate import estate


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("secrets", Permission("get", "", "secrets")),
        ("secret", Permission("get", "", "secrets")),
        ("po/exec", Permission("get", "", "pods/exec")),
        ("vmi/vnc", Permission("get", "subresources.kubevirt.io", "virtualmachineinstances/vnc")),
        ("vms/status", Permission("get", "kubevirt.io", "virtualmachines/status")),
        ("deployments/scale", Permission("get", "apps", "deployments/scale")),
        ("deploy", Permission("get", "apps", "deployments")),
        ("vm", Permission("get", "kubevirt.io", "virtualmachines")),
        (
            "vmi.subresources.kubevirt.io/console",
            Permission("get", "subresources.kubevirt.io", "virtualmachineinstances/console"),
        ),
        ("settings.harvesterhci.io", Permission("get", "harvesterhci.io", "settings")),
        ("nodes", Permission("get", "", "nodes")),
        ("nodes.metrics.k8s.io", Permission("get", "metrics.k8s.io", "nodes")),
        ("net-attach-def", Permission("get", "k8s.cni.cncf.io", "network-attachment-definitions")),
        ("things.example.com/sub", Permission("get", "example.com", "things/sub")),
        ("pods.core", Permission("get", "", "pods")),
        ("/metrics", Permission("get", path="/metrics")),
        ("*", Permission("get", "*", "*")),
        ("*.apps", Permission("get", "apps", "*")),
        ("*.core", Permission("get", "", "*")),
        ("*/log", Permission("get", "*", "*/log")),
        ("*.core/log", Permission("get", "", "*/log")),
        ("deployments.v1.apps", Permission("get", "apps", "deployments")),
        ("vm.v1beta1.kubevirt.io", Permission("get", "kubevirt.io", "virtualmachines")),
        ("pods.v1.", Permission("get", "", "pods")),
        ("pods.v1", Permission("get", "", "pods")),
        ("things.v1alpha1.example.com/sub", Permission("get", "example.com", "things/sub")),
        ("things.v2ray.com", Permission("get", "v2ray.com", "things")),
        ("evacuations.core.example.com/a/b", Permission("get", "core.example.com", "evacuations/a/b")),
        ("crd", Permission("get", "apiextensions.k8s.io", "customresourcedefinitions")),
        ("ingresses", Permission("get", "networking.k8s.io", "ingresses")),
    ],
)
def test_resources_as_kubectl_takes_them(resource: str, expected: Permission) -> None:
    assert words.permission("get", resource) == expected


@pytest.mark.parametrize("resource", ["ippools", "virtualmachinerestores", "settings", "clusters", "vmbackup"])
def test_a_resource_of_several_groups_asks_for_the_group(resource: str) -> None:
    with pytest.raises(WrongUse, match=r"several API groups have it; say which: .*, .*"):
        words.permission("get", resource)


def test_a_mistyped_resource_is_not_guessed() -> None:
    with pytest.raises(WrongUse, match="did you mean"):
        words.permission("get", "virtualmachine s")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("User:u-alice", "User:u-alice"),
        ("user:someone", "User:someone"),
        ("Group:system:authenticated", "Group:system:authenticated"),
        ("Group:github_team://7", "Group:github_team://7"),
        ("ServiceAccount:dev/ci", "ServiceAccount:dev/ci"),
        ("sa:dev/ci", "ServiceAccount:dev/ci"),
        ("system:serviceaccount:dev:ci", "ServiceAccount:dev/ci"),
        ("u-alice", "User:u-alice"),
        ("alice", "User:u-alice"),
        ("Alice Ng", "User:u-alice"),
        ("bobby", "User:u-bob2"),
    ],
)
def test_subjects_by_any_name(text: str, expected: str) -> None:
    assert str(words.subject(text, shop())) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Bob", r"several users have this name; one of: User:u-bob \(bob\), User:u-bob2 \(bobby\)"),
        ("alise", "did you mean alice"),
        ("ci", "did you mean ServiceAccount:dev/ci"),
        ("zzz", "write User:NAME"),
        ("ServiceAccount:ci", "needs its namespace"),
    ],
)
def test_subjects_that_are_not_clear(text: str, problem: str) -> None:
    with pytest.raises(WrongUse, match=problem):
        words.subject(text, shop())


def test_the_cluster_is_the_only_one_with_tenants() -> None:
    assert words.view_of(shop(), "").name == "harvester"
    assert words.view_of(shop(), "rancher").name == "rancher"
    with pytest.raises(WrongUse, match="no cluster is called x; one of: harvester, rancher"):
        words.view_of(shop(), "x")
    with pytest.raises(WrongUse, match="only clusters that manage others were read; say which: rancher"):
        words.view_of(estate(rancher=RANCHER), "")


@pytest.mark.parametrize(
    ("verb", "resource", "expected"),
    [
        ("impersonate", "users", Permission("impersonate", "", "users", "bob")),
        ("impersonate", "groups", Permission("impersonate", "", "groups", "bob")),
        ("impersonate", "user", Permission("impersonate", "", "users", "bob")),
        ("impersonate", "Group", Permission("impersonate", "", "groups", "bob")),
        ("impersonate", "sa", Permission("impersonate", "", "serviceaccounts", "bob")),
        (
            "impersonate:serviceaccount",
            "sa",
            Permission("impersonate:serviceaccount", "authentication.k8s.io", "serviceaccounts", "bob"),
        ),
        ("impersonate", "serviceaccounts", Permission("impersonate", "", "serviceaccounts", "bob")),
        ("impersonate", "uids", Permission("impersonate", "authentication.k8s.io", "uids", "bob")),
        (
            "impersonate",
            "userextras/scopes",
            Permission("impersonate", "authentication.k8s.io", "userextras/scopes", "bob"),
        ),
        (
            "impersonate:user-info",
            "users",
            Permission("impersonate:user-info", "authentication.k8s.io", "users", "bob"),
        ),
        (
            "impersonate",
            "users.management.cattle.io",
            Permission("impersonate", "management.cattle.io", "users", "bob"),
        ),
        ("get", "users", Permission("get", "management.cattle.io", "users", "bob")),
    ],
)
def test_whom_to_impersonate_is_no_object_of_that_name(verb: str, resource: str, expected: Permission) -> None:
    assert words.permission(verb, resource, "bob") == expected


def test_a_url_has_no_names() -> None:
    with pytest.raises(WrongUse, match="the URL /metrics has no names"):
        words.permission("get", "/metrics", "web")


NAMED = frozenset(
    {
        ("example.com", "gadgets/start"),
        ("*", "gadgets/stop"),
        ("subresources.kubevirt.io", "virtualmachineinstances/vnc"),
    }
)


@pytest.mark.parametrize(
    ("permission", "said"),
    [
        (Permission("get", "", "pods"), []),
        (
            Permission("get", "app", "deployments"),
            ["deployments.app is not known here and is taken as it is; did you mean deployments.apps"],
        ),
        (
            Permission("get", "", "deployments/scale"),
            ["deployments.core is not known here and is taken as it is; did you mean deployments.apps"],
        ),
        (
            Permission("get", "kubevirt.io", "virtualmachine"),
            [
                "virtualmachine.kubevirt.io is not known here and is taken as it is; did you mean virtualmachines.kubevirt.io"
            ],
        ),
        (
            Permission("get", "", "secretz"),
            ["secretz.core is not known here and is taken as it is; did you mean secrets"],
        ),
        (Permission("get", "example.com", "things"), []),
        (Permission("get", "*", "*"), []),
        (Permission("get", "*", "deployments"), []),
        (Permission("get", path="/metrcs"), []),
        (Permission("gett", "", "pods"), ["the verb gett is taken as it is; did you mean get"]),
        (Permission("GET", "", "pods"), ["the verb GET is taken as it is; did you mean get"]),
        (Permission("post", "", "pods"), ["the verb post is taken as it is; did you mean create"]),
        (Permission("POST", path="/logs"), ["the verb POST is taken as it is; did you mean post"]),
        (Permission("list", path="/logs"), ["the verb list is taken as it is; did you mean get"]),
        (Permission("post", path="/logs"), []),
        (Permission("get", "", "pods/exec"), []),
        (Permission("get", "", "CM"), ["CM.core is not known here and is taken as it is; did you mean configmaps"]),
        (Permission("get", "apps", "deployments/scale"), []),
        (Permission("get", "example.com", "gadgets/start"), []),
        (Permission("get", "other.example.com", "gadgets/stop"), []),
        (
            Permission("get", "example.com", "gadget"),
            ["gadget.example.com is not known here and is taken as it is; did you mean gadgets.example.com"],
        ),
        (
            Permission("get", "", "pods/Exec"),
            ["no role names the subresource pods/Exec; did you mean pods/exec"],
        ),
        (
            Permission("get", "", "secrets/db"),
            ["no role names the subresource secrets/db; an object's name stands apart, not behind a slash"],
        ),
        (
            Permission("get", "example.com", "gadgets/starts"),
            ["no role names the subresource gadgets.example.com/starts; did you mean gadgets.example.com/start"],
        ),
        (
            Permission("get", "kubevirt.io", "virtualmachineinstances/vnc"),
            [
                (
                    "no role names the subresource virtualmachineinstances.kubevirt.io/vnc; "
                    "did you mean virtualmachineinstances.subresources.kubevirt.io/vnc"
                )
            ],
        ),
        (Permission("*", "", "pods"), []),
        (Permission("dance", "", "pods"), []),
        (Permission("impersonate:user-info", "authentication.k8s.io", "users"), []),
        (Permission("impersonate", "", "users"), []),
    ],
)
def test_words_that_may_be_a_slip_are_told(permission: Permission, said: list[str]) -> None:
    assert list(words.doubts(permission, NAMED)) == said


def test_a_slip_is_told_with_the_answer() -> None:
    answer = ask(shop_view(), words.subject("alice", shop()), words.permission("get", "deployments.app"), "dev")
    assert (answer.allowed, answer.complete, len(answer.notes)) == (False, True, 1)
