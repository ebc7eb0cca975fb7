"""The change record of applies and rollbacks on two real API servers, and the events that are told meanwhile."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from rbac_audit.fix import document
from tests.controlplane.plugin import Estate
from tests.fix.proxy import Call, Fate
from tests.fix.stage import Stage, journal_of, staged
from tests.fix.worlds import binding

pytestmark = pytest.mark.timeout(300)
Record = dict[str, Any]


@pytest.fixture
def stage(two_apiservers: Estate, tmp_path: Path) -> Iterator[Stage]:
    with staged(two_apiservers, tmp_path, 2) as made:
        yield made


def answered(text: str) -> tuple[list[Record], Record]:
    """Take apart what was told, an event a line, and the answer at the end."""
    start = text.index('{\n  "format"')
    events = [json.loads(line) for line in text[:start].splitlines()]
    return events, json.loads(text[start : text.rindex("}") + 1])


def shown(stage: Stage, plan: Path, form: str = "json") -> str:
    ran = stage.run("fix", "show", journal_of(plan), "--format", form)
    assert ran.code == 0, ran.text
    return ran.text


def states(record: Record) -> list[str]:
    return [step["state"] for step in record["steps"]]


def sent(stage: Stage, path: str) -> list[Call]:
    """Requests to change something that took effect, or of one path."""
    after = [call for call in stage.faults.calls if call.when == "after" and call.method != "GET"]
    if path:
        return [call for call in after if call.path.endswith(path)]
    return [call for call in after if "reviews" not in call.path and "dryRun" not in call.path and not is_dry(call)]


def is_dry(call: Call) -> bool:
    return b'"dryRun"' in call.body


def test_a_record_counts_what_the_servers_were_sent(stage: Stage) -> None:
    plan = stage.plan()
    stage.faults.reset()
    ended = stage.apply(plan, "--format", "json")
    assert ended.code == 0, ended.text
    events, record = answered(ended.text)
    assert states(record) == ["done", "done"]
    assert record["counts"]["reviews"] == len(sent(stage, "/subjectaccessreviews")) > 0
    assert record["counts"]["writes"] == len(sent(stage, "")) == 5
    assert [step["rendered"] for step in record["steps"]] == [["dev", "prod"], ["dev", "prod"]]
    assert {each["name"] for session in record["sessions"] for each in session["accounts"]} == {"admin"}
    assert [each["event"] for each in events][-2:] == ["done", "end"]
    # The binding was backed up with its annotation, which nobody is told.
    assert "for u-00" in journal_of(plan).read_text("utf-8")
    assert "for u-00" not in ended.text
    assert json.loads(shown(stage, plan)) == record
    assert "fix rollback" in record["rollBack"]

    back = stage.rollback(plan, "--format", "json")
    assert back.code == 0, back.text
    _, record = answered(back.text)
    assert states(record) == ["rolled back", "rolled back"]
    assert record["rollBack"] == ""
    assert [session["command"] for session in record["sessions"]] == ["apply", "rollback"]
    assert all(session["ended"] for session in record["sessions"])
    assert record["counts"]["unknownWrites"] == 0


def test_an_account_that_is_not_told_is_said_to_be_unknown(stage: Stage) -> None:
    plan = stage.plan()
    stage.faults.reset(lambda call: 403 if "selfsubjectreviews" in call.path else None)
    ended = stage.apply(plan)
    assert ended.code == 0, ended.text
    assert "run as an account that is not told on harvester" in ended.text
    (session,) = json.loads(shown(stage, plan))["sessions"]
    assert {each["name"] for each in session["accounts"]} == {""}
    assert "as an unknown account on harvester, an unknown account on rancher" in shown(stage, plan, "terminal")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_step_is_unknown_until_somebody_finds_out(stage: Stage, when: str) -> None:
    plan = stage.plan()

    def script(call: Call) -> Fate:
        if call.method == "DELETE" and not is_dry(call) and call.when == when:
            stage.kill()
            return "cut"
        return None

    stage.faults.reset(script)
    assert stage.apply(plan).code < 0
    stage.faults.reset()
    record = json.loads(shown(stage, plan))
    assert states(record) == ["unknown", "not begun"]
    assert record["counts"]["unknownWrites"] == 1
    assert not record["sessions"][0]["ended"]
    assert record["stands"][0].startswith("step 0001, as far as it went: ")
    assert shown(stage, plan, "terminal").startswith("How a step ended is not known.\n")
    assert '<p class="note">The journal does not tell how this step ended.' in shown(stage, plan, "html")
    assert stage.apply(plan, "--resume").code == 0
    assert journal_of(plan).read_text("utf-8").count('"event":"backup"') == 2
    record = json.loads(shown(stage, plan))
    assert states(record) == ["done", "done"]
    assert record["counts"]["unknownWrites"] == 0
    assert [session["ended"] for session in record["sessions"]] == [False, True]


def test_a_failed_step_says_why_also_to_scripts(stage: Stage) -> None:
    plan = stage.plan()
    stage.faults.reset(
        lambda call: 422 if call.path.endswith("/projectroletemplatebindings") and call.method == "POST" else None
    )
    ended = stage.apply(plan, "--format", "json")
    assert ended.code == 4
    assert "\nstands: " not in ended.text
    _, record = answered(ended.text)
    assert states(record) == ["taken back", "not begun"]
    assert record["steps"][0]["because"] == ["POST was refused: 422 made up"]
    assert (record["stands"], record["rollBack"]) == ([], "")


def test_a_failed_apply_says_what_stands(stage: Stage) -> None:
    plan = stage.plan()
    writes: list[Call] = []

    def script(call: Call) -> Fate:
        if call.method == "DELETE" and not is_dry(call) and call.when == "before":
            writes.append(call)
            return 403 if len(writes) == 2 else None
        return None

    stage.faults.reset(script)
    ended = stage.apply(plan)
    assert ended.code == 4
    assert "\nstands: step 0001: project p-shop: User:u-00 as rbac-audit-" in ended.text
    assert "stands: step 0002" not in ended.text
    assert f"to take it back: rbac-audit fix rollback {journal_of(plan)} --context harvester" in ended.text
    assert stage.rollback(plan).code == 0


def test_what_a_rollback_left_alone_is_in_the_record(stage: Stage) -> None:
    plan = stage.plan()
    assert stage.apply(plan).code == 0
    made = binding("dev/raw-u-00", "pod-reader", "User:u-09")
    stage.harvester.create(made | {"metadata": {"name": "raw-u-00", "namespace": "dev"}})
    back = stage.rollback(plan, "--format", "json")
    assert back.code == 4
    _, record = answered(back.text)
    assert states(record) == ["partly rolled back", "rolled back"]
    assert record["steps"][0]["left"][0].startswith("RoleBinding dev/raw-u-00 on harvester: something else of its name")
    assert record["stands"]
    assert record["rollBack"]


def test_a_journal_that_was_cut_says_so(stage: Stage) -> None:
    plan = stage.plan()
    assert stage.apply(plan).code == 0
    journal = journal_of(plan)
    whole = journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if b'"event":"done"' in line)
    journal.write_bytes(b"".join(lines[:last]) + lines[last][:-9])
    record = json.loads(shown(stage, plan))
    assert record["cut"] is True
    assert states(record) == ["done", "unknown"]
    assert "The last line of the journal is cut off" in shown(stage, plan, "html")
    assert stage.apply(plan, "--resume").code == 0
    assert states(json.loads(shown(stage, plan))) == ["done", "done"]


def test_a_plan_for_a_cluster_without_a_rancher(stage: Stage) -> None:
    """It names no management cluster, and neither the apply nor its record asks for one."""
    labels = {"app.kubernetes.io/managed-by": "virt-operator"}
    copied = binding("dev/copy", "pod-reader", "User:u-00")
    stage.harvester.create(copied | {"metadata": {"name": "copy", "namespace": "dev", "labels": labels}})
    plan = stage.plan("--rule", "operator-label-copied")
    made = document.read(plan.read_text("utf-8"), "plan.yaml")
    assert made.management == "rancher"
    plan.write_text(document.write(replace(made, management="")), "utf-8")
    only = ("--yes", "--settle", "0.05", "--format", "json", "--kubeconfig", stage.config, "--context", "harvester")
    ended = stage.run("fix", "apply", plan, *only)
    assert ended.code == 0, ended.text
    _, record = answered(ended.text)
    assert states(record) == ["done"]
    assert record["rollBack"] == f"rbac-audit fix rollback {journal_of(plan)} --context harvester"
    assert "<dt>Management cluster</dt><dd>none</dd>" in shown(stage, plan, "html")
    back = stage.run("fix", "rollback", journal_of(plan), *only)
    assert back.code == 0, back.text
    assert states(answered(back.text)[1]) == ["rolled back"]
