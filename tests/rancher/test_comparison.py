"""What Rancher writes beside what is there: the laws of comparing, and every kind of difference, in both models."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbac_audit.audit.estate import Estate
from rbac_audit.rancher.comparison import Difference, Fate
from rbac_audit.rancher.naming import cluster_role_binding_name
from rbac_audit.rancher.ownership import Claim
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    Metadata,
    Namespace,
    PolicyRule,
    Role,
    RoleBinding,
    ServiceAccount,
    Subject,
)
from rbac_audit.sources import SourceSpec, read_estate
from tests.rancher.rendering.recorded import written
from tests.rancher.rendering.test_render import DOWN, MANAGEMENT, MODELS, crtb, prtb
from tests.rancher.settled import (
    ALICE,
    ESTATE,
    PLACES,
    RBAC,
    SETTLED,
    Sides,
    binding,
    bindings,
    feature,
    member,
    put,
    raw,
    settled,
    views,
    without,
)
from tests.rancher.worlds import objects

pytestmark = pytest.mark.no_cover


def differences(sides: Sides) -> list[tuple[str, Difference]]:
    return [(name, item) for name, view in sorted(views(sides).items()) for item in view.differences]


def told(sides: Sides) -> list[tuple[str, Fate, str]]:
    return [(name, item.fate, str(item.item)) for name, item in differences(sides)]


def one(sides: Sides) -> Difference:
    [(_, found)] = differences(sides)
    return found


@MODELS
def test_what_is_rendered_is_as_it_should_be(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    assert told(sides) == []
    for view in views(sides).values():
        claims = {verdict.claim for verdict in view.ownership.values()}
        assert claims == {Claim.HOLDS}


@MODELS
def test_whatever_is_deleted_is_exactly_what_is_missing(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    bare = {item.key for item in (*objects(MANAGEMENT + ESTATE + PLACES + feature(aggregated)), *objects(SETTLED))}
    tried = 0
    for cluster in ("harvester", "rancher"):
        for key, item in sides[cluster].items():
            if key not in bare and not isinstance(item, Namespace):
                tried += 1
                assert told(without(sides, item, cluster)) == [(cluster, Fate.MISSING, str(item))]
    assert tried > 50


@MODELS
@given(
    name=st.from_regex(r"[a-z][a-z0-9-]{0,20}[a-z0-9]", fullmatch=True),
    namespace=st.sampled_from(["shop-dev", "left-behind", "kube-system"]),
    role=st.sampled_from(["edit", "project-member", "create-ns", "viewer", "no-such-role", "p-x1y2z-namespaces-edit"]),
    subject=st.sampled_from(
        [ALICE, Subject(kind="Group", name="ad_group://devs", api_group=RBAC), Subject(kind="User", name="x")]
    ),
)
def test_any_raw_binding_is_exactly_that(
    aggregated: bool, name: str, namespace: str, role: str, subject: Subject
) -> None:
    added = raw(name, namespace, role, subject)
    sides = settled(aggregated=aggregated)
    assert added.key not in sides["harvester"]
    sides = put(sides, added)
    assert told(sides) == []
    found = {str(one.source): verdict.claim for one, verdict in views(sides)["harvester"].ownership.items()}
    assert [text for text, claim in found.items() if claim is not Claim.HOLDS] == [str(added)]
    assert found[str(added)] is Claim.NONE


@MODELS
def test_somebody_added_to_a_rendered_binding_changes_it(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    before = binding(sides, "shop-dev", member(aggregated))
    eve = Subject(kind="User", name="u-eve", api_group=RBAC)
    after = msgspec.structs.replace(before, subjects=(*before.subjects, eve))
    found = one(put(sides, after))
    assert (found.fate, found.item, found.wanted) == (Fate.CHANGED, after, before)
    assert [str(owner.source) for owner in found.owners] == [f"ProjectRoleTemplateBinding {DOWN}-p-x1y2z/devs"]


@MODELS
@pytest.mark.parametrize("role", ["cluster-admin", None], ids=["another role", "the same content"])
def test_a_raw_binding_of_the_wanted_name_blocks(aggregated: bool, role: str | None) -> None:
    sides = settled(aggregated=aggregated)
    wanted = binding(sides, "shop-dev", member(aggregated))
    found = one(put(sides, raw(wanted.name, "shop-dev", role or wanted.role_ref.name, ALICE)))
    assert (found.fate, found.wanted) == (Fate.BLOCKED, wanted)


@MODELS
def test_rules_that_a_role_has_more_and_less(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    role = sides["harvester"][RBAC, "ClusterRole", "", "keeper"]
    assert isinstance(role, ClusterRole)
    rule = PolicyRule(verbs=("list",), api_groups=("",), resources=("secrets",))
    found = one(put(sides, msgspec.structs.replace(role, rules=(rule,))))
    assert found.fate is Fate.CHANGED
    assert [found.added, [lost.verbs for lost in found.lost]] == [(rule,), [("get",)]]


@MODELS
def test_the_same_rules_in_other_words_are_the_same(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    role = sides["harvester"][RBAC, "ClusterRole", "", "project-member"]
    assert isinstance(role, ClusterRole)
    split = [msgspec.structs.replace(rule, verbs=(verb,)) for rule in role.rules for verb in rule.verbs]
    assert told(put(sides, msgspec.structs.replace(role, rules=tuple(reversed(split))))) == []


@MODELS
def test_a_namespace_of_another_project_in_its_role_is_told_one_that_is_gone_is_not(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    role = sides["harvester"][RBAC, "ClusterRole", "", "p-x1y2z-namespaces-edit"]
    assert isinstance(role, ClusterRole)

    def with_namespace(name: str) -> Sides:
        rules = [
            msgspec.structs.replace(rule, resource_names=(*rule.resource_names, name))
            if "namespaces" in rule.resources
            else rule
            for rule in role.rules
        ]
        return put(sides, msgspec.structs.replace(role, rules=tuple(rules)))

    assert told(with_namespace("deleted")) == []
    found = one(with_namespace("kube-system"))
    assert (found.fate, [rule.resource_names for rule in found.added]) == (Fate.CHANGED, [("kube-system",)])


@MODELS
def test_what_an_account_impersonates_follows_the_last_login_but_not_more(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    role = sides["harvester"][RBAC, "ClusterRole", "", "cattle-impersonation-u-abc12"]
    assert isinstance(role, ClusterRole)

    def naming(resource: str, *names: str) -> Sides:
        rules = [
            msgspec.structs.replace(rule, resource_names=(*rule.resource_names, *names))
            if resource in rule.resources
            else rule
            for rule in role.rules
        ]
        return put(sides, msgspec.structs.replace(role, rules=tuple(rules)))

    assert told(naming("userextras/username", "Alice Ng")) == []
    assert told(naming("groups", "ad_group://later")) == []
    assert one(naming("groups", "system:masters")).fate is Fate.CHANGED
    assert one(naming("users", "u-root")).fate is Fate.CHANGED


@MODELS
def test_what_is_left_of_the_other_model_is_there_twice(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    other = settled(aggregated=aggregated, model=not aggregated)
    both: Sides = {name: {**other[name], **sides[name]} for name in sides}
    found = differences(both)
    assert {item.fate for _, item in found} == {Fate.DOUBLED}
    roles = {item.item.role_ref.name for _, item in found if isinstance(item.item, ClusterRoleBinding)}
    assert ("boss" if aggregated else "boss-aggregator") in roles
    # The legacy namespace handler goes on writing these.
    namespaced = [item for name, item in found if name == "harvester" and item.item.namespace]
    assert bool(namespaced) is not aggregated


def test_a_foreign_role_that_an_aggregator_takes_up_is_told() -> None:
    sides = settled(aggregated=True)
    rule = PolicyRule(verbs=("*",), api_groups=("*",), resources=("*",))
    label = {"management.cattle.io/aggregates": "viewer"}
    role = ClusterRole(metadata=Metadata(name="innocent", labels=label), rules=(rule,))
    found = one(put(sides, role))
    assert (found.fate, found.item, found.added) == (Fate.FED, role, (rule,))
    # The controller manager takes it up, which is the same fault.
    aggregator = sides["harvester"][RBAC, "ClusterRole", "", "viewer-aggregator"]
    assert isinstance(aggregator, ClusterRole)
    fed = msgspec.structs.replace(aggregator, rules=(*aggregator.rules, rule))
    assert one(put(put(sides, role), fed)).item == role
    assert one(put(sides, fed)).fate is Fate.CHANGED
    other = msgspec.structs.replace(
        role, metadata=Metadata(name="innocent", labels={"management.cattle.io/aggregates": "x"})
    )
    assert told(put(sides, other)) == []


def test_legacy_labels_of_an_external_role_are_accepted_in_the_aggregated_model() -> None:
    sides = settled(prtb("edit"), aggregated=True)
    made = binding(sides, "shop-dev", "edit")
    legacy = {"authz.cluster.cattle.io/rtb-owner-updated": f"{DOWN}-p-x1y2z_devs"}
    metadata = msgspec.structs.replace(made.metadata, labels=legacy)
    assert told(put(sides, msgspec.structs.replace(made, metadata=metadata))) == []


@MODELS
@pytest.mark.parametrize(
    "flapping",
    [
        pytest.param(prtb("viewer", "serviceAccount: 'ci:robot'"), id="of a service account"),
        pytest.param(
            prtb("viewer", "userName: u-gone").replace("c-m-abcd1234:p-x1y2z", "c-m-abcd1234:p-ghost"),
            id="of no project",
        ),
    ],
)
def test_either_outcome_of_a_race_is_regular(flapping: str, aggregated: bool) -> None:
    sides = settled(flapping, aggregated=aggregated)
    assert told(sides) == []
    for item in bindings(sides, "rancher") if "ghost" in flapping else bindings(sides):
        if item.name.startswith(("rb-", "crb-")):
            assert told(without(sides, item, "rancher" if "ghost" in flapping else "harvester")) == []


OTHER_PROJECT = """
---
apiVersion: management.cattle.io/v3
kind: Project
metadata: {name: p-other, namespace: c-m-abcd1234}
spec: {clusterName: c-m-abcd1234}
status: {backingNamespace: c-m-abcd1234-p-other}
---
{apiVersion: v1, kind: Namespace, metadata: {name: c-m-abcd1234-p-other}}
"""
OTHER_CLUSTER = """
---
{apiVersion: management.cattle.io/v3, kind: Cluster, metadata: {name: c-m-other}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: c-m-other}}
"""


@pytest.mark.parametrize("name", ["creator-project-owner", "creator-cluster-owner"])
@MODELS
def test_bindings_of_one_name_delete_each_other_s_in_the_aggregated_model(name: str, aggregated: bool) -> None:
    """Seen on Rancher's controllers: what they delete by its label does not name the project or cluster."""
    if "project" in name:
        one = prtb("project-member", name=name)
        other = one.replace("p-x1y2z", "p-other") + OTHER_PROJECT
        side, wanted = "harvester", "create-ns"
    else:
        one = crtb("boss").replace("bosses,", f"{name},")
        other = one.replace(DOWN, "c-m-other") + OTHER_CLUSTER
        side, wanted = "rancher", "boss-cluster-mgmt-aggregator" if aggregated else "boss"
    for text, tolerated in ((one + other, aggregated), (one + other.replace(f"{name},", "another,"), False)):
        sides = settled(text, aggregated=aggregated)
        assert told(sides) == []
        found = [item for item in bindings(sides, side) if item.role_ref.name == wanted]
        found = [item for item in found if item.namespace != "c-m-other"]
        assert (told(without(sides, found[0], side)) == []) is tolerated


