"""Cases that have to be decided as they are here, by the server and by us; a disagreement that is found goes in here."""

from typing import NamedTuple

from rbac_audit.access import Identity, Permission
from tests.access.manifests import (
    Manifest,
    account,
    cluster_role,
    cluster_role_binding,
    group,
    role,
    role_binding,
    user,
)


class Row(NamedTuple):
    """What it is about, what is there, who asks for what and in which namespace, and the answer."""

    name: str
    held: list[Manifest]
    who: Identity
    wanted: Permission
    namespace: str
    allowed: bool


ALICE = Identity("alice", ())
BOT = Identity("system:serviceaccount:team-a:bot", ())
PODS = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
GET_PODS = Permission("get", resource="pods")


def _rule(name: str, rule: Manifest, wanted: Permission, *, allowed: bool) -> Row:
    """A rule that alice holds everywhere."""
    held = [cluster_role("own", rule), cluster_role_binding("b", "ClusterRole/own", user("alice"))]
    return Row(name, held, ALICE, wanted, "", allowed)


def _subject(name: str, subject: Manifest, who: Identity, *, allowed: bool) -> Row:
    """A subject that may get pods in team-b."""
    held = [cluster_role("own", PODS), role_binding("team-b/b", "ClusterRole/own", subject)]
    return Row(name, held, who, GET_PODS, "team-b", allowed)


def _bound(name: str, binding: Manifest, namespace: str, *, allowed: bool) -> Row:
    """A binding of alice where there are a ClusterRole own and a Role local in team-a."""
    held = [cluster_role("own", PODS), role("team-a/local", PODS), binding]
    return Row(name, held, ALICE, GET_PODS, namespace, allowed)


def _aggregated(name: str, *roles: Manifest, allowed: bool) -> Row:
    """ClusterRoles of which alice holds that with the name whole."""
    held = [*roles, cluster_role_binding("b", "ClusterRole/whole", user("alice"))]
    return Row(name, held, ALICE, GET_PODS, "", allowed)


def _url(name: str, url: str, path: str, *, allowed: bool) -> Row:
    return _rule(name, {"verbs": ["get"], "nonResourceURLs": [url]}, Permission("get", path=path), allowed=allowed)


def _words(name: str, words: list[str], resource: str, *, allowed: bool) -> Row:
    return _rule(name, {**PODS, "resources": words}, Permission("get", resource=resource), allowed=allowed)


def _named(name: str, verb: str, names: list[str], asked: str, *, allowed: bool) -> Row:
    rule = {**PODS, "verbs": [verb], "resourceNames": names}
    return _rule(name, rule, Permission(verb, resource="pods", name=asked), allowed=allowed)


URLS = [
    ("/api/* is /api/", "/api/*", "/api/", True),
    ("/api/* is not /api", "/api/*", "/api", False),
    ("/api/* is not /apis/", "/api/*", "/apis/x", False),
    ("/api* is /apis/", "/api*", "/apis/x", True),
    ("/* is the root", "/*", "/", True),
    ("/* is all below the root", "/*", "/x/y/", True),
    ("* is the root", "*", "/", True),
    ("no URL is not the root", "", "/", False),
    ("no URL is none", "", "/x", False),
    ("the root is not below", "/", "/x", False),
    ("a slash at the end of what is held", "/x/", "/x", False),
    ("a slash at the end of what is asked", "/x", "/x/", False),
    ("a slash at both ends", "/x/", "/x/", True),
    ("URLs have a case", "/X", "/x", False),
    ("a star that is asked for", "/x/*", "/x/*", True),
    ("a star that is asked for and not held", "/x/y", "/x/*", False),
]
WORDS = [
    ("*/scale is that of any resource", ["*/scale"], "deployments/scale", True),
    ("*/scale is no resource", ["*/scale"], "deployments", False),
    ("*/scale is not deeper", ["*/scale"], "deployments/scale/x", False),
    ("*/scale is no other subresource", ["*/scale"], "deployments/scales", False),
    ("pods/* is not pods", ["pods/*"], "pods", False),
    ("one resource is not all", ["pods"], "*", False),
    ("all resources by all", ["*"], "*", True),
    ("a subresource of all by all", ["*"], "*/log", True),
    ("a subresource of all by itself", ["*/log"], "*/log", True),
    ("a subresource of one is not that of all", ["pods/log"], "*/log", False),
    ("a subresource of all is not all", ["*/log"], "*", False),
    ("deep subresources by all", ["*"], "pods/log/x", True),
]
NAMES = [
    ("a name with a slash", "get", ["a/b"], "a/b", True),
    ("a part of a name with a slash", "get", ["a/b"], "a", False),
    ("a name with colons", "get", ["system:node:x"], "system:node:x", True),
    ("a name with a star", "get", ["we*"], "web", False),
    ("a name with a star by itself", "get", ["we*"], "we*", True),
    ("names have a case", "get", ["Web"], "web", False),
    ("names limit list", "list", ["web"], "", False),
    ("a list by name", "list", ["web"], "web", True),
    ("names limit watch", "watch", ["web"], "", False),
    ("a watch by name", "watch", ["web"], "web", True),
    ("names limit deletecollection", "deletecollection", ["web"], "", False),
    ("a deletecollection by name", "deletecollection", ["web"], "web", True),
    ("another name is not created", "create", ["web"], "db", False),
]

