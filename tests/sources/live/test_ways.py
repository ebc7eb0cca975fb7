"""Every way to log in, tried for real: who the API server takes us for is whose rights count."""

import base64
import functools
import json
import select
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest
from kubernetes.config import incluster_config

from rbac_audit.snapshot.file import read_snapshot
from rbac_audit.sources.live.limits import Limits
from tests.cli.conftest import Ran, Run, run
from tests.controlplane.server import Server
from tests.sources.live.contexts import kubeconfig

__all__ = ["run"]

pytestmark = pytest.mark.controlplane(controllers=False)

PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy")


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy, and no patience."""
    monkeypatch.setattr("rbac_audit.cli.live.Limits", functools.partial(Limits, first_delay=0.01, longest_delay=0.05))
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


def of(server: Server, **cluster: object) -> dict[str, object]:
    return {"server": server.url, "certificate-authority": str(server.ca), **cluster}


def collected(run: Run, folder: Path, cluster: Mapping[str, object], user: Mapping[str, object]) -> Ran:
    """Collect with one cluster and user of a kubeconfig; of no file is anything printed that is secret."""
    file = kubeconfig(folder / "config", {"lab": cluster}, {"lab": user})
    ran = run("collect", "--kubeconfig", file, "-o", folder / "estate.jsonl", "--qps", "999")
    assert "kanarie" not in ran.out + ran.err
    return ran


def encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def plugin(folder: Path, *lines: str) -> dict[str, object]:
    """An exec plugin, called as kubectl calls it."""
    script = folder / "plugin.py"
    script.write_text("\n".join(("import json, os, sys", *lines)), "utf-8")
    api = "client.authentication.k8s.io/v1"
    return {"exec": {"apiVersion": api, "command": sys.executable, "args": [str(script)], "interactiveMode": "Never"}}


def credential(status: Mapping[str, object]) -> str:
    answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    return f"print(json.dumps({answer!r}))"


def test_a_client_certificate(run: Run, apiserver: Server, tmp_path: Path) -> None:
    cert, key = apiserver.directory / "certificate.crt", apiserver.directory / "certificate.key"
    files = {"client-certificate": str(cert), "client-key": str(key)}
    data = {"client-certificate-data": encoded(cert), "client-key-data": encoded(key)}
    assert collected(run, tmp_path, of(apiserver), files).code == 0
    assert collected(run, tmp_path, of(apiserver), data).code == 0
    assert collected(run, tmp_path, of(apiserver), {}).code == 3


def test_an_exec_plugin_gives_a_token(run: Run, apiserver: Server, tmp_path: Path) -> None:
    user = plugin(tmp_path, credential({"token": apiserver.token}))
    assert collected(run, tmp_path, of(apiserver), user).code == 0


def test_an_exec_plugin_gives_a_certificate(run: Run, apiserver: Server, tmp_path: Path) -> None:
    files = {"clientCertificateData": "certificate.crt", "clientKeyData": "certificate.key"}
    status = {name: (apiserver.directory / file).read_text() for name, file in files.items()}
    assert collected(run, tmp_path, of(apiserver), plugin(tmp_path, credential(status))).code == 0


FAILING = {
    "exit code": ["sys.stderr.write('kanarie')", "sys.exit(1)"],
    "no JSON": ["print('kanarie')"],
    "no credential": [credential({})],
    "half a certificate": [credential({"clientCertificateData": "kanarie"})],
}


@pytest.mark.parametrize("lines", FAILING.values(), ids=FAILING)
def test_a_plugin_that_fails_is_a_gap_and_nobody_is_asked(
    run: Run, apiserver: Server, tmp_path: Path, lines: list[str]
) -> None:
    ran = collected(run, tmp_path, of(apiserver), plugin(tmp_path, *lines))
    assert ran.code == 3
    (line,) = ran.err.splitlines()
    assert line.startswith("gap: lab: the cluster: the exec plugin of its user gave no credentials")


def test_a_token_file(run: Run, apiserver: Server, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{apiserver.token}\n", "utf-8")
    assert collected(run, tmp_path, of(apiserver), {"tokenFile": "token"}).code == 0


def test_a_token_that_is_not_known_is_one_gap(run: Run, apiserver: Server, tmp_path: Path) -> None:
    ran = collected(run, tmp_path, of(apiserver), {"token": "kanarie"})
    assert ran.code == 3
    assert ran.err.startswith("gap: lab: the cluster: it does not accept the credentials")


@pytest.mark.parametrize("name", ["localhost", "kubernetes.default.svc"])
def test_the_name_in_the_certificate_may_be_another(run: Run, apiserver: Server, tmp_path: Path, name: str) -> None:
    user = {"token": apiserver.token}
    assert collected(run, tmp_path, of(apiserver, **{"tls-server-name": name}), user).code == 0


@contextmanager
def proxying() -> Iterator[tuple[str, list[str]]]:
    """A proxy that knows CONNECT only, and where it was asked to connect to."""
    asked: list[str] = []

    class Tunnel(StreamRequestHandler):
        def handle(self) -> None:
            method, place, _ = self.rfile.readline().decode().split()
            while self.rfile.readline().strip():
                pass
            asked.append(f"{method} {place}")
            host, _, port = place.rpartition(":")
            with socket.create_connection((host, int(port))) as server:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                _pump(self.connection, server)

    with ThreadingTCPServer(("127.0.0.1", 0), Tunnel) as proxy:
        proxy.daemon_threads = True
        proxy.block_on_close = False
        thread = threading.Thread(target=proxy.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{proxy.server_address[1]}", asked
        finally:
            proxy.shutdown()
            thread.join()


def _pump(one: socket.socket, other: socket.socket) -> None:
    ways = {one: other, other: one}
    while True:
        for ready in select.select(list(ways), [], [], 60)[0]:
            data = ready.recv(1 << 16)
            if not data:
                return
            ways[ready].sendall(data)


def test_the_proxy_of_the_kubeconfig(run: Run, apiserver: Server, tmp_path: Path) -> None:
    with proxying() as (url, asked):
        ran = collected(run, tmp_path, of(apiserver, **{"proxy-url": url}), {"token": apiserver.token})
    assert ran.code == 0
    assert set(asked) == {f"CONNECT {apiserver.url.removeprefix('https://')}"}


@pytest.mark.parametrize("spared", [False, True])
def test_the_proxy_of_the_environment(
    run: Run, apiserver: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spared: bool
) -> None:
    with proxying() as (url, asked):
        monkeypatch.setenv("HTTPS_PROXY", url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1" if spared else "")
        assert collected(run, tmp_path, of(apiserver), {"token": apiserver.token}).code == 0
    assert bool(asked) is not spared


def test_a_proxy_that_is_not_there_is_a_gap(run: Run, apiserver: Server, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = f"http://127.0.0.1:{taken.getsockname()[1]}"
        ran = collected(run, tmp_path, of(apiserver, **{"proxy-url": place}), {"token": apiserver.token})
    assert (ran.code, "gap: lab: the cluster: its proxy cannot be reached" in ran.err) == (3, True)


@pytest.fixture
def pod(apiserver: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the kubelet gives a pod: where the API server is, its authority, and a token; returns the token's file."""
    host, _, port = apiserver.url.removeprefix("https://").partition(":")
    token = tmp_path / "token"
    token.write_text(apiserver.token, "utf-8")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(apiserver.ca))
    return token


