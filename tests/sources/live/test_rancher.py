"""Through a Rancher: which clusters are found, and that each is read as the token's user may."""

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from rbac_audit.audit.estate import Estate as AuditedEstate
from rbac_audit.snapshot.estate import Snapshot
from rbac_audit.snapshot.file import read_snapshot
from rbac_audit.sources.evidence import kind_names
from rbac_audit.sources.live.kinds import live_kinds
from rbac_audit.sources.live.limits import Limits
from rbac_audit.sources.live.roles import least_role
from tests.cli.conftest import Ran, Run, run
from tests.controlplane.connections import Object
from tests.controlplane.plugin import Estate
from tests.sources.live.standin import StandIn, standing
from tests.sources.live.test_server import binding

__all__ = ["run"]

TOKEN = "token-kanarie:kanarie"
MANAGEMENT, PROVISIONING = "management.cattle.io/v3", "provisioning.cattle.io/v1"
LABEL = "provider.cattle.io"


def managed(name: str, display: str, provider: str = "", label: str = "") -> Object:
    metadata = {"name": name, "labels": {LABEL: label} if label else {}}
    spec, status = {"displayName": display}, {"provider": provider}
    return {"apiVersion": MANAGEMENT, "kind": "Cluster", "metadata": metadata, "spec": spec, "status": status}


def provisioned(name: str, of: str, labels: dict[str, str]) -> Object:
    metadata = {"name": name, "namespace": "fleet-default", "labels": labels}
    return {"apiVersion": PROVISIONING, "kind": "Cluster", "metadata": metadata, "status": {"clusterName": of}}


def namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


# A cluster by each of the signs; those that have no other one are down, lest one sign stand in for another.
CLUSTERS = [
    namespace("fleet-default"),
    managed("local", "local", "k3s"),
    managed("c-m-up", "up", "harvester"),
    managed("c-m-label", "label", label="harvester"),
    managed("c-m-provisioned", "provisioned"),
    provisioned("provisioned", "c-m-provisioned", {LABEL: "harvester"}),
    managed("c-m-nodes", "nodes", "rke2"),
    managed("c-m-new", "new"),
    managed("c-m-guest", "guest", "rke2"),
    managed("c-m-eks", "eks", "eks"),
]
DOWN = {"c-m-label", "c-m-provisioned", "c-m-new", "c-m-eks"}
NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "one", "labels": {"harvesterhci.io/managed": "true"}}}


@pytest.fixture
def seeded(two_apiservers: Estate) -> Estate:
    """Tests in between may have cleaned the servers, and seeding takes seconds."""
    management, harvester = two_apiservers
    there = management.api.request("GET", "/apis/management.cattle.io/v3/clusters/c-m-eks").status == 200
    if there and harvester.api.request("GET", "/api/v1/nodes/one").status == 200:
        return two_apiservers
    role = yaml.safe_load(least_role("harvester")) | {"metadata": {"name": "reader"}}
    for server, objects in ((management, CLUSTERS), (harvester, [NODE])):
        server.clean()
        server.seed([*objects, role, binding("reader", {"kind": "User", "name": "reader"})])
    return two_apiservers


