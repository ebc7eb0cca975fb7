"""Every snapshot survives its file: object for object, gaps, notes, and byte for byte."""

import gzip
import io
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Annotated, get_args, get_origin

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbac_audit.errors import BadInput
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.estate import Cluster, Gap, Snapshot
from rbac_audit.snapshot.file import (
    digest,
    read_head,
    read_lines,
    read_snapshot,
    read_stream,
    write_lines,
    write_snapshot,
)
from rbac_audit.snapshot.lines import footer, head, object_lines
from rbac_audit.snapshot.objects import KINDS, Kind, KubernetesObject

TEXT = st.text(max_size=10)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
LEAVES: dict[object, st.SearchStrategy[object]] = {
    str: TEXT,
    bool: st.booleans(),
    int: st.integers(-(2**63), 2**63 - 1),
    type(None): st.none(),
    object: JSON,
}


@cache
def values(annotation: type) -> st.SearchStrategy[object]:
    """Any value of an annotation of a Struct's field."""
    leaf = LEAVES.get(annotation)
    if leaf is not None:
        return leaf
    inner = get_args(annotation)
    if get_origin(annotation) is Annotated:  # a text that is not empty
        return TEXT.map(lambda text: text or "x")
    if get_origin(annotation) is tuple:
        return st.lists(values(inner[0]), max_size=2).map(tuple)
    if get_origin(annotation) is Mapping:
        return st.dictionaries(values(inner[0]), values(inner[1]), max_size=2)
    if inner:
        return st.one_of(*map(values, inner))
    fields = {field.name: values(field.type) for field in msgspec.structs.fields(annotation)}
    return st.builds(annotation, **fields)


@st.composite
def objects(draw: st.DrawFn, kind: Kind) -> KubernetesObject:
    made = draw(values(kind))
    assert isinstance(made, kind)
    return made


ANY_OBJECT = st.sampled_from(KINDS).flatmap(objects)
KIND_SETS = st.sets(st.sampled_from(KINDS), max_size=4)


@st.composite
def clusters(draw: st.DrawFn, name: str) -> Cluster:
    items = draw(st.lists(ANY_OBJECT, max_size=4, unique_by=lambda item: item.key))
    return Cluster(
        name,
        items,
        collected=draw(KIND_SETS),
        origins=draw(st.lists(TEXT, max_size=2)),
        unread_namespaces=draw(st.lists(TEXT, max_size=2)),
    )


GAPS = st.builds(
    Gap, TEXT, TEXT, TEXT, TEXT, st.lists(TEXT, max_size=2).map(tuple), st.lists(TEXT, max_size=2).map(tuple)
)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    names = draw(st.sets(TEXT, max_size=3))
    return Snapshot(
        [draw(clusters(name)) for name in sorted(names)],
        draw(st.lists(GAPS, max_size=3)),
        draw(st.dictionaries(TEXT, st.integers(0, 9), max_size=3)),
        draw(st.lists(TEXT, max_size=3)),
    )


def content(snapshot: Snapshot) -> list[object]:
    found = [
        (each.name, dict(each.objects), each.collected, each.origins, each.unread_namespaces)
        for each in snapshot.clusters
    ]
    return [found, snapshot.gaps, dict(snapshot.unknown_kinds), snapshot.notes]


def written(snapshot: Snapshot) -> bytes:
    found = list(object_lines(snapshot))
    parts = (head(snapshot), *(line for _, line in found))
    return b"".join((*parts, footer(Counter(kind for kind, _ in found), digest(snapshot), "1")))


@given(snapshots())
def test_what_is_written_is_read_and_written_the_same_again(snapshot: Snapshot) -> None:
    again = read_stream(io.BytesIO(written(snapshot)), "x")
    assert content(again) == content(snapshot)
    assert written(again) == written(snapshot)


@given(snapshots(), st.sampled_from([".jsonl", ".jsonl.gz", ".jsonl.zst"]))
def test_every_compression(snapshot: Snapshot, suffix: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}"
        write_snapshot(snapshot, path)
        assert content(read_snapshot(path)) == content(snapshot)


