"""A server that fails: what can still be read is read, and what cannot is a gap."""

import email.utils
import json
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from rbac_audit.snapshot.estate import Snapshot
from rbac_audit.snapshot.objects import APIGroupDiscovery, ClusterRole, Namespace, Role, RoleBinding
from rbac_audit.sources.evidence import kind_names
from rbac_audit.sources.live.kinds import BUILT_IN, live_kinds
from rbac_audit.sources.live.limits import Limits
from rbac_audit.sources.live.lists import METADATA_ONLY
from tests.sources.live.contexts import kubeconfig
from tests.sources.live.fake import Asked, Fake, Reply, listed, only, serving, serving_groups, status
from tests.sources.live.reading import FAST, read


@pytest.fixture
def fake() -> Iterator[Fake]:
    with serving() as server:
        yield server


@pytest.fixture
def config(fake: Fake, tmp_path: Path) -> Path:
    return kubeconfig(tmp_path / "config", {"lab": {"server": fake.url}}, {"lab": {"token": "kanarie"}})


def names(snapshot: Snapshot) -> list[str]:
    return [each.name for each in snapshot.cluster("lab").of(ClusterRole)]


def test_kinds_that_are_not_installed_are_no_gaps(config: Path) -> None:
    snapshot = read(config)
    assert snapshot.gaps == ()
    assert snapshot.cluster("lab").collected == set(live_kinds())


def test_every_request_asks_for_a_page_and_for_gzip(fake: Fake, config: Path) -> None:
    read(config)
    lists = [asked for asked in fake.asked if asked.path not in ("/api", "/apis")]
    assert len(lists) == sum(kind.group in BUILT_IN for kind in live_kinds())
    assert {asked.query["limit"] for asked in lists} == {"500"}
    assert {asked.headers["Accept-Encoding"] for asked in fake.asked} == {"gzip"}
    assert not [asked for asked in fake.asked if asked.path.endswith(("/secrets", "/tokens"))]


def test_metadata_is_all_that_is_asked_of_secrets(fake: Fake, config: Path) -> None:
    read(config, kinds=live_kinds(secret_metadata=True))
    (asked,) = fake.of("secrets")
    assert asked.headers["Accept"] == "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


def test_pages_are_joined(fake: Fake, config: Path) -> None:
    fake.script = only("clusterroles", listed("ClusterRole", ["a", "b"], "one"), listed("ClusterRole", ["c"]))
    assert names(read(config)) == ["a", "b", "c"]
    assert [asked.query.get("continue") for asked in fake.of("clusterroles")] == [None, "one"]


@pytest.mark.parametrize("lost", [status(410), listed("ClusterRole", ["z"], version="8")])
def test_a_list_whose_version_is_gone_begins_anew(fake: Fake, config: Path, lost: Reply) -> None:
    pages = [listed("ClusterRole", ["a", "gone"], "one"), lost]
    again = [listed("ClusterRole", ["a"], "two", "9"), listed("ClusterRole", ["b"], version="9")]
    fake.script = only("clusterroles", *pages, *again)
    snapshot = read(config)
    assert (names(snapshot), snapshot.gaps) == (["a", "b"], ())


def test_a_list_that_always_expires_is_a_gap(fake: Fake, config: Path) -> None:
    fake.script = lambda asked: (
        None
        if not asked.path.endswith("/clusterroles")
        else status(410)
        if "continue" in asked.query
        else listed("ClusterRole", ["a"], "one")
    )
    (gap,) = read(config).gaps
    assert gap.kinds == kind_names([ClusterRole])
    assert len(fake.of("clusterroles")) == 2 * (FAST.restarts + 1)


def test_a_list_that_always_expires_is_read_on_in_later_versions_and_told(fake: Fake, config: Path) -> None:
    """The server's 410 says how to go on behind what was read: something may be missing, but not the rest."""
    pages = {"": listed("ClusterRole", ["a"], "one"), "later": listed("ClusterRole", ["b"], "two", "8")}
    pages["two"] = listed("ClusterRole", ["c"], version="8")
    lost = {"kind": "Status", "code": 410, "metadata": {"continue": "later"}}

    def script(asked: Asked) -> Reply | None:
        if not asked.path.endswith("/clusterroles"):
            return None
        return pages.get(asked.query.get("continue", ""), Reply(json.dumps(lost).encode(), 410))

    fake.script = script
    snapshot = read(config)
    (gap,) = snapshot.gaps
    assert (gap.kinds, "changed faster" in gap.reason) == (kind_names([ClusterRole]), True)
    assert (names(snapshot), snapshot.cluster("lab").whole(ClusterRole)) == (["a", "b", "c"], False)


