"""One API server as a connection: plain GETs through the kubernetes client, without its models."""

import ssl
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple  # Any: objects of an API server are untyped JSON

import urllib3

from rbac_audit import __version__
from rbac_audit.sources.live.limits import Limits, Pace, Patience

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

_CHUNK = 1 << 18
_JSON = "application/json"


class Failed(Exception):
    """There is no usable answer; `again`: another try may help; `whole`: the other kinds will fare no better.

    Texts are our own words: an answer may hold secrets.
    """

    def __init__(self, problem: str, advice: str, *, again: bool = False, whole: bool = False, status: int = 0) -> None:
        """Take what a Gap says, and the status of the answer where it is what is wrong."""
        super().__init__(problem)
        self.problem, self.advice, self.again, self.whole, self.status = problem, advice, again, whole, status


class Answer(NamedTuple):
    """What came back, unpacked."""

    status: int
    content_type: str
    retry_after: str
    body: bytes


class Connection:
    """An API server as one account sees it."""

    def __init__(self, api: "ApiClient", pace: Pace, impersonation: Iterable[tuple[str, str]] = ()) -> None:
        """Take a configured client, the pace of all that ask its server, and the headers that say as whom it asks."""
        self._api, self._pace = api, pace
        self._impersonation = tuple(impersonation)

    def get(self, path: str, query: Mapping[str, str], accept: str, patience: Patience) -> Answer:
        """Send one GET, once; raises Failed when no whole answer arrives."""
        return self.send("GET", path, query, accept, patience)

    def send(
        self,
        verb: str,
        path: str,
        query: Mapping[str, str],
        accept: str,
        patience: Patience,
        *,
        body: object = None,
    ) -> Answer:
        """Send one request, once, `body` as JSON; raises Failed when no whole answer arrives."""
        headers = {"Accept": accept, "Accept-Encoding": "gzip"} | ({} if body is None else {"Content-Type": _JSON})
        limits, left = patience.limits, max(patience.left, 0.001)
        timeout = (min(limits.connect_seconds, left), min(limits.silence_seconds, left))
        with self._failing():
            response = self._open(verb, path, query, headers, timeout, body)
            try:
                return _whole(response, patience)
            except BaseException:
                response.close()
                raise

    def watch(self, path: str, version: str, seconds: int, limits: Limits) -> Iterator[Mapping[str, Any]]:
        """Yield the events of a collection after a resourceVersion, for so many seconds; raises Failed when it is cut.

        Also when the server has forgotten the resourceVersion (410), and when it lets nobody watch: list again then.
        """
        from kubernetes.client.exceptions import ApiException
        from kubernetes.watch import Watch

        # The server ends a watch in time; silence for longer means that nobody is there any more.
        timeout = (limits.connect_seconds, seconds + limits.connect_seconds)

        def opened(**asked: object) -> "urllib3.BaseHTTPResponse":
            query = {"watch": "true", "resourceVersion": version, "timeoutSeconds": str(asked["timeout_seconds"])}
            with self._failing():
                return self._open("GET", path, query, {"Accept": _JSON}, timeout)

        watching = Watch().stream(  # type: ignore[no-untyped-call]  # the client annotates half of itself
            opened, timeout_seconds=seconds
        )
        try:
            yield from watching
        except urllib3.exceptions.HTTPError as error:
            raise _failure(error) from None
        except ApiException as error:
            problem = f"the watch was ended ({error.status})"
            raise Failed(problem, "list again", again=True, status=int(error.status or 0)) from None

    def _open(
        self,
        verb: str,
        path: str,
        query: Mapping[str, str],
        more: Mapping[str, str],
        timeout: tuple[float, float],
        body: object = None,
    ) -> urllib3.BaseHTTPResponse:
        method, url, signed, *_ = self._api.param_serialize(
            verb, path, query_params=list(query.items()), auth_settings=["BearerToken"]
        )
        # A mapping that may hold a name several times, as Impersonate-Group needs it.
        headers = urllib3.HTTPHeaderDict({name: _one_line(value) for name, value in signed.items()})
        headers.update({"User-Agent": f"rbac-audit/{__version__}", **more})
        for name, value in self._impersonation:
            headers.add(name, value)
        self._pace.turn()
        response: urllib3.BaseHTTPResponse = self._api.call_api(
            method, url, headers, body, _request_timeout=timeout
        ).response
        return response

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Turn what the client raises into Failed."""
        from kubernetes.client.exceptions import ApiException

        try:
            yield
        except urllib3.exceptions.HTTPError as error:
            raise _failure(error) from None
        except ApiException as error:
            # The client raises it instead of the SSLError, and for nothing else here (kubernetes/client/rest.py).
            raise _tls_failure(error.__context__) from None

    def close(self) -> None:
        """Let go of its sockets."""
        self._api.rest_client.close()


def _one_line(value: str) -> str:
    """Take a credential as a header; files of tokens often end with a newline."""
    line = value.strip()
    if not line.isascii() or not line.isprintable():
        raise Failed("its credentials are none that can be sent", "check the token of its user", whole=True)
    return line


def _whole(response: urllib3.BaseHTTPResponse, patience: Patience) -> Answer:
    headers = response.headers
    packed = headers.get("Content-Encoding", "").lower() == "gzip"
    unpack = zlib.decompressobj(wbits=31) if packed else None
    body = bytearray()
    # Unpacked here: urllib3 would read on until there is something to return, whatever the time.
    while chunk := response.read1(_CHUNK, decode_content=False):
        body += _unpacked(chunk, unpack) if unpack else chunk
        if len(body) > patience.limits.page_bytes:
            raise Failed("a page is larger than any list can be", "check that the context names a Kubernetes API")
        if patience.left <= 0:
            raise Failed("it did not end in time", "give it more time with --kind-timeout")
    if unpack and not unpack.eof:
        raise Failed("the connection was cut", "collect again", again=True)
    return Answer(response.status, headers.get("Content-Type", ""), headers.get("Retry-After", ""), bytes(body))


def _unpacked(chunk: bytes, unpack: "zlib._Decompress") -> bytes:
    try:
        return unpack.decompress(chunk)
    except zlib.error:
        raise Failed("its answer does not unpack", "collect again", again=True) from None


def _failure(error: urllib3.exceptions.HTTPError) -> Failed:
    match error:
        case urllib3.exceptions.NewConnectionError() | urllib3.exceptions.ConnectTimeoutError():
            return Failed("it cannot be reached", "check the server of the context", again=True, whole=True)
        case urllib3.exceptions.ProxyError():
            return Failed("its proxy cannot be reached", "check HTTPS_PROXY and NO_PROXY", again=True, whole=True)
        case urllib3.exceptions.TimeoutError():
            return Failed("it did not answer in time", "give it more time with --kind-timeout", again=True)
    return Failed("the connection was cut", "collect again", again=True)


def _tls_failure(error: BaseException | None) -> Failed:
    """Say what OpenSSL found wrong, in its own words: they quote nothing that the server sent."""
    cause = error.args[0] if isinstance(error, urllib3.exceptions.SSLError) else None
    if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return _failure(urllib3.exceptions.ProtocolError())
    if isinstance(cause, ssl.SSLCertVerificationError):
        where = "certificate-authority-data and tls-server-name of the context's cluster in the kubeconfig"
        advice = f"check {where}, or --rancher-ca"
        return Failed(f"its certificate is not trusted ({cause.verify_message.rstrip('.')})", advice, whole=True)
    reason = (getattr(cause, "reason", None) or type(cause).__name__).replace("_", " ").lower()
    advice = "check the server, the certificate-authority and the client-certificate of the context in the kubeconfig"
    return Failed(f"no TLS connection could be made ({reason})", advice, whole=True)
