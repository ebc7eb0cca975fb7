"""A thin client of a real API server: objects are dictionaries, access reviews go in bulk."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import urlencode

from tests.controlplane.connections import Connections, Object, Response
from tests.controlplane.discovery import Discovery, Resource

JSON = "application/json"
MERGE = "application/merge-patch+json"
PAGE = 500


class ApiError(RuntimeError):
    """The server refused a request that a test relies on."""

    def __init__(self, request: str, response: Response) -> None:
        super().__init__(f"{request}: {response.status} {response.body.get('message', '')}")
        self.status = response.status


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to an access review; true when access is allowed."""

    allowed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the server would answer to a write; true when the write would be accepted."""

    status: int
    message: str
    warnings: tuple[str, ...]

    def __bool__(self) -> bool:
        return self.status < 400


# user, groups, and the resourceAttributes or nonResourceAttributes of a SubjectAccessReview
Question = tuple[str, tuple[str, ...], Mapping[str, str]]


@dataclass(frozen=True)
class Api:
    """A server as one user sees it."""

    connections: Connections
    discovery: Discovery
    headers: tuple[tuple[str, str], ...]

    @classmethod
    def connect(cls, connections: Connections, token: str) -> "Api":
        """Log in with a token."""
        headers = (("Authorization", f"Bearer {token}"),)

        def read(path: str, accept: str) -> Object:
            return connections.send("GET", path, None, (*headers, ("Accept", accept))).body

        return cls(connections, Discovery(read), headers)

    def acting_as(self, user: str, groups: Iterable[str] = ()) -> "Api":
        """See it as another user, by impersonation; the server adds the group system:authenticated."""
        extra = (("Impersonate-User", user), *(("Impersonate-Group", group) for group in groups))
        return replace(self, headers=self.headers + extra)

    def request(self, method: str, path: str, body: object = None, content: str = JSON, accept: str = JSON) -> Response:
        """Send a request whatever the answer."""
        headers = (*self.headers, ("Accept", accept), ("Content-Type", content))
        return self.connections.send(method, path, body, headers)

    def call(self, method: str, path: str, body: object = None, content: str = JSON, accept: str = JSON) -> Object:
        """Send a request and return the object; raises ApiError when it is refused."""
        return _accepted(f"{method} {path}", self.request(method, path, body, content, accept))

    # -- objects

    def create(self, manifest: Object) -> Object:
        """Create an object; a field that the server does not know is an error."""
        return self.call("POST", self._collection(manifest) + "?fieldValidation=Strict", manifest)

    def replace(self, manifest: Object) -> Object:
        """Put an object in the place of the one of its name, whatever a controller does to that meanwhile."""
        place = self._place(manifest)
        while True:
            version = self.call("GET", place)["metadata"]["resourceVersion"]
            body = manifest | {"metadata": manifest["metadata"] | {"resourceVersion": version}}
            response = self.request("PUT", f"{place}?fieldValidation=Strict", body)
            if response.status != HTTPStatus.CONFLICT:
                return _accepted(f"PUT {place}", response)

    def put(self, manifest: Object) -> Object:
        """Create an object, or replace the one of its name."""
        try:
            return self.create(manifest)
        except ApiError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
        return self.replace(manifest)

    def apply(self, manifest: Object) -> Object:
        """Create or change an object by server-side apply."""
        query = "?fieldManager=tests&force=true&fieldValidation=Strict"
        return self.call("PATCH", self._place(manifest) + query, manifest, "application/apply-patch+yaml")

    def dry_run(self, manifest: Object) -> Verdict:
        """Ask what would become of a create, admission included, without doing it."""
        query = "?dryRun=All&fieldValidation=Strict"
        response = self.request("POST", self._collection(manifest) + query, manifest)
        return Verdict(response.status, str(response.body.get("message", "")), response.warnings)

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object:
        """Read one object."""
        return self.call("GET", self.discovery.find(api_version, kind).path(namespace, name))

    def objects(self, api_version: str, kind: str, namespace: str | None = None, **query: str) -> list[Object]:
        """Read all objects of a kind, page by page; `query` takes labelSelector and the like."""
        resource = self.discovery.find(api_version, kind)
        return self.pages(resource, resource.path(namespace), query)

    def pages(self, resource: Resource, path: str, query: Mapping[str, str], accept: str = JSON) -> list[Object]:
        """Read a collection; items get the apiVersion and kind that lists leave out."""
        items: list[Object] = []
        more: Mapping[str, str] = {}
        while True:
            page = self.call("GET", f"{path}?{urlencode({'limit': str(PAGE), **query, **more})}", accept=accept)
            items += page["items"] or []
            if not (token := page["metadata"].get("continue")):
                break
            more = {"continue": token}
        return [{"apiVersion": resource.api_version, "kind": resource.kind, **item} for item in items]

    def delete(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> None:
        """Delete one object."""
        self.call("DELETE", self.discovery.find(api_version, kind).path(namespace, name))

    def _collection(self, manifest: Object) -> str:
        resource = self.discovery.find(manifest["apiVersion"], manifest["kind"])
        return resource.path(manifest["metadata"].get("namespace"))

    def _place(self, manifest: Object) -> str:
        resource = self.discovery.find(manifest["apiVersion"], manifest["kind"])
        return resource.path(manifest["metadata"].get("namespace"), manifest["metadata"]["name"])

    # -- access

    def sar(self, user: str, groups: Iterable[str], attributes: Mapping[str, str]) -> Decision:
        """Ask whether a user may; groups are taken as given, system:authenticated too must be named.

        attributes are those of SubjectAccessReview: verb, group, resource, subresource, name, namespace,
        version; or verb and path.
        """
        field = "nonResourceAttributes" if "path" in attributes else "resourceAttributes"
        spec = {"user": user, "groups": list(groups), field: dict(attributes)}
        return Decision(*_status(self._review("authorization", "SubjectAccessReview", spec)))

    def sars(self, questions: Iterable[Question]) -> list[Decision]:
        """Ask many at once, answers in the order of the questions."""
        return list(self.connections.pool.map(lambda question: self.sar(*question), questions))

    def rules(self, user: str, groups: Iterable[str], namespace: str) -> list[Object]:
        """Return what a user may do in a namespace, by SelfSubjectRulesReview; only what names resources."""
        review = self.acting_as(user, groups)._review(
            "authorization", "SelfSubjectRulesReview", {"namespace": namespace}
        )
        rules: list[Object] = review["status"]["resourceRules"]
        return rules

    def _review(self, group: str, kind: str, spec: Object) -> Object:
        path = f"/apis/{group}.k8s.io/v1/{kind.lower()}s"
        return self.call("POST", path, {"apiVersion": f"{group}.k8s.io/v1", "kind": kind, "spec": spec})


def _accepted(request: str, response: Response) -> Object:
    if response.status >= 400:
        raise ApiError(request, response)
    return response.body


def _status(review: Object) -> tuple[bool, str]:
    status = review["status"]
    return status["allowed"], status.get("reason", "")
