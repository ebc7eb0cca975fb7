"""The snapshot file: the same back, byte for byte the same again, and refused when it is not whole."""

import gzip
import hashlib
import io
import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rbac_audit import __version__
from rbac_audit.errors import BadInput, WrongUse
from rbac_audit.snapshot import file
from rbac_audit.snapshot.estate import Cluster, Gap, Snapshot
from rbac_audit.snapshot.file import digest, read_snapshot, read_stream, write_snapshot
from rbac_audit.snapshot.objects import Metadata, Namespace, PolicyRule, Role, RoleBinding, RoleRef, Secret, Subject

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

RULE = PolicyRule(verbs=("get",), api_groups=("",), resources=("pods",), non_resource_urls=("/metrics",))
BINDING = RoleBinding(
    metadata=Metadata(name="devs", namespace="tenant-a", labels={"b": "", "a": "é😀\n"}),
    role_ref=RoleRef(kind="Role", name="reader"),
    subjects=(Subject(kind="User", name="alice"),),
)
SNAPSHOT = Snapshot(
    [
        Cluster(
            "prod",
            [
                Role(metadata=Metadata(name="reader", namespace="tenant-a"), rules=(RULE,)),
                BINDING,
                Namespace(metadata=Metadata(name="tenant-a")),
            ],
            collected=[Role, Secret],
            origins=["estate/prod"],
            unread_namespaces=["kube-public"],
        ),
        Cluster("empty"),
    ],
    [Gap("prod", "estate/prod/x.yaml", "it is empty", "write it again", ("Secret",), ("tenant-a",))],
    {"ConfigMap": 7},
    ["cluster prod is named after its folder estate/prod"],
)
SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst")


def parts(snapshot: Snapshot) -> list[object]:
    clusters = [
        (each.name, dict(each.objects), each.collected, each.origins, each.unread_namespaces)
        for each in snapshot.clusters
    ]
    return [clusters, snapshot.gaps, dict(snapshot.unknown_kinds), snapshot.notes]


def lines_of(path: Path) -> list[bytes]:
    raw = path.read_bytes()
    if path.suffix == ".gz":
        raw = gzip.decompress(raw)
    if path.suffix == ".zst":
        raw = zstd.decompress(raw)
    return raw.splitlines(keepends=True)


@pytest.fixture(params=SUFFIXES)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    target = tmp_path / f"estate{request.param}"
    write_snapshot(SNAPSHOT, target)
    return target


def test_what_is_written_is_read(path: Path) -> None:
    assert parts(read_snapshot(path)) == parts(SNAPSHOT)


def test_the_lines(path: Path) -> None:
    header, *objects, footer = map(json.loads, lines_of(path))
    assert header["format"] == "rbac-audit/snapshot/v1"
    assert [cluster["name"] for cluster in header["clusters"]] == ["empty", "prod"]
    assert header["clusters"][1]["collected"] == [
        ["", "Namespace"],
        ["", "Secret"],
        ["rbac.authorization.k8s.io", "Role"],
        ["rbac.authorization.k8s.io", "RoleBinding"],
    ]
    assert [(line["cluster"], line["kind"], line["object"]["metadata"]["name"]) for line in objects] == [
        ("prod", "Namespace", "tenant-a"),
        ("prod", "Role", "reader"),
        ("prod", "RoleBinding", "devs"),
    ]
    assert objects[1]["object"]["rules"] == [
        {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "nonResourceURLs": ["/metrics"]}
    ]
    assert list(objects[2]["object"]["metadata"]["labels"]) == ["a", "b"]
    assert footer == {
        "counts": {
            "Namespace": 1,
            "Role.rbac.authorization.k8s.io": 1,
            "RoleBinding.rbac.authorization.k8s.io": 1,
        },
        "sha256": hashlib.sha256(b"".join(lines_of(path)[:-1])).hexdigest(),
        "version": __version__,
    }
    assert footer["sha256"] == digest(SNAPSHOT)


def test_the_same_snapshot_is_the_same_bytes(path: Path, tmp_path: Path) -> None:
    again = tmp_path / f"other{''.join(path.suffixes)}"
    write_snapshot(read_snapshot(path), again)
    assert again.read_bytes() == path.read_bytes()


