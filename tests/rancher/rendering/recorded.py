"""What Rancher's own controllers wrote, where the record lies beside the checkout, in the form of a prediction."""

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec

from rbac_audit.snapshot.objects import KubernetesObject

Key = tuple[str, str, str]
Shape = dict[str, Any]  # the parts of an object that are compared, as JSON values


def written(folder: Path, cluster: str) -> dict[Key, Shape]:
    """What is there after the controllers ran and was not before."""
    before, after = _load(folder / "input" / cluster), _load(folder / "output" / cluster)
    return {key: item for key, item in after.items() if key not in before and key[0] != "Feature"}


def predicted(items: tuple[KubernetesObject, ...]) -> dict[Key, Shape]:
    """A prediction by the same keys and in the same form."""
    return {(item.kind, item.namespace, item.name): shape(_raw(item)) for item in items}


def _raw(item: KubernetesObject) -> Shape:
    raw: Shape = json.loads(msgspec.json.encode(item))
    return raw


def _load(folder: Path) -> dict[Key, Shape]:
    found = {}
    for path in sorted(folder.glob("*.json.gz")):
        for item in json.loads(gzip.decompress(path.read_bytes()))["items"]:
            metadata = item["metadata"]
            found[item["kind"], metadata.get("namespace", ""), metadata["name"]] = shape(item)
    return found


def shape(item: Shape) -> Shape:
    """Keep what is compared: labels, annotations of authz, owners, role, subjects, rules whatever their order."""
    metadata = item["metadata"]
    annotations = metadata.get("annotations") or {}
    return {
        "labels": metadata.get("labels") or {},
        "annotations": {key: value for key, value in annotations.items() if key.startswith("authz.")},
        "owners": [(owner["kind"], owner["name"]) for owner in metadata.get("ownerReferences", [])],
        "role": item.get("roleRef"),
        "subjects": item.get("subjects"),
        "aggregation": item.get("aggregationRule"),
        "rules": sorted(_rule(rule) for rule in item.get("rules") or []),
    }


def _rule(rule: Shape) -> str:
    kept = {key: sorted(value) for key, value in rule.items() if value}
    return json.dumps(kept, sort_keys=True)
