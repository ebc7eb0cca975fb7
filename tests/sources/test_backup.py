"""Rancher backups: what is read, what is only a gap, what is encrypted, and what is refused."""

import builtins
import gzip
import io
import logging
import random
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from rbac_audit.audit.estate import Estate
from rbac_audit.audit.evaluate import evaluate
from rbac_audit.errors import BadInput, RbacAuditError, WrongUse
from rbac_audit.rules import RULES
from rbac_audit.snapshot.estate import Snapshot
from rbac_audit.snapshot.file import digest, read_snapshot, write_snapshot
from rbac_audit.snapshot.objects import (
    KINDS,
    ClusterRole,
    GlobalRole,
    Namespace,
    ProjectRoleTemplateBinding,
    RoleBinding,
    Secret,
    ServiceAccount,
    Token,
    User,
)
from rbac_audit.sources import SourceSpec, read_estate
from rbac_audit.sources.backup import own_name
from rbac_audit.sources.backup_crypto import PROVIDERS
from rbac_audit.sources.backup_set import Taken, taken
from tests.sources import canaries
from tests.sources.backups import (
    FILE,
    KEYS,
    MANAGEMENT,
    SELECTORS,
    Seal,
    compact,
    entries,
    filters,
    key_file,
    seal,
    tarred,
)
from tests.sources.builders import RBAC_V1, Json, binding, keys, reasons, role, thing, write
from tests.sources.test_canaries import everything


def user(name: str = "u-abcde") -> Json:
    return thing(MANAGEMENT, "User", name, displayName="Ada", username="ada")


def prtb(name: str = "prtb-1", who: str = "u-abcde") -> Json:
    fields = {"userName": who, "projectName": "c-m-abcd1234:p-abcde", "roleTemplateName": "project-member"}
    return thing(MANAGEMENT, "ProjectRoleTemplateBinding", name, "c-m-abcd1234-p-abcde", **fields)


def token() -> Json:
    return thing(MANAGEMENT, "Token", "token-1", token=canaries.canary(), userId="u-abcde")


def cluster_binding(role_name: str, *subjects: Json) -> Json:
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role_name}
    return thing(RBAC_V1, "ClusterRoleBinding", "clusterrolebinding-x", roleRef=ref, subjects=list(subjects))


ACCOUNT: Json = {"kind": "ServiceAccount", "name": "gone", "namespace": "cattle-system"}
ITEMS: Sequence[Json] = (
    user(),
    prtb(),
    role("reader", "local"),
    binding("devs", "local"),
    cluster_binding("cluster-admin", ACCOUNT),
    thing(RBAC_V1, "ClusterRole", "x", rules=[]),
    thing("v1", "Namespace", "p-abcde"),
    thing("v1", "ServiceAccount", "x", "cattle-system"),
    thing("apiextensions.k8s.io/v1", "CustomResourceDefinition", "users.management.cattle.io"),
)


def opened(path: Path, *key_files: Path) -> Snapshot:
    return read_estate([SourceSpec.parse(str(path))], backup_keys=key_files)


def refused(path: Path, *key_files: Path) -> str:
    with pytest.raises(RbacAuditError) as raised:
        opened(path, *key_files)
    line = str(raised.value)
    assert "\n" not in line
    assert raised.value.exit_code == 2
    return line


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return tarred(tmp_path / FILE, entries(ITEMS))


def test_what_is_read(backup: Path) -> None:
    snapshot = opened(backup)
    (cluster,) = snapshot.clusters
    assert cluster.name == "nightly"
    assert keys(cluster) == sorted(
        [
            "ClusterRole x",
            "ClusterRoleBinding clusterrolebinding-x",
            "Namespace p-abcde",
            "ProjectRoleTemplateBinding c-m-abcd1234-p-abcde/prtb-1",
            "Role local/reader",
            "RoleBinding local/devs",
            "ServiceAccount cattle-system/x",
            "User u-abcde",
        ]
    )
    assert snapshot.unknown_kinds == {"CustomResourceDefinition.apiextensions.k8s.io": 1}
    assert any("it says what Rancher was to do" in note for note in snapshot.notes)


def test_it_is_rancher_local(backup: Path) -> None:
    (view,) = Estate(opened(backup)).views
    assert (view.rancher_id, view.role) == ("local", "management")


