"""Estates of any clusters out of YAML text, for what links clusters with each other."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from rbac_audit.audit.estate import Estate, View
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.estate import Cluster, Gap, Snapshot
from rbac_audit.snapshot.objects import Kind, KubernetesObject
from tests.rules.estate import manifests


def objects(text: str) -> list[KubernetesObject]:
    """Decode manifests; raises AssertionError for a kind that no snapshot keeps."""
    found = [decode(raw) for raw in manifests(text)]
    assert None not in found
    return [item for item in found if item is not None]


def joined(
    texts: Mapping[str, str],
    ids: Mapping[str, str] = MappingProxyType({}),
    *,
    collected: Iterable[Kind] = (),
    gaps: Iterable[Gap] = (),
) -> Estate:
    """Build an estate with one cluster for each text; what is in no text was not read, but for `collected`."""
    clusters = [Cluster(name, objects(text), collected=collected) for name, text in texts.items()]
    return Estate(Snapshot(clusters, gaps), ids)


def linked(**texts: str) -> Estate:
    """Build an estate whose clusters nobody states an id for."""
    return joined(texts)


def view(estate: Estate, name: str) -> View:
    """Look at one cluster."""
    return next(item for item in estate.views if item.name == name)


def namespace(name: str, project: str = "") -> str:
    """A namespace, in a project where one is named."""
    where = f', annotations: {{field.cattle.io/projectId: "{project}"}}' if project else ""
    return f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}{where}}}}}\n---\n"


def rancher(*cluster_ids: str, provider: str = "") -> str:
    """A management cluster that knows `local` and these clusters, and has one user."""
    clusters = "".join(
        f"{{apiVersion: management.cattle.io/v3, kind: Cluster, metadata: {{name: {name}}}, "
        f"spec: {{displayName: name of {name}}}, status: {{provider: {provider or 'rke2'}}}}}\n---\n"
        for name in ("local", *cluster_ids)
    )
    return f"{clusters}{{apiVersion: management.cattle.io/v3, kind: User, metadata: {{name: u-alice}}, displayName: Alice}}\n---\n"
