import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.errors import WrongUse
from rbac_audit.snapshot.objects import ClusterRoleTemplateBinding, ProjectRoleTemplateBinding, RoleTemplate, User
from tests.audit.clusters import joined, linked, namespace, rancher, view

SHOP = namespace("shop", "c-m-abcd1234:p-shop")
OLD = namespace("attic", "c-m-dead0001:p-old")
SETTING = "{apiVersion: harvesterhci.io/v1beta1, kind: Setting, metadata: {name: server-version}, value: v1.9.0}\n---\n"


def link(estate: Estate, name: str) -> tuple[str | None, str, str]:
    """Which cluster's Rancher manages a cluster, under which id, and how that is known."""
    found = view(estate, name)
    return found.rancher.cluster.name if found.rancher else None, found.rancher_id, found.rancher_id_from


def told(estate: Estate) -> list[str]:
    return [gap.cluster for gap in estate.gaps]


def test_the_project_annotations_name_the_cluster() -> None:
    estate = linked(harvester=SHOP, rancher=rancher("c-m-abcd1234", "c-m-efgh5678"))
    assert link(estate, "harvester") == ("rancher", "c-m-abcd1234", "the project annotations of its namespaces")
    assert told(estate) == []


def test_ids_that_no_rancher_knows_do_not_count() -> None:
    """They are of an earlier import."""
    estate = linked(harvester=SHOP + OLD, rancher=rancher("c-m-abcd1234"))
    assert link(estate, "harvester")[:2] == ("rancher", "c-m-abcd1234")


def test_two_known_ids_decide_nothing() -> None:
    estate = linked(
        harvester=SHOP + namespace("lab", "c-m-efgh5678:p-lab"), rancher=rancher("c-m-abcd1234", "c-m-efgh5678")
    )
    assert link(estate, "harvester") == (None, "", "")
    assert told(estate) == ["harvester"]


def test_two_ranchers_with_the_same_id_decide_nothing() -> None:
    """One of them is a copy, and which one nobody can tell."""
    estate = linked(harvester=SHOP, rancher=rancher("c-m-abcd1234"), spare=rancher("c-m-abcd1234"))
    assert link(estate, "harvester")[0] is None
    assert told(estate) == ["harvester"]


def test_of_two_ranchers_the_one_that_knows_the_id_is_taken() -> None:
    estate = linked(harvester=SHOP, rancher=rancher("c-m-abcd1234"), other=rancher("c-m-efgh5678"))
    assert link(estate, "harvester")[0] == "rancher"


def test_only_stale_ids_leave_a_gap_that_says_what_to_do() -> None:
    estate = linked(harvester=OLD, rancher=rancher("c-m-abcd1234"))
    assert link(estate, "harvester") == (None, "c-m-dead0001", "the project annotations of its namespaces")
    (gap,) = estate.gaps
    assert gap.cluster == "harvester"
    assert "--rancher-id harvester=ID" in gap.advice


def test_no_annotation_leaves_a_gap() -> None:
    assert told(linked(harvester=namespace("shop"), rancher=rancher("c-m-abcd1234"))) == ["harvester"]


def test_a_malformed_annotation_names_no_cluster() -> None:
    assert told(linked(harvester=namespace("shop", "c-m-abcd1234"), rancher=rancher("c-m-abcd1234"))) == ["harvester"]


def test_without_any_rancher_there_is_nothing_to_link() -> None:
    """Rules that need it are not evaluated: that is said once for each of them."""
    estate = linked(harvester=SHOP)
    assert link(estate, "harvester")[:2] == (None, "c-m-abcd1234")
    assert told(estate) == []


def test_the_management_cluster_is_local() -> None:
    estate = linked(harvester=SHOP, rancher=rancher("c-m-abcd1234") + namespace("kube-system", "local:p-sys"))
    assert link(estate, "rancher") == ("rancher", "local", "it holds Rancher's own objects")


def test_a_management_cluster_is_not_managed_by_another_one_as_local() -> None:
    """Each Rancher has a cluster `local`: it is always its own."""
    estate = linked(
        one=rancher("c-m-abcd1234") + namespace("x", "local:p-1"), two=rancher() + namespace("x", "local:p-2")
    )
    assert [link(estate, name)[0] for name in ("one", "two")] == ["one", "two"]