def test_the_digest_is_of_the_content_and_not_of_the_tool(tmp_path: Path) -> None:
    write_snapshot(SNAPSHOT, tmp_path / "x.jsonl", version="99.0")
    assert lines_of(tmp_path / "x.jsonl")[-1].endswith(b'"version":"99.0"}\n')
    assert digest(read_snapshot(tmp_path / "x.jsonl")) == digest(SNAPSHOT)
    assert digest(Snapshot([Cluster("empty")])) != digest(SNAPSHOT)


def test_a_file_is_replaced_whole_and_is_readable_by_its_owner_only(path: Path, tmp_path: Path) -> None:
    path.write_text("old")
    path.chmod(0o644)
    write_snapshot(SNAPSHOT, path)
    assert parts(read_snapshot(path)) == parts(SNAPSHOT)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_nothing_is_left_behind_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    (tmp_path / "x.jsonl").write_text("old")
    monkeypatch.setattr(file, "footer", fail)
    with pytest.raises(WrongUse, match=r"it cannot be written \(No space left on device\)"):
        write_snapshot(SNAPSHOT, tmp_path / "x.jsonl")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["old"]


def test_a_link_stays_and_its_target_is_replaced(path: Path, tmp_path: Path) -> None:
    link = tmp_path / f"latest{path.name.removeprefix('estate')}"
    link.symlink_to(path.name)
    path.write_text("old")
    write_snapshot(SNAPSHOT, link)
    assert link.is_symlink()
    assert parts(read_snapshot(path)) == parts(SNAPSHOT)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "x.jsonl"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_snapshot(SNAPSHOT, pipe)
    assert parts(read_stream(io.BytesIO(os.read(reading, 1 << 20)), "x")) == parts(SNAPSHOT)
    os.close(reading)
    assert [each.is_fifo() for each in tmp_path.iterdir()] == [True]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"it cannot be written \(No such file or directory\); choose another place"):
        write_snapshot(SNAPSHOT, tmp_path / "nowhere" / "x.jsonl")
    with pytest.raises(BadInput, match=r"it cannot be read \(No such file or directory\)"):
        read_snapshot(tmp_path / "x.jsonl")


# What is not whole


def read_lines(lines: list[bytes]) -> Snapshot:
    return read_stream(io.BytesIO(b"".join(lines)), "x.jsonl")


@pytest.fixture
def lines(tmp_path: Path) -> list[bytes]:
    write_snapshot(SNAPSHOT, tmp_path / "plain.jsonl")
    return lines_of(tmp_path / "plain.jsonl")


DEEP = b'{"more":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda _: [], "it is empty"),
        (lambda lines: lines[:-1], "it is truncated: its footer is missing"),
        (lambda lines: lines[:1], "it is truncated: its footer is missing"),
        (lambda lines: [*lines[:2], lines[2][:50]], "it is truncated in line 3"),
        (lambda lines: [*lines[:-1], lines[-1][:-1]], "it is truncated in line 5"),
        (lambda lines: [*lines[:-1], lines[-1][:-10]], "it is truncated in line 5"),
        (lambda lines: [*lines, lines[-1]], "it was altered: something stands behind its footer"),
        (lambda lines: [*lines, b"\n"], "it was altered: something stands behind its footer"),
        (lambda lines: [lines[0], *lines[2:]], "it was altered: its content does not have the sha256"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "it was altered: its content does not"),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], "it was altered: its content does not"),
        (lambda lines: [*lines[:3], lines[3].replace(b"alice", b"mallory"), lines[4]], "it was altered: its content"),
        (lambda lines: [lines[0].replace(b"is empty", b"is fine"), *lines[1:]], "it was altered: its content"),
        (
            lambda lines: [*lines[:4], lines[4].replace(b'"Namespace":1', b'"Namespace":2')],
            "it was altered: its content",
        ),
        (lambda lines: [*lines[:1], b"{}\n", *lines[1:]], "it was altered: line 2 is no line of a snapshot"),
        (lambda lines: [*lines[:1], b"\xff\n", *lines[1:]], "it was altered: line 2 is no line of a snapshot"),
        (lambda lines: [lines[0], DEEP, *lines[2:]], "it was altered: line 2 is no line of a snapshot"),
        (
            lambda lines: [lines[0], lines[1].replace(b'"object":{', b'"object":' + DEEP[:-2] + b","), *lines[2:]],
            "it was altered: line 2 is no line of a snapshot",
        ),
        (lambda lines: [DEEP, *lines[1:]], "it is no rbac-audit snapshot"),
        (
            lambda lines: [lines[0].replace(b'{"format"', DEEP[:-2] + b',"format"'), *lines[1:]],
            "it is no rbac-audit snapshot",
        ),
        (lambda lines: [*lines[:4], b'{"counts":5}\n'], "it was altered: line 5 is no line of a snapshot"),
        (
            lambda lines: [lines[0], lines[1].replace(b'"prod"', b'"other"'), *lines[2:]],
            "it was altered: line 2 is of a cluster that the header does not name",
        ),
        (
            lambda lines: [lines[0].replace(b"v1", b"v2"), *lines[1:]],
            "its format is not rbac-audit/snapshot/v1, the only one",
        ),
        (
            lambda lines: [b'{"format":"rbac-audit/snapshot/v1"}\n', *lines[1:]],
            "it was altered: its header is not that",
        ),
        (lambda lines: [b'{"format":"other"}\n', *lines[1:]], "it is no rbac-audit snapshot"),
        (lambda _: [b"\xff\xfe\n"], "it is no rbac-audit snapshot"),
        (lambda lines: lines[1:], "it is no rbac-audit snapshot"),
    ],
)
def test_refused(lines: list[bytes], change: Callable[[list[bytes]], list[bytes]], problem: str) -> None:
    with pytest.raises(BadInput) as raised:
        read_lines(change(lines))
    assert raised.value.problem.startswith(problem)
    assert raised.value.where == "x.jsonl"
    assert raised.value.advice


