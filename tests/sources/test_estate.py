"""Which cluster an object belongs to, how sources are joined, and what is said about it."""

from pathlib import Path

import pytest

from rbac_audit.errors import BadInput, WrongUse
from rbac_audit.snapshot.file import digest, write_snapshot
from rbac_audit.snapshot.objects import Role
from rbac_audit.sources import SourceSpec
from tests.sources.builders import binding, bundle_files, keys, listed, read, role, thing, write, zipped


@pytest.mark.parametrize(
    ("text", "path", "name"),
    [
        ("estate", "estate", ""),
        ("prod=estate", "estate", "prod"),
        ("prod=-", "-", "prod"),
        ("-", "-", ""),
        ("a.b_c-1=x=y", "x=y", "a.b_c-1"),
        ("./a=b", "./a=b", ""),
        ("dir/a=b", "dir/a=b", ""),
        ("=b", "=b", ""),
    ],
)
def test_source_text(text: str, path: str, name: str) -> None:
    assert SourceSpec.parse(text) == SourceSpec(path, name)


@pytest.mark.parametrize("text", ["", "prod="])
def test_a_source_without_a_path_is_wrong_use(text: str) -> None:
    with pytest.raises(WrongUse, match="there is no path"):
        SourceSpec.parse(text)


def clusters(*sources: str | Path) -> dict[str, list[str]]:
    return {cluster.name: keys(cluster) for cluster in read(*sources).clusters}


A, B = "Role tenant-a/a", "Role tenant-a/b"


def test_a_name_that_is_given_holds_for_everything_below(tmp_path: Path) -> None:
    write(tmp_path / "one" / "a.json", role("a"))
    write(tmp_path / "two" / "deep" / "b.json", role("b"))
    assert clusters(f"prod={tmp_path}") == {"prod": [A, B]}
    assert read(f"prod={tmp_path}").notes == ()


def test_an_estate_has_one_cluster_for_each_folder(tmp_path: Path) -> None:
    write(tmp_path / "README.md", "# no evidence")
    write(tmp_path / "expected.json", [{"id": "F01"}])
    write(tmp_path / "one" / "a.json", role("a"))
    write(tmp_path / "two" / "deep" / "deeper" / "b.yaml", listed(role("b")))
    snapshot = read(tmp_path)
    assert {cluster.name: keys(cluster) for cluster in snapshot.clusters} == {"one": [A], "two": [B]}
    assert [cluster.origins for cluster in snapshot.clusters] == [(f"{tmp_path}/one",), (f"{tmp_path}/two",)]
    assert snapshot.notes == (
        f"cluster one is named after its folder {tmp_path}/one",
        f"cluster two is named after its folder {tmp_path}/two",
        f"passed over in {tmp_path}, being no evidence: 1 .json, 1 .md",
    )


def test_a_folder_with_manifests_is_one_cluster(tmp_path: Path) -> None:
    folder = tmp_path / "prod"
    write(folder / "a.json", role("a"))
    write(folder / "more" / "b.json", role("b"))
    snapshot = read(folder)
    assert {cluster.name: keys(cluster) for cluster in snapshot.clusters} == {"prod": [A, B]}
    assert snapshot.notes == (f"cluster prod is named after its folder {folder}",)


def test_the_folder_of_the_moment_has_a_name_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "prod" / "a.json", role("a"))
    monkeypatch.chdir(tmp_path / "prod")
    assert clusters(".") == {"prod": [A]}
    assert clusters("./") == {"prod": [A]}


@pytest.mark.parametrize("name", ["prod.json", "prod.yaml.gz", "prod.YML", "prod"])
def test_a_file_is_a_cluster_named_after_it(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, role("a"))
    assert clusters(path) == {"prod": [A]}
    assert read(path).notes == (f"cluster prod is named after its file {path}",)


def test_standard_input() -> None:
    text = b"apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a, namespace: tenant-a}\n"
    snapshot = read("-", stdin=text)
    assert [(cluster.name, keys(cluster)) for cluster in snapshot.clusters] == [("stdin", [A])]
    assert snapshot.notes == ("cluster stdin is named after its file standard input",)
    assert read("prod=-", stdin=text).clusters[0].name == "prod"


def test_sources_of_one_name_are_joined(tmp_path: Path) -> None:
    one, two = write(tmp_path / "1.json", listed(role("a"), role("b"))), write(tmp_path / "2.json", role("b"))
    snapshot = read(f"x={one}", f"x={two}")
    assert [keys(cluster) for cluster in snapshot.clusters] == [[A, B]]
    assert snapshot.clusters[0].origins == (str(one), str(two))
    assert snapshot.gaps == ()


