"""Folders: what is evidence, what is passed over, and what is hostile."""

import errno
import gzip
import json
import os
import socket
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from rbac_audit.errors import BadInput
from rbac_audit.snapshot.estate import Snapshot
from rbac_audit.sources import limits
from rbac_audit.sources.folders import Scan
from rbac_audit.sources.streams import Peekable
from tests.sources.backups import tarred
from tests.sources.builders import RBAC_V1, keys, listed, read, role, thing, write, zipped


def told(snapshot: Snapshot, folder: Path) -> list[tuple[str, str]]:
    return [(gap.what.removeprefix(f"{folder}/"), gap.reason) for gap in snapshot.gaps]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "x" / "a.json", role("a"))
    return tmp_path / "x"


def test_what_is_obviously_no_evidence_is_counted(folder: Path) -> None:
    (folder / "disk").write_bytes(b"\0" * 100_000 + b"\napiVersion: v1\n")
    write(folder / "how.txt", "Write this:\n\napiVersion: v1\nkind: Role\n")
    for name in ("README.md", "notes.txt", "get.sh", ".hidden.yaml", ".git/config", "a.log.gz", "Makefile"):
        write(folder / name, "apiVersion: v1" if "hidden" in name else "text")
    write(folder / "discovery-core.json.gz", json.dumps({"apiVersion": "v1", "kind": "APIGroupDiscoveryList"}))
    write(folder / "values.yaml", "replicas: 1\n")
    write(folder / "access-answers.jsonl.gz", '{"who": "alice"}\n')
    snapshot = read(folder)
    assert keys(snapshot.clusters[0]) == ["Role tenant-a/a"]
    assert snapshot.gaps == ()
    assert snapshot.notes[1] == (
        f"passed over in {folder}, being no evidence: 1 .jsonl.gz, 1 .log.gz, 1 .md, 1 .sh, 2 .txt, 1 .yaml, "
        "1 discovery-*.json, 2 hidden, 2 without a suffix"
    )


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("roles.json", b"", "it is empty"),
        ("roles.json", b" \n", "it is empty"),
        ("roles.json.gz", b"", "it is empty"),
        ("roles.json", json.dumps(role()).encode("utf-16"), "it is UTF-16 or binary, not UTF-8"),
        ("roles.yaml", json.dumps(role()).encode("utf-16-le"), "it is UTF-16 or binary, not UTF-8"),
        ("roles", json.dumps(role()).encode("utf-16"), "it is UTF-16 or binary, not UTF-8"),
        ("roles.yaml", b"apiVersion: v1\n# gr\xfc\xdfe\nkind: Role\n", "it is not UTF-8 in line 2"),
        ("roles.json", b'{"apiVersion": "\xe4"}', "it is not UTF-8 in line 1"),
        (
            "roles.json.gz",
            gzip.compress(json.dumps(role()).encode(), mtime=0)[:-20],
            "it is truncated or damaged (bad gzip data)",
        ),
        ("roles.json.gz", b"\x1f\x8bno gzip at all", "it is truncated or damaged (bad gzip data)"),
    ],
)
def test_a_file_called_like_evidence_that_cannot_be_read_is_a_gap(
    folder: Path, name: str, content: bytes, reason: str
) -> None:
    (folder / name).write_bytes(content)
    snapshot = read(folder)
    ((what, found),) = told(snapshot, folder)
    assert (what.partition(",")[0], found.partition(";")[0]) == (name, reason)
    assert snapshot.gaps[0].kinds == ("Role.rbac.authorization.k8s.io",)
    assert snapshot.gaps[0].advice
    with pytest.raises(BadInput) as raised:
        read(folder / name)
    assert reason in str(raised.value)


