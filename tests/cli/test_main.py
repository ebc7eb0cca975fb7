import errno
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from rbac_audit import __version__
from rbac_audit.cli import main as command_line
from tests.cli.conftest import Ran, Run, environment, spawned
from tests.conftest import ROOT

LIVED_IN = ROOT / "examples/lived-in"
COMMANDS = sorted(command_line.COMMANDS)
HEAVY = ("kubernetes", "networkx", "jinja2", "yaml", "msgspec")


def one_error_line(ran: Ran) -> str:
    """Exactly one line on standard error, nothing on standard output, exit code 2."""
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("rbac-audit: ")
    assert len(ran.err.splitlines()) == 1
    return ran.err


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_the_help_names_every_command_with_its_line(run: Run, flag: str) -> None:
    ran = run(flag)
    assert ran.code == 0
    for name in COMMANDS:
        assert name in ran.out
        assert command_line.COMMANDS[name][:30] in ran.out


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("name", [*COMMANDS, "rules list", "rules show"])
def test_every_command_has_help(run: Run, name: str, flag: str) -> None:
    ran = run(*name.split(), flag)
    assert ran.code == 0
    assert f"rbac-audit {name}" in ran.out
    assert ran.err == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_of_a_command_fits_its_help(name: str) -> None:
    imported = command_line.cli.resolve_command(click.Context(command_line.cli), [name])[1]
    assert imported is not None
    assert imported.name == name
    assert imported.help


def test_every_command_of_the_folder_is_listed() -> None:
    folder = ROOT / "rbac_audit/cli"
    with_command = {
        path.stem.replace("_", "-") for path in folder.glob("*.py") if "\n@click." in path.read_text("utf-8")
    }
    assert with_command - {"main", "asking", "applying"} == set(COMMANDS)


def test_the_version(run: Run) -> None:
    assert __version__ in run("--version").out


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], [], ["--version"], ["nonsense"]])
def test_what_needs_no_command_imports_none(arguments: list[str]) -> None:
    code = "import sys, rbac_audit.cli.main as it\ntry: it.main()\nexcept SystemExit: print(sorted(sys.modules), file=sys.stderr)"
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment(), check=True
    )
    loaded = ran.stderr.splitlines()[-1]
    assert "'rbac_audit.cli.main'" in loaded
    assert [name for name in HEAVY if f"'{name}'" in loaded] == []
    assert "'rbac_audit.cli.audit'" not in loaded


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "No such command 'nonsense'; see rbac-audit --help"),
        (["audit"], "Missing argument 'SOURCE...'; see rbac-audit audit --help"),
        (["audit", LIVED_IN, "--format", "pdf"], "'pdf' is not one of"),
        (["audit", LIVED_IN, "--fail-on", "terrible"], "'terrible' is not one of"),
        (["audit", LIVED_IN, "--nonsense"], "No such option"),
        (["audit", LIVED_IN, "--today", "tomorrow"], "'tomorrow' does not match"),
        (["audit", "/no/such/estate"], "/no/such/estate"),
        (["audit", LIVED_IN, "--rule", "no-such-rule"], "there is no rule no-such-rule; see rbac-audit rules list"),
        (["audit", LIVED_IN, "--project", "webstroe"], "did you mean webstore"),
        (["audit", LIVED_IN, "--rancher-id", "harvester"], "harvester is not CLUSTER=ID"),
        (["audit", LIVED_IN, "--rancher-id", "nobody=c-m-x"], "no cluster is called nobody"),
        (["rules", "show", "no-such-rule"], "there is no such rule"),
        (["rules", "list", "--policies", "/no/such/folder"], "/no/such/folder"),
        (["snapshot", LIVED_IN], "Missing option '-o'"),
        (["can-i", "get", "secrets", LIVED_IN], "--as"),
        (["can-i", "get", "--as", "User:x", LIVED_IN], "they are not what is asked for"),
        (["who-can", "get", "secrts", LIVED_IN], "did you mean"),
        (["why", "User:x", "get", LIVED_IN], "they are not what is asked for"),
        (["what-can", "Ingrd", LIVED_IN], "no Rancher user has this name"),
        (["can-i", "--batch", "/no/such/file", LIVED_IN], "it cannot be read as UTF-8 text"),
    ],
)
def test_wrong_use_is_one_line_and_what_to_do(run: Run, arguments: list[object], words: str) -> None:
    assert words in one_error_line(run(*arguments))


def test_a_hostile_argument_stays_on_the_line(run: Run) -> None:
    line = one_error_line(run("audit", LIVED_IN, "--rule", "a\nb\x1b[31m\u202e"))
    assert "a\\u000ab\\u001b[31m\\u202e" in line


INTERRUPTED = """
import os, signal, time
import rbac_audit.cli.audit as audit
from rbac_audit.cli.main import main

def read_sources(_):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(20)

audit.read_sources = read_sources
main()
"""


