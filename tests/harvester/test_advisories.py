"""Which versions lack the fixes of published advisories."""

import pytest

from rbac_audit.harvester.advisories import FLEET, HARVESTER, Advisory, undecided
from rbac_audit.harvester.rancher_advisories import RANCHER
from rbac_audit.harvester.versions import parse

TABLES = (*RANCHER, *FLEET, *HARVESTER)


def lacking(version: str, name: str) -> bool | None:
    return next(item for item in TABLES if item.id == name).lacking(version)


@pytest.mark.parametrize(
    ("version", "advisory", "affected"),
    [
        # Fixed in v2.12.2, v2.11.6, v2.10.10 and v2.9.12.
        ("v2.12.1", "CVE-2024-58260", True),
        ("v2.12.2", "CVE-2024-58260", None),
        ("v2.11.5", "CVE-2024-58260", True),
        ("v2.11.6", "CVE-2024-58260", None),
        ("v2.10.10", "CVE-2024-58260", None),
        ("v2.10.9", "CVE-2024-58260", True),
        ("v2.8.20", "CVE-2024-58260", True),
        ("v2.13.0", "CVE-2024-58260", None),
        ("2.12.1", "CVE-2024-58260", True),
        # A vendor's suffix is no pre-release.
        ("v2.12.2-harvester1", "CVE-2024-58260", None),
        ("v2.12.1-harvester1", "CVE-2024-58260", True),
        ("v2.12.2+up1", "CVE-2024-58260", None),
        # A pre-release of the very version that brings the fix may lack it.
        ("v2.12.2-rc1", "CVE-2024-58260", False),
        ("v2.12.1-rc1", "CVE-2024-58260", True),
        ("v2.12.4-rc1", "CVE-2024-58260", None),
        # Only v2.7.2 was affected.
        ("v2.7.1", "CVE-2023-22651", None),
        ("v2.7.2", "CVE-2023-22651", True),
        ("v2.7.3", "CVE-2023-22651", None),
        # v2.7 was never affected.
        ("v2.7.0", "GHSA-7m72-mh5r-6j3r", None),
        ("v2.6.9", "GHSA-7m72-mh5r-6j3r", True),
        ("v2.7.9", "CVE-2025-23391", None),
        ("v2.8.13", "CVE-2025-23391", True),
        ("v2.13.6", "CVE-2026-44947", True),
        ("v2.13.7", "CVE-2026-44947", None),
        ("v2.12.9", "CVE-2026-44947", None),
        ("v2.11.15", "CVE-2026-44945", True),
        ("v2.11.16", "CVE-2026-44945", None),
        ("v2.10.3", "CVE-2026-44945", None),
        # The advisory calls v2.14.2 fixed in its text, and v2.14.4 in its list.
        ("v2.14.1", "CVE-2026-44945", True),
        ("v2.14.3", "CVE-2026-44945", False),
        ("v2.14.4", "CVE-2026-44945", None),
        ("v2.5.8", "CVE-2021-31999", True),
        ("v2.4.16", "CVE-2021-31999", None),
        ("v2.4.9", "CVE-2021-36776", None),
        ("v2.5.9", "CVE-2021-36776", True),
        ("v2.6.9", "CVE-2022-43755", True),
        ("v2.5.17", "CVE-2022-21953", None),
        ("v2.7.0", "CVE-2022-21953", True),
        ("v2.6.5", "CVE-2021-36783", False),
        ("v2.6.3", "CVE-2021-36783", True),
        ("v2.13.1", "CVE-2025-67601", True),
        ("v2.13.2", "CVE-2025-67601", None),
        ("v0.16.2", "CVE-2026-94290", True),
        ("v0.13.17", "CVE-2026-94290", None),
        ("v0.12.0", "CVE-2026-94290", None),
        ("v1.6.1", "CVE-2025-62877", True),
        ("v1.7.0", "CVE-2025-62877", None),
        ("v1.4.3", "CVE-2025-62877", None),
        ("v1.7.1", "CVE-2025-71261", True),
        ("v1.7.2", "CVE-2025-71261", False),
        ("v1.8.0", "CVE-2025-71261", None),
        ("master-head", "CVE-2025-71261", None),
    ],
)
def test_which_versions_are_affected(version: str, advisory: str, affected: bool | None) -> None:
    assert lacking(version, advisory) is affected


@pytest.mark.parametrize("item", TABLES, ids=lambda item: item.id)
def test_each_line_of_an_advisory_begins_to_be_good_with_its_fix(item: Advisory) -> None:
    for fixed in item.fixed:
        assert item.lacking(f"v{fixed}") is None
        major, minor, patch = parse(fixed) or (0, 0, 0)
        if patch and (parse(item.since) or (0, 0, 0)) < (major, minor, patch):
            assert item.lacking(f"v{major}.{minor}.{patch - 1}") is not None
    assert all(parse(text) for text in (*item.fixed, *item.disputed, item.since))


def test_each_advisory_is_listed_once() -> None:
    assert len({item.id for item in TABLES}) == len(TABLES)


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("v2.14.1", ""),
        ("2.14.1", ""),
        ("v2.14.1-rc1", ""),
        ("v2.14-head", "the version of Rancher is no release: v2.14-head"),
        ("v2.14.1-0a1b2c3-head", "the version of Rancher is no release: v2.14.1-0a1b2c3-head"),
        ("", "the version of Rancher is not known"),
    ],
)
def test_what_is_no_release_cannot_be_compared(version: str, why: str) -> None:
    assert undecided("Rancher", version) == why
