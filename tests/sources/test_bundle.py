"""Support bundles, packed and unpacked: what is in them, what is not, and hostile ones."""

import os
import stat
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from rbac_audit.errors import BadInput
from rbac_audit.snapshot.estate import Gap, Snapshot
from rbac_audit.snapshot.objects import (
    ClusterRole,
    ClusterRoleBinding,
    Deployment,
    HarvesterSetting,
    Job,
    Namespace,
    Role,
    RoleBinding,
    Secret,
    ServiceAccount,
    Token,
    User,
    UserAttribute,
)
from rbac_audit.sources import limits
from tests.sources.builders import (
    BundleForm,
    Json,
    binding,
    bundle_files,
    keys,
    listed,
    mangled,
    read,
    role,
    thing,
    unzipped,
    write,
    zipped,
)

RBAC = "rbac.authorization.k8s.io/v1"


def namespaces(*names: str) -> Json:
    return mangled([thing("v1", "Namespace", name) for name in names], "v1", "Namespace")


CORE_ROLE: Json = thing(RBAC, "ClusterRole", "core", rules=[{"apiGroups": [""], "resources": ["*"], "verbs": ["*"]}])
FILES: dict[str, object] = {
    "cluster/v1/namespaces.yaml": namespaces("default", "tenant-a", "harvester-public", "kube-public"),
    f"cluster/{RBAC}/clusterroles.yaml": mangled([CORE_ROLE], RBAC, "ClusterRole"),
    f"namespaced/default/{RBAC}/rolebindings.yaml": mangled([binding(namespace="default")], RBAC, "RoleBinding"),
    f"namespaced/tenant-a/{RBAC}/roles.yaml": mangled([role()], RBAC, "Role"),
    "namespaced/default/v1/secrets.yaml": mangled(
        [thing("v1", "Secret", "machine-plan", "default", type="rke.cattle.io/machine-plan")], "v1", "Secret"
    ),
}


@pytest.fixture(params=["packed", "unpacked", "unpacked with its top folder", "without a top folder"])
def form(request: pytest.FixtureRequest) -> BundleForm:
    def make(path: Path, files: Mapping[str, bytes]) -> Path:
        if request.param.startswith("unpacked"):
            unzipped(path / ("top" if "top" in request.param else ""), files)
            return path
        path.parent.mkdir(exist_ok=True)
        return zipped(path.with_suffix(".zip"), files, "" if "without" in request.param else "supportbundle_x/")

    return make


def gap(snapshot: Snapshot, text: str) -> Gap:
    (found,) = [gap for gap in snapshot.gaps if text in gap.reason]
    return found


def test_a_bundle_is_one_cluster(tmp_path: Path, form: BundleForm) -> None:
    snapshot = read(form(tmp_path / "b", bundle_files(FILES)))
    (cluster,) = snapshot.clusters
    assert cluster.name == "bundle-test1"
    assert snapshot.notes[0].startswith("cluster bundle-test1 is named after the bundlename of ")
    assert keys(cluster) == [
        "ClusterRole core",
        "Namespace default",
        "Namespace harvester-public",
        "Namespace kube-public",
        "Namespace tenant-a",
        "Role tenant-a/reader",
        "RoleBinding default/devs",
    ]
    assert cluster.of(ClusterRole)[0].rules[0].api_groups == ("",)
    assert cluster.of(RoleBinding)[0].subjects[0].namespace == ""


def test_what_was_collected_without_an_object(tmp_path: Path, form: BundleForm) -> None:
    (cluster,) = read(form(tmp_path / "b", bundle_files(FILES))).clusters
    assert cluster.has(ClusterRole, ClusterRoleBinding, Namespace, Role, RoleBinding, Job, UserAttribute)
    assert cluster.collected.isdisjoint((Secret, User, Token))


