import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbac_audit.errors import WrongUse
from rbac_audit.snapshot.file import read_snapshot
from rbac_audit.snapshot.objects import RoleBinding
from rbac_audit.sources.live.pseudonyms import KeyFile
from tests.cli.conftest import Run, environment
from tests.sources.live.contexts import kubeconfig
from tests.sources.live.fake import Fake, Reply, listed, only, serving, status


@pytest.fixture
def fake() -> Iterator[Fake]:
    with serving() as server:
        yield server


@pytest.fixture
def config(fake: Fake, tmp_path: Path) -> Path:
    server = {"server": fake.url}
    return kubeconfig(tmp_path / "config", {"lab": server, "a=b": server}, {})


def test_it_says_what_it_wrote(run: Run, fake: Fake, config: Path, tmp_path: Path) -> None:
    fake.script = only("clusterroles", listed("ClusterRole", ["a", "b"]))
    target = tmp_path / "estate.jsonl"
    ran = run("collect", "--kubeconfig", config, "-o", target)
    assert (ran.code, ran.out, ran.err) == (0, f"{target}: 2 objects of 1 clusters\n", "")


def test_gaps_are_told_and_are_the_exit_code(run: Run, fake: Fake, config: Path, tmp_path: Path) -> None:
    fake.script = only("pods", status(403))
    target = tmp_path / "estate.jsonl"
    ran = run("collect", "--kubeconfig", config, "-o", target)
    assert (ran.code, ran.out) == (3, f"{target}: 0 objects of 1 clusters, 1 gaps\n")
    assert ran.err.startswith("gap: lab: pods: the account may not list them; let it list pods")
    assert [gap.kinds for gap in read_snapshot(target).gaps] == [("Pod",)]


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        ([], ["lab"]),
        (["lab"], ["lab"]),
        (["shop=lab"], ["shop"]),
        (["a=b"], ["a=b"]),
        (["shop=a=b", "lab"], ["lab", "shop"]),
    ],
)
def test_a_context_may_be_given_a_name(
    run: Run, config: Path, tmp_path: Path, texts: list[str], names: list[str]
) -> None:
    target = tmp_path / "estate.jsonl"
    options = [option for text in texts for option in ("--context", text)]
    assert run("collect", "--kubeconfig", config, "-o", target, *options).code == 0
    assert [cluster.name for cluster in read_snapshot(target).clusters] == names


@pytest.mark.parametrize(
    "options",
    [
        ["--context", "nobody"],
        ["--context", "x=nobody"],
        ["--context", "lab", "--context", "lab"],
        ["--kind-timeout", "0"],
        ["--parallel", "0"],
        ["--qps", "0"],
        ["--since", "missing.jsonl"],
        ["--anonymize", "missing/keys.json"],
        ["-o", "."],
    ],
)
def test_wrong_use_reads_and_writes_nothing(
    run: Run, fake: Fake, config: Path, tmp_path: Path, options: list[str]
) -> None:
    target = tmp_path / "estate.jsonl"
    ran = run("collect", "--kubeconfig", config, "-o", target, *options)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert (fake.asked, target.exists()) == ([], False)


def test_somewhere_to_write_is_needed(run: Run, config: Path) -> None:
    assert run("collect", "--kubeconfig", config).code == 2


def test_the_role_is_printed_without_a_kubeconfig(run: Run) -> None:
    plain, secrets = (
        run("collect", "--print-role", "rancher"),
        run("collect", "--print-role", "rancher", "--secret-metadata"),
    )
    assert (plain.code, secrets.code) == (0, 0)
    assert '["secrets"]' not in plain.out
    assert '["secrets"]' in secrets.out
    assert "kubevirt.io" not in plain.out
    assert "kubevirt.io" in run("collect", "--print-role", "harvester").out


def test_interrupted_it_leaves_no_file(fake: Fake, config: Path, tmp_path: Path) -> None:
    def slow(_: object) -> Reply | None:
        time.sleep(0.5 if fake.of("roles") else 0)
        return None

    fake.script = slow
    command = [sys.executable, "-m", "rbac_audit", "collect", "--kubeconfig", str(config), "-o", "estate.jsonl"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment()) as process:
        while not fake.of("roles"):
            assert process.poll() is None
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip() == "rbac-audit: interrupted"
    assert [path.name for path in tmp_path.iterdir()] == ["config"]


