"""What the comparisons with a real API server share."""

from collections.abc import Callable, Iterator

import pytest

from tests.controlplane.server import Server
from tests.differential.plugin import PROPERTY, seed_of
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
    """The seed of this run, which its end says."""
    return seed_of(pytestconfig)


@pytest.fixture
def count(request: pytest.FixtureRequest, apiserver: Server) -> Count:
    """Count what was compared, for the end of the run."""
    release = apiserver.api.call("GET", "/version")["gitVersion"]

    def add(what: str, number: int) -> None:
        request.node.user_properties.append((PROPERTY, (release, what, number)))

    return add
