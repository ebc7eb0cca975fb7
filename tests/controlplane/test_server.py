"""How control planes start, whom they let in, and that they end with us."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.controlplane import settle
from tests.controlplane.build import DEFAULT, NEEDED, Assets, find
from tests.controlplane.plugin import Estate
from tests.controlplane.server import Server, running

ROOT = Path(__file__).resolve().parents[2]
CHILD = """
import json, sys
from tests.controlplane.build import find
from tests.controlplane.server import running
with running(find()) as server:
    print(json.dumps([str(server.directory), dict(server.processes)]), flush=True)
    sys.stdin.read()
"""


@pytest.mark.controlplane(controllers=False)
def test_it_says_how_soon_it_was_ready(apiserver: Server, capsys: pytest.CaptureFixture[str]) -> None:
    version = apiserver.api.call("GET", "/version")["gitVersion"]
    with capsys.disabled():
        sys.stdout.write(f"\nkube-apiserver {version} was ready after {apiserver.ready_seconds:.1f} s\n")
    assert 0 < apiserver.ready_seconds < 60
    if "KUBEBUILDER_ASSETS" not in os.environ:
        assert version == f"v{os.environ.get('KUBERNETES', DEFAULT)}"


@pytest.mark.controlplane(controllers=False)
def test_release_binaries_may_lack_controllers(tmp_path: Path) -> None:
    built = find()
    for name in NEEDED:
        (tmp_path / name).symlink_to((built.components / name).resolve())
    with running(Assets(built.serve, tmp_path)) as server:
        server.clean()
        assert not server.controllers
        assert not server.api.get("rbac.authorization.k8s.io/v1", "ClusterRole", "admin").get("rules")
        assert not server.api.sar("mia", [], {"verb": "get", "resource": "secrets"})


@pytest.mark.controlplane
def test_a_control_plane_that_cannot_start_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in NEEDED:
        (tmp_path / name).symlink_to(shutil.which("false") or "false")
    with pytest.raises(RuntimeError, match="did not start"), running(Assets(find().serve, tmp_path)):
        pass
    assert "etcd ended by itself" in capfd.readouterr().err


@pytest.mark.parametrize("context", ["admin", "certificate", "alice", "bob"])
@pytest.mark.controlplane(controllers=False)
def test_kubeconfig_logs_in(apiserver: Server, context: str) -> None:
    from kubernetes import client, config

    load = config.new_client_from_config  # the package has types, this function has none
    with load(str(apiserver.kubeconfig), context=context) as connection:  # type: ignore[no-untyped-call]
        api = client.AuthenticationV1Api(connection)
        status = api.create_self_subject_review(client.V1SelfSubjectReview()).status
    assert status is not None
    assert status.user_info is not None
    assert status.user_info.username == {"certificate": "certificate-admin"}.get(context, context)


def test_two_are_two(two_apiservers: Estate) -> None:
    rancher, harvester = two_apiservers
    assert rancher.url != harvester.url
    kinds = {each.kind for each in rancher.api.discovery.refresh()}
    assert "RoleTemplate" in kinds
    assert "VirtualMachine" not in kinds


@pytest.mark.controlplane
@pytest.mark.parametrize("victim", ["parent", "serve"])
def test_it_ends_with_whoever_is_killed(victim: str) -> None:
    if victim == "serve" and sys.platform != "linux":
        pytest.skip("only Linux kills children of a killed process")
    command = [sys.executable, "-c", CHILD]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        directory, processes = json.loads(child.stdout.readline())
        assert all(map(_alive, processes.values()))
        os.kill(child.pid if victim == "parent" else processes["serve"], signal.SIGKILL)
        try:
            settle.wait("the end of all processes", lambda: not any(map(_alive, processes.values())))
            settle.wait("the end of its files", lambda: victim == "serve" or not Path(directory).exists())
        finally:
            _remove(child.pid, directory, processes.values())


def _remove(child: int, directory: str, processes: Iterable[int]) -> None:
    for process in filter(_alive, (child, *processes)):
        os.kill(process, signal.SIGKILL)
    shutil.rmtree(directory, ignore_errors=True)


def _alive(process: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent to notice does not."""
    try:
        os.kill(process, 0)
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()
