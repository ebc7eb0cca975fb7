"""Secrets in harvester-public."""

import pytest

from rbac_audit.audit.finding import Confidence, Severity
from rbac_audit.rules.public_namespace_secret import RULE
from rbac_audit.snapshot.objects import Secret
from tests.rules.estate import estate, found, not_evaluated


def secret(name: str, kind: str, keys: str, namespace: str = "harvester-public") -> str:
    """Write a Secret."""
    data = ", ".join(f"{key}: e30=" for key in keys.split())
    return f"""
apiVersion: v1
kind: Secret
metadata: {{name: {name}, namespace: {namespace}}}
type: {kind}
data: {{{data}}}
---
"""


@pytest.mark.parametrize(
    ("kind", "keys", "severity", "confidence", "words"),
    [
        ("kubernetes.io/service-account-token", "token", Severity.HIGH, Confidence.CERTAIN, "token of a service"),
        ("kubernetes.io/dockerconfigjson", ".dockerconfigjson", Severity.HIGH, Confidence.CERTAIN, "login of an image"),
        ("kubernetes.io/tls", "tls.key", Severity.HIGH, Confidence.CERTAIN, "private key"),
        ("Opaque", "accessKey", Severity.HIGH, Confidence.CERTAIN, "values of its own"),
        ("secret", "userdata networkdata", Severity.HIGH, Confidence.POSSIBLE, "may hold passwords"),
        ("Opaque", "", Severity.HIGH, Confidence.POSSIBLE, "holds nothing, or values whose keys were not read"),
        ("secret", "userdata", Severity.HIGH, Confidence.POSSIBLE, "may hold passwords"),
        ("helm.sh/release.v1", "release", Severity.MEDIUM, Confidence.POSSIBLE, "Helm release"),
    ],
)
def test_the_type_decides(kind: str, keys: str, severity: Severity, confidence: Confidence, words: str) -> None:
    [finding] = found(RULE, estate(secret("s", kind, keys)))
    assert (finding.severity, finding.confidence) == (severity, confidence)
    assert str(finding.object) == "Secret harvester-public/s"
    assert [str(subject) for subject in finding.subjects] == ["Group:system:authenticated"]
    assert words in finding.message


@pytest.mark.parametrize("name", ["iso-image-template-userdata", "raw-image-template-userdata"])
def test_the_shipped_two_are_clean_but_only_as_shipped(name: str) -> None:
    assert not found(RULE, estate(secret(name, "secret", "userdata networkdata")))
    assert not found(RULE, estate(secret(name, "secret", "")))
    assert found(RULE, estate(secret(name, "kubernetes.io/tls", "tls.key")))
    assert found(RULE, estate(secret(name, "secret", "userdata password")))


def test_another_namespace_is_clean() -> None:
    assert not found(RULE, estate(secret("s", "kubernetes.io/tls", "tls.key", "shop-dev")))


def test_without_secrets_nothing_is_said_to_be_clean() -> None:
    namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: harvester-public}}"
    [blind] = not_evaluated(RULE, estate(namespace, unread=[Secret]))
    assert blind.because == ("no Secret was read from harvester",)
    [blind] = not_evaluated(RULE, estate(namespace, unread_namespaces=["harvester-public"]))
    assert blind.because == ("namespace harvester-public of harvester was not read",)
