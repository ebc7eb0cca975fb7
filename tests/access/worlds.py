"""Hypothesis strategies for worlds: RBAC objects, and requests that come close to what they grant.

With `storable=True` an API server accepts every object (pkg/apis/rbac/validation), so that a world can be put into a
real one and asked the same. Without it there are also the void rules, unknown kinds and forbidden references that
manifests hold.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from hypothesis import strategies as st

from rbac_audit.access import Identity, Permission
from rbac_audit.snapshot.estate import Cluster
from rbac_audit.snapshot.objects import PolicyRule
from tests.access import manifests
from tests.access.manifests import Manifest
from tests.access.vocabulary import PERMISSIONS, RESOURCE_RULES, URL_RULES, VOID_RULES

NAMESPACES = ("team-a", "team-b")
ROLE_NAMES = ("view", "edit", "own")
CLUSTER_ROLE_NAMES = (*ROLE_NAMES, "admin", "all")
BOT = "system:serviceaccount:team-a:bot"
USERS = ("alice", "Alice", "alice ", "devs", BOT, "system:anonymous")
USER_GROUPS = (
    "devs",
    "Devs",
    "alice",
    "system:authenticated",
    "system:unauthenticated",
    "system:serviceaccounts",
    "system:serviceaccounts:team-a",
    "system:cattle:authenticated",
)
MASTERS = "system:masters"
LABELS = ("to-view", "to-edit", "tier")


@dataclass(frozen=True)
class Request:
    """Somebody asks for one permission, in a namespace or ("") outside of any."""

    identity: Identity
    permission: Permission
    namespace: str = ""

    @property
    def attributes(self) -> Manifest:
        """The resourceAttributes or nonResourceAttributes of a SubjectAccessReview."""
        wanted = self.permission
        if wanted.path:
            return {"verb": wanted.verb, "path": wanted.path}
        resource, _, subresource = wanted.resource.partition("/")
        place = {"namespace": self.namespace, "subresource": subresource, "name": wanted.name}
        return {"verb": wanted.verb, "group": wanted.api_group, "resource": resource, **place}

    @property
    def review(self) -> Manifest:
        """The spec of a SubjectAccessReview."""
        field = "nonResourceAttributes" if self.permission.path else "resourceAttributes"
        return {"user": self.identity.user, "groups": list(self.identity.groups), field: self.attributes}


@dataclass(frozen=True)
class World:
    """The objects of one cluster as plain manifests."""

    manifests: tuple[Manifest, ...]

    @property
    def cluster(self) -> Cluster:
        """The same objects, typed."""
        return manifests.cluster_of(self.manifests)

    @property
    def cluster_roles(self) -> list[Manifest]:
        """The ClusterRoles among the manifests."""
        return [item for item in self.manifests if item["kind"] == "ClusterRole"]

    def replaced(self, changed: Sequence[Manifest]) -> "World":
        """The same world with these objects in place of those that have their kind, namespace and name."""
        now = {_key(item): item for item in (*self.manifests, *changed)}
        return World(tuple(now.values()))


def _key(item: Manifest) -> tuple[str, str, str]:
    return item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]


def typed(rule: Manifest) -> PolicyRule:
    """Decode one rule."""
    return msgspec.convert(rule, PolicyRule)


def rules(*, storable: bool = False, urls: bool = True) -> st.SearchStrategy[Manifest]:
    """Rules of a role; `urls=False` for a Role, which the API server lets have none."""
    on_resources, on_urls = st.sampled_from(RESOURCE_RULES), st.sampled_from(URL_RULES)
    sound = on_resources | on_urls if urls else on_resources
    return sound if storable else sound | st.sampled_from(VOID_RULES)


def rule_lists(*, storable: bool = False, urls: bool = True, least: int = 0) -> st.SearchStrategy[list[Manifest]]:
    """Lists of rules."""
    return st.lists(rules(storable=storable, urls=urls), min_size=least, max_size=3)


def subjects(*, storable: bool = False, namespaced: bool = True) -> st.SearchStrategy[Manifest]:
    """Subjects of a binding; a ServiceAccount may leave its namespace out."""
    homes = NAMESPACES if storable and not namespaced else ("", *NAMESPACES)
    known = [
        *map(manifests.user, USERS),
        *map(manifests.group, USER_GROUPS),
        *(manifests.account(name, home) for name in ("bot", "bot2") for home in homes),
        # The API server takes a namespace there, and does not look at it.
        *({**somebody, "namespace": "team-b"} for somebody in (manifests.user("alice"), manifests.group("devs"))),
    ]
    odd = [{"kind": kind, "name": name} for kind in ("user", "Robot", "") for name in ("alice", "devs")]
    return st.sampled_from(known if storable else [*known, *odd])


_REQUIREMENTS = [
    *(
        {"key": key, "operator": operator, "values": values}
        for key in LABELS
        for operator in ("In", "NotIn")
        for values in (["true"], [""], ["false", "true"])
    ),
    *({"key": key, "operator": operator} for key in LABELS for operator in ("Exists", "DoesNotExist")),
]
_MATCH_LABELS: list[Manifest] = [
    {},
    {"to-view": "true"},
    {"to-edit": "true"},
    {"tier": ""},
    {"to-view": "true", "tier": "false"},
]
_LABELS = [
    {key: value for key, value in zip(LABELS, values, strict=True) if value is not None}
    for values in itertools.product((None, "true"), (None, "true"), (None, "", "false"))
]


def labels() -> st.SearchStrategy[dict[str, str]]:
    """The labels of a ClusterRole."""
    return st.sampled_from(_LABELS)


def selectors() -> st.SearchStrategy[Manifest]:
    """Valid label selectors."""
    by_labels = st.sampled_from([{"matchLabels": chosen} for chosen in _MATCH_LABELS])
    return st.one_of(
        by_labels,
        by_labels,
        st.sampled_from([{"matchExpressions": [requirement]} for requirement in _REQUIREMENTS]),
        st.fixed_dictionaries(
            {
                "matchLabels": st.sampled_from(_MATCH_LABELS),
                "matchExpressions": st.lists(st.sampled_from(_REQUIREMENTS), max_size=2),
            }
        ),
    )


@st.composite
def cluster_roles(draw: st.DrawFn, *, storable: bool = False) -> list[Manifest]:
    """ClusterRoles, some of them aggregated, also in circles, with stored rules or none."""
    made = []
    for name in draw(st.lists(st.sampled_from(CLUSTER_ROLE_NAMES), unique=True, min_size=2)):
        form = draw(st.sampled_from(["plain", "aggregated", "plain", "aggregated", "aggregated", "stored"]))
        stored = [] if form == "aggregated" else draw(rule_lists(storable=storable, least=1))
        chosen = None if form == "plain" else draw(st.lists(selectors(), min_size=1 if storable else 0, max_size=2))
        made.append(manifests.cluster_role(name, *stored, labels=draw(labels()), selectors=chosen))
    return made


_PLACES = [f"{namespace}/{name}" for namespace in NAMESPACES for name in ROLE_NAMES]


@st.composite
def _roles(draw: st.DrawFn, *, storable: bool) -> list[Manifest]:
    places = draw(st.lists(st.sampled_from(_PLACES), unique=True, max_size=3))
    own = rule_lists(storable=storable, urls=not storable, least=1)
    return [manifests.role(place, *draw(own)) for place in places]


@st.composite
def _bindings(draw: st.DrawFn, roles: list[Manifest], *, storable: bool) -> list[Manifest]:
    made = []
    for number, namespace in enumerate(draw(st.lists(st.sampled_from(("", *NAMESPACES)), min_size=2, max_size=6))):
        role_ref = draw(st.sampled_from(_role_refs(roles, namespace, storable=storable)))
        who = draw(st.lists(subjects(storable=storable, namespaced=bool(namespace)), min_size=1, max_size=3))
        if namespace:
            made.append(manifests.role_binding(f"{namespace}/b{number}", role_ref, *who))
        else:
            made.append(manifests.cluster_role_binding(f"b{number}", role_ref, *who))
    return made


def _role_refs(roles: list[Manifest], namespace: str, *, storable: bool) -> list[str]:
    """Roles that are there, and a few that are not: elsewhere, gone, of an unknown kind."""
    there = [f"{item['kind']}/{item['metadata']['name']}" for item in roles]
    odd = [] if storable else ["Role/view", "clusterrole/view", "/view"]
    found = [*there, *there, "ClusterRole/gone", "ClusterRole/own", "Role/gone", *odd]
    return [each for each in found if namespace or not storable or not each.startswith("Role/")]


@st.composite
def worlds(draw: st.DrawFn, *, storable: bool = False) -> World:
    """Roles, ClusterRoles and bindings that name each other, and some that are not there."""
    roles = [*draw(_roles(storable=storable)), *draw(cluster_roles(storable=storable))]
    return World((*roles, *draw(_bindings(roles, storable=storable))))


_GROUP_TUPLES = [groups for size in (0, 1, 2) for groups in itertools.combinations(USER_GROUPS, size)]
_IDENTITIES = [
    *(Identity(user, groups) for user in USERS for groups in _GROUP_TUPLES),
    *(Identity(user, ("devs", MASTERS)) for user in USERS),
]


def identities() -> st.SearchStrategy[Identity]:
    """Users with any groups, as a SubjectAccessReview may state them."""
    return st.sampled_from(_IDENTITIES)


def requests() -> st.SearchStrategy[Request]:
    """Requests for a single permission without a wildcard; those for a URL are outside of any namespace."""
    return st.builds(
        lambda who, what, where: Request(who, what, "" if what.path else where),
        identities(),
        st.sampled_from(PERMISSIONS),
        st.sampled_from(("", *NAMESPACES)),
    )