def test_an_audit_reads_live_what_collecting_reads(run: Run, fake: Fake, config: Path, tmp_path: Path) -> None:
    subjects = [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:unauthenticated"}]
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    items = [{"metadata": {"name": "open", "uid": "1"}, "roleRef": ref, "subjects": subjects}]
    page = {"kind": "ClusterRoleBindingList", "metadata": {"resourceVersion": "7"}, "items": items}
    fake.script = only("clusterrolebindings", Reply(json.dumps(page).encode()))
    target, options = tmp_path / "estate.jsonl", ("--kubeconfig", config, "--context", "lab", "--qps", "999")
    assert run("collect", *options, "-o", target).code == 0
    collected = run("audit", target, "--format", "json", "--today", "2026-01-01")
    live = run("audit", "live", *options, "--format", "json", "--today", "2026-01-01")
    assert "anonymous-access" in live.out
    assert live.code == collected.code
    assert {**json.loads(live.out), "command": ""} == {**json.loads(collected.out), "command": ""}


def test_an_audit_that_names_clusters_must_read_them(run: Run, fake: Fake, config: Path, tmp_path: Path) -> None:
    target = tmp_path / "estate.jsonl"
    assert run("collect", "--kubeconfig", config, "-o", target).code == 0
    fake.asked.clear()
    ran = run("audit", target, "--kubeconfig", config, "--context", "lab")
    assert (ran.code, fake.asked, "add the source live" in ran.err) == (2, [], True)


def test_a_file_called_live_is_named_with_its_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("collect", "--kubeconfig", config, "-o", "live").code == 0
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "missing"))
    assert run("audit", "./live", "--format", "json").code in (0, 3)
    assert run("audit", "live").code == 2


def people(fake: Fake) -> None:
    """One binding of alice, and a namespace that is called after her."""
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"}
    subjects = [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "alice"}]
    items = [{"metadata": {"name": "b", "namespace": "alice-dev"}, "roleRef": ref, "subjects": subjects}]
    page = {"kind": "RoleBindingList", "metadata": {"resourceVersion": "7"}, "items": items}
    fake.script = only("rolebindings", Reply(json.dumps(page).encode()))


def test_people_get_pseudonyms_that_only_the_key_file_explains(
    run: Run, fake: Fake, config: Path, tmp_path: Path
) -> None:
    people(fake)
    target, keys = tmp_path / "estate.jsonl", tmp_path / "keys.json"
    options = ("collect", "--kubeconfig", config, "--context", "alice=lab", "-o", target, "--anonymize", keys)
    ran = run(*options)
    assert (ran.code, "1 objects still show a name that a person has" in ran.err) == (0, True)
    (pseudonym,) = json.loads(keys.read_text("utf-8"))["names"]
    assert json.loads(keys.read_text("utf-8"))["names"] == {pseudonym: "alice"}
    assert keys.stat().st_mode & 0o077 == 0
    (cluster,) = read_snapshot(target).clusters
    (binding,) = cluster.of(RoleBinding)
    assert (binding.subjects[0].name, cluster.origins) == (pseudonym, ("live",))
    before = target.read_bytes()
    assert run(*options).code == 0
    assert target.read_bytes() == before, "the same key gives the same pseudonyms"
    keys.unlink()
    assert run(*options).code == 0
    assert target.read_bytes() != before, "another key gives others"


@pytest.mark.parametrize("content", ["", "{}", '{"format": "rbac-audit/pseudonyms/v1", "key": "kanarie", "names": {}}'])
def test_a_key_file_that_is_none_is_kept_and_refused(
    run: Run, fake: Fake, config: Path, tmp_path: Path, content: str
) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(content, "utf-8")
    ran = run("collect", "--kubeconfig", config, "-o", tmp_path / "estate.jsonl", "--anonymize", keys)
    assert (ran.code, fake.asked, keys.read_text("utf-8")) == (2, [], content)
    assert "kanarie" not in ran.err


def test_no_key_is_left_beside_a_place_where_it_cannot_be_written(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys.json")
    (tmp_path / "keys.json" / "sub").mkdir(parents=True)
    with pytest.raises(WrongUse, match="it cannot be written"):
        keys.write()
    assert [each.name for each in tmp_path.iterdir()] == ["keys.json"]
