"""What if: objects of one cluster added, changed or taken away, with what the controllers would make of it."""

from collections.abc import Iterable, Sequence

import pytest

from rbac_audit.access import Aggregation, Identity, Permission
from rbac_audit.answers.diff import diff
from rbac_audit.answers.overlay import overlay
from rbac_audit.answers.unread import unread
from rbac_audit.audit.estate import Estate
from rbac_audit.errors import WrongUse
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import ClusterRole, ClusterRoleBinding, Kind, Role, RoleBinding
from tests.access.manifests import Manifest, cluster_role
from tests.answers.shop import MORE, shop
from tests.rancher.worlds import objects
from tests.rules.estate import CLUSTER_ID


def test_overlay_adds_and_takes_away() -> None:
    base = shop().snapshot
    after = overlay(base, "harvester", added=objects(MORE), removed=["RoleBinding dev/grantors"])
    found = diff(shop(), Estate(after, {"harvester": CLUSTER_ID}))
    assert {(change.subject, change.gained) for change in found.changes} == {
        ("User:u-alice", True),
        ("User:u-bob", False),
        ("ServiceAccount:dev/ci", False),
    }


def test_overlay_replaces_an_object_of_the_same_key() -> None:
    role = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: grantor}}"
    after = overlay(shop().snapshot, "harvester", added=objects(role))
    assert all(not change.gained for change in diff(shop(), Estate(after, {"harvester": CLUSTER_ID})).changes)


def test_overlay_of_a_missing_object_is_refused() -> None:
    with pytest.raises(WrongUse, match="there is no RoleBinding dev/nothing in harvester"):
        overlay(shop().snapshot, "harvester", removed=["RoleBinding dev/nothing"])


def rule(resource: str) -> Manifest:
    return {"verbs": ["get"], "apiGroups": [""], "resources": [resource]}


def aggregated(name: str, label: str, *stored: str, labels: dict[str, str] | None = None) -> Manifest:
    """A ClusterRole that gathers those with a label, with what the controller stored in it."""
    return cluster_role(name, *map(rule, stored), labels=labels, selectors=[{"matchLabels": {label: "true"}}])


PODS = cluster_role("pods", rule("pods"), labels={"to-middle": "true"})
STATE = [
    PODS,
    aggregated("middle", "to-middle", "pods", labels={"to-top": "true"}),
    aggregated("top", "to-top", "pods"),
    cluster_role("hand", rule("nodes"), selectors=[{"matchLabels": {"to-hand": "true"}}]),
    cluster_role("plain", rule("events")),
]


def after(
    *added: Manifest, removed: Sequence[str] = (), state: Iterable[Manifest] = STATE, partial: Iterable[Kind] = ()
) -> dict[str, set[str]]:
    """The resources that each ClusterRole grants once something was applied or deleted."""
    before = Cluster("c", filter(None, map(decode, state)), collected=[ClusterRole], partial=partial)
    changed = overlay(Snapshot([before]), "c", added=filter(None, map(decode, added)), removed=removed).cluster("c")
    found = Aggregation(changed.of(ClusterRole))
    return {
        role.name: {word for each in found.effective(role.name) for word in each.resources}
        for role in changed.of(ClusterRole)
    }


SECRETS = cluster_role("secrets", rule("secrets"), labels={"to-middle": "true"})


def test_a_new_member_reaches_all_who_aggregate_it() -> None:
    found = after(SECRETS)
    assert found["middle"] == found["top"] == {"pods", "secrets"}
    assert (found["hand"], found["plain"]) == ({"nodes"}, {"events"})


def test_a_member_that_is_deleted_takes_its_rules_along() -> None:
    found = after(removed=["ClusterRole pods"])
    assert found["middle"] == found["top"] == set()


def test_a_member_that_changes_is_read_anew() -> None:
    found = after(cluster_role("pods", rule("secrets"), labels={"to-middle": "true"}))
    assert found["middle"] == found["top"] == {"secrets"}


def test_a_label_that_goes_or_comes_counts() -> None:
    assert after(cluster_role("pods", rule("pods")))["top"] == set()
    assert after(cluster_role("plain", rule("events"), labels={"to-top": "true"}))["top"] == {"pods", "events"}


def test_an_aggregated_role_that_is_applied_gets_what_it_selects_and_not_what_it_says() -> None:
    found = after(aggregated("top", "to-middle", "secrets"), aggregated("new", "to-top", "secrets"))
    assert (found["top"], found["new"]) == ({"pods"}, {"pods"})


def test_an_aggregated_role_may_become_a_plain_one_and_the_other_way_round() -> None:
    assert after(cluster_role("middle", rule("events"), labels={"to-top": "true"}))["top"] == {"events"}
    assert after(aggregated("plain", "to-middle"))["plain"] == {"pods"}


def test_roles_in_a_circle_are_resolved() -> None:
    one = aggregated("one", "to-one", "old", labels={"to-other": "true"})
    other = aggregated("other", "to-other", "old", labels={"to-one": "true"})
    member = cluster_role("member", rule("new"), labels={"to-one": "true"})
    assert {name: found for name, found in after(member, state=[one, other]).items() if name != "member"} == {
        "one": {"new"},
        "other": {"new"},
    }


def test_what_no_member_explains_stays_where_not_every_role_was_read() -> None:
    stored = [PODS, aggregated("middle", "to-middle", "pods", "lost", labels={"to-top": "true"})]
    state = [*stored, aggregated("top", "to-top", "pods", "lost")]
    assert after(SECRETS, state=state)["top"] == {"pods", "secrets"}
    found = after(SECRETS, removed=["ClusterRole pods"], state=state, partial=[ClusterRole])
    assert found["middle"] == found["top"] == {"secrets", "lost"}


def test_what_is_the_same_changes_nothing() -> None:
    assert after(PODS) == after()
    assert after()["hand"] == {"nodes"}


def test_a_question_sees_what_an_aggregated_role_gains() -> None:
    more = objects(
        """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: more, labels: {to-view: "true"}}
rules: [{apiGroups: [""], resources: [events], verbs: [get]}]
"""
    )
    changed = overlay(shop().snapshot, "harvester", added=more)
    access = Estate(changed, {"harvester": CLUSTER_ID}).views[0].access
    who, events = Identity("u-alice", ("github_team://7",)), Permission("get", "", "events")
    assert access.allowed(who, events, "dev")


def test_one_object_more_does_not_make_its_kind_read() -> None:
    kinds: set[Kind] = {ClusterRole, Role, ClusterRoleBinding}
    before = Snapshot([Cluster("c", collected=kinds, unread_namespaces=["lost"])])
    changed = overlay(before, "c", added=objects(MORE))
    cluster = changed.cluster("c")
    assert (cluster.has(RoleBinding), cluster.whole(RoleBinding), cluster.whole(Role)) == (True, False, True)
    assert overlay(changed, "c", added=objects(MORE)).cluster("c").partial == {RoleBinding}
    whole = overlay(shop().snapshot, "harvester", added=objects(MORE)).cluster("harvester")
    assert whole.whole(RoleBinding)
    (view,) = Estate(changed).views
    assert [line.partition(";")[0] for line in unread(view, ["prod", "lost"])] == [
        "not read in full from c: RoleBinding",
        "not read from c: namespace lost",
    ]
