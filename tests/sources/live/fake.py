"""An API server on the loopback address that answers what a test says, faults included."""

import gzip
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

JSON = "application/json"


class Reply(NamedTuple):
    """One answer; `cut` ends the connection in the middle of it, `drip` seconds pass between its bytes."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = {}
    content_type: str = JSON
    cut: bool = False
    drip: float = 0.0


class Asked(NamedTuple):
    """A request as it came."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


Script = Callable[[Asked], Reply | None]


def listed(kind: str, names: list[str], more: str = "", version: str = "7") -> Reply:
    """One page; its items have no kind, as those of built-in kinds."""
    items = [{"metadata": {"name": name}} for name in names]
    metadata = {"resourceVersion": version, "continue": more}
    return Reply(json.dumps({"kind": f"{kind}List", "apiVersion": "v1", "metadata": metadata, "items": items}).encode())


def serving_groups(groups: Mapping[str, Mapping[str, list[str]]], freshness: str = "Current") -> Reply:
    """Aggregated discovery: the plurals by group and version."""
    items = [
        {
            "metadata": {"name": group},
            "versions": [
                {"version": version, "freshness": freshness, "resources": [{"resource": plural} for plural in plurals]}
                for version, plurals in versions.items()
            ],
        }
        for group, versions in groups.items()
    ]
    return Reply(json.dumps({"kind": "APIGroupDiscoveryList", "items": items}).encode())


def status(code: int, **headers: str) -> Reply:
    """A refusal, whose text nobody may repeat."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(json.dumps({"kind": "Status", "code": code, "message": "kanarie"}).encode(), code, named)


class Fake:
    """Empty lists of every built-in kind, and no others, unless `script` has an answer."""

    def __init__(self, scheme: str, port: int) -> None:
        self.url = f"{scheme}://127.0.0.1:{port}"
        self.asked: list[Asked] = []
        self.script: Script = lambda _: None

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        reply = self.script(asked)
        if reply is not None:
            return reply
        return serving_groups({}) if asked.path in ("/api", "/apis") else listed("Any", [])

    def of(self, plural: str) -> list[Asked]:
        """The requests for one kind."""
        return [asked for asked in self.asked if asked.path.endswith(f"/{plural}")]


def only(plural: str, *replies: Reply) -> Script:
    """Answer the requests for one kind with these, and then with the last of them."""
    left = list(replies)

    def answer(asked: Asked) -> Reply | None:
        if not asked.path.endswith(f"/{plural}"):
            return None
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Fake]:
    """Serve while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            _send(self, fake.answer(Asked(url.path, query, dict(self.headers.items()))))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # likewise
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that breaks off a handshake is what some tests are about."""

    with Quiet(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        if tls:
            # The handshake is made by the thread of the request, at its first read.
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        fake = Fake("https" if tls else "http", server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    packed = "gzip" in handler.headers.get("Accept-Encoding", "")
    body = gzip.compress(reply.body) if packed else reply.body
    handler.send_response(reply.status)
    headers = {"Content-Type": reply.content_type, "Content-Length": str(len(body)), **reply.headers}
    for name, value in {**headers, **({"Content-Encoding": "gzip"} if packed else {})}.items():
        handler.send_header(name, value)
    handler.end_headers()
    try:
        if reply.cut:
            handler.wfile.write(body[: len(body) // 2])
            handler.close_connection = True
            return
        for start in range(0, len(body), 1 if reply.drip else len(body)):
            handler.wfile.write(body[start : start + (1 if reply.drip else len(body))])
            time.sleep(reply.drip)
    except OSError:
        handler.close_connection = True
