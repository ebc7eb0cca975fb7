import json
from pathlib import Path
from typing import Any  # answers are read back as plain JSON

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.cli.conftest import Ran, Run
from tests.conftest import ROOT

LEGACY = ROOT / "examples/tenancy-legacy"
MODELS = ("tenancy-legacy", "tenancy-aggregated")
OWNER, READER = "User:u-m4t7x", "User:u-q9s2d"
CONSOLE = "virtualmachineinstances.subresources.kubevirt.io/console"

# The multi-tenancy example of Harvester's documentation: what its two users may do. No namespace: the whole cluster.
MAY = [
    (OWNER, "create", "virtualmachines.kubevirt.io", "", "default"),
    (OWNER, "get", CONSOLE, "", "default"),
    (OWNER, "create", "virtualmachineimages.harvesterhci.io", "", "default"),
    (OWNER, "create", "network-attachment-definitions.k8s.cni.cncf.io", "", "default"),
    (OWNER, "get", "secrets", "", "default"),
    (OWNER, "list", "nodes", "", ""),
    (OWNER, "list", "virtualmachineimages.harvesterhci.io", "", "harvester-public"),
    (OWNER, "get", "settings.harvesterhci.io", "server-version", ""),
    (READER, "list", "virtualmachines.kubevirt.io", "", "default"),
    (READER, "get", "secrets", "", "default"),
    (READER, "list", "persistentvolumes", "", ""),
    (READER, "list", "virtualmachineimages.harvesterhci.io", "", "harvester-public"),
    (READER, "get", "settings.harvesterhci.io", "server-version", ""),
]
MAY_NOT = [
    (OWNER, "update", "settings.harvesterhci.io", "", ""),
    (OWNER, "create", "addons.harvesterhci.io", "", "default"),
    (OWNER, "create", "pcideviceclaims.devices.harvesterhci.io", "", ""),
    (OWNER, "create", "schedulevmbackups.harvesterhci.io", "", "default"),
    (OWNER, "update", "virtualmachines.subresources.kubevirt.io/migrate", "", "default"),
    (OWNER, "create", "virtualmachineinstancemigrations.kubevirt.io", "", "default"),
    (OWNER, "create", "virtualmachineimages.harvesterhci.io", "", "harvester-public"),
    (OWNER, "list", "settings.harvesterhci.io", "", ""),
    (OWNER, "get", "secrets", "", "harvester-system"),
    (READER, "create", "virtualmachines.kubevirt.io", "", "default"),
    (READER, "get", CONSOLE, "", "default"),
    (READER, "list", "nodes", "", ""),
    (READER, "create", "virtualmachineimages.harvesterhci.io", "", "harvester-public"),
    (READER, "list", "settings.harvesterhci.io", "", ""),
]


def place(namespace: str) -> list[str]:
    return ["-n", namespace] if namespace else []


