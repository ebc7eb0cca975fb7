"""The same objects read equal, whatever way they were written."""

import gzip
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.estate import Snapshot
from tests.sources.builders import Json, binding, bundle_files, listed, mangled, read, role, zipped

TEXT = st.text(max_size=12)
NAMES = st.text(st.sampled_from("abc1"), min_size=1, max_size=6)
LISTS = st.none() | st.lists(TEXT, max_size=3)
RULES = st.none() | st.lists(
    st.fixed_dictionaries(
        {"verbs": LISTS}, optional={"apiGroups": LISTS, "resources": LISTS, "nonResourceURLs": LISTS}
    ),
    max_size=3,
)
SUBJECTS = st.none() | st.lists(
    st.fixed_dictionaries({"kind": NAMES, "name": NAMES}, optional={"apiGroup": TEXT, "namespace": TEXT}), max_size=3
)
METADATA = st.fixed_dictionaries(
    {"name": NAMES, "namespace": NAMES},
    optional={
        "labels": st.dictionaries(TEXT, TEXT, max_size=3),
        "annotations": st.dictionaries(TEXT | st.just("field.cattle.io/projectId"), TEXT, max_size=3),
        "creationTimestamp": st.none() | st.just("2026-11-22T20:41:33Z"),
        "finalizers": st.none() | st.lists(TEXT, max_size=2),
    },
)
V1 = {"apiVersion": "rbac.authorization.k8s.io/v1"}
ROLES: st.SearchStrategy[Json] = st.fixed_dictionaries({"metadata": METADATA, "rules": RULES}).map(
    lambda each: {**V1, "kind": "Role", **each}
)
BINDINGS: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {"metadata": METADATA, "roleRef": st.fixed_dictionaries({"kind": NAMES, "name": NAMES}), "subjects": SUBJECTS}
).map(lambda each: {**V1, "kind": "RoleBinding", **each})


def _key(item: Mapping[str, object]) -> tuple[object, ...]:
    metadata = item["metadata"]
    assert isinstance(metadata, dict)
    return (item["kind"], metadata["namespace"], metadata["name"])


OBJECTS = st.lists(st.one_of(ROLES, BINDINGS), min_size=1, max_size=6, unique_by=_key)


def yaml_documents(objects: list[Json]) -> str:
    return yaml.dump_all(objects, Dumper=yaml.CSafeDumper, explicit_start=True)


FORMS: dict[str, Callable[[list[Json]], str | bytes]] = {
    "list.json": lambda objects: json.dumps(listed(*objects), indent=4),
    "compact.json": lambda objects: json.dumps(listed(*objects), separators=(",", ":"), ensure_ascii=False),
    "array.json": json.dumps,
    "slurped.json": lambda objects: json.dumps([listed(each) for each in objects]),
    "lines.json": lambda objects: "".join(json.dumps(each) + "\n" for each in objects),
    "concatenated.json": lambda objects: "".join(json.dumps(each, indent=2) for each in objects),
    "bom.json": lambda objects: b"\xef\xbb\xbf" + json.dumps(listed(*objects)).encode(),
    "packed.json.gz": lambda objects: gzip.compress(json.dumps(listed(*objects)).encode()),
    "twice.json.gz": lambda objects: b"".join(gzip.compress(json.dumps(each).encode()) for each in objects),
    "list.yaml": lambda objects: yaml.dump(listed(*objects), Dumper=yaml.CSafeDumper),
    "nested.yaml": lambda objects: yaml.dump(listed(*objects[:1], listed(*objects[1:])), Dumper=yaml.CSafeDumper),
    "flow.yml": lambda objects: yaml.dump(listed(*objects), Dumper=yaml.CSafeDumper, default_flow_style=True),
    "documents.yaml": yaml_documents,
    "json-in.yaml": lambda objects: json.dumps(listed(*objects), indent=1),
    "bom.yaml": lambda objects: b"\xef\xbb\xbf" + yaml_documents(objects).encode(),
    "packed.yaml.gz": lambda objects: gzip.compress(yaml_documents(objects).encode()),
    "without-suffix": yaml_documents,
}


def contents(snapshot: Snapshot) -> dict[str, object]:
    (cluster,) = snapshot.clusters
    return {str(item): item for members in cluster.objects.values() for item in members}


def _read_as(name: str, objects: list[Json]) -> Snapshot:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        written = FORMS[name](objects)
        path.write_bytes(written.encode() if isinstance(written, str) else written)
        return read(f"x={path}")


def _expected(objects: list[Json]) -> dict[str, object]:
    return {str(item): item for item in map(decode, objects) if item is not None}


@pytest.mark.parametrize("name", FORMS)
def test_every_form(name: str) -> None:
    objects = [role("a"), role("b", "tenant-b", rules=[{"verbs": ["é😀", "yes", "1", "null", ""]}]), binding()]
    snapshot = _read_as(name, objects)
    assert contents(snapshot) == _expected(objects)
    assert snapshot.gaps == ()


@given(OBJECTS, st.sampled_from(sorted(FORMS)))
def test_json_and_yaml_read_equal(objects: list[Json], name: str) -> None:
    snapshot = _read_as(name, objects)
    assert contents(snapshot) == _expected(objects)
    assert snapshot.gaps == ()


def _ambiguous(value: object) -> bool:
    """What the collector's replacements make the same as something else, or what no key of the API may be."""
    if isinstance(value, dict):
        return any(key in ("", "null") or '"' in key or _ambiguous(item) for key, item in value.items())
    if isinstance(value, list):
        return any(map(_ambiguous, value))
    return isinstance(value, str) and (value == "null" or value.endswith('"null') or '":null,' in value)


@given(OBJECTS)
def test_a_support_bundle_reads_equal_but_for_what_it_makes_ambiguous(objects: list[Json]) -> None:
    objects = [each for each in objects if not _ambiguous(each)]
    files: dict[str, object] = {"cluster/v1/namespaces.yaml": listed()}
    for number, each in enumerate(objects):
        name = f"namespaced/{_key(each)[1]}/rbac.authorization.k8s.io/v1/x{number}.yaml"
        content = mangled([each], "rbac.authorization.k8s.io/v1", str(each["kind"]))
        files[name] = yaml.dump(content, Dumper=yaml.CSafeDumper)
    with tempfile.TemporaryDirectory() as folder:
        snapshot = read(zipped(Path(folder) / "b.zip", bundle_files(files)))
    assert contents(snapshot) == _expected(objects)
