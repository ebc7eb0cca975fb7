"""Says at the end of a run how often applies were killed or disturbed, and how often everybody's access was asked."""

from collections import Counter

import pytest

PROPERTY = "applies on two API servers"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Add up what the tests of all workers report."""
    totals: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and report.when == "call":
                for name, value in report.user_properties:
                    if name == PROPERTY and isinstance(value, tuple | list):
                        totals[value[0]] += value[1]
    if totals:
        terminalreporter.section(PROPERTY)
        terminalreporter.line(", ".join(f"{count:,} {what}" for what, count in sorted(totals.items())))