def parsed(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


# ---- can-i


Asked = tuple[str, str, str, str, str]


def can_i(run: Run, asked: Asked) -> Ran:
    subject, verb, resource, name, namespace = asked
    return run("can-i", verb, resource, *([name] if name else []), "--as", subject, *place(namespace), LEGACY)


@pytest.mark.parametrize("asked", MAY, ids=" ".join)
def test_what_the_documentation_says_is_allowed(run: Run, asked: Asked) -> None:
    ran = can_i(run, asked)
    assert (ran.code, ran.err) == (0, "")
    first, chain = ran.out.splitlines()[:2]
    assert first == "yes"
    assert "is bound by" in chain


@pytest.mark.parametrize("asked", MAY_NOT, ids=" ".join)
def test_what_the_documentation_says_is_not_allowed(run: Run, asked: Asked) -> None:
    assert can_i(run, asked) == (1, "no\n", "")


@pytest.mark.parametrize("model", MODELS)
def test_both_models_of_rancher_give_these_answers(run: Run, model: str) -> None:
    lines = []
    for expect, table in ((True, MAY), (False, MAY_NOT)):
        for subject, verb, resource, name, namespace in table:
            plural, _, rest = resource.partition(".")
            group, _, subresource = rest.partition("/")
            line = {"user": subject.removeprefix("User:"), "verb": verb, "resource": plural, "apiGroup": group}
            more = {"subresource": subresource, "name": name, "namespace": namespace, "expect": expect}
            lines.append({**line, **more})
    ran = run("can-i", "--batch", "-", ROOT / "examples" / model, stdin=batch(*lines))
    answers = [parsed(line) for line in ran.out.splitlines()]
    assert [line for line, answer in zip(lines, answers, strict=True) if not answer["ok"]] == []
    assert ran.code == 0


@pytest.mark.parametrize(("verb", "allowed"), [("get", True), ("delete", False)])
def test_an_answer_as_json(run: Run, verb: str, *, allowed: bool) -> None:
    ran = run("can-i", verb, "secrets", "--as", READER, "-n", "default", "--format", "json", LEGACY)
    answer = parsed(ran.out)
    assert ran.code == (0 if allowed else 1)
    assert (answer["subject"], answer["allowed"], answer["cluster"]) == (READER, allowed, "harvester")
    assert (answer["verb"], answer["api_group"], answer["resource"], answer["namespace"]) == (
        verb,
        "",
        "secrets",
        "default",
    )
    steps = {link["step"] for chain in answer["chains"] for link in chain}
    assert steps == (
        {"subject", "binding", "role", "aggregated-from", "rule", "template-binding", "role-template"}
        if allowed
        else set()
    )


@pytest.mark.parametrize("name", ["project-owner", "u-m4t7x", "User:u-m4t7x"])
def test_a_person_may_be_named_by_login_or_object(run: Run, name: str) -> None:
    assert run("can-i", "list", "nodes", "--as", name, LEGACY).out.startswith("yes")


# ---- --batch


def batch(*lines: dict[str, Any]) -> bytes:
    return "\n".join(map(json.dumps, lines)).encode() + b"\n"


def question(user: str, verb: str, resource: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    return {"user": user, "verb": verb, "resource": resource, "namespace": "default", **more}


def test_a_batch_is_answered_line_by_line_in_order(run: Run) -> None:
    lines = batch(question("u-m4t7x", "get", "secrets"), question("u-q9s2d", "delete", "secrets"))
    ran = run("can-i", "--batch", "-", LEGACY, stdin=lines)
    answers = [parsed(line) for line in ran.out.splitlines()]
    assert [(answer["subject"], answer["allowed"]) for answer in answers] == [(OWNER, True), (READER, False)]
    assert ran.code == 0
    assert answers[0]["chain"][0]["text"].startswith("User:u-m4t7x (")


@pytest.mark.parametrize(("expect", "code"), [(True, 0), (False, 1)])
def test_a_batch_with_expectations_is_a_test(run: Run, tmp_path: Path, *, expect: bool, code: int) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_bytes(
        batch(question("u-m4t7x", "get", "secrets", expect=expect), question("u-q9s2d", "get", "nodes", expect=False))
    )
    ran = run("can-i", "--batch", file, LEGACY)
    assert [parsed(line)["ok"] for line in ran.out.splitlines()] == [expect, True]
    assert ran.code == code


@pytest.mark.parametrize("stdin", [b"\xff\xfe{", b'{"user": "x"}', b"no json"])
def test_a_batch_that_cannot_be_read_is_refused(run: Run, stdin: bytes) -> None:
    ran = run("can-i", "--batch", "-", LEGACY, stdin=stdin)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1


def test_a_line_of_a_batch_may_hold_any_separator_of_lines(run: Run) -> None:
    odd = "u\u2028m\u2029\x0b\x0c\x1c\u0085"
    lines = json.dumps(question(odd, "get", "secrets"), ensure_ascii=False)
    ran = run("can-i", "--batch", "-", LEGACY, stdin=f"\r\n{lines}\r\n".encode())
    assert [parsed(line)["subject"] for line in ran.out.split("\n")[:-1]] == [f"User:{odd}"]


@pytest.mark.parametrize(
    "option", [["--as", READER], ["-n", "default"], ["--format", "terminal"], ["--format", "json"]]
)
def test_a_batch_takes_nothing_that_its_lines_say(run: Run, option: list[str]) -> None:
    ran = run("can-i", "--batch", "-", *option, LEGACY, stdin=batch(question("u-m4t7x", "get", "secrets")))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"rbac-audit: option at {option[0]}: a batch reads and writes JSON lines")


# ---- who-can, what-can, why


def test_who_can_names_people_groups_and_accounts(run: Run) -> None:
    ran = run("who-can", "create", "virtualmachines.kubevirt.io", "-n", "default", LEGACY)
    assert ran.code == 0
    assert "  User:u-m4t7x (project-owner): default" in ran.out.splitlines()
    assert "u-q9s2d" not in ran.out
    holders = parsed(run("who-can", "get", "secrets", "-n", "default", "--format", "json", LEGACY).out)["holders"]
    found = {
        holder["subject"]["name"] if isinstance(holder["subject"], dict) else holder["subject"] for holder in holders
    }
    assert {"u-m4t7x", "u-q9s2d"} <= {name.rpartition(":")[2] for name in found}


def test_who_can_in_a_place_where_nobody_is_bound(run: Run) -> None:
    ran = run("who-can", "create", "pods/eviction", "-n", "nowhere", LEGACY)
    assert ran.code == 0
    assert ran.out.splitlines()[0] == "in the whole cluster:"
    assert "in namespaces:" not in ran.out


LIVED_IN = ROOT / "examples/lived-in"


def test_who_can_by_some_names_stands_apart(run: Run) -> None:
    lines = run("who-can", "get", "settings.harvesterhci.io", LEGACY).out.splitlines()
    named = lines[lines.index("by these names only:") + 1 :]
    assert any(line.startswith("  Group:system:authenticated (named ") and "server-version" in line for line in named)
    answer = parsed(run("who-can", "get", "settings.harvesterhci.io", LEGACY, "--format", "json").out)
    assert "Group:system:authenticated" in {holder["subject"] for holder in answer["by_name"]}
    assert "Group:system:authenticated" not in {holder["subject"] for holder in answer["holders"]}


def test_who_can_in_a_project_counts_its_namespaces_only(run: Run) -> None:
    ran = run("who-can", "get", "secrets", "--project", "ledger", LIVED_IN)
    _, _, rows = ran.out.partition("in namespaces:\n")
    places = {
        name
        for line in rows.splitlines()
        if line.startswith("  ") and line[2] != " "
        for name in line.rpartition(": ")[2].split(", ")
    }
    assert ran.code == 0
    assert places == {"ledger-books"}


def test_who_can_in_a_project_that_is_not_there(run: Run) -> None:
    ran = run("who-can", "get", "secrets", "--project", "leger", LIVED_IN)
    assert ran.code == 2
    assert "no project has this name; one of: " in ran.err
    assert "ledger" in ran.err


def test_who_can_in_a_namespace_and_a_project_is_refused(run: Run) -> None:
    ran = run("who-can", "get", "secrets", "--project", "ledger", "-n", "default", LIVED_IN)
    assert (ran.code, ran.out) == (2, "")
    assert "give -n or --project" in ran.err


def test_who_can_names_the_known_members_of_a_group_or_says_that_none_is(run: Run) -> None:
    lines = run("who-can", "get", "secrets", "-n", "ledger-books", LIVED_IN).out.splitlines()
    readers = lines.index(
        "  Group:activedirectory_group://CN=ledger-readers,OU=groups,DC=nordlys,DC=example (ledger-readers)"
    )
    assert lines[readers + 1].startswith("    members known to Rancher: Olu ")
    assert "u-j3qrd5d7wn" in lines[readers + 1]
    unknown = run("who-can", "get", "secrets", "-n", "default", f"harvester={LIVED_IN / 'harvester'}").out
    assert "    membership unknown" in unknown.splitlines()


@pytest.mark.parametrize("model", MODELS)
def test_what_can_is_by_place_with_where_it_comes_from(run: Run, model: str) -> None:
    source = ROOT / "examples" / model
    lines = run("what-can", READER, source).out.splitlines()
    assert "namespace default (project Default):" in lines
    assert any("role template read-only" in line for line in lines)
    answer = parsed(run("what-can", READER, "--format", "json", source).out)
    assert (answer["subject"], answer["display_name"]) == (READER, "project-readonly")
    assert {place["namespace"] for place in answer["places"]} >= {"", "default", "harvester-public"}


def test_what_can_nothing(run: Run) -> None:
    """Every request carries system:authenticated, but not on a cluster that has no binding for it."""
    ran = run("what-can", "Group:nobody-is-in-it", "--format", "json", LEGACY)
    assert ran.code == 0
    assert "default" not in {place["namespace"] for place in parsed(ran.out)["places"]}


def test_what_system_masters_can(run: Run) -> None:
    lines = run("what-can", "Group:system:masters", LEGACY).out.splitlines()
    assert lines[:2] == ["the whole cluster:", "  * on *"]
    assert "  by the API server itself, without any binding" in lines


def test_why_a_yes(run: Run) -> None:
    ran = run("why", READER, "get", "secrets", "-n", "default", LEGACY)
    assert ran.code == 0
    assert ran.out.splitlines()[0] == "yes"
    for part in ("aggregated from ClusterRole harvesterhci.io:view", "role template", "ProjectRoleTemplateBinding"):
        assert part in ran.out


def test_why_a_no_says_what_would_help(run: Run) -> None:
    ran = run("why", READER, "get", CONSOLE, "-n", "default", LEGACY)
    assert ran.code == 1
    assert ran.out.splitlines()[0] == "no"
    assert "role template " in ran.out
    answer = parsed(run("why", READER, "get", CONSOLE, "-n", "default", "--format", "json", LEGACY).out)
    assert answer["allowed"] is False
    assert answer["remedies"]


@pytest.mark.parametrize(
    "words", [["can-i", "list", "nodes", "--as", OWNER], ["who-can", "list", "nodes"], ["why", OWNER, "list", "nodes"]]
)
def test_a_namespace_that_no_request_carries_is_left_out(run: Run, words: list[str]) -> None:
    alone, in_vain = run(*words, LEGACY), run(*words, "-n", "default", LEGACY)
    assert (alone.code, in_vain.code) == (0, 0)
    assert in_vain.out == f"{alone.out}note: a request to list nodes carries no namespace: default is left out\n"


# ---- what if, can-grant


GIVEN = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: given, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: NAME}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: u-q9s2d}]
"""


def given(folder: Path, role: str) -> Path:
    path = folder / f"{role}.yaml"
    path.write_text(GIVEN.replace("NAME", role))
    return path


def test_with_asks_what_if_a_file_was_applied(run: Run, tmp_path: Path) -> None:
    words = ("can-i", "create", "virtualmachines.kubevirt.io", "-n", "default", "--as", READER)
    assert run(*words, LEGACY).code == 1
    ran = run(*words, "--with", given(tmp_path, "edit"), LEGACY)
    assert ran.code == 0
    assert "RoleBinding default/given" in ran.out


def test_without_asks_what_if_an_object_was_gone(run: Run) -> None:
    words = ("can-i", "list", "virtualmachineimages.harvesterhci.io", "-n", "harvester-public", "--as", READER)
    assert run(*words, LEGACY).code == 0
    assert run(*words, "--without", "RoleBinding harvester-public/harvester-public", LEGACY).code == 1


def test_without_what_is_not_there_is_refused(run: Run) -> None:
    ran = run("can-i", "get", "secrets", "--as", READER, "--without", "RoleBinding default/nothing", LEGACY)
    assert ran.code == 2
    assert "there is no RoleBinding default/nothing" in ran.err


def test_can_grant_what_one_holds(run: Run, tmp_path: Path) -> None:
    ran = run("can-grant", given(tmp_path, "edit"), "--as", OWNER, LEGACY)
    assert ran.code == 0
    assert ran.out.splitlines()[0] == "RoleBinding default/given: yes"


def test_can_grant_not_what_one_does_not_hold(run: Run, tmp_path: Path) -> None:
    ran = run("can-grant", given(tmp_path, "cluster-admin"), "--as", OWNER, LEGACY)
    assert ran.code == 1
    assert ran.out.splitlines()[0] == "RoleBinding default/given: no"
    assert "  missing: " in ran.out
    answer = parsed(run("can-grant", given(tmp_path, "edit"), "--as", READER, "--format", "json", LEGACY).out)
    assert answer["answers"][0]["allowed"] is False
    assert answer["answers"][0]["needs"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kind: [",
        "{apiVersion: v1, kind: Service, metadata: {name: x, namespace: y}}",
        GIVEN + "---\n" + GIVEN.replace("name: given", "name: [given]"),
    ],
)
@pytest.mark.parametrize("option", ["can-grant", "--with"])
def test_a_file_that_is_not_read_whole_is_refused(run: Run, tmp_path: Path, option: str, text: str) -> None:
    """A binding that was passed over would be granted, or missing from what is asked."""
    path = tmp_path / "file.yaml"
    path.write_text(text)
    words = (
        [option, path, "--as", OWNER]
        if option == "can-grant"
        else ["can-i", "get", "pods", "--as", OWNER, option, path]
    )
    ran = run(*words, LEGACY)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1


PRTB = """
apiVersion: management.cattle.io/v3
kind: ProjectRoleTemplateBinding
metadata: {name: prtb-new, namespace: c-m-h7k9d2xw-p-4qv8n}
projectName: c-m-h7k9d2xw:p-4qv8n
roleTemplateName: project-owner
userName: u-q9s2d
"""


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["can-grant", "FILE", "--as", OWNER], "up to the webhook of Rancher"),
        (["can-i", "get", "pods", "--as", READER, "--with", "FILE"], "by what Rancher makes of it"),
        (["what-can", READER, "--without", "RoleTemplate read-only"], "by what Rancher makes of it"),
    ],
)
def test_what_rancher_makes_of_its_objects_is_not_passed_over(
    run: Run, tmp_path: Path, words: list[str], problem: str
) -> None:
    """The binding itself is no right to the API server: it would be a no that is none."""
    path = tmp_path / "prtb.yaml"
    path.write_text(PRTB)
    ran = run(*(path if word == "FILE" else word for word in words), LEGACY)
    assert (ran.code, ran.out) == (2, "")
    assert problem in ran.err
    assert "rbac-audit render" in ran.err


def test_a_login_is_not_called_unknown_where_no_users_were_read(run: Run) -> None:
    ran = run("what-can", "alice", LEGACY / "harvester")
    assert ran.code == 2
    assert "no Rancher's users were read" in ran.err


# ---- diff


def test_the_two_models_of_rancher_give_the_same_rights(run: Run) -> None:
    ran = run("diff", *(ROOT / "examples" / model for model in MODELS))
    assert "gained" not in ran.out.replace("nobody gained or lost a right", "")
    assert ran.code == 0


def wider(folder: Path) -> Path:
    """The estate with one binding more."""
    for cluster in ("harvester", "rancher"):
        (folder / cluster).mkdir()
        for file in (LEGACY / cluster).iterdir():
            (folder / cluster / file.name).write_bytes(file.read_bytes())
    (folder / "harvester/given.yaml").write_text(GIVEN.replace("NAME", "edit"))
    return folder


def test_a_gain_is_told_and_fails(run: Run, tmp_path: Path) -> None:
    ran = run("diff", LEGACY, wider(tmp_path))
    assert ran.code == 1
    assert f"harvester: {READER} (project-readonly) gained in namespace default:" in ran.out.splitlines()
    assert "because of RoleBinding default/given" in ran.out
    assert run("diff", LEGACY, tmp_path, "--no-fail-on-gain").code == 0
    assert parsed(run("diff", LEGACY, tmp_path, "--format", "json").out)["complete"] is True


def test_a_loss_is_told_and_does_not_fail(run: Run, tmp_path: Path) -> None:
    ran = run("diff", wider(tmp_path), LEGACY)
    assert ran.code == 0
    assert "lost in namespace default:" in ran.out


@pytest.mark.parametrize("form", ["json", "markdown"])
def test_a_difference_in_other_forms(run: Run, tmp_path: Path, form: str) -> None:
    ran = run("diff", LEGACY, wider(tmp_path), "--format", form)
    assert ran.code == 1
    if form == "json":
        (change,) = parsed(ran.out)["changes"]
        assert (change["gained"], change["namespace"]) == (True, "default")
    else:
        head, _, *rows = ran.out.splitlines()
        assert all(row.count("|") - row.count("\\|") == head.count("|") for row in rows)


NAMES = [
    "a|b\\|c",
    "back\\slash\\",
    "<b>x</b>&amp;",
    "@someone",
    "https://example.com",
    "WWW.example.com",
    "[a](b) ![c](d)",
    "`x` *y* _z_ ~~w~~ #1",
]


def rows(text: str) -> list[list[list[Token]]]:
    """What a renderer of GitHub's kind puts into the cells of the tables of a text."""
    parsed = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    cells = [token.children or [] for token in parsed if token.type == "inline"]
    starts = [number for number, token in enumerate(parsed) if token.type == "tr_open"]
    width = len(cells) // len(starts)
    return [cells[number : number + width] for number in range(0, len(cells), width)]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_does_nothing_in_markdown(run: Run, tmp_path: Path, name: str) -> None:
    group = "rbac.authorization.k8s.io"
    head = {"apiVersion": f"{group}/v1", "metadata": {"name": "edit", "namespace": "default"}}
    rules = [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]
    ref = {"roleRef": {"apiGroup": group, "kind": "Role", "name": "edit"}}
    for state, subjects in ((old := tmp_path / "old.json", []), (new := tmp_path / "new.json", [name])):
        bound = [{"apiGroup": group, "kind": "User", "name": each} for each in subjects]
        items = [{**head, "kind": "Role", "rules": rules}, {**head, "kind": "RoleBinding", **ref, "subjects": bound}]
        state.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    ran = run("diff", f"x={old}", f"x={new}", "--format", "markdown")
    _, row = rows(ran.out.partition("\n\n")[0])
    who = row.pop(1)
    # A word that means something to a ticket stands in code, in which nothing is made of anything.
    assert ([token.type for token in who], who[0].content) == (["code_inline"], f"User:{name}")
    said = ["".join(token.content for token in cell) for cell in row]
    assert said[:4] == ["x", "default", "gained, as far as could be read", "get on pods in core"]


