"""Laws of aggregation: what the controller arrives at, in which order, and where every rule comes from."""

from graphlib import CycleError, TopologicalSorter

from hypothesis import given
from hypothesis import strategies as st

from rbac_audit.access import Aggregation
from rbac_audit.snapshot.objects import ClusterRole, PolicyRule
from tests.access import reference, worlds
from tests.access.manifests import Manifest, cluster_of
from tests.access.worlds import typed


def aggregation_of(roles: list[Manifest]) -> Aggregation:
    return Aggregation(cluster_of(roles).of(ClusterRole))


def rules_of(*rules: Manifest) -> tuple[PolicyRule, ...]:
    return tuple(map(typed, rules))


def _rests(roles: list[Manifest]) -> bool:
    work = [role for role in roles if "aggregationRule" in role]
    return all(reference.synced(role, roles) == role["rules"] for role in work)


def _has_a_circle(roles: list[Manifest]) -> bool:
    graph = {
        role["metadata"]["name"]: [
            other["metadata"]["name"]
            for other in roles
            for selector in role.get("aggregationRule", {}).get("clusterRoleSelectors", [])
            if other is not role and reference.selects(selector, other["metadata"].get("labels", {}))
        ]
        for role in roles
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        return True
    return False


@given(worlds.cluster_roles())
def test_effective_rules_are_what_the_controller_would_arrive_at(roles: list[Manifest]) -> None:
    aggregation = aggregation_of(roles)
    for role in reference.settled(roles, keep_stored=True):
        effective, expected = aggregation.effective(role["metadata"]["name"]), rules_of(*role["rules"])
        assert set(effective) == set(expected)
        # In a circle the order of the rules is that of the controller's queue, if they come to rest at all.
        assert effective == expected or _has_a_circle(roles)


@given(worlds.cluster_roles())
def test_the_union_is_one_step_of_the_controller(roles: list[Manifest]) -> None:
    aggregation = aggregation_of(roles)
    stored = [{**role, "rules": _plain(aggregation.effective(role["metadata"]["name"]))} for role in roles]
    for role in stored:
        if "aggregationRule" in role:
            expected = rules_of(*reference.synced(role, stored))
            assert aggregation.resolved(role["metadata"]["name"]) == expected


def _plain(rules: tuple[PolicyRule, ...]) -> list[Manifest]:
    fields = {
        "verbs": "verbs",
        "apiGroups": "api_groups",
        "resources": "resources",
        "resourceNames": "resource_names",
        "nonResourceURLs": "non_resource_urls",
    }
    return [{key: list(getattr(rule, name)) for key, name in fields.items()} for rule in rules]


@given(worlds.cluster_roles())
def test_what_the_controller_left_at_rest_has_no_drift(roles: list[Manifest]) -> None:
    settled = reference.settled(roles, keep_stored=False)
    if _rests(settled):
        aggregation = aggregation_of(settled)
        for role in settled:
            name = role["metadata"]["name"]
            assert aggregation.effective(name) == rules_of(*role["rules"])
            if name in aggregation.names:
                assert aggregation.drift(name) == ((), ())


@given(worlds.cluster_roles(), st.data())
def test_the_order_of_the_input_does_not_matter(roles: list[Manifest], data: st.DataObject) -> None:
    objects = cluster_of(roles).of(ClusterRole)
    one, other = Aggregation(objects), Aggregation(data.draw(st.permutations(objects)))
    for role in objects:
        assert one.effective(role.name) == other.effective(role.name)
        assert one.members(role.name) == other.members(role.name)


@given(worlds.cluster_roles())
def test_every_rule_has_a_source_and_every_source_the_rule(roles: list[Manifest]) -> None:
    fresh = [{**role, "rules": []} if "aggregationRule" in role else role for role in roles]
    aggregation = aggregation_of(fresh)
    for name in aggregation.names:
        for rule in aggregation.effective(name):
            trail = aggregation.source(name, rule)
            for above, below in zip((name, *trail), trail, strict=False):
                assert below in aggregation.members(above)
            assert trail[-1] not in aggregation.names
            assert rule in aggregation.effective(trail[-1])
