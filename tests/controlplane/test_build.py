"""Which release is built, from what, and what is said when there is none."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.controlplane.build import DEFAULT, SOURCES, find, go_mod
from tests.controlplane.toolchain import BuildError

KUBERNETES = """\
module k8s.io/kubernetes

go 1.99.0

require (
	go.etcd.io/etcd/api/v3 v3.8.1
	go.etcd.io/etcd/client/v3 v3.8.2
	k8s.io/api v0.0.0
	k8s.io/klog/v2 v2.140.0
	k8s.io/utils v0.0.0-20260210185600-b8788abfbbc2
)

require k8s.io/ignored v1.0.0 // indirect
"""
MODULE = """\
module rbac-audit/controlplane

go 1.99.0

require (
	go.etcd.io/etcd/server/v3 v3.8.2
	k8s.io/kubernetes v1.77.5
)

replace (
	k8s.io/api => k8s.io/api v0.77.5
)
"""
ONE_TEST = "def test_one(apiserver: object) -> None:\n    assert apiserver\n"


def test_go_mod_follows_the_release() -> None:
    assert go_mod("1.77.5", KUBERNETES) == MODULE


def test_committed_go_mod_is_of_the_default_release() -> None:
    text = (SOURCES / "go.mod").read_text()
    assert f"\tk8s.io/kubernetes v{DEFAULT}\n" in text
    assert set(re.findall(r"=> k8s\.io/\S+ (v\S+)", text)) == {f"v0.{DEFAULT.removeprefix('1.')}"}


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        ({}, f"kube-apiserver {re.escape(DEFAULT)} is not built: run `make controlplane`"),
        ({"KUBERNETES": "1.34.4"}, r"kube-apiserver 1\.34\.4 is not built"),
        ({"KUBERNETES": "latest"}, "KUBERNETES=latest: not a release"),
        ({"KUBEBUILDER_ASSETS": "{empty}"}, "no etcd and no kube-apiserver in it"),
    ],
)
def test_absence_says_what_to_do(tmp_path: Path, environ: dict[str, str], complaint: str) -> None:
    (tmp_path / "empty").mkdir()
    places = {key: value.format(empty=tmp_path / "empty") for key, value in environ.items()}
    with pytest.raises(BuildError, match=complaint):
        find(places | {"XDG_CACHE_HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("assets", "ci", "code", "said"),
    [
        ([], "", 0, "NOT TESTED AGAINST A REAL API SERVER"),
        ([], "true", 1, "no etcd and no kube-apiserver"),
        (["etcd", "kube-apiserver"], "", 0, "roles would not be aggregated"),
        (["etcd", "kube-apiserver"], "true", 1, "roles would not be aggregated"),
    ],
)
@pytest.mark.controlplane
def test_a_run_without_api_server_is_loud(tmp_path: Path, assets: list[str], ci: str, code: int, said: str) -> None:
    folder = tmp_path / "assets"
    folder.mkdir()
    for name in assets:
        (folder / name).touch()
    (tmp_path / "test_one.py").write_text(ONE_TEST)
    pytest_args = ["-p", "tests.controlplane.plugin", "-p", "no:cacheprovider", "-c", os.devnull, str(tmp_path)]
    environ = os.environ | {"KUBEBUILDER_ASSETS": str(folder), "CI": ci, "PYTHONPATH": str(SOURCES.parents[2])}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *pytest_args], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout
