"""Writes of roles and bindings that have to end as they do here, by the server and by us."""

from typing import NamedTuple

from rbac_audit.access import Identity
from tests.access.manifests import (
    RBAC,
    Manifest,
    cluster_role,
    cluster_role_binding,
    role,
    role_binding,
    user,
)

PLURALS = ("roles", "clusterroles", "rolebindings", "clusterrolebindings")
ALICE = Identity.of_user("alice", ("devs",))
PODS = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
SECRETS = {**PODS, "resources": ["secrets"]}
URLS = {"verbs": ["get"], "nonResourceURLs": ["/x/*"]}
EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
WRITE = {"verbs": ["create", "update"], "apiGroups": [RBAC], "resources": list(PLURALS)}
MASTER = Identity.of_user("root", ("system:masters",))
SELECTORS = [{"matchLabels": {"to-view": "true"}}]
GONE = cluster_role_binding("new", "ClusterRole/gone")


class Row(NamedTuple):
    """What it is about, what alice holds cluster-wide, what else is there, what she writes, and what comes of it."""

    name: str
    rules: list[Manifest]
    there: list[Manifest]
    item: Manifest
    said: str
    missing: tuple[Manifest, ...] = ()
    who: Identity = ALICE


def _may(verb: str, resource: str, *names: str) -> Manifest:
    rule = {"verbs": [verb], "apiGroups": [RBAC], "resources": [resource]}
    return {**rule, "resourceNames": list(names)} if names else rule


def _in_team_a(*rules: Manifest) -> list[Manifest]:
    """What alice holds in one namespace only."""
    return [cluster_role("local", *rules), role_binding("team-a/local", "ClusterRole/local", user("alice"))]


VIEW = cluster_role("view", SECRETS)
TABLE = [
    Row("what is held", [PODS, WRITE], [], cluster_role("new", PODS), "allowed"),
    Row("what is not", [PODS, WRITE], [], cluster_role("new", PODS, SECRETS), "grants more", (SECRETS,)),
    Row("nothing", [WRITE], [], cluster_role("new"), "allowed"),
    Row("without the right to write", [PODS], [], cluster_role("new", PODS), "no write"),
    Row("create is not update", [PODS, _may("create", "clusterroles")], [VIEW], cluster_role("view", PODS), "no write"),
    Row(
        "update of one",
        [PODS, _may("update", "clusterroles", "view")],
        [VIEW, cluster_role("own")],
        cluster_role("view", PODS),
        "allowed",
    ),
    Row(
        "update of another one",
        [PODS, _may("update", "clusterroles", "view")],
        [VIEW, cluster_role("own")],
        cluster_role("own", PODS),
        "no write",
    ),
    Row(
        "all there is, by who holds all there is now",
        [PODS, WRITE],
        [],
        cluster_role("new", {**PODS, "resources": ["*"]}),
        "grants more",
        ({**PODS, "resources": ["*"]},),
    ),
    Row(
        "a part of a wide rule, and more of it",
        [{**PODS, "verbs": ["get", "list"]}, WRITE],
        [],
        role("team-b/new", {**PODS, "verbs": ["list", "watch"], "resources": ["pods", "pods/log"]}),
        "grants more",
        (
            {**PODS, "verbs": ["watch"]},
            {**PODS, "verbs": ["list"], "resources": ["pods/log"]},
            {**PODS, "verbs": ["watch"], "resources": ["pods/log"]},
        ),
    ),
    Row(
        "a name of many",
        [{**PODS, "resourceNames": ["db", "web"]}, WRITE],
        [],
        role("team-b/new", {**PODS, "resourceNames": ["web"]}),
        "allowed",
    ),
    Row(
        "all names by who holds one",
        [{**PODS, "resourceNames": ["web"]}, WRITE],
        [],
        role("team-b/new", {**PODS, "resourceNames": ["web", "db"]}, PODS),
        "grants more",
        ({**PODS, "resourceNames": ["db"]}, PODS),
    ),
    Row(
        "a subresource of everything",
        [{**PODS, "resources": ["*/log"]}, WRITE],
        [],
        role("team-b/new", {**PODS, "resources": ["pods/log"]}),
        "allowed",
    ),
    Row(
        "pods/* is a word",
        [{**PODS, "resources": ["pods/*"]}, WRITE],
        [],
        role("team-b/new", {**PODS, "resources": ["pods/log"]}),
        "grants more",
        ({**PODS, "resources": ["pods/log"]},),
    ),
    Row("a URL below", [URLS, WRITE], [], cluster_role("new", {**URLS, "nonResourceURLs": ["/x/y"]}), "allowed"),
    Row(
        "a URL above",
        [URLS, WRITE],
        [],
        cluster_role("new", {**URLS, "nonResourceURLs": ["/x", "/*"]}),
        "grants more",
        ({**URLS, "nonResourceURLs": ["/x"]}, {**URLS, "nonResourceURLs": ["/*"]}),
    ),
    Row(
        "a name with quotes and brackets",
        [WRITE],
        [],
        cluster_role("new", {**PODS, "resourceNames": ['a"b', "c]d", "e\\f", "g h"]}),
        "grants more",
        tuple({**PODS, "resourceNames": [name]} for name in ('a"b', "c]d", "e\\f", "g h")),
    ),
    Row("held here", [WRITE], _in_team_a(PODS), role("team-a/new", PODS), "allowed"),
    Row("held elsewhere", [WRITE], _in_team_a(PODS), role("team-b/new", PODS), "grants more", (PODS,)),
    Row("held not everywhere", [WRITE], _in_team_a(PODS), cluster_role("new", PODS), "grants more", (PODS,)),
    Row("system:masters", [], [VIEW], cluster_role("new", SECRETS, EVERYTHING), "allowed", who=MASTER),
    Row("system:masters aggregate", [], [], cluster_role("new", selectors=SELECTORS), "allowed", who=MASTER),
    Row("system:masters bind what is not there", [], [], GONE, "allowed", who=MASTER),
    Row("escalate", [WRITE, _may("escalate", "clusterroles")], [], cluster_role("new", SECRETS), "allowed"),
    Row("escalate on the other kind", [WRITE, _may("escalate", "roles")], [], cluster_role("new", SECRETS), "grants more", (SECRETS,)),
    Row("escalate here", [WRITE], _in_team_a(_may("escalate", "roles")), role("team-a/new", SECRETS), "allowed"),
    Row("escalate elsewhere", [WRITE], _in_team_a(_may("escalate", "roles")), role("team-b/new", SECRETS), "grants more", (SECRETS,)),
    # A request to create names nothing that resourceNames could match.
    Row("escalate on one that is made", [WRITE, _may("escalate", "clusterroles", "new")], [], cluster_role("new", SECRETS), "grants more", (SECRETS,)),
    Row("escalate on one that is there", [WRITE, _may("escalate", "clusterroles", "view")], [VIEW], cluster_role("view", SECRETS, PODS), "allowed"),
    Row("escalate on another one", [WRITE, _may("escalate", "clusterroles", "own")], [VIEW], cluster_role("view", PODS), "grants more", (PODS,)),
    Row("escalate does not bind", [WRITE, _may("escalate", "clusterroles")], [VIEW], cluster_role_binding("new", "ClusterRole/view"), "grants more", (SECRETS,)),
    Row("bind does not escalate", [WRITE, _may("bind", "clusterroles")], [], cluster_role("new", SECRETS), "grants more", (SECRETS,)),
    Row("an aggregated role", [WRITE, PODS], [], cluster_role("new", PODS, selectors=SELECTORS), "aggregates"),
    Row("an aggregated role with more", [WRITE], [], cluster_role("new", PODS, selectors=SELECTORS), "grants more", (PODS,)),
    Row("an aggregated role by who holds all resources", [EVERYTHING], [], cluster_role("new", selectors=SELECTORS), "allowed"),
    Row("an aggregated role by who may escalate", [WRITE, _may("escalate", "*")], [], cluster_role("new", selectors=SELECTORS), "allowed"),
    Row("one that was aggregated", [WRITE], [cluster_role("view", selectors=SELECTORS)], cluster_role("view"), "aggregates"),
    Row("one that becomes aggregated", [WRITE], [cluster_role("view")], cluster_role("view", selectors=SELECTORS), "aggregates"),
    Row("less than before", [WRITE, PODS], [cluster_role("view", PODS, SECRETS)], cluster_role("view", PODS), "allowed"),
    Row("a label on what is not held", [WRITE], [VIEW], cluster_role("view", SECRETS, labels={"tier": "x"}), "grants more", (SECRETS,)),
    Row("bind", [WRITE, _may("bind", "clusterroles")], [VIEW], cluster_role_binding("new", "ClusterRole/view"), "allowed"),
    Row("bind one", [WRITE, _may("bind", "clusterroles", "view")], [VIEW], cluster_role_binding("new", "ClusterRole/view"), "allowed"),
    Row("bind another one", [WRITE, _may("bind", "clusterroles", "own")], [VIEW], cluster_role_binding("new", "ClusterRole/view"), "grants more", (SECRETS,)),
    Row("bind the other kind", [WRITE, _may("bind", "roles")], [VIEW], cluster_role_binding("new", "ClusterRole/view"), "grants more", (SECRETS,)),
    Row("bind here", [WRITE], [VIEW, *_in_team_a(_may("bind", "clusterroles"))], role_binding("team-a/new", "ClusterRole/view"), "allowed"),
    Row("bind everywhere", [WRITE], [VIEW, *_in_team_a(_may("bind", "clusterroles"))], cluster_role_binding("new", "ClusterRole/view"), "grants more", (SECRETS,)),
    Row("bind a Role", [WRITE, _may("bind", "roles", "own")], [role("team-a/own", SECRETS)], role_binding("team-a/new", "Role/own"), "allowed"),
    Row("bind what is not there", [WRITE, _may("bind", "clusterroles", "gone")], [], GONE, "allowed"),
    Row("what is not there", [WRITE], [], GONE, "no role"),
    Row("a Role that is elsewhere", [WRITE], [role("team-b/own", PODS)], role_binding("team-a/new", "Role/own"), "no role"),
    Row("what is held may be bound", [WRITE, SECRETS], [VIEW], role_binding("team-a/new", "ClusterRole/view", user("bob")), "allowed"),
    Row("held here may be bound here", [WRITE], [VIEW, *_in_team_a(SECRETS)], role_binding("team-a/new", "ClusterRole/view"), "allowed"),
    Row("held here is not held there", [WRITE], [VIEW, *_in_team_a(SECRETS)], role_binding("team-b/new", "ClusterRole/view"), "grants more", (SECRETS,)),
    Row(
        "what an aggregated role adds up to",
        [WRITE, PODS],
        [cluster_role("part", SECRETS, PODS, labels={"to-view": "true"}), cluster_role("view", selectors=SELECTORS)],
        cluster_role_binding("new", "ClusterRole/view"),
        "grants more",
        (SECRETS,),
    ),
    Row("one more subject", [WRITE], [VIEW, role_binding("team-a/b", "ClusterRole/view")], role_binding("team-a/b", "ClusterRole/view", user("eve")), "grants more", (SECRETS,)),
    Row("another role", [WRITE, SECRETS], [VIEW, cluster_role_binding("b", "ClusterRole/own")], cluster_role_binding("b", "ClusterRole/view"), "other role"),
    Row("another role by system:masters", [], [VIEW, cluster_role_binding("b", "ClusterRole/own")], cluster_role_binding("b", "ClusterRole/view"), "other role", who=MASTER),
]  # fmt: skip
