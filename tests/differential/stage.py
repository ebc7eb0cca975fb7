"""A real API server that holds one world at a time, and nothing else that grants anything."""

import itertools
import secrets
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus

from rbac_audit.access import Aggregation, Identity
from rbac_audit.snapshot.objects import ClusterRole, PolicyRule
from tests.access import manifests
from tests.access.manifests import Manifest
from tests.access.worlds import NAMESPACES, Request, World, typed
from tests.controlplane import settle
from tests.controlplane.api import Api
from tests.controlplane.connections import Object, Response
from tests.controlplane.server import Server
from tests.differential.store import PLURALS, Store

RBAC = "rbac.authorization.k8s.io/v1"
GROUP = "rbac.authorization.k8s.io"
# A list of what the server's caches have: the witnesses tell that this is everything, and asking etcd takes longer.
SEEN = {"resourceVersion": "0"}
WITNESS = "witness-"


class Stage:
    """The server with all roles and bindings gone, also its own; namespaces of the worlds are there.

    The aggregation controller may write once more what was deleted under its hands. So roles get names that no world
    before had, and a world counts as loaded only when nothing else is there.
    """

    def __init__(self, server: Server) -> None:
        self.api: Api = server.api
        self._controllers = server.controllers
        self._store = Store(server.directory)
        self._mark = ""
        self._numbers = itertools.count()
        for name in NAMESPACES:
            self.api.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def close(self) -> None:
        """Let go of the server, which stays as it is."""
        self._store.close()

    def load(self, world: World) -> None:
        """Replace what is there by a world, and wait until it is in force; raises ApiError for what is refused."""

        def write(objects: Sequence[Manifest]) -> None:
            list(self.api.connections.pool.map(self.api.create, objects))

        self._load(world, write)

    def load_unchecked(self, world: World) -> None:
        """Replace what is there by objects that no API server would let in."""
        self._load(world, self._store.put)

    def _load(self, world: World, write: Callable[[Sequence[Manifest]], None]) -> None:
        while True:
            self._empty()
            self._mark = f"-{next(self._numbers)}"
            write([marked(item, self._mark) for item in world.manifests])
            self._settle(world)
            if _names(self.held()) == _names(world):
                return

    def _empty(self) -> None:
        """Delete aggregated roles before their parts go: the controller must not see one change that is gone."""
        held = World(tuple(self.api.objects(RBAC, "ClusterRole", **SEEN)))
        self._store.empty(_wholes_first(held))

    def ask(self, requests: Iterable[Request]) -> list[bool]:
        """Answer requests by SubjectAccessReviews."""
        questions = [(one.identity.user, one.identity.groups, one.attributes) for one in requests]
        return list(map(bool, self.api.sars(questions)))

    def try_to_write(self, item: Manifest, who: Identity) -> Response:
        """Create an object, or replace the one of its name, as somebody else and without doing it."""
        resource = self.api.discovery.find(item["apiVersion"], item["kind"])
        item = marked(item, self._mark)
        metadata = item["metadata"]
        place = resource.path(metadata.get("namespace"), metadata["name"])
        exists = self.api.request("GET", place).status == HTTPStatus.OK
        method, path = ("PUT", place) if exists else ("POST", resource.path(metadata.get("namespace")))
        return self.api.acting_as(who.user, who.groups).request(method, f"{path}?dryRun=All", item)

    def try_to_apply(self, item: Manifest, who: Identity) -> Response:
        """Apply an object on the server's side, as somebody else and without doing it."""
        item = marked(item, self._mark)
        resource = self.api.discovery.find(item["apiVersion"], item["kind"])
        place = resource.path(item["metadata"].get("namespace"), item["metadata"]["name"])
        path = f"{place}?dryRun=All&fieldManager=rbac-audit"
        return self.api.acting_as(who.user, who.groups).request("PATCH", path, item, "application/apply-patch+yaml")

    def who(self, user: str, groups: tuple[str, ...]) -> Identity:
        """Ask who somebody is whom the administrator acts as."""
        review = self._review_of("authentication", "SelfSubjectReview", user, groups, {})
        info = review["status"]["userInfo"]
        return Identity(info["username"], tuple(info["groups"]))

    def rules_review(self, user: str, groups: tuple[str, ...], namespace: str) -> list[PolicyRule]:
        """List the rules that somebody holds in a namespace, and everywhere."""
        spec = {"spec": {"namespace": namespace}}
        status = self._review_of("authorization", "SelfSubjectRulesReview", user, groups, spec)["status"]
        return [typed(rule) for rule in (*status["resourceRules"], *status["nonResourceRules"])]

    def _review_of(self, group: str, kind: str, user: str, groups: tuple[str, ...], body: Object) -> Object:
        path = f"/apis/{group}.k8s.io/v1/{kind.lower()}s"
        manifest = {"apiVersion": f"{group}.k8s.io/v1", "kind": kind, **body}
        return self.api.acting_as(user, groups).call("POST", path, manifest)

    def held(self) -> World:
        """Read the roles and bindings as the server holds them now."""
        found = [item for kind in PLURALS for item in self.api.objects(RBAC, kind, **SEEN)]
        return World(tuple(unmarked(item, self._mark) for item in found if not _is_witness(item)))

    def _settle(self, world: World) -> None:
        if self._controllers and any("aggregationRule" in item for item in world.cluster_roles):
            settle.aggregation(self.api)
        self._wait_for_authorizer()

    def _wait_for_authorizer(self) -> None:
        """Wait until the authorizer knows what was written so far.

        It reads each kind in the order of writes. A binding to a missing role shows in the reason of a denial; a role
        without rules makes the reason go away, and adds nothing to the aggregated roles that select every other one.
        """
        name = WITNESS + secrets.token_hex(4)
        who = manifests.user(name)
        witnesses = [
            ("", manifests.cluster_role_binding(name, f"ClusterRole/{name}", who), manifests.cluster_role(name)),
            (
                "default",
                manifests.role_binding(f"default/{name}", f"Role/{name}", who),
                manifests.role(f"default/{name}"),
            ),
        ]
        for namespace, binding, role in witnesses:
            self._see(binding, name, namespace, complains=True)
            self._see(role, name, namespace, complains=False)

    def _see(self, witness: Object, name: str, namespace: str, *, complains: bool) -> None:
        self.api.create(witness)
        question = {"verb": "get", "resource": "configmaps", "namespace": namespace}
        settle.wait(f"{name} to be seen", lambda: ("not found" in self.api.sar(name, (), question).reason) is complains)


