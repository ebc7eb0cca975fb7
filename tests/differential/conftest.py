"""What the comparisons with a real API server share."""

import os
from collections.abc import Callable, Iterator

import pytest

from tests.controlplane.server import Server
from tests.differential.plugin import PROPERTY
from tests.differential.stage import Stage

Count = Callable[[str, int], None]


@pytest.fixture(scope="module")
def stage(apiserver: Server) -> Iterator[Stage]:
    """The API server, without roles and bindings of its own until the module is done."""
    stage = Stage(apiserver)
    yield stage
    stage.close()
    apiserver.clean()


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    """The seed of this run: DIFFERENTIAL_SEED, or what pytest-randomly prints at the start."""
    chosen = os.environ.get("DIFFERENTIAL_SEED") or pytestconfig.getoption("randomly_seed", 0)
    return int(str(chosen))


@pytest.fixture
def count(request: pytest.FixtureRequest, apiserver: Server) -> Count:
    """Count what was compared, for the end of the run."""
    release = apiserver.api.call("GET", "/version")["gitVersion"]

    def add(what: str, number: int) -> None:
        request.node.user_properties.append((PROPERTY, (release, what, number)))

    return add
