"""The loader of policy files: what it takes, and the one line that it says about everything else."""

import errno
import os
from pathlib import Path

import pytest

from rbac_audit.cli.policies import load_policies, read_policies
from rbac_audit.errors import BadPolicy
from rbac_audit.resources import policies_dir
from rbac_audit.rules import RULES

POLICY = """\
apiVersion: rbac-audit/v1
kind: AccessPolicy
metadata: {name: NAME}
spec:
  title: A title
  severity: high
  message: Somebody may do it
  permissions:
  - {apiGroups: [""], resources: [secrets], verbs: [get]}
  why: Because.
  fix: {safety: manual, text: Do not.}
  examples: {flagged: [], clean: []}
"""
GUARD = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: guard}
spec: {failurePolicy: Fail}
"""
CAPABILITIES = """\
apiVersion: rbac-audit/v1
kind: Capabilities
capabilities:
- name: NAME
  title: Do it
  permissions:
  - {apiGroups: [""], resources: [secrets], verbs: [get]}
"""


def policy(name: str) -> str:
    """Write one policy."""
    return POLICY.replace("NAME", name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder of policies."""
    place = tmp_path / "own"
    place.mkdir()
    return place


def put(folder: Path, name: str, text: str) -> None:
    """Write a file into a folder below."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def names(folder: Path) -> list[str]:
    """Name the policies of a folder."""
    return [item.policy.metadata.name for item in read_policies(folder)]


def refusal(folder: Path) -> str:
    """Read a folder that cannot be used, and return what is said."""
    with pytest.raises(BadPolicy) as caught:
        read_policies(folder)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_the_shipped_policies_load_sorted_and_no_id_is_taken_twice() -> None:
    rules, capabilities = load_policies()
    ids = [rule.id for rule in rules]
    assert ids == sorted(ids)
    assert "cluster-wide-secret-read" in ids
    assert not set(ids) & {rule.id for rule in RULES}
    assert [item.name for item in capabilities][:2] == ["console", "power"]


def test_each_shipped_policy_is_the_file_of_its_name() -> None:
    for item in read_policies(policies_dir()):
        assert Path(item.where.partition(",")[0]).stem == item.policy.metadata.name


def test_folders_of_the_user_are_added(folder: Path) -> None:
    put(folder, "a.yaml", policy("aaa-own"))
    put(folder, "c.yaml", CAPABILITIES.replace("NAME", "own"))
    rules, capabilities = load_policies([folder])
    assert rules[0].id == "aaa-own"
    assert len(rules) == len(load_policies()[0]) + 1
    assert capabilities[-1].name == "own"


def test_several_documents_folders_and_endings_are_read_and_other_kinds_passed_over(folder: Path) -> None:
    put(folder, "b.yaml", f"{policy('two')}---\n{GUARD}---\n{policy('one')}")
    put(folder, "deep/er/c.yml", policy("three"))
    put(folder, "caps.yaml", CAPABILITIES)
    put(folder, "readme.md", "kind: AccessPolicy")
    put(folder, "empty.yaml", "# nothing\n")
    assert names(folder) == ["one", "three", "two"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("severity:", "sevrity:", ("own/a.yaml", "$.spec", "unknown field `sevrity`", "did you mean severity")),
        ("verbs:", "verb:", ("$.spec.permissions[0]", "did you mean verbs")),
        ("apiGroups", "apigroups", ("did you mean apiGroups",)),
        ("metadata:", "metdata:", ("did you mean metadata",)),
        ("severity: high", "severity: hihg", ("$.spec.severity", "did you mean high")),
        ("severity: high", "severity: [high]", ("$.spec.severity", "Expected `str`")),
        ("verbs: [get]", "verbs: get", ("$.spec.permissions[0].verbs", "Expected `array`")),
        ("verbs: [get]", "verbs: []", ("$.spec.permissions[0]", "needs verbs")),
        ("resources: [secrets], ", "", ("$.spec.permissions[0]", "needs verbs, and apiGroups with resources")),
        ("  why: Because.\n", "", ("$.spec", "missing required field `why`")),
        ("  why:", "  allowed: [project-member]\n  why:", ("no class project-member", "did you mean project-members")),
        ("  why:", "  where: {namespaces: project}\n  why:", ("no class project", "did you mean projects")),
        ("  why:", "  where: {namespace: all}\n  why:", ("unknown field `namespace`", "did you mean namespaces")),
        (
            "  why:",
            "  where: {namespaces: {matchLabel: {a: b}}}\n  why:",
            ("$.spec.where.namespaces", "did you mean matchLabels"),
        ),
        ("  permissions:\n", "  allOf: []\n  permissions:\n  - {}\n", ("missing required field `verbs`",)),
        ("  permissions:", "  allOf:", ()),
        ("  why:", "  allowed: ['system:masters']\n  why:", ("no class or subject system:masters", "write User:NAME")),
        ("{name: own}", "{name: Own Policy}", ("$.metadata.name", "lower case")),
        ("rbac-audit/v1", "rbac-audit/v2", ("AccessPolicy of rbac-audit/v2", "write AccessPolicy of rbac-audit/v1")),
        ("AccessPolicy", "AccesPolicy", ("no kind AccesPolicy", "did you mean AccessPolicy")),
        ("AccessPolicy", "Waiver", ("no kind Waiver", "one of: AccessPolicy, Capabilities")),
        ("kind: AccessPolicy\n", "", ("without apiVersion or kind",)),
    ],
)
def test_a_mistake_is_named_with_its_place_and_the_nearest_word(
    folder: Path, old: str, new: str, words: tuple[str, ...]
) -> None:
    assert old in policy("own")
    put(folder, "a.yaml", policy("own").replace(old, new, 1))
    if not words:
        assert names(folder) == ["own"]
        return
    line = refusal(folder)
    assert "own/a.yaml" in line
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\na: 2\n", ("own/a.yaml, document 1, line 2", "given twice")),
        (policy("x") + "---\nspec: {a: 1, a: 2}\n", ("document 2", "given twice")),
        ("a: [1\n", ("own/a.yaml", "no valid YAML")),
        ("a: &a [*a]\n", ("own/a.yaml",)),
        ("- a\n", ("own/a.yaml", "must be a mapping")),
        ("a: !!python/object:os.system {}\n", ("own/a.yaml",)),
    ],
)
def test_yaml_is_read_strictly(folder: Path, text: str, words: tuple[str, ...]) -> None:
    put(folder, "a.yaml", text)
    line = refusal(folder)
    for word in words:
        assert word in line


def test_a_file_that_is_no_text_is_named(folder: Path) -> None:
    (folder / "a.yaml").write_bytes(b"\xff\xfe\x00")
    assert "own/a.yaml" in refusal(folder)


def test_the_same_id_twice_names_both_places(folder: Path) -> None:
    put(folder, "a.yaml", policy("same"))
    put(folder, "b.yaml", GUARD + "---\n" + policy("same"))
    line = refusal(folder)
    assert "own/b.yaml, document 2" in line
    assert "already defined in own/a.yaml" in line


def test_an_id_of_a_shipped_policy_is_taken(folder: Path) -> None:
    put(folder, "a.yaml", policy("cluster-wide-secret-read"))
    with pytest.raises(BadPolicy, match=r"already defined in policies/secrets/cluster-wide-secret-read\.yaml"):
        load_policies([folder])


def test_an_id_of_a_rule_is_taken(folder: Path) -> None:
    put(folder, "a.yaml", policy(RULES[0].id))
    with pytest.raises(BadPolicy, match=f"there is a rule {RULES[0].id}"):
        load_policies([folder])


def test_a_capability_twice_is_refused(folder: Path) -> None:
    put(folder, "a.yaml", CAPABILITIES.replace("NAME", "console"))
    with pytest.raises(BadPolicy, match="console is defined twice"):
        load_policies([folder])


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.yaml", ""), ("a.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"), ("a.json", policy("mine"))],
)
def test_a_folder_without_any_policy_is_refused(folder: Path, name: str, text: str) -> None:
    """A policy that is looked for in another folder would look kept."""
    put(folder, name, text)
    with pytest.raises(BadPolicy, match="holds no policy"):
        load_policies([folder])


def test_a_folder_that_may_not_be_read_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root, as whom tests may run, may read everything."""
    put(folder, "a.yaml", policy("mine"))
    (folder / "sub").mkdir()
    real = os.scandir

    def scandir(path: os.PathLike[str]) -> object:
        if Path(path).name == "sub":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(BadPolicy, match=r"sub: cannot be read \(Permission denied\)"):
        load_policies([folder])


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    assert "is not a folder" in refusal(tmp_path / "missing")
