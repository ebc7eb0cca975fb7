"""What a deleted import leaves: what can be taken back, what only a person can delete, and what must stay."""

import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.fix import outputs, show
from rbac_audit.fix.leftovers import LEFT
from rbac_audit.fix.plan import Plan
from rbac_audit.fix.simulate import revert, simulate
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import KINDS, ClusterRole, ClusterRoleBinding, Role
from tests.fix.test_laws import bare
from tests.fix.worlds import RBAC, Raw, binding, estate, harvester, obj, objects, planned, rule, view

ADMIN = binding("cattle-admin-binding", "cattle-admin", "ServiceAccount:cattle-system/cattle")
ROLE = obj(RBAC, "ClusterRole", "cattle-admin", rules=[rule("*", "*", "*")])
CREDENTIALS = obj("v1", "Secret", "cattle-credentials-0ld", "cattle-system", type="Opaque")
AGENT = obj("apps/v1", "Deployment", "cattle-cluster-agent", "cattle-system", spec={"replicas": 1}, status={})
TEMPLATE = "authz.cluster.cattle.io/clusterrole-owner"


def setting(url: str) -> Raw:
    value = f'{{"url": "{url}", "insecureSkipTLSVerify": false}}'
    return obj("harvesterhci.io/v1beta1", "Setting", "cluster-registration-url", value=value)


EMPTY, SET = setting(""), setting("https://rancher.example.com/v3/import/made-up_c-m-abcd1234.yaml")


def alone(*raw: Raw) -> Estate:
    """The Harvester cluster without a Rancher that was read, as after its import was deleted."""
    return Estate(Snapshot([Cluster("harvester", objects([*harvester(), *raw]), collected=KINDS)]))


def of(found: Estate, *rules: str) -> Plan:
    return planned(found, rules=rules or LEFT)


def after(found: Estate, plan: Plan) -> Estate:
    return Estate(simulate(found, view(found), plan.steps).after)


def test_the_rights_of_an_agent_that_is_gone_are_taken() -> None:
    found = alone(ADMIN, ROLE, EMPTY)
    plan = of(found)
    (step,) = plan.steps
    assert [str(item) for item in step.do.deletes] == [
        "ClusterRoleBinding cattle-admin-binding",
        "ClusterRole cattle-admin",
    ]
    assert [item.manifest["kind"] for item in step.undo.creates] == ["ClusterRole", "ClusterRoleBinding"]
    assert [item.target.name for item in step.preconditions] == ["cattle-admin-binding", "cattle-admin"]
    assert all(item.uid and item.resource_version for item in step.preconditions)
    assert step.consent.needed
    (effect,) = step.effects
    assert effect.subject == "ServiceAccount:cattle-system/cattle"
    assert effect.lost[0].rights == ("do anything to everything of every API group",)
    done = simulate(found, view(found), plan.steps)
    assert bare(revert(done, found, plan.steps)) == bare(found.snapshot)
    assert not of(after(found, plan)).steps
    assert not of(after(found, plan)).refusals


def test_the_role_stays_where_something_else_binds_it() -> None:
    (step,) = of(alone(ADMIN, ROLE, EMPTY, binding("mine", "cattle-admin", "User:u-alice"))).steps
    assert [str(item) for item in step.do.deletes] == ["ClusterRoleBinding cattle-admin-binding"]


