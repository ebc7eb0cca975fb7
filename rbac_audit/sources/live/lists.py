"""One collection, page by page, all of one resource version."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import msgspec

from rbac_audit.sources.live.connection import Answer, Connection, Failed
from rbac_audit.sources.live.limits import Limits, Patience

JSON = "application/json"
# Accepts nothing else: a server that cannot leave the values out answers 406.
METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


class Refused(Exception):
    """The server answered 403, 404, 406 or 410; `more` may continue a list of which it forgot the version."""

    def __init__(self, status: int, more: str = "") -> None:
        """Keep no text of the answer: it may quote anything."""
        super().__init__(str(status))
        self.status, self.more = status, more


class _Metadata(msgspec.Struct, frozen=True):
    resource_version: str = msgspec.field(name="resourceVersion", default="")
    more: str = msgspec.field(name="continue", default="")


class _Page(msgspec.Struct, frozen=True):
    kind: str
    items: list[msgspec.Raw] | None
    metadata: _Metadata = _Metadata()


class _Status(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()


_PAGE = msgspec.json.Decoder(_Page)
_STATUS = msgspec.json.Decoder(_Status)


def read(connection: Connection, path: str, patience: Patience, query: Mapping[str, str], accept: str = JSON) -> bytes:
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
    if status in (403, 404, 406, 410):
        raise Refused(status, _more(answer) if status == 410 else "")
    if status == 401:
        return Failed("it does not accept the credentials", "log in again, or renew the token", whole=True)
    if status == 429 or status >= 500:
        advice = "collect again when the server has recovered"
        return Failed(f"it kept answering {status}", advice, again=True, status=status)
    return Failed(f"it answered {status}", "check the context with kubectl")


def _more(answer: Answer) -> str:
    """Find the token of a 410 that goes on behind what was read, in the newest version.

    k8s.io/apiserver pkg/storage/etcd3/store.go GetList: handleCompactedErrorForPaging, `inconsistentContinue`.
    """
    try:
        return _STATUS.decode(answer.body).metadata.more
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return ""


class Listing:
    """The items of one collection; `torn`: its pages are of more than one version, as no single one could be had."""

    def __init__(
        self,
        connection: Connection,
        path: str,
        limits: Limits,
        accept: str = JSON,
        query: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Ask nothing yet."""
        self.torn = False
        self._connection, self._path, self._accept = connection, path, accept
        self._query = {"limit": str(limits.page), **query}
        self._patience = Patience(limits)
        self._restarts = limits.restarts

    def __iter__(self) -> Iterator[list[msgspec.Raw] | None]:
        """Yield pages, and None where the list begins anew and all before is void. Raises Refused and Failed."""
        more = version = ""
        while True:
            try:
                page = self._page(more)
            except Refused as refused:
                if refused.status != 410 or not more:
                    raise
                more = self._after_loss(refused.more)
                if not more:
                    yield None
                continue
            if more and page.metadata.resource_version != version and not self.torn:
                more = self._after_loss("")
                yield None
                continue
            version = page.metadata.resource_version
            yield page.items or []
            if not page.metadata.more:
                return
            if more == page.metadata.more:
                raise Failed("its list has no end", "report it to whoever runs this server")
            more = page.metadata.more

    def _after_loss(self, inconsistent: str) -> str:
        """Begin anew ("") as long as that is not in vain; then go on in a later version, if the server offers that."""
        if self._restarts > 0:
            self._restarts -= 1
            self.torn = False
            return ""
        if inconsistent:
            self.torn = True
            return inconsistent
        problem = "it forgot the list's version each time before the last page"
        raise Failed(problem, "collect again when the cluster is less busy")

    def _page(self, more: str) -> _Page:
        query = {**self._query, "continue": more} if more else self._query
        while True:
            body = read(self._connection, self._path, self._patience, query, self._accept)
            try:
                page = _PAGE.decode(body)
            except msgspec.ValidationError:
                raise Failed("its answer is no list", "check that the context names a Kubernetes API") from None
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
                # Half an answer looks like this too, when a proxy cut it.
                if self._patience.wait():
                    continue
                raise Failed("its answer is broken JSON", "collect again") from None
            if not page.kind.endswith("List"):
                raise Failed("its answer is no list", "check that the context names a Kubernetes API")
            return page