def test_namespaces_without_a_folder_were_not_read(tmp_path: Path, form: BundleForm) -> None:
    snapshot = read(form(tmp_path / "b", bundle_files(FILES)))
    assert snapshot.clusters[0].unread_namespaces == {"harvester-public", "kube-public"}
    found = gap(snapshot, "namespaces were not collected")
    assert found.reason == (
        "2 namespaces were not collected, harvester-public among them: harvester-public, kube-public"
    )
    assert "spec.extraCollectionNamespaces" in found.advice
    assert found.advice.endswith(": harvester-public,kube-public")
    assert found.namespaces == ("harvester-public", "kube-public")
    assert "RoleBinding.rbac.authorization.k8s.io" in found.kinds
    assert "Secret" not in found.kinds


def test_what_bundles_leave_out_by_design(tmp_path: Path) -> None:
    snapshot = read(zipped(tmp_path / "b.zip", bundle_files(FILES)))
    assert gap(snapshot, "Secrets, users and tokens").kinds == (
        "Secret",
        "Token.management.cattle.io",
        "User.management.cattle.io",
    )
    settings = gap(snapshot, "the settings ")
    assert "cluster-registration-url" in settings.reason
    assert settings.kinds == ("Setting.harvesterhci.io",)
    rancher = gap(snapshot, "the Rancher that manages its cluster")
    assert rancher.cluster == ""
    assert "ProjectRoleTemplateBinding.management.cattle.io" in rancher.kinds
    assert len(snapshot.gaps) == 4


def test_what_another_source_has_is_no_gap(tmp_path: Path) -> None:
    bundle = zipped(tmp_path / "b.zip", bundle_files(FILES))
    secrets = write(tmp_path / "s.json", thing("v1", "Secret", "a", "b"))
    snapshot = read(f"x={bundle}", f"x={secrets}", f"rancher={write(tmp_path / 'r.json', role())}")
    kinds = {kind for each in snapshot.gaps if "Secrets, users" in each.reason for kind in each.kinds}
    assert kinds == {"Token.management.cattle.io", "User.management.cattle.io"}
    assert not [each for each in snapshot.gaps if "the Rancher that manages" in each.reason]


def test_two_bundles_of_one_cluster_complete_each_other(tmp_path: Path) -> None:
    one = zipped(tmp_path / "1.zip", bundle_files(FILES))
    more = {
        **FILES,
        f"namespaced/harvester-public/{RBAC}/roles.yaml": mangled([role(namespace="harvester-public")], RBAC, "Role"),
    }
    two = zipped(tmp_path / "2.zip", bundle_files(more))
    snapshot = read(f"x={one}", f"x={two}")
    assert snapshot.clusters[0].unread_namespaces == {"kube-public"}
    assert gap(snapshot, "were not collected").reason == "1 namespaces were not collected: kube-public"


def test_a_namespace_of_which_only_secrets_are_there_was_not_read(tmp_path: Path) -> None:
    files = {
        **FILES,
        "cluster/v1/namespaces.yaml": namespaces("default", "tenant-a", "fleet-local"),
        "namespaced/fleet-local/v1/secrets.yaml": listed(thing("v1", "Secret", "a", "fleet-local")),
    }
    assert read(zipped(tmp_path / "b.zip", bundle_files(files))).clusters[0].unread_namespaces == {"fleet-local"}


@pytest.mark.parametrize("name", [f"cluster/{RBAC}/roles.yml", f"tenant-a/{RBAC}/roles.yaml", "namespaced/x.yaml"])
def test_files_that_lie_elsewhere_are_a_gap(tmp_path: Path, form: BundleForm, name: str) -> None:
    found = gap(read(form(tmp_path / "b", bundle_files({**FILES, name: listed(role())}))), "under yamls/")
    assert found.reason.endswith(f"looks for them: yamls/{name}")
    assert found.kinds == ()