def test_the_interrupt_key_ends_without_a_traceback() -> None:
    command = [sys.executable, "-c", INTERRUPTED, "audit", str(LIVED_IN)]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=15, check=False)
    assert ran.returncode == 130
    assert ran.stderr.strip() == "rbac-audit: interrupted"
    assert ran.stdout == ""


BROKEN = """
from rbac_audit.cli import audit
from rbac_audit.cli.main import main

def evaluate(*_):
    raise KeyError("canary-hunter2")

audit.evaluate = evaluate
main()
"""


def test_an_internal_error_shows_no_value() -> None:
    command = [sys.executable, "-c", BROKEN, "audit", str(LIVED_IN)]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=30, check=False)
    assert ran.returncode == command_line.INTERNAL
    assert "canary-hunter2" not in ran.stdout + ran.stderr
    assert ran.stderr.startswith("rbac-audit: internal error: KeyError at ")
    assert "cli/audit.py:" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_the_code_of_an_internal_error_says_nothing_about_an_estate() -> None:
    assert (
        len(
            {
                command_line.INTERNAL,
                command_line.INTERRUPTED,
                command_line.READER_GONE,
                command_line.UNWRITTEN,
                0,
                1,
                2,
                3,
            }
        )
        == 8
    )


@pytest.mark.parametrize("flags", [[], ["-u"]])
@pytest.mark.parametrize("arguments", [["audit", LIVED_IN, "--format", "json"], ["audit", LIVED_IN], ["rules", "list"]])
def test_a_reader_that_leaves_is_no_error(arguments: list[object], flags: list[str]) -> None:
    command = [sys.executable, *flags, "-m", "rbac_audit", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode()
        process.wait(timeout=30)
    assert said == ""
    assert process.returncode == command_line.READER_GONE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("flags", [[], ["-u"]])
@pytest.mark.parametrize("arguments", [["audit", LIVED_IN, "--format", "json"], ["audit", LIVED_IN], ["rules", "list"]])
def test_an_output_that_is_full_is_no_fault_of_the_program(arguments: list[object], flags: list[str]) -> None:
    command = [sys.executable, *flags, "-m", "rbac_audit", *map(str, arguments)]
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment(), check=False)
        mute = subprocess.run(command, stdout=full, stderr=full, env=environment(), check=False)
    assert ran.returncode == mute.returncode == command_line.UNWRITTEN
    assert ran.stderr == (
        "rbac-audit: output at -: it cannot be written (No space left on device); send it elsewhere\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit", LIVED_IN, "--format", "json", "-o"],
        ["snapshot", LIVED_IN, "-o"],
        ["render", LIVED_IN, "-o"],
        ["collect", "-o"],
    ],
)
def test_a_place_that_may_not_even_be_looked_at_is_told(
    run: Run, arguments: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root, as whom tests may run, may look at everything."""
    place, real = tmp_path / "locked" / "x", Path.stat

    def stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path == place:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", stat)
    assert "it cannot be used (Permission denied)" in one_error_line(run(*arguments, place))


@pytest.mark.parametrize("closed", [">&-", "<&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_was_closed_changes_no_exit_code(closed: str) -> None:
    command = shlex.join([sys.executable, "-m", "rbac_audit", "audit", str(LIVED_IN)])
    ran = subprocess.run(["/bin/sh", "-c", f"{command} {closed}"], capture_output=True, env=environment(), check=False)
    assert (ran.returncode, ran.stderr) == (1, b"")


@pytest.mark.parametrize(
    "changes", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
def test_a_terminal_that_cannot_show_a_name_gets_its_escape(tmp_path: Path, changes: dict[str, str]) -> None:
    source = tmp_path / "estate.yaml"
    source.write_text(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: wide}\n"
        "roleRef: {kind: ClusterRole, name: cluster-admin}\nsubjects: [{kind: User, name: Zo\u00eb \u4f60}]\n---\n"
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: cluster-admin}\n"
        'rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]\n',
        "utf-8",
    )
    ran = spawned("audit", source, changes=changes)
    assert ran.returncode == 1
    assert ran.stderr == b""
    assert b"Zo\\xeb \\u4f60" in ran.stdout
    as_json = spawned("audit", source, "--format", "json", changes=changes)
    assert "Zo\u00eb \u4f60" in as_json.stdout.decode("utf-8"), "programs read it: always UTF-8"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_of_a_command_works(run: Run, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = command_line.cli.resolve_command(click.Context(command_line.cli), [name])[1]
    assert command is not None
    head, _, example = (command.epilog or "").partition("Example: ")
    assert head == ""
    assert example.split()[:2] == ["rbac-audit", name]
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    shutil.copy(
        ROOT / "examples/tenancy-legacy/rancher/rolebindings.rbac.authorization.k8s.io.yaml",
        tmp_path / "new-bindings.yaml",
    )
    monkeypatch.chdir(tmp_path)
    ran = run(*shlex.split(example)[1:])
    assert ran.code in {0, 1}
    assert ran.err == ""
    assert ran.out
