"""Many clusters: some at a time, politely, in order on disk; and what an interrupted run had read is not read again."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from rbac_audit.errors import WrongUse
from rbac_audit.snapshot.file import read_snapshot
from rbac_audit.snapshot.objects import ClusterRole
from rbac_audit.sources.live.collect import Order, Written, collect
from rbac_audit.sources.live.kinds import live_kinds
from rbac_audit.sources.live.parts import Parts
from rbac_audit.sources.live.reader import Status
from rbac_audit.sources.live.target import Target
from rbac_audit.sources.live.ways import Context
from tests.sources.live.contexts import kubeconfig
from tests.sources.live.fake import Asked, Fake, Reply, listed, only, serving, status
from tests.sources.live.reading import FAST, read

NAMES = ("a", "b", "c")


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[dict[str, Fake]]:
    """Three clusters, each with a ClusterRole of its name."""
    with ExitStack() as stack:
        fakes = {name: stack.enter_context(serving()) for name in NAMES}
        for name, fake in fakes.items():
            fake.script = only("clusterroles", listed("ClusterRole", [name]))
        kubeconfig(tmp_path / "config", {name: {"server": fake.url} for name, fake in fakes.items()}, {})
        yield fakes


def run(
    folder: Path, *, resume: bool = False, secret: bool = False, watch: Callable[[Sequence[Status]], None] | None = None
) -> Written:
    targets = [Target(name, Context(name, folder / "config")) for name in NAMES]
    order = Order(live_kinds(secret_metadata=secret), resume=resume)
    limits = msgspec.structs.replace(FAST, parallel=1)
    return collect(targets, order, limits, folder / "estate.jsonl", watch or (lambda _: None))


def interrupted(fleet: dict[str, Fake], folder: Path) -> None:
    """Run until the first cluster has been read, while the second does not answer."""
    answered, script = threading.Event(), fleet["b"].script

    def silent(asked: Asked) -> Reply | None:
        answered.wait()
        return script(asked)

    def watch(_: Sequence[Status]) -> None:
        if any(Parts(folder / "estate.jsonl").folder.glob("*")):
            raise KeyboardInterrupt

    fleet["b"].script = silent
    try:
        with pytest.raises(KeyboardInterrupt):
            run(folder, watch=watch)
    finally:
        answered.set()
        fleet["b"].script = script


def roles(folder: Path) -> dict[str, list[str]]:
    clusters = read_snapshot(folder / "estate.jsonl").clusters
    return {each.name: [role.name for role in each.of(ClusterRole)] for each in clusters}


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "config")


def test_all_clusters_are_in_one_file_in_the_order_of_their_names(fleet: dict[str, Fake], tmp_path: Path) -> None:
    assert len(fleet) == 3
    written = run(tmp_path)
    assert (written.objects, len(written.head.clusters)) == (3, 3)
    assert roles(tmp_path) == {"a": ["a"], "b": ["b"], "c": ["c"]}
    assert left(tmp_path) == ["estate.jsonl"]


def test_what_an_interrupted_run_had_read_is_not_read_again(fleet: dict[str, Fake], tmp_path: Path) -> None:
    interrupted(fleet, tmp_path)
    assert left(tmp_path) == [".estate.jsonl.parts"]
    assert Parts(tmp_path / "estate.jsonl").count == 1
    before = len(fleet["a"].asked)
    run(tmp_path, resume=True)
    assert len(fleet["a"].asked) == before
    assert roles(tmp_path) == {"a": ["a"], "b": ["b"], "c": ["c"]}
    assert left(tmp_path) == ["estate.jsonl"]


def test_without_resume_everything_is_read_again(fleet: dict[str, Fake], tmp_path: Path) -> None:
    interrupted(fleet, tmp_path)
    fleet["a"].script = only("clusterroles", listed("ClusterRole", ["new"]))
    run(tmp_path)
    assert roles(tmp_path)["a"] == ["new"]


def test_a_cluster_that_failed_is_read_again(fleet: dict[str, Fake], tmp_path: Path) -> None:
    fleet["a"].script = only("clusterroles", status(500))
    interrupted(fleet, tmp_path)
    fleet["a"].script = only("clusterroles", listed("ClusterRole", ["back"]))
    assert run(tmp_path, resume=True).head.gaps == ()
    assert roles(tmp_path)["a"] == ["back"]


def test_a_refusal_is_an_answer_and_need_not_be_had_again(fleet: dict[str, Fake], tmp_path: Path) -> None:
    fleet["a"].script = only("clusterroles", status(403))
    interrupted(fleet, tmp_path)
    before = len(fleet["a"].asked)
    (gap,) = run(tmp_path, resume=True).head.gaps
    assert (gap.cluster, len(fleet["a"].asked)) == ("a", before)


@pytest.mark.parametrize("change", ["damaged", "other kinds"])
def test_a_part_that_is_not_what_is_asked_for_is_read_again(
    fleet: dict[str, Fake], tmp_path: Path, change: str
) -> None:
    interrupted(fleet, tmp_path)
    (part,) = (tmp_path / ".estate.jsonl.parts").iterdir()
    assert part.stat().st_mode & 0o077 == 0, "it names people"
    if change == "damaged":
        part.write_bytes(part.read_bytes()[:-9])
    before = len(fleet["a"].asked)
    run(tmp_path, resume=True, secret=change == "other kinds")
    assert len(fleet["a"].asked) > before
    assert roles(tmp_path) == {"a": ["a"], "b": ["b"], "c": ["c"]}


def test_no_more_lists_at_a_time_than_allowed(fleet: dict[str, Fake], tmp_path: Path) -> None:
    busy, most = [0], [0]

    def slow(_: Asked) -> Reply | None:
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        time.sleep(0.02)
        busy[0] -= 1
        return None

    for fake in fleet.values():
        fake.script = slow
    read(tmp_path / "config", msgspec.structs.replace(FAST, parallel=3), *NAMES)
    assert most == [3]


def test_a_server_gets_no_more_requests_a_second_than_allowed(fleet: dict[str, Fake], tmp_path: Path) -> None:
    started = time.monotonic()
    read(tmp_path / "config", msgspec.structs.replace(FAST, parallel=9, qps=20), "a")
    asked = len(fleet["a"].asked)
    assert asked > 15
    assert time.monotonic() - started >= (asked - 1) / 20


def test_a_folder_that_cannot_be_written_to_is_wrong_use(fleet: dict[str, Fake], tmp_path: Path) -> None:
    assert fleet
    target = Target("a", Context("a", tmp_path / "config"))
    with pytest.raises(WrongUse, match="cannot be written"):
        collect([target], Order(live_kinds()), FAST, tmp_path / "missing/estate.jsonl", lambda _: None)


def test_objects_are_ordered_by_namespace_and_then_by_name(fleet: dict[str, Fake], tmp_path: Path) -> None:
    """The server orders by `namespace/name`, where `a-b/x` is before `a/x`; a snapshot has them the other way round."""
    items = [{"metadata": {"namespace": space, "name": "x", "uid": uid}} for space, uid in (("a-b", "1"), ("a", "2"))]
    page = {"kind": "RoleList", "metadata": {}, "items": [*items, {"metadata": {"namespace": "a", "name": "w"}}]}
    fleet["a"].script = only("roles", Reply(msgspec.json.encode(page)))
    read(tmp_path / "config", FAST, "a")
    lines = (tmp_path / "estate.jsonl").read_text("utf-8").splitlines()[1:-1]
    found = [msgspec.json.decode(line)["object"]["metadata"] for line in lines]
    assert [(each["namespace"], each["name"]) for each in found] == [("a", "w"), ("a", "x"), ("a-b", "x")]