def test_what_is_not_compared_does_nothing_in_markdown(run: Run) -> None:
    ran = run("diff", f"a_b={LEGACY / 'harvester'}", f"b={LEGACY / 'harvester'}", "--format", "markdown")
    assert "cluster `a_b` is in the old state only" in ran.out


def test_a_cluster_of_one_side_only_is_not_compared_and_not_clean(run: Run) -> None:
    ran = run("diff", LEGACY, f"harvester={LEGACY / 'harvester'}")
    assert ran.code == 3
    assert "cluster rancher is in the old state only and was not compared" in ran.out


@pytest.mark.parametrize(("old", "new"), [("whole", "cut"), ("cut", "whole"), ("cut", "cut")])
def test_what_one_side_could_not_read_is_not_clean(run: Run, cut_off: Path, old: str, new: str) -> None:
    sides = {"whole": LEGACY, "cut": cut_off}
    ran = run("diff", sides[old], sides[new])
    assert ran.code == 3
    assert ran.err.startswith("gap ")
    assert ran.out.splitlines()[-1] == "nobody gained or lost a right, as far as could be compared"
    for side, what in (("old", old), ("new", new)):
        assert (f"note: {side} state: not read in full from harvester: " in ran.out) is (what == "cut")
    answer = parsed(run("diff", sides[old], sides[new], "--format", "json").out)
    assert (answer["changes"], answer["complete"]) == ([], False)
    assert "state: not read in full" in run("diff", sides[old], sides[new], "--format", "markdown").out


