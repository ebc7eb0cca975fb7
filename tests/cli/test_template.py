import json
from pathlib import Path

from tests.cli.conftest import Run
from tests.conftest import ROOT

LEGACY, AGGREGATED = ROOT / "examples/tenancy-legacy", ROOT / "examples/tenancy-aggregated"


def test_it_prints_what_is_granted_void_and_beyond(run: Run) -> None:
    ran = run("template", "project-member", LEGACY)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "role template project-member (Project Member), project, legacy model"
    places = [
        lines.index(text) for text in ("in every namespace of the project:", "void, as no RoleBinding grants it:")
    ]
    assert places == sorted(places)
    assert "  harvester, the whole cluster: ClusterRole project-member-promoted" in lines


def test_both_models_grant_the_same_in_namespaces(run: Run) -> None:
    legacy, aggregated = (
        json.loads(run("template", "read-only", source, "--format", "json").out)["granted"]
        for source in (LEGACY, AGGREGATED)
    )
    assert (legacy["model"], aggregated["model"]) == ("legacy", "aggregated")
    assert legacy["rules"]
    assert legacy["rules"] == aggregated["rules"]
    assert legacy["void"] == aggregated["void"]


def test_it_compares_two(run: Run) -> None:
    ran = run("template", "project-member", LEGACY, "--compare", "read-only")
    assert ran.code == 0
    head, _, rest = ran.out.partition("only read-only:\n")
    assert "  binds ClusterRole create-ns\n" in head
    assert "  binds ClusterRole PROJECT-namespaces-readonly\n" in rest
    as_json = json.loads(run("template", "project-member", LEGACY, "--compare", "read-only", "--format", "json").out)
    assert as_json["comparison"]["only_other"] == []


def test_it_says_that_scopes_differ(run: Run) -> None:
    ran = run("template", "cluster-owner", LEGACY, "--compare", "read-only")
    assert ran.out.startswith("cluster-owner is of context cluster, read-only of project\n")


def test_an_unknown_name_is_wrong_use(run: Run) -> None:
    ran = run("template", "project-membr", LEGACY)
    assert ran.code == 2
    assert "did you mean project-member" in ran.err


def test_two_that_are_one_differ_in_nothing(run: Run) -> None:
    ran = run("template", "read-only", LEGACY, "--compare", "read-only")
    assert ran.out == "only read-only:\n  nothing\nonly read-only:\n  nothing\n"


def test_it_says_what_is_wrong_with_a_template(run: Run, tmp_path: Path) -> None:
    made = {
        "apiVersion": "management.cattle.io/v3",
        "kind": "RoleTemplate",
        "metadata": {"name": "ring"},
        "roleTemplateNames": ["ring", "gone"],
    }
    (tmp_path / "ring.json").write_text(json.dumps(made), "utf-8")
    ran = run("template", "ring", LEGACY, "--cluster", "rancher", "--with", tmp_path / "ring.json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "role template ring, no context: it can be inherited, not bound, legacy model",
        "not there: gone",
        "it inherits itself, in a circle",
        "on the whole cluster:",
        "  nothing",
    ]


def test_what_was_not_read_is_said(run: Run, tmp_path: Path) -> None:
    for cluster in ("harvester", "rancher"):
        (tmp_path / cluster).mkdir()
        for file in (LEGACY / cluster).iterdir():
            if not file.name.startswith("features"):
                (tmp_path / cluster / file.name).write_bytes(file.read_bytes())
    ran = run("template", "project-member", tmp_path)
    assert ran.code == 3
    assert ran.out.splitlines()[-1].startswith("note: not read from rancher: feature aggregated-roletemplates")
    answer = json.loads(run("template", "project-member", tmp_path, "--format", "json").out)
    assert (answer["complete"], len(answer["notes"])) == (False, 1)


def test_a_comparison_shows_what_is_wrong_with_either(run: Run, tmp_path: Path) -> None:
    more = tmp_path / "more.json"
    template = {
        "apiVersion": "management.cattle.io/v3",
        "kind": "RoleTemplate",
        "metadata": {"name": "odd"},
        "context": "project",
        "roleTemplateNames": ["odd", "gone"],
    }
    more.write_text(json.dumps(template))
    ran = run("template", "read-only", LEGACY, "--source", f"rancher={more}", "--compare", "odd")
    assert ran.out.splitlines()[:2] == ["odd: not there: gone", "odd: it inherits itself, in a circle"]


def test_a_locked_template_and_one_that_goes_are_called_so(run: Run, tmp_path: Path) -> None:
    template = {
        "apiVersion": "management.cattle.io/v3",
        "kind": "RoleTemplate",
        "metadata": {"name": "shut", "deletionTimestamp": "2026-01-01T00:00:00Z"},
        "context": "cluster",
        "locked": True,
    }
    (tmp_path / "shut.json").write_text(json.dumps(template))
    ran = run("template", "shut", LEGACY, "--cluster", "rancher", "--with", tmp_path / "shut.json")
    assert "it is locked: nobody can be bound to it anew" in ran.out
    assert "being deleted in Rancher: shut" in ran.out
