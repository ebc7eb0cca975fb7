"""Requests as clients make them carry the namespace that the questions decide by."""

from http import HTTPStatus

import pytest

from rbac_audit.access import Permission
from rbac_audit.answers.access import ask
from rbac_audit.answers.who import who_can
from rbac_audit.snapshot.objects import Subject
from tests.access.manifests import cluster_role, role_binding, user
from tests.access.worlds import World
from tests.differential.comparing import view_of
from tests.differential.conftest import Count
from tests.differential.stage import Stage

HELD = World(
    (
        cluster_role(
            "own",
            {
                "verbs": ["get", "list", "watch", "update", "delete", "create", "deletecollection"],
                "apiGroups": [""],
                "resources": ["namespaces", "namespaces/finalize", "namespaces/status", "nodes", "pods"],
            },
            {"verbs": ["get"], "nonResourceURLs": ["/version"]},
        ),
        role_binding("team-a/b", "ClusterRole/own", user("alice")),
    )
)
ALICE = Subject(kind="User", name="alice")
IN, OUT = "/api/v1/namespaces/team-a", "/api/v1/namespaces/team-b"
BODY = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a"}}
DRY = "?dryRun=All"
CORE = "namespaces"


@pytest.mark.parametrize(
    ("request_line", "permission", "asked", "allowed"),
    [
        (f"GET {IN}", Permission("get", "", CORE, "team-a"), "", True),
        (f"GET {OUT}", Permission("get", "", CORE, "team-b"), "", False),
        (f"GET {OUT}", Permission("get", "", CORE, "team-b"), "team-a", False),
        (f"DELETE {IN}{DRY}", Permission("delete", "", CORE, "team-a"), "", True),
        (f"PUT {IN}{DRY}", Permission("update", "", CORE, "team-a"), "", True),
        (f"PUT {IN}/finalize{DRY}", Permission("update", "", f"{CORE}/finalize", "team-a"), "", True),
        (f"PATCH {IN}{DRY}", Permission("patch", "", CORE, "team-a"), "", False),
        ("GET /api/v1/namespaces", Permission("list", "", CORE), "", False),
        ("GET /api/v1/namespaces", Permission("list", "", CORE), "team-a", False),
        (
            "GET /api/v1/namespaces?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dteam-a",
            Permission("watch", "", CORE, "team-a"),
            "team-a",
            False,
        ),
        (f"POST /api/v1/namespaces{DRY}", Permission("create", "", CORE), "team-a", False),
        ("GET /api/v1/nodes/x", Permission("get", "", "nodes", "x"), "team-a", False),
        (f"GET {IN}/pods", Permission("list", "", "pods"), "team-a", True),
        (f"GET {OUT}/pods", Permission("list", "", "pods"), "team-b", False),
        ("GET /api/v1/pods", Permission("list", "", "pods"), "", False),
        ("GET /version", Permission("get", path="/version"), "team-a", False),
    ],
)
def test_a_request_is_decided_by_the_namespace_that_it_carries(
    stage: Stage, request_line: str, permission: Permission, asked: str, allowed: bool, count: Count
) -> None:
    stage.load(HELD)
    method, path = request_line.split()
    content = "application/merge-patch+json" if method == "PATCH" else "application/json"
    body = None if method in {"GET", "DELETE"} else BODY
    status = stage.api.acting_as("alice").request(method, path, body, content).status
    count("requests", 1)
    assert (status != HTTPStatus.FORBIDDEN) is allowed, status
    assert ask(view_of(HELD.cluster), ALICE, permission, asked).allowed is allowed
    listed = {holder.subject for holder in who_can(view_of(HELD.cluster), permission, (asked,))}
    assert ("User:alice" in listed) is allowed
