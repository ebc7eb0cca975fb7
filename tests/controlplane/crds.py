"""Installs the stand-ins for the custom resources of Rancher, Harvester, KubeVirt and their neighbours."""

import time
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

import yaml

from tests.controlplane.api import Api
from tests.controlplane.connections import Object

FOLDER = Path(__file__).resolve().parent / "crds"
PATIENCE = 60.0


@lru_cache
def manifests() -> tuple[Object, ...]:
    """Return all CustomResourceDefinitions of the folder, by group and in its order."""
    files = sorted(FOLDER.glob("*.yaml"))
    return tuple(one for file in files for one in yaml.load_all(file.read_bytes(), yaml.CSafeLoader))


def groups() -> tuple[str, ...]:
    """Return the API groups there are stand-ins for."""
    return tuple(sorted({crd["spec"]["group"] for crd in manifests()}))


def install(api: Api, chosen: Collection[str]) -> list[str]:
    """Install the kinds of these API groups and wait until they are served; returns their names."""
    wanted = [crd for crd in manifests() if crd["spec"]["group"] in chosen]
    list(api.connections.pool.map(api.apply, wanted))
    names = [crd["metadata"]["name"] for crd in wanted]
    deadline = time.monotonic() + PATIENCE
    while missing := set(names) - _established(api):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not established after {PATIENCE} s: {', '.join(sorted(missing))}")
        time.sleep(0.05)
    return names


def _established(api: Api) -> set[str]:
    return {
        crd["metadata"]["name"]
        for crd in api.objects("apiextensions.k8s.io/v1", "CustomResourceDefinition")
        for condition in crd["status"]["conditions"] or []
        if condition["type"] == "Established" and condition["status"] == "True"
    }