def test_states_without_roles_and_bindings_are_not_compared(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "namespace.yaml"
    file.write_text("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}")
    ran = run("diff", f"x={file}", f"x={file}")
    assert ran.code == 3
    assert "note: old state: not read from x: ClusterRole, Role, ClusterRoleBinding, RoleBinding" in ran.out


def test_a_gap_in_what_grants_nothing_is_no_matter(run: Run, tmp_path: Path) -> None:
    folder = wider(tmp_path)
    (folder / "harvester/given.yaml").write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: [x]}\n")
    ran = run("diff", LEGACY, folder)
    assert (ran.code, ran.out) == (0, "nobody gained or lost a right\n")
    assert ran.err.startswith("gap new harvester: ")


# ---- what could not be read


@pytest.fixture
def cut_off(tmp_path: Path) -> Path:
    """The estate with a file that may have held anything."""
    folder = wider(tmp_path)
    (folder / "harvester/given.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: [\n")
    return folder


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["can-i", "get", "secrets", "--as", READER, "-n", "default"], 0),
        (["can-i", "delete", "secrets", "--as", READER, "-n", "default"], 3),
        (["why", READER, "get", "secrets", "-n", "default"], 0),
        (["why", READER, "delete", "secrets", "-n", "default"], 3),
        (["who-can", "get", "secrets"], 3),
        (["what-can", READER], 3),
    ],
)
@pytest.mark.parametrize("form", ["terminal", "json"])
def test_an_answer_that_could_change_says_so(run: Run, cut_off: Path, words: list[str], code: int, form: str) -> None:
    ran = run(*words, cut_off, "--format", form)
    assert ran.code == code
    assert ran.err.startswith("gap ")
    note = "not read in full from harvester: "
    if form == "terminal":
        assert any(line.startswith(f"note: {note}") and "given.yaml" in line for line in ran.out.splitlines())
    else:
        answer = parsed(ran.out)
        assert answer["complete"] is (code == 0)
        assert any(line.startswith(note) and "given.yaml" in line for line in answer["notes"])


