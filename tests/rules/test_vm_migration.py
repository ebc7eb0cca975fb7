"""Who may move VMs to other nodes."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.vm_migration import RULE
from tests.rules.estate import estate, found

MIGRATE = "{verbs: [update], apiGroups: [subresources.kubevirt.io], resources: [virtualmachines/migrate]}"
CREATE = "{verbs: [create], apiGroups: [kubevirt.io], resources: [virtualmachineinstancemigrations]}"
# KubeVirt 1.4 has this rule in kubevirt.io:edit, and 1.5 has it in kubevirt.io:migrate only.
SHIPPED = (
    "{verbs: [get, delete, create, update, patch, list, watch], apiGroups: [kubevirt.io], resources: [virtualmachines, "
    "virtualmachineinstances, virtualmachineinstancepresets, virtualmachineinstancereplicasets, "
    "virtualmachineinstancemigrations]}"
)


def role(name: str, rules: str, labels: str = "", selects: str = "") -> str:
    rule = f"aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{{selects}}}}}]}}" if selects else ""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: "{name}", labels: {{{labels}}}}}
rules: [{rules}]
{rule}
---
"""


def bound(name: str, who: str = "u-bob", place: str = "shop", kind: str = "User") -> str:
    binding, where = ("RoleBinding", f", namespace: {place}") if place else ("ClusterRoleBinding", "")
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: {binding}
metadata: {{name: "{who}"{where}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "{name}"}}
subjects: [{{kind: {kind}, name: {who}}}]
---
"""


@pytest.mark.parametrize(
    "rule",
    [
        MIGRATE,
        CREATE,
        MIGRATE.replace("virtualmachines/migrate", '"*/migrate"'),
        MIGRATE.replace("[update]", '["*"]').replace("virtualmachines/migrate", '"*"'),
        CREATE.replace("kubevirt.io]", '"*"]'),
        MIGRATE.replace("}", ", resourceNames: [db]}"),
    ],
)
def test_one_role_is_told_once_for_all_who_have_it(rule: str) -> None:
    text = role("movers", rule) + bound("movers") + bound("movers", "ops", "lab", "Group")
    [finding] = found(RULE, estate(text))
    assert (finding.severity, str(finding.object)) == (Severity.LOW, "ClusterRole movers")
    assert "lets 2 subjects move VMs to other nodes in namespaces lab, shop" in finding.message
    assert {str(ref) for ref in finding.related} == {"RoleBinding shop/u-bob", "RoleBinding lab/ops"}


def test_the_role_is_told_that_brings_the_right() -> None:
    text = role("extra", MIGRATE, 'to: "edit"') + role("edit", "", selects='to: "edit"') + bound("edit")
    [finding] = found(RULE, estate(text))
    assert (finding.severity, str(finding.object)) == (Severity.LOW, "ClusterRole extra")


def test_what_kubevirt_ships_to_every_member_is_info() -> None:
    label = 'rbac.authorization.k8s.io/aggregate-to-edit: "true"'
    text = role("kubevirt.io:edit", SHIPPED, label) + role("edit", "", selects=label) + bound("edit")
    [finding] = found(RULE, estate(text))
    assert (finding.severity, str(finding.object)) == (Severity.INFO, "ClusterRole kubevirt.io:edit")
    assert finding.message.endswith("as KubeVirt ships it")


def test_what_kubevirt_ships_and_somebody_bound_is_low() -> None:
    [finding] = found(RULE, estate(role("kubevirt.io:edit", SHIPPED) + bound("kubevirt.io:edit")))
    assert finding.severity is Severity.LOW


@pytest.mark.parametrize(
    "text",
    [
        role("own", MIGRATE.replace("subresources.", "")) + bound("own"),
        role("own", CREATE.replace("create", "get, list, delete")) + bound("own"),
        role("own", CREATE.replace("}", ", resourceNames: [db]}")) + bound("own"),
        role("own", MIGRATE.replace("virtualmachines/migrate", "virtualmachines/*")) + bound("own"),
        role("own", MIGRATE) + bound("own", place="harvester-system"),
        role("own", MIGRATE) + bound("own", "system:kube-controller-manager"),
        role("own", MIGRATE),
        role("everything", '{verbs: ["*"], apiGroups: ["*"], resources: ["*"]}') + bound("everything"),
    ],
    ids=["group", "verb", "a name that creates nothing", "void", "system", "platform", "unbound", "everything"],
)
def test_what_moves_nothing_or_is_told_elsewhere_is_clean(text: str) -> None:
    assert not found(RULE, estate(text))