def test_an_owner_may_be_a_mere_member_beside() -> None:
    """In the aggregated model, who is bound before the rules of the template are there becomes a member first."""
    sides = settled(crtb("boss"), aggregated=True)
    (owner,) = (item for item in bindings(sides, "rancher") if item.role_ref.name == f"{DOWN}-clusterowner")
    member = f"{DOWN}-clustermember"
    name = cluster_role_binding_name("ClusterRole", member, "Group", "ad_group://bosses")
    early = msgspec.structs.replace(
        owner,
        metadata=msgspec.structs.replace(owner.metadata, name=name),
        role_ref=msgspec.structs.replace(owner.role_ref, name=member),
    )
    assert told(put(sides, early, "rancher")) == []


@MODELS
def test_a_deleted_twin_leaves_what_it_made(aggregated: bool) -> None:
    twins = prtb("viewer", name="a") + prtb("viewer", name="b")
    sides = settled(prtb("viewer", name="b"), aggregated=aggregated)
    for item in objects(MANAGEMENT + twins):
        sides["rancher"].setdefault(item.key, item)
    assert told(sides) == []
    assert {verdict.claim for verdict in views(sides)["harvester"].ownership.values()} == {Claim.HOLDS}


@MODELS
def test_one_broken_binding_does_not_make_the_project_s_roles_changed(aggregated: bool) -> None:
    sides = settled(prtb("viewer"), aggregated=aggregated)
    for item in objects(prtb("orphan", name="broken")):
        sides = put(sides, item, "rancher")
    changed = [item for _, item in differences(sides) if item.fate is Fate.CHANGED]
    assert changed == []


@MODELS
def test_nothing_is_missing_of_what_was_not_read(aggregated: bool) -> None:
    sides = settled(aggregated=aggregated)
    bare: Sides = {
        **sides,
        "harvester": {key: item for key, item in sides["harvester"].items() if isinstance(item, Namespace)},
    }
    assert {item.fate for _, item in differences(bare)} == {Fate.MISSING}
    kinds = (RoleBinding, ClusterRoleBinding, Role, ClusterRole, ServiceAccount)
    assert views(bare, partial=kinds)["harvester"].differences == ()
    assert views(bare, unread=kinds)["harvester"].differences == ()


@pytest.mark.parametrize("model", ["legacy", "aggregated"])
def test_what_the_controllers_wrote_has_no_difference_and_before_all_was_missing(shared_data: Path, model: str) -> None:
    folder = shared_data / "rendering-example" / model
    after, before = (Estate(read_estate([SourceSpec(str(folder / side))])) for side in ("output", "input"))
    assert [item for view in after.views for item in view.differences] == []
    for cluster in ("rancher-local", "harvester-cluster"):
        view = next(item for item in before.views if item.name == cluster)
        # The accounts' namespace was not there before, and nothing can be missing in it.
        record = written(folder, cluster)
        made = {key for key in record if key[0] not in {"Namespace", "ServiceAccount"}}
        # Rancher deletes it and makes it again for ever, as long as its Role is missing.
        made -= {key for key in made if (record[key]["role"] or {}).get("name") == "crt-token-reader"}
        assert {(found.item.kind, found.item.namespace, found.item.name) for found in view.differences} == made
        assert {found.fate for found in view.differences} == {Fate.MISSING}


