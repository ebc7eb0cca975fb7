"""What is shipped is complete, and nothing tells whose machine it was made on."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from rbac_audit import __version__
from rbac_audit.resources import policies_dir, reports_dir

ROOT = Path(__file__).resolve().parent.parent
SHIPPED_AS = {
    "rbac_audit": "rbac_audit",
    "policies": "rbac_audit/_data/policies",
    "reports": "rbac_audit/_data/reports",
}
LOCATE = "from rbac_audit.resources import *; print(policies_dir()); print(reports_dir())"

# The builds are made once per worker, so one worker gets all of these tests.
pytestmark = pytest.mark.xdist_group("packaging")


class Builds(NamedTuple):
    """The paths of the built distributions."""

    wheel: Path
    sdist: Path
    wheel_from_sdist: Path


def run(*command: str | Path, cwd: Path = ROOT, **variables: str) -> str:
    """Run a command to its end, with its errors in the failure of the test."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}: exit code {done.returncode}\n{done.stdout}"
    return done.stdout


def build(target: str, source: Path, into: Path) -> Path:
    run(sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", into, cwd=source)
    (built,) = into.iterdir()
    return built


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def files_under(folder: Path) -> set[str]:
    """The files that a clean checkout has there: no byte code, nothing hidden."""
    below = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {
        path.as_posix()
        for path in below
        if "__pycache__" not in path.parts and not any(part.startswith(".") for part in path.parts)
    }


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    return [ROOT / name for name in run("git", "ls-files", "-z").split("\0") if (ROOT / name).is_file()]


def places(pattern: str) -> list[str]:
    """Every `file:line` of the tracked files that matches."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in tracked()
        for number, line in enumerate(path.read_text(errors="ignore").splitlines(), 1)
        if re.search(pattern, line, re.IGNORECASE)
    ]


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    out = tmp_path_factory.mktemp("builds")
    sdist = build("sdist", ROOT, out / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(out / "unpacked", filter="data")
    (unpacked,) = (out / "unpacked").iterdir()
    return Builds(build("wheel", ROOT, out / "direct"), sdist, build("wheel", unpacked, out / "from-sdist"))


def new_environment(folder: Path) -> Path:
    """The interpreter of an empty virtual environment; `install` fills it from outside."""
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    return folder / "bin" / "python"


def install(python: Path, *what: str | Path) -> None:
    """Install without the network; the build backend and the dependencies come from this environment."""
    pytest.importorskip("pip", reason="pip is not installed here")
    quiet = ("--quiet", "--disable-pip-version-check", "--python", python)
    how = ("install", "--no-deps", "--no-index", "--no-build-isolation")
    run(sys.executable, "-m", "pip", *quiet, *how, *what, PYTHONPATH=sysconfig.get_path("purelib"))


@pytest.fixture(scope="module")
def wheel_installed(builds: Builds, tmp_path_factory: pytest.TempPathFactory) -> Path:
    python = new_environment(tmp_path_factory.mktemp("wheel") / "venv")
    install(python, builds.wheel)
    return python


def test_wheel_ships_every_file_of_the_package_the_policies_and_the_reports(builds: Builds) -> None:
    expected = {f"{target}/{name}" for source, target in SHIPPED_AS.items() for name in files_under(ROOT / source)}
    assert {name for name in contents(builds.wheel) if ".dist-info/" not in name} == expected


@pytest.mark.parametrize(
    "pattern",
    [
        r"rbac_audit/py\.typed",
        r"rbac_audit/harvester/shipped/.*\.json",
        r"rbac_audit/_data/policies/.*\.ya?ml",
        r"rbac_audit/_data/reports/.*\.(html|jinja|j2)",
        r"rbac_audit-.*\.dist-info/licenses/LICENSE",
    ],
)
def test_wheel_ships_more_than_code(builds: Builds, pattern: str) -> None:
    assert [name for name in contents(builds.wheel) if re.fullmatch(pattern, name)]


def test_sdist_builds_the_same_wheel(builds: Builds) -> None:
    assert contents(builds.wheel_from_sdist) == contents(builds.wheel)


def test_wheel_says_what_it_is(builds: Builds) -> None:
    shipped = contents(builds.wheel)
    about = f"rbac_audit-{__version__}.dist-info"
    metadata = shipped[f"{about}/METADATA"].decode().splitlines()
    assert {"Name: rbac-audit", f"Version: {__version__}", "License-Expression: Apache-2.0"} <= set(metadata)
    assert "Requires-Python: >=3.11" in metadata
    assert shipped[f"{about}/entry_points.txt"].decode().split("\n")[:2] == [
        "[console_scripts]",
        "rbac-audit = rbac_audit.cli.main:script",
    ]


def test_an_installed_wheel_finds_its_own_policies_and_reports(wheel_installed: Path, tmp_path: Path) -> None:
    found = [Path(line) for line in run(wheel_installed, "-c", LOCATE, cwd=tmp_path).splitlines()]
    environment = wheel_installed.parent.parent.resolve()
    assert all(folder.is_relative_to(environment) for folder in found)
    assert [files_under(folder) for folder in found] == [
        files_under(ROOT / "policies"),
        files_under(ROOT / "reports"),
    ]


@pytest.mark.parametrize("how", [["bin/rbac-audit"], ["bin/python", "-m", "rbac_audit"]], ids=["script", "module"])
def test_an_installed_wheel_runs(wheel_installed: Path, tmp_path: Path, how: list[str]) -> None:
    program, *rest = how
    command = wheel_installed.parent.parent / program
    said = run(command, *rest, "--help", cwd=tmp_path, PYTHONPATH=sysconfig.get_path("purelib"))
    assert "Usage" in said


def test_an_editable_install_finds_those_of_the_checkout(tmp_path: Path) -> None:
    python = new_environment(tmp_path / "venv")
    install(python, "--editable", ROOT)
    assert run(python, "-c", LOCATE, cwd=tmp_path).splitlines() == [
        str(ROOT / "policies"),
        str(ROOT / "reports"),
    ]


def test_a_checkout_finds_its_own() -> None:
    assert (policies_dir(), reports_dir()) == (ROOT / "policies", ROOT / "reports")


def pins(name: str) -> dict[str, str]:
    """Name to version of a requirements file; any line but a pin with hashes is a failure."""
    text = (ROOT / "requirements" / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    found = [
        re.fullmatch(r"([\w.-]+)==([\w.+]+) +(?:; [^-]+ +)?(?:--hash=sha256:[0-9a-f]{64} *)+", line) for line in lines
    ]
    assert all(found), [line for line, match in zip(lines, found, strict=True) if not match]
    return {canonicalize_name(match[1]): match[2] for match in found if match}


def test_every_dependency_is_pinned_within_its_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = {
        "runtime.txt": project["project"]["dependencies"] + groups["build"],
        "dev.txt": project["project"]["dependencies"] + [each for each in groups["dev"] if isinstance(each, str)],
    }
    for name, requirements in wanted.items():
        pinned = pins(name)
        for requirement in map(Requirement, requirements):
            assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


def test_what_is_tested_is_what_is_shipped() -> None:
    assert pins("runtime.txt").items() <= pins("dev.txt").items()


def test_no_tracked_file_names_a_package_registry() -> None:
    hosts = r"\bpy[p]i\b|python[h]osted|npm[j]s|crates[.]io|(proxy|sum)[.]golang|maven[.]org|deb[.]debian"
    assert places(hosts) == []


def test_no_tracked_file_holds_a_path_of_somebodys_machine() -> None:
    assert places(r"(?<![\w./~-])/(?:root|work|home/\w+|Users/\w+)/" + "|" + re.escape(str(ROOT))) == []