def test_a_harvester_cluster_that_also_manages_can_be_managed() -> None:
    """An embedded Rancher has users; the projects are those of the Rancher that imported it."""
    estate = linked(harvester=SETTING + SHOP + rancher(), rancher=rancher("c-m-abcd1234"))
    assert link(estate, "harvester")[:2] == ("rancher", "c-m-abcd1234")


def test_an_embedded_rancher_does_not_know_the_cluster_under_the_id_of_another() -> None:
    estate = linked(harvester=SETTING + SHOP + rancher())
    assert link(estate, "harvester")[:2] == (None, "c-m-abcd1234")
    assert told(estate) == ["harvester"]


def test_an_embedded_rancher_manages_a_cluster_that_nobody_imported() -> None:
    estate = linked(harvester=SETTING + rancher() + namespace("kube-system", "local:p-sys"))
    assert link(estate, "harvester")[:2] == ("harvester", "local")


def test_a_management_cluster_with_a_stale_namespace_manages_itself() -> None:
    binding = """
{apiVersion: management.cattle.io/v3, kind: ProjectRoleTemplateBinding, metadata: {name: prtb-1, namespace: local-p-1},
 projectName: "local:p-1", roleTemplateName: read-only, userName: u-alice}
"""
    assert link(linked(rancher=rancher() + OLD + binding), "rancher")[:2] == ("rancher", "local")


def test_types_without_an_object_make_no_rancher() -> None:
    """A support bundle has read them all, and none is there: it knows nothing of whom Rancher let in."""
    types = (RoleTemplate, User, ProjectRoleTemplateBinding, ClusterRoleTemplateBinding)
    local = "{apiVersion: management.cattle.io/v3, kind: Cluster, metadata: {name: local}}\n---\n"
    estate = joined({"harvester": SETTING + SHOP + local}, collected=types)
    assert link(estate, "harvester")[0] is None
    assert view(estate, "harvester").claims is None


def test_a_stated_id_wins_over_the_annotations() -> None:
    texts = {"harvester": SHOP, "rancher": rancher("c-m-abcd1234", "c-m-efgh5678")}
    assert link(joined(texts, {"harvester": "c-m-efgh5678"}), "harvester") == ("rancher", "c-m-efgh5678", "stated")


def test_a_stated_id_reaches_a_rancher_that_did_not_show_its_clusters() -> None:
    user = "{apiVersion: management.cattle.io/v3, kind: User, metadata: {name: u-alice}}"
    estate = joined({"harvester": SHOP, "rancher": user}, {"harvester": "c-m-abcd1234"})
    assert link(estate, "harvester") == ("rancher", "c-m-abcd1234", "stated")


def test_a_stated_id_without_any_rancher_is_believed() -> None:
    assert link(joined({"harvester": SHOP}, {"harvester": "c-m-abcd1234"}), "harvester") == (
        None,
        "c-m-abcd1234",
        "stated",
    )


def test_local_can_be_stated() -> None:
    assert link(joined({"one": rancher(), "two": rancher()}, {"one": "local"}), "one") == ("one", "local", "stated")


@pytest.mark.parametrize(
    ("ids", "texts", "words"),
    [
        ({"harvestr": "c-m-abcd1234"}, {"harvester": SHOP}, ["no cluster is called harvestr", "one of: harvester"]),
        (
            {"harvester": "c-m-typo"},
            {"harvester": SHOP, "rancher": rancher("c-m-abcd1234")},
            ["no Rancher has this cluster", "one of: c-m-abcd1234, local"],
        ),
        (
            {"harvester": "c-m-abcd1234"},
            {"harvester": SHOP, "one": rancher("c-m-abcd1234"), "two": rancher("c-m-abcd1234")},
            ["it may be of one, two"],
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(ids: dict[str, str], texts: dict[str, str], words: list[str]) -> None:
    with pytest.raises(WrongUse) as refused:
        joined(texts, ids)
    assert all(word in str(refused.value) for word in words), str(refused.value)


def test_the_linked_rancher_gives_names_and_projects() -> None:
    project = """
{apiVersion: management.cattle.io/v3, kind: Project, metadata: {name: p-shop, namespace: c-m-abcd1234}, spec: {displayName: Shop}}
"""
    found = view(linked(harvester=SHOP, rancher=rancher("c-m-abcd1234") + project), "harvester")
    assert [(it.id, it.name, it.namespaces) for it in found.projects.all] == [
        ("c-m-abcd1234:p-shop", "Shop", ("shop",))
    ]
    assert [person.display_name for person in found.people.all] == ["Alice"]