def test_a_server_that_cannot_give_metadata_alone_gives_all_but_secrets(fake: Fake, config: Path) -> None:
    fake.script = lambda asked: status(406) if "PartialObjectMetadata" in asked.headers["Accept"] else None
    (gap,) = read(config, kinds=live_kinds(secret_metadata=True)).gaps
    assert gap.kinds == ("Secret",)
    assert [asked.headers["Accept"] for asked in fake.of("secrets")] == [METADATA_ONLY]


def test_it_waits_as_many_seconds_as_the_server_asks(fake: Fake, config: Path) -> None:
    fake.script = only("clusterroles", status(429, Retry_After="1"), listed("ClusterRole", ["a"]))
    started = time.monotonic()
    assert names(read(config)) == ["a"]
    assert time.monotonic() - started >= 1


def test_it_waits_until_the_date_that_the_server_names(fake: Fake, config: Path) -> None:
    until = int(time.time()) + 3
    soon = status(503, Retry_After=email.utils.formatdate(until, usegmt=True))
    fake.script = only("clusterroles", soon, listed("ClusterRole", ["a"]))
    assert names(read(config)) == ["a"]
    assert time.time() >= until


def test_it_does_not_wait_longer_than_there_is_time(fake: Fake, config: Path) -> None:
    fake.script = only("clusterroles", status(429, Retry_After="3600"))
    started = time.monotonic()
    (gap,) = read(config).gaps
    assert gap.kinds == kind_names([ClusterRole])
    assert len(fake.of("clusterroles")) == 1
    assert time.monotonic() - started < 20


CUT = listed("ClusterRole", ["a", "b"])._replace(cut=True)
PASSING = {
    "500": status(500),
    "502": status(502),
    "503": status(503),
    "504": status(504),
    "cut": CUT,
    "broken": Reply(b'{"kind": "ClusterRoleList", "items": [{"meta'),
    "no gzip": Reply(b"", headers={"Content-Encoding": "gzip", "Content-Length": "0"}),
}


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_leaves_no_trace(fake: Fake, config: Path, fault: str) -> None:
    fake.script = only("clusterroles", PASSING[fault], PASSING[fault], listed("ClusterRole", ["a"]))
    snapshot = read(config)
    assert (names(snapshot), snapshot.gaps) == (["a"], ())


LASTING = {
    **PASSING,
    "403": status(403),
    "404": status(404),
    "418": status(418),
    "redirect": status(302, Location="http://127.0.0.1:1/"),
    "html": listed("ClusterRole", ["a"])._replace(content_type="text/html"),
    "no list": Reply(b'{"kind": "Status", "metadata": {}}'),
    "another thing": Reply(b'{"kind": "Status", "metadata": {}, "items": []}'),
    "an array": Reply(b"[]"),
    "not UTF-8": Reply(b'{"kind": "ClusterRoleList\xff", "items": []}'),
    "deep": Reply(b'{"kind": "ClusterRoleList", "items": [' + b"[" * 100_000),
    "no end": listed("ClusterRole", ["a"], "one"),
}


@pytest.mark.parametrize("fault", LASTING)
def test_a_fault_that_lasts_is_one_gap_and_the_rest_is_read(fake: Fake, config: Path, fault: str) -> None:
    fake.script = only("clusterroles", LASTING[fault])
    snapshot = read(config)
    (gap,) = snapshot.gaps
    assert (gap.cluster, gap.what, gap.kinds) == (
        "lab",
        "clusterroles.rbac.authorization.k8s.io",
        kind_names([ClusterRole]),
    )
    assert gap.advice
    assert snapshot.cluster("lab").collected == set(live_kinds()) - {ClusterRole}
    assert len(fake.of("clusterroles")) <= FAST.retries + 1


def test_a_list_that_comes_too_slowly_is_a_gap(fake: Fake, config: Path) -> None:
    fake.script = only("clusterroles", listed("ClusterRole", ["a"] * 99)._replace(drip=0.1))
    (gap,) = read(config, Limits(kind_seconds=0.5)).gaps
    assert gap.kinds == kind_names([ClusterRole])
    assert len(fake.of("clusterroles")) == 1


def test_a_server_that_is_silent_is_asked_again(fake: Fake, config: Path) -> None:
    def script(asked: object) -> Reply | None:
        if not str(asked).count("/clusterroles'"):
            return None
        if len(fake.of("clusterroles")) == 1:
            time.sleep(1.0)
        return listed("ClusterRole", ["a"])

    fake.script = script
    limits = Limits(silence_seconds=0.3, first_delay=0.01)
    assert names(read(config, limits)) == ["a"]


