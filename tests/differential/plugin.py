"""Says at the end of a run how much was compared with a real API server, and from which seed."""

import os
from collections import Counter
from collections.abc import Iterator

import pytest

PROPERTY = "compared with kube-apiserver"


def seed_of(config: pytest.Config) -> int:
    """The seed of this run: DIFFERENTIAL_SEED, or that of pytest-randomly."""
    return int(os.environ.get("DIFFERENTIAL_SEED") or str(config.getoption("randomly_seed", 0)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Add up what the tests of all workers report."""
    found = dict(_totals(terminalreporter))
    if found:
        terminalreporter.section(PROPERTY)
        for release, totals in sorted(found.items()):
            said = ", ".join(f"{count:,} {what}" for what, count in sorted(totals.items()))
            terminalreporter.line(f"{release}: {said}")
        terminalreporter.line(f"DIFFERENTIAL_SEED={seed_of(terminalreporter.config)} repeats it")


def _totals(terminalreporter: pytest.TerminalReporter) -> dict[str, Counter[str]]:
    totals: dict[str, Counter[str]] = {}
    for release, what, count in _reported(terminalreporter):
        totals.setdefault(release, Counter())[what] += count
    return totals


def _reported(terminalreporter: pytest.TerminalReporter) -> Iterator[tuple[str, str, int]]:
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and report.when == "call":
                for name, value in report.user_properties:
                    if name == PROPERTY and isinstance(value, tuple | list):
                        release, what, count = value
                        yield release, what, count
