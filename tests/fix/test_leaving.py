"""What is being deleted, or is deleted after the plan was made: nobody's access is built on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import KINDS
from tests.controlplane.connections import Object
from tests.controlplane.plugin import Estate as Servers
from tests.controlplane.settle import wait
from tests.fix.stage import POD_READER, Sampler, Stage, estate, loaded
from tests.fix.standin import MANAGEMENT, RBAC
from tests.fix.worlds import ID, ROLES, SHOP, Raw, binding, obj, planned, prtb, template
from tests.fix.worlds import estate as world

MODELS = pytest.mark.parametrize("aggregated", [False, True], ids=["legacy", "aggregated"])
RAW = binding("dev/b", "pods", "User:u-alice")
MEMBER = prtb("prtb-1", SHOP, "pods-and-more", "User:u-alice")
PODS = template("pods-and-more", ROLES["pods"])


def leaving(item: Raw) -> Raw:
    """The same object while a finalizer holds it."""
    metadata = item["metadata"]
    assert isinstance(metadata, dict)
    return {**item, "metadata": {**metadata, "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["x/y"]}}


PROJECT = obj(MANAGEMENT, "Project", "p-shop", ID, spec={"displayName": "Shop"}, status={})
DEV = obj("v1", "Namespace", "dev", annotations={"field.cattle.io/projectId": SHOP})
ALICE = obj(MANAGEMENT, "User", "u-alice", username="alice", principalIds=["local://u-alice"])
ROLE = obj(RBAC, "ClusterRole", "pods", rules=ROLES["pods"])


@MODELS
@pytest.mark.parametrize("members", [[], [MEMBER]], ids=["a stranger", "a member"])
@pytest.mark.parametrize(
    ("tenants", "managers", "reason"),
    [
        ([], [PROJECT], "project Shop is being deleted, and every project binding with it"),
        ([DEV], [], "dev is being deleted"),
        ([ROLE], [], "ClusterRole pods is being deleted, and grants nothing then"),
        ([], [ALICE], "Rancher is deleting user u-alice"),
    ],
    ids=["project", "namespace", "role", "user"],
)
def test_what_is_going_is_left_alone(
    tenants: list[Raw], managers: list[Raw], reason: str, members: list[Raw], aggregated: bool
) -> None:
    going = world([RAW, *map(leaving, tenants)], [*members, *map(leaving, managers)], aggregated=aggregated)
    plan = planned(going, "listed")
    assert not plan.steps
    assert [item.reason for item in plan.refusals] == [reason]
    assert all(item.manual for item in plan.refusals)
    assert planned(world([RAW, *tenants], [*members, *managers], aggregated=aggregated), "listed").steps


@MODELS
@pytest.mark.parametrize("members", [[], [MEMBER]], ids=["a stranger", "a member"])
def test_a_role_template_that_is_going_is_not_chosen(members: list[Raw], aggregated: bool) -> None:
    for going, chosen in (([PODS], True), ([leaving(PODS)], False)):
        (step,) = planned(world([RAW], [*members, *going], aggregated=aggregated), "listed").steps
        named = "keeps what it has" if members else "as pods-and-more"
        assert (named in step.title) is chosen


def test_nor_one_that_inherits_it() -> None:
    whole = template("whole", [], roleTemplateNames=["pods-and-more"])
    others = [template(name, ROLES["pods"], locked=True) for name in ("view", "edit", "read-only", "project-member")]
    (step,) = planned(world([RAW], [leaving(PODS), whole, *others]), "listed").steps
    assert "as whole" not in step.title
    assert "as pods-and-more" not in step.title


@MODELS
def test_what_a_member_keeps_its_rights_by_is_held(aggregated: bool) -> None:
    (step,) = planned(world([RAW], [MEMBER], aggregated=aggregated)).steps
    held = {item.target.kind: str(item.target) for item in step.preconditions if item.target.name != "dev"}
    assert held["ProjectRoleTemplateBinding"] == f"ProjectRoleTemplateBinding {ID}-p-shop/prtb-1"
    names = {item.target.name for item in step.preconditions}
    assert {"pods", "pods-and-more-aggregator" if aggregated else "pods-and-more"} <= names
    assert [item.target.name.startswith("rb-") for item in step.preconditions].count(True) == 1


def test_a_binding_that_is_there_and_not_rendered_is_held() -> None:
    """It will be waited for, and must not be on its way out then."""
    made = world([RAW], [MEMBER])
    harvester = made.snapshot.cluster("harvester")
    left = [item for items in harvester.objects.values() for item in items if not item.name.startswith("rb-")]
    clusters = [Cluster("harvester", left, collected=KINDS), made.snapshot.cluster("rancher")]
    (step,) = planned(Estate(Snapshot(clusters)), "listed").steps
    assert step.expect
    assert not step.do.creates
    assert f"ProjectRoleTemplateBinding {ID}-p-shop/prtb-1" in {str(item.target) for item in step.preconditions}


@pytest.fixture(params=[False, True], ids=["legacy", "aggregated"])
def stage(request: pytest.FixtureRequest, two_apiservers: Servers, tmp_path: Path) -> Iterator[Stage]:
    """One user with a raw binding who is a member with just these rights as well."""
    harvester, rancher = estate(1, aggregated=request.param)
    project = next(item for item in rancher if item["kind"] == "Project")
    metadata = project["metadata"]
    assert isinstance(metadata, dict)
    metadata["finalizers"] = ["example.com/wait"]
    rancher.append(template("pods", POD_READER))
    with loaded(two_apiservers, tmp_path, harvester, rancher, aggregated=request.param) as made:
        member = prtb("prtb-member", SHOP, "pods", "User:u-00")
        made.management.create({**member, "metadata": {"name": "prtb-member", "namespace": f"{ID}-p-shop"}})
        wait("the member is bound", lambda: len(rendered(made)) == 2)
        wait("Rancher holds the binding", lambda: bool(bound(made)["metadata"].get("finalizers")))
        yield made


def rendered(stage: Stage) -> list[Object]:
    found = stage.harvester.objects(RBAC, "RoleBinding")
    return [item for item in found if item["metadata"]["name"].startswith("rb-")]


def bound(stage: Stage) -> Object:
    return stage.management.get(MANAGEMENT, "ProjectRoleTemplateBinding", "prtb-member", f"{ID}-p-shop")


@pytest.mark.timeout(300)
@pytest.mark.no_cover
@pytest.mark.parametrize("lost", ["membership on its way", "membership", "project"])
def test_what_goes_after_the_plan_was_made_stops_it(stage: Stage, lost: str) -> None:
    """In the first case what Rancher made is there to the end of the apply, and reviews say that all is well."""
    plan = stage.plan()
    assert "(keeps what it has)" in plan.read_text("utf-8")
    before = stage.raw()
    if lost == "project":
        stage.management.delete(MANAGEMENT, "Project", "p-shop", ID)
    else:
        stage.standin.paused = lost == "membership on its way"
        stage.management.delete(MANAGEMENT, "ProjectRoleTemplateBinding", "prtb-member", f"{ID}-p-shop")
    if lost == "membership":
        wait("the member is out", lambda: not rendered(stage))
    with Sampler(stage.harvester, ["u-00"]) as sampler:
        ended = stage.apply(plan)
        stage.standin.paused = False
        wait("Rancher is done", lambda: lost == "project" or not rendered(stage))
        sampler.ask()
    assert ended.code == 4, ended.text
    what = f"Project {ID}/p-shop" if lost == "project" else "prtb-member"
    said = "it is gone" if lost == "membership" else "it is being deleted"
    assert what in ended.text or lost == "membership"
    assert said in ended.text
    assert stage.raw() == before
    assert not sampler.refused
