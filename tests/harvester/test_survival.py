import pytest

from rbac_audit.harvester.baseline import shipped_baseline
from rbac_audit.harvester.survival import MANAGED_BY, Survival, carries_operator_label, is_operator_role, survival_of
from rbac_audit.snapshot.objects import ClusterRoleBinding, Metadata, RoleBinding, RoleRef, Subject

USER = Subject(kind="User", name="u-alice")
OPERATOR = {MANAGED_BY: "virt-operator"}
HELM = {"meta.helm.sh/release-name": "shop"}
WRANGLER = {"objectset.rio.cattle.io/id": "harvester-public"}


def binding(
    role: str,
    *,
    kind: str = "ClusterRole",
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
) -> RoleBinding:
    return RoleBinding(
        metadata=Metadata(name="devs", namespace="shop", labels=labels or {}, annotations=annotations or {}),
        role_ref=RoleRef(kind=kind, name=role),
        subjects=(USER,),
    )


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (binding("kubevirt.io:edit"), Survival.KUBEVIRT_ROLE),
        (binding("cdi.kubevirt.io:view"), Survival.KUBEVIRT_ROLE),
        (binding("instancetype.kubevirt.io:view"), Survival.KUBEVIRT_ROLE),
        (binding("kubevirt.io:edit", kind="Role"), Survival.CUSTOM_ROLE),
        (binding("kubevirt-power-operator"), Survival.CUSTOM_ROLE),
        (binding("view"), Survival.AGGREGATED),
        (binding("edit"), Survival.AGGREGATED),
        (binding("admin"), Survival.AGGREGATED),
        (binding("admin", kind="Role"), Survival.CUSTOM_ROLE),
        (binding("cluster-admin"), Survival.CUSTOM_ROLE),
        (binding("kubevirt.io:edit", labels=OPERATOR), Survival.OPERATOR_GC),
        (binding("own-role", labels={MANAGED_BY: "kubevirt-operator"}), Survival.OPERATOR_GC),
        (binding("own-role", labels={MANAGED_BY: "virt-operator-like"}), Survival.CUSTOM_ROLE),
        (binding("own-role", labels={MANAGED_BY: "Helm"}), Survival.CUSTOM_ROLE),
        (binding("kubevirt.io:edit", annotations=HELM), Survival.HELM_OWNED),
        (binding("view", annotations=WRANGLER), Survival.WRANGLER_OWNED),
        (
            binding("kubevirt.io:edit", labels={"authz.cluster.cattle.io/rtb-owner-updated": "x_y"}),
            Survival.RANCHER_RENDERED,
        ),
        (
            binding("view-aggregator", labels={"authz.cluster.cattle.io/prtb-owner-x": "true"}),
            Survival.RANCHER_RENDERED,
        ),
        (binding("x-aggregator", labels={"authz.cluster.cattle.io/crtb-owner-x": "true"}), Survival.RANCHER_RENDERED),
        # What deletes wins over what restores.
        (binding("own-role", labels=OPERATOR, annotations=HELM), Survival.OPERATOR_GC),
    ],
)
def test_what_an_upgrade_may_do_to_a_binding(given: RoleBinding, outcome: Survival) -> None:
    found, reason = survival_of(given, shipped_baseline())
    assert found is outcome
    assert reason


def test_what_the_operator_itself_installs_is_not_deleted() -> None:
    (variant, *_) = shipped_baseline().variants("ClusterRoleBinding", "", "kubevirt-controller")
    assert variant is not None
    shipped = ClusterRoleBinding(
        metadata=Metadata(name="kubevirt-controller", labels=OPERATOR),
        role_ref=RoleRef(kind="ClusterRole", name="kubevirt-controller"),
        subjects=(Subject(kind="ServiceAccount", name="kubevirt-controller", namespace="harvester-system"),),
    )
    assert shipped_baseline().ships_binding(shipped), "else this test shows nothing"
    assert survival_of(shipped, shipped_baseline())[0] is not Survival.OPERATOR_GC


def test_the_reason_names_what_it_rests_on() -> None:
    assert f"{MANAGED_BY}=virt-operator" in survival_of(binding("own", labels=OPERATOR), shipped_baseline())[1]
    assert "Helm release shop" in survival_of(binding("own", annotations=HELM), shipped_baseline())[1]
    assert "kubevirt.io:edit" in survival_of(binding("kubevirt.io:edit"), shipped_baseline())[1]


@pytest.mark.parametrize(
    ("kind", "name", "operators"),
    [
        ("ClusterRole", "kubevirt.io:admin", True),
        ("ClusterRole", "cdi.kubevirt.io:config-reader", True),
        ("ClusterRole", "instancetype.kubevirt.io:view", True),
        ("Role", "kubevirt.io:admin", False),
        ("ClusterRole", "my-kubevirt.io:admin", False),
        ("ClusterRole", "kubevirt.io", False),
    ],
)
def test_a_role_of_an_operator_is_told_by_its_name(kind: str, name: str, *, operators: bool) -> None:
    assert is_operator_role(RoleRef(kind=kind, name=name)) is operators


@pytest.mark.parametrize(
    ("value", "carries"),
    [("virt-operator", True), ("kubevirt-operator", True), ("virt-operator-2", False), ("", False)],
)
def test_the_label_counts_whole(value: str, *, carries: bool) -> None:
    assert carries_operator_label(binding("x", labels={MANAGED_BY: value})) is carries


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (binding("kubevirt.io:operate"), Survival.DANGLING),
        (binding("view"), Survival.DANGLING),
        (binding("own-role"), Survival.DANGLING),
        (binding("own-role", labels=OPERATOR), Survival.OPERATOR_GC),
        (binding("own-role", annotations=HELM), Survival.HELM_OWNED),
    ],
)
def test_a_binding_without_its_role_gives_nothing_whatever_it_is_called(given: RoleBinding, outcome: Survival) -> None:
    assert survival_of(given, shipped_baseline(), dangling=True)[0] is outcome


def test_a_change_in_the_release_of_harvester_may_block_the_upgrade() -> None:
    own = binding("own", annotations={"meta.helm.sh/release-name": "harvester"})
    assert "may block the upgrade" in survival_of(own, shipped_baseline())[1]
    assert "block" not in survival_of(binding("own", annotations=HELM), shipped_baseline())[1]
