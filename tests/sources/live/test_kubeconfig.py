import os
from pathlib import Path

import pytest

from rbac_audit.errors import WrongUse
from rbac_audit.sources.live.kubeconfig import read_kubeconfig
from tests.sources.live.contexts import kubeconfig

SERVER = {"server": "http://127.0.0.1:1"}


@pytest.mark.parametrize(
    ("user", "headers"),
    [
        ({"token": "x"}, []),
        ({"as": "mia"}, [("Impersonate-User", "mia")]),
        (
            {"as": "mia", "as-uid": "7", "as-groups": ["a", "b"]},
            [
                ("Impersonate-User", "mia"),
                ("Impersonate-Uid", "7"),
                ("Impersonate-Group", "a"),
                ("Impersonate-Group", "b"),
            ],
        ),
        (
            {"as": "mia", "as-user-extra": {"example.com/team": ["blue"]}},
            [("Impersonate-User", "mia"), ("Impersonate-Extra-example.com%2Fteam", "blue")],
        ),
    ],
)
def test_impersonation_becomes_headers(tmp_path: Path, user: dict[str, object], headers: list[tuple[str, str]]) -> None:
    file = kubeconfig(tmp_path / "config", {"lab": SERVER}, {"lab": user})
    assert read_kubeconfig(file).impersonation("lab") == headers


def test_of_several_files_the_first_to_name_something_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = kubeconfig(tmp_path / "one", {"lab": SERVER}, {"lab": {"as": "first"}})
    two = kubeconfig(tmp_path / "two", {"other": SERVER, "lab": SERVER}, {"lab": {"as": "second"}})
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, (tmp_path / "missing", one, two))))
    merged = read_kubeconfig(None)
    assert sorted(merged.contexts) == ["lab", "other"]
    assert merged.current == "lab"
    assert merged.impersonation("lab") == [("Impersonate-User", "first")]


@pytest.mark.parametrize("content", ["[", "- a", "", "\x00"])
def test_a_file_that_is_none_is_refused_without_quoting_it(tmp_path: Path, content: str) -> None:
    file = tmp_path / "config"
    file.write_text(f"token: kanarie\n{content}" if content else "")
    if content == "- a":
        file.write_text("- kanarie")
    with pytest.raises(WrongUse) as refused:
        read_kubeconfig(file)
    assert "kanarie" not in str(refused.value)
    assert str(file) in str(refused.value)


def test_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="it cannot be read"):
        read_kubeconfig(tmp_path / "config")