@pytest.mark.parametrize("content", ["", "text\n", "[]"])
def test_what_is_only_called_like_evidence_joins_no_clusters(tmp_path: Path, content: str) -> None:
    write(tmp_path / "one" / "a.json", role("a"))
    write(tmp_path / "two" / "b.json", role("b"))
    write(tmp_path / "roles.json", content)
    snapshot = read(tmp_path)
    assert [cluster.name for cluster in snapshot.clusters] == ["one", "two"]
    ((what, _),) = told(snapshot, tmp_path)
    assert what.partition(",")[0] == "roles.json"


PACKED = {"dump/roles.json": json.dumps(role("b")).encode(), "dump/README": b"x"}


@pytest.mark.parametrize("name", ["dump.zip", "dump.tar.gz"])
@pytest.mark.parametrize("chart", [False, True])
def test_an_archive_of_manifests_is_a_gap_and_a_chart_is_none(folder: Path, name: str, *, chart: bool) -> None:
    content = {**PACKED, **({"dump/Chart.yaml": b"name: x"} if chart else {})}
    (zipped if name.endswith(".zip") else tarred)(folder / name, content)
    expected = [] if chart else [(name, f"it is a {'zip' if name.endswith('.zip') else 'tar archive'} of manifests")]
    assert told(read(folder), folder) == expected


@pytest.mark.parametrize("name", ["dump", "roles.txt"])
@pytest.mark.parametrize("content", [json.dumps(role()), "apiVersion: v1\r\nkind: List\r\n"])
def test_a_file_of_powershell_is_a_gap_whatever_it_is_called(folder: Path, name: str, content: str) -> None:
    (folder / name).write_bytes(content.encode("utf-16"))
    assert told(read(folder), folder) == [
        (f"{name}, line 1", "it is UTF-16 or binary, not UTF-8; what follows was not read")
    ]


def test_a_text_of_another_program_in_utf_16_is_passed_over(folder: Path) -> None:
    (folder / "notes.txt").write_bytes("what apiVersion: v1 means".encode("utf-16"))
    assert told(read(folder), folder) == []


