"""What Rancher should have written and did not."""

import msgspec
import pytest

from rbac_audit.audit.finding import Finding, Severity
from rbac_audit.rules.rendered_but_missing import RULE
from rbac_audit.snapshot.objects import ClusterRole, Feature, ManagementCluster, Namespace, RoleBinding
from rbac_audit.snapshot.objects.rancher_clusters import ClusterStatus, Condition
from tests.rancher.rendering.test_render import DOWN, MODELS
from tests.rancher.settled import RBAC, Sides, binding, bindings, estate_of, member, put, raw, settled, without
from tests.rules.estate import found, not_evaluated


def findings(sides: Sides) -> list[Finding]:
    return found(RULE, estate_of(sides))


def without_the_binding(aggregated: bool) -> Sides:
    sides = settled(aggregated=aggregated)
    return without(sides, binding(sides, "shop-dev", member(aggregated)))


@MODELS
def test_nothing_is_missing_where_all_is_there(aggregated: bool) -> None:
    assert findings(settled(aggregated=aggregated)) == []


@MODELS
def test_a_missing_binding_is_told_of_the_binding_in_rancher(aggregated: bool) -> None:
    [finding] = findings(without_the_binding(aggregated))
    assert (finding.severity, str(finding.object)) == (
        Severity.MEDIUM,
        f"ProjectRoleTemplateBinding {DOWN}-p-x1y2z/devs",
    )
    assert finding.object.cluster == "rancher"
    assert [(item.kind, item.namespace, item.cluster) for item in finding.related] == [
        ("RoleBinding", "shop-dev", "harvester")
    ]
    assert [str(subject) for subject in finding.subjects] == ["User:u-abc12"]
    assert (finding.scope.namespaces, finding.scope.project) == (("shop-dev",), f"{DOWN}:p-x1y2z")


@MODELS
def test_several_missing_objects_of_one_binding_are_one_finding(aggregated: bool) -> None:
    sides = without_the_binding(aggregated)
    promoted = "project-member-promoted-aggregator" if aggregated else "project-member-promoted"
    [wide] = [item for item in bindings(sides) if item.role_ref.name == promoted]
    [finding] = findings(without(sides, wide))
    assert len(finding.related) == 2


@MODELS
def test_a_missing_role_alone_is_low(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    role = sides["harvester"][RBAC, "ClusterRole", "", "p-x1y2z-namespaces-edit"]
    assert isinstance(role, ClusterRole)
    told = findings(without(sides, role))
    assert [finding.severity for finding in told] == [Severity.LOW]
    assert "ClusterRole p-x1y2z-namespaces-edit" in told[0].message


@MODELS
def test_accounts_that_the_proxy_makes_are_not_missed(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    for item in list(sides["harvester"].values()):
        if item.name.startswith("cattle-impersonation-u-"):
            sides = without(sides, item)
    assert findings(sides) == []


@MODELS
def test_a_cluster_with_nothing_at_all_is_one_finding(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    bare: Sides = {
        **sides,
        "harvester": {key: item for key, item in sides["harvester"].items() if isinstance(item, Namespace)},
    }
    told = [item for item in findings(bare) if item.cluster == "harvester"]
    assert [str(item.object) for item in told] == [f"Cluster {DOWN}"]
    assert "state which it is" in told[0].message


@MODELS
def test_a_cluster_that_is_not_connected_is_the_likely_cause(aggregated: bool) -> None:
    cluster = next(
        item for item in settled(aggregated=aggregated)["rancher"].values() if isinstance(item, ManagementCluster)
    )
    status = ClusterStatus(conditions=(Condition(type="Connected", status="False"),))
    off = put(without_the_binding(aggregated), msgspec.structs.replace(cluster, status=status), "rancher")
    [finding] = findings(off)
    assert "(its condition Connected is False)" in finding.message


def test_what_is_held_up_by_a_binding_in_the_way_is_told_there() -> None:
    sides = without_the_binding(aggregated=True)
    wanted = binding(settled(aggregated=True), "shop-test", "project-member-aggregator")
    blocked = put(sides, raw(wanted.name, "shop-test", "edit", wanted.subjects[0]))
    assert findings(blocked) == []


@pytest.mark.parametrize("kind", [RoleBinding, Feature])
def test_it_is_not_evaluated_without_what_it_needs(kind: type[RoleBinding | Feature]) -> None:
    sides = without_the_binding(aggregated=False)
    blind = {entry.cluster for entry in not_evaluated(RULE, estate_of(sides, unread=(kind,))) if not entry.partly}
    assert "harvester" in blind
