"""No secret of a source reaches an object, a gap, a note, a log, an error or a snapshot file."""

import gzip
import json
import logging
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from rbac_audit.errors import RbacAuditError
from rbac_audit.snapshot.estate import Snapshot
from rbac_audit.snapshot.file import read_snapshot, write_snapshot
from tests.sources import canaries
from tests.sources.builders import Json, bundle_files, listed, mangled, read, role, thing, write, zipped

pytestmark = pytest.mark.usefixtures("_all_logged")


@pytest.fixture
def _all_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def everything(snapshot: Snapshot, folder: Path) -> str:
    """All that a snapshot shows, as text, bytes on disk included."""
    shown = [repr(snapshot.gaps), *map(str, snapshot.gaps), *snapshot.notes, repr(snapshot.unknown_kinds)]
    for cluster in snapshot.clusters:
        shown += [cluster.name, *cluster.origins]
        shown += [text for items in cluster.objects.values() for item in items for text in (repr(item), str(item))]
    plain, packed = folder / "out.jsonl", folder / "out.jsonl.gz"
    for path in (plain, packed, folder / "out.jsonl.zst"):
        write_snapshot(snapshot, path)
        shown.append(repr(read_snapshot(path).gaps))
    return "\n".join([*shown, plain.read_text(), gzip.decompress(packed.read_bytes()).decode()])


def _list_json(items: list[Json]) -> bytes:
    return json.dumps(listed(*items), indent=4).encode()


FORMS: dict[str, Callable[[list[Json]], bytes]] = {
    "list.json": _list_json,
    "lines.json": lambda items: "".join(json.dumps(each) + "\n" for each in items).encode(),
    "list.json.gz": lambda items: gzip.compress(_list_json(items)),
    "list.yaml": lambda items: yaml.dump(listed(*items), Dumper=yaml.CSafeDumper).encode(),
    "documents.yaml": lambda items: yaml.dump_all(items, Dumper=yaml.CSafeDumper, explicit_start=True).encode(),
    "documents.yaml.gz": lambda items: gzip.compress(yaml.dump_all(items, Dumper=yaml.CSafeDumper).encode()),
}


@pytest.mark.parametrize("name", FORMS)
def test_manifests(tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(FORMS[name](canaries.manifests()))
    snapshot = read(f"x={path}")
    assert len(snapshot.clusters[0]) > 25
    assert canaries.WORD not in everything(snapshot, tmp_path)
    assert canaries.WORD not in caplog.text


@pytest.mark.parametrize("number", range(len(canaries.registration_urls())))
@pytest.mark.parametrize("field", ["value", "default"])
def test_registration_urls(tmp_path: Path, number: int, field: str) -> None:
    url = canaries.registration_urls()[number]
    setting = {**thing(canaries.HARVESTER, "Setting", "cluster-registration-url"), field: url}
    write(tmp_path / "x" / "a.json", setting)
    write(tmp_path / "x" / "good.json", role())
    assert canaries.WORD not in everything(read(tmp_path / "x"), tmp_path)


def test_what_is_kept_beside_the_secrets(tmp_path: Path) -> None:
    shown = everything(read(f"x={write(tmp_path / 'x.json', listed(*canaries.manifests()))}"), tmp_path)
    assert '"keys":["password","token","x"]' in shown
    assert '"field.cattle.io/projectId":"c-m-abcd1234:p-abcde"' in shown
    assert '"host":"rancher.example"' in shown
    assert '"value":"https://rancher.example"' in shown
    assert shown.count('"version":"1.0.0"') > 1
    assert shown.count('"namespace":"b","name":"net"') > 1
    assert '"config":{"type":"bridge","bridge":"a-br"}' in shown
    assert "last-applied-configuration" not in shown
    assert "managedFields" not in shown


def test_support_bundle(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files: dict[str, object] = {}
    for number, item in enumerate(canaries.manifests()):
        group_version, metadata = str(item["apiVersion"]), item["metadata"]
        assert isinstance(metadata, dict)
        folder = f"namespaced/{metadata['namespace']}" if "namespace" in metadata else "cluster"
        files[f"{folder}/{group_version}/x{number}.yaml"] = mangled([item], group_version, str(item["kind"]))
    log = f"Failed to get /api/v1/namespaces/a/secrets: {canaries.canary()}\nUnable to fetch x: {canaries.canary()}\n"
    metadata_text = f"bundlename: b\nissuedescription: {canaries.canary()}\n"
    path = zipped(tmp_path / "b.zip", bundle_files(files, metadata_text, log))
    snapshot = read(path)
    assert len(snapshot.clusters[0]) > 25
    assert canaries.WORD not in everything(snapshot, tmp_path)
    assert canaries.WORD not in caplog.text


BROKEN = dict(canaries.broken())


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_one_by_one(tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str) -> None:
    path = write(tmp_path / name, BROKEN[name])
    with pytest.raises(RbacAuditError) as raised:
        read(f"x={path}")
    printed = "".join(traceback.format_exception(raised.value))
    for text in (str(raised.value), repr(raised.value), repr(vars(raised.value)), printed, caplog.text):
        assert canaries.WORD not in text


def test_broken_files_in_a_folder_are_gaps(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name, text in BROKEN.items():
        write(tmp_path / "x" / name, text)
    write(tmp_path / "x" / "good.json", role())
    snapshot = read(tmp_path / "x")
    assert len({gap.what.partition(",")[0] for gap in snapshot.gaps}) >= len(BROKEN) - 1
    assert canaries.WORD not in everything(snapshot, tmp_path)
    assert canaries.WORD not in caplog.text


def test_broken_files_in_a_bundle_are_gaps(tmp_path: Path) -> None:
    files: dict[str, object] = {
        f"namespaced/a/v1/{name.replace('.json', '-json.yaml')}": text for name, text in BROKEN.items()
    }
    files["cluster/rbac.authorization.k8s.io/v1/roles.yaml"] = listed(role())
    snapshot = read(zipped(tmp_path / "b.zip", bundle_files(files)))
    assert len(snapshot.gaps) >= len(BROKEN)
    assert canaries.WORD not in everything(snapshot, tmp_path)


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_manifest_cut_anywhere(tmp_path: Path, cut: int) -> None:
    text = FORMS["list.yaml" if cut % 2 else "list.json"](canaries.manifests())
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "cut.yaml").write_bytes(text[: len(text) * cut // 60])
    write(tmp_path / "x" / "good.json", role())
    assert canaries.WORD not in everything(read(tmp_path / "x"), tmp_path)


def test_the_test_would_see_a_secret(tmp_path: Path) -> None:
    raw = role(metadata={"name": "x", "namespace": "a", "labels": {"a": canaries.canary()}})
    assert canaries.WORD in everything(read(f"x={write(tmp_path / 'x.json', raw)}"), tmp_path)