def test_names(tmp_path: Path) -> None:
    bundle = zipped(tmp_path / "b.zip", bundle_files(FILES))
    assert read(f"prod={bundle}").clusters[0].name == "prod"
    nameless = zipped(tmp_path / "supportbundle_x.zip", bundle_files(FILES, "bundleversion: 0.1.0\nBundleName:\n"))
    snapshot = read(nameless)
    assert snapshot.clusters[0].name == "supportbundle_x"
    assert snapshot.notes[0] == f"cluster supportbundle_x is named after its file {nameless}"


def test_a_namespace_that_is_called_null(tmp_path: Path) -> None:
    files = {
        "cluster/v1/namespaces.yaml": namespaces("null"),
        f"namespaced/null/{RBAC}/roles.yaml": mangled([role("null", "null")], RBAC, "Role"),
    }
    snapshot = read(zipped(tmp_path / "b.zip", bundle_files(files)))
    assert keys(snapshot.clusters[0]) == ["Namespace null", "Role null/null"]
    assert 'the text "null" stands for an empty one' in snapshot.notes[1]


LOG = """\
Failed to get /apis/authorization.k8s.io/v1/subjectaccessreviews: the server does not allow this method on the requested resource
Failed to get /api/v1/namespaces/default/bindings: the server does not allow this method on the requested resource
Failed to get /apis/rbac.authorization.k8s.io/v1/clusterrolebindings: clusterrolebindings.rbac is forbidden: User "x" CANARY
Failed to get /apis/rbac.authorization.k8s.io/v1/namespaces/tenant-a/rolebindings: Get "https://10.0.0.1": context deadline exceeded (timeout) CANARY
Failed to get /apis/batch/v1/namespaces/default/jobs: CANARY
Failed to get /apis/batch/v1/namespaces/tenant-a/jobs: CANARY
Failed to get /api/v1/namespaces/tenant-a/serviceaccounts: the server could not find the requested resource
Failed to get /apis/example.com/v1/things: forbidden CANARY
Failed to get /apis/extensions/v1beta1/ingresses: CANARY
Failed to parse objects received from /apis/apps/v1/namespaces/default/deployments: <nil>
Support bundle: cannot get log for pod CANARY
BUG: Support bundle: didn't get pod list
Support Bundle: failed to generate /tmp/x/logs/a/b/c.log: CANARY
Cannot get pod `CANARY` info (error: CANARY), just continue
"""


def test_what_the_log_says_could_not_be_listed(tmp_path: Path, form: BundleForm) -> None:
    snapshot = read(form(tmp_path / "b", bundle_files(FILES, log=LOG)))
    (cluster,) = snapshot.clusters
    failed = {gap.kinds: gap for gap in snapshot.gaps if "could not be listed" in gap.reason}
    assert [(kinds, gap.namespaces, gap.reason.partition(": ")[2]) for kinds, gap in sorted(failed.items())] == [
        (
            ("ClusterRoleBinding.rbac.authorization.k8s.io",),
            (),
            "the collector was not allowed to list it",
        ),
        (("Deployment.apps",), ("default",), "the collector could not read the answer"),
        (("Job.batch",), ("default", "tenant-a"), "the log names the error"),
        (("RoleBinding.rbac.authorization.k8s.io",), ("tenant-a",), "the server did not answer in time"),
        (("ServiceAccount",), ("tenant-a",), "the server did not know it"),
    ]
    assert not cluster.has(ClusterRoleBinding)
    assert not cluster.has(Job)
    assert cluster.has(RoleBinding)
    assert cluster.partial == {ClusterRoleBinding, Deployment, Job, RoleBinding, ServiceAccount}
    assert not [gap for gap in snapshot.gaps if "not understood" in gap.reason]
    assert "CANARY" not in str(snapshot.gaps) + str(snapshot.notes)


