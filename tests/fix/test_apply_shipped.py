"""Shipped objects restored, and roles relabelled, on real API servers, and all of it taken back."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.controlplane.connections import Object
from tests.controlplane.plugin import Estate
from tests.fix.shipped import shipped
from tests.fix.stage import Stage, bare, staged
from tests.fix.standin import RBAC
from tests.fix.worlds import binding, rule

pytestmark = pytest.mark.timeout(300)
RULES = ("--rule", "shipped-role-edited", "--rule", "public-namespace-default-binding")
SECRETS = rule("core", "secrets", "get")
ROLE = {"apiVersion": RBAC, "kind": "ClusterRole"}


@pytest.fixture
def stage(two_apiservers: Estate, tmp_path: Path) -> Iterator[Stage]:
    with staged(two_apiservers, tmp_path) as made:
        yield made


@pytest.fixture
def edited(stage: Stage) -> Stage:
    """A role of KubeVirt with a rule more and without its label, and the binding of harvester-public to another role."""
    api = stage.harvester
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "harvester-public"}})
    head = {"apiVersion": "harvesterhci.io/v1beta1", "kind": "Setting", "metadata": {"name": "server-version"}}
    api.create(head | {"value": "v1.8.0"})
    rules = shipped("ClusterRole", "", "kubevirt.io:view")["rules"]
    assert isinstance(rules, list)
    api.create(ROLE | {"metadata": {"name": "kubevirt.io:view"}, "rules": [*rules, SECRETS]})
    swapped = binding("harvester-public/harvester-public", "edit", "User:u-00")
    api.create(swapped | {"metadata": {"name": "harvester-public", "namespace": "harvester-public"}})
    return stage


def there(stage: Stage) -> list[Object]:
    """The role, the binding, and what else came into being."""
    roles = {item["metadata"]["name"]: item for item in stage.harvester.objects(RBAC, "ClusterRole")}
    found = [roles[name] for name in sorted(roles) if name.startswith(("kubevirt.io:", "harvester-"))]
    bindings = stage.harvester.objects(RBAC, "RoleBinding", "harvester-public")
    clusterwide = stage.harvester.objects(RBAC, "ClusterRoleBinding")
    named = (item for item in clusterwide if item["metadata"]["name"].startswith("harvester-"))
    return [bare(item) for item in (*found, *bindings, *named)]


def test_shipped_objects_are_restored_and_a_rollback_brings_the_edits_back(edited: Stage) -> None:
    before = there(edited)
    plan = edited.plan(*RULES)
    ended = edited.apply(plan)
    assert ended.code == 0, ended.text
    after = {item["metadata"]["name"]: item for item in there(edited)}
    assert SECRETS not in after["kubevirt.io:view"]["rules"]
    assert after["kubevirt.io:view"]["metadata"]["labels"] == {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
    assert after["harvester-public"]["roleRef"]["name"] == "view"
    assert after["harvester-public"]["subjects"][0]["name"] == "system:authenticated"
    assert after["harvester-authenticated"]["roleRef"]["name"] == "harvester-authenticated"
    back = edited.rollback(plan)
    assert back.code == 0, back.text
    assert there(edited) == before


def test_a_second_plan_is_empty(edited: Stage) -> None:
    assert edited.apply(edited.plan(*RULES)).code == 0
    edited.folder = edited.folder / "again"
    edited.folder.mkdir()
    assert "steps: []" in edited.plan(*RULES).read_text("utf-8")


def test_the_role_that_is_printed_for_the_plan_is_enough(edited: Stage, two_apiservers: Estate) -> None:
    plan = edited.plan(*RULES)
    config = json.loads(edited.config.read_text("utf-8"))
    for side, server in two_apiservers._asdict().items():
        (role,) = yaml.safe_load_all(edited.run("fix", "apply", plan, "--print-role", side).text)
        server.api.create(role)
        account = {"name": "fixer", "namespace": "default"}
        server.api.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
        server.api.create(
            binding("fixer", "rbac-audit-fix", "ServiceAccount:default/fixer") | {"metadata": {"name": "fixer"}}
        )
        path = "/api/v1/namespaces/default/serviceaccounts/fixer/token"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        (user,) = (item for item in config["users"] if item["name"] == side)
        user["user"]["token"] = server.api.call("POST", path, body)["status"]["token"]
    edited.config.write_text(json.dumps(config), "utf-8")
    before = there(edited)
    ended = edited.apply(plan)
    assert ended.code == 0, ended.text
    back = edited.rollback(plan)
    assert back.code == 0, back.text
    assert there(edited) == before


def test_an_upgrade_in_between_makes_the_plan_stale(edited: Stage) -> None:
    plan, before = edited.plan(*RULES), there(edited)
    path = "/apis/harvesterhci.io/v1beta1/settings/server-version"
    edited.harvester.call("PUT", path, edited.harvester.call("GET", path) | {"value": "v1.8.1"})
    ended = edited.apply(plan)
    assert ended.code == 4
    assert "Setting server-version" in ended.text
    assert there(edited) == before


def test_a_label_comes_back_onto_a_role(stage: Stage) -> None:
    labels = {"app.kubernetes.io/managed-by": "virt-operator", "team": "a"}
    stage.harvester.create(ROLE | {"metadata": {"name": "kubevirt.io:mine", "labels": labels}, "rules": []})

    def labelled() -> object:
        (role,) = there(stage)
        return role["metadata"].get("labels")

    plan = stage.plan("--rule", "operator-label-copied")
    assert stage.apply(plan).code == 0
    assert labelled() == {"team": "a"}
    assert stage.rollback(plan).code == 0
    assert labelled() == labels