COMMENTS = b"# a licence\n" * 20_000
LATE = {"metadata": {"name": "late", "namespace": "tenant-a", "labels": {"x": "y" * 100_000}}, "rules": []}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("roles.json", b"Error from server (Forbidden): kanarie", "{ or [ expected at the start of a document"),
        ("roles.yaml", b"Error from server (Forbidden): kanarie", "it holds nothing of what it is called"),
        ("roles.yaml", b"No resources found\n", "a manifest must be a mapping"),
        ("roles", b"No resources found\n", "a manifest must be a mapping"),
        ("roles.rbac.authorization.k8s.io", b"No resources found\n", "a manifest must be a mapping"),
        ("roles.jsonl", b'{"who": "alice"}\n', "it holds nothing of what it is called"),
        ("roles.json", b'{"metadata": {"name": "a"}}', "it holds nothing of what it is called"),
        ("roles.json", json.dumps([{"rules": []}]).encode(), "neither the item nor its list says apiVersion and kind"),
        ("roles.json", json.dumps(thing("v1", "ConfigMap", "a")).encode(), "it holds nothing of what it is called"),
        ("roles.yaml", COMMENTS, "it holds nothing of what it is called"),
        ("roles.json", zstd.compress(b"{}"), "it is packed with zstd, as only snapshots may be"),
        ("roles.json.zst", zstd.compress(b"{}"), "it is packed in a way that this version does not read"),
        ("roles.json.xz", b"\xfd7zXZ", "it is packed in a way that this version does not read"),
    ],
)
def test_a_file_called_like_a_resource_that_has_none_is_a_gap(
    folder: Path, name: str, content: bytes, reason: str
) -> None:
    (folder / name).write_bytes(content)
    snapshot = read(folder)
    ((what, found),) = told(snapshot, folder)
    assert (what.partition(",")[0], found.partition(";")[0]) == (name, reason)
    assert snapshot.gaps[0].advice
    assert "kanarie" not in str(snapshot.gaps)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("b.zip", b"", "it is empty"),
        ("b.zip", b"<html>no such file</html>", "it is no zip archive, although it is called like one"),
        ("b.zip", b"PK\x05\x06" + b"\0" * 18, "it is no zip archive, although it is called like one"),
        ("b.zip", b"PK\x03\x04", "it is no valid zip"),
        ("b.tar.gz", b"", "it is empty"),
        ("b.tar.gz", gzip.compress(b"", mtime=0), "it is empty"),
        ("b.tar.gz", gzip.compress(b"x" * 5_000, mtime=0)[:-9], "it is truncated or damaged (bad gzip data)"),
        ("b.tar.gz", b"<html>", "it is no tar archive, although it is called like one"),
        ("b.tgz", b"\0" * 10_240, "it is no tar archive, although it is called like one"),
        ("b.jsonl", b"", "it is empty"),
        ("b.jsonl.gz", gzip.compress(b"", mtime=0), "it is empty"),
        ("b.jsonl.zst", b"", "it is empty"),
        ("b.jsonl.zst", b"<html>", "it is no snapshot, although it is called like one"),
        ("b", gzip.compress(json.dumps(role()).encode(), mtime=0)[:-20], "it is truncated or damaged (bad gzip data)"),
    ],
)
def test_what_is_called_like_an_archive_and_is_none_is_a_gap(
    folder: Path, name: str, content: bytes, reason: str
) -> None:
    (folder / name).write_bytes(content)
    snapshot = read(folder)
    assert told(snapshot, folder) == [(name, reason)]
    assert snapshot.gaps[0].advice


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("late.yaml", COMMENTS + json.dumps({**LATE, "apiVersion": RBAC_V1, "kind": "Role"}).encode()),
        ("late.json", json.dumps({**LATE, "apiVersion": RBAC_V1, "kind": "Role"}).encode()),
        ("late.jsonl", json.dumps(role("late")).encode() + b"\n"),
        ("late.ndjson", json.dumps(role("late")).encode() + b"\n"),
        ("late.txt", json.dumps(role("late"), indent=4).encode()),
        ("late.TXT", b"---\n" + yaml.dump(role("late"), sort_keys=True).encode()),
        ("roles.rbac.authorization.k8s.io", json.dumps(role("late")).encode()),
        ("late", COMMENTS + json.dumps(role("late")).encode()),
    ],
)
def test_evidence_that_is_hard_to_recognise_is_read(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    snapshot = read(folder)
    assert keys(snapshot.clusters[0]) == ["Role tenant-a/a", "Role tenant-a/late"]
    assert snapshot.gaps == ()


def test_links_are_followed_inside_the_folder_only(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "outside.json", role("outside"))
    write(tmp_path / "elsewhere" / "b.json", role("elsewhere"))
    write(folder / "..data" / "b.json", role("b"))
    (folder / "b.json").symlink_to("..data/b.json")
    (folder / "out.json").symlink_to("../outside.json")
    (folder / "elsewhere").symlink_to(tmp_path / "elsewhere")
    (folder / "gone.json").symlink_to("nowhere")
    (folder / "loop.json").symlink_to("loop.json")
    (folder / "deep").mkdir()
    (folder / "deep" / "up").symlink_to("..")
    (folder / "current").symlink_to("..data")
    snapshot = read(folder)
    assert keys(snapshot.clusters[0]) == ["Role tenant-a/a", "Role tenant-a/b"]
    assert told(snapshot, folder) == [
        ("current", "it is a link to a hidden folder and was not followed"),
        ("elsewhere", "it is a link out of the folder and was not followed"),
        ("gone.json", "it is a link that leads nowhere"),
        ("loop.json", "it is a link that leads nowhere"),
        ("out.json", "it is a link out of the folder and was not followed"),
    ]
    assert "1 hidden, 1 links to folders" in snapshot.notes[1]


def test_a_link_that_the_user_names_is_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "file.json").symlink_to(folder / "a.json")
    assert len(read(tmp_path / "link").clusters[0]) == 1
    assert len(read(tmp_path / "file.json").clusters[0]) == 1


