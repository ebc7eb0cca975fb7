"""Role templates and global roles against what Rancher and the charts ship."""

import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files

import pytest

from rbac_audit.harvester.baseline import Atom
from rbac_audit.harvester.role_templates import (
    Change,
    change_of,
    given_to_users,
    is_built_in,
    is_shipped,
    knows_rancher,
)
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.objects import GlobalRole, RoleTemplate

MANAGEMENT = "management.cattle.io/v3"


def made(kind: str, name: str, fields: Mapping[str, object]) -> RoleTemplate | GlobalRole:
    """Make an object out of fields as the package keeps them, in snake case."""
    camel = {re.sub(r"_([a-z])", lambda found: found[1].upper(), key): value for key, value in fields.items()}
    item = decode({"apiVersion": MANAGEMENT, "kind": kind, **camel, "metadata": {"name": name}})
    assert isinstance(item, RoleTemplate | GlobalRole)
    return item


def shipped() -> Iterator[RoleTemplate | GlobalRole]:
    """Make the objects of every release of which the package keeps the content."""
    data = json.loads((files("rbac_audit.harvester.shipped") / "role-templates.json").read_bytes())
    charts = [item for chart in data["charts"] for item in chart["role_templates"]]
    for kind, items in (("RoleTemplate", data["role_templates"] + charts), ("GlobalRole", data["global_roles"])):
        yield from (made(kind, item["name"], variant) for item in items for variant in item["variants"])


SHIPPED = tuple(shipped())
METRICS = {"rules": [{"verbs": ["get"], "apiGroups": ["management.cattle.io"], "resources": ["ranchermetrics"]}]}


def test_everything_that_is_kept_is_known_as_shipped() -> None:
    assert {item.kind for item in SHIPPED} == {"RoleTemplate", "GlobalRole"}
    assert [f"{item.kind} {item.name}" for item in SHIPPED if change_of(item) != Change((), ())] == []
    assert all(is_shipped(item) for item in SHIPPED if isinstance(item, RoleTemplate))


@pytest.mark.parametrize(
    ("fields", "change"),
    [
        ({**METRICS, "inherited_cluster_roles": ["own"]}, Change(("inherits own",), ())),
        ({}, Change((), ("get ranchermetrics.management.cattle.io",))),
        (
            {"namespaced_rules": {"kube-system": METRICS["rules"]}},
            Change(
                ("get ranchermetrics.management.cattle.io in namespace kube-system",),
                ("get ranchermetrics.management.cattle.io",),
            ),
        ),
    ],
)
def test_what_is_more_and_less_is_named(fields: dict[str, object], change: Change) -> None:
    assert change_of(made("GlobalRole", "view-rancher-metrics", fields)) == change


def test_a_name_is_of_one_kind_only() -> None:
    assert change_of(made("GlobalRole", "project-owner", {})) is None
    assert change_of(made("RoleTemplate", "users-manage", {})) is None
    assert change_of(made("GlobalRole", "of-ours", {})) is None


@pytest.mark.parametrize(
    ("name", "builtin", "known"),
    [("users-manage", True, True), ("restricted-admin", True, True), ("desk", True, False), ("user", False, False)],
)
def test_what_only_says_that_it_is_built_in_is_not(name: str, builtin: bool, *, known: bool) -> None:
    role = made("GlobalRole", name, {"builtin": builtin})
    assert isinstance(role, GlobalRole)
    assert is_built_in(role) is known


def test_what_everybody_is_given_in_namespaces_of_rancher() -> None:
    create = Atom("create", "", "secrets")
    assert given_to_users("cattle-global-data") == {create}
    assert create in given_to_users("fleet-default")
    assert given_to_users("cattle-system") == frozenset()


@pytest.mark.parametrize(("version", "known"), [("v2.15.0", True), ("2.8.0", True), ("v2.99.0", False), ("", False)])
def test_the_releases_of_which_the_content_is_kept(version: str, *, known: bool) -> None:
    assert knows_rancher(version) is known
