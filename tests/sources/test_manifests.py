"""Manifests into a cluster: what is kept, what becomes a gap, and what is said."""

import json
from pathlib import Path

import pytest

from rbac_audit.snapshot.estate import Gap, Snapshot
from rbac_audit.snapshot.objects import ClusterRole, KubernetesObject, Namespace, Role, RoleBinding, Secret
from rbac_audit.sources import limits
from tests.sources.builders import (
    RBAC_V1,
    Json,
    binding,
    bundle_files,
    keys,
    listed,
    mangled,
    read,
    reasons,
    role,
    thing,
    write,
    zipped,
)


def gaps(snapshot: Snapshot) -> list[tuple[str, str]]:
    return [(gap.what, gap.reason) for gap in snapshot.gaps]


HELM = """\
---
# Source: app/templates/sa.yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: app
  namespace: tenant-a
---
# Source: app/templates/disabled.yaml
---
# Source: app/templates/role.yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: app
rules:
  - apiGroups: [""]
    resources: [pods]
    verbs: &verbs [get, list]
  - apiGroups: [apps]
    resources: [deployments]
    verbs: *verbs
---
apiVersion: v1
kind: Service
metadata: {name: app}
"""


def test_what_helm_template_writes(tmp_path: Path) -> None:
    snapshot = read(write(tmp_path / "app.yaml", HELM))
    (cluster,) = snapshot.clusters
    assert keys(cluster) == ["Role default/app", "ServiceAccount tenant-a/app"]
    assert [rule.verbs for rule in cluster.of(Role)[0].rules] == [("get", "list"), ("get", "list")]
    assert snapshot.unknown_kinds == {"Service": 1}
    assert snapshot.gaps == (
        Gap(
            "app",
            str(tmp_path / "app.yaml"),
            "1 objects name no namespace and were read as being in `default`, as kubectl would: Role default/app",
            "write metadata.namespace into them, such as with a template that uses .Release.Namespace",
            ("Role.rbac.authorization.k8s.io",),
        ),
    )


def test_one_gap_a_file_for_all_that_have_no_namespace(tmp_path: Path) -> None:
    items = [role(f"r{i}", "") for i in range(9)]
    (gap,) = read(write(tmp_path / "x.json", listed(*items))).gaps
    assert gap.reason.endswith("Role default/r0, Role default/r1, Role default/r2 and 6 more")


def test_a_cluster_scoped_object_has_no_namespace(tmp_path: Path) -> None:
    raw = thing(RBAC_V1, "ClusterRole", "a", "tenant-a", rules=[])
    snapshot = read(write(tmp_path / "x.json", raw))
    assert [item.namespace for item in snapshot.clusters[0].of(ClusterRole)] == [""]
    assert snapshot.gaps == ()


def test_null_is_absent(tmp_path: Path) -> None:
    raw = {**binding(), "subjects": None, "metadata": {"name": "a", "namespace": "b", "labels": None}}
    (item,) = read(write(tmp_path / "x.json", raw)).clusters[0].of(RoleBinding)
    assert (item.subjects, item.metadata.labels) == ((), {})


