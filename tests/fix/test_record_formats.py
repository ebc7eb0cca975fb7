"""The change record in each of its formats, and the page of a plan: whole, valid, harmless whatever the names are."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext

from rbac_audit.fix import show
from rbac_audit.fix.history import record
from rbac_audit.fix.journal import Event, Told
from rbac_audit.fix.plan import Plan, Refusal, Target
from rbac_audit.fix.record import Record, State
from rbac_audit.fix.record_formats import FORMATS, schema, verdict
from rbac_audit.resources import reports_dir
from tests.fix.worlds import KUBEVIRT, binding, estate, planned
from tests.report.conftest import Opened, browser
from tests.report.hostile import HOSTILE

__all__ = ["browser"]  # a fixture

SCHEMA = json.loads((reports_dir() / "change-record.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
ON_PAPER = pytest.mark.xdist_group("browser")


def plan() -> Plan:
    raw = [binding(f"dev/{name}", "kubevirt.io:edit", f"User:u-{name}") for name in ("alice", "bob", "carol")]
    raw.append(binding("dev/account", "kubevirt.io:view", "ServiceAccount:dev/c"))
    made = planned(estate(raw), "listed", KUBEVIRT)
    return msgspec.structs.replace(made, unread=("rancher: nodes: forbidden",))


def line(event: str, step: str = "", **more: object) -> Event:
    return msgspec.structs.replace(Event(event=event, at="2026-01-02T03:04:05.678+00:00", step=step), **more)


def lines(of: Plan) -> list[Event]:
    """An apply that did one step, took one back, and was killed in the third."""
    here = Target(cluster="harvester", api_version="v1", kind="RoleBinding", plural="x", namespace="dev", name="alice")
    return [
        line("begin", plan=of, digest="d" * 64),
        line("run", tool="0.1", accounts={"harvester": "admin", "rancher": ""}),
        line("ready"),
        line("step", "0001"),
        line("rendered", "0001", namespaces=("dev", "prod")),
        line("verified", "0001", reviews=12),
        line("intent", "0001", write="delete", target=here),
        line("outcome", "0001", write="delete", target=here),
        line("verified", "0001", reviews=12),
        line("done", "0001"),
        line("step", "0002"),
        line("undo", "0002", text="POST was refused: 422 no"),
        line("left", "0002", text="RoleTemplate x: somebody uses it"),
        line("step", "0003"),
        line("intent", "0003", write="delete", target=msgspec.structs.replace(here, name="carol")),
    ]


def made(*, cut: bool = False, upto: int = 99) -> Record:
    found = record(Told(tuple(lines(plan())[:upto]), cut), "plan.yaml.journal.jsonl", "0.1")
    assert found is not None
    return found


# -- JSON


def test_the_schema_in_the_repository_is_that_of_the_types() -> None:
    text = (reports_dir() / "change-record.schema.json").read_text("utf-8")
    assert text == schema(), "write rbac_audit.fix.record_formats.schema() to reports/change-record.schema.json"
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("upto", range(1, 16))
def test_a_record_fits_the_schema(upto: int) -> None:
    VALIDATOR.validate(json.loads(FORMATS["json"](made(upto=upto))))


@pytest.mark.parametrize("key", ["plan", "counts", "sessions", "steps", "refused", "cut", "stands", "rollBack", "tool"])
def test_the_schema_asks_for_every_part(key: str) -> None:
    document = json.loads(FORMATS["json"](made()))
    del document[key]
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document)


def test_the_json_says_what_a_reviewer_asks() -> None:
    document = json.loads(FORMATS["json"](made(cut=True)))
    assert document["format"] == "rbac-audit/change-record/v1"
    assert document["cut"] is True
    assert [step["state"] for step in document["steps"]] == ["done", "partly taken back", "unknown"]
    assert document["steps"][1]["because"] == ["POST was refused: 422 no"]
    assert document["steps"][1]["left"] == ["RoleTemplate x: somebody uses it"]
    assert document["counts"]["reviews"] == 24
    assert document["sessions"][0]["accounts"] == [
        {"cluster": "harvester", "name": "admin"},
        {"cluster": "rancher", "name": ""},
    ]
    assert [write["state"] for step in document["steps"] for write in step["writes"]] == ["done", "unknown"]
    assert [item["object"] for item in document["refused"]] == ["RoleBinding dev/account"]


# -- terminal


def test_the_terminal_begins_with_the_worst() -> None:
    text = FORMATS["terminal"](made(cut=True))
    assert text.startswith("How a step ended is not known.\nThe last line of the journal is cut off")
    assert "0002  convert  [partly taken back]" in text
    assert "apply at 2026-01-02T03:04:05.678+00:00" in text
    assert "and did not come to its end, as admin on harvester, an unknown account on rancher" in text
    assert "refused: RoleBinding dev/account, " not in text
    assert "refused: RoleBinding dev/account: " in text
    assert "1 write, 1 of unknown outcome, 24 SubjectAccessReviews" in text


@pytest.mark.parametrize(
    ("upto", "cut", "said", "mark"),
    [
        (3, False, "Not every step was begun.", "bad"),
        (3, True, "Not every step was begun.", "unknown"),
        (10, False, "Not every step was begun.", "bad"),
        (13, False, "A step failed and could not be taken back as a whole.", "bad"),
        (15, False, "How a step ended is not known.", "unknown"),
    ],
)
def test_the_verdict(upto: int, cut: bool, said: str, mark: str) -> None:
    assert verdict(made(upto=upto, cut=cut)) == (said, mark)


def test_only_what_is_whole_is_good() -> None:
    events = lines(plan())[:2]
    events += [line(word, step) for step in ("0001", "0002", "0003") for word in ("step", "done")]
    done = record(Told((*events, line("end"))), "j", "1")
    assert done is not None
    assert verdict(done) == ("Every step is done.", "good")
    back = [line("rollback"), *(line("rolled-back", step) for step in ("0003", "0002", "0001"))]
    rolled = record(Told((*events, *back)), "j", "1")
    assert rolled is not None
    assert verdict(rolled) == ("Everything was rolled back.", "good")


def test_every_state_has_a_sentence_of_its_own() -> None:
    from rbac_audit.fix.record_formats import TOLD

    assert set(TOLD) == set(State)
    assert len(set(TOLD.values())) == len(State)


# -- names that somebody chose


OWN = {"format", "state", "command"}


def hostile(value: object, text: str, key: str = "") -> object:
    """Put a text in the place of every other one."""
    if isinstance(value, dict):
        return {
            name: each if name == "steps" and key == "counts" else hostile(each, text, name)
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [hostile(each, text, key) for each in value]
    keep = key in OWN or (key == "reach" and isinstance(value, str))
    return text if isinstance(value, str) and not keep else value


def renamed(text: str) -> Record:
    return msgspec.convert(hostile(msgspec.to_builtins(made(cut=True)), text), Record)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_name_stays_on_its_line(text: str) -> None:
    plain = FORMATS["terminal"](renamed("x")).count("\n")
    said = FORMATS["terminal"](renamed(text))
    assert said.count("\n") == plain
    assert all(char == "\n" or char.isprintable() for char in said)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_json_keeps_a_name_as_it_is(text: str) -> None:
    document = json.loads(FORMATS["json"](renamed(text)))
    VALIDATOR.validate(document)
    assert document["steps"][0]["title"] == text


# -- HTML, in a browser

Open = Callable[..., Opened]


@pytest.fixture
def open_record(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    contexts: list[BrowserContext] = []

    def opened(of: Record | Plan, **settings: object) -> Opened:
        file = tmp_path / f"record-{len(contexts)}.html"
        file.write_text(show.page(of) if isinstance(of, Plan) else FORMATS["html"](of), "utf-8")
        context = browser.new_context(**settings)  # type: ignore[arg-type]  # Playwright's options
        contexts.append(context)
        result = Opened(context.new_page())
        result.watch(file.as_uri())
        result.page.goto(file.as_uri())
        return result

    yield opened
    for context in contexts:
        context.close()


@ON_PAPER
@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1360, 400])
@pytest.mark.parametrize("of", [made(cut=True), plan()], ids=["record", "plan"])
def test_everybody_can_read_it(open_record: Open, of: Record | Plan, scheme: str, width: int) -> None:
    opened = open_record(of, color_scheme=scheme, viewport={"width": width, "height": 900})
    opened.page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true })")
    found = Axe().run(opened.page).response["violations"]
    assert [(each["id"], [node["target"] for node in each["nodes"]][:3]) for each in found] == []
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    assert (opened.complaints, opened.requests) == ([], [])


@ON_PAPER
@pytest.mark.browser
def test_the_page_says_what_the_record_does(open_record: Open) -> None:
    of = made(cut=True)
    page = open_record(of).page
    assert page.locator("h1").text_content() == "How a step ended is not known."
    assert page.locator(".verdict-unknown").count() == 1
    shown = {each: page.locator(f'[data-step="{each}"]').text_content() for each in ("0001", "0002", "0003")}
    assert shown == {step.id: step.state.value for step in of.steps}
    counted = page.locator("[data-state]").evaluate_all(
        "all => Object.fromEntries(all.map(each => [each.dataset.state, Number(each.textContent)]))"
    )
    assert counted == of.counts.steps
    text = page.locator("body").text_content() or ""
    assert "The last line of the journal is cut off" in text
    for said in (
        of.plan.digest,
        of.roll_back,
        "admin",
        "POST was refused: 422 no",
        "dev, prod",
        "rancher: nodes: forbidden",
    ):
        assert said in text
    (refusal,) = of.refused
    assert isinstance(refusal, Refusal)
    assert refusal.reason in text
    assert refusal.manual in text
    gained = [right for step in of.steps for effect in step.effects for item in effect.gained for right in item.rights]
    assert gained
    assert all(right in text for right in gained)


@ON_PAPER
@pytest.mark.browser
@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("kind", [Record, Plan])
def test_hostile_names_are_inert(open_record: Open, kind: type[Record] | type[Plan], text: str) -> None:
    of = renamed(text) if kind is Record else msgspec.convert(hostile(msgspec.to_builtins(plan()), text), Plan)
    opened = open_record(of, viewport={"width": 400, "height": 900})
    page = opened.page
    assert (
        page.locator("script, img, iframe, object, embed, link, base, form, b, svg, [onerror], [onload]").count() == 0
    )
    assert page.locator("style").count() == 1
    assert page.locator("a").evaluate_all("all => all.map(each => each.getAttribute('href'))") == ["#main"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert (opened.complaints, opened.dialogs, opened.requests) == ([], [], [])


@ON_PAPER
@pytest.mark.browser
def test_the_page_of_a_plan_says_what_its_table_says(open_record: Open) -> None:
    of = plan()
    opened = open_record(of)
    opened.page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true })")
    text = opened.page.locator("main").inner_text()
    assert f"{len(of.steps)} steps" in text
    for step in of.steps:
        assert f"{step.id} " in text
        assert step.title in text
        for effect in step.effects:
            assert all(right in text for item in (*effect.gained, *effect.lost) for right in item.rights)
        assert all(f"{item.role_template}: " in text for item in step.candidates)
        assert all(f"- {target} on {target.cluster}" in text for target in step.do.deletes)
    assert all(refusal.reason in text and refusal.manual in text for refusal in of.refusals)
    assert of.refusals
    assert "rancher: nodes: forbidden" in text


@ON_PAPER
@pytest.mark.browser
def test_the_page_runs_no_script_at_all(open_record: Open) -> None:
    opened = open_record(made())
    opened.page.evaluate(
        "() => { const made = document.createElement('script'); made.textContent = 'alert(1)'; document.body.append(made) }"
    )
    opened.page.wait_for_timeout(100)
    assert opened.dialogs == []
    assert any("Content Security Policy" in each for each in opened.complaints)
