"""Whom Harvester obeys, and who manages it."""

import pytest

from rbac_audit.rules.registration_url_foreign import RULE
from tests.rules.estate import estate, found


def harvester(url: str) -> str:
    return f"""
apiVersion: harvesterhci.io/v1beta1
kind: Setting
metadata: {{name: cluster-registration-url}}
value: "{url}"
"""


def rancher(url: str, default: str = "") -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {{name: server-url}}
value: "{url}"
default: "{default}"
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: u-erin}}
"""


IMPORT = "/v3/import/CANARY.yaml"


@pytest.mark.parametrize(
    ("named", "managing"),
    [
        (f"https://old.example.com{IMPORT}", "https://rancher.example.com"),
        (f"https://rancher.example.com.evil.org{IMPORT}", "https://rancher.example.com"),
    ],
)
def test_another_host_is_told_without_the_path(named: str, managing: str) -> None:
    [finding] = found(RULE, estate(harvester(named), rancher(managing)))
    assert "rancher.example.com" in finding.message
    assert "CANARY" not in repr(finding)


@pytest.mark.parametrize(
    ("named", "managing"),
    [
        (f"https://rancher.example.com{IMPORT}", "https://rancher.example.com/"),
        (f"https://RANCHER.example.com:8443{IMPORT}", "https://rancher.Example.com"),
        (f"https://[::1]{IMPORT}", "https://[::1]:8443"),
        ("", "https://rancher.example.com"),
        (f"https://rancher.example.com{IMPORT}", ""),
    ],
)
def test_the_same_host_or_none_is_clean(named: str, managing: str) -> None:
    assert found(RULE, estate(harvester(named), rancher(managing))) == []


def test_the_default_counts_where_nothing_is_set() -> None:
    named = harvester(f"https://old.example.com{IMPORT}")
    assert found(RULE, estate(named, rancher("", "https://rancher.example.com")))