TABLE: list[Row] = [
    _rule("a rule", PODS, GET_PODS, allowed=True),
    _rule("a resource is not its subresources", PODS, Permission("get", resource="pods/log"), allowed=False),
    _rule("a subresource is not its resource", {**PODS, "resources": ["pods/log"]}, GET_PODS, allowed=False),
    _rule("the star is everything", {**PODS, "resources": ["*"]}, Permission("get", resource="pods/log"), allowed=True),
    _rule("pods/* is a word", {**PODS, "resources": ["pods/*"]}, Permission("get", resource="pods/log"), allowed=False),
    _rule("pods/* is its own word", {**PODS, "resources": ["pods/*"]}, Permission("get", resource="pods/*"), allowed=True),
    _rule("*/log is a subresource", {**PODS, "resources": ["*/log"]}, Permission("get", resource="pods/log"), allowed=True),
    _rule("*/log is not log", {**PODS, "resources": ["*/log"]}, Permission("get", resource="log"), allowed=False),
    _rule("*/* is a word", {**PODS, "resources": ["*/*"]}, Permission("get", resource="pods/log"), allowed=False),
    _rule("*/log is not deeper", {**PODS, "resources": ["*/log"]}, Permission("get", resource="pods/log/a"), allowed=False),
    _rule("*/log/a is", {**PODS, "resources": ["*/log/a"]}, Permission("get", resource="pods/log/a"), allowed=True),
    _rule("po* is a word", {**PODS, "resources": ["po*"]}, GET_PODS, allowed=False),
    _rule("resources have a case", PODS, Permission("get", resource="Pods"), allowed=False),
    _rule("any verb", {**PODS, "verbs": ["*"]}, Permission("dance", resource="pods"), allowed=True),
    _rule("all verbs are more than one", PODS, Permission("*", resource="pods"), allowed=False),
    _rule("verbs have a case", PODS, Permission("GET", resource="pods"), allowed=False),
    _rule("a group is not the core", PODS, Permission("get", "apps", "pods"), allowed=False),
    _rule("any group", {**PODS, "apiGroups": ["*"]}, Permission("get", "apps", "pods"), allowed=True),
    _rule("all groups are more than the core", PODS, Permission("get", "*", "pods"), allowed=False),
    _rule("a name", {**PODS, "resourceNames": ["web"]}, Permission("get", resource="pods", name="web"), allowed=True),
    _rule("another name", {**PODS, "resourceNames": ["web"]}, Permission("get", resource="pods", name="we"), allowed=False),
    _rule("no name is not any name", {**PODS, "resourceNames": ["web"]}, GET_PODS, allowed=False),
    _rule("a star is a name", {**PODS, "resourceNames": ["*"]}, Permission("get", resource="pods", name="web"), allowed=False),
    _rule("names limit create", {**PODS, "verbs": ["create"], "resourceNames": ["web"]}, Permission("create", resource="pods"), allowed=False),
    _rule(
        "a review may name what is created",
        {**PODS, "verbs": ["create"], "resourceNames": ["web"]},
        Permission("create", resource="pods", name="web"),
        allowed=True,
    ),
    _rule("a URL", {"verbs": ["get"], "nonResourceURLs": ["/x"]}, Permission("get", path="/x"), allowed=True),
    _rule("a URL is not below it", {"verbs": ["get"], "nonResourceURLs": ["/x"]}, Permission("get", path="/x/y"), allowed=False),
    _rule("/x/* is below", {"verbs": ["get"], "nonResourceURLs": ["/x/*"]}, Permission("get", path="/x/y/z"), allowed=True),
    _rule("/x/* is not /x", {"verbs": ["get"], "nonResourceURLs": ["/x/*"]}, Permission("get", path="/x"), allowed=False),
    _rule("/x* is a prefix", {"verbs": ["get"], "nonResourceURLs": ["/x*"]}, Permission("get", path="/xy"), allowed=True),
    _rule("stars at the end are one", {"verbs": ["get"], "nonResourceURLs": ["/x/**"]}, Permission("get", path="/x/y"), allowed=True),
    _rule("a star in the middle", {"verbs": ["get"], "nonResourceURLs": ["/*/y"]}, Permission("get", path="/x/y"), allowed=False),
    _rule("all URLs", {"verbs": ["get"], "nonResourceURLs": ["*"]}, Permission("get", path="/x"), allowed=True),
    _rule("all URLs are no resources", {"verbs": ["*"], "nonResourceURLs": ["*"]}, GET_PODS, allowed=False),
    _rule("all resources are no URLs", {**PODS, "resources": ["*"], "apiGroups": ["*"]}, Permission("get", path="/x"), allowed=False),
    *(_url(name, url, path, allowed=allowed) for name, url, path, allowed in URLS),
    *(_words(name, words, resource, allowed=allowed) for name, words, resource, allowed in WORDS),
    *(_named(name, verb, names, asked, allowed=allowed) for name, verb, names, asked, allowed in NAMES),
    _rule("any verb on a URL", {"verbs": ["*"], "nonResourceURLs": ["/x"]}, Permission("dance", path="/x"), allowed=True),
    _rule("any verb on another URL", {"verbs": ["*"], "nonResourceURLs": ["/x"]}, Permission("get", path="/y"), allowed=False),
    _rule("a verb on a URL is not all", {"verbs": ["get"], "nonResourceURLs": ["/x"]}, Permission("*", path="/x"), allowed=False),
    _rule("all verbs by any verb", {**PODS, "verbs": ["*"]}, Permission("*", resource="pods"), allowed=True),
    _rule("the core among any group", {**PODS, "apiGroups": ["*"]}, GET_PODS, allowed=True),
    _rule("all groups by any group", {**PODS, "apiGroups": ["*"]}, Permission("get", "*", "pods"), allowed=True),
    _rule("the core is no other group", PODS, Permission("get", "core", "pods"), allowed=False),
    Row(
        "rules do not add up",
        [
            cluster_role("own", {**PODS, "resources": ["secrets"]}, {**PODS, "verbs": ["list"]}),
            cluster_role_binding("b", "ClusterRole/own", user("alice")),
        ],
        ALICE,
        GET_PODS,
        "",
        False,
    ),
    _subject("the namespace of a user means nothing", {**user("alice"), "namespace": "team-a"}, ALICE, allowed=True),
    _subject("the namespace of a group means nothing", {**group("devs"), "namespace": "team-a"}, Identity("bob", ("devs",)), allowed=True),
    _subject("a user has no namespace before the name", {**user("alice"), "namespace": "team-a"}, Identity("team-a/alice"), allowed=False),
    _subject("a group is no user", group("alice"), ALICE, allowed=False),
    _subject("a user is no group", user("devs"), Identity("alice", ("devs",)), allowed=False),
    _subject("users have a case", user("Alice"), ALICE, allowed=False),
    _subject("groups have a case", group("Devs"), Identity("alice", ("Devs",)), allowed=True),
    _subject("a blank counts", user("alice "), ALICE, allowed=False),
    _subject("a star is a user", user("*"), ALICE, allowed=False),
    _subject("an account", account("bot", "team-a"), BOT, allowed=True),
    _subject("an account by its user name", user("system:serviceaccount:team-a:bot"), BOT, allowed=True),
    _subject("an account of the binding's namespace", account("bot"), Identity("system:serviceaccount:team-b:bot"), allowed=True),
    _subject("an account of no other namespace", account("bot"), BOT, allowed=False),
    _subject("groups of an account must be named", group("system:serviceaccounts"), BOT, allowed=False),
    _subject("so must that of everybody", group("system:authenticated"), ALICE, allowed=False),
    _subject("system:masters need nothing", user("bob"), Identity("eve", ("system:masters",)), allowed=True),
    _bound("a RoleBinding", role_binding("team-a/b", "ClusterRole/own", user("alice")), "team-a", allowed=True),
    _bound("is not elsewhere", role_binding("team-a/b", "ClusterRole/own", user("alice")), "team-b", allowed=False),
    _bound("is not everywhere", role_binding("team-a/b", "ClusterRole/own", user("alice")), "", allowed=False),
    _bound("a ClusterRoleBinding", cluster_role_binding("b", "ClusterRole/own", user("alice")), "team-c", allowed=True),
    _bound("a Role", role_binding("team-a/b", "Role/local", user("alice")), "team-a", allowed=True),
    _bound("a Role of another namespace", role_binding("team-b/b", "Role/local", user("alice")), "team-b", allowed=False),
    _bound("a Role is no ClusterRole", role_binding("team-a/b", "ClusterRole/local", user("alice")), "team-a", allowed=False),
    _bound("a ClusterRole is no Role", role_binding("team-a/b", "Role/own", user("alice")), "team-a", allowed=False),
    _bound("a role that is gone", cluster_role_binding("b", "ClusterRole/gone", user("alice")), "", allowed=False),
    Row(
        "a RoleBinding grants no URL",
        [
            cluster_role("own", {"verbs": ["get"], "nonResourceURLs": ["*"]}),
            role_binding("team-a/b", "ClusterRole/own", user("alice")),
        ],
        ALICE,
        Permission("get", path="/x"),
        "",
        False,
    ),
    _aggregated("an empty selector", cluster_role("part", PODS), cluster_role("whole", selectors=[{}]), allowed=True),
    _aggregated(
        "NotIn needs no label",
        cluster_role("part", PODS),
        cluster_role(
            "whole", selectors=[{"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["x"]}]}]
       ),
        allowed=True,
    ),
    _aggregated("an empty value is a value", cluster_role("part", PODS), cluster_role("whole", selectors=[{"matchLabels": {"tier": ""}}]), allowed=False),
    _aggregated(
        "both parts of a selector count",
        cluster_role("part", PODS, labels={"tier": "x"}),
        cluster_role(
            "whole",
            selectors=[
                {"matchLabels": {"tier": "x"}, "matchExpressions": [{"key": "to-view", "operator": "Exists"}]},
                {"matchLabels": {"tier": "y"}},
            ],
       ),
        allowed=False,
    ),
    _aggregated(
        "aggregation of aggregation",
        cluster_role("part", PODS, labels={"to-middle": "true"}),
        cluster_role("middle", labels={"to-whole": "true"}, selectors=[{"matchLabels": {"to-middle": "true"}}]),
        cluster_role("whole", selectors=[{"matchLabels": {"to-whole": "true"}}]),
        allowed=True,
    ),
    _aggregated(
        "aggregation in a circle",
        cluster_role("part", PODS, labels={"to-middle": "true"}),
        cluster_role("middle", labels={"to-whole": "true"}, selectors=[{"matchLabels": {"to-middle": "true"}}]),
        cluster_role("whole", labels={"to-middle": "true"}, selectors=[{"matchLabels": {"to-whole": "true"}}]),
        allowed=True,
    ),
]  # fmt: skip

# What no API server lets in; older releases did, and nobody checks what is written into etcd.
NAMELESS = [cluster_role("own", PODS), cluster_role_binding("b", "ClusterRole/own", account("bot"))]
UNCHECKED: list[Row] = [
    Row("an account of no namespace is nobody", NAMELESS, Identity("system:serviceaccount::bot"), GET_PODS, "team-a", False),
    Row("nor is it one of where it asks", NAMELESS, BOT, GET_PODS, "team-a", False),
    _bound("a ClusterRoleBinding to a Role", cluster_role_binding("b", "Role/own", user("alice")), "team-a", allowed=False),
    _bound("an unknown kind of role", role_binding("team-a/b", "clusterrole/own", user("alice")), "team-a", allowed=False),
    _subject("an unknown kind of subject", {"kind": "user", "name": "alice"}, ALICE, allowed=False),
    _rule("no API group is none", {**PODS, "apiGroups": []}, GET_PODS, allowed=False),
    _rule("no verb is none", {**PODS, "verbs": []}, GET_PODS, allowed=False),
    _rule("resources count beside URLs", {**PODS, "nonResourceURLs": ["/x"]}, GET_PODS, allowed=True),
    _rule("URLs count beside resources", {**PODS, "nonResourceURLs": ["/x"]}, Permission("get", path="/x"), allowed=True),
    _rule("names do not limit URLs", {"verbs": ["get"], "nonResourceURLs": ["/x"], "resourceNames": ["a"]}, Permission("get", path="/x"), allowed=True),
    _rule("an empty name beside another", {**PODS, "resourceNames": ["", "web"]}, Permission("get", resource="pods", name="web"), allowed=True),
    _rule("an empty name is no other", {**PODS, "resourceNames": [""]}, Permission("get", resource="pods", name="web"), allowed=False),
    _rule("an empty resource is no resource", {**PODS, "resources": [""]}, GET_PODS, allowed=False),
    _rule("an empty verb is no verb", {**PODS, "verbs": [""]}, GET_PODS, allowed=False),
    _rule("an empty name is the name of nothing", {**PODS, "resourceNames": [""]}, GET_PODS, allowed=True),
]  # fmt: skip
