"""What people see, pinned: a change of words or order shows in the review of the change."""

import json

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.cli.conftest import spawned
from tests.conftest import ROOT

LIVED_IN, LEGACY = str(ROOT / "examples/lived-in"), str(ROOT / "examples/tenancy-legacy")
SEEN = {
    "audit": ["audit", LIVED_IN, "--today", "2026-01-01"],
    "rules": ["rules", "list"],
    "yes": ["why", "project-readonly", "get", "secrets", "-n", "default", LEGACY],
    "no": ["why", "project-readonly", "create", "vm", "-n", "default", LEGACY],
    "who": ["who-can", "get", "vmi.subresources.kubevirt.io/console", LIVED_IN],
    "what": ["what-can", "project-readonly", LEGACY],
}


@pytest.mark.parametrize("name", SEEN)
def test_what_is_printed(name: str, snapshot: SnapshotAssertion) -> None:
    ran = spawned(*SEEN[name])
    assert ran.stderr == b""
    assert ran.stdout.decode().replace(str(ROOT), "") == snapshot


def test_the_report_as_json(snapshot: SnapshotAssertion) -> None:
    """The findings of a whole report would drown the review: the first of each rule stands for the others."""
    report = json.loads(spawned("audit", LIVED_IN, "--format", "json", "--today", "2026-01-01").stdout)
    firsts = {finding["rule"]: finding for finding in reversed(report["findings"])}
    assert {"summary": report["summary"], "findings": firsts} == snapshot
