"""How long Rancher's tokens live."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.token_lifetime_unlimited import RULE
from tests.rules.estate import estate, found


def setting(name: str, value: str, default: str) -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {{name: {name}}}
value: "{value}"
default: "{default}"
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: u-erin}}
"""


@pytest.mark.parametrize("name", ["kubeconfig-default-token-ttl-minutes", "auth-token-max-ttl-minutes"])
def test_zero_is_for_ever(name: str) -> None:
    [finding] = found(RULE, estate("", setting(name, "0", "43200")))
    assert finding.severity is Severity.LOW


@pytest.mark.parametrize(
    ("name", "value", "default"),
    [
        ("kubeconfig-default-token-ttl-minutes", "", "43200"),
        ("kubeconfig-default-token-ttl-minutes", "60", "0"),
        ("server-version", "0", "0"),
    ],
)
def test_a_limit_is_clean(name: str, value: str, default: str) -> None:
    assert found(RULE, estate("", setting(name, value, default))) == []
