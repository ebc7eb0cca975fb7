"""Who may see VMs and not change them."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.vm_actions_unguarded import RULE
from tests.rules.estate import estate, found
from tests.rules.test_vm_migration import bound, role

KUBEVIRT = (
    "{apiVersion: kubevirt.io/v1, kind: KubeVirt, metadata: {name: kubevirt, namespace: harvester-system}}\n---\n"
)
SEE = role("view", "{verbs: [get, list, watch], apiGroups: [kubevirt.io], resources: [virtualmachines]}")
CHANGE = role("edit", "{verbs: [get, update], apiGroups: [kubevirt.io], resources: [virtualmachines]}")


def test_it_is_told_once_for_the_cluster() -> None:
    [finding] = found(RULE, estate(KUBEVIRT + SEE + bound("view") + bound("view", "lookers", "lab", "Group")))
    assert (finding.severity, finding.confidence) == (Severity.INFO, Confidence.POSSIBLE)
    assert str(finding.object) == "KubeVirt harvester-system/kubevirt"
    assert finding.message.startswith("2 subjects may see VMs in namespaces lab, shop and not change them")
    assert finding.subjects == ()


@pytest.mark.parametrize(
    "rule",
    [
        '{verbs: [get], apiGroups: ["*"], resources: ["*"]}',
        "{verbs: [get], apiGroups: [kubevirt.io], resources: [virtualmachines], resourceNames: [db]}",
    ],
)
def test_a_name_and_a_wildcard_count(rule: str) -> None:
    assert found(RULE, estate(KUBEVIRT + role("own", rule) + bound("own")))


@pytest.mark.parametrize("place", ["shop", ""])
def test_who_may_change_them_as_well_is_left_out(place: str) -> None:
    text = KUBEVIRT + SEE + CHANGE + bound("view") + bound("edit", place=place).replace('"u-bob"', '"other"')
    assert not found(RULE, estate(text))
    assert found(RULE, estate(text + bound("view", "u-eve")))


def test_changing_elsewhere_is_no_changing_here() -> None:
    assert found(RULE, estate(KUBEVIRT + SEE + CHANGE + bound("view") + bound("edit", place="lab")))


@pytest.mark.parametrize(
    "text",
    [
        SEE + bound("view"),
        KUBEVIRT + SEE + bound("view", place="harvester-public"),
        KUBEVIRT + SEE + bound("view", place="harvester-system"),
        KUBEVIRT + SEE.replace("get, list", "list") + bound("view"),
        KUBEVIRT + SEE.replace("get,", "get, update,").replace("}]", ", resourceNames: [db]}]") + bound("view"),
        KUBEVIRT + SEE.replace("virtualmachines", "virtualmachineinstances") + bound("view"),
    ],
    ids=["no Harvester", "public", "system", "list alone", "one VM wholly", "instances"],
)
def test_what_no_action_can_be_called_on_is_clean(text: str) -> None:
    assert not found(RULE, estate(text))
