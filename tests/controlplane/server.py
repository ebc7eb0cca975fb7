"""Starts and stops a control plane, and brings it back to its first state."""

import shutil
import subprocess
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.controlplane import crds, settle
from tests.controlplane.api import Api
from tests.controlplane.build import Assets
from tests.controlplane.connections import Connections, Object
from tests.controlplane.state import Inventory, clean, seed


@dataclass(frozen=True)
class Server:
    """A running control plane; `api` is its administrator's view."""

    url: str
    ca: Path
    kubeconfig: Path
    directory: Path
    tokens: Mapping[str, str]
    processes: Mapping[str, int]
    ready_seconds: float
    api: Api
    first: Inventory

    @property
    def token(self) -> str:
        """The administrator's token."""
        return self.tokens["admin"]

    @property
    def controllers(self) -> bool:
        """Whether roles are aggregated, and orphans are collected."""
        return "kube-controller-manager" in self.processes

    def seed(self, manifests: Iterable[Object]) -> None:
        """Load objects as files hold them, and wait until they are in force."""
        seed(self.api, manifests)
        self.settle()

    def settle(self) -> None:
        """Wait until roles are aggregated and the authorizer knows everything written so far."""
        if self.controllers:
            settle.aggregation(self.api)
        settle.authorizer(self.api)

    def clean(self) -> None:
        """Bring it back to its first state; definitions of custom resources stay."""
        clean(self.api, self.first)
        self.settle()


@contextmanager
def running(assets: Assets, groups: Collection[str] = ()) -> Iterator[Server]:
    """Run a control plane, with the custom resources of these API groups, while the block runs.

    Whatever ends this process ends the control plane too. Raises RuntimeError when it does not start.
    """
    started = time.monotonic()
    command: list[str | Path] = [assets.serve, "-assets", assets.components]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the control plane did not start: exit code {process.wait()}, see standard error")
        seconds = time.monotonic() - started
        report = msgspec.json.decode(line, type=Report)
        report.processes["serve"] = process.pid
        connections = Connections(report.url, Path(report.ca))
        try:
            yield _server(report, connections, seconds, groups)
        finally:
            connections.close()
            process.communicate()  # the end of its standard input stops it
            shutil.rmtree(report.directory, ignore_errors=True)


class Report(msgspec.Struct, frozen=True):
    """The line that `serve` prints."""

    url: str
    ca: str
    kubeconfig: str
    directory: str
    tokens: dict[str, str]
    processes: dict[str, int]


def _server(report: Report, connections: Connections, seconds: float, groups: Collection[str]) -> Server:
    api = Api.connect(connections, report.tokens["admin"])
    crds.install(api, groups)
    return Server(
        url=report.url,
        ca=Path(report.ca),
        kubeconfig=Path(report.kubeconfig),
        directory=Path(report.directory),
        tokens=report.tokens,
        processes=report.processes,
        ready_seconds=seconds,
        api=api,
        first=Inventory.take(api),
    )