@pytest.mark.parametrize(
    ("line", "scope", "missing", "there"),
    [
        ("Unable to fetch cluster resources: CANARY", "cluster", ClusterRoleBinding, Job),
        ("Unable to fetch namespaced resources: CANARY", "namespaced", Job, ClusterRoleBinding),
    ],
)
def test_a_listing_that_failed_altogether(
    tmp_path: Path, line: str, scope: str, missing: type[Job], there: type[Job]
) -> None:
    snapshot = read(zipped(tmp_path / "b.zip", bundle_files(FILES, log=f"x\n{line}\n")))
    found = gap(snapshot, "wholly or in part")
    assert (found.reason, found.kinds) == (f"the {scope} resources could not be listed, wholly or in part", ())
    assert snapshot.clusters[0].has(there)
    assert not snapshot.clusters[0].has(missing)


def test_a_file_that_the_collector_could_not_write(tmp_path: Path) -> None:
    log = "Support Bundle: failed to generate /tmp/x/yamls/cluster/v1/nodes.yaml: no space left"
    found = gap(read(zipped(tmp_path / "b.zip", bundle_files(FILES, log=log))), "could not write")
    assert found.kinds == ()


def test_lines_that_say_something_else_are_a_gap(tmp_path: Path) -> None:
    log = f"{LOG}Failed to list everything: CANARY\n\npanic: CANARY\nSupport Bundle: failed to generate /x/metadata.yaml: x\n"
    snapshot = read(zipped(tmp_path / "b.zip", bundle_files(FILES, log=log)))
    found = gap(snapshot, "not understood")
    assert (found.reason, found.kinds) == ("3 lines are not understood", ())
    assert "CANARY" not in str(snapshot.gaps)


def test_a_bundle_without_its_log_says_so(tmp_path: Path, form: BundleForm) -> None:
    files = {name: content for name, content in bundle_files(FILES).items() if not name.endswith(".log")}
    assert gap(read(form(tmp_path / "b", files)), "is missing, so what failed is not known").kinds == ()


def test_a_bundle_without_namespaces_says_so(tmp_path: Path) -> None:
    files = {name: content for name, content in FILES.items() if "namespaces.yaml" not in name}
    snapshot = read(zipped(tmp_path / "b.zip", bundle_files(files)))
    assert gap(snapshot, "the list of namespaces is missing").kinds == ("Namespace",)


def test_a_bundle_with_cluster_files_only_has_read_nothing_namespaced(tmp_path: Path) -> None:
    files = {name: content for name, content in FILES.items() if name.startswith("cluster")}
    (cluster,) = read(zipped(tmp_path / "b.zip", bundle_files(files))).clusters
    assert cluster.has(ClusterRole, HarvesterSetting)
    assert not cluster.has(Role)


def test_a_broken_file_in_a_bundle_is_a_gap(tmp_path: Path, form: BundleForm) -> None:
    files = bundle_files({**FILES, f"namespaced/tenant-a/{RBAC}/rolebindings.yaml": "kind: List\nitems: [[}]"})
    snapshot = read(form(tmp_path / "b", files))
    assert not snapshot.clusters[0].whole(RoleBinding)
    assert snapshot.clusters[0].whole(Role)
    found = gap(snapshot, "no valid YAML")
    assert found.what.endswith(f"yamls/namespaced/tenant-a/{RBAC}/rolebindings.yaml, document 1, line 2")
    assert found.kinds == ("RoleBinding.rbac.authorization.k8s.io",)


def test_a_file_of_a_bundle_is_called_by_its_group_too(tmp_path: Path) -> None:
    metrics = mangled([thing("metrics.k8s.io/v1beta1", "PodMetrics", "a", "default")], "v1", "PodMetrics")
    files = {**FILES, "namespaced/default/metrics.k8s.io/v1beta1/pods.yaml": metrics}
    assert len(read(zipped(tmp_path / "b.zip", bundle_files(files))).gaps) == 4
    files = {**FILES, "namespaced/default/v1/pods.yaml": "a: 1"}
    found = gap(read(zipped(tmp_path / "b.zip", bundle_files(files))), "it holds nothing of what it is called")
    assert found.kinds == ("Pod",)