@pytest.mark.parametrize("damage", ["truncated", "altered", "other compression", "missing"])
@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_lines_of_a_file_that_is_not_whole_end_with_an_error(tmp_path: Path, suffix: str, damage: str) -> None:
    path = tmp_path / f"x{suffix}"
    objects = [decode({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"n{n}"}}) for n in range(50)]
    write_snapshot(Snapshot([Cluster("c", [item for item in objects if item])]), path)
    assert len(list(read_lines(path))) == 50
    whole = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(whole[:-20])
    elif damage == "altered":
        path.write_bytes(head(Snapshot([Cluster("c")])) + footer({"Namespace": 1}, "0" * 64, "1"))
    elif damage == "other compression":
        path.write_bytes(b"\x1f\x8b" + whole)
    else:
        path.unlink()
    with pytest.raises(BadInput) as refused:
        list(read_lines(path))
    assert "None" not in str(refused.value)


def test_lines_are_joined_to_the_same_file(tmp_path: Path) -> None:
    objects = [decode({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"n{n}"}}) for n in range(5)]
    snapshot = Snapshot([Cluster("c", [item for item in objects if item], rancher_id="c-m-x")], [], {}, ["a note"])
    write_snapshot(snapshot, tmp_path / "one.jsonl")
    count = write_lines(read_head(tmp_path / "one.jsonl"), read_lines(tmp_path / "one.jsonl"), tmp_path / "two.jsonl")
    assert count == 5
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


@given(snapshots(), st.randoms(use_true_random=False))
def test_the_order_of_objects_does_not_matter(snapshot: Snapshot, random: Random) -> None:
    def shuffled(items: Iterable[KubernetesObject]) -> list[KubernetesObject]:
        mixed = list(items)
        random.shuffle(mixed)
        return mixed

    mixed = [
        Cluster(
            each.name,
            shuffled(item for members in each.objects.values() for item in members),
            collected=each.collected,
            origins=each.origins,
            unread_namespaces=each.unread_namespaces,
        )
        for each in reversed(snapshot.clusters)
    ]
    other = Snapshot(mixed, reversed(snapshot.gaps), dict(snapshot.unknown_kinds), snapshot.notes)
    assert written(other) == written(snapshot)


def test_lines_are_canonical() -> None:
    raw = {
        "kind": "Role",
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "rules": [],
        "metadata": {"labels": {"z": "1", "a": "2"}, "namespace": "n", "name": "r"},
    }
    item = decode(raw)
    assert item is not None
    snapshot = Snapshot([Cluster("c", [item])])
    ((_, line),) = object_lines(snapshot)
    assert line == (
        b'{"cluster":"c","group":"rbac.authorization.k8s.io","kind":"Role",'
        b'"object":{"metadata":{"name":"r","namespace":"n","labels":{"a":"2","z":"1"}}}}\n'
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.kind}.{kind.group}")
def test_every_kind_has_a_line(kind: Kind) -> None:
    raw = {
        "apiVersion": f"{kind.group}/v1".removeprefix("/"),
        "kind": kind.kind,
        "metadata": {"name": "x"},
        "roleRef": {"kind": "Role", "name": "x"},
    }
    item = decode(raw)
    assert item is not None
    snapshot = Snapshot([Cluster("c", [item])])
    assert content(read_stream(io.BytesIO(written(snapshot)), "x")) == content(snapshot)


def test_gzip_has_neither_time_nor_name(tmp_path: Path) -> None:
    path = tmp_path / "secret-name.jsonl.gz"
    write_snapshot(Snapshot([Cluster("c")]), path)
    assert path.read_bytes()[3:8] == b"\0" * 5
    os.utime(path, (0, 0))
    assert json.loads(gzip.decompress(path.read_bytes()).splitlines()[0])["clusters"][0]["name"] == "c"
