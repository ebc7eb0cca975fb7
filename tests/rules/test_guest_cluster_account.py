"""What Harvester gives guest clusters."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.guest_cluster_account import RULE
from rbac_audit.snapshot.objects import ServiceAccount
from tests.rules.estate import estate, found

PATCH = "{apiGroups: [kubevirt.io], resources: [virtualmachines], verbs: [patch]}"
SNAPSHOTS = '{apiGroups: [snapshot.storage.k8s.io], resources: [volumesnapshotcontents], verbs: ["*"]}'
LOOK = "{apiGroups: [longhorn.io], resources: [volumes], verbs: [get, list]}"
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
    [finding] = found(RULE, estate(ACCOUNT + driver(rules) + BELONGINGS))
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
