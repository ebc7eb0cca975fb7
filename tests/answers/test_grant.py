"""May somebody hand it out."""

import pytest

from rbac_audit.access import Identity
from rbac_audit.answers.access import identity_of
from rbac_audit.answers.grant import GrantAnswer, can_grant
from rbac_audit.audit.estate import Estate
from rbac_audit.errors import BadInput
from rbac_audit.snapshot.estate import Gap, Snapshot
from rbac_audit.snapshot.objects import Subject
from tests.answers.shop import HARVESTER, RANCHER, shop_view
from tests.rancher.worlds import objects
from tests.rules.estate import CLUSTER_ID, estate, view

BOB = Subject(kind="User", name="u-bob")
ROLE = """
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r, namespace: dev}, rules: [{apiGroups: [""], resources: [%s], verbs: [get]}]}
"""
BINDING = """
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b, namespace: %s}, roleRef: {kind: ClusterRole, name: %s},
 subjects: [{kind: User, name: anyone}]}
"""


def answer(text: str, who: Identity | None = None) -> GrantAnswer:
    cluster = shop_view()
    (item,) = objects(text)
    return can_grant(cluster, who or identity_of(cluster, BOB), item)


def test_what_one_holds_one_may_hand_out() -> None:
    given = answer(ROLE % "pods")
    assert (given.allowed, given.missing, given.needs) == (True, (), "")
    assert answer(BINDING % ("dev", "grantor")).allowed


def test_what_is_missing_is_named() -> None:
    given = answer(ROLE % "pods, secrets")
    assert not given.allowed
    assert [rule.resources for rule in given.missing] == [("secrets",)]


def test_the_write_itself_must_be_allowed() -> None:
    given = answer(BINDING % ("prod", "grantor"))
    assert (given.allowed, given.needs) == (False, "create rolebindings.rbac.authorization.k8s.io")


def test_an_existing_object_needs_update() -> None:
    existing = (BINDING % ("dev", "grantor")).replace("name: b,", "name: grantors,")
    assert answer(existing).allowed
    one = "rolebindings.rbac.authorization.k8s.io grantors"
    eve = answer(existing, Identity("u-eve"))
    assert (eve.verb, eve.needs, eve.lacks) == ("patch", f"patch {one}", f"update {one}")
    # Bob may update it, as kubectl replace does, but not patch it, as kubectl apply does.
    bob = answer(existing)
    assert (bob.verb, bob.needs, bob.lacks) == ("update", "", f"patch {one}")


@pytest.mark.parametrize(
    ("verbs", "verb", "lacks"),
    [("patch", "patch", "update"), ("patch, update", "patch", ""), ("update", "update", "patch")],
)
def test_one_of_two_verbs_is_enough_to_change_what_is_there(verbs: str, verb: str, lacks: str) -> None:
    cluster = view(estate(HARVESTER.replace("verbs: [create, update]", f"verbs: [{verbs}]"), RANCHER))
    (item,) = objects((BINDING % ("dev", "grantor")).replace("name: b,", "name: grantors,"))
    given = can_grant(cluster, identity_of(cluster, BOB), item)
    assert (given.allowed, given.verb, given.lacks.partition(" ")[0]) == (True, verb, lacks)
    assert answer(ROLE % "pods").verb == "create"


@pytest.mark.parametrize(
    ("write", "allowed"),
    [
        ("verbs: [create, patch], resourceNames: [b]", True),
        ("verbs: [create, patch], resourceNames: [other]", False),
        ("verbs: [create], resourceNames: [b]", False),
        ("verbs: [patch], resourceNames: [b]", False),
    ],
)
def test_server_side_apply_creates_by_name(write: str, allowed: bool) -> None:
    cluster = view(estate(HARVESTER.replace("verbs: [create, update]", write), RANCHER))
    (item,) = objects(BINDING % ("dev", "grantor"))
    given = can_grant(cluster, identity_of(cluster, BOB), item)
    assert (given.allowed, given.verb, "by server-side apply only" in given.because) == (allowed, "create", allowed)
    assert given.needs == ("" if allowed else "create rolebindings.rbac.authorization.k8s.io")


def test_a_missing_role_cannot_be_bound() -> None:
    given = answer(BINDING % ("dev", "nothing"))
    assert (given.allowed, given.missing) == (False, ())
    assert given.because == "ClusterRole nothing does not exist: only who holds bind on it may bind it"


def test_masters_may_hand_out_everything() -> None:
    assert answer(BINDING % ("dev", "view"), Identity("root", ("system:masters",))).allowed


