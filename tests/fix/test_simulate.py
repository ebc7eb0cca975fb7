"""What becomes of an estate under a plan."""

import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.audit.evaluate import evaluate
from rbac_audit.fix.simulate import revert, simulate
from rbac_audit.rancher.naming import role_binding_name
from rbac_audit.rules.dangling_role_ref import RULE as DANGLING
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import ProjectRoleTemplateBinding, Role, RoleBinding
from tests.fix.worlds import ID, binding, estate, obj, planned, view

MODELS = pytest.mark.parametrize("aggregated", [False, True], ids=["legacy", "aggregated"])


@MODELS
def test_rancher_renders_the_new_binding_in_the_whole_project(aggregated: bool) -> None:
    of = estate([binding("dev/b", "edit", "User:u-alice")], aggregated=aggregated)
    after = simulate(of, view(of), planned(of).steps).after
    found = {(item.namespace, item.role_ref.name) for item in after.cluster("harvester").of(RoleBinding)}
    assert found == {("dev", "edit"), ("prod", "edit")}
    assert [item.user_name for item in after.cluster("rancher").of(ProjectRoleTemplateBinding)] == ["u-alice"]


def test_a_name_that_is_taken_is_not_overwritten() -> None:
    raw = [binding("dev/b", "edit", "User:u-alice")]
    steps = planned(estate(raw)).steps
    name = role_binding_name("prod", "ClusterRole", "edit", "User", "u-alice")
    of = estate([*raw, binding(f"prod/{name}", "view", "User:u-bob")])
    done = simulate(of, view(of), steps)
    there = {item.name: item for item in done.after.cluster("harvester").of(RoleBinding) if item.namespace == "prod"}
    assert there[name].role_ref.name == "view"
    back = {item.name: item for item in revert(done, of, steps).cluster("harvester").of(RoleBinding)}
    assert back[name].role_ref.name == "view"


def test_some_steps_only() -> None:
    of = estate([binding("dev/b", "edit", "User:u-alice"), binding("lab/c", "edit", "User:u-bob")])
    first, _ = planned(of).steps
    after = simulate(of, view(of), [first]).after
    assert "c" in {item.name for item in after.cluster("harvester").of(RoleBinding)}
    assert "b" not in {item.name for item in after.cluster("harvester").of(RoleBinding)}


def test_what_it_writes_to_roles_that_were_not_there_before_is_of_projects_that_exist() -> None:
    provisioned = obj("provisioning.cattle.io/v1", "Cluster", "shop", "fleet-default", status={"clusterName": ID})
    whole = estate([binding("dev/b", "edit", "User:u-alice")], [provisioned])
    manager = whole.snapshot.cluster("rancher")
    without = [item for items in manager.objects.values() for item in items if not isinstance(item, Role)]
    clusters = [whole.snapshot.cluster("harvester"), Cluster("rancher", without, collected=manager.collected)]
    of = Estate(Snapshot(clusters))
    after = simulate(of, view(of), planned(of).steps).after
    assert any(item.namespace == "fleet-default" for item in after.cluster("rancher").of(RoleBinding))
    assert evaluate(Estate(after), [DANGLING]).findings == ()