def test_the_name_that_the_user_gives_wins(backup: Path) -> None:
    assert opened(Path(f"rancher={backup}")).clusters[0].name == "rancher"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (FILE, "nightly"),
        (f"{FILE}.enc", "nightly"),
        ("a-b-c-0a1b2c3d-0a1b-4c3d-8e5f-0123456789ab-2026-11-23T02-15-29+01-00.tar.gz", "a-b-c"),
        ("copy.tar.gz", "copy"),
        ("copy.tar.gz.enc", "copy"),
        ("copy.tar", "copy"),
        ("copy.tgz", "copy"),
        (".tar.gz", ".tar.gz"),
    ],
)
def test_names_of_files(file: str, name: str) -> None:
    assert own_name(file) == name


def test_what_the_resource_set_takes_whole_was_read_and_the_rest_was_not(backup: Path) -> None:
    (cluster,) = opened(backup).clusters
    assert cluster.has(GlobalRole), "none is there, but all would have been taken"
    assert cluster.whole(GlobalRole)
    assert cluster.whole(User)
    for kind in (ClusterRole, RoleBinding, ServiceAccount, Namespace):
        assert cluster.has(kind)
        assert not cluster.whole(kind)
    assert not cluster.has(Token), "provisioning ones are left out"
    assert not cluster.has(Secret)


def test_the_gaps_name_the_kinds_of_which_absence_proves_nothing(backup: Path) -> None:
    ours, everywhere = ([gap for gap in opened(backup).gaps if bool(gap.cluster) is wanted] for wanted in (True, False))
    (gap,) = ours
    assert "set-of-tests takes only a part" in gap.reason
    assert gap.kinds == (
        "ClusterRole.rbac.authorization.k8s.io",
        "ClusterRoleBinding.rbac.authorization.k8s.io",
        "Namespace",
        "Role.rbac.authorization.k8s.io",
        "RoleBinding.rbac.authorization.k8s.io",
        "Secret",
        "ServiceAccount",
        "Token.management.cattle.io",
    )
    assert ["the management cluster only" in gap.reason for gap in everywhere] == [True]


def test_the_managed_clusters_are_no_gap_beside_another_source(backup: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "x.json", role())
    snapshot = read_estate([SourceSpec.parse(f"harvester={other}"), SourceSpec(str(backup))])
    assert all(gap.cluster for gap in snapshot.gaps)


def test_what_is_left_out_is_no_finding(backup: Path) -> None:
    """ClusterRole cluster-admin and the account are in no backup; in manifests, both would be reported."""
    outcome = evaluate(Estate(opened(backup)), RULES)
    assert not {"dangling-role-ref", "missing-service-account"} & {finding.rule for finding in outcome.findings}
    partly = {each.rule for each in outcome.not_evaluated if each.partly}
    assert {"dangling-role-ref", "missing-service-account"} <= partly


def test_the_same_objects_in_manifests_are_findings(tmp_path: Path) -> None:
    for number, item in enumerate(ITEMS):
        write(tmp_path / "x" / f"{number}.json", item)
    found = {finding.rule for finding in evaluate(Estate(opened(tmp_path / "x")), RULES).findings}
    assert {"dangling-role-ref", "missing-service-account"} <= found


def test_a_snapshot_file_keeps_what_is_partial(backup: Path, tmp_path: Path) -> None:
    snapshot = opened(backup)
    write_snapshot(snapshot, tmp_path / "x.jsonl")
    again = opened(tmp_path / "x.jsonl")
    assert digest(read_snapshot(tmp_path / "x.jsonl")) == digest(snapshot) == digest(again)
    assert again.clusters[0].partial == snapshot.clusters[0].partial != frozenset()