@pytest.mark.parametrize("words", [["who-can", "get", "secrets"], ["what-can", READER]])
def test_a_list_of_everything_is_complete(run: Run, words: list[str]) -> None:
    ran = run(*words, LEGACY, "--format", "json")
    assert (ran.code, parsed(ran.out)["complete"], parsed(ran.out)["notes"]) == (0, True, [])


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([question("u-m4t7x", "get", "secrets")], 0),
        ([question("u-m4t7x", "get", "secrets", expect=True)], 0),
        ([question("u-m4t7x", "get", "secrets", expect=False)], 1),
        ([question("u-q9s2d", "delete", "secrets")], 3),
        ([question("u-q9s2d", "delete", "secrets", expect=False)], 3),
        ([question("u-q9s2d", "delete", "secrets", expect=True)], 3),
        ([question("u-m4t7x", "get", "secrets", expect=False), question("u-q9s2d", "delete", "secrets")], 1),
    ],
)
def test_a_batch_whose_answers_could_change(run: Run, cut_off: Path, lines: list[dict[str, Any]], code: int) -> None:
    ran = run("can-i", "--batch", "-", cut_off, stdin=batch(*lines))
    assert ran.code == code
    answers = [parsed(line) for line in ran.out.splitlines()]
    assert all(answer.get("complete", True) is answer["allowed"] for answer in answers)
    assert ("note: what was not read could change 1 of the answers" in ran.err.splitlines()) is any(
        not answer["allowed"] for answer in answers
    )


@pytest.mark.parametrize("who", [OWNER, READER])
def test_can_grant_does_not_know_what_may_be_there_already(
    run: Run, cut_off: Path, tmp_path_factory: pytest.TempPathFactory, who: str
) -> None:
    file = given(tmp_path_factory.mktemp("asked"), "edit")
    ran = run("can-grant", file, "--as", who, cut_off)
    assert ran.code == 3
    assert ran.out.splitlines()[0].endswith(", as far as could be read")
    assert parsed(run("can-grant", file, "--as", who, cut_off, "--format", "json").out)["complete"] is False


def test_a_user_whose_rancher_was_not_read_may_be_in_any_group(run: Run) -> None:
    words = ("can-i", "delete", "secrets", "-n", "default", f"harvester={LEGACY / 'harvester'}", "--as")
    ran = run(*words, READER)
    assert ran.code == 3
    assert f"{READER} may be in more groups" in ran.out
    assert run(*words, "ServiceAccount:default/default").code == 1
