"""What was not read and could change an answer: a no is sure only where everything that could grant it was read."""

from collections.abc import Iterable

import pytest

from rbac_audit.access import Permission
from rbac_audit.answers.access import ask
from rbac_audit.answers.batch import answer_all, parse_questions
from rbac_audit.answers.unread import unread, unread_groups
from rbac_audit.audit.estate import Estate, View
from rbac_audit.snapshot.estate import Cluster, Gap, Snapshot
from rbac_audit.snapshot.objects import (
    KINDS,
    ClusterRole,
    ClusterRoleBinding,
    Kind,
    Namespace,
    Role,
    RoleBinding,
    Secret,
    Subject,
    UserAttribute,
)
from tests.answers.shop import HARVESTER, RANCHER, shop
from tests.rules.estate import CLUSTER_ID, estate, view

ALICE = Subject(kind="User", name="u-alice")
CI = Subject(kind="ServiceAccount", name="ci", namespace="dev")
URL = Permission("get", path="/version")
RBAC = "rbac.authorization.k8s.io"
SECRETS, NODES = Permission("delete", "", "secrets"), Permission("delete", "", "nodes")


def seen(
    *gaps: Gap, partial: Iterable[Kind] = (), unread_kinds: Iterable[Kind] = (), namespaces: Iterable[str] = ()
) -> View:
    """The shop, of which something was not read."""
    whole = shop().snapshot
    clusters = []
    for old in whole.clusters:
        objects = [item for kind, items in old.objects.items() for item in items if kind not in set(unread_kinds)]
        read = old.collected - set(unread_kinds)
        away = namespaces if old.name == "harvester" else ()
        clusters.append(Cluster(old.name, objects, collected=read, partial=partial, unread_namespaces=away))
    return view(Estate(Snapshot(clusters, gaps), {"harvester": CLUSTER_ID}))


def gap(cluster: str = "harvester", kinds: tuple[str, ...] = (), namespaces: tuple[str, ...] = ()) -> Gap:
    return Gap(cluster, "file.yaml", "it is cut off", "read it again", kinds, namespaces)


def alone(*gaps: Gap) -> View:
    """A cluster on which nothing is of a Rancher."""
    return view(Estate(Snapshot([Cluster("harvester", collected=KINDS)], gaps)))


