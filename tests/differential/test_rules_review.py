"""What somebody can do: the server's SelfSubjectRulesReview lists the rules that we do, and takes people for who we do."""

import random
from collections.abc import Iterable

import pytest

from rbac_audit.access import Authorizer, Identity, Permission
from rbac_audit.access.escalation import breakdown, covers
from rbac_audit.access.permission import EVERY_RIGHT
from rbac_audit.answers.access import identity_of
from rbac_audit.answers.what import what_can
from rbac_audit.snapshot.objects import PolicyRule, Subject
from tests.access.manifests import cluster_role, cluster_role_binding, group
from tests.access.worlds import MASTERS, NAMESPACES, Request, World
from tests.differential import drawing
from tests.differential.comparing import view_of
from tests.differential.conftest import Count
from tests.differential.stage import Stage

pytestmark = pytest.mark.no_cover

WORLDS = 12
ACCOUNT = "system:serviceaccount:team-a:bot"
# Who is impersonated, with which groups, and who that is to us.
PEOPLE: list[tuple[str, tuple[str, ...]]] = [
    ("alice", ()),
    ("alice", ("devs", "system:serviceaccounts")),
    ("Alice", ("Devs", "system:authenticated")),
    ("devs", ("alice",)),
    ("system:anonymous", ()),
    ("mallory", ("system:unauthenticated",)),
    (ACCOUNT, ()),
    ("system:serviceaccount:team-a:bot2", ()),
    ("system:serviceaccount:Team:bot", ()),
    ("system:serviceaccount:team-a:", ()),
]


# Without it nobody may ask about himself.
ASKING = [
    cluster_role(
        "asking",
        {"verbs": ["create"], "apiGroups": ["authentication.k8s.io", "authorization.k8s.io"], "resources": ["*"]},
    ),
    cluster_role_binding(
        "asking", "ClusterRole/asking", group("system:authenticated"), group("system:unauthenticated")
    ),
]


@pytest.mark.controlplane(controllers=False)
@pytest.mark.parametrize(("user", "groups"), PEOPLE)
def test_who_somebody_is(stage: Stage, user: str, groups: tuple[str, ...]) -> None:
    """Impersonation adds the groups that logging in would."""
    stage.load(World(tuple(ASKING)))
    who = stage.who(user, groups)
    ours = Identity.of_user(user, groups)
    assert (who.user, set(who.groups)) == (ours.user, set(ours.groups))


@pytest.mark.parametrize("part", range(2))
def test_rules_of_random_worlds(stage: Stage, seed: int, part: int, count: Count) -> None:
    chance = random.Random(f"{seed}/rules/{part}")
    for drawn in drawing.draw_worlds(WORLDS, chance.getrandbits(32)):
        world = drawn.replaced(ASKING)
        stage.load(world)
        access = Authorizer(world.cluster)
        for user, groups in chance.sample(PEOPLE, 4):
            namespace = chance.choice([*NAMESPACES, "team-c"])
            ours = access.rules_for(Identity.of_user(user, groups), namespace)
            theirs = stage.rules_review(user, groups, namespace)
            assert set(ours) == set(theirs), f"seed {seed}: {user} of {groups} in {namespace}: {world}"
            count("rules reviews", 1)


SUBJECTS = [
    Subject(kind="User", name="alice"),
    Subject(kind="User", name="devs"),
    Subject(kind="User", name="system:anonymous"),
    Subject(kind="ServiceAccount", name="bot", namespace="team-a"),
    Subject(kind="ServiceAccount", name="bot2", namespace="team-b"),
    Subject(kind="Group", name="devs"),
    Subject(kind="Group", name="system:authenticated"),
    Subject(kind="Group", name="system:serviceaccounts:team-a"),
]


@pytest.mark.parametrize("part", range(2))
def test_what_can_of_random_worlds(stage: Stage, seed: int, part: int, count: Count) -> None:
    chance = random.Random(f"{seed}/what/{part}")
    for drawn in drawing.draw_worlds(WORLDS, chance.getrandbits(32)):
        world = drawn.replaced(ASKING)
        stage.load(world)
        for subject in chance.sample(SUBJECTS, 4):
            _compare(stage, world, subject, chance.choice(NAMESPACES))
            count("rules reviews", 1)


def _compare(stage: Stage, world: World, subject: Subject, namespace: str) -> None:
    view = view_of(world.cluster)
    who = identity_of(view, subject)
    # A group is asked about by way of a member of whom nothing else is known; nobody can act as a user without a name.
    theirs = stage.rules_review(who.user or "a-member", who.groups, namespace)
    places = [place for place in what_can(view, subject) if place.namespace in {"", namespace}]
    held = [item for place in places for item in place.held]
    listed = [rule for item in held for rule in (*item.rules, *item.void)]
    assert _rights(listed) == _rights(theirs), (subject, namespace, world)
    # `void` grants nothing: what is left of it in a namespace is nothing but URLs and cluster-scoped kinds.
    compacted = [rule for place in places for rule in place.rules]
    kept = [rule for item in held for rule in item.rules]
    assert covers(compacted, kept)
    assert covers(kept, compacted)


def _rights(rules: Iterable[PolicyRule]) -> set[PolicyRule]:
    return {atom for rule in rules for atom in breakdown(rule)}


def test_no_review_lists_what_system_masters_may(stage: Stage) -> None:
    """They are let through before rules are looked at; we list all rules there are."""
    stage.load(World(()))
    root, anything = Identity("root", (MASTERS,)), Permission("get", path="/x")
    access = Authorizer(World(()).cluster)
    assert stage.rules_review(root.user, root.groups, "team-a") == []
    assert access.rules_for(root, "team-a") == EVERY_RIGHT
    assert stage.ask([Request(root, anything)]) == [access.allowed(root, anything)] == [True]