def test_in_a_pod_its_service_account_is_enough(run: Run, pod: Path, tmp_path: Path) -> None:
    assert pod.exists()
    target = tmp_path / "estate.jsonl"
    ran = run("collect", "--in-cluster", "own", "-o", target, "--qps", "999")
    assert ran.code == 0, ran.err
    (cluster,) = read_snapshot(target).clusters
    assert (cluster.name, cluster.origins) == ("own", ("the service account of its own pod",))
    assert len(cluster) > 100


def test_outside_of_a_pod_there_is_no_service_account(run: Run, pod: Path, tmp_path: Path) -> None:
    pod.unlink()
    ran = run("collect", "--in-cluster", "own", "-o", tmp_path / "estate.jsonl")
    assert (ran.code, "this does not run in a cluster" in ran.err) == (3, True)


def test_every_kind_of_target_at_once(run: Run, apiserver: Server, pod: Path, tmp_path: Path) -> None:
    assert pod.exists()
    file = kubeconfig(tmp_path / "config", {"lab": of(apiserver)}, {"lab": {"token": apiserver.token}})
    options = ("--context", "one=lab", "--harvester-context", "two=lab", "--rancher-context", "three=lab")
    target = tmp_path / "estate.jsonl"
    ran = run("collect", "--kubeconfig", file, *options, "--in-cluster", "four", "-o", target, "--qps", "999")
    assert ran.code == 0, ran.err
    clusters = read_snapshot(target).clusters
    assert [each.name for each in clusters] == ["four", "one", "three", "two"]
    assert len({len(each) for each in clusters}) == 1
    assert json.dumps([each.rancher_id for each in clusters]) == '["", "", "", ""]'