def test_logs_and_nodes_are_not_opened(tmp_path: Path) -> None:
    files = {**bundle_files(FILES), "logs/x/y.log": b"CANARY" * 1_000, "nodes/n1.zip": b"no zip"}
    expected = read(f"x={zipped(tmp_path / 'a.zip', bundle_files(FILES))}")
    assert read(f"x={zipped(tmp_path / 'b.zip', files)}").clusters[0].objects == expected.clusters[0].objects


# Hostile archives


@pytest.mark.parametrize("name", ["/etc/x.yaml", "../x.yaml", "a/../../x.yaml", "a\\..\\x.yaml", "C:/x.yaml"])
def test_a_member_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "b.zip", bundle_files(FILES))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "x")
    with pytest.raises(BadInput, match="it has a member that leads out of its folder"):
        read(path)


def test_a_member_that_is_a_link_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "b.zip", bundle_files(FILES))
    with zipfile.ZipFile(path, "a") as archive:
        member = zipfile.ZipInfo("supportbundle_x/yamls/cluster/v1/nodes.yaml")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
    with pytest.raises(BadInput, match="it has a member that is a symbolic link"):
        read(path)


@pytest.mark.parametrize("place", [f"yamls/cluster/{RBAC}", "yamls/namespaced/tenant-b", "."])
@pytest.mark.parametrize("sort", ["file", "folder", "nowhere", "fifo"])
def test_an_unpacked_bundle_with_a_link_is_refused(tmp_path: Path, place: str, sort: str) -> None:
    folder = unzipped(tmp_path / "b", bundle_files(FILES))
    (folder / place).mkdir(exist_ok=True)
    link = folder / place / "x.yaml"
    if sort == "fifo":
        os.mkfifo(link)
    else:
        write(tmp_path / "elsewhere" / "x.yaml", role("hidden"))
        link.symlink_to({"file": tmp_path / "elsewhere" / "x.yaml", "folder": tmp_path / "elsewhere"}.get(sort, "gone"))
    with pytest.raises(BadInput, match=r"it has a member that is a (symbolic link|special file): .*x.yaml"):
        read(folder)
    write(tmp_path / "a.json", role())
    (found,) = read(tmp_path).gaps
    assert found.what == str(folder)
    assert found.reason.startswith("it has a member that is a ")


def test_an_unpacked_bundle_that_is_too_deep_is_refused(tmp_path: Path) -> None:
    folder = unzipped(tmp_path / "b", bundle_files(FILES))
    write(folder.joinpath("yamls", "cluster", *["d"] * limits.FOLDER_DEPTH, "v1", "namespaces.yaml"), namespaces("a"))
    with pytest.raises(BadInput, match="it has a member that is over 32 folders deep"):
        read(folder)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_with_two_members_of_one_name_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "b.zip", bundle_files(FILES))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"supportbundle_x/yamls/cluster/{RBAC}/clusterroles.yaml", "x: 1")
    with pytest.raises(BadInput, match="it has two members of one name"):
        read(path)


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "b.zip", bundle_files(FILES))
    raw = bytearray(path.read_bytes())
    at = raw.find(b"PK\x01\x02")
    while at >= 0:
        raw[at + 8] |= 1
        at = raw.find(b"PK\x01\x02", at + 1)
    path.write_bytes(raw)
    with pytest.raises(BadInput, match="it is encrypted; decrypt it first"):
        read(path)


def test_another_compression_is_a_gap(tmp_path: Path) -> None:
    path = zipped(tmp_path / "b.zip", bundle_files(FILES))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_LZMA) as archive:
        archive.writestr("supportbundle_x/yamls/cluster/v1/nodes.yaml", "x" * 100)
    assert gap(read(path), "packed in a way").what.endswith("nodes.yaml")


@pytest.mark.parametrize("cut", [10, 100, -1, -30])
def test_a_truncated_archive_is_refused(tmp_path: Path, cut: int) -> None:
    path = zipped(tmp_path / "b.zip", bundle_files(FILES))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(BadInput, match="it is no valid zip"):
        read(path)