def test_credentials_are_never_deleted_but_named() -> None:
    found = alone(ADMIN, CREDENTIALS, EMPTY)
    plan = of(found)
    (refusal,) = plan.refusals
    assert refusal.object == "Secret cattle-system/cattle-credentials-0ld"
    assert refusal.manual == "kubectl -n cattle-system delete secret cattle-credentials-0ld"
    second = of(after(found, plan))
    assert not second.steps
    assert second.refusals == plan.refusals


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ([ADMIN, AGENT, EMPTY], "Deployment cattle-system/cattle-cluster-agent is there"),
        ([ADMIN, SET], "cluster-registration-url is set, so an import may be going on"),
        ([ADMIN], "cluster-registration-url was not read"),
        ([SET], "cluster-registration-url is set"),
        (
            [obj("apps/v1", "Deployment", "x", "y", spec={"replicas": 1}, status={"availableReplicas": 1}), AGENT, SET],
            "stuck",
        ),
    ],
    ids=["an agent", "an import", "unread", "a setting only", "stuck"],
)
def test_what_a_live_import_may_need_stays(raw: list[Raw], reason: str) -> None:
    plan = of(alone(*raw))
    assert not plan.steps
    assert plan.refusals
    assert all(reason in item.reason and item.manual for item in plan.refusals)


def test_what_rancher_still_has_is_deleted_there() -> None:
    plan = of(estate([ADMIN, ROLE, EMPTY]))
    assert not plan.steps
    assert [item.reason for item in plan.refusals] == ["the Rancher of rancher has this cluster as c-m-abcd1234"]


def test_the_namespace_is_never_touched() -> None:
    place = obj("v1", "Namespace", "cattle-system")
    for raw in ([ADMIN, ROLE, EMPTY, place], [ADMIN, CREDENTIALS, EMPTY, place], [ADMIN, AGENT, EMPTY, place]):
        plan = of(alone(*raw))
        assert not [item for step in plan.steps for item in step.do.deletes if item.kind == "Namespace"]
        assert not any(
            "namespace cattle-system" in item.manual and "never" not in item.manual for item in plan.refusals
        )


def test_what_a_controller_writes_is_left_to_it() -> None:
    owned = ADMIN | {"metadata": {"name": "cattle-admin-binding", "annotations": {"objectset.rio.cattle.io/id": "x"}}}
    plan = of(alone(owned, EMPTY))
    assert not plan.steps
    assert "written from elsewhere" in plan.refusals[0].reason


def gone(name: str = "gone") -> Raw:
    """A ClusterRole of a role template that Rancher does not have any more."""
    return obj(RBAC, "ClusterRole", name, labels={TEMPLATE: name}, rules=[rule("core", "pods", "get")])


def test_roles_of_a_deleted_role_template_go_after_their_bindings() -> None:
    from rbac_audit.rancher.naming import role_binding_name

    name = role_binding_name("dev", "ClusterRole", "gone", "User", "u-bob")
    labels = {"authz.cluster.cattle.io/rtb-owner-updated": "c-m-abcd1234-p-shop_prtb-gone"}
    found = estate([gone(), binding(f"dev/{name}", "gone", "User:u-bob", labels=labels)])
    plan = of(found, "orphaned-rancher-binding")
    assert [step.action for step in plan.steps] == ["remove", "remove-role"]
    first, second = plan.steps
    assert [effect.subject for effect in first.effects] == ["User:u-bob"]
    assert not second.effects
    # Before it the role is held by what the first one takes away.
    assert second.after == (first.id,)
    assert second.rules == ("orphaned-rancher-binding",)
    later = after(found, plan)
    assert "gone" not in {item.name for item in view(later).cluster.of(ClusterRole)}
    assert not of(later, "orphaned-rancher-binding").steps
    assert not of(later, "orphaned-rancher-binding").refusals


def test_a_namespaced_role_of_a_deleted_role_template_goes_and_comes_back() -> None:
    role = obj(RBAC, "Role", "gone", "dev", labels={TEMPLATE: "gone"}, rules=[rule("core", "pods", "get")])
    found = estate([role])
    plan = of(found, "orphaned-rancher-binding")
    (step,) = plan.steps
    assert [str(item) for item in step.do.deletes] == ["Role dev/gone"]
    done = simulate(found, view(found), plan.steps)
    assert "gone" not in {item.name for item in done.after.cluster("harvester").of(Role)}
    assert bare(revert(done, found, plan.steps)) == bare(found.snapshot)
    bound = estate([role, binding("dev/mine", "gone", "User:u-bob", kind="Role")])
    assert not of(bound, "orphaned-rancher-binding").steps