TWO = """
{apiVersion: v1, kind: Namespace, metadata: {name: a, annotations: {field.cattle.io/projectId: "c-m-abcd1234:p-a"}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: b, annotations: {field.cattle.io/projectId: "c-m-wxyz9876:p-b"}}}
"""
MARKED = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rb-x, namespace: dev, labels: {authz.cluster.cattle.io/rtb-owner-updated: p-x_prtb-y}}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: User, name: u-bob}]
"""
BROKEN = "not read in full from harvester: file.yaml: it is cut off; what that grants is not in this answer"


@pytest.mark.parametrize(
    ("what", "namespaces", "expected"),
    [
        (seen(), None, ()),
        (seen(gap()), ["dev"], (BROKEN,)),
        (seen(gap()), [], (BROKEN,)),
        (seen(gap("")), ["dev"], (BROKEN,)),
        (seen(gap("rancher")), None, ()),
        (seen(gap(kinds=("Secret", f"VirtualMachine.{RBAC}"))), None, ()),
        (seen(gap(kinds=(f"RoleBinding.{RBAC}",))), ["dev"], (BROKEN,)),
        (seen(gap(kinds=(f"RoleBinding.{RBAC}",))), [], ()),
        (seen(gap(kinds=(f"RoleBinding.{RBAC}",))), [""], ()),
        (seen(gap(kinds=(f"ClusterRole.{RBAC}",))), [], (BROKEN,)),
        (seen(gap(kinds=(f"RoleBinding.{RBAC}",), namespaces=("dev",))), ["prod"], ()),
        (seen(gap(kinds=(f"RoleBinding.{RBAC}",), namespaces=("dev",))), ["prod", "dev"], (BROKEN,)),
        (seen(gap(kinds=(f"RoleBinding.{RBAC}",), namespaces=("dev",))), None, (BROKEN,)),
    ],
)
def test_a_gap_counts_where_it_may_hide_what_grants(
    what: View, namespaces: list[str] | None, expected: tuple[str, ...]
) -> None:
    assert unread(what, namespaces) == expected


@pytest.mark.parametrize(
    ("what", "namespaces", "expected"),
    [
        (seen(unread_kinds=(Role, ClusterRoleBinding)), ["dev"], ["not read from harvester: Role, ClusterRoleBinding"]),
        (seen(unread_kinds=(Role, RoleBinding)), [], []),
        (seen(unread_kinds=(Secret, Namespace)), None, []),
        (seen(partial=(ClusterRole, RoleBinding)), [], ["not read in full from harvester: ClusterRole"]),
        (seen(partial=(RoleBinding,)), ["dev"], ["not read in full from harvester: RoleBinding"]),
        (seen(namespaces=("a", "b", "c", "d")), None, ["not read from harvester: namespace a, b, c and 1 more"]),
        (seen(namespaces=("a", "b")), ["b", "c"], ["not read from harvester: namespace b"]),
        (seen(namespaces=("a",)), [], []),
    ],
)
def test_kinds_parts_and_namespaces_count(what: View, namespaces: list[str] | None, expected: list[str]) -> None:
    assert [line.partition(";")[0] for line in unread(what, namespaces)] == expected


def test_each_thing_is_told_once() -> None:
    refused = gap(kinds=(f"Role.{RBAC}",))
    assert len(unread(seen(refused, unread_kinds=(Role,)))) == 1
    left_out = gap(kinds=(f"RoleBinding.{RBAC}",), namespaces=("a", "b"))
    assert len(unread(seen(left_out, namespaces=("a", "b")))) == 1


@pytest.mark.parametrize(
    ("subject", "what", "doubted"),
    [
        (ALICE, seen(), False),
        (ALICE, seen(unread_kinds=(UserAttribute,)), True),
        (ALICE, seen(partial=(UserAttribute,)), True),
        (ALICE, seen(gap("rancher")), True),
        (ALICE, seen(gap("rancher", ("Secret",))), False),
        (ALICE, view(estate(HARVESTER)), True),  # its namespaces name a cluster in a Rancher
        (ALICE, view(estate("{apiVersion: v1, kind: Namespace, metadata: {name: lab}}")), False),
        (ALICE, view(Estate(estate(HARVESTER.replace("c-m-abcd1234:", "x:"), RANCHER).snapshot)), True),
        (ALICE, view(estate(TWO)), True),
        (ALICE, view(estate(MARKED)), True),
        (ALICE, view(estate(MARKED.replace("authz.cluster.cattle.io/rtb-owner-updated", "team"))), False),
        (ALICE, alone(gap("", ("User.management.cattle.io",))), True),
        (ALICE, alone(gap("", ("Token.management.cattle.io",))), False),
        (CI, view(estate(HARVESTER)), False),
        (Subject(kind="Group", name="devs"), view(estate(HARVESTER)), False),
        (Subject(kind="User", name="system:kube-scheduler"), view(estate(HARVESTER)), False),
    ],
)
def test_groups_of_a_user_are_known_as_far_as_rancher_was_read(subject: Subject, what: View, doubted: bool) -> None:
    assert bool(unread_groups(what, subject)) is doubted


def test_a_no_that_could_change_is_not_complete_and_a_yes_stands() -> None:
    half = seen(gap(kinds=(f"RoleBinding.{RBAC}",)))
    sure = [ask(half, CI, Permission("get", "", "secrets"), "prod"), ask(half, CI, NODES), ask(half, CI, URL)]
    assert [(answer.allowed, answer.complete) for answer in sure] == [(True, True), (False, True), (False, True)]
    answer = ask(half, CI, SECRETS, "prod")
    assert (answer.allowed, answer.complete, answer.notes) == (False, False, (BROKEN,))


def test_a_url_is_granted_by_no_role_binding() -> None:
    assert ask(seen(unread_kinds=(Role, RoleBinding)), CI, URL, "dev").complete


def test_lines_of_a_batch_are_judged_one_by_one() -> None:
    lines = [
        '{"user": "u-alice", "verb": "delete", "resource": "secrets", "namespace": "dev"}',
        '{"user": "u-alice", "groups": [], "verb": "delete", "resource": "secrets", "namespace": "dev"}',
        '{"user": "u-alice", "groups": [], "verb": "delete", "resource": "secrets", "namespace": "lost"}',
        '{"user": "system:serviceaccount:dev:ci", "verb": "get", "resource": "secrets", "namespace": "lost"}',
        '{"user": "system:serviceaccount:dev:ci", "verb": "delete", "path": "/x"}',
    ]
    half = seen(unread_kinds=(UserAttribute,), namespaces=("lost",))
    answers = list(answer_all(half, parse_questions(lines, "f")))
    assert [answer.allowed for answer in answers] == [False, False, False, True, False]
    assert [answer.complete for answer in answers] == [False, True, False, True, True]


def test_kinds_of_the_four_are_enough() -> None:
    others = set(KINDS) - {ClusterRole, Role, ClusterRoleBinding, RoleBinding}
    assert unread(seen(unread_kinds=others)) == ()
