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
from rbac_audit.snapshot.objects import APIGroupDiscovery, Kind
from rbac_audit.snapshot.objects.admission import ADMISSION
from rbac_audit.sources.evidence import kind_names
from rbac_audit.sources.live.kinds import BUILT_IN, SIDES, live_kinds, resource
from rbac_audit.sources.live.roles import least_role
from tests.cli.conftest import Run, run
from tests.conftest import ROOT
from tests.controlplane import crds
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
# The others are not in the definitions of the tests; a kind that is not installed is no gap.
DEFINED = {(crd["spec"]["group"], crd["spec"]["names"]["plural"]) for crd in crds.manifests()}
SERVED = tuple(
    kind for kind in KINDS if (kind.group, kind.plural) in DEFINED or kind.group in BUILT_IN or kind.group == ADMISSION
)
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
    lacked = {"apiGroups": [kind.group], "resources": [kind.plural], "verbs": ["list"]}
    rules = [rule for rule in role["rules"] if rule != lacked]
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
    apiserver.seed([namespace, account, *roles, *(each for kind in SERVED for each in lacking(kind))])
    return apiserver


def kubeconfig_of_collector(server: Server, folder: Path) -> Path:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    issued = server.api.call("POST", "/api/v1/namespaces/audit/serviceaccounts/collector/token", body)
    cluster = {"server": server.url, "certificate-authority": str(server.ca)}
    return kubeconfig(folder / "config", {"lab": cluster}, {"lab": {"token": issued["status"]["token"]}})


def test_the_printed_role_is_enough(run: Run, collectors: Server, tmp_path: Path) -> None:
    code, snapshot = collected(run, kubeconfig_of_collector(collectors, tmp_path))
    assert (code, snapshot.gaps) == (0, ())
    assert snapshot.cluster("lab").collected == set(KINDS)


def test_the_printed_role_is_enough_where_not_everybody_may_ask_what_is_served(
    run: Run, collectors: Server, tmp_path: Path
) -> None:
    path = f"/apis/{RBAC}/v1/clusterrolebindings/system:discovery"
    bound = collectors.api.call("GET", path)
    config = kubeconfig_of_collector(collectors, tmp_path)
    try:
        collectors.api.replace(bound | {"subjects": []})
        collectors.settle()
        assert collected(run, config)[1].gaps == ()
        file = real(tmp_path / "other", {"lab": collectors}, **{"as": "nobody"})
        (gap,) = collected(run, file)[1].gaps
        assert "APIGroupDiscovery.apidiscovery.k8s.io" in gap.kinds
    finally:
        collectors.api.replace(bound)
        collectors.settle()


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
        *rules, discovery = yaml.safe_load(least_role(side))["rules"]
        assert discovery == {"nonResourceURLs": ["/api", "/apis"], "verbs": ["get"]}
        assert {verb for rule in rules for verb in rule["verbs"]} == {"list"}
        listed = [(group, plural) for rule in rules for group in rule["apiGroups"] for plural in rule["resources"]]
        kinds = [kind for kind in KINDS if kind.group in groups and kind is not APIGroupDiscovery]
        assert listed == [(kind.group, kind.plural) for kind in kinds]
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
    # The servers of the tests have no definition of it, and discovery is in no file.
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