def test_a_bad_document_among_good_ones_is_a_gap_with_its_place(tmp_path: Path) -> None:
    text = (
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n"
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: 5}\n---\n"
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: b, name: c}\n---\n"
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: d}\n"
    )
    path = write(tmp_path / "x.yaml", text)
    snapshot = read(path)
    assert keys(snapshot.clusters[0]) == ["Namespace a", "Namespace d"]
    assert [(gap.what, gap.reason, gap.kinds) for gap in snapshot.gaps] == [
        (
            f"{path}, document 2, line 5",
            "no valid Namespace (Expected `str`, got `int` - at `$.metadata.name`)",
            ("Namespace",),
        ),
        (
            f"{path}, document 3, line 11",
            "a key is given twice in one mapping; what follows was not read",
            (),
        ),
    ]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"kind": "Role"}, "neither the item nor its list says apiVersion and kind"),
        ({"apiVersion": "v1"}, "neither the item nor its list says apiVersion and kind"),
        ({"apiVersion": None, "kind": "Role"}, "its apiVersion is missing or no group and version"),
        ({"apiVersion": "v1", "kind": ""}, "its kind is missing or no name"),
        ({"apiVersion": "v1", "kind": "x" * 64}, "its kind is missing or no name"),
        ({"apiVersion": "v1", "kind": ["Role"]}, "its kind is missing or no name"),
        ({"apiVersion": "a/b/c", "kind": "Role"}, "its apiVersion is missing or no group and version"),
        ({"apiVersion": 1, "kind": "Role"}, "its apiVersion is missing or no group and version"),
        ({"apiVersion": RBAC_V1, "kind": "Role"}, "no valid Role (Object missing required field `metadata`)"),
        (role(rules={}), "no valid Role (Expected `array`, got `object` - at `$.rules`)"),
        (role(rules=[{"verbs": "get"}]), "no valid Role (Expected `array`, got `str` - at `$.rules[0].verbs`)"),
        (role(metadata={"namespace": "a"}), "no valid Role (Object missing required field `name` - at `$.metadata`)"),
        (role(metadata=None), "no valid Role (Object missing required field `metadata`)"),
        (role(metadata=[]), "no valid Role (Expected `object`, got `array` - at `$.metadata`)"),
        (
            {**binding(), "roleRef": None},
            "no valid RoleBinding (Object missing required field `roleRef`)",
        ),
        (5, "an item must be a mapping"),
        (None, "an item must be a mapping"),
        ({"x": 1}, "neither the item nor its list says apiVersion and kind"),
    ],
)
def test_what_is_no_manifest(tmp_path: Path, raw: object, reason: str) -> None:
    path = write(tmp_path / "x.json", {"kind": "List", "items": [role(), raw]})
    ((what, found),) = gaps(read(path))
    assert what.startswith(f"{path}, document 1, item 2, line ")
    assert found == reason


def test_documents_that_are_no_manifests_at_all_are_a_note(tmp_path: Path) -> None:
    path = write(tmp_path / "x.yaml", "a: 1\n---\nb: 2\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
    snapshot = read(path)
    assert snapshot.notes[1] == f"{path}: 2 documents without apiVersion and kind passed over"
    assert snapshot.gaps == ()


def test_thousands_of_bad_documents_are_few_gaps(tmp_path: Path) -> None:
    bad = [{**role(f"r{i}"), "rules": 5} for i in range(5_000)]
    path = write(tmp_path / "x.json", listed(role(), *bad))
    found = read(path).gaps
    assert len(found) == limits.GAPS_PER_FILE + 1
    assert f"{5_000 - limits.GAPS_PER_FILE} more documents or items cannot be used" in reasons(found)


@pytest.mark.parametrize(
    ("name", "bad", "kinds"),
    [
        ("x.json", {"rules": 5}, ("Role.rbac.authorization.k8s.io",)),
        ("x.json", {"kind": None}, ()),
        ("roles.json", {"kind": None}, ("Role.rbac.authorization.k8s.io",)),
    ],
)
def test_what_is_not_told_one_by_one_is_of_the_same_kinds(
    tmp_path: Path, name: str, bad: Json, kinds: tuple[str, ...]
) -> None:
    items = [{**role(f"r{number}"), **bad} for number in range(50)]
    snapshot = read(write(tmp_path / name, listed(role(), *items)))
    assert {gap.kinds for gap in snapshot.gaps} == {kinds}
    assert snapshot.clusters[0].partial == {Role}


TRUNCATED = json.dumps(listed(role("a"), role("b")))[:-100]


@pytest.mark.parametrize(
    ("name", "before", "kinds", "partial"),
    [
        ("roles.json", "", ("Role.rbac.authorization.k8s.io",), {Role}),
        ("x.json", "", (), {Role}),
        ("roles.json", json.dumps(binding()), (), {Role, RoleBinding}),
        ("rolebindings.json", "", (), {Role}),
    ],
)
def test_when_the_rest_is_lost_it_may_be_of_any_kind_unless_the_file_is_of_one(
    tmp_path: Path, name: str, before: str, kinds: tuple[str, ...], partial: set[type[KubernetesObject]]
) -> None:
    snapshot = read(write(tmp_path / name, before + TRUNCATED))
    (gap,) = snapshot.gaps
    assert gap.reason.endswith("what follows was not read")
    assert gap.kinds == kinds
    assert snapshot.clusters[0].partial == partial
    assert not snapshot.clusters[0].whole(Role)


def test_unknown_kinds_are_counted_up_to_a_number_of_names(tmp_path: Path) -> None:
    items = [thing("example.com/v1", f"Kind{i}", "x") for i in range(1_500)] * 2
    unknown = read(write(tmp_path / "x.json", listed(role(), *items))).unknown_kinds
    assert len(unknown) == 1_001
    assert (unknown["Kind7.example.com"], unknown["other"]) == (2, 1_000)


def test_a_truncated_list_names_the_kinds_that_are_incomplete(tmp_path: Path) -> None:
    path = tmp_path / "roles.rbac.authorization.k8s.io.json"
    text = write(path, listed(role("a"), role("b"), binding())).read_text()
    write(path, text[: text.rindex("subjects")])
    (gap,) = read(path).gaps
    assert gap.reason == "it ends in the middle of a value; what follows was not read"
    assert gap.kinds == ("Role.rbac.authorization.k8s.io",)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("roles.rbac.authorization.k8s.io.json", Role),
        ("Roles.rbac.authorization.k8s.io.YAML", Role),
        ("rolebindings.yaml", RoleBinding),
        ("secrets.json.gz", Secret),
        ("namespaces.yml", Namespace),
    ],
)
def test_an_empty_list_is_of_the_kind_that_its_file_is_named_for(tmp_path: Path, name: str, kind: type[Role]) -> None:
    write(tmp_path / "x.json", thing("v1", "ResourceQuota", "a", "b"))
    write(tmp_path / name, "apiVersion: v1\nitems: []\nkind: List\n" if "y" in name.lower() else listed())
    (cluster,) = read(f"x={tmp_path}").clusters
    assert cluster.has(kind)
    assert cluster.of(kind) == ()


