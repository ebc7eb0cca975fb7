"""Advisories that the version of Rancher tells."""

import pytest

from rbac_audit.audit.finding import Confidence
from rbac_audit.rules import RULES
from rbac_audit.rules.vulnerable_rancher import ADVISORIES, RULE
from tests.rules.estate import estate, found, not_evaluated


def rancher(version: str, name: str = "server-version") -> str:
    return f"""
apiVersion: management.cattle.io/v3
kind: Setting
metadata: {{name: {name}}}
value: "{version}"
---
apiVersion: management.cattle.io/v3
kind: User
metadata: {{name: u-erin}}
"""


def told(version: str) -> dict[str, bool]:
    """Map each advisory that is named to whether it is named as sure."""
    shown = {}
    for finding in found(RULE, estate("", rancher(version))):
        for link in finding.chain:
            words = link.text.partition(":")[0]
            shown[words.removeprefix("perhaps ")] = not words.startswith("perhaps ")
    return shown


@pytest.mark.parametrize(
    ("version", "advisory", "affected"),
    [
        # Fixed in v2.12.2, v2.11.6, v2.10.10 and v2.9.12.
        ("v2.12.1", "CVE-2024-58260", True),
        ("v2.12.2", "CVE-2024-58260", False),
        ("v2.11.5", "CVE-2024-58260", True),
        ("v2.11.6", "CVE-2024-58260", False),
        ("v2.10.10", "CVE-2024-58260", False),
        ("v2.10.9", "CVE-2024-58260", True),
        ("v2.8.20", "CVE-2024-58260", True),
        ("v2.13.0", "CVE-2024-58260", False),
        ("2.12.1", "CVE-2024-58260", True),
        # A vendor's suffix is no pre-release.
        ("v2.12.2-harvester1", "CVE-2024-58260", False),
        ("v2.12.1-harvester1", "CVE-2024-58260", True),
        ("v2.12.2+up1", "CVE-2024-58260", False),
        # Only v2.7.2 was affected.
        ("v2.7.1", "CVE-2023-22651", False),
        ("v2.7.2", "CVE-2023-22651", True),
        ("v2.7.3", "CVE-2023-22651", False),
        # v2.7 was never affected.
        ("v2.7.0", "GHSA-7m72-mh5r-6j3r", False),
        ("v2.6.9", "GHSA-7m72-mh5r-6j3r", True),
        ("v2.7.9", "CVE-2025-23391", False),
        ("v2.8.13", "CVE-2025-23391", True),
        ("v2.13.6", "CVE-2026-44947", True),
        ("v2.13.7", "CVE-2026-44947", False),
    ],
)
def test_which_versions_are_affected(version: str, advisory: str, affected: bool) -> None:
    assert (advisory in told(version)) is affected


def test_a_pre_release_of_the_fixed_version_may_lack_the_fix() -> None:
    assert told("v2.12.2-rc1")["CVE-2024-58260"] is False
    assert told("v2.12.1-rc1")["CVE-2024-58260"] is True
    assert "CVE-2024-58260" not in told("v2.12.4-rc1")


def test_what_one_source_says_is_possible() -> None:
    [finding] = found(RULE, estate("", rancher("v2.14.2")))
    assert told("v2.14.2") == {"CVE-2026-44946": False, "CVE-2026-44947": False, "CVE-2026-44949": False}
    assert finding.confidence is Confidence.POSSIBLE
    [older] = found(RULE, estate("", rancher("v2.12.0")))
    assert older.confidence is Confidence.CERTAIN


def test_a_fixed_version_is_clean() -> None:
    assert found(RULE, estate("", rancher("v2.15.0"))) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (rancher("v2.14-head"), "the version of Rancher is no release: v2.14-head"),
        (rancher("v2.14.1-0a1b2c3-head"), "the version of Rancher is no release: v2.14.1-0a1b2c3-head"),
        (rancher("master-head"), "the version of Rancher is no release: master-head"),
        (rancher(""), "the version of Rancher is not known"),
        (rancher("v2.15.0", "server-url"), "the version of Rancher is not known"),
    ],
)
def test_an_unknown_version_is_never_clean(text: str, why: str) -> None:
    [entry] = not_evaluated(RULE, estate("", text))
    assert (entry.because, entry.partly) == ((why,), False)


def test_the_table_names_rules_that_exist_and_each_advisory_once() -> None:
    rules = {rule.id for rule in RULES}
    assert {item.seen_by for item in ADVISORIES} - {""} <= rules
    assert len({item.id for item in ADVISORIES}) == len(ADVISORIES)
