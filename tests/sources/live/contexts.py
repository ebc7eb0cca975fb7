"""Kubeconfig files for the tests."""

import json
from collections.abc import Mapping
from pathlib import Path

from tests.controlplane.server import Server

Users = Mapping[str, Mapping[str, object]]


def kubeconfig(file: Path, servers: Mapping[str, Mapping[str, object]], users: Users) -> Path:
    """Write one context for each server, with the user of the same name."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster} for name, cluster in servers.items()],
        "users": [{"name": name, "user": users.get(name, {})} for name in servers],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in servers],
        "current-context": next(iter(servers)),
    }
    file.write_text(json.dumps(content), "utf-8")
    return file


def real(file: Path, servers: Mapping[str, Server], **user: object) -> Path:
    """Write contexts of real servers: their administrators, with more keys of the user."""
    clusters = {
        name: {"server": server.url, "certificate-authority": str(server.ca)} for name, server in servers.items()
    }
    return kubeconfig(file, clusters, {name: {"token": server.token, **user} for name, server in servers.items()})
