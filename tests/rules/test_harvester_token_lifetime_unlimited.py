"""How long Harvester's tokens live."""

import pytest

from rbac_audit.audit.finding import Severity
from rbac_audit.rules.harvester_token_lifetime_unlimited import RULE
from tests.rules.estate import estate, found


def setting(value: str, default: str = "0") -> str:
    return f"""
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {{name: kubeconfig-default-token-ttl-minutes}}
value: "{value}"
default: "{default}"
"""


@pytest.mark.parametrize(("value", "severity"), [("0", Severity.LOW), ("", Severity.INFO)])
def test_zero_is_for_ever_and_shipped_so(value: str, severity: Severity) -> None:
    assert [item.severity for item in found(RULE, estate(setting(value)))] == [severity]


@pytest.mark.parametrize(("value", "default"), [("60", "0"), ("", "43200"), ("", "")])
def test_a_limit_is_clean(value: str, default: str) -> None:
    assert found(RULE, estate(setting(value, default))) == []
