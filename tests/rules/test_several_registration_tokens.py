"""Registration tokens of a cluster."""

from rbac_audit.rules.several_registration_tokens import RULE
from tests.rules.estate import estate, found


def token(name: str, cluster: str) -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: ClusterRegistrationToken
metadata: {{name: {name}, namespace: {cluster}}}
spec: {{clusterName: {cluster}}}
status: {{token: CANARY-not-a-token}}
---
"""


def test_each_cluster_has_one() -> None:
    assert found(RULE, estate("", token("default-token", "local") + token("default-token", "c-m-abcd1234"))) == []


def test_the_second_one_is_told_without_its_value() -> None:
    [finding] = found(RULE, estate("", token("a", "c-m-abcd1234") + token("b", "c-m-abcd1234")))
    assert "c-m-abcd1234 has 2 registration tokens" in finding.message
    assert [item.name for item in (finding.object, *finding.related)] == ["a", "b"]
    assert "CANARY" not in repr(finding)
