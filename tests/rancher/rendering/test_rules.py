"""What is promoted of the rules of a project's role template: rancher roletemplate_handler.go, ExtractPromotedRules."""

import pytest

from rbac_audit.rancher.rendering.rules import promoted
from rbac_audit.snapshot.objects import PolicyRule

CLUSTERS = PolicyRule(
    verbs=("get",), api_groups=("management.cattle.io",), resources=("clusters",), resource_names=("local",)
)


@pytest.mark.parametrize(
    ("names", "found"),
    [((), (CLUSTERS,)), (("local",), (CLUSTERS,)), (("c-m-abcd1234", "local"), (CLUSTERS,)), (("c-m-abcd1234",), ())],
)
def test_of_the_clusters_only_local_is_promoted(names: tuple[str, ...], found: tuple[PolicyRule, ...]) -> None:
    rule = PolicyRule(
        verbs=("get",), api_groups=("management.cattle.io",), resources=("clusters",), resource_names=names
    )
    assert promoted((rule,)) == found


def test_names_of_other_kinds_are_kept() -> None:
    rule = PolicyRule(
        verbs=("list",), api_groups=("*",), resources=("persistentvolumes", "clusters"), resource_names=("pv-1",)
    )
    assert promoted((rule,)) == (
        PolicyRule(verbs=("list",), api_groups=("",), resources=("persistentvolumes",), resource_names=("pv-1",)),
    )


def test_every_kind_is_promoted_one_by_one() -> None:
    rule = PolicyRule(verbs=("get",), api_groups=("*",), resources=("*",))
    assert {(item.api_groups, item.resources) for item in promoted((rule,))} == {
        (("ui.cattle.io",), ("navlinks",)),
        (("",), ("nodes",)),
        (("",), ("persistentvolumes",)),
        (("storage.k8s.io",), ("storageclasses",)),
        (("apiregistration.k8s.io",), ("apiservices",)),
        (("catalog.cattle.io",), ("clusterrepos",)),
        (("management.cattle.io",), ("clusters",)),
    }
