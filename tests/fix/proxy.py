"""A proxy before an API server, in plain HTTP, which counts requests and makes what faults a test wants."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from tests.controlplane.connections import Connections, Object
from tests.controlplane.server import Server


class Call(NamedTuple):
    """One request, with its number over all proxies of a test, and how far it has come: before or after its answer."""

    number: int
    method: str
    path: str
    body: bytes
    when: str
    status: int = 0


# What becomes of it: None as it is, a number as this status, with a point so many seconds of silence first, "cut" the connection is cut, "gone" a watch is told that
# its resourceVersion is too old (apiserver pkg/storage/cacher, as an event of a stream that began well).
Fate = int | float | str | None
Script = Callable[[Call], Fate]


class Faults:
    """The counter and the script that several proxies share."""

    def __init__(self) -> None:
        self.count = 0
        self.script: Script = lambda _: None
        self.calls: list[Call] = []
        self._lock = threading.Lock()

    def next(self) -> int:
        with self._lock:
            self.count += 1
            return self.count

    def reset(self, script: Script = lambda _: None) -> None:
        self.count, self.script, self.calls = 0, script, []

    def judge(self, call: Call) -> Fate:
        self.calls.append(call)
        fate = self.script(call)
        if isinstance(fate, float):
            time.sleep(fate)
            return None
        return fate


class Proxy(ThreadingHTTPServer):
    """Forwards to one server."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, connections: Connections, faults: Faults) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.connections, self.faults = connections, faults


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    server: Proxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self) -> None:
        """Forward a request, unless its fate is another one."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        faults = self.server.faults
        call = Call(faults.next(), self.command, self.path, body, "before")
        fate = faults.judge(call)
        if fate is None and "watch=true" in self.path:
            fate = self._stream(call)
        elif fate is None:
            status, said = self._forward(body)
            fate = faults.judge(call._replace(when="after", status=status))
            if fate is None:
                self._say(status, said)
        if fate == "cut":
            self.close_connection = True
            self.connection.close()
        elif fate == "gone":
            self._say(
                200, {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": ""}}
            )
        elif isinstance(fate, int):
            self._say(fate, {"kind": "Status", "apiVersion": "v1", "code": fate, "message": "made up"})

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815  # the base class looks for these names

    def _forward(self, body: bytes) -> tuple[int, Object]:
        sent = self.server.connections.send(self.command, self.path, json.loads(body) if body else None, self._kept())
        return sent.status, sent.body

    def _kept(self) -> list[tuple[str, str]]:
        return [
            (name, self.headers[name]) for name in ("Authorization", "Accept", "Content-Type") if name in self.headers
        ]

    def _stream(self, call: Call) -> Fate:
        """Pass a watch on, line by line; it ends early, lest one whose client was killed waits for long."""
        path = re.sub("timeoutSeconds=[0-9]+", "timeoutSeconds=2", self.path)
        with self.server.connections.stream(path, self._kept()) as answer:
            fate = self.server.faults.judge(call._replace(when="after", status=answer.status))
            if fate is not None:
                return fate
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while line := answer.readline():
                self.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))
            self.wfile.write(b"0\r\n\r\n")
        return None

    def _say(self, status: int, said: Object) -> None:
        body = json.dumps(said).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        """Take it calmly when the client is killed."""
        with suppress(OSError, ValueError):
            super().handle()

    def finish(self) -> None:
        """Likewise."""
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Say nothing."""


@contextmanager
def proxied(server: Server, faults: Faults) -> Iterator[str]:
    """Forward to a server while the block runs; yields the URL."""
    connections = Connections(server.url, server.ca)
    with Proxy(connections, faults) as served:
        thread = threading.Thread(target=served.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{served.server_address[1]}"
        finally:
            served.shutdown()
            thread.join()
            connections.close()