@pytest.mark.parametrize(
    ("paths", "sources"),
    [
        (("a/prod/x.json", "b/prod/y.json"), ("a/prod", "b/prod")),
        (("a/prod/x.json", "b/prod/y.json"), ("a", "b")),
        (("a/roles.json", "b/roles.json"), ("a/roles.json", "b/roles.json")),
        (("prod/x.json", "b/prod.json"), ("prod", "b/prod.json")),
    ],
)
def test_two_clusters_are_not_taken_for_one_because_their_paths_end_alike(
    tmp_path: Path, paths: tuple[str, str], sources: tuple[str, str]
) -> None:
    for path, name in zip(paths, ("a", "b"), strict=True):
        write(tmp_path / path, role(name))
    one, two = (tmp_path / source for source in sources)
    with pytest.raises(WrongUse, match=r"whether they are one is not known; say it with NAME=PATH for both"):
        read(one, two)
    assert clusters(f"x={one}", f"x={two}") == {"x": [A, B]}
    assert clusters(f"x={one}", f"y={two}") == {"x": [A], "y": [B]}


def test_one_path_twice_is_one_cluster(tmp_path: Path) -> None:
    write(tmp_path / "prod" / "x.json", role("a"))
    assert clusters(tmp_path / "prod", tmp_path / "prod") == {"prod": [A]}


def test_the_later_of_two_different_objects_wins_and_a_gap_says_so(tmp_path: Path) -> None:
    one = write(tmp_path / "1.json", listed(binding(user="alice"), role()))
    two = write(tmp_path / "2.json", listed(binding(user="bob"), role()))
    (cluster,) = (snapshot := read(f"x={one}", f"x={two}")).clusters
    ((members),) = [members for kind, members in cluster.objects.items() if kind.kind == "RoleBinding"]
    assert "bob" in str(members)
    (gap,) = snapshot.gaps
    assert (gap.cluster, gap.what, gap.kinds) == ("x", str(two), ("RoleBinding.rbac.authorization.k8s.io",))
    assert gap.reason == (
        "1 objects differ from what was read before under the same name, and replaced it: RoleBinding tenant-a/devs"
    )
    assert "alice" not in str(gap) + str(cluster.objects)


def test_twice_in_one_file_is_twice(tmp_path: Path) -> None:
    path = write(tmp_path / "x.json", listed(binding(user="alice"), binding(user="bob"), role(), role()))
    assert len(read(path).gaps) == 1


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".jsonl.zst", ""])
def test_a_snapshot_names_its_clusters_itself(tmp_path: Path, suffix: str) -> None:
    write(tmp_path / "estate" / "one" / "a.json", role("a"))
    write(tmp_path / "estate" / "two" / "b.json", listed(role("b"), thing("v1", "ConfigMap", "x")))
    write(tmp_path / "estate" / "two" / "bad.yaml", "apiVersion: v1\nkind: Secret\n---\n- apiVersion:\n")
    snapshot = read(tmp_path / "estate")
    path = tmp_path / f"estate{suffix}.x" if not suffix else tmp_path / f"snapshot{suffix}"
    write_snapshot(snapshot, path)
    again = read(path)
    assert digest(again) == digest(snapshot)
    assert again.gaps == snapshot.gaps != ()
    assert again.notes == snapshot.notes
    assert again.unknown_kinds == {"ConfigMap": 1}
    assert read("-", stdin=path.read_bytes()).gaps == snapshot.gaps


def test_a_snapshot_can_be_renamed_when_it_has_one_cluster(tmp_path: Path) -> None:
    write_snapshot(read(write(tmp_path / "a.json", role("a"))), tmp_path / "one.jsonl.zst")
    snapshot = read(f"prod={tmp_path / 'one.jsonl.zst'}")
    assert [(cluster.name, keys(cluster)) for cluster in snapshot.clusters] == [("prod", [A])]
    assert snapshot.notes[0] == f"cluster a of {tmp_path}/one.jsonl.zst is called prod here"
    write(tmp_path / "two" / "x" / "a.json", role("a"))
    write(tmp_path / "two" / "y" / "a.json", role("a"))
    write_snapshot(read(tmp_path / "two"), tmp_path / "two.jsonl.zst")
    with pytest.raises(WrongUse, match="it holds 2 clusters, and prod= names one"):
        read(f"prod={tmp_path / 'two.jsonl.zst'}")


def test_a_snapshot_is_joined_with_a_folder(tmp_path: Path) -> None:
    write_snapshot(read(write(tmp_path / "prod.json", listed(binding(user="old"), role("a")))), tmp_path / "s.jsonl")
    write(tmp_path / "prod" / "b.json", listed(role("b"), binding(user="new")))
    snapshot = read(tmp_path / "s.jsonl", tmp_path / "prod")
    assert [(cluster.name, len(cluster)) for cluster in snapshot.clusters] == [("prod", 3)]
    assert len(snapshot.gaps) == 1
    assert len(read(tmp_path / "prod", tmp_path / "s.jsonl").gaps) == 1