def test_what_is_no_file_never_blocks(folder: Path) -> None:
    os.mkfifo(folder / "pipe.yaml")
    with tempfile.TemporaryDirectory(dir="/tmp") as short, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{short}/s.yaml")
        write(Path(short) / "a.json", role())
        ((what, reason),) = told(read(short), Path(short))
        assert (what, reason.partition(" (")[0]) == ("s.yaml", "it cannot be read")
    assert told(read(folder), folder) == [("pipe.yaml", "it is no regular file")]
    for path in (folder / "pipe.yaml", Path("/dev/null"), Path("/dev/zero")):
        with pytest.raises(BadInput, match="it is no regular file; use `-` to read standard input"):
            read(path)


def test_a_folder_called_like_a_file_is_a_folder(folder: Path) -> None:
    write(folder / "roles.yaml" / "b.json", role("b"))
    (folder / "empty.json").mkdir()
    assert keys(read(folder).clusters[0]) == ["Role tenant-a/a", "Role tenant-a/b"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_a_gap(folder: Path) -> None:
    write(folder / "b.json", role("b")).chmod(0)
    write(folder / "locked" / "c.json", role("c"))
    (folder / "locked").chmod(0)
    try:
        reasons = [reason for _, reason in told(read(folder), folder)]
    finally:
        (folder / "locked").chmod(0o700)
    assert reasons == ["it cannot be read (Permission denied)"] * 2


def test_a_file_that_vanishes_is_a_gap(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "b.json").write_text(json.dumps(role("b")))

    def scan(root: Path) -> Scan:
        found = Scan(root)
        (root / "b.json").unlink()
        return found

    monkeypatch.setattr("rbac_audit.sources.estate.Scan", scan)
    assert told(read(folder), folder) == [("b.json", "it cannot be read (No such file or directory)")]


def test_a_disk_that_fails_is_a_gap(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    write(folder / "b.json", role("b"))
    found = Scan(folder)
    monkeypatch.setattr("rbac_audit.sources.estate.Scan", lambda _: found)
    monkeypatch.setattr("rbac_audit.sources.estate.unpacked", lambda _: Peekable(SimpleNamespace(read=fail)))
    with pytest.raises(BadInput, match=r"first: .*/a.json: it cannot be read \(Input/output error\)"):
        read(folder)


def test_a_folder_has_limits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = folder.joinpath(*["d"] * (limits.FOLDER_DEPTH + 1))
    write(deep / "b.json", role("b"))
    assert [reason for _, reason in told(read(folder), folder)] == ["it is over 32 folders deep and was not read"]
    monkeypatch.setattr(limits, "FOLDER_FILES", 5)
    for number in range(6):
        write(folder / f"{number}.json", role(f"r{number}"))
    with pytest.raises(BadInput, match="it has over 5 entries"):
        read(folder)


def test_names_that_are_no_utf_8_are_printable(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    odd = os.fsdecode(os.fsencode(str(folder)) + b"/r\xfcl")
    try:
        Path(odd).mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    write(Path(odd) / "a.json", listed(role("a"), 5))  # type: ignore[arg-type]  # hostile
    snapshot = read(folder)
    assert [cluster.name for cluster in snapshot.clusters] == ["r�l"]
    for text in (*snapshot.notes, *map(str, snapshot.gaps)):
        text.encode()


def test_the_order_of_the_disk_does_not_matter(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        write(tmp_path / "one" / f"{name}.json", role("same", rules=[{"verbs": [name]}]))
    for name in ("c", "a", "b"):
        write(tmp_path / "two" / f"{name}.json", role("same", rules=[{"verbs": [name]}]))
    one, two = read(f"x={tmp_path}/one"), read(f"x={tmp_path}/two")
    assert one.clusters[0].objects == two.clusters[0].objects
    assert "verbs=('c',)" in str(one.clusters[0].objects)
