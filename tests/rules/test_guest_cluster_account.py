"""What Harvester gives guest clusters."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.guest_cluster_account import RULE
from rbac_audit.snapshot.objects import ServiceAccount, VirtualMachine
from tests.rules.estate import estate, found, not_evaluated

PATCH = "{apiGroups: [kubevirt.io], resources: [virtualmachines], verbs: [patch]}"
SNAPSHOTS = '{apiGroups: [snapshot.storage.k8s.io], resources: [volumesnapshotcontents], verbs: ["*"]}'
LOOK = "{apiGroups: [longhorn.io], resources: [volumes], verbs: [get, list]}"
VM = "{apiVersion: kubevirt.io/v1, kind: VirtualMachine, metadata: {name: guest-pool1-x7b2k, namespace: shop}}\n---\n"
ACCOUNT = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: guest, namespace: shop}}\n---\n"
GUEST = "{kind: ServiceAccount, name: guest, namespace: shop}"


def driver(rules: str, subject: str = GUEST, kind: str = "ClusterRoleBinding") -> str:
    """Write the role of guest clusters and a binding to it."""
    place = ", namespace: shop" if kind == "RoleBinding" else ""
    return f"""
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: "harvesterhci.io:csi-driver"}}
rules: [{rules}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: shop-guest{place}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "harvesterhci.io:csi-driver"}}
subjects: [{subject}]
---
"""


BELONGINGS = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: shop-guest, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "harvesterhci.io:cloudprovider"}
subjects: [{kind: ServiceAccount, name: guest}]
---
apiVersion: v1
kind: Secret
metadata: {name: guest-token, namespace: shop}
type: kubernetes.io/service-account-token
---
apiVersion: v1
kind: Secret
metadata: {name: guest2-token, namespace: shop}
type: kubernetes.io/service-account-token
"""


@pytest.mark.parametrize(
    ("rules", "severity", "words"),
    [
        (f"{PATCH}, {SNAPSHOTS}", Severity.MEDIUM, "patch every VM and restore any volume snapshot"),
        (SNAPSHOTS, Severity.MEDIUM, "restore any volume snapshot"),
        (LOOK, Severity.LOW, "look at all volumes"),
    ],
)
def test_what_it_may_follows_from_the_version(rules: str, severity: Severity, words: str) -> None:
    [finding] = found(RULE, estate(VM + ACCOUNT + driver(rules) + BELONGINGS))
    assert (finding.severity, str(finding.object)) == (severity, "ClusterRoleBinding shop-guest")
    assert words in finding.message
    assert [str(ref) for ref in finding.related] == ["RoleBinding shop/shop-guest", "Secret shop/guest-token"]


def test_an_account_may_be_spelled_as_a_user() -> None:
    spelled = '{kind: User, name: "system:serviceaccount:shop:guest"}'
    [finding] = found(RULE, estate(ACCOUNT + driver(PATCH, spelled) + BELONGINGS))
    assert len(finding.related) == 2


@pytest.mark.parametrize(
    "text",
    [
        driver(PATCH),  # missing-service-account tells
        ACCOUNT + driver(PATCH, kind="RoleBinding"),
        ACCOUNT + driver(PATCH, "{kind: User, name: u-alice}"),
    ],
)
def test_accounts_that_are_gone_and_other_bindings_are_not_meant(text: str) -> None:
    assert not found(RULE, estate(text))


def test_an_account_counts_as_there_where_accounts_were_not_read() -> None:
    assert found(RULE, estate(driver(PATCH), unread=[ServiceAccount]))


def rancher(name: str) -> str:
    return f"""
apiVersion: provisioning.cattle.io/v1
kind: Cluster
metadata: {{name: {name}, namespace: fleet-default}}
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: u-x}}
"""


@pytest.mark.parametrize("managing", ["", rancher("other")])
@pytest.mark.parametrize(("rules", "severity"), [(PATCH, Severity.HIGH), (LOOK, Severity.MEDIUM)])
def test_an_account_without_any_machine_may_be_left_over(managing: str, rules: str, severity: Severity) -> None:
    text = ACCOUNT + driver(rules) + VM.replace("namespace: shop", "namespace: lab") + BELONGINGS
    [finding] = found(RULE, estate(text, managing))
    assert (finding.severity, finding.confidence) == (severity, Confidence.POSSIBLE)
    assert "of which no VM is left there, and still may" in finding.message
    assert finding.fix.text.startswith("Make sure that no machine")


def test_a_cluster_that_rancher_has_is_not_left_over() -> None:
    [finding] = found(RULE, estate(ACCOUNT + driver(PATCH), rancher("guest")))
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.CERTAIN)


def test_where_machines_were_not_read_nobody_is_called_left_over() -> None:
    for of in (
        estate(ACCOUNT + driver(PATCH), unread=[VirtualMachine]),
        estate(ACCOUNT + driver(PATCH), unread_namespaces=["shop"]),
    ):
        [finding] = found(RULE, of)
        assert finding.severity is Severity.MEDIUM
        assert not_evaluated(RULE, of)


@pytest.mark.parametrize(
    "subject", [GUEST, "{kind: User, name: u-alice}", '{kind: Group, name: "system:serviceaccounts:shop"}']
)
def test_the_role_of_cloud_providers_is_for_one_namespace(subject: str) -> None:
    text = ACCOUNT + VM + driver(PATCH, subject).replace("csi-driver", "cloudprovider")
    [finding] = found(RULE, estate(text))
    assert (finding.severity, str(finding.object)) == (Severity.HIGH, "ClusterRoleBinding shop-guest")
    assert "has ClusterRole harvesterhci.io:cloudprovider in the whole cluster" in finding.message
    assert not found(
        RULE, estate(ACCOUNT + VM + driver(PATCH, subject, "RoleBinding").replace("csi-driver", "cloudprovider"))
    )


def test_the_platform_may_have_the_role_of_cloud_providers() -> None:
    subject = "{kind: ServiceAccount, name: harvester, namespace: harvester-system}"
    assert not found(RULE, estate(driver(PATCH, subject).replace("csi-driver", "cloudprovider")))