def test_snapshots_and_bundles_lie_in_folders_too(tmp_path: Path) -> None:
    (tmp_path / "estate").mkdir()
    write_snapshot(read(f"snapped={write(tmp_path / 'a.json', role('a'))}"), tmp_path / "estate" / "s.jsonl.zst")
    files = bundle_files({"namespaced/tenant-a/rbac.authorization.k8s.io/v1/roles.yaml": listed(role("b"))})
    zipped(tmp_path / "estate" / "bundle.zip", files)
    zipped(tmp_path / "estate" / "other.zip", {"a.txt": b"x"})
    write(tmp_path / "estate" / "answers.jsonl", '{"allowed": true}\n')
    (tmp_path / "estate" / "named").mkdir()
    zipped(tmp_path / "estate" / "named" / "bundle.zip", files)
    snapshot = read(tmp_path / "estate")
    assert {cluster.name: keys(cluster) for cluster in snapshot.clusters} == {
        "bundle-test1": [B],
        "named": [B],
        "snapped": [A],
    }
    assert f"{tmp_path}/estate/other.zip is a zip, but no support bundle, and was passed over" in snapshot.notes
    assert f"passed over in {tmp_path}/estate, being no evidence: 1 .jsonl" in snapshot.notes


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.json", thing("v1", "ConfigMap", "a"), "it holds nothing that an audit reads"),
        ("x.yaml", "a: 1\n", "it holds nothing that an audit reads"),
        ("x.yaml", "# nothing\n", "it holds nothing that an audit reads"),
        ("x.yaml", "", "it is empty"),
        ("x.json", " \n ", "it is empty"),
        ("x.json", "a: 1", r"x.json, document 1, line 1: { or \[ expected at the start of a document"),
        (
            "x.yaml",
            "No resources found in tenant-a namespace.\n",
            "x.yaml, document 1, line 1: a manifest must be a mapping",
        ),
        ("x.yaml", "a: 1\n---\nkind: Role\n", "x.yaml, document 2, line 3: its apiVersion is missing"),
        ("x.yaml", "kind: R le\napiVersion: v1\n", "x.yaml, document 1, line 1: its kind is missing or no name"),
        (
            "x.json",
            listed(role(rules=5)),
            r"item 1, line \d+: no valid Role \(Expected `array`, got `int` - at `\$.rules`\)",
        ),
        ("x.zip", "PK\x03\x04 no zip", "it is no valid zip"),
    ],
)
def test_a_file_of_which_nothing_can_be_used_is_bad_input(
    tmp_path: Path, name: str, content: object, message: str
) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(BadInput, match=message) as raised:
        read(path)
    assert str(path) in str(raised.value)
    assert raised.value.advice
    assert raised.value.exit_code == 2


def test_what_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"it cannot be read \(No such file or directory\)"):
        read(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="has no file with anything that an audit reads"):
        read(tmp_path)
    write(tmp_path / "x.yaml", "apiVersion: v1\nkind: Role\n---\n[")
    with pytest.raises(BadInput, match=r"\(first: .*x.yaml, document 2, line 4: no valid YAML"):
        read(tmp_path)


def test_one_bad_source_among_several_is_bad_input(tmp_path: Path) -> None:
    good, bad = write(tmp_path / "a.json", role("a")), write(tmp_path / "b.json", "{")
    with pytest.raises(BadInput, match="a field name in quotes expected"):
        read(good, bad)


def test_an_empty_list_proves_that_its_kind_was_read(tmp_path: Path) -> None:
    empty = write(tmp_path / "roles.rbac.authorization.k8s.io.json", listed())
    assert read(empty).clusters[0].has(Role)
    typed = write(tmp_path / "x.json", listed(kind="RoleList", api_version="rbac.authorization.k8s.io/v1"))
    assert read(typed).clusters[0].has(Role)
    with pytest.raises(BadInput, match="it holds nothing that an audit reads"):
        read(write(tmp_path / "y.json", listed()))


def test_the_error_of_a_source_names_its_own_trouble(tmp_path: Path) -> None:
    write(tmp_path / "good" / "a.json", listed(role("a"), role("bad", rules=5)))
    write(tmp_path / "bad" / "b.yaml", "apiVersion: v1\nkind: [\n")
    with pytest.raises(BadInput, match=r"first: .*/bad/b.yaml, document 1"):
        read(tmp_path / "good", tmp_path / "bad")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="an audit reads; name a file"):
        read(tmp_path / "good", tmp_path / "empty")
