"""The command as somebody calls it: in this process, or in one of its own where that is what is tested."""

import gc
import io
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import pytest

from rbac_audit.cli.main import main
from tests.conftest import ROOT


class Ran(NamedTuple):
    """What a run left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command in this process."""

    def called(*arguments: object, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["rbac-audit", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)
        try:
            with pytest.raises(SystemExit) as ended:
                main()
        finally:
            gc.enable()
        assert isinstance(ended.value.code, int)
        out, err = capfd.readouterr()
        return Ran(ended.value.code, out, err)

    return called


def environment(changes: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """The environment of a process of its own."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **changes}


def spawned(
    *arguments: object, stdin: bytes = b"", changes: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[bytes]:
    """Call the command in a process of its own."""
    command = [sys.executable, "-m", "rbac_audit", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, env=environment(changes), timeout=60, check=False)
