"""Stands for the part of Rancher that collecting meets: `/k8s/clusters/<id>` in front of real API servers.

As rancher/rancher pkg/k8slookup/lookup.go and pkg/clusterrouter/proxy/proxy_server.go: an unknown token is 401, a cluster
that the user may not see is 403 and one that is not there 404, before any of its own rights count; one whose agent is
not connected is 503; the rest is asked as that user, by impersonation. Its errors are those of Norman, not of Kubernetes.
"""

import http.client
import json
import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.controlplane.server import Server

PATH = re.compile(r"/k8s/clusters/([^/]+)(/.*)")
PASSED_ON = ("Accept", "Accept-Encoding")


@dataclass
class StandIn:
    """The clusters by id, the users by token, which of the clusters are down, and what was asked for."""

    servers: Mapping[str, Server]
    users: dict[str, str]
    members: dict[str, set[str]] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def refusal(self, path: str, headers: Message) -> int:
        """Say with which status a request is refused; 0 lets it pass."""
        found = PATH.fullmatch(path.partition("?")[0])
        user = self.user(headers)
        if user is None:
            return 401
        if found is None or found[1] not in {*self.servers, *self.down}:
            return 404
        if found[1] not in self.members.get(user, {found[1]}) or any("impersonate" in name.lower() for name in headers):
            return 403
        return 503 if found[1] in self.down else 0

    def user(self, headers: Message) -> str | None:
        """Say whose token it is."""
        return self.users.get(str(headers.get("Authorization", "")).removeprefix("Bearer "))


@contextmanager
def standing(servers: Mapping[str, Server], users: Mapping[str, str]) -> Iterator[StandIn]:
    """Serve on the loopback address, with the certificate of the first server."""
    first = next(iter(servers.values()))
    rancher = StandIn(servers, dict(users))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            rancher.asked.append(self.path)
            refused = rancher.refusal(self.path, self.headers)
            if refused:
                body = {"type": "error", "status": str(refused), "message": "kanarie"}
                self._send(refused, {"Content-Type": "application/json"}, json.dumps(body).encode())
                return
            cluster, path = PATH.match(self.path).groups()  # type: ignore[union-attr]  # `refusal` has matched it
            self._send(*_asked(rancher.servers[cluster], path, self.headers, str(rancher.user(self.headers))))

        def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the signature of the base
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(first.directory / "serving.crt", first.directory / "serving.key")
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        rancher.url = f"https://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield rancher
        finally:
            server.shutdown()
            thread.join()


def _asked(server: Server, path: str, headers: Message, user: str) -> tuple[int, Mapping[str, str], bytes]:
    """Ask the API server as Rancher's own account, which impersonates the user."""
    tls = ssl.create_default_context(cafile=server.ca)
    connection = http.client.HTTPSConnection(server.url.removeprefix("https://"), context=tls, timeout=60)
    try:
        passed = {name: headers[name] for name in PASSED_ON if name in headers}
        own = {"Authorization": f"Bearer {server.token}", "Impersonate-User": user}
        connection.request("GET", path, headers={**passed, **own})
        answer = connection.getresponse()
        kept = {name: answer.headers[name] for name in ("Content-Type", "Content-Encoding") if name in answer.headers}
        return answer.status, kept, answer.read()
    finally:
        connection.close()