def test_a_damaged_member_is_a_gap(tmp_path: Path) -> None:
    path = zipped(tmp_path / "b.zip", bundle_files(FILES))
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo(f"supportbundle_x/yamls/cluster/{RBAC}/clusterroles.yaml")
    raw = bytearray(path.read_bytes())
    start = member.header_offset + 30 + len(member.filename)
    raw[start : start + member.compress_size] = b"\xff" * member.compress_size
    path.write_bytes(raw)
    snapshot = read(path)
    found = gap(snapshot, "is damaged")
    assert found.kinds == ("ClusterRole.rbac.authorization.k8s.io",)
    assert "Role tenant-a/reader" in keys(snapshot.clusters[0])


def test_every_damage_is_an_error_or_a_gap_and_no_crash(tmp_path: Path) -> None:
    raw = zipped(tmp_path / "b.zip", bundle_files({f"namespaced/a/{RBAC}/roles.yaml": listed(role())})).read_bytes()
    for at in range(0, len(raw), 3):
        (tmp_path / "c.zip").write_bytes(raw[:at] + bytes([raw[at] ^ 0x55]) + raw[at + 1 :])
        try:
            read(tmp_path / "c.zip")
        except BadInput:
            continue


def test_a_zip_that_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="it is a zip, but no Harvester support bundle"):
        read(zipped(tmp_path / "x.zip", {"roles.json": b"{}"}))
    with pytest.raises(BadInput, match="it is a zip, which cannot be read from standard input"):
        read("-", stdin=zipped(tmp_path / "b.zip", bundle_files(FILES)).read_bytes())


def test_a_directory_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "b.zip", bundle_files(FILES))
    monkeypatch.setattr(limits, "ARCHIVE_DIRECTORY_BYTES", 200)
    with pytest.raises(BadInput, match="it has a directory of more than 0 MiB"):
        read(path)


def test_the_directory_of_a_zip64_has_its_size_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "b.zip", bundle_files(FILES))
    raw = path.read_bytes()
    end = raw.rindex(b"PK\x05\x06")
    count, size, start = struct.unpack_from("<HII", raw, end + 10)
    record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(raw[:end] + record + locator + tail)
    assert len(read(path).clusters[0]) == 7
    monkeypatch.setattr(limits, "ARCHIVE_DIRECTORY_BYTES", 200)
    with pytest.raises(BadInput, match="it has a directory of more than 0 MiB"):
        read(path)


BOMB = "# " + "x" * 1_000_000


@pytest.fixture
def _small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RATIO_FREE_BYTES", 200_000)
    monkeypatch.setattr(limits, "CHUNK_BYTES", 100_000)


@pytest.mark.usefixtures("_small_limits")
def test_a_member_that_unpacks_to_far_too_much_is_a_gap(tmp_path: Path) -> None:
    files = {**FILES, f"cluster/{RBAC}/clusterrolebindings.yaml": BOMB}
    snapshot = read(zipped(tmp_path / "b.zip", bundle_files(files)))
    found = gap(snapshot, "it unpacks to more than 200 times its size; what follows was not read")
    assert found.what.endswith("clusterrolebindings.yaml")
    assert len(snapshot.clusters[0]) == 7


@pytest.mark.usefixtures("_small_limits")
def test_an_archive_of_such_members_is_refused(tmp_path: Path) -> None:
    bombs: dict[str, object] = {f"cluster/{RBAC}/a{number}.yaml": BOMB for number in range(20)}
    with pytest.raises(BadInput, match="it unpacks to more than 200 times its size; do not use it"):
        read(zipped(tmp_path / "b.zip", bundle_files({**FILES, **bombs})))


def test_a_bundle_of_which_nothing_can_be_read(tmp_path: Path) -> None:
    files = bundle_files({f"cluster/{RBAC}/clusterroles.yaml": "[}"})
    with pytest.raises(BadInput, match=r"it has nothing that an audit reads \(first: .*clusterroles.yaml, document 1"):
        read(zipped(tmp_path / "b.zip", files))
