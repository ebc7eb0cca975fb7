"""Two real API servers with a small estate, a stand-in for Rancher between them, and faulty ways to both."""

import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import coverage
import yaml

from tests.conftest import ROOT
from tests.controlplane.api import Api, Question
from tests.controlplane.connections import Object
from tests.controlplane.plugin import Estate
from tests.controlplane.settle import wait
from tests.fix.proxy import Faults, proxied
from tests.fix.standin import MANAGEMENT, RBAC, StandIn
from tests.fix.worlds import ID, SHOP, Raw, binding, obj, rule, template
from tests.fix.zygote import MEASURED
from tests.sources.live.contexts import kubeconfig

POD_READER = [rule("core", "pods", "get,list"), rule("core", "configmaps", "get")]
GROUPS = ("system:authenticated", "system:cattle:authenticated")
QUICK = ("--yes", "--settle", "0.05", "--deadline", "90")


class Ended(NamedTuple):
    """How a command ended: its exit code, negative for a signal, and all that it wrote."""

    code: int
    text: str


def _measured() -> dict[str, str]:
    """Tell the processes where to write down which lines they run, where that is measured at all."""
    current = coverage.Coverage.current()
    return {MEASURED: str(current.config.data_file)} if current else {}


class Stage:
    """Everything that a test of an apply needs."""

    def __init__(self, servers: Estate, faults: Faults, standin: StandIn, config: Path, folder: Path) -> None:
        self.management, self.harvester = servers.rancher.api, servers.harvester.api
        self.faults, self.standin, self.config, self.folder = faults, standin, config, folder
        self.pid = 0
        self._zygote = subprocess.Popen(
            [sys.executable, "-m", "tests.fix.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **_measured()},
        )
        self._outs = itertools.count()
        self._out = folder / "out"

    def close(self) -> None:
        assert self._zygote.stdin is not None
        self._zygote.stdin.close()
        self._zygote.wait(30)
        assert self._zygote.stdout is not None
        self._zygote.stdout.close()

    def start(self, *argv: object) -> Callable[[], Ended]:
        """Start a command; what is returned waits for its end."""
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        stdout = self._zygote.stdout
        self._out = out = self.folder / f"out-{next(self._outs)}"
        self.pid = 0
        self._zygote.stdin.write(msgjson({"argv": [str(item) for item in argv], "out": str(out)}) + "\n")
        self._zygote.stdin.flush()
        self.pid = int(stdout.readline())
        return lambda: Ended(int(stdout.readline()), out.read_text("utf-8"))

    def run(self, *argv: object) -> Ended:
        """Run a command to its end."""
        return self.start(*argv)()

    def other(self, *argv: object) -> Ended:
        """Run a command while another one runs."""
        command = [sys.executable, "-m", "rbac_audit", *map(str, argv)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        return Ended(ran.returncode, ran.stdout + ran.stderr)

    def connection(self) -> tuple[object, ...]:
        return ("--kubeconfig", self.config, "--context", "harvester", "--context", "rancher")

    def apply(self, plan: Path, *more: object) -> Ended:
        ended = self.run("fix", "apply", plan, *QUICK, *self.connection(), *more)
        return ended._replace(text=f"{ended.text}{self.standin.where() if 'in time' in ended.text else ''}")

    def rollback(self, plan: Path, *more: object) -> Ended:
        return self.run("fix", "rollback", journal_of(plan), *QUICK, *self.connection(), *more)

    def plan(self, *options: object) -> Path:
        """Collect both clusters, plan, and give consent to everything."""
        snapshot, plan = self.folder / "estate.jsonl", self.folder / "plan.yaml"
        collected = self.run("collect", *self.connection(), "--qps", "1000", "-o", snapshot)
        assert collected.code == 0, collected
        made = self.run("fix", "plan", snapshot, "-o", plan, *(options or ("--project", "p-shop")))
        assert made.code == 0, made
        plan.write_text(plan.read_text("utf-8").replace("given: false", "given: true"), "utf-8")
        return plan

    # -- what is there

    def raw(self) -> dict[str, Object]:
        """The bindings that people made, without what the server writes."""
        found = (item for item in self.harvester.objects(RBAC, "RoleBinding", "dev"))
        return {item["metadata"]["name"]: bare(item) for item in found if item["metadata"]["name"].startswith("raw-")}

    def members(self) -> set[str]:
        """The users that are bound in the project."""
        items = self.management.objects(MANAGEMENT, "ProjectRoleTemplateBinding")
        return {item["userName"] for item in items if not item["metadata"].get("deletionTimestamp")}

    def templates(self) -> set[str]:
        names = (item["metadata"]["name"] for item in self.management.objects(MANAGEMENT, "RoleTemplate"))
        return {name for name in names if name.startswith("rbac-audit-")}

    def said(self) -> str:
        """All that the command that runs has written so far."""
        return self._out.read_text("utf-8") if self._out.exists() else ""

    def kill(self) -> None:
        """End the command that runs, without a word."""
        wait("the command has a process", lambda: bool(self.pid))
        os.kill(self.pid, signal.SIGKILL)


def bare(item: Object) -> Object:
    """An object without what the server writes."""
    written = {"uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"}
    return {**item, "metadata": {key: value for key, value in item["metadata"].items() if key not in written}}


def msgjson(value: Mapping[str, object]) -> str:
    import json

    return json.dumps(value)


def journal_of(plan: Path) -> Path:
    return plan.with_name(f"{plan.name}.journal.jsonl")


def users(count: int) -> list[str]:
    return [f"u-{number:02}" for number in range(count)]


def estate(count: int, *, aggregated: bool) -> tuple[list[Raw], list[Raw]]:
    """Some users, each with a raw binding in one namespace of a project of two: Harvester's side, Rancher's side."""
    harvester = [
        obj("v1", "Namespace", name, annotations={"field.cattle.io/projectId": SHOP}) for name in ("dev", "prod")
    ]
    harvester.append(obj(RBAC, "ClusterRole", "pod-reader", rules=POD_READER))
    harvester += [
        binding(f"dev/raw-{user}", "pod-reader", f"User:{user}", annotations={"note": f"for {user}"})
        for user in users(count)
    ]
    rancher = [obj("v1", "Namespace", name) for name in (ID, f"{ID}-p-shop", "local")]
    rancher += [obj(MANAGEMENT, "Cluster", name, spec={}) for name in ("local", ID)]
    rancher.append(
        obj(
            MANAGEMENT,
            "Project",
            "p-shop",
            ID,
            spec={"displayName": "p-shop", "clusterName": ID},
            status={"backingNamespace": f"{ID}-p-shop"},
        )
    )
    rancher += [obj(MANAGEMENT, "User", user, username=user, principalIds=[f"local://{user}"]) for user in users(count)]
    rancher.append(
        obj(
            MANAGEMENT,
            "Feature",
            "aggregated-roletemplates",
            spec={"value": aggregated},
            status={"default": False, "dynamic": True},
        )
    )
    rancher.append(template("read-only", [rule("core", "services", "get")]))
    return harvester, rancher


@contextmanager
def staged(servers: Estate, folder: Path, count: int = 3, *, aggregated: bool = False) -> Iterator[Stage]:
    """Load a small estate into clean servers and run the stand-in while the block runs."""
    harvester, rancher = estate(count, aggregated=aggregated)
    with loaded(servers, folder, harvester, rancher, aggregated=aggregated) as stage:
        yield stage


@contextmanager
def loaded(
    servers: Estate, folder: Path, harvester: Iterable[Raw], rancher: Iterable[Raw], *, aggregated: bool = False
) -> Iterator[Stage]:
    """Load any estate into clean servers and run the stand-in while the block runs."""
    for server, items in ((servers.harvester, harvester), (servers.rancher, rancher)):
        server.clean()
        server.seed(items)
    faults = Faults()
    with ExitStack() as stack:
        standin = stack.enter_context(StandIn(servers.rancher.api, servers.harvester.api, aggregated=aggregated))
        urls = {name: stack.enter_context(proxied(server, faults)) for name, server in servers._asdict().items()}
        tokens = {name: {"token": server.token} for name, server in servers._asdict().items()}
        config = kubeconfig(folder / "config", {name: {"server": url} for name, url in urls.items()}, tokens)
        stage = Stage(servers, faults, standin, config, folder)
        try:
            yield stage
        finally:
            stage.close()
        assert not standin.faults


class Sampler:
    """Asks all the time whether everybody may still do what they could, while the block runs."""

    def __init__(self, api: Api, names: Sequence[str] = (), questions: Sequence[Question] = ()) -> None:
        """Take users who hold what everybody does in dev, or any questions that are answered yes."""
        self._api = api
        self._questions = questions or [
            (name, GROUPS, {"verb": verb, "resource": resource, "namespace": "dev"})
            for name, (verb, resource) in itertools.product(names, held())
        ]
        self.asked = 0
        self.refused: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Sampler":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.ask()

    def ask(self) -> None:
        for name, groups, question in self._questions:
            self.asked += 1
            if not self._api.sar(name, groups, question):
                self.refused.append(f"{name} {groups} {question}")


def held() -> Iterable[tuple[str, str]]:
    """What everybody can do in dev at first."""
    return (("get", "pods"), ("list", "pods"), ("get", "configmaps"))


def consent(plan: Path, *, given: bool, only: str = "") -> None:
    """Change the consent of every step, or of one."""
    made = yaml.safe_load(plan.read_text("utf-8"))
    for step in made["steps"]:
        step["consent"]["given"] = given if only in {"", step["id"]} else step["consent"]["given"]
    plan.write_text(yaml.safe_dump(made, sort_keys=False), "utf-8")
