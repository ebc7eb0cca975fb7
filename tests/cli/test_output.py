import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbac_audit.cli.output import check_places, write_files
from rbac_audit.errors import WrongUse


@pytest.fixture
def umask() -> Iterator[None]:
    """One that is not the usual, so that a fixed mode would show."""
    before = os.umask(0o027)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_are_written_and_nothing_is_left_beside_them(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    write_files([(str(one), "1\nü\n".encode()), (str(two), b"2")])
    assert (one.read_bytes(), two.read_bytes()) == ("1\nü\n".encode(), b"2")
    assert sorted(tmp_path.iterdir()) == [one, two]


def test_one_that_fails_leaves_all_as_they_were(tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.write_text("old")
    with pytest.raises(WrongUse, match="it cannot be written"):
        write_files([(str(one), b"new"), (str(tmp_path / "missing/two"), b"2")])
    assert one.read_text() == "old"
    assert list(tmp_path.iterdir()) == [one]


def test_a_text_that_cannot_be_made_leaves_all_as_they_were(tmp_path: Path) -> None:
    def texts() -> Iterator[tuple[str, bytes]]:
        yield str(tmp_path / "one"), b"new"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_files(texts())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("umask")
def test_a_new_file_gets_the_mode_that_the_umask_allows(tmp_path: Path) -> None:
    write_files([(str(tmp_path / "new"), b"x")])
    assert mode(tmp_path / "new") == 0o640


@pytest.mark.usefixtures("umask")
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    """Who may read yesterday's report may read today's, and nobody else."""
    path = tmp_path / "report"
    path.write_text("old")
    path.chmod(0o600)
    write_files([(str(path), b"new")])
    assert (path.read_text(), mode(path)) == ("new", 0o600)


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "reports", tmp_path / "latest"
    target.write_text("old")
    link.symlink_to(target)
    write_files([(str(link), b"new")])
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_files([(os.devnull, b"x")])
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_pipe_that_has_no_name_is_written_to(tmp_path: Path) -> None:
    """As /dev/stdout in a pipeline, or what a shell makes of `>(command)`."""
    reading, writing = os.pipe()
    link = tmp_path / "out"
    link.symlink_to(f"/dev/fd/{writing}")
    for place in (f"/dev/fd/{writing}", str(link)):
        check_places([place])
        write_files([(place, b"all of it")])
        assert os.read(reading, 100) == b"all of it"
    os.close(writing)
    os.close(reading)
    assert list(tmp_path.iterdir()) == [link]


def test_a_link_to_itself_is_replaced(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    check_places([str(loop)])
    write_files([(str(loop), b"new")])
    assert loop.read_text() == "new"
    assert not loop.is_symlink()


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (["{}"], "it is a folder"),
        ([""], "it is a folder"),
        (["-"], "this cannot be written to standard output"),
        (["{}/missing/report"], "there is no folder"),
        (["{}/file/report"], "there is no folder"),
        (["{}/a", "{}/a"], "two formats would be written to one file"),
        (["{}/a", "{}/../{name}/a"], "two formats would be written to one file"),
    ],
)
def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path, paths: list[str], words: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongUse) as refused:
        check_places(path.replace("{name}", tmp_path.name).replace("{}", str(tmp_path)) for path in paths)
    assert words in str(refused.value)


def test_places_are_checked_without_making_anything(tmp_path: Path) -> None:
    check_places([str(tmp_path / "a"), str(tmp_path / "b"), os.devnull])
    assert list(tmp_path.iterdir()) == []
