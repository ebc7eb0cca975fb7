import json
import shutil
from pathlib import Path

import pytest

from rbac_audit.audit.estate import View
from rbac_audit.cli.render import write
from rbac_audit.errors import BadInput
from rbac_audit.snapshot.estate import Cluster
from tests.cli.conftest import Run
from tests.conftest import ROOT

LEGACY, AGGREGATED = ROOT / "examples/tenancy-legacy", ROOT / "examples/tenancy-aggregated"


def read(folder: Path, cluster: str, kind: str) -> dict[str, str]:
    """Role by the name of a binding."""
    items = json.loads((folder / cluster / f"{kind}.rbac.authorization.k8s.io.json").read_text("utf-8"))["items"]
    return {item["metadata"]["name"]: item["roleRef"]["name"] for item in items}


def test_it_writes_a_folder_a_cluster_and_a_list_a_kind(run: Run, tmp_path: Path) -> None:
    ran = run("render", LEGACY, "-o", tmp_path / "out")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0].startswith(f"{tmp_path / 'out' / 'harvester'}: ")
    names = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.json")}
    assert "harvester/rolebindings.rbac.authorization.k8s.io.json" in names
    assert "harvester/serviceaccounts.json" in names
    assert "rancher/roles.rbac.authorization.k8s.io.json" in names
    assert list(tmp_path.iterdir()) == [tmp_path / "out"], "nothing is left beside it"


def test_the_model_is_the_one_of_the_feature_unless_asked(run: Run, tmp_path: Path) -> None:
    run("render", LEGACY, "-o", tmp_path / "legacy")
    ran = run("render", LEGACY, "-o", tmp_path / "what-if", "--model", "aggregated")
    assert ran.code == 0
    run("render", AGGREGATED, "-o", tmp_path / "aggregated")
    legacy, what_if, aggregated = (
        read(tmp_path / name, "harvester", "rolebindings") for name in ("legacy", "what-if", "aggregated")
    )
    assert "project-owner" in legacy.values()
    assert "project-owner-aggregator" in what_if.values()
    assert what_if == aggregated, "both examples are of the same people and bindings"


def test_what_it_writes_is_a_source_and_the_same_bytes(run: Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        run("render", AGGREGATED, "-o", tmp_path / name)
    one, two = (
        {path.relative_to(tmp_path / n): path.read_bytes() for path in (tmp_path / n).rglob("*.json")}
        for n in ("one", "two")
    )
    assert list(one.values()) == list(two.values())
    ran = run("snapshot", tmp_path / "one", "-o", tmp_path / "estate.jsonl")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.rstrip().endswith("objects of 2 clusters")


def test_a_place_that_is_taken_is_refused(run: Run, tmp_path: Path) -> None:
    for place, problem in ((tmp_path, "it is there already"), (tmp_path / "a/b", "there is no folder")):
        ran = run("render", LEGACY, "-o", place)
        assert (ran.code, ran.out) == (2, "")
        assert problem in ran.err


def test_no_cluster_leads_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    names = []
    for name in ("../away", "a/b"):
        with pytest.raises(BadInput, match="its name cannot be that of a folder"):
            write(folder / "out", [(View(Cluster(name), None, "", ""), ())])
        names += [path.name for path in folder.iterdir()]
    assert names == []


def test_a_rancher_is_needed(run: Run, tmp_path: Path) -> None:
    ran = run("render", LEGACY / "harvester", "-o", tmp_path / "out")
    assert ran.code == 2
    assert "no Rancher's users, role templates and bindings were read" in ran.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("asked", "code"), [((), 2), (("--model", "legacy"), 0)])
def test_without_the_feature_the_model_must_be_stated(
    run: Run, tmp_path: Path, asked: tuple[str, ...], code: int
) -> None:
    for folder in ("harvester", "rancher"):
        (tmp_path / "estate" / folder).mkdir(parents=True)
        for path in (LEGACY / folder).iterdir():
            if "features" not in path.name:
                (tmp_path / "estate" / folder / path.name).write_bytes(path.read_bytes())
    ran = run("render", tmp_path / "estate", "-o", tmp_path / "out", *asked)
    assert ran.code == code, ran.err
    assert ("--model legacy or --model aggregated" in ran.err) is (code == 2)


@pytest.mark.parametrize(
    ("missing", "note"),
    [
        (
            "harvester/namespaces.yaml",
            "not read from harvester: Namespace; what Rancher makes of that is not predicted",
        ),
        ("rancher/globalrolebindings.management.cattle.io.yaml", "not read from rancher: GlobalRoleBinding;"),
    ],
)
def test_what_was_not_read_is_missing_from_the_prediction(run: Run, tmp_path: Path, missing: str, note: str) -> None:
    shutil.copytree(LEGACY, tmp_path / "estate")
    (tmp_path / "estate" / missing).unlink()
    ran = run("render", tmp_path / "estate", "-o", tmp_path / "out", "--rancher-id", "harvester=c-m-h7k9d2xw")
    assert ran.code == 3
    assert f"note: {note}" in ran.err
    assert run("render", LEGACY, "-o", tmp_path / "whole").code == 0