def test_a_role_that_something_else_binds_stays() -> None:
    plan = of(estate([gone(), binding("dev/mine", "gone", "User:u-bob")]), "orphaned-rancher-binding")
    assert not plan.steps
    assert plan.refusals[0].reason == "RoleBinding dev/mine binds it, and no step of this plan takes that away"


def test_a_role_stays_where_a_step_takes_only_some_out_of_its_binding() -> None:
    raw = [gone(), binding("dev/mine", "gone", "User:ghost", "ServiceAccount:dev/ci")]
    plan = of(estate(raw), "orphaned-rancher-binding", "unknown-subject")
    assert [step.action for step in plan.steps] == ["restrict"]
    (refusal,) = plan.refusals
    assert refusal.object == "ClusterRole gone"
    assert refusal.reason == "RoleBinding dev/mine binds it, and no step of this plan takes that away"


def test_a_role_goes_after_a_conversion_that_deletes_its_binding() -> None:
    found = estate([gone(), binding("dev/mine", "gone", "User:u-bob")])
    convert, remove = of(found, "orphaned-rancher-binding", "raw-binding").steps
    assert (convert.action, remove.action) == ("convert", "remove-role")
    assert remove.after == (convert.id,)
    assert not remove.effects


def test_an_account_is_named_with_all_that_is_its_own() -> None:
    name, space = "cattle-impersonation-u-gone", "cattle-impersonation-system"
    raw = [
        obj("v1", "ServiceAccount", name, space),
        obj(RBAC, "ClusterRole", name, rules=[rule("core", "users", "impersonate", resourceNames=["u-gone"])]),
        binding(name, name, f"ServiceAccount:{space}/{name}"),
    ]
    plan = of(estate(raw), "orphaned-rancher-binding")
    assert not plan.steps
    (refusal,) = plan.refusals
    assert "token cannot be brought back" in refusal.reason
    assert set(refusal.manual.split("; ")) == {
        f"kubectl -n {space} delete serviceaccount {name}",
        f"kubectl delete clusterrole {name}",
        f"kubectl delete clusterrolebinding {name}",
    }


def test_without_a_rancher_the_plan_says_so_and_conversions_are_not_planned() -> None:
    from rbac_audit.errors import BadInput

    plan = of(alone(ADMIN, ROLE, EMPTY))
    assert (plan.management, plan.model) == ("", "")
    assert "without what its Rancher makes, which was not read" in next(iter(show.table(plan)))
    with pytest.raises(BadInput, match="were not read"):
        of(alone(ADMIN, ROLE, EMPTY), *LEFT, "kubevirt-only-binding")


@pytest.mark.parametrize("kind", outputs.OUTPUTS)
def test_for_git_there_is_just_the_script(kind: str) -> None:
    import msgspec

    plan = of(alone(ADMIN, ROLE, EMPTY))
    (step,) = plan.steps
    given = msgspec.structs.replace(step, consent=msgspec.structs.replace(step.consent, given=True))
    files = outputs.OUTPUTS[kind](msgspec.structs.replace(plan, steps=(given,)))
    assert list(files) == ["cleanup.sh"]
    assert [line for line in files["cleanup.sh"].splitlines() if line.startswith("kubectl")] == [
        'kubectl --context "$CONTEXT" delete clusterrolebindings cattle-admin-binding',
        'kubectl --context "$CONTEXT" delete clusterroles cattle-admin',
    ]


def test_nothing_else_of_the_cluster_changes() -> None:
    found = alone(ADMIN, ROLE, CREDENTIALS, EMPTY)
    before, later = bare(found.snapshot), bare(after(found, of(found)).snapshot)
    assert {key[2:] for key in before.keys() - later.keys()} == {
        (ClusterRoleBinding.kind, "", "cattle-admin-binding"),
        (ClusterRole.kind, "", "cattle-admin"),
    }
    assert later.items() <= before.items()