def test_a_folder_of_backups(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    tarred(tmp_path / "x" / FILE, entries(ITEMS))
    tarred(tmp_path / "x" / "other.tar.gz", {"readme.json": b"{}"})
    (tmp_path / "x" / "broken.tar.gz").write_bytes((tmp_path / "x" / FILE).read_bytes()[:-100])
    snapshot = opened(tmp_path / "x")
    assert [cluster.name for cluster in snapshot.clusters] == ["nightly"]
    assert any("other.tar.gz is a tar archive, but no Rancher backup" in note for note in snapshot.notes)
    assert [gap.what.rpartition("/")[2] for gap in snapshot.gaps if "truncated" in gap.reason] == ["broken.tar.gz"]


def test_standard_input_and_no_compression(tmp_path: Path, backup: Path) -> None:
    plain = tarred(tmp_path / "plain.tar", entries(ITEMS))
    for raw in (backup.read_bytes(), plain.read_bytes()):
        (cluster,) = read_estate([SourceSpec("-", "x")], stdin=io.BytesIO(raw)).clusters
        assert keys(cluster) == keys(opened(backup).clusters[0])


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_paths(tmp_path: Path, form: int) -> None:
    name = "grb-" + "x" * (90 if form == tarfile.USTAR_FORMAT else 200)
    content = entries([*ITEMS, binding(name, "c-m-abcd1234-p-abcde")])
    (cluster,) = opened(tarred(tmp_path / FILE, content, form=form)).clusters
    assert f"RoleBinding c-m-abcd1234-p-abcde/{name}" in keys(cluster)


def test_an_archive_packed_again_by_hand(tmp_path: Path) -> None:
    content = {f"./{name}": data for name, data in entries(ITEMS).items()}
    assert len(opened(tarred(tmp_path / "x.tar.gz", content)).clusters[0]) == 8


SELECTED: list[tuple[Json, Taken]] = [
    ({}, Taken.ALL),
    ({"kindsRegexp": "."}, Taken.ALL),
    ({"kindsRegexp": "^secrets$"}, Taken.ALL),
    ({"kindsRegexp": "^pods$|^Secret$"}, Taken.ALL),
    ({"kindsRegexp": "secret"}, Taken.ALL),
    ({"kindsRegexp": "^secret$"}, Taken.NONE),
    ({"kindsRegexp": "^pods$"}, Taken.NONE),
    ({"kinds": ["secrets"]}, Taken.ALL),
    ({"kinds": ["Secret"], "kindsRegexp": "^pods$"}, Taken.ALL),
    ({"kinds": ["pods"]}, Taken.NONE),
    ({"kindsRegexp": ".", "excludeKinds": ["Secret"]}, Taken.NONE),
    ({"kindsRegexp": "^(secrets|pods)$"}, Taken.PART),
    ({"kindsRegexp": "(x+x+)+y"}, Taken.PART),
    ({"namespaceRegexp": "."}, Taken.ALL),
    ({"resourceNameRegexp": "."}, Taken.ALL),
    ({"namespaceRegexp": "^.*$"}, Taken.PART),
    ({"namespaces": ["a"]}, Taken.PART),
    ({"resourceNames": ["a"]}, Taken.PART),
    ({"resourceNameRegexp": "a"}, Taken.PART),
    ({"excludeResourceNameRegexp": "a"}, Taken.PART),
    ({"labelSelectors": {"matchLabels": {"a": "b"}}}, Taken.PART),
    ({"fieldSelectors": {"type": "a"}}, Taken.PART),
]


@pytest.mark.parametrize(("selector", "expected"), SELECTED)
def test_selectors(selector: Json, expected: Taken) -> None:
    assert taken(Secret, [{"apiVersion": "v1", **selector}]) is expected
    assert taken(Secret, [{"apiVersion": "example.com/v1", **selector}]) is Taken.NONE


def test_namespaces_do_not_narrow_what_is_in_none() -> None:
    assert taken(Namespace, [{"apiVersion": "v1", "kindsRegexp": ".", "namespaces": ["a"]}]) is Taken.ALL


def test_one_selector_for_all_is_enough() -> None:
    narrow: Json = {"apiVersion": "v1", "kindsRegexp": "^secrets$", "resourceNames": ["a"]}
    assert taken(Secret, [narrow, {"apiVersion": "v1", "kindsRegexp": "."}, narrow]) is Taken.ALL


@pytest.mark.parametrize("text", [b"[]", b"{", b'{"resourceSelectors": 5}', b""])
def test_an_unreadable_resource_set_proves_nothing(tmp_path: Path, text: bytes) -> None:
    snapshot = opened(tarred(tmp_path / FILE, {**entries(ITEMS), "filters/filters.json": text}))
    (cluster,) = snapshot.clusters
    assert not any(map(cluster.whole, KINDS))
    assert any("not known what the backup leaves out" in reason for reason in reasons(snapshot.gaps))


@pytest.mark.parametrize("top", ["", "messy/"])
def test_entries_without_the_resource_set_are_no_archive_of_something_else(tmp_path: Path, top: str) -> None:
    content = {top + path: text for path, text in entries(ITEMS).items() if top or not path.startswith("filters")}
    write(tmp_path / "x" / "a.json", role("a"))
    path = tarred(tmp_path / "x" / FILE, content)
    assert "it has entries of a Rancher backup, but no filters/filters.json at its top" in refused(path)
    snapshot = opened(tmp_path / "x")
    assert [(gap.what, gap.kinds) for gap in snapshot.gaps] == [(str(path), ())]


BAD_ENTRIES: list[tuple[bytes, str]] = [
    (b"", "it is empty"),
    (b"5", "{ or [ expected at the start of a document"),
    (b"[]", "not one JSON object"),
    (b"{", "a field name in quotes expected"),
    (compact(user()) * 2, "not one JSON object"),
    (compact(user("u-other")), "it is another object than its path says"),
    (compact(role("u-bad")), "it is another object than its path says"),
    (compact({**user("u-bad"), "enabled": "x"}), "no valid User"),
    (b'"no base64!"', "neither JSON nor encrypted in a known form"),
    (b'"aGVsbG8="', "neither JSON nor encrypted in a known form"),
    (b'"', "neither JSON nor encrypted in a known form"),
    (b'{"a":' * 500 + b"1" + b"}" * 500, ""),
    (b"\xff\xfe{}", "not UTF-8"),
    (b'{"a":"' + b"x" * (17 << 20) + b'"}', "it is larger than 16 MiB"),
]


@pytest.mark.parametrize(("content", "said"), BAD_ENTRIES, ids=range(len(BAD_ENTRIES)))
def test_an_entry_that_cannot_be_used_is_a_gap_of_its_kind(tmp_path: Path, content: bytes, said: str) -> None:
    noise = random.Random(5).randbytes(200 << 10)
    bad = f"users.{MANAGEMENT.replace('/', '#')}/u-bad.json"
    snapshot = opened(tarred(tmp_path / FILE, {**entries(ITEMS), bad: content, "noise": noise}))
    (gap,) = (gap for gap in snapshot.gaps if gap.what.endswith("/u-bad.json"))
    assert said in gap.reason
    assert gap.kinds == ("User.management.cattle.io",)
    assert not snapshot.clusters[0].whole(User), "a user who is not there may be the one who could not be read"


def test_many_bad_entries_are_told_with_a_number(tmp_path: Path) -> None:
    bad = {f"users.management.cattle.io#v3/u-{number}.json": b"{" for number in range(50)}
    snapshot = opened(tarred(tmp_path / FILE, {**entries(ITEMS), **bad}))
    assert len(snapshot.gaps) == 20 + 3
    assert "30 more entries cannot be used" in reasons(snapshot.gaps)


def _info(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


HOSTILE: list[tuple[tarfile.TarInfo, str]] = [
    (_info("/etc/passwd"), "leads out of its folder"),
    (_info("users.management.cattle.io#v3/../../x.json"), "leads out of its folder"),
    (_info(".."), "leads out of its folder"),
    (_info("x", tarfile.SYMTYPE, "/etc/passwd"), "is a link"),
    (_info("x", tarfile.LNKTYPE, "filters/filters.json"), "is a link"),
    (_info("x", tarfile.FIFOTYPE), "no regular file"),
    (_info("x", tarfile.CHRTYPE), "no regular file"),
]


@pytest.mark.parametrize(("info", "said"), HOSTILE, ids=range(len(HOSTILE)))
def test_members_that_no_backup_has_refuse_it(tmp_path: Path, info: tarfile.TarInfo, said: str) -> None:
    assert said in refused(tarred(tmp_path / FILE, entries(ITEMS), info))


def _cut(raw: bytes, part: float) -> bytes:
    return raw[: int(len(raw) * part)]


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("packed", [True, False])
def test_a_truncated_archive_is_refused(tmp_path: Path, part: float, packed: bool) -> None:
    raw = tarred(tmp_path / "x.tar", entries(ITEMS)).read_bytes().rstrip(b"\0")
    path = tmp_path / "y.tar.gz"
    path.write_bytes(_cut(gzip.compress(raw), part) if packed else _cut(raw, part))
    assert "truncated" in refused(path) or "damaged" in refused(path)


def test_a_changed_byte_of_the_checksum_is_seen(backup: Path) -> None:
    raw = bytearray(backup.read_bytes())
    raw[-8] ^= 1
    backup.write_bytes(raw)
    assert "damaged" in refused(backup)


@pytest.mark.parametrize("seed", range(30))
def test_an_archive_with_changed_bytes_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    raw = bytearray(tarred(tmp_path / "x.tar", entries(ITEMS)).read_bytes())
    for _ in range(5):
        raw[draw.randrange(len(raw))] = draw.randrange(256)
    path = tmp_path / "y.tar"
    path.write_bytes(raw)
    line = ""
    try:
        opened(path)
    except RbacAuditError as error:
        line = str(error)
    assert "\n" not in line


def _pax(size: int) -> bytes:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, size
    return info.tobuf(tarfile.USTAR_FORMAT)


BOMBS: list[tuple[bytes, str]] = [
    (_info("filters/filters.json").tobuf() + _pax(8 << 20) + bytes(8 << 20), "impossibly long name"),
    (_pax(512) + b"999 path=x\n".ljust(512, b"\0"), "extended header is none"),
    (_pax(512) + bytes(512), "extended header is none"),
]


@pytest.mark.parametrize(("raw", "said"), BOMBS, ids=range(len(BOMBS)))
def test_extended_headers_are_bounded(tmp_path: Path, raw: bytes, said: str) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(raw + bytes(1024))
    assert said in refused(path)


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    zeros = {f"users.management.cattle.io#v3/u-{number}.json": bytes(8 << 20) for number in range(4)}
    assert "times its size" in refused(tarred(tmp_path / FILE, {**zeros, **entries(ITEMS)}))


def test_another_tar_is_no_backup(tmp_path: Path) -> None:
    assert "no Rancher backup" in refused(tarred(tmp_path / FILE, {"etc/hosts": b"x"}))
    assert "nothing that an audit reads" in refused(tarred(tmp_path / FILE, entries([])))


@pytest.mark.parametrize("info", [_info("x", tarfile.SYMTYPE, "y"), _info("../x")], ids=["link", "out"])
def test_an_archive_of_something_else_is_passed_over_in_a_folder(tmp_path: Path, info: tarfile.TarInfo) -> None:
    write(tmp_path / "x" / "roles.json", role())
    tarred(tmp_path / "x" / "sources.tar.gz", {f"a/{number:03}.c": b"int x;" for number in range(9)}, info)
    snapshot = opened(tmp_path / "x")
    assert snapshot.gaps == ()
    assert any("sources.tar.gz is a tar archive, but no Rancher backup" in note for note in snapshot.notes)


def test_a_large_archive_of_something_else_is_not_read_to_its_end(tmp_path: Path) -> None:
    raw = tarred(tmp_path / "x.tar", {f"a/{number:03}.c": b"int x;" for number in range(200)}).read_bytes()
    (tmp_path / "y.tar").write_bytes(raw[: len(raw) * 3 // 4])
    assert "no Rancher backup" in refused(tmp_path / "y.tar")


def test_identity_needs_no_key(tmp_path: Path) -> None:
    seals: dict[str, Seal] = {"*": lambda plain, _context: plain}
    snapshot = opened(tarred(tmp_path / FILE, entries(ITEMS, seals)))
    assert len(snapshot.clusters[0]) == 8


def test_what_is_encrypted_is_a_gap_that_says_what_is_needed(tmp_path: Path) -> None:
    seals: dict[str, Seal] = {
        "User": lambda *_: b"k8s:enc:aesgcm:v1:key7:xyz",
        "Secret": lambda *_: b"k8s:enc:kms:v2:k:x",
    }
    items = [*ITEMS, user("u-two"), thing("v1", "Secret", "s", "cattle-system")]
    snapshot = opened(tarred(tmp_path / FILE, entries(items, seals)))
    gaps = {gap.reason: gap for gap in snapshot.gaps}
    users = gaps["2 users.management.cattle.io are encrypted (aesgcm, key key7)"]
    assert users.kinds == ("User.management.cattle.io",)
    assert "--backup-key FILE" in users.advice
    assert "kms is in no file" in gaps["1 secrets are encrypted (kms, key k)"].advice
    (cluster,) = snapshot.clusters
    assert not cluster.has(User)
    assert cluster.has(ProjectRoleTemplateBinding)


def test_nobody_is_unknown_while_users_are_encrypted(tmp_path: Path) -> None:
    seals: dict[str, Seal] = {"User": lambda *_: b"k8s:enc:aesgcm:v1:key7:xyz"}
    outcome = evaluate(Estate(opened(tarred(tmp_path / FILE, entries(ITEMS, seals)))), RULES)
    assert not any("no Rancher user" in finding.message for finding in outcome.findings)
    assert "unknown-subject" in {each.rule for each in outcome.not_evaluated}


def test_nobody_is_unknown_while_a_user_cannot_be_read(tmp_path: Path) -> None:
    bad = {"users.management.cattle.io#v3/u-bad.json": b"{"}
    items = [*ITEMS, prtb("prtb-2", "u-bad")]
    snapshot = opened(tarred(tmp_path / FILE, {**entries(items), **bad}))
    outcome = evaluate(Estate(snapshot), RULES)
    assert "unknown-subject" not in {finding.rule for finding in outcome.findings}
    because = {each.rule: each.because for each in outcome.not_evaluated}
    assert "not every User could be read from nightly" in because["unknown-subject"]


GLOBAL: Json = {
    **binding("grb-x-cattle-global-data", "cattle-global-data", "u-abcde"),
    "metadata": {
        "name": "grb-x-cattle-global-data",
        "namespace": "cattle-global-data",
        "labels": {"authz.management.cattle.io/grb-owner": "grb-x"},
    },
}
WILD = thing(
    MANAGEMENT,
    "RoleTemplate",
    "rt-w",
    context="project",
    rules=[{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
)


def test_bindings_that_are_encrypted_are_not_taken_for_none(tmp_path: Path) -> None:
    items = [*ITEMS, WILD, GLOBAL, role("reader", "cattle-global-data"), thing("v1", "Namespace", "cattle-global-data")]
    seals: dict[str, Seal] = {"ProjectRoleTemplateBinding": lambda *_: b"k8s:enc:secretbox:v1:key7:xyz"}
    locked = evaluate(Estate(opened(tarred(tmp_path / FILE, entries(items, seals)))), RULES).findings
    read = evaluate(Estate(opened(tarred(tmp_path / FILE, entries(items)))), RULES).findings
    assert [
        "it is not known who is bound to it" in item.message for item in locked if item.rule == "wildcard-role"
    ] == [True]
    assert ["is bound to nobody" in item.message for item in read if item.rule == "wildcard-role"] == [True]
    places = [item.scope.namespaces for item in locked if item.rule == "system-project-member"]
    assert places == [("local",)], "the binding that bears no mark, and not the one that Rancher says it makes"


def test_all_encrypted_asks_for_the_key(tmp_path: Path) -> None:
    seals: dict[str, Seal] = {"*": lambda *_: b"k8s:enc:aesgcm:v1:key7:xyz"}
    assert "--backup-key FILE" in refused(tarred(tmp_path / FILE, entries(ITEMS, seals)))


@pytest.fixture
def _crypto() -> None:
    pytest.importorskip("cryptography")
    pytest.importorskip("nacl")


def _all(make: Callable[[str], Seal]) -> dict[str, Seal]:
    return {"User": make("aesgcm"), "ProjectRoleTemplateBinding": make("secretbox"), "*": make("aescbc")}


@pytest.mark.usefixtures("_crypto")
def test_a_key_opens_every_provider(tmp_path: Path, backup: Path) -> None:
    locked = tarred(tmp_path / "locked.tar.gz.enc", entries(ITEMS, _all(seal)))
    (found,) = opened(locked, key_file(tmp_path / "key.yaml")).clusters
    (plain,) = opened(backup).clusters
    assert found.objects == plain.objects
    assert (found.collected, found.partial) == (plain.collected, plain.partial)


@pytest.mark.usefixtures("_crypto")
@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_a_wrong_key_is_one_line(tmp_path: Path, provider: str) -> None:
    path = tarred(tmp_path / FILE, entries(ITEMS, {"User": seal(provider)}))
    line = refused(path, key_file(tmp_path / "key.yaml", **{provider: b"w" * 32}))
    assert f"key key1 ({provider}) of {tmp_path / 'key.yaml'} does not open it" in line
    assert "wwww" not in line


@pytest.mark.usefixtures("_crypto")
@pytest.mark.parametrize("provider", sorted(PROVIDERS))
@pytest.mark.parametrize("length", [0, 1, 12, 15, 16, 17, 24, 31, 32, 40])
def test_a_cut_entry_is_one_line(tmp_path: Path, provider: str, length: int) -> None:
    whole = seal(provider)
    prefix = len(f"k8s:enc:{provider}:v1:key1:")
    cut: dict[str, Seal] = {"User": lambda plain, context: whole(plain, context)[: prefix + length]}
    assert "does not open it" in refused(tarred(tmp_path / FILE, entries(ITEMS, cut)), key_file(tmp_path / "key.yaml"))


@pytest.mark.usefixtures("_crypto")
def test_an_entry_moved_to_another_name_is_seen_where_it_can_be(tmp_path: Path) -> None:
    content = entries(ITEMS, {"User": seal("aesgcm")})
    content["users.management.cattle.io#v3/u-moved.json"] = content.pop("users.management.cattle.io#v3/u-abcde.json")
    assert "u-moved.json" in refused(tarred(tmp_path / FILE, content), key_file(tmp_path / "key.yaml"))


@pytest.mark.usefixtures("_crypto")
def test_two_keys_of_the_same_name_are_both_tried(tmp_path: Path) -> None:
    path = tarred(tmp_path / FILE, entries(ITEMS, _all(seal)))
    wrong = key_file(tmp_path / "old.yaml", **dict.fromkeys(KEYS, b"o" * 32))
    assert len(opened(path, wrong, key_file(tmp_path / "key.yaml")).clusters[0]) == 8


@pytest.mark.usefixtures("_crypto")
def test_a_key_of_another_name_is_a_gap_beside_one_that_fits(tmp_path: Path) -> None:
    other = {"User": seal("aesgcm", name="key2")}
    key = key_file(tmp_path / "key.yaml")
    assert "none of the keys that it was encrypted with: key2 (aesgcm)" in refused(
        tarred(tmp_path / FILE, entries(ITEMS, other)), key
    )
    snapshot = opened(tarred(tmp_path / FILE, entries(ITEMS, {**_all(seal), **other})), key)
    assert "1 users.management.cattle.io are encrypted (aesgcm, key key2)" in reasons(snapshot.gaps)


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_a_missing_library_is_one_line(tmp_path: Path, provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name.partition(".")[0] in {"cryptography", "nacl"}:
            raise ImportError(name)
        return real(name, *rest)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(builtins, "__import__", without)
    content = entries(ITEMS, {"User": lambda *_: f"k8s:enc:{provider}:v1:key1:xyz".encode()})
    line = refused(tarred(tmp_path / FILE, content), key_file(tmp_path / "key.yaml"))
    package = "pynacl" if provider == "secretbox" else "cryptography"
    assert f"need the package {package}, which is not installed" in line
    assert "rbac-audit[backup]" in line


WORD = "c2VjcmV0c2VjcmV0"
KEY_FILES: list[tuple[str, str]] = [
    ("", "empty"),
    ("a: 1", "no EncryptionConfiguration"),
    ("[1]", "key file at"),
    (f"kind: EncryptionConfiguration\n  x: {WORD}", "no valid YAML"),
    ("kind: EncryptionConfiguration", "no key of"),
    ("kind: EncryptionConfiguration\nresources: [{providers: [{identity: {}}]}]", "no key of"),
    ("kind: EncryptionConfiguration\nresources: 5", "no key of"),
    (
        f"kind: EncryptionConfiguration\nresources: [{{providers: [{{aesgcm: {{keys: [{{name: a, secret: {WORD}}}]}}}}]}}]",
        "secret of aesgcm key a is not base64 of 16 or 24 or 32 bytes",
    ),
    (
        "kind: EncryptionConfiguration\nresources: [{providers: [{secretbox: {keys: [{name: a, secret: '%%%'}]}}]}]",
        "is not base64 of 32 bytes",
    ),
]


@pytest.mark.parametrize(("text", "said"), KEY_FILES, ids=range(len(KEY_FILES)))
def test_a_file_that_has_no_keys_is_one_line(tmp_path: Path, backup: Path, text: str, said: str) -> None:
    line = refused(backup, write(tmp_path / "key.yaml", text))
    assert said in line
    assert WORD not in line


def test_a_key_without_a_backup_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="no source is a Rancher backup"):
        opened(write(tmp_path / "x.json", role()), key_file(tmp_path / "key.yaml"))


def test_a_missing_key_file_is_named(tmp_path: Path, backup: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.yaml"):
        opened(backup, tmp_path / "none.yaml")


@pytest.mark.parametrize("locked", [False, True])
def test_no_secret_of_a_backup_gets_out(tmp_path: Path, caplog: pytest.LogCaptureFixture, locked: bool) -> None:
    if locked:
        pytest.importorskip("cryptography")
        pytest.importorskip("nacl")
    caplog.set_level(logging.DEBUG)
    items = [*canaries.manifests(), token(), *ITEMS]
    path = tarred(tmp_path / FILE, entries(items, _all(seal) if locked else None))
    snapshot = opened(path, *([key_file(tmp_path / "key.yaml")] if locked else []))
    assert len(snapshot.clusters[0]) > 30
    assert snapshot.clusters[0].of(Token)
    assert snapshot.clusters[0].of(Secret)
    shown = everything(snapshot, tmp_path)
    assert canaries.WORD not in shown
    assert canaries.WORD not in caplog.text
    assert KEYS["aescbc"].decode() not in shown


def test_tokens_in_the_clear_are_told(tmp_path: Path) -> None:
    snapshot = opened(tarred(tmp_path / FILE, entries([*ITEMS, token()])))
    assert any("holds 1 tokens of Rancher that are not encrypted" in note for note in snapshot.notes)


@pytest.mark.parametrize("name", dict(canaries.broken()))
def test_no_secret_of_a_broken_entry_gets_out(tmp_path: Path, name: str) -> None:
    content = {**entries(ITEMS), "secrets.#v1/a/x.json": dict(canaries.broken())[name].encode(errors="replace")}
    snapshot = opened(tarred(tmp_path / FILE, content))
    assert any(gap.what.endswith("secrets.#v1/a/x.json") for gap in snapshot.gaps)
    assert canaries.WORD not in everything(snapshot, tmp_path)


GENUINE = {
    "messy-basic": (552, {"cluster-admin-equivalent", "shipped-role-edited", "wildcard-role", "unknown-subject"}),
    "messy-full": (560, {"cluster-admin-equivalent", "shipped-role-edited", "wildcard-role", "unknown-subject"}),
    "messy-encrypted": (509, {"cluster-admin-equivalent", "shipped-role-edited", "wildcard-role"}),
    "stock-basic": (433, {"cluster-admin-equivalent"}),
}
OF_ABSENCE = {"dangling-role-ref", "missing-service-account", "orphaned-rancher-binding", "forged-ownership"}


@pytest.mark.parametrize("name", GENUINE)
def test_genuine_archives(shared_data: Path, name: str) -> None:
    paths = sorted((shared_data / "rancher-backup").glob(f"{name}-*"))
    if not paths:
        pytest.skip("no Rancher backups")
    snapshot = opened(paths[0])
    (cluster,) = snapshot.clusters
    files, encrypted = _counted(paths[0])
    expected, rules = GENUINE[name]
    assert cluster.name == name
    assert len(cluster) == expected == files - encrypted - sum(snapshot.unknown_kinds.values())
    outcome = evaluate(Estate(snapshot), RULES)
    found = {finding.rule for finding in outcome.findings}
    assert rules <= found
    assert not found & OF_ABSENCE
    assert {each.rule for each in outcome.not_evaluated} >= OF_ABSENCE


def _counted(path: Path) -> tuple[int, int]:
    """Count with nothing but the standard library: files without the filters, and encrypted ones."""
    with tarfile.open(path, "r:gz") as archive:
        starts = [
            content.read(1)
            for member in archive
            if member.isfile() and member.name != "filters/filters.json" and (content := archive.extractfile(member))
        ]
    return len(starts), starts.count(b'"')


@pytest.mark.usefixtures("_crypto")
def test_the_genuine_encrypted_archive_is_the_plain_one(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "rancher-backup"
    if not folder.is_dir():
        pytest.skip("no Rancher backups")
    (locked,), (plain,) = folder.glob("messy-encrypted-*"), folder.glob("messy-full-*")
    made_up = {provider: f"FAKE-TEST-KEY-{provider}-01234567" for provider in KEYS}
    rules = key_file(
        tmp_path / "key.yaml", **{provider: f"{text}89A"[:32].encode() for provider, text in made_up.items()}
    ).read_text()
    for number, provider in enumerate(KEYS, 1):
        start = rules.index(f'"{provider}"')
        rules = rules[:start] + rules[start:].replace('"key1"', f'"fake-key-{number}"', 1)
    (tmp_path / "key.yaml").write_text(rules)
    (one,), (other,) = opened(Path(f"x={locked}"), tmp_path / "key.yaml").clusters, opened(Path(f"x={plain}")).clusters
    assert set(keys(one)) - set(keys(other)) == {"Secret cattle-resources-system/fake-encryptionconfig"}
    by_key = {str(item): item for items in one.objects.values() for item in items}
    assert all(by_key[str(item)] == item for items in other.objects.values() for item in items)


def test_selectors_of_the_tests_have_every_sort() -> None:
    assert {taken(kind, SELECTORS) for kind in KINDS} == set(Taken)
    assert filters()["resourceSelectors"] == SELECTORS
