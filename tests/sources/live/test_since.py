"""With an earlier snapshot: the same file as without, but only what has changed is read in full."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbac_audit.errors import BadInput
from rbac_audit.snapshot.file import read_snapshot, write_snapshot
from rbac_audit.snapshot.objects import Role
from rbac_audit.sources.live.collect import Order, collect
from rbac_audit.sources.live.kinds import live_kinds
from rbac_audit.sources.live.lists import JSON, METADATA_ONLY
from rbac_audit.sources.live.since import CHANGED_AT_MOST, Earlier
from rbac_audit.sources.live.target import Target
from rbac_audit.sources.live.ways import Context
from tests.controlplane.connections import Object
from tests.controlplane.server import Server
from tests.sources.live.contexts import kubeconfig, real
from tests.sources.live.fake import Asked, Fake, Reply, serving, status
from tests.sources.live.reading import FAST

RBAC = "rbac.authorization.k8s.io"


class Roles:
    """The Roles of a server that knows metadata alone and field selectors."""

    def __init__(self, count: int) -> None:
        self.items = {f"r{number}": self.role(f"r{number}", "1") for number in range(count)}
        self.without_metadata_alone = False

    @staticmethod
    def role(name: str, version: str, verb: str = "get", uid: str = "") -> Object:
        metadata = {"name": name, "namespace": "a", "uid": uid or name, "resourceVersion": version}
        return {"metadata": metadata, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": [verb]}]}

    def answer(self, asked: Asked) -> Reply | None:
        if not asked.path.endswith("/roles"):
            return None
        if asked.headers["Accept"] == METADATA_ONLY:
            if self.without_metadata_alone:
                return status(406)
            return self._list([{"metadata": item["metadata"]} for item in self.items.values()])
        wanted = asked.query.get("fieldSelector", "").removeprefix("metadata.name=")
        return self._list([item for name, item in self.items.items() if wanted in ("", name)])

    @staticmethod
    def _list(items: list[Object]) -> Reply:
        return Reply(json.dumps({"kind": "RoleList", "metadata": {"resourceVersion": "9"}, "items": items}).encode())


@pytest.fixture
def fake() -> Iterator[Fake]:
    with serving() as server:
        yield server


def run(config: Path, output: Path, since: Path | None = None) -> bytes:
    earlier = Earlier(since) if since else None
    target = Target("lab", Context("lab", config))
    written = collect([target], Order(live_kinds(), earlier=earlier), FAST, output, lambda _: None)
    assert written.head.gaps == ()
    return output.read_bytes()


def full(fake: Fake) -> list[str]:
    """What was read in full: the selector of each list of Roles."""
    return [asked.query.get("fieldSelector", "all") for asked in fake.of("roles") if asked.headers["Accept"] == JSON]


CHANGES: dict[str, tuple[dict[str, Object | None], list[str]]] = {
    "nothing": ({}, []),
    "changed": ({"r1": Roles.role("r1", "2", "list")}, ["metadata.name=r1"]),
    "made": ({"new": Roles.role("new", "2")}, ["metadata.name=new"]),
    "gone": ({"r1": None}, []),
    "made again": ({"r1": Roles.role("r1", "1", "list", "another")}, ["metadata.name=r1"]),
    "too many": ({f"n{number}": Roles.role(f"n{number}", "2") for number in range(CHANGED_AT_MOST + 1)}, ["all"]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_only_what_has_changed_is_read(fake: Fake, tmp_path: Path, change: str) -> None:
    roles = Roles(4)
    fake.script = roles.answer
    config = kubeconfig(tmp_path / "config", {"lab": {"server": fake.url}}, {})
    run(config, tmp_path / "before.jsonl")
    changes, read = CHANGES[change]
    merged = {**roles.items, **changes}
    roles.items = {name: item for name, item in merged.items() if item is not None}
    fake.asked.clear()
    after = run(config, tmp_path / "after.jsonl", tmp_path / "before.jsonl")
    assert full(fake) == read
    assert after == run(config, tmp_path / "anew.jsonl")


def test_a_server_that_knows_no_metadata_alone_is_read_in_full(fake: Fake, tmp_path: Path) -> None:
    roles = Roles(2)
    fake.script = roles.answer
    config = kubeconfig(tmp_path / "config", {"lab": {"server": fake.url}}, {})
    before = run(config, tmp_path / "before.jsonl")
    roles.without_metadata_alone = True
    assert run(config, tmp_path / "after.jsonl", tmp_path / "before.jsonl") == before


def test_a_cluster_that_was_read_in_another_way_is_read_in_full(fake: Fake, tmp_path: Path) -> None:
    fake.script = Roles(2).answer
    config = kubeconfig(tmp_path / "config", {"lab": {"server": fake.url}, "x": {"server": fake.url}}, {})
    run(config, tmp_path / "before.jsonl")
    fake.asked.clear()
    earlier = Earlier(tmp_path / "before.jsonl")
    order = Order(live_kinds(), earlier=earlier)
    collect([Target("lab", Context("x", config))], order, FAST, tmp_path / "after.jsonl", lambda _: None)
    assert full(fake) == ["all"]


def test_a_snapshot_of_another_version_is_refused(fake: Fake, tmp_path: Path) -> None:
    config = kubeconfig(tmp_path / "config", {"lab": {"server": fake.url}}, {})
    run(config, tmp_path / "before.jsonl")
    write_snapshot(read_snapshot(tmp_path / "before.jsonl"), tmp_path / "other.jsonl", version="0")
    with pytest.raises(BadInput, match="another version"):
        Earlier(tmp_path / "other.jsonl")


def role(name: str, verb: str) -> Object:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": [verb]}]
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": rules}


@pytest.mark.controlplane(controllers=False)
def test_a_real_server_says_what_has_changed(clean_apiserver: Server, tmp_path: Path) -> None:
    api = clean_apiserver.api
    clean_apiserver.seed([role(name, "get") for name in ("kept", "changed", "gone", "again")])
    config = real(tmp_path / "config", {"lab": clean_apiserver})
    run(config, tmp_path / "before.jsonl")
    api.replace(role("changed", "list"))
    for name in ("gone", "again"):
        api.delete(f"{RBAC}/v1", "Role", name, "default")
    for name in ("again", "new"):
        api.create(role(name, "watch"))
    after = run(config, tmp_path / "after.jsonl", tmp_path / "before.jsonl")
    assert after == run(config, tmp_path / "anew.jsonl")
    found = read_snapshot(tmp_path / "after.jsonl").cluster("lab").of(Role)
    verbs = {each.name: each.rules[0].verbs for each in found if each.namespace == "default"}
    assert verbs == {"again": ("watch",), "changed": ("list",), "kept": ("get",), "new": ("watch",)}
