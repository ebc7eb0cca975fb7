"""Where a collection is: readable on a terminal and in a log, and no name of a cluster can draw on it."""

from collections.abc import Callable

import pytest

from rbac_audit.cli.progress import Progress
from rbac_audit.sources.live.reader import Status

DONE = Status("done", 3, 3, 70, 0, ())
BUSY = Status("[red]evil\x1b[31m", 1, 3, 7, 2, ("pods", "roles.rbac.authorization.k8s.io"))
WAITING = Status("waiting", 0, 3, 0, 0, ())

Shown = Callable[..., str]


@pytest.fixture
def shown(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shown:
    def show(*clusters: Status, terminal: bool = False, times: int = 1) -> str:
        monkeypatch.setenv("COLUMNS", "120")
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("TTY_COMPATIBLE", "1" if terminal else "0")
        with Progress() as bar:
            for _ in range(times):
                bar.show(clusters)
        out, err = capfd.readouterr()
        assert out == ""
        return err

    return show


def test_in_a_log_there_is_a_line_a_minute(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(DONE, BUSY, times=5) == ""
    minutes = iter(range(0, 600, 25))
    monkeypatch.setattr("rbac_audit.cli.progress.time.monotonic", lambda: float(next(minutes)))
    lines = shown(DONE, BUSY, WAITING, times=8).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("1 of 3 clusters, 77 objects, 2 gaps; reading [red]evil")
    assert "(pods, roles.rbac.authorization.k8s.io)" in lines[0]
    assert "\x1b" not in lines[0]


def test_on_a_terminal_there_is_a_row_for_each_cluster_that_is_read(shown: Shown) -> None:
    drawn = shown(DONE, BUSY, WAITING, terminal=True)
    assert "1 of 3 clusters, 77 objects, 2 gaps" in drawn
    assert "[red]evil" in drawn
    assert "1/3" in drawn
    assert "waiting" not in drawn
    assert "\x1b[31m" not in drawn


def test_a_terminal_is_left_as_it_was(shown: Shown) -> None:
    drawn = shown(BUSY, terminal=True)
    assert drawn.endswith("\x1b[2K") or "\x1b[2K" in drawn.rpartition("pods")[2], "the table is erased"
