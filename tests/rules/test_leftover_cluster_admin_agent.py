"""The agent, its rights and the setting: every combination of them."""

import itertools

import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.audit.finding import Confidence, Safety, Severity
from rbac_audit.rules.leftover_cluster_admin_agent import RULE
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.estate import Cluster, Snapshot
from rbac_audit.snapshot.objects import Deployment, KubernetesObject, ManagementCluster
from rbac_audit.snapshot.reshape import Raw
from tests.rules.estate import estate, found, manifests, not_evaluated

BASE = """
apiVersion: v1
kind: Namespace
metadata: {name: cattle-system}
---
"""
AGENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: cattle-cluster-agent, namespace: cattle-system}
---
"""
ADMIN = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: cattle-admin-binding}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cattle-admin}
subjects: [{kind: ServiceAccount, name: cattle, namespace: cattle-system}]
---
"""


def secret(name: str = "cattle-credentials-0ld1234", place: str = "cattle-system") -> str:
    """Write a Secret without content."""
    return f"""
apiVersion: v1
kind: Secret
metadata: {{name: {name}, namespace: {place}}}
---
"""


def setting(url: str) -> str:
    """Write the registration setting."""
    return f"""
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {{name: cluster-registration-url}}
value: '{{"url": "{url}", "insecureSkipTLSVerify": false}}'
---
"""


SET, EMPTY = setting("https://rancher.example.com/v3/import/made-up_c-m-abcd1234.yaml"), setting("")


@pytest.mark.parametrize(
    ("text", "severity", "target"),
    [
        (ADMIN, Severity.HIGH, "ClusterRoleBinding cattle-admin-binding"),
        (ADMIN + secret(), Severity.HIGH, "ClusterRoleBinding cattle-admin-binding"),
        (secret(), Severity.HIGH, "Secret cattle-system/cattle-credentials-0ld1234"),
        (ADMIN + EMPTY, Severity.HIGH, "ClusterRoleBinding cattle-admin-binding"),
        (ADMIN + SET, Severity.HIGH, "ClusterRoleBinding cattle-admin-binding"),
        (SET, Severity.MEDIUM, "Setting cluster-registration-url"),
        (AGENT + EMPTY, Severity.HIGH, "Deployment cattle-system/cattle-cluster-agent"),
        (AGENT + ADMIN + EMPTY, Severity.HIGH, "Deployment cattle-system/cattle-cluster-agent"),
    ],
)
def test_what_does_not_fit_together(text: str, severity: Severity, target: str) -> None:
    [finding] = found(RULE, estate(BASE + text))
    assert (finding.severity, str(finding.object)) == (severity, target)
    # Only where nobody waits for an import can rights be taken that can be given back.
    assert finding.fix.safety is (Safety.CONSENT if text == ADMIN + EMPTY else Safety.MANUAL)


@pytest.mark.parametrize(
    "text",
    [
        "",
        EMPTY,
        AGENT + ADMIN + secret() + SET,
        AGENT + ADMIN + secret(),  # the setting was not read, as in a support bundle
        secret("some-credentials"),
        secret(place="shop"),
    ],
)
def test_what_fits_together(text: str) -> None:
    assert not found(RULE, estate(BASE + text))


def test_all_that_is_left_is_listed() -> None:
    [finding] = found(RULE, estate(BASE + ADMIN + secret() + secret("cattle-credentials-fdf2312") + SET))
    assert [item.name for item in finding.related] == ["cattle-credentials-0ld1234", "cattle-credentials-fdf2312"]
    assert [str(item) for item in finding.subjects] == ["ServiceAccount:cattle-system/cattle"]
    assert "the import did not finish" in finding.message


def test_nobody_is_told_to_delete_what_harvester_needs() -> None:
    for parts in itertools.product((ADMIN, ""), (SET, EMPTY, "")):
        for finding in found(RULE, estate(BASE + "".join(parts))):
            assert "kubectl delete ns" not in finding.fix.text
    assert "never delete namespace cattle-system" in RULE.fix.text
    assert "Never run `kubectl delete -f`" in RULE.fix.text


def test_a_namespace_or_kind_that_was_not_read_is_not_judged() -> None:
    assert not found(RULE, estate(BASE + ADMIN, unread_namespaces=["cattle-system"]))
    assert not_evaluated(RULE, estate(BASE + ADMIN, unread=[Deployment]))


def test_the_agent_uses_one_of_several_credentials() -> None:
    text = BASE + SET + AGENT + ADMIN + secret("cattle-credentials-a") + secret("cattle-credentials-b")
    [finding] = found(RULE, estate(text))
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.POSSIBLE)
    assert str(finding.object) == "Secret cattle-system/cattle-credentials-a"
    assert [str(ref) for ref in finding.related] == ["Secret cattle-system/cattle-credentials-b"]


def two_clusters(project: str, server: str, cluster: str = "c-m-other", *, read: bool = True) -> Estate:
    """Join a Harvester cluster with a Rancher of which nobody says that it manages it."""
    tenant = (
        BASE
        + SET
        + AGENT
        + ADMIN
        + f"""
apiVersion: v1
kind: Namespace
metadata: {{name: shop, annotations: {{field.cattle.io/projectId: "{project}"}}}}
"""
    )
    manager = f"""
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {{name: server-url}}
value: {server}
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: u-x}}
---
apiVersion: management.cattle.io/v3
kind: Cluster
metadata: {{name: {cluster}}}
"""
    partial = () if read else (ManagementCluster,)
    one, other = ([decoded(raw) for raw in manifests(text)] for text in (tenant, manager))
    return Estate(Snapshot([Cluster("harvester", one), Cluster("rancher", other, partial=partial)]))


def decoded(raw: Raw) -> KubernetesObject:
    item = decode(raw)
    assert item is not None
    return item


def test_the_agent_of_a_rancher_that_does_not_have_the_cluster() -> None:
    [finding] = found(RULE, two_clusters("c-m-gone:p-1", "https://RANCHER.example.com"))
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.POSSIBLE)
    assert str(finding.object) == "Deployment cattle-system/cattle-cluster-agent"
    assert "which has no cluster c-m-gone" in finding.message


@pytest.mark.parametrize(
    "of",
    [
        two_clusters("c-m-other:p-1", "https://rancher.example.com"),
        two_clusters("c-m-gone:p-1", "https://elsewhere.example.com"),
        two_clusters("local:p-1", "https://rancher.example.com"),
        two_clusters("c-m-gone:p-1", "https://rancher.example.com", read=False),
    ],
    ids=["it has it", "another Rancher", "no id", "not all its clusters were read"],
)
def test_an_agent_that_may_be_at_work_is_clean(of: Estate) -> None:
    assert not found(RULE, of)
