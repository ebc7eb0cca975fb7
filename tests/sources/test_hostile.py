"""What is made to fill the memory is refused by name, within bounded memory."""

import gzip
import json
import random
import subprocess
import sys
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from tests.sources.builders import RBAC_V1, binding, bundle_files, listed, role, thing

# What the libraries and an item of the largest allowed size need; the inputs are far larger.
PEAK_MIB = 150
MIB = 1 << 20

# The peak of a process counts from its start here, and not from that of the one that made it, as getrusage does.
PROGRAM = """
import resource, sys
from pathlib import Path
from rbac_audit.errors import RbacAuditError
from rbac_audit.sources import SourceSpec, read_estate
try:
    snapshot = read_estate([SourceSpec(sys.argv[1], "x")])
    print("objects", sum(map(len, snapshot.clusters)), *(gap.reason for gap in snapshot.gaps))
except RbacAuditError as error:
    print("refused", error.problem)
status = Path("/proc/self/status")
if status.exists():
    (peak,) = [int(line.split()[1]) // 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM")]
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20
print(peak)
"""


class Outcome(NamedTuple):
    said: str
    peak_mib: int


def outcome(path: Path) -> Outcome:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-W", "error", "-c", PROGRAM, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=root, check=True)
    said, peak = done.stdout.rstrip().rsplit("\n", 1)
    return Outcome(said, int(peak))


Chunks = Iterator[bytes]