def test_an_object_that_is_none_is_told_and_the_others_are_kept(fake: Fake, config: Path) -> None:
    items = [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}, "rules": "kanarie"}, {}]
    fake.script = only("clusterroles", Reply(json.dumps({"kind": "ClusterRoleList", "items": items}).encode()))
    snapshot = read(config)
    (gap,) = snapshot.gaps
    assert gap.reason.startswith("2 of them are no valid ClusterRole (")
    assert gap.kinds == kind_names([ClusterRole])
    assert names(snapshot) == ["a"]


def test_every_kind_that_is_forbidden_is_a_gap_of_its_own(fake: Fake, config: Path) -> None:
    forbidden = (Role, RoleBinding, Namespace)
    fake.script = lambda asked: (
        status(403) if asked.path.endswith(tuple(f"/{kind.plural}" for kind in forbidden)) else None
    )
    gaps = read(config).gaps
    assert sorted(gap.kinds for gap in gaps) == sorted(kind_names([kind]) for kind in forbidden)
    assert all("--print-role" in gap.advice for gap in gaps)


def test_a_kind_in_another_version_only_is_a_gap(fake: Fake, config: Path) -> None:
    groups = serving_groups({"kubevirt.io": {"v9": ["kubevirts"]}})
    fake.script = lambda asked: groups if asked.path == "/apis" else None
    (gap,) = read(config).gaps
    assert (gap.what, gap.kinds) == ("kubevirts.kubevirt.io", ("KubeVirt.kubevirt.io",))


SILENT = {
    "refused": status(403),
    "not aggregated": Reply(b'{"kind": "APIGroupList", "groups": []}'),
    "no JSON": Reply(b"kanarie"),
    "no discovery": listed("Any", []),
}


@pytest.mark.parametrize("answer", SILENT.values(), ids=SILENT)
def test_what_is_served_is_not_guessed_where_the_server_does_not_say(fake: Fake, config: Path, answer: Reply) -> None:
    """404 for a custom kind may come from a proxy as well."""
    fake.script = lambda asked: answer if asked.path == "/apis" else status(404) if "cattle.io" in asked.path else None
    snapshot = read(config)
    unknown = [kind for kind in live_kinds() if "cattle.io" in kind.group or kind is APIGroupDiscovery]
    assert {name for gap in snapshot.gaps for name in gap.kinds} == set(kind_names(unknown))


def test_what_an_api_serves_that_does_not_answer_is_not_known(fake: Fake, config: Path) -> None:
    """Discovery then says Stale, and may name none of its resources."""
    groups = serving_groups({"kubevirt.io": {"v1": []}}, "Stale")
    fake.script = lambda asked: (
        groups if asked.path == "/apis" else status(503) if "kubevirt.io" in asked.path else None
    )
    snapshot = read(config)
    of_kubevirt = [kind for kind in live_kinds() if kind.group == "kubevirt.io"]
    assert sorted(gap.kinds for gap in snapshot.gaps) == sorted(kind_names([kind]) for kind in of_kubevirt)


def test_what_is_served_is_kept(fake: Fake, config: Path) -> None:
    groups = serving_groups({"kubevirt.io": {"v1": ["kubevirts"]}})
    core = Reply(b'{"kind": "APIGroupDiscoveryList", "items": [{"metadata": {"creationTimestamp": null}}]}')
    fake.script = lambda asked: {"/api": core, "/apis": groups}.get(asked.path)
    found = read(config).cluster("lab").of(APIGroupDiscovery)
    assert [(each.name, [version.version for version in each.versions]) for each in found] == [
        ("core", []),
        ("kubevirt.io", ["v1"]),
    ]


def test_a_cluster_that_cannot_be_reached_is_a_gap_and_the_others_are_read(fake: Fake, tmp_path: Path) -> None:
    servers = {"gone": {"server": "http://127.0.0.1:1"}, "lab": {"server": fake.url}}
    file = kubeconfig(tmp_path / "config", servers, {})
    fake.script = only("clusterroles", listed("ClusterRole", ["a"]))
    snapshot = read(file, FAST, "gone", "lab")
    (gap,) = snapshot.gaps
    assert (gap.cluster, gap.kinds) == ("gone", kind_names(live_kinds()))
    assert snapshot.cluster("gone").collected == frozenset()
    assert names(snapshot) == ["a"]


def test_credentials_that_end_half_way_are_one_gap_for_the_rest(fake: Fake, config: Path) -> None:
    fake.script = lambda _: status(401) if len(fake.asked) > 5 else None
    (gap,) = read(config, msgspec.structs.replace(FAST, parallel=1)).gaps
    assert gap.what == "the rest of the cluster"
    assert gap.kinds == kind_names(live_kinds()[3:])
