"""Credentials on Rancher's Cluster objects: which fields hold some, and never what."""

import pytest

from rbac_audit.rules.cluster_credentials_in_plain import RULE
from tests.rules.estate import estate, found

CANARY = "made-up-canary-value"


def cluster(fields: str) -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: u-erin}}
---
apiVersion: management.cattle.io/v3
kind: Cluster
metadata: {{name: c-m-abcd1234}}
{fields}
"""


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        (f"status: {{serviceAccountToken: {CANARY}}}", "serviceAccountToken in status"),
        (
            f"spec: {{rancherKubernetesEngineConfig: {{privateRegistries: [{{password: {CANARY}}}]}}}}",
            "password in spec",
        ),
        (f"status: {{appliedSpec: {{x: {{aadClientSecret: {CANARY}}}}}}}", "aadClientSecret in status"),
        (
            f"spec: {{a: {{secretKey: {CANARY}}}, b: [{{sshKey: {CANARY}}}]}}",
            "secretKey in spec, sshKey in spec",
        ),
    ],
)
def test_the_field_is_named_and_its_value_is_not_kept(fields: str, named: str) -> None:
    of = estate("", cluster(fields))
    [finding] = found(RULE, of)
    assert f"holds in plain text {named}," in finding.message
    assert str(finding.object) == "Cluster c-m-abcd1234"
    kept = [item for items in of.snapshot.cluster("rancher").objects.values() for item in items]
    assert CANARY not in repr(kept)


@pytest.mark.parametrize(
    "fields",
    [
        'status: {serviceAccountToken: ""}',
        "status: {serviceAccountTokenSecret: cluster-serviceaccounttoken-x7k2p}",
        "spec: {password: null, token: 7, secret: {}, sshKey: []}",
        "spec: {description: the password is not here}",
        "",
    ],
)
def test_a_field_without_a_credential_is_clean(fields: str) -> None:
    assert found(RULE, estate("", cluster(fields))) == []