@pytest.mark.parametrize("name", ["settings.json", "clusters.json", "things.json", "roles.example.com.json"])
def test_a_name_that_fits_several_kinds_or_none_proves_nothing(tmp_path: Path, name: str) -> None:
    write(tmp_path / "x.json", thing("v1", "ResourceQuota", "a", "b"))
    write(tmp_path / name, listed())
    (cluster,) = read(f"x={tmp_path}").clusters
    assert {kind.kind for kind in cluster.collected} == {"ResourceQuota"}


INNER = listed(role("b"), listed(role("c"), kind="RoleList", api_version=RBAC_V1), role("d"))
WITHOUT_KIND = {"metadata": {"name": "e", "namespace": "tenant-a"}}
IN_YAML = f"x: &x {json.dumps([role('a'), INNER])}\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("slurped.json", [listed(role("a")), INNER]),
        ("nested.json", listed(role("a"), INNER)),
        ("typed.json", [role("a"), {"items": [WITHOUT_KIND], "kind": "RoleList", "apiVersion": RBAC_V1}, INNER]),
        ("many.json", listed(*[role(f"r{number}") for number in range(99)], INNER, role("a"))),
        ("alias.yaml", f"{IN_YAML}kind: List\napiVersion: v1\nitems: *x\n"),
        ("alias-alone.yaml", f"{IN_YAML}items: *x\n"),
    ],
)
def test_lists_inside_of_lists_are_read(tmp_path: Path, name: str, content: object) -> None:
    snapshot = read(write(tmp_path / name, content))
    assert {f"Role tenant-a/{each}" for each in "abcd"} <= {*keys(snapshot.clusters[0])}
    assert snapshot.unknown_kinds == {}
    assert snapshot.gaps == ()


