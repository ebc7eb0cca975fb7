import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any  # reports are read back as plain JSON

import pytest
import yaml

from rbac_audit.audit.report import Report
from rbac_audit.cli.formats import FORMATS
from rbac_audit.report import html, json_format, markdown, terminal
from tests.cli.conftest import Run, spawned
from tests.conftest import ROOT
from tests.estates import audited

EXAMPLES = ROOT / "examples"
LIVED_IN = EXAMPLES / "lived-in"
LEGACY = EXAMPLES / "tenancy-legacy"
TODAY = ("--today", "2026-11-25")
CLEAN = """
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: reader}, rules: []}
"""


def parsed(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def written(path: Path) -> dict[str, Any]:
    return parsed(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def usual() -> dict[str, Any]:
    """The report about lived-in, made without the command."""
    return parsed(json_format.render(audited(LIVED_IN)).decode())


def findings(report: dict[str, Any]) -> list[str]:
    return [finding["fingerprint"] for finding in report["findings"]]


# ---- exit codes: the table of the README


def test_0_nothing_at_or_above_fail_on_and_everything_read(run: Run) -> None:
    assert run("audit", LEGACY, "--fail-on", "high").code == 0


def test_1_findings(run: Run) -> None:
    assert run("audit", LEGACY).code == 1
    assert run("audit", LIVED_IN, "--fail-on", "critical").code == 1


WRONG = [
    ["-o", "-", "--format", "pdf"],
    ["-o", "-", "--rule", "nonsense"],
    ["-o", "/no/such/folder/report"],
]


@pytest.mark.parametrize("arguments", WRONG)
def test_2_wrong_use_and_nothing_written(run: Run, tmp_path: Path, arguments: list[str]) -> None:
    target = tmp_path / "report.json"
    ran = run("audit", LIVED_IN, "--format", "json", "-o", target, "--format", "html", *arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert list(tmp_path.iterdir()) == []


def test_2_bad_input_and_nothing_written(run: Run, tmp_path: Path) -> None:
    source, target = tmp_path / "estate.json", tmp_path / "report.json"
    source.write_bytes(b"\x00\x01 no manifest")
    assert run("audit", source, "--format", "json", "-o", target).code == 2
    assert not target.exists()


def test_3_nothing_found_but_not_everything_could_be_read(run: Run) -> None:
    ran = run("audit", "shop=-", stdin=CLEAN.encode())
    assert ran.code == 3
    assert "No findings" in ran.out
    assert "could not be evaluated" in ran.out


def test_the_exit_code_is_in_the_report(run: Run) -> None:
    for source, code in ((LIVED_IN, 1), (LEGACY, 0)):
        ran = run("audit", source, "--format", "json", "--fail-on", "high")
        assert ran.code == parsed(ran.out)["summary"]["exit_code"] == code


# ---- sources


def test_a_snapshot_file_gives_the_same_findings_as_its_folder(run: Run, tmp_path: Path, usual: dict[str, Any]) -> None:
    for ending in ("jsonl.zst", "jsonl.gz", "jsonl"):
        file = tmp_path / f"estate.{ending}"
        assert run("snapshot", LIVED_IN, "-o", file).code == 0
        again = parsed(run("audit", file, "--format", "json", *TODAY).out)
        for part in ("findings", "gaps", "not_evaluated", "projects", "people", "holdings", "summary", "rules"):
            assert json.dumps(again[part]) == json.dumps(usual[part]), part
        assert again["estate"]["digest"] == usual["estate"]["digest"]


def test_several_sources_join_into_one_estate(run: Run, usual: dict[str, Any]) -> None:
    parts = (f"rancher={LIVED_IN / 'rancher'}", f"harvester={LIVED_IN / 'harvester'}")
    report = parsed(run("audit", *parts, "--format", "json", *TODAY).out)
    assert findings(report) == findings(usual)


def test_a_name_names_the_cluster(run: Run) -> None:
    report = parsed(run("audit", f"berlin={LIVED_IN / 'harvester'}", "--format", "json").out)
    assert [cluster["name"] for cluster in report["estate"]["clusters"]] == ["berlin"]
    assert {finding["cluster"] for finding in report["findings"]} == {"berlin"}


def test_standard_input_is_a_source(run: Run) -> None:
    text = (LIVED_IN / "harvester/clusterrolebindings.rbac.authorization.k8s.io.yaml").read_bytes()
    report = parsed(run("audit", "shop=-", "--format", "json", stdin=text).out)
    (cluster,) = report["estate"]["clusters"]
    kinds = [raw["kind"] for raw in yaml.load_all(text, yaml.CSafeLoader)]
    assert (cluster["name"], cluster["objects"]) == ("shop", len(kinds))


def test_a_stated_id_links_clusters_that_do_not_say_it(run: Run, tmp_path: Path) -> None:
    shutil.copytree(LIVED_IN, tmp_path, dirs_exist_ok=True)
    (tmp_path / "harvester/namespaces.yaml").unlink()
    lost = parsed(run("audit", tmp_path, "--format", "json").out)
    assert "the Rancher that manages it" in [gap["what"] for gap in lost["gaps"]]
    stated = parsed(run("audit", tmp_path, "--format", "json", "--rancher-id", "harvester=c-m-t5n2vq8c").out)
    assert stated["gaps"] == []
    (cluster,) = [it for it in stated["estate"]["clusters"] if it["name"] == "harvester"]
    assert (cluster["rancher_id"], cluster["rancher_id_from"]) == ("c-m-t5n2vq8c", "stated")


def test_a_support_bundle_is_a_source(run: Run, shared_data: Path) -> None:
    bundle = next((shared_data / "support-bundle").glob("*.zip"))
    ran = run("audit", bundle)
    assert ran.code == 1
    assert "a support bundle never has the objects of the Rancher that manages its cluster" in ran.out


# ---- formats and files


def test_the_date_is_that_of_today_and_may_be_stated(run: Run) -> None:
    assert parsed(run("audit", LEGACY, "--format", "json", "--today", "2026-02-28").out)["date"] == "2026-02-28"


def test_several_formats_go_to_several_files_and_say_the_same(run: Run, tmp_path: Path) -> None:
    names = {"json": tmp_path / "r.json", "html": tmp_path / "r.html", "terminal": tmp_path / "r.txt"}
    arguments = [word for form, path in names.items() for word in ("--format", form, "-o", path)]
    ran = run("audit", LIVED_IN, *arguments, *TODAY)
    assert (ran.code, ran.out, ran.err) == (1, "", "")
    assert sorted(tmp_path.iterdir()) == sorted(names.values())
    number = len(written(names["json"])["findings"])
    assert names["terminal"].read_text("utf-8").splitlines()[-1].startswith(f"{number} findings (")
    assert names["html"].read_text("utf-8").startswith("<!doctype html>")


def test_one_format_may_go_to_standard_output(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    ran = run("audit", LEGACY, "--format", "terminal", "-o", "-", "--format", "json", "-o", target)
    assert ran.out.endswith(".\n")
    assert written(target)["format"] == "rbac-audit/report/v1"


def test_the_terminal_is_the_format_where_none_is_stated(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    shown = run("audit", LEGACY, *TODAY).out
    assert run("audit", LEGACY, "-o", target, *TODAY).out == ""
    assert target.read_text("utf-8") == shown
    assert "\x1b" not in shown


def test_a_colour_that_is_asked_for_does_not_reach_a_file(tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    spawned("audit", LEGACY, "-o", target, changes={"FORCE_COLOR": "1"})
    assert "\x1b" not in target.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "json", "--format", "html"], "two formats would be mixed on standard output"),
        (["--format", "json", "-o", "-", "--format", "html", "-o", "-"], "two formats would be mixed"),
        (["--format", "json", "-o", "a", "-o", "b"], "2 paths for 1 format;"),
        (["-o", "a", "-o", "b"], "2 paths for 1 format;"),
        # Else the text for the terminal would be in report.html.
        (["--format", "terminal", "--format", "html", "-o", "report.html"], "1 path for 2 formats;"),
        (["--format", "json", "-o", "a", "--format", "html", "-o", "a"], "two formats would be written to one file"),
        (["-o", "."], "it is a folder"),
    ],
)
def test_outputs_that_do_not_fit_are_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("audit", LEGACY, *arguments)
    assert ran.code == 2
    assert words in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_bad_place_is_refused_before_anything_is_read(run: Run, tmp_path: Path) -> None:
    ran = run("audit", "/no/such/estate", "-o", tmp_path / "missing/report")
    assert "there is no folder" in ran.err


def test_a_format_that_fails_leaves_every_file_as_it_was(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_report: Report, _language: str) -> str:
        raise ZeroDivisionError

    monkeypatch.setitem(FORMATS, "html", broken)
    old, new = tmp_path / "report.json", tmp_path / "report.html"
    old.write_text("yesterday")
    with pytest.raises(ZeroDivisionError):
        run("audit", LEGACY, "--format", "json", "-o", old, "--format", "html", "-o", new)
    assert old.read_text() == "yesterday"
    assert list(tmp_path.iterdir()) == [old]


def test_a_file_has_what_the_format_renders() -> None:
    report = audited(LEGACY)
    assert FORMATS["terminal"](report, "de") == terminal.plain(report).encode()
    assert FORMATS["json"](report, "de") == json_format.render(report)
    assert FORMATS["html"](report, "de") == html.render(report, "de").encode()
    assert FORMATS["markdown"](report, "en") == markdown.render(report).encode()


# ---- what changed, one project only, and the words


def test_a_run_is_compared_with_an_earlier_report(run: Run, tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.json"
    run("audit", LIVED_IN, *TODAY, "--format", "json", "-o", earlier)
    same = parsed(run("audit", LIVED_IN, *TODAY, "--since", earlier, "--format", "json").out)
    assert same["since"]["new"] == []
    assert same["since"]["unchanged"] == len(same["findings"])
    old = written(earlier)
    lost, *kept = old["findings"]
    other = {**lost, "fingerprint": "f" * 16, "message": "was there before"}
    earlier.write_text(json.dumps({**old, "findings": [other, *kept]}), "utf-8")
    ran = run("audit", LIVED_IN, *TODAY, "--since", earlier)
    assert ran.out.splitlines()[-2] == (
        f"Since the report of 2026-11-25: 1 finding is new, 1 is gone and {len(kept)} are unchanged."
    )
    assert any(line.startswith("gone ") and "was there before" in line for line in ran.out.splitlines())
    assert sum(line.endswith(" (new)") for line in ran.out.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "it cannot be read (No such file or directory)"),
        ("", "it is no report ("),
        ("[]", "it is no report ("),
        ("\xff", "it is no report ("),
        ("{}", "it is no report ("),
        ('{"format": "rbac-audit/report/v2"', "it is no report ("),
        ('{"more": ' + "[" * 100_000, "it is no report ("),
    ],
)
def test_what_is_no_report_is_one_line(run: Run, tmp_path: Path, text: str | None, problem: str) -> None:
    earlier = tmp_path / "earlier.json"
    if text is not None:
        earlier.write_bytes(text.encode("latin-1"))
    ran = run("audit", LEGACY, "--since", earlier, "--format", "json", "-o", tmp_path / "new.json")
    assert (ran.code, ran.out) == (2, "")
    assert f"report at {earlier}: {problem}" in ran.err
    assert "give a report that rbac-audit audit --format json wrote" in ran.err
    assert not (tmp_path / "new.json").exists()


def test_a_report_of_another_format_is_refused(run: Run, tmp_path: Path, usual: dict[str, Any]) -> None:
    earlier = tmp_path / "earlier.json"
    earlier.write_text(json.dumps({**usual, "format": "rbac-audit/report/v2"}), "utf-8")
    ran = run("audit", LIVED_IN, "--since", earlier)
    assert ran.code == 2
    assert "its format is rbac-audit/report/v2" in ran.err


def test_a_report_that_an_older_version_wrote_can_be_compared(run: Run, tmp_path: Path, usual: dict[str, Any]) -> None:
    """Keys are only added: a report without the newer ones is a report."""
    newer = ("templates", "accounts", "survival", "public", "command", "since", "extract")
    earlier = tmp_path / "earlier.json"
    old = {key: value for key, value in usual.items() if key not in newer}
    old["holdings"] = [{key: row[key] for key in row if key != "grants"} for row in usual["holdings"]]
    earlier.write_text(json.dumps(old), "utf-8")
    assert parsed(run("audit", LIVED_IN, "--since", earlier, "--format", "json").out)["since"]["gone"] == []


def test_an_extract_is_about_one_project(run: Run, usual: dict[str, Any]) -> None:
    home = next(each for each in usual["projects"] if each["namespaces"] and not each["system"])
    ran = run("audit", LIVED_IN, *TODAY, "--project", home["id"], "--extract", "--format", "json")
    found = parsed(ran.out)
    assert ran.code == found["summary"]["exit_code"]
    assert [each["id"] for each in found["projects"]] == [home["id"]]
    assert found["findings"]
    for each in found["findings"]:
        assert set(each["scope"]["namespaces"]) <= set(home["namespaces"])
    others = {name for each in usual["projects"] if each["id"] != home["id"] for name in each["namespaces"]} - {
        "default"
    }
    assert [name for name in others if f'"{name}"' in ran.out] == []
    assert found["command"] == ""


@pytest.mark.parametrize("projects", [(), ("--project", "a", "--project", "b")])
def test_an_extract_needs_one_project(run: Run, projects: tuple[str, ...]) -> None:
    ran = run("audit", LEGACY, "--extract", *projects)
    assert ran.code == 2
    assert "--extract: it is about one project; name it with --project, once" in ran.err


def test_the_words_are_chosen_by_option_only(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    assert "# Access report" in run("audit", LEGACY, "--format", "markdown").out
    assert "# Zugriffsbericht" in run("audit", LEGACY, "--format", "markdown", "--language", "de").out
    assert run("audit", LEGACY, "--language", "fr").code == 2


def test_the_report_says_the_exact_command_that_made_it(run: Run, tmp_path: Path) -> None:
    source = shutil.copytree(LEGACY, tmp_path / "a b")
    found = parsed(run("audit", source, "--format", "json", *TODAY).out)
    assert found["command"] == f"rbac-audit audit '{source}' --format json --today 2026-11-25"


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are UTF-8 there")
@pytest.mark.parametrize("form", ["json", "html", "markdown", "terminal"])
def test_a_source_whose_name_is_no_text_is_read_and_named(run: Run, tmp_path: Path, form: str) -> None:
    """Names on disk are bytes: of Latin-1, say, or of UTF-8 where the locale is C."""
    source = tmp_path / os.fsdecode(b"gr\xfcn.yaml")
    source.write_text("{apiVersion: v1, kind: Namespace, metadata: {name: a}}")
    ran = run("audit", source, "--format", form)
    assert (ran.code, ran.err) == (3, "")
    assert form not in {"json", "html"} or "gr\ufffdn.yaml" in ran.out


# ---- filters


def test_filters_hide_and_say_so(run: Run, usual: dict[str, Any]) -> None:
    ran = run("audit", LIVED_IN, "--format", "json", "--min-severity", "high", "--project", "ledger", *TODAY)
    report = parsed(ran.out)
    expected = [
        finding["fingerprint"]
        for finding in usual["findings"]
        if finding["severity"] in {"critical", "high"}
        and (finding["scope"]["project"] == "c-m-t5n2vq8c:p-h2x8c" or "ledger-books" in finding["scope"]["namespaces"])
    ]
    assert findings(report) == expected != []
    assert report["summary"]["hidden"] == len(usual["findings"]) - len(expected)
    assert report["filters"] == {"project": ["ledger"], "min-severity": ["high"]}
    assert report["not_evaluated"] == usual["not_evaluated"]


def test_the_terminal_says_how_many_are_hidden(run: Run) -> None:
    ran = run("audit", LIVED_IN, "--rule", "wildcard-role")
    assert len([line for line in ran.out.splitlines() if not line.startswith("note: ")]) == 2
    assert "findings hidden by the filters" in ran.out


# ---- own policies


def test_a_policy_that_cannot_be_used_is_one_line_and_no_report(run: Run, tmp_path: Path) -> None:
    policies, target = tmp_path / "mine", tmp_path / "report.json"
    policies.mkdir()
    (policies / "bad.yaml").write_text(
        "apiVersion: rbac-audit/v1\nkind: AccessPolicy\nmetadata: {name: x}\nspec: {titel: y}\n"
    )
    ran = run("audit", LEGACY, "--policies", policies, "--format", "json", "-o", target)
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
    assert "mine/bad.yaml" in ran.err
    assert "did you mean title" in ran.err
    assert not target.exists()


def test_an_own_policy_is_one_more_rule(run: Run, tmp_path: Path) -> None:
    shipped = next((ROOT / "policies").rglob("settings-write.yaml")).read_text("utf-8")
    (tmp_path / "own.yaml").write_text(shipped.replace("settings-write", "my-settings-write"), "utf-8")
    ran = run("audit", LIVED_IN, "--policies", tmp_path, "--rule", "my-settings-write", "--format", "json")
    report = parsed(ran.out)
    assert {finding["rule"] for finding in report["findings"]} == {"my-settings-write"}


# ---- what never shows


def test_no_value_of_a_secret_is_in_any_output(run: Run, tmp_path: Path) -> None:
    canary = "canary-s3cr3t"
    source = tmp_path / "estate.yaml"
    source.write_text(
        f"{{apiVersion: v1, kind: Secret, metadata: {{name: x, namespace: harvester-public}}, stringData: {{password: {canary}}}}}\n"
        f"---\n{{apiVersion: v1, kind: Secret, metadata: {{name: [{canary}], namespace: y}}, data: {{a: [{canary}]}}}}\n"
        f"---\n{{apiVersion: harvesterhci.io/v1beta1, kind: Setting, metadata: {{name: backup-target}}, value: '{canary}'}}\n",
        "utf-8",
    )
    for form in FORMATS:
        ran = run("audit", source, "--format", form)
        assert ran.code in {1, 3}
        assert canary not in ran.out + ran.err


def test_a_cluster_without_a_change_is_refused(run: Run) -> None:
    ran = run("audit", LIVED_IN, "--cluster", "harvester")
    assert (ran.code, ran.out) == (2, "")
    assert "give --with or --without as well" in ran.err
