"""One API server to write to: each write is sent until it is known whether it took effect."""

import math
import time
from collections.abc import Generator, Iterator, Mapping
from typing import Any  # an object of an API server is untyped JSON until `decode` has converted it
from urllib.parse import quote

import msgspec

from rbac_audit.errors import RbacAuditError
from rbac_audit.fix.plan import Target
from rbac_audit.sources.live.connection import Answer, Connection, Failed
from rbac_audit.sources.live.limits import Limits, Patience

Raw = dict[str, Any]
_JSON = "application/json"
_DRY = {"dryRun": "All"}


class ApplyFailed(RbacAuditError):
    """An apply or a rollback cannot go on; what stands is in its text."""

    exit_code = 4


class Stale(ApplyFailed):
    """An object is not as the plan says."""


class Rejected(ApplyFailed):
    """The server, or an admission webhook behind it, refused a request, and would do so again."""


class Server:
    """An API server as the user of a context sees it; counts what it was asked."""

    def __init__(self, name: str, connection: Connection, limits: Limits) -> None:
        """Take the name of the cluster, an open connection, and how long to be patient."""
        self.name, self._connection, self._limits = name, connection, limits
        self.reviews = 0

    def read(self, target: Target) -> Raw | None:
        """Read one object; None where there is none."""
        answer = self._ask("GET", _path(target), {}, str(target))
        return None if answer.status == 404 else _object(answer)

    def list(self, api_version: str, plural: str, namespace: str = "") -> Iterator[Raw]:
        """Read a collection, page by page; its items lack apiVersion and kind."""
        path, more = _collection(api_version, plural, namespace), ""
        while True:
            query = {"limit": str(self._limits.page), **({"continue": more} if more else {})}
            page = _object(self._ask("GET", path, query, plural))
            yield from page.get("items") or ()
            more = page.get("metadata", {}).get("continue", "")
            if not more:
                return

    def changes(self, place: tuple[str, str, str], seconds: float, pause: float) -> Generator[str]:
        """Yield "", and from then on the name of every object of a collection that changes, for so many seconds.

        `place` is API version, plural and namespace. It only wakes who waits: what counts is read anew. So a watch that
        is cut, that the server forgot (410) or does not allow does no harm: this ends, after the pause of a poll.
        """
        api_version, plural, namespace = place
        path = _collection(api_version, plural, namespace)
        try:
            page = _object(self._ask("GET", path, {"limit": "1"}, plural))
            yield ""
            version = page.get("metadata", {}).get("resourceVersion", "")
            for event in self._connection.watch(path, version, math.ceil(seconds), self._limits):
                yield event["object"].get("metadata", {}).get("name", "")
        except (Failed, ApplyFailed):
            time.sleep(min(pause, seconds))

    def account(self) -> str:
        """Say as whom this writes (SelfSubjectReview); "" where the server does not tell."""
        kind = "SelfSubjectReview"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": kind}
        path = _collection("authentication.k8s.io/v1", "selfsubjectreviews", "")
        try:
            answer = _object(self._ask("POST", path, {}, kind, body))
        except ApplyFailed:
            return ""
        return str(answer.get("status", {}).get("userInfo", {}).get("username", ""))

    def create(self, target: Target, manifest: Mapping[str, object], *, dry_run: bool = False) -> Raw | None:
        """Create an object; None where something of its name, or a duplicate, is there (409)."""
        path = _collection(target.api_version, target.plural, target.namespace)
        answer = self._write("POST", path, manifest, target, dry_run=dry_run)
        return None if answer.status == 409 else _object(answer)

    def replace(self, target: Target, item: Raw, *, dry_run: bool = False) -> Raw | None:
        """Put an object in the place of the one with its uid and resourceVersion; None where that is another one."""
        answer = self._write("PUT", _path(target), item, target, dry_run=dry_run)
        return None if answer.status in {404, 409} else _object(answer)

    def delete(self, target: Target, uid: str, resource_version: str = "", *, dry_run: bool = False) -> bool:
        """Delete exactly this object; False where it is another one, or has changed. Gone is as good as deleted."""
        wanted = {"uid": uid, **({"resourceVersion": resource_version} if resource_version else {})}
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": wanted}
        if dry_run:
            body["dryRun"] = ["All"]
        return self._write("DELETE", _path(target), body, target, dry_run=dry_run).status != 409

    def allowed(self, spec: Mapping[str, object]) -> bool:
        """Ask a SubjectAccessReview."""
        self.reviews += 1
        kind = "SubjectAccessReview"
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec}
        path = _collection("authorization.k8s.io/v1", "subjectaccessreviews", "")
        answer = self._ask("POST", path, {}, kind, body)
        return bool(_object(answer).get("status", {}).get("allowed"))

    def _write(self, verb: str, path: str, body: object, target: Target, *, dry_run: bool) -> Answer:
        """Send a write, again after a fault.

        A write that took effect unseen is found out by sending it again: 409 for what exists or changed, 404 for what
        is gone. The caller looks at the object then.
        """
        return self._ask(verb, path, _DRY if dry_run else {}, str(target), body)

    def _ask(self, verb: str, path: str, query: Mapping[str, str], what: str, body: object = None) -> Answer:
        patience = Patience(self._limits)
        while True:
            retry_after = ""
            try:
                answer = self._connection.send(verb, path, query, _JSON, patience, body=body)
                if answer.status < 300 or answer.status in ({409} if verb == "POST" else {404, 409}):
                    return answer
                again = answer.status == 429 or answer.status >= 500
                failed = Failed(_said(answer), "see what it says", again=again, status=answer.status)
                retry_after = answer.retry_after
            except Failed as error:
                failed = error
            if not failed.again or not patience.wait(retry_after):
                kind = Rejected if failed.status and not failed.again else ApplyFailed
                raise kind(what, self.name, f"{verb} was refused: {failed.problem}", failed.advice) from None


def _path(target: Target) -> str:
    # Names of RBAC objects may hold all but / and % (apimachinery pkg/api/validation/path IsValidPathSegmentName).
    return f"{_collection(target.api_version, target.plural, target.namespace)}/{quote(target.name, safe='')}"


def _collection(api_version: str, plural: str, namespace: str) -> str:
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    return f"{root}/namespaces/{namespace}/{plural}" if namespace else f"{root}/{plural}"


def _object(answer: Answer) -> Raw:
    try:
        found = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        found = None
    if answer.status >= 300 or not isinstance(found, dict):
        raise ApplyFailed("an answer", "the API server", _said(answer), "check the context with kubectl")
    return found


def _said(answer: Answer) -> str:
    """Repeat what a Status says of why; the objects that are sent hold no secrets."""
    try:
        said = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        said = None
    message = said.get("message") if isinstance(said, dict) else ""
    return f"{answer.status} {str(message or '')[:500]}".strip()