def test_an_item_of_an_inner_list_has_a_place(tmp_path: Path) -> None:
    path = write(tmp_path / "x.json", listed(role(), listed(role(), listed(role("bad", rules=5)))))
    ((what, reason),) = gaps(read(path))
    assert what.startswith(f"{path}, document 1, item 2.2.1, line ")
    assert reason.startswith("no valid Role (")


def test_lists_in_a_support_bundle_take_the_namespace_of_their_folder(tmp_path: Path) -> None:
    raw: Json = {"metadata": {"name": "a"}, "rules": [{"apiGroups": [""], "verbs": ["get"]}]}
    inner = mangled([raw], RBAC_V1, "Role")
    files: dict[str, object] = {f"namespaced/tenant-a/{RBAC_V1}/roles.yaml": listed(inner)}
    (cluster,) = read(zipped(tmp_path / "b.zip", bundle_files(files))).clusters
    assert keys(cluster) == ["Role tenant-a/a"]
    assert cluster.of(Role)[0].rules[0].api_groups == ("",)


@pytest.mark.parametrize("fields", [{}, {"items": None}, {"items": {"a": 1}}, {"items": "x"}])
@pytest.mark.parametrize("kind", ["List", "RoleList"])
def test_a_list_without_items_is_a_gap(tmp_path: Path, fields: Json, kind: str) -> None:
    bad = {"apiVersion": RBAC_V1, "kind": kind, **fields}
    for number, content in enumerate([listed(role(), bad), json.dumps(role()) + json.dumps(bad)]):
        snapshot = read(write(tmp_path / f"{number}.json", content))
        assert reasons(snapshot.gaps) == ["a list whose `items` are none; an empty list has `items: []`"]
        assert snapshot.unknown_kinds == {}


def test_what_only_ends_like_a_list_is_another_kind(tmp_path: Path) -> None:
    discovery: Json = {"apiVersion": "v1", "kind": "APIResourceList", "groupVersion": "v1", "resources": []}
    allowed = thing("example.com/v1", "AllowList", "a")
    snapshot = read(write(tmp_path / "x.json", listed(role(), discovery, allowed)))
    assert snapshot.unknown_kinds == {"APIResourceList": 1, "AllowList.example.com": 1}
    assert snapshot.gaps == ()


PAGE: Json = {"resourceVersion": "7", "continue": "kanarie", "remainingItemCount": 2}


@pytest.mark.parametrize("metadata", [PAGE, {"continue": "kanarie"}, {"remainingItemCount": 2}])
@pytest.mark.parametrize("kind", ["List", "RoleList"])
def test_one_page_of_several_is_a_gap(tmp_path: Path, metadata: Json, kind: str) -> None:
    version = RBAC_V1 if kind == "RoleList" else "v1"
    path = write(tmp_path / "roles.json", {**listed(role(), kind=kind, api_version=version), "metadata": metadata})
    snapshot = read(path)
    (gap,) = snapshot.gaps
    assert gap.what.startswith(f"{path}, document 1")
    assert gap.reason == "only a part of the list is there"
    assert gap.kinds == ("Role.rbac.authorization.k8s.io",)
    assert "kubectl get" in gap.advice
    assert "kanarie" not in str(snapshot.gaps)


def test_the_null_of_a_support_bundle_is_no_next_page(tmp_path: Path) -> None:
    whole = {**listed(role()), "metadata": {"continue": "null", "resourceVersion": "7"}}
    assert read(write(tmp_path / "roles.json", whole)).gaps == ()


def test_an_empty_page_does_not_prove_that_its_kind_was_read(tmp_path: Path) -> None:
    write(tmp_path / "roles.json", {**listed(), "metadata": PAGE})
    write(tmp_path / "x.json", binding())
    snapshot = read(tmp_path)
    assert reasons(snapshot.gaps) == ["only a part of the list is there"]
    assert not snapshot.clusters[0].has(Role)


def test_a_page_of_what_no_snapshot_keeps_is_no_gap(tmp_path: Path) -> None:
    maps = {**listed(thing("v1", "ConfigMap", "a"), kind="ConfigMapList"), "metadata": PAGE}
    assert read(write(tmp_path / "x.json", [role(), maps])).gaps == ()