@pytest.mark.parametrize("estate", ["stock-legacy", "stock-aggregated"])
def test_a_clean_estate_has_no_difference(shared_data: Path, estate: str) -> None:
    views = Estate(read_estate([SourceSpec(str(shared_data / estate))])).views
    assert len(views) == 2
    assert [item for view in views for item in view.differences] == []
    claims = {verdict.claim for view in views for verdict in view.ownership.values()}
    assert claims == {Claim.HOLDS, Claim.NONE}


@MODELS
def test_a_binding_under_an_older_name_does_as_well(aggregated: bool) -> None:
    """Before v2.5, names were random; Rancher finds its bindings by their label."""
    sides = settled(aggregated=aggregated)
    before = binding(sides, "shop-dev", member(aggregated))
    renamed = msgspec.structs.replace(before, metadata=msgspec.structs.replace(before.metadata, name="rb-old"))
    assert told(put(without(sides, before), renamed)) == []
    bare = msgspec.structs.replace(renamed, metadata=Metadata(name="rb-old", namespace="shop-dev"))
    assert told(put(without(sides, before), bare)) == [("harvester", Fate.MISSING, str(before))]


@MODELS
def test_nothing_is_missing_of_the_twin_that_rancher_deletes(aggregated: bool) -> None:
    sides = settled(prtb("keeper", name="a"), aggregated=aggregated)
    for item in objects(prtb("keeper", name="b")):
        sides = put(sides, item, "rancher")
    assert told(sides) == []
