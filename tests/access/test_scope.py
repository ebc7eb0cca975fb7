"""The namespace that a request carries."""

import pytest

from rbac_audit.access.permission import Permission
from rbac_audit.access.scope import is_cluster_scoped, left_out, request_places

NAMESPACES, NODES = Permission("get", "", "namespaces"), Permission("get", "", "nodes")
TEAM = Permission("get", "", "namespaces", "team")


@pytest.mark.parametrize(
    ("permission", "asked", "carried"),
    [
        (Permission("get", "", "pods"), ["a", "b"], {"a", "b"}),
        (Permission("get", "", "pods"), [""], set()),
        (Permission("get", "", "pods"), None, None),
        (Permission("get", "example.com", "things"), ["a"], {"a"}),
        (Permission("get", "*", "*"), ["a"], {"a"}),
        (NODES, ["a"], set()),
        (NODES, None, set()),
        (Permission("get", "", "nodes/proxy"), ["a"], set()),
        (Permission("get", "metrics.k8s.io", "pods"), ["a"], {"a"}),
        (Permission("get", path="/metrics"), ["a"], set()),
        (Permission("get", path="/metrics"), None, set()),
        (TEAM, [""], {"team"}),
        (TEAM, None, {"team"}),
        (TEAM, ["other"], {"team"}),
        (Permission("update", "", "namespaces/finalize", "team"), [], {"team"}),
        (NAMESPACES, ["a"], {"a"}),
        (NAMESPACES, None, None),
        (Permission("list", "", "namespaces"), None, set()),
        (Permission("watch", "", "namespaces", "team"), ["team"], set()),
        (Permission("create", "", "namespaces", "team"), ["team"], set()),
        (Permission("deletecollection", "", "namespaces"), ["a"], set()),
        (Permission("get", "x.example.com", "namespaces", "team"), ["a"], {"a"}),
        (Permission("update", "subresources.kubevirt.io", "expand-vm-spec"), ["a"], {"a"}),
        (Permission("impersonate", "", "users", "bob"), ["a"], set()),
        (Permission("impersonate", "authentication.k8s.io", "userextras/scopes"), None, set()),
        (Permission("impersonate", "", "serviceaccounts", "ci"), ["a"], {"a"}),
        (Permission("bind", "rbac.authorization.k8s.io", "clusterroles", "edit"), ["a"], {"a"}),
        (Permission("bind", "rbac.authorization.k8s.io", "clusterroles"), None, None),
        (Permission("escalate", "rbac.authorization.k8s.io", "clusterroles"), ["a"], set()),
        (Permission("bind", "management.cattle.io", "globalroles"), ["a"], set()),
    ],
)
def test_which_namespaces_a_request_carries(
    permission: Permission, asked: list[str] | None, carried: set[str] | None
) -> None:
    assert request_places(permission, asked) == carried


@pytest.mark.parametrize(
    ("permission", "asked", "said"),
    [
        (Permission("get", "", "pods"), ["a"], ()),
        (NODES, [""], ()),
        (NODES, ["b", "a"], ("a request to get nodes carries no namespace: a, b is left out",)),
        (TEAM, ["team"], ()),
        (TEAM, ["a"], ("a request to get namespaces team carries the namespace team: a is left out",)),
        (
            Permission("list", "", "namespaces"),
            ["a"],
            ("a request to list namespaces carries no namespace: a is left out",),
        ),
        (Permission("get", path="/x"), ["a"], ()),
    ],
)
def test_a_namespace_that_no_request_carries_is_named(
    permission: Permission, asked: list[str], said: tuple[str, ...]
) -> None:
    assert left_out(permission, asked) == said


def test_the_scope_of_a_kind_is_that_of_its_group() -> None:
    assert is_cluster_scoped("management.cattle.io", "settings")
    assert is_cluster_scoped("resources.cattle.io", "restores")
    assert is_cluster_scoped("admissionregistration.k8s.io", "mutatingadmissionpolicybindings")
    assert not is_cluster_scoped("longhorn.io", "settings")
    assert is_cluster_scoped("loadbalancer.harvesterhci.io", "ippools")
    assert not is_cluster_scoped("network.harvesterhci.io", "ippools")
