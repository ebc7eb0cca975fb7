"""Fixtures with a real API server, one for each test worker, and a loud word when there is none."""

import os
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import pytest

from tests.controlplane import crds
from tests.controlplane.build import CONTROLLERS, find
from tests.controlplane.server import Server, running
from tests.controlplane.toolchain import BuildError

FIXTURES = frozenset(("apiserver", "two_apiservers"))
# What Rancher's own cluster serves; a Harvester cluster, with its embedded Rancher, serves everything.
RANCHER = ("management.cattle.io", "provisioning.cattle.io")


class Estate(NamedTuple):
    """A management cluster and a cluster that it manages."""

    rancher: Server
    harvester: Server


@pytest.fixture(scope="session")
def apiserver() -> Iterator[Server]:
    """A real API server with the custom resources of a Harvester cluster.

    It serves the whole session and holds what the test before left there: see `clean_apiserver`, or call
    `clean()` in a fixture of a wider scope. A test marked `controlplane(controllers=False)` promises to do
    without aggregation and garbage collection; others are not run without them.
    """
    with running(find(), crds.groups()) as server:
        yield server


@pytest.fixture(scope="session")
def two_apiservers(apiserver: Server) -> Iterator[Estate]:
    """Two API servers: the management cluster of a Rancher, and a Harvester cluster."""
    with running(find(), RANCHER) as rancher:
        yield Estate(rancher=rancher, harvester=apiserver)


@pytest.fixture
def clean_apiserver(apiserver: Server) -> Server:
    """The API server in its first state."""
    apiserver.clean()
    return apiserver


@pytest.fixture
def clean_apiservers(two_apiservers: Estate) -> Estate:
    """Both API servers in their first state."""
    for server in two_apiservers:
        server.clean()
    return two_apiservers


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that need an API server; those that need two share a worker, to share the second."""
    for item in items:
        used = FIXTURES.intersection(getattr(item, "fixturenames", ()))
        if used and item.get_closest_marker("controlplane") is None:
            item.add_marker(pytest.mark.controlplane)
        if "two_apiservers" in used and config.pluginmanager.hasplugin("xdist"):
            item.add_marker(pytest.mark.xdist_group("two_apiservers"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that cannot run for want of an API server; under CI=true that is a failure."""
    mark = item.get_closest_marker("controlplane")
    reason = mark and _wanting(controllers=mark.kwargs.get("controllers", True))
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason)


@cache
def _wanting(*, controllers: bool) -> str:
    """Say what is missing, if anything is."""
    try:
        assets = find()
    except BuildError as error:
        return str(error)
    if controllers and not (assets.components / CONTROLLERS).exists():
        return f"no {CONTROLLERS} in {assets.components}: roles would not be aggregated"
    return ""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not tested."""
    skipped = [each for each in terminalreporter.getreports("skipped") if "controlplane" in each.keywords]
    if skipped:
        reasons = sorted({str(each.longrepr[2]) for each in skipped if isinstance(each.longrepr, tuple)})
        terminalreporter.section("NOT TESTED AGAINST A REAL API SERVER", sep="!", red=True, bold=True)
        for reason in reasons:
            terminalreporter.line(f"{len(skipped)} tests skipped. {reason}", red=True)
