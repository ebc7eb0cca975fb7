"""Keep-alive HTTPS connections to one server, one a thread."""

import http.client
import json
import ssl
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# More do not help: with eight in flight the server keeps two cores busy.
THREADS = 8
# The server closes what was idle for a while, which shows only when the next request is sent.
CLOSED = (
    http.client.RemoteDisconnected,
    BrokenPipeError,
    ConnectionResetError,
    ssl.SSLEOFError,
    ssl.SSLZeroReturnError,
)

# JSON as the server sends it: untyped by nature.
Object = dict[str, Any]


@dataclass(frozen=True)
class Response:
    """What the server answered."""

    status: int
    body: Object
    warnings: tuple[str, ...]


# A header may occur several times: Impersonate-Group does.
Headers = Sequence[tuple[str, str]]


class Connections:
    """Sends requests from any thread; `pool` sends many at once."""

    def __init__(self, url: str, ca: Path) -> None:
        where = urlsplit(url)
        self._host, self._port = where.hostname or "", where.port
        self._tls = ssl.create_default_context(cafile=ca)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[http.client.HTTPSConnection] = []
        self.pool = ThreadPoolExecutor(THREADS, "api")

    def send(self, method: str, path: str, body: object, headers: Headers) -> Response:
        """Send one request and decode its answer; a dropped connection is opened again, once."""
        data = b"" if body is None else json.dumps(body).encode()
        try:
            return _exchange(self._connection(), method, path, data, headers)
        except CLOSED:
            self._connection().close()
            return _exchange(self._connection(), method, path, data, headers)
        except (OSError, http.client.HTTPException):
            self._connection().close()  # else the next request of this thread would fail too
            raise

    @contextmanager
    def stream(self, path: str, headers: Headers) -> Iterator[http.client.HTTPResponse]:
        """Send a GET on a connection of its own, and let the answer be read as it comes."""
        connection = http.client.HTTPSConnection(self._host, self._port, context=self._tls, timeout=60)
        try:
            connection.request("GET", path, headers=dict(headers))
            yield connection.getresponse()
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPSConnection:
        connection: http.client.HTTPSConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPSConnection(self._host, self._port, context=self._tls, timeout=60)
            self._local.connection = connection
            with self._lock:
                self._open.append(connection)
        return connection

    def close(self) -> None:
        """Close all connections of all threads."""
        self.pool.shutdown()
        for connection in self._open:
            connection.close()


def _exchange(
    connection: http.client.HTTPSConnection, method: str, path: str, data: bytes, headers: Headers
) -> Response:
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in (*headers, ("Content-Length", str(len(data)))):
        connection.putheader(name, value.encode())
    connection.endheaders(data)
    answer = connection.getresponse()
    text = answer.read()
    warnings = tuple(answer.headers.get_all("Warning") or ())
    is_json = (answer.headers.get("Content-Type") or "").startswith("application/json")
    return Response(answer.status, json.loads(text) if is_json else {"message": text.decode()}, warnings)