def repeated(*parts: tuple[bytes, int]) -> Callable[[], Chunks]:
    """Each part so many times; long runs in larger chunks."""

    def chunks() -> Chunks:
        for part, times in parts:
            many = max(1, min(times, MIB // len(part)))
            for _ in range(times // many):
                yield part * many
            yield part * (times % many)

    return chunks


SPACES = repeated((b" ", 200 * MIB))
ITEM = b'{"apiVersion": "v1", "kind": "ConfigMap", "x": "' + b"x" * 10_000 + b'"},\n'
LIST = b'{"apiVersion": "v1", "kind": "List", "items": ['


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("spaces.json.gz", SPACES, "refused it is empty"),
        (
            "spaces-later.json.gz",
            repeated((b"{", 1), (b" ", 200 * MIB)),
            "refused it unpacks to more than 200 times its size",
        ),
        (
            "lines.yaml.gz",
            repeated((b"a:\n", 1), (b"\n", 200 * MIB)),
            "refused it unpacks to more than 200 times its size",
        ),
        ("zeros.json.gz", repeated((b"\0", 200 * MIB)), "refused it is UTF-16 or binary, not UTF-8"),
        (
            "items.json.gz",
            repeated((LIST, 1), (ITEM, 10_000)),
            "refused it unpacks to more than 200 times its size",
        ),
        (
            "scalar.json",
            repeated((b'{"a": "', 1), (b"x", 100 * MIB), (b'"}', 1)),
            "refused one value is larger than 16 MiB; what follows was not read",
        ),
        (
            "scalar-in-list.json",
            repeated((LIST + b'{"a": "', 1), (b"x", 100 * MIB), (b'"}]}', 1)),
            "refused one value is larger than 16 MiB; what follows was not read",
        ),
        (
            "scalar.yaml",
            repeated((b"a: '", 1), (b"x", 100 * MIB), (b"'\n", 1)),
            "refused one item or document is larger than 16 MiB; what follows was not read",
        ),
        (
            "block.yaml",
            repeated((b"a: |\n", 1), (b"  line\n", 15 * MIB)),
            "refused one item or document is larger than 16 MiB; what follows was not read",
        ),
        (
            "comment.yaml",
            repeated((b"a: 1 # ", 1), (b"x", 100 * MIB)),
            "refused one item or document is larger than 16 MiB; what follows was not read",
        ),
        (
            "fields.json",
            repeated((b'{"k": 1', 1), (b',"k": "' + b"x" * 100 + b'"', MIB)),
            "refused one document is larger than 16 MiB; what follows was not read",
        ),
        (
            "deep.json",
            repeated((b'{"a":', 1), (b"[", 50 * MIB)),
            "refused nested deeper than 100 levels; what follows was not read",
        ),
        (
            "deep.yaml",
            repeated((b"a: ", 1), (b"[", 50 * MIB)),
            "refused nested deeper than 100 levels; what follows was not read",
        ),
        (
            "empties.yaml",
            repeated((b"a: [", 1), (b"[],", 20 * MIB)),
            "refused one object has over 500000 values, counting what its aliases repeat; what follows was not read",
        ),
        (
            "documents.yaml",
            repeated((b"---\n- x\n", 4 * MIB // 16)),
            "refused a manifest must be a mapping; what follows was not read",
        ),
    ],
)
def test_memory_is_bounded(tmp_path: Path, name: str, content: Callable[[], Chunks], said: str) -> None:
    path = tmp_path / name
    with gzip.open(path, "wb", 9) if name.endswith(".gz") else path.open("wb") as stream:
        for chunk in content():
            stream.write(chunk)
    found = outcome(path)
    assert found.said == said
    assert found.peak_mib < PEAK_MIB


def test_aliases(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 10)}]" for i in range(100)]
    path = tmp_path / "x.yaml"
    path.write_text("apiVersion: v1\nkind: ConfigMap\n" + "\n".join(lines))
    found = outcome(path)
    assert found.said.startswith("refused one object has over 500000 values")
    assert found.peak_mib < PEAK_MIB


def test_zip_bomb(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in bundle_files({f"namespaced/a/{RBAC_V1}/roles.yaml": listed(role())}).items():
            archive.writestr(name, content)
        with archive.open(f"yamls/cluster/{RBAC_V1}/clusterroles.yaml", "w", force_zip64=True) as member:
            for chunk in repeated((LIST, 1), (ITEM, 10_000))():
                member.write(chunk)
    found = outcome(path)
    assert found.said.startswith("objects 1 ")
    assert "it unpacks to more than 200 times its size; what follows was not read" in found.said
    assert found.peak_mib < PEAK_MIB


@pytest.mark.parametrize(
    ("start", "unit", "said"),
    [
        (
            b'{"format":"rbac-audit/snapshot/v1","clusters":[',
            b" ",
            "refused it unpacks to more than 1000 times its size",
        ),
        (
            b'{"format":"rbac-audit/snapshot/v1"}\n',
            b"\n",
            "refused it was altered: its header is not that of a snapshot",
        ),
    ],
)
def test_snapshot_bombs(tmp_path: Path, start: bytes, unit: bytes, said: str) -> None:
    path = tmp_path / "x.jsonl.zst"
    with zstd.open(path, "wb") as stream:
        for chunk in repeated((start, 1), (unit, 200 * MIB))():
            stream.write(chunk)
    found = outcome(path)
    assert found.said == said
    assert found.peak_mib < PEAK_MIB


def test_kinds_that_are_not_kept_cost_no_memory(tmp_path: Path) -> None:
    path, noise = tmp_path / "x.json", random.Random(1)
    items = [
        thing("v1", "ConfigMap", f"c{i}", "a", data={"x": b64encode(noise.randbytes(3_000)).decode()})
        for i in range(1_000)
    ]
    many = ",\n        ".join(json.dumps(item, indent=4).replace("\n", "\n        ") for item in items)
    with path.open("w") as stream:
        stream.write('{\n    "apiVersion": "v1",\n    "items": [\n        ')
        for _ in range(30):
            stream.write(f"{many},\n        ")
        stream.write(json.dumps(binding()) + '\n    ],\n    "kind": "List"\n}\n')
    assert path.stat().st_size > 120 * MIB
    found = outcome(path)
    assert found.said == "objects 1"
    assert found.peak_mib < 80
