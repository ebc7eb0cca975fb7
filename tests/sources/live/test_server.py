"""Collected from a real API server: with the printed role completely, and the same findings as from files."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from rbac_audit.audit.report import Report
from rbac_audit.snapshot.estate import Snapshot
from rbac_audit.snapshot.file import read_snapshot
from rbac_audit.snapshot.objects import Kind, ManagedChart
from rbac_audit.sources.evidence import kind_names
from rbac_audit.sources.live.kinds import SIDES, least_role, live_kinds, resource
from tests.cli.conftest import Run, run
from tests.conftest import ROOT
from tests.controlplane.connections import Object
from tests.controlplane.plugin import Estate
from tests.controlplane.server import Server
from tests.controlplane.state import WRITTEN
from tests.estates import audited
from tests.sources.canaries import WORD, manifests
from tests.sources.live.contexts import kubeconfig, real

__all__ = ["run"]

RBAC = "rbac.authorization.k8s.io"
EXAMPLE = ROOT / "examples/tenancy-legacy"
COLLECTOR = "system:serviceaccount:audit:collector"
KINDS = live_kinds()
# Not in the definitions of the tests; a kind that is not installed is no gap.
SERVED = tuple(kind for kind in KINDS if kind is not ManagedChart)
PLANTED = {
    "Secret": "v1",
    "Setting": "harvesterhci.io/v1beta1",
    "ClusterRegistrationToken": "management.cattle.io/v3",
    "User": "management.cattle.io/v3",
    "Token": "management.cattle.io/v3",
}


def collected(run: Run, file: Path, *options: str) -> tuple[int, Snapshot]:
    target = file.with_name("estate.jsonl")
    ran = run("collect", "--kubeconfig", file, "-o", target, *options)
    assert ran.code in (0, 3), ran.err
    return ran.code, read_snapshot(target)


def binding(name: str, subject: Object) -> Object:
    ref = {"apiGroup": RBAC, "kind": "ClusterRole", "name": name}
    head = {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name}}
    return {**head, "roleRef": ref, "subjects": [subject]}


def lacking(kind: Kind) -> Iterator[Object]:
    """The printed role without the rule for one kind, and a user who has it."""
    name = f"lacks-{resource(kind)}"
    role = yaml.safe_load(least_role("harvester"))
    rules = [rule for rule in role["rules"] if (rule["apiGroups"], rule["resources"]) != ([kind.group], [kind.plural])]
    assert len(rules) == len(role["rules"]) - 1
    yield role | {"metadata": {"name": name}, "rules": rules}
    yield binding(name, {"kind": "User", "apiGroup": RBAC, "name": name})


@pytest.fixture
def collectors(apiserver: Server) -> Server:
    """A server with an account that has the printed role, and for each kind a user who lacks that one.

    Tests in between may have cleaned it, and seeding takes seconds.
    """
    if apiserver.api.request("GET", f"/apis/{RBAC}/v1/clusterroles/rbac-audit-collect").status == 200:
        return apiserver
    apiserver.clean()
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "collector", "namespace": "audit"}}
    subject = {"kind": "ServiceAccount", "name": "collector", "namespace": "audit"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "audit"}}
    roles = [yaml.safe_load(least_role("harvester")), binding("rbac-audit-collect", subject)]
    apiserver.seed([namespace, account, *roles, *(each for kind in KINDS for each in lacking(kind))])
    return apiserver


def test_the_printed_role_is_enough(run: Run, collectors: Server, tmp_path: Path) -> None:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    issued = collectors.api.call("POST", "/api/v1/namespaces/audit/serviceaccounts/collector/token", body)
    cluster = {"server": collectors.url, "certificate-authority": str(collectors.ca)}
    file = kubeconfig(tmp_path / "config", {"lab": cluster}, {"lab": {"token": issued["status"]["token"]}})
    code, snapshot = collected(run, file)
    assert (code, snapshot.gaps) == (0, ())
    assert snapshot.cluster("lab").collected == set(KINDS)


def test_whom_the_context_impersonates_is_who_reads(run: Run, collectors: Server, tmp_path: Path) -> None:
    file = real(tmp_path / "config", {"lab": collectors}, **{"as": "nobody"})
    (gap,) = collected(run, file)[1].gaps
    assert (gap.what, gap.kinds) == ("the cluster", kind_names(SERVED))
    file = real(tmp_path / "config", {"lab": collectors}, **{"as": "x", "as-groups": ["nothing", "system:masters"]})
    assert collected(run, file)[0] == 0
    assert collected(run, real(file, {"lab": collectors}, **{"as": COLLECTOR}))[0] == 0


@pytest.mark.parametrize("kind", SERVED, ids=resource)
def test_without_one_rule_of_the_role_there_is_one_gap(
    run: Run, collectors: Server, tmp_path: Path, kind: Kind
) -> None:
    file = real(tmp_path / "config", {"lab": collectors}, **{"as": f"lacks-{resource(kind)}"})
    code, snapshot = collected(run, file)
    assert code == 3
    assert [(gap.what, gap.kinds) for gap in snapshot.gaps] == [(resource(kind), kind_names([kind]))]
    assert snapshot.cluster("lab").collected == set(KINDS) - {kind}


def test_the_roles_list_what_is_read_and_nothing_else() -> None:
    for side, groups in SIDES.items():
        rules = yaml.safe_load(least_role(side))["rules"]
        assert {verb for rule in rules for verb in rule["verbs"]} == {"list"}
        listed = [(group, plural) for rule in rules for group in rule["apiGroups"] for plural in rule["resources"]]
        assert listed == [(kind.group, kind.plural) for kind in KINDS if kind.group in groups]
        assert not {"secrets", "tokens"} & {plural for _, plural in listed}


def said(report: Report) -> list[str]:
    """Each finding by what it is about; other servers give other uids."""
    return sorted(
        json.dumps([each.rule, each.severity.value, each.cluster, str(each.object), sorted(map(str, each.subjects))])
        for each in report.findings
    )


def example(folder: Path) -> list[Object]:
    files = sorted(folder.glob("*.yaml"))
    documents = [each for file in files for each in yaml.safe_load_all(file.read_text("utf-8")) if each]
    return [item for each in documents for item in each.get("items", [each])]


def test_collected_or_from_files_the_findings_are_the_same(run: Run, clean_apiservers: Estate, tmp_path: Path) -> None:
    files = tmp_path / "files"
    shutil.copytree(EXAMPLE, files)
    # The servers of the tests have no definition of it.
    (files / "harvester/managedcharts.management.cattle.io.yaml").unlink()
    for cluster, server in clean_apiservers._asdict().items():
        server.seed(example(files / cluster))
    file = real(tmp_path / "config", clean_apiservers._asdict())
    options = ("--context", "rancher", "--context", "harvester", "--secret-metadata")
    assert collected(run, file, *options)[0] == 0
    found = said(audited(tmp_path / "estate.jsonl"))
    assert found
    assert found == said(audited(files))


def test_secrets_of_the_server_are_nowhere(run: Run, clean_apiserver: Server, tmp_path: Path) -> None:
    api = clean_apiserver.api
    for name in ("a", "c-m-x", "fleet-default"):
        api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    for each in manifests():
        metadata = each["metadata"]
        if each["kind"] in PLANTED and isinstance(metadata, dict):
            kept = {key: value for key, value in metadata.items() if key not in WRITTEN}
            path = api.discovery.find(str(each["apiVersion"]), str(each["kind"])).path(metadata.get("namespace"))
            # Some types of Secrets are refused for what else they lack.
            api.request("POST", path, each | {"metadata": kept})
    for kind, api_version in PLANTED.items():
        assert WORD in json.dumps(api.objects(api_version, kind)), f"no secret in a {kind}: nothing is tested"
    target = tmp_path / "estate.jsonl"
    file = real(tmp_path / "config", {"lab": clean_apiserver})
    ran = run("collect", "--kubeconfig", file, "-o", target, "--secret-metadata")
    assert ran.code == 0, ran.err
    assert "vm-userdata" in target.read_text("utf-8"), "the Secrets were read"
    assert WORD not in target.read_text("utf-8") + ran.out + ran.err
    assert WORD not in run("audit", target, "--format", "json", "-o", "-").out