def test_a_newer_format_says_what_to_do(lines: list[bytes]) -> None:
    with pytest.raises(BadInput, match="read it with the version of rbac-audit that wrote it, or a newer one"):
        read_lines([lines[0].replace(b"v1", b"v2"), *lines[1:]])


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".jsonl.zst"])
def test_a_truncated_or_damaged_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    write_snapshot(SNAPSHOT, path)
    raw = path.read_bytes()
    for cut in range(1, len(raw) - 1, 7):
        path.write_bytes(raw[:cut])
        with pytest.raises(BadInput):
            read_snapshot(path)
        path.write_bytes(raw[:cut] + bytes([raw[cut] ^ 0x55]) + raw[cut + 1 :])
        try:
            found = read_snapshot(path)
        except BadInput:
            continue
        # A header field of the compressor, such as its time, may change without the content.
        assert parts(found) == parts(SNAPSHOT)


def test_kinds_of_a_later_version_are_counted(lines: list[bytes]) -> None:
    content = [
        lines[0].replace(b'["","Secret"]', b'["example.com","Later"]'),
        b'{"cluster":"prod","group":"example.com","kind":"Later","object":{"x":[1]}}\n',
        *lines[1:4],
    ]
    footer = json.loads(lines[4])
    footer["counts"]["Later.example.com"] = 1
    footer["sha256"] = hashlib.sha256(b"".join(content)).hexdigest()
    snapshot = read_lines([*content, json.dumps(footer, separators=(",", ":")).encode() + b"\n"])
    assert snapshot.unknown_kinds == {"ConfigMap": 7, "Later.example.com": 1}
    assert len(snapshot.cluster("prod")) == 3


def test_the_same_object_twice_is_refused(lines: list[bytes]) -> None:
    content = [*lines[:2], *lines[1:4]]
    footer = json.loads(lines[4])
    footer["counts"]["Namespace"] = 2
    footer["sha256"] = hashlib.sha256(b"".join(content)).hexdigest()
    with pytest.raises(BadInput, match="it holds a cluster or an object twice"):
        read_lines([*content, json.dumps(footer, separators=(",", ":")).encode() + b"\n"])


@pytest.mark.parametrize(
    ("limit", "value", "problem"),
    [("LINE_BYTES", 100, "a line is longer than 0 MiB"), ("FILE_BYTES", 500, "it unpacks to more than 0 GiB")],
)
def test_limits(lines: list[bytes], monkeypatch: pytest.MonkeyPatch, limit: str, value: int, problem: str) -> None:
    monkeypatch.setattr(file, limit, value)
    with pytest.raises(BadInput, match=problem):
        read_lines([b"".join(lines).replace(b"\n", b"")])