def _is_witness(item: Manifest) -> bool:
    return str(item["metadata"]["name"]).startswith(WITNESS)


def _wholes_first(world: World) -> list[Manifest]:
    """Sort aggregated roles so that each comes before those that it selects; what is in a circle comes last."""
    aggregation = Aggregation(world.cluster.of(ClusterRole))
    left, found = set(aggregation.names), list[str]()
    while free := sorted(left - {member for name in left for member in aggregation.members(name)}):
        found += free
        left -= set(free)
    by_name = {item["metadata"]["name"]: item for item in world.manifests}
    return [by_name[name] for name in (*found, *sorted(left))]


def _names(world: World) -> list[str]:
    return sorted(item["metadata"]["name"] for item in world.cluster_roles)


def marked(item: Manifest, mark: str) -> Manifest:
    """Append a mark to the names of roles, wherever they are."""
    return _renamed(item, lambda name: name + mark)


def unmarked(item: Manifest, mark: str) -> Manifest:
    """Take a mark off the names of roles."""
    return _renamed(item, lambda name: name.removesuffix(mark))


def _renamed(item: Manifest, rename: Callable[[str], str]) -> Manifest:
    if "roleRef" in item:
        return {**item, "roleRef": {**item["roleRef"], "name": rename(item["roleRef"]["name"])}}
    return {
        **item,
        "metadata": {**item["metadata"], "name": rename(item["metadata"]["name"])},
        "rules": [_renamed_in(rule, rename) for rule in item.get("rules") or []],
    }


def _renamed_in(rule: Manifest, rename: Callable[[str], str]) -> Manifest:
    """A rule about roles may name them."""
    if GROUP not in rule.get("apiGroups", []) or not rule.get("resourceNames"):
        return rule
    return {**rule, "resourceNames": list(map(rename, rule["resourceNames"]))}
