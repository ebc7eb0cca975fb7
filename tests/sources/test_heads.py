"""What an API server answers instead of objects is no evidence that there are none."""

import json
from pathlib import Path

import pytest

from rbac_audit.errors import BadInput
from rbac_audit.snapshot.objects import Role
from tests.sources.builders import Json, binding, keys, listed, read, reasons, write

DETAILS: Json = {"group": "rbac.authorization.k8s.io", "kind": "roles"}
FORBIDDEN: Json = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Failure",
    "message": 'roles.rbac.authorization.k8s.io is forbidden: User "kim" cannot list resource "roles"\n\u202e<script>',
    "reason": "Forbidden",
    "details": DETAILS,
    "code": 403,
}
SAID = (
    "the server answered with an error and no objects: roles.rbac.authorization.k8s.io is forbidden: "
    'User "kim" cannot list resource "roles" <script>'
)


@pytest.mark.parametrize(
    "content",
    [
        [binding(), FORBIDDEN],
        listed(binding(), FORBIDDEN),
        listed(*[binding(f"b{number}") for number in range(50)], FORBIDDEN, binding()),
    ],
)
def test_a_refusal_is_a_gap(tmp_path: Path, content: object) -> None:
    snapshot = read(write(tmp_path / "x.json", content))
    (gap,) = snapshot.gaps
    assert (gap.reason, gap.kinds) == (SAID, ("Role.rbac.authorization.k8s.io",))
    assert "--print-role" in gap.advice
    assert snapshot.unknown_kinds == {}


def test_a_refusal_in_a_file_of_its_own(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", binding())
    path = write(tmp_path / "roles.json", {**FORBIDDEN, "details": None})
    snapshot = read(tmp_path)
    assert [(gap.what, gap.kinds) for gap in snapshot.gaps] == [
        (f"{path}, document 1, line 1", ("Role.rbac.authorization.k8s.io",))
    ]
    assert not snapshot.clusters[0].has(Role)
    with pytest.raises(BadInput, match=r"roles.rbac.authorization.k8s.io is forbidden: .*; list them with an account"):
        read(path)


def test_a_long_message_is_cut(tmp_path: Path) -> None:
    long = {**FORBIDDEN, "message": "x" * 10_000, "code": 504}
    (gap,) = read(write(tmp_path / "x.json", [binding(), long])).gaps
    assert gap.reason == f"the server answered with an error and no objects: {'x' * 160}…"
    assert gap.advice == "list them again when the server answers"


def test_the_answer_to_a_deletion_is_none(tmp_path: Path) -> None:
    done: Json = {"kind": "Status", "apiVersion": "v1", "status": "Success"}
    assert read(write(tmp_path / "x.json", [binding(), done])).gaps == ()


@pytest.mark.parametrize("kind", ["Table", "PartialObjectMetadata"])
def test_a_part_of_an_object_is_none(tmp_path: Path, kind: str) -> None:
    part: Json = {"apiVersion": "meta.k8s.io/v1", "kind": kind, "metadata": {"name": "a"}, "rows": []}
    for number, content in enumerate([[binding(), part], listed(binding(), binding(), part)]):
        snapshot = read(write(tmp_path / f"{number}.json", content))
        assert reasons(snapshot.gaps) == [f"a {kind}, which has not all that its objects say"]
        assert snapshot.unknown_kinds == {}


def test_what_changed_is_not_what_is_there(tmp_path: Path) -> None:
    lines = [binding(), {"type": "DELETED", "object": binding("b")}, {"type": "ADDED", "object": binding("c")}]
    path = write(tmp_path / "x.json", "".join(json.dumps(line) + "\n" for line in lines))
    snapshot = read(path)
    assert [gap.what for gap in snapshot.gaps] == [f"{path}, document {n}, line {n}" for n in (2, 3)]
    assert {*reasons(snapshot.gaps)} == {"what changed in an object, and not what is there"}
    assert keys(snapshot.clusters[0]) == ["RoleBinding tenant-a/devs"]
