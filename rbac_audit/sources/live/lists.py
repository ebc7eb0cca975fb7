"""One collection, page by page, all of one resource version."""

import itertools

import msgspec

from rbac_audit.sources.live.connection import Answer, Connection, Failed
from rbac_audit.sources.live.limits import Limits, Patience

JSON = "application/json"
# Accepts nothing else: a server that cannot leave the values out answers 406.
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


class Refused(Exception):
    """The server answered 403, 404 or 410."""

    def __init__(self, status: int) -> None:
        """Keep the status only: the text of an answer may quote anything."""
        super().__init__(str(status))
        self.status = status


class _Metadata(msgspec.Struct, frozen=True):
    resource_version: str = msgspec.field(name="resourceVersion", default="")
    more: str = msgspec.field(name="continue", default="")


class _Page(msgspec.Struct, frozen=True):
    kind: str
    items: list[msgspec.Raw] | None
    metadata: _Metadata = _Metadata()


_PAGE = msgspec.json.Decoder(_Page)


def read(connection: Connection, path: str, patience: Patience, query: dict[str, str], accept: str = JSON) -> bytes:
    """GET, again where that may help; raises Refused and Failed."""
    while True:
        try:
            answer = connection.get(path, query, accept, patience)
            if answer.status == 200:
                return _json(answer)
            failed = _unusable(answer)
            retry_after = answer.retry_after
        except Failed as error:
            failed, retry_after = error, ""
        if not failed.again or not patience.wait(retry_after):
            raise failed


def _json(answer: Answer) -> bytes:
    if answer.content_type.partition(";")[0].strip().lower() != JSON:
        raise Failed("it answered with something else than JSON", "check that the context names a Kubernetes API")
    return answer.body


def _unusable(answer: Answer) -> Failed:
    status = answer.status
    if status in (403, 404, 410):
        raise Refused(status)
    if status == 401:
        return Failed("it does not accept the credentials", "log in again, or renew the token", whole=True)
    if status == 429 or status >= 500:
        return Failed(f"it kept answering {status}", "collect again when the server has recovered", again=True)
    return Failed(f"it answered {status}", "check the context with kubectl")


def list_all(connection: Connection, path: str, limits: Limits, accept: str = JSON) -> list[msgspec.Raw]:
    """Read every item; begins anew when the server no longer has the version. Raises Refused and Failed."""
    patience = Patience(limits)
    for _ in range(limits.restarts + 1):
        items = _pages(connection, path, patience, accept)
        if items is not None:
            return items
    problem = f"it forgot the list's version {limits.restarts + 1} times before the last page"
    raise Failed(problem, "collect again when the cluster is less busy")


def _pages(connection: Connection, path: str, patience: Patience, accept: str) -> list[msgspec.Raw] | None:
    """Read the pages of one version; None when the server has dropped that before the last (410 Expired)."""
    items: list[msgspec.Raw] = []
    query = {"limit": str(patience.limits.page)}
    version = ""
    for number in itertools.count():
        try:
            page = _page(connection, path, patience, query, accept)
        except Refused as refused:
            if refused.status == 410 and number:
                return None
            raise
        if number and page.metadata.resource_version != version:
            return None
        version = page.metadata.resource_version
        items += page.items or ()
        if not page.metadata.more:
            return items
        if query.get("continue") == page.metadata.more:
            raise Failed("its list has no end", "report it to whoever runs this server")
        query["continue"] = page.metadata.more
    return None


def _page(connection: Connection, path: str, patience: Patience, query: dict[str, str], accept: str) -> _Page:
    while True:
        body = read(connection, path, patience, query, accept)
        try:
            page = _PAGE.decode(body)
        except msgspec.ValidationError:
            raise Failed("its answer is no list", "check that the context names a Kubernetes API") from None
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            # Half an answer looks like this too, when a proxy cut it.
            if patience.wait():
                continue
            raise Failed("its answer is broken JSON", "collect again") from None
        if not page.kind.endswith("List"):
            raise Failed("its answer is no list", "check that the context names a Kubernetes API")
        return page