@pytest.fixture
def rancher(seeded: Estate) -> Iterator[StandIn]:
    """A Rancher that manages one Harvester cluster which is up, under two ids, and others."""
    management, harvester = seeded
    servers = {"local": management, "c-m-up": harvester, "c-m-nodes": harvester, "c-m-guest": management}
    with standing(servers, {TOKEN: "reader"}) as rancher:
        rancher.down |= DOWN
        yield rancher


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token, no kubeconfig, and no patience."""
    monkeypatch.setenv("RANCHER_TOKEN", TOKEN)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    hasty = functools.partial(Limits, first_delay=0.01, longest_delay=0.05)
    monkeypatch.setattr("rbac_audit.cli.live.Limits", hasty)


def collected(run: Run, rancher: StandIn, folder: Path, *options: object) -> tuple[Ran, Snapshot]:
    target = folder / "estate.jsonl"
    ca = rancher.servers["local"].ca
    ran = run("collect", "--rancher", rancher.url, "--rancher-ca", ca, "-o", target, "--qps", "999", *options)
    assert ran.code in (0, 3), ran.err
    assert "kanarie" not in ran.out + ran.err + target.read_text("utf-8")
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    return ran, read_snapshot(target)


def test_every_sign_of_a_harvester_cluster_counts(run: Run, rancher: StandIn, tmp_path: Path) -> None:
    ran, snapshot = collected(run, rancher, tmp_path)
    assert ran.code == 3
    assert [each.name for each in snapshot.clusters] == ["label", "nodes", "provisioned", "rancher", "up"]
    unreached = ("the cluster", "Rancher does not reach it (503)", kind_names(live_kinds()))
    told = {gap.cluster: (gap.what, gap.reason, gap.kinds) for gap in snapshot.gaps}
    assert told.pop("rancher")[0] == "cluster new", "nobody knows whether it is a Harvester cluster"
    assert told == {"label": unreached, "provisioned": unreached}
    assert snapshot.cluster("up").collected == set(live_kinds())
    assert {each.name: each.rancher_id for each in snapshot.clusters} == {
        "label": "c-m-label",
        "nodes": "c-m-nodes",
        "provisioned": "c-m-provisioned",
        "rancher": "",
        "up": "c-m-up",
    }
    assert not [path for path in rancher.asked if not path.startswith("/k8s/clusters/")]


def test_its_id_links_a_cluster_with_its_rancher(run: Run, rancher: StandIn, tmp_path: Path) -> None:
    """No namespace of it is in a project, from which the id could be told otherwise."""
    _, snapshot = collected(run, rancher, tmp_path, "--cluster", "up")
    view = next(view for view in AuditedEstate(snapshot).views if view.name == "up")
    assert (view.rancher_id, view.rancher and view.rancher.cluster.name) == ("c-m-up", "rancher")


@pytest.mark.parametrize("wanted", [["up"], ["c-m-up"], ["c-m-up", "up"]])
def test_a_cluster_may_be_chosen_by_name_or_id(run: Run, rancher: StandIn, tmp_path: Path, wanted: list[str]) -> None:
    ran, snapshot = collected(run, rancher, tmp_path, *(text for name in wanted for text in ("--only-cluster", name)))
    assert (ran.code, [each.name for each in snapshot.clusters]) == (0, ["rancher", "up"])
    assert not [path for path in rancher.asked if "c-m-nodes" in path]


def test_a_chosen_cluster_that_is_no_harvester_is_told(run: Run, rancher: StandIn, tmp_path: Path) -> None:
    _, snapshot = collected(run, rancher, tmp_path, "--only-cluster", "guest")
    (gap,) = snapshot.gaps
    assert (gap.cluster, gap.reason) == ("guest", "it serves no settings.harvesterhci.io, as each Harvester does")
    assert "Setting.harvesterhci.io" in gap.kinds
    assert snapshot.cluster("guest").collected == {
        kind for kind in live_kinds() if kind_names([kind])[0] not in gap.kinds
    }


def test_a_cluster_whose_members_the_user_is_not_is_one_gap(run: Run, rancher: StandIn, tmp_path: Path) -> None:
    rancher.members["reader"] = {"local"}
    _, snapshot = collected(run, rancher, tmp_path, "--only-cluster", "up")
    (gap,) = snapshot.gaps
    assert (gap.cluster, gap.what, gap.kinds) == ("up", "the cluster", kind_names(live_kinds()))
    assert gap.reason == "Rancher lets the account read nothing of it (403)"


def test_a_user_who_may_not_see_the_management_cluster_reads_what_is_named(
    run: Run, rancher: StandIn, tmp_path: Path
) -> None:
    rancher.members["reader"] = {"c-m-up"}
    _, snapshot = collected(run, rancher, tmp_path, "--only-cluster", "c-m-up")
    assert snapshot.cluster("c-m-up").collected == set(live_kinds())
    assert [(gap.cluster, gap.kinds) for gap in snapshot.gaps] == [("rancher", kind_names(live_kinds()))]
    _, snapshot = collected(run, rancher, tmp_path)
    assert {gap.what for gap in snapshot.gaps} == {"the cluster", "which Harvester clusters it manages"}


@pytest.mark.parametrize("fault", ["token", "server"])
def test_a_rancher_that_does_not_let_in_is_a_gap(run: Run, rancher: StandIn, tmp_path: Path, fault: str) -> None:
    if fault == "token":
        rancher.users.clear()
    else:
        rancher.down.add("local")
    ran, snapshot = collected(run, rancher, tmp_path)
    assert (ran.code, snapshot.cluster("rancher").collected) == (3, frozenset())
    assert len(snapshot.gaps) == 2


def test_a_name_that_rancher_does_not_have_is_wrong_use(run: Run, rancher: StandIn, tmp_path: Path) -> None:
    target = tmp_path / "estate.jsonl"
    options = ("--rancher", rancher.url, "--rancher-ca", rancher.servers["local"].ca, "-o", target)
    ran = run("collect", *options, "--only-cluster", "nobody")
    assert (ran.code, target.exists(), "up" in ran.err) == (2, False, True)


@pytest.mark.parametrize("way", ["file", "variable"])
def test_the_token_is_read_from_a_file_or_the_environment(
    run: Run, rancher: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n", "utf-8")
    options: tuple[object, ...] = ()
    if way == "file":
        monkeypatch.setenv("RANCHER_TOKEN", "other")
        options = ("--rancher-token-file", file)
    assert collected(run, rancher, tmp_path, "--only-cluster", "up", *options)[0].code == 0


def test_the_roles_of_a_user_of_rancher_read_what_those_of_the_sides_read(seeded: Estate) -> None:
    template, role = yaml.safe_load_all(least_role("rancher-user"))
    for each in (template, role):
        assert seeded.rancher.api.dry_run(each), "the stand-ins for Rancher's kinds take them"
    assert (template["context"], role["inheritedClusterRoles"]) == ("cluster", [template["metadata"]["name"]])
    assert template["rules"] == yaml.safe_load(least_role("harvester"))["rules"]
    get, *rules = role["rules"]
    assert rules == yaml.safe_load(least_role("rancher"))["rules"]
    assert (get["verbs"], get["resources"], get["resourceNames"]) == (["get"], ["clusters"], ["local"])


WRONG = {
    "http": ["--rancher", "http://rancher.example"],
    "password": ["--rancher", "https://kanarie:kanarie@rancher.example"],
    "no host": ["--rancher", "https://"],
    "query": ["--rancher", "https://rancher.example/?token=kanarie"],
    "no authority": ["--rancher", "https://rancher.example", "--rancher-ca", "missing.pem"],
    "no file": ["--rancher", "https://rancher.example", "--rancher-token-file", "missing"],
    "no rancher": ["--only-cluster", "x"],
    "authority alone": ["--rancher-ca", "x"],
}


@pytest.mark.parametrize("options", WRONG.values(), ids=WRONG)
def test_wrong_use_is_one_line_without_a_secret(run: Run, tmp_path: Path, options: list[str]) -> None:
    ran = run("collect", "-o", tmp_path / "estate.jsonl", *options)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert "kanarie" not in ran.err


@pytest.mark.parametrize("value", ["", " ", "two words", "kanarie\nkanarie", "käse"])
def test_a_token_that_is_none_is_wrong_use(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("RANCHER_TOKEN", value)
    ran = run("collect", "-o", tmp_path / "estate.jsonl", "--rancher", "https://rancher.example")
    assert ran.code == 2
    assert "kanarie" not in ran.err
