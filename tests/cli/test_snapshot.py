import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.conftest import ROOT

LIVED_IN = ROOT / "examples/lived-in"


def test_it_says_what_it_wrote(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "estate.jsonl.zst"
    ran = run("snapshot", LIVED_IN, "-o", target)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{target}: ")
    assert ran.out.rstrip().endswith("objects of 2 clusters")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600, "it names people"


def test_it_says_how_much_is_missing(run: Run, shared_data: Path, tmp_path: Path) -> None:
    bundle = next((shared_data / "support-bundle").glob("*.zip"))
    ran = run("snapshot", bundle, "-o", tmp_path / "estate.jsonl")
    assert ran.code == 3
    assert ", 4 gaps" in ran.out


def test_what_could_not_be_read_is_in_its_exit_code(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.yaml").write_text("{apiVersion: v1, kind: Namespace, metadata: {name: b}}")
    for text, code in (
        ("{apiVersion: v1, kind: Namespace, metadata: {name: a}}", 0),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: [", 3),
    ):
        (source / "b.yaml").write_text(text)
        assert run("snapshot", f"x={source}", "-o", tmp_path / "x.jsonl").code == code


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "jsonl.zst"])
def test_the_same_sources_are_the_same_bytes(run: Run, tmp_path: Path, ending: str) -> None:
    one, two = tmp_path / f"one.{ending}", tmp_path / f"two.{ending}"
    for target in (one, two):
        run("snapshot", LIVED_IN, "-o", target)
    assert one.read_bytes() == two.read_bytes()


def test_a_snapshot_of_a_snapshot_is_the_same(run: Run, tmp_path: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    run("snapshot", LIVED_IN, "-o", one)
    run("snapshot", one, "-o", two)
    assert one.read_bytes() == two.read_bytes()


def test_values_of_secrets_are_not_in_it(run: Run, tmp_path: Path) -> None:
    """In the example every value is the word FAKE."""
    assert "FAKE" in (LIVED_IN / "harvester/secrets.yaml").read_text("utf-8")
    target = tmp_path / "estate.jsonl"
    run("snapshot", LIVED_IN, "-o", target)
    assert b"FAKE" not in target.read_bytes()


@pytest.mark.parametrize("name", [".", "missing/estate.jsonl"])
def test_a_place_that_cannot_be_written_is_refused(run: Run, tmp_path: Path, name: str) -> None:
    ran = run("snapshot", LIVED_IN, "-o", tmp_path / name)
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