@pytest.mark.parametrize(
    ("verb", "resource", "text"),
    [("escalate", "roles", ROLE % "secrets"), ("bind", "clusterroles", BINDING % ("dev", "view"))],
)
def test_escalate_and_bind_pass_the_check(verb: str, resource: str, text: str) -> None:
    rule = f"{{apiGroups: [rbac.authorization.k8s.io], resources: [{resource}], verbs: [{verb}]}}"
    more = HARVESTER.replace("resources: [pods], verbs: [get]}", f"resources: [pods], verbs: [get]}}\n- {rule}")
    cluster = view(estate(more, RANCHER))
    (item,) = objects(text)
    given = can_grant(cluster, identity_of(cluster, BOB), item)
    assert (given.allowed, given.because) == (True, f"{verb} on {resource} is held")
    assert not answer(text).allowed


def test_other_kinds_hand_out_nothing() -> None:
    with pytest.raises(BadInput, match="hands out no rights"):
        answer("{apiVersion: v1, kind: Namespace, metadata: {name: x}}")


RBAC = "rbac.authorization.k8s.io"


@pytest.mark.parametrize(
    ("kind", "text", "complete"),
    [
        ("", ROLE % "pods", (True, True)),
        (f"Role.{RBAC}", ROLE % "pods", (True, False)),  # it may be there already, and needs another verb then
        (f"RoleBinding.{RBAC}", ROLE % "pods", (True, True)),
        (f"RoleBinding.{RBAC}", (BINDING % ("dev", "grantor")).replace("name: b,", "name: grantors,"), (True, True)),
        ("", ROLE % "secrets", (False, True)),
        (f"RoleBinding.{RBAC}", ROLE % "secrets", (False, False)),  # he may hold more than was read
        (f"RoleBinding.{RBAC}", (BINDING % ("dev", "view")).replace("name: b,", "name: grantors,"), (False, False)),
        ("Secret", ROLE % "secrets", (False, True)),
    ],
)
def test_an_answer_is_complete_where_what_decides_was_read(kind: str, text: str, complete: tuple[bool, bool]) -> None:
    whole = estate(HARVESTER, RANCHER).snapshot
    gaps = [Gap("harvester", "file.yaml", "it is cut off", "read it again", (kind,))] if kind else []
    cluster = view(Estate(Snapshot(whole.clusters, gaps), {"harvester": CLUSTER_ID}))
    (item,) = objects(text)
    given = can_grant(cluster, identity_of(cluster, BOB), item)
    assert (given.allowed, given.complete) == complete


def test_that_a_role_ref_cannot_change_is_sure_whatever_was_read() -> None:
    cluster = view(Estate(Snapshot(estate(HARVESTER, RANCHER).snapshot.clusters, [Gap("", "a", "b", "c")])))
    (item,) = objects((BINDING % ("dev", "view")).replace("name: b,", "name: grantors,"))
    given = can_grant(cluster, Identity("root", ("system:masters",)), item)
    assert (given.allowed, given.complete) == (False, True)
    assert "roleRef" in given.because


GATHERING = """
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: gathering}, %saggregationRule: {clusterRoleSelectors: [{matchLabels: {to-gathering: "true"}}]}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: part, labels: {to-gathering: "true"}}, rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]}
---
"""
STORED = 'rules: [{apiGroups: [""], resources: [pods], verbs: [get]}], '


@pytest.mark.parametrize(
    ("kind", "rules", "complete"),
    [("", "", True), (f"ClusterRole.{RBAC}", "", False), (f"ClusterRole.{RBAC}", STORED, True)],
)
def test_what_an_aggregated_role_gathers_may_be_more_than_was_read(kind: str, rules: str, *, complete: bool) -> None:
    """Stored rules are what the API server compares with; without them, every ClusterRole may bring more."""
    whole = estate(GATHERING % rules + HARVESTER, RANCHER).snapshot
    gaps = [Gap("harvester", "file.yaml", "it is cut off", "read it again", (kind,))] if kind else []
    cluster = view(Estate(Snapshot(whole.clusters, gaps), {"harvester": CLUSTER_ID}))
    (item,) = objects(BINDING % ("dev", "gathering"))
    given = can_grant(cluster, identity_of(cluster, BOB), item)
    assert (given.allowed, given.complete) == (True, complete)


def test_more_groups_may_hold_more() -> None:
    cluster = shop_view()
    held, lacking = (
        [can_grant(cluster, identity_of(cluster, BOB), item, all_groups=False) for item in objects(text)]
        for text in (ROLE % "pods", ROLE % "secrets")
    )
    assert [(given.allowed, given.complete) for given in (*held, *lacking)] == [(True, True), (False, False)]
