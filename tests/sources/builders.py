"""Manifests, files and support bundles for the tests of the sources."""

import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from rbac_audit.snapshot.estate import Cluster, Gap, Snapshot
from rbac_audit.sources import SourceSpec, read_estate

Json = dict[str, object]
RBAC_V1 = "rbac.authorization.k8s.io/v1"


def role(name: str = "reader", namespace: str = "tenant-a", **fields: object) -> Json:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    return {
        "apiVersion": RBAC_V1,
        "kind": "Role",
        "metadata": {"name": name, "namespace": namespace},
        "rules": rules,
        **fields,
    }


def binding(name: str = "devs", namespace: str = "tenant-a", user: str = "alice") -> Json:
    return {
        "apiVersion": RBAC_V1,
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    }


def thing(api_version: str, kind: str, name: str, namespace: str = "", **fields: object) -> Json:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def listed(*items: Json, kind: str = "List", api_version: str = "v1") -> Json:
    """A List with its keys in the order of kubectl: `kind` behind `items`."""
    return {"apiVersion": api_version, "items": list(items), "kind": kind, "metadata": {"resourceVersion": ""}}


def write(path: Path, content: object) -> Path:
    """Write text, bytes, or JSON; gzip by suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content if isinstance(content, str | bytes) else json.dumps(content, indent=4)
    raw = data.encode() if isinstance(data, str) else data
    path.write_bytes(gzip.compress(raw, mtime=0) if path.suffix == ".gz" else raw)
    return path


def read(*sources: str | Path, stdin: bytes | None = None) -> Snapshot:
    specs = [SourceSpec.parse(str(source)) for source in sources]
    return read_estate(specs, stdin=io.BytesIO(stdin) if stdin is not None else None)


def keys(cluster: Cluster) -> list[str]:
    """`RoleBinding tenant-a/devs` of every object, sorted."""
    return sorted(str(item) for members in cluster.objects.values() for item in members)


def reasons(gaps: Iterable[Gap]) -> list[str]:
    return [gap.reason for gap in gaps]


def mangled(objects: list[Json], api_version: str, kind: str) -> Json:
    """Do to a JSON text what the collector of support bundles does (support-bundle-kit, toObjCommon)."""
    text = json.dumps({"items": objects, "kind": f"{kind}List"}, separators=(",", ":"))
    text = re.sub(r'("[a-zA-Z]+":)(null,)', r'\1"null",', text)
    text = re.sub(r'(\\"[a-zA-Z]+\\":)(null,)', r'\1\\"null\\",', text)
    parsed = json.loads(text.replace('""', '"null"'))
    items = [{**item, "apiVersion": api_version, "kind": kind} for item in parsed["items"]]
    metadata = {"continue": "null", "resourceVersion": "7"}
    return {"apiVersion": "v1", "kind": "List", "items": items, "metadata": metadata}


METADATA = "bundlename: bundle-test1\nbundleversion: 0.1.0\nkubernetesversion: v1.36.3\n"


def bundle_files(files: Mapping[str, object], metadata: str = METADATA, log: str = "") -> dict[str, bytes]:
    """The files of a bundle, YAML (JSON is YAML) by path under yamls/."""
    content = {"metadata.yaml": metadata.encode(), "bundleGenerationError.log": log.encode()}
    for name, value in files.items():
        content[f"yamls/{name}"] = value.encode() if isinstance(value, str) else json.dumps(value).encode()
    return content


def zipped(path: Path, files: Mapping[str, bytes], top: str = "supportbundle_x/") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(top + name, content)
    return path


def unzipped(path: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        write(path / name, content)
    return path


BundleForm = Callable[[Path, Mapping[str, bytes]], Path]
