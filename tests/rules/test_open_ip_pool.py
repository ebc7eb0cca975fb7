"""Whose load balancers the scope of a pool takes."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.open_ip_pool import RULE
from rbac_audit.snapshot.objects import IPPool, Namespace
from tests.rules.estate import estate, found, not_evaluated

SHOP, LAB = "c-m-abcd1234:p-shop", "c-m-abcd1234:p-lab"
NAMESPACES = "".join(
    f"""
apiVersion: v1
kind: Namespace
metadata: {{name: {name}, annotations: {{field.cattle.io/projectId: "{project}"}}}}
---
"""
    for name, project in {
        "shop-dev": SHOP,
        "shop-prod": SHOP,
        "lab-vms": LAB,
        "default": "c-m-abcd1234:p-default",
        "kube-system": "c-m-abcd1234:p-system",
        "sandbox": "",
    }.items()
)
SLASH_SHOP, SLASH_LAB = SHOP.replace(":", "/"), LAB.replace(":", "/")


def pool(*scopes: tuple[str, str], network: str = "") -> str:
    """Write a pool; a scope is a project and a namespace."""
    parts = ", ".join(f'{{project: "{one}", namespace: "{two}", guestCluster: "*"}}' for one, two in scopes)
    return f"""
apiVersion: loadbalancer.harvesterhci.io/v1beta1
kind: IPPool
metadata: {{name: pool}}
spec: {{ranges: [{{subnet: 192.0.2.0/24}}], selector: {{network: "{network}", scope: [{parts}]}}}}
---
"""


@pytest.mark.parametrize("scopes", [[("*", "*")], [("", "*")], [(SLASH_SHOP, "*"), ("*", "*")]])
@pytest.mark.parametrize("network", ["", "shop-prod/vlan-7"])
def test_a_pool_of_everybody_is_found(scopes: list[tuple[str, str]], network: str) -> None:
    [finding] = found(RULE, estate(NAMESPACES + pool(*scopes, network=network)))
    assert (finding.severity, str(finding.object)) == (Severity.MEDIUM, "IPPool pool")
    assert finding.message == "IPPool pool gives its addresses to load balancers of every project"


@pytest.mark.parametrize(
    "scopes",
    [
        [],
        [(SLASH_SHOP, "*")],
        [(SHOP, "*")],
        [(SLASH_SHOP, "shop-dev"), ("*", "shop-prod")],
        [("*", "shop-dev")],
        [("*", "")],
        [("*", "shop-dev"), ("*", "sandbox"), ("*", "harvester-public"), ("*", "default"), ("*", "harvester-system")],
        [("*", "gone")],
    ],
)
@pytest.mark.parametrize("network", ["", "shop-prod/vlan-7", "default/vlan-7", "harvester-public/vlan-7"])
def test_a_pool_of_one_tenant_is_clean(scopes: list[tuple[str, str]], network: str) -> None:
    assert not found(RULE, estate(NAMESPACES + pool(*scopes, network=network)))


@pytest.mark.parametrize("scope", [(SLASH_LAB, "*"), (LAB, "*"), ("*", "lab-vms"), ("", "lab-vms")])
def test_a_network_that_is_another_tenants_is_found(scope: tuple[str, str]) -> None:
    [finding] = found(RULE, estate(NAMESPACES + pool(("*", "shop-dev"), scope, network="shop-prod/vlan-7")))
    assert (finding.severity, finding.scope.project) == (Severity.MEDIUM, LAB)
    assert finding.message.endswith(f"of {LAB}, on network shop-prod/vlan-7 of project {SHOP}")


def test_several_tenants_of_one_pool_are_low() -> None:
    [finding] = found(RULE, estate(NAMESPACES + pool(("*", "shop-dev"), (SLASH_LAB, "*"), network="default/vlan-7")))
    assert (finding.severity, finding.scope.project) == (Severity.LOW, "")
    assert finding.message.endswith(f"of several projects: {LAB}, {SHOP}")


def test_the_namespace_default_of_a_tenant_is_the_tenants() -> None:
    moved = NAMESPACES.replace("c-m-abcd1234:p-default", LAB)
    project = """
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-lab, namespace: c-m-abcd1234}
"""
    assert found(RULE, estate(moved + pool(("*", "default"), network="shop-prod/vlan-7"), project))


@pytest.mark.parametrize("kind", [IPPool, Namespace])
def test_without_them_nothing_is_clean(kind: type[IPPool] | type[Namespace]) -> None:
    harvester = {IPPool: NAMESPACES, Namespace: pool(("*", "*"))}[kind]
    [told] = not_evaluated(RULE, estate(harvester, unread=[kind]))
    assert not told.partly
