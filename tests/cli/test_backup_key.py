"""--backup-key on every command that reads sources."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.sources.backups import FILE, MANAGEMENT, entries, key_file, seal, tarred
from tests.sources.builders import binding, role, thing


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    pytest.importorskip("cryptography")
    user = thing(MANAGEMENT, "User", "u-abcde", displayName="Ada Ng", username="ada")
    items = [user, role("reader", "local"), binding("devs", "local", "u-abcde")]
    return tarred(tmp_path / f"{FILE}.enc", entries(items, {"User": seal("aesgcm")}))


QUESTIONS: list[Sequence[str]] = [
    ("can-i", "get", "pods", "--as", "User:u-abcde", "-n", "local", "--cluster", "nightly"),
    ("who-can", "get", "pods", "--cluster", "nightly"),
    ("what-can", "User:u-abcde", "--cluster", "nightly"),
    ("why", "User:u-abcde", "get", "pods", "-n", "local", "--cluster", "nightly"),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question[0])
def test_questions(run: Run, tmp_path: Path, backup: Path, question: Sequence[str]) -> None:
    # A backup has only a part of the cluster's roles and bindings: a yes stands, a list may lack some.
    code = 3 if question[0] in {"who-can", "what-can"} else 0
    without = run(*question, backup)
    assert without.code == code
    assert "1 users.management.cattle.io are encrypted (aesgcm, key key1)" in without.err
    ran = run(*question, backup, "--backup-key", key_file(tmp_path / "key.yaml"))
    assert ran.code == code
    assert "encrypted" not in ran.err
    assert "Ada Ng" in ran.out or question[0] in {"can-i", "what-can"}


def test_an_audit_and_a_snapshot(run: Run, tmp_path: Path, backup: Path) -> None:
    key = key_file(tmp_path / "key.yaml")
    assert "are encrypted (aesgcm, key key1)" in run("audit", backup).out
    assert "are encrypted" not in run("audit", backup, "--backup-key", key).out
    assert ": 2 objects" in run("snapshot", backup, "-o", tmp_path / "x.jsonl").out
    assert ": 3 objects" in run("snapshot", backup, "-o", tmp_path / "x.jsonl", "--backup-key", key).out


def test_a_prediction(run: Run, tmp_path: Path, backup: Path) -> None:
    words = ("render", backup, "--model", "legacy", "-o", tmp_path / "rendered")
    without = run(*words)
    assert without.code == 2
    assert "no Rancher's users, role templates and bindings were read" in without.err
    ran = run(*words, "--backup-key", key_file(tmp_path / "key.yaml"))
    assert ran.code == 3, "a backup is a part of the cluster"
    assert (tmp_path / "rendered/nightly").is_dir()


def test_two_states_with_two_keys(run: Run, tmp_path: Path, backup: Path) -> None:
    old = key_file(tmp_path / "old.yaml", aesgcm=b"o" * 32)
    both = ("--backup-key", old, "--backup-key", key_file(tmp_path / "key.yaml"))
    ran = run("diff", backup, backup, *both)
    assert "nobody gained or lost a right" in ran.out
    assert "encrypted" not in ran.err


def test_mistakes_are_one_line(run: Run, tmp_path: Path, backup: Path) -> None:
    wrong = key_file(tmp_path / "old.yaml", aesgcm=b"o" * 32)
    for arguments in (("audit", backup, "--backup-key", wrong), ("audit", backup, "--backup-key", tmp_path / "no")):
        ran = run(*arguments)
        assert (ran.code, ran.out) == (2, "")
        assert len(ran.err.splitlines()) == 1
