"""Whole estates go in and come out again, and the server decides over them as the one they come from."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane.api import Question
from tests.controlplane.connections import Object
from tests.controlplane.server import Server
from tests.controlplane.state import Inventory

ASKED = ("verb", "group", "resource", "subresource", "name", "namespace")


def _read(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()


def _objects(estate: Path, server: Server) -> Iterator[Object]:
    served = {(each.api_version, each.kind) for each in server.api.discovery.refresh()}
    others = {*estate.glob("discovery-*"), *estate.glob("access-answers*")}
    for path in sorted(set(estate.glob("*.json*")) - others):
        for item in json.loads(_read(path))["items"]:
            if (item["apiVersion"], item["kind"]) in served:
                yield item


@pytest.fixture
def estate(shared_data: Path, clean_apiserver: Server) -> Iterator[Path]:
    """A dump of a Harvester cluster, loaded."""
    folder = shared_data / "stock-legacy" / "harvester-cluster"
    clean_apiserver.seed(_objects(folder, clean_apiserver))
    yield folder
    clean_apiserver.clean()
    assert Inventory.take(clean_apiserver.api).keys == clean_apiserver.first.keys


def test_it_decides_as_the_server_of_the_dump(apiserver: Server, estate: Path) -> None:
    answers = list(map(json.loads, _read(estate / "access-answers.jsonl.gz").splitlines()))
    questions: list[Question] = [
        (each["user"], tuple(each["groups"]), {key: each[key] for key in ASKED if key in each}) for each in answers
    ]
    decided = map(bool, apiserver.api.sars(questions))
    differing = [each for each, allowed in zip(answers, decided, strict=True) if each["allowed"] is not allowed]
    assert len(answers) > 1000
    assert differing == []
