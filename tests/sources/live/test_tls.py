"""A server whose certificate is not trusted is a gap with a clear line, as one that cannot be reached."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbac_audit.snapshot.estate import Snapshot
from rbac_audit.snapshot.objects import ClusterRole
from rbac_audit.sources.evidence import kind_names
from rbac_audit.sources.live.kinds import live_kinds
from tests.sources.live import reading
from tests.sources.live.contexts import kubeconfig
from tests.sources.live.fake import Fake, listed, only, serving
from tests.sources.live.reading import FAST

pytest.importorskip("cryptography")
from tests.sources.live.certificates import Pair, self_signed


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return self_signed(tmp_path)


@pytest.fixture
def fake(pair: Pair) -> Iterator[Fake]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*pair)
    with serving(tls) as server:
        server.script = only("clusterroles", listed("ClusterRole", ["a"]))
        yield server


def read(tmp_path: Path, **cluster: object) -> Snapshot:
    file = kubeconfig(tmp_path / "config", {"lab": cluster}, {"lab": {"token": "kanarie"}})
    return reading.read(file)


def refused(snapshot: Snapshot) -> tuple[str, str]:
    (gap,) = snapshot.gaps
    assert (gap.what, gap.kinds) == ("the cluster", kind_names(live_kinds()))
    assert snapshot.cluster("lab").collected == frozenset()
    return gap.reason, gap.advice


def test_a_certificate_that_the_kubeconfig_names_is_trusted(fake: Fake, pair: Pair, tmp_path: Path) -> None:
    snapshot = read(tmp_path, server=fake.url, **{"certificate-authority": str(pair.certificate)})
    assert [each.name for each in snapshot.cluster("lab").of(ClusterRole)] == ["a"]
    assert snapshot.gaps == ()


def test_a_certificate_that_signs_itself_is_not_trusted(fake: Fake, tmp_path: Path) -> None:
    reason, advice = refused(read(tmp_path, server=fake.url))
    assert reason == "its certificate is not trusted (self-signed certificate)"
    assert "certificate-authority-data" in advice
    assert fake.asked == []


def test_a_certificate_of_another_server_is_not_trusted(fake: Fake, tmp_path: Path) -> None:
    other = self_signed(tmp_path, "127.0.0.2")
    reason, _ = refused(read(tmp_path, server=fake.url, **{"certificate-authority": str(other.certificate)}))
    assert reason.startswith("its certificate is not trusted (")


def test_a_certificate_for_another_name_is_not_trusted(fake: Fake, pair: Pair, tmp_path: Path) -> None:
    authority = {"certificate-authority": str(pair.certificate), "tls-server-name": "api.example.com"}
    reason, advice = refused(read(tmp_path, server=fake.url, **authority))
    assert "certificate is not valid for 'api.example.com'" in reason
    assert "tls-server-name" in advice


def test_an_authority_that_is_none(fake: Fake, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("kanarie")
    reason, advice = refused(read(tmp_path, server=fake.url, **{"certificate-authority": str(tmp_path / "ca.crt")}))
    assert reason.startswith("no TLS connection could be made (")
    assert "certificate-authority" in advice


def test_a_server_that_speaks_no_tls(tmp_path: Path) -> None:
    with serving() as plain:
        reason, advice = refused(read(tmp_path, server=plain.url.replace("http:", "https:")))
    assert reason.startswith("no TLS connection could be made (")
    assert "the server" in advice


def test_a_handshake_that_breaks_off_is_tried_again(tmp_path: Path) -> None:
    met: list[bytes] = []

    def hang_up() -> None:
        for _ in range(FAST.retries + 1):
            connection, _ = server.accept()
            with connection:
                met.append(connection.recv(1 << 16)[:1])
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=hang_up)
        thread.start()
        reason, _ = refused(read(tmp_path, server=f"https://127.0.0.1:{server.getsockname()[1]}"))
        thread.join()
    assert reason == "the connection was cut"
    assert met == [b"\x16"] * (FAST.retries + 1)
