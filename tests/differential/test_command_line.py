"""The program itself, from files to answers, agrees with the server."""

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any  # answers are JSON

import msgspec
import pytest

from rbac_audit.access import Identity
from tests.access.manifests import Manifest, cluster_role, cluster_role_binding, user
from tests.differential import drawing
from tests.differential.asking import draw_requests
from tests.differential.comparing import question
from tests.differential.conftest import Count
from tests.differential.grants_table import WRITE
from tests.differential.refusals import said_by
from tests.differential.stage import Stage


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rbac_audit", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def write(path: Path, items: Sequence[Manifest]) -> Path:
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(items)}), encoding="utf-8")
    return path


@pytest.mark.parametrize("unchecked", [False, True], ids=["stored", "unchecked"])
def test_a_batch_of_questions(stage: Stage, seed: int, unchecked: bool, tmp_path: Path, count: Count) -> None:
    chance = random.Random(f"{seed}/batch/{unchecked}")
    draw = drawing.draw_odd_worlds if unchecked else drawing.draw_worlds
    world = max(draw(10, chance.getrandbits(32)), key=lambda each: len(each.manifests))
    (stage.load_unchecked if unchecked else stage.load)(world)
    requests = draw_requests(world, 400, chance)
    theirs = stage.ask(requests)
    asked = [
        msgspec.structs.replace(question(each), expect=answer) for each, answer in zip(requests, theirs, strict=True)
    ]
    batch = tmp_path / "batch.jsonl"
    batch.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in asked))
    ran = run("can-i", "--batch", batch, write(tmp_path / "world.json", world.manifests))
    count("decisions", len(requests))
    assert ran.returncode == 0, (seed, ran.stderr)
    assert [json.loads(line)["allowed"] for line in ran.stdout.splitlines()] == theirs


def test_a_file_of_grants(stage: Stage, seed: int, tmp_path: Path, count: Count) -> None:
    chance = random.Random(f"{seed}/file")
    world, other = drawing.draw_worlds(12, chance.getrandbits(32))[-2:]
    held = world.replaced(
        [cluster_role("grantor", WRITE), cluster_role_binding("grantor", "ClusterRole/grantor", user("alice"))]
    )
    stage.load(held)
    alice = Identity.of_user("alice", through_rancher=True)  # whom `--as` means
    theirs = {_name(each): said_by(stage.try_to_write(each, alice)).said == "allowed" for each in other.manifests}
    # The roles that the controller filled, as a dump of the cluster has them.
    source, file = write(tmp_path / "held.json", stage.held().manifests), write(tmp_path / "new.json", other.manifests)
    ran = run("can-grant", file, source, "--as", "User:alice", "--format", "json")
    answers: list[dict[str, Any]] = json.loads(ran.stdout)["answers"]
    count("writes of roles and bindings", len(theirs))
    assert {each["object"]: each["allowed"] for each in answers} == theirs, seed
    assert (ran.returncode, ran.stderr) == (0 if all(theirs.values()) else 1, "")


def _name(item: Manifest) -> str:
    metadata = item["metadata"]
    return f"{item['kind']} {'/'.join(filter(None, (metadata.get('namespace', ''), metadata['name'])))}"
