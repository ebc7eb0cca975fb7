"""Short ways to write RBAC manifests, and the cluster that they make."""

from collections.abc import Mapping, Sequence
from typing import Any  # a manifest is untyped JSON

from rbac_audit.access import Authorizer
from rbac_audit.snapshot.decode import decode
from rbac_audit.snapshot.estate import Cluster

Manifest = dict[str, Any]
RBAC = "rbac.authorization.k8s.io"
READ_PODS: Manifest = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
READ_METRICS: Manifest = {"verbs": ["get"], "nonResourceURLs": ["/metrics"]}


def _object(kind: str, name: str, namespace: str = "") -> Manifest:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata}


def role(place: str, *rules: Manifest) -> Manifest:
    """A Role, its place written `namespace/name`."""
    namespace, _, name = place.rpartition("/")
    return {**_object("Role", name, namespace), "rules": list(rules)}


def cluster_role(
    name: str,
    *rules: Manifest,
    labels: Mapping[str, str] | None = None,
    selectors: Sequence[Manifest] | None = None,
) -> Manifest:
    """A ClusterRole, aggregated where there are selectors."""
    made = {**_object("ClusterRole", name), "rules": list(rules)}
    if labels:
        made["metadata"]["labels"] = dict(labels)
    if selectors is not None:
        made["aggregationRule"] = {"clusterRoleSelectors": list(selectors)}
    return made


def role_binding(place: str, role_ref: str, *subjects: Manifest) -> Manifest:
    """A RoleBinding, its place written `namespace/name` and its roleRef `Kind/name`."""
    namespace, _, name = place.rpartition("/")
    return {**_object("RoleBinding", name, namespace), "roleRef": _role_ref(role_ref), "subjects": list(subjects)}


def cluster_role_binding(name: str, role_ref: str, *subjects: Manifest) -> Manifest:
    """A ClusterRoleBinding, its roleRef written `Kind/name`."""
    return {**_object("ClusterRoleBinding", name), "roleRef": _role_ref(role_ref), "subjects": list(subjects)}


def _role_ref(text: str) -> Manifest:
    kind, _, name = text.partition("/")
    return {"apiGroup": RBAC, "kind": kind, "name": name}


def user(name: str) -> Manifest:
    """A User subject."""
    return {"apiGroup": RBAC, "kind": "User", "name": name}


def group(name: str) -> Manifest:
    """A Group subject."""
    return {"apiGroup": RBAC, "kind": "Group", "name": name}


def account(name: str, namespace: str = "") -> Manifest:
    """A ServiceAccount subject, with or without a namespace."""
    subject = {"kind": "ServiceAccount", "name": name}
    return {**subject, "namespace": namespace} if namespace else subject


def cluster_of(manifests: Sequence[Manifest]) -> Cluster:
    """Decode manifests into a cluster."""
    objects = [decode(manifest) for manifest in manifests]
    return Cluster("test", [item for item in objects if item is not None])


def authorizer_of(*manifests: Manifest) -> Authorizer:
    """Decode manifests and make the decisions of their cluster ready."""
    return Authorizer(cluster_of(manifests))
