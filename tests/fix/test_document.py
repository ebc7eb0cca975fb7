"""The plan file: what people may change in it, and what is refused."""

from collections.abc import Callable
from typing import Any  # YAML is untyped

import pytest
import yaml

from rbac_audit.errors import BadInput
from rbac_audit.fix import document
from rbac_audit.fix.plan import Plan
from tests.fix.worlds import binding, estate, planned


def plan() -> Plan:
    return planned(estate([binding("dev/b", "edit", "User:u-alice")]))


def test_consent_is_given_in_the_file() -> None:
    text = document.write(plan())
    read = document.read(text.replace("given: false", "given: true"), "plan.yaml")
    assert not plan().steps[0].agreed
    assert read.steps[0].agreed
    assert document.digest(read) == document.digest(plan()), "consent does not make another plan of it"


Edit = Callable[[dict[str, Any]], object]
EDITS: dict[str, Edit] = {
    "somebody else": lambda step: step["do"]["creates"][-1]["manifest"].update(userName="u-mallory"),
    "no consent needed": lambda step: step["consent"].update(needed=False),
    "no reason": lambda step: step["consent"]["because"].pop(),
    "nothing held": lambda step: step["preconditions"].clear(),
    "nothing kept": lambda step: step["effects"].clear(),
    "nothing waited for": lambda step: step["expect"].clear(),
    "no way back": lambda step: step["undo"]["creates"].clear(),
    "another number": lambda step: step.update(id="0002"),
    "another object": lambda step: step["do"]["deletes"][0].update(namespace="prod"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_nothing_but_consent_is_changed_in_the_file(edit: Edit) -> None:
    raw = yaml.safe_load(document.write(plan()))
    document.read(yaml.safe_dump(raw), "plan.yaml")
    edit(raw["steps"][0])
    with pytest.raises(BadInput, match=r"plan at plan\.yaml: more than consent was changed in it"):
        document.read(yaml.safe_dump(raw), "plan.yaml")


def test_a_step_is_neither_taken_out_nor_put_in_twice() -> None:
    raw = yaml.safe_load(document.write(many()))
    for steps in (raw["steps"][:1], raw["steps"][::-1], raw["steps"] * 2):
        with pytest.raises(BadInput, match="more than consent was changed in it"):
            document.read(yaml.safe_dump(raw | {"steps": steps}), "plan.yaml")


def test_a_plan_without_its_seal_is_not_read() -> None:
    text = document.write(plan())
    with pytest.raises(BadInput, match="its seal differs"):
        document.read(text.partition("seal:")[0], "plan.yaml")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is no plan of rbac-audit"),
        ("- 1\n", "it is no plan of rbac-audit"),
        ("a: [", "it is no YAML"),
        ("format: rbac-audit/plan/v2\n", "its format is rbac-audit/plan/v2"),
        ("format: rbac-audit/plan/v1\n", "missing required field"),
        (document.write(plan()).replace("given: false", "givn: true"), "unknown field `givn`"),
        (document.write(plan()).replace("given: false", "given: yess"), "Expected `bool`"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_place(text: str, problem: str) -> None:
    with pytest.raises(BadInput, match="plan at plan") as raised:
        document.read(text, "plan.yaml")
    assert problem in str(raised.value)


def test_hostile_names_stay_texts() -> None:
    name = "activedirectory_group://CN=<script>|#: 'x'\"\n\u202e,OU=a"
    attribute = {"metadata": {"name": name}, "displayName": "x"}
    from tests.fix.worlds import MANAGEMENT, obj

    groups = {"ad": {"Items": [attribute]}}
    extra = [obj(MANAGEMENT, "UserAttribute", "u-bob", UserName="u-bob", GroupPrincipals=groups)]
    made = planned(estate([binding("dev/b", "edit", f"Group:{name}")], extra))
    assert document.read(document.write(made), "plan.yaml") == made
    assert made.steps[0].do.creates[0].manifest["groupPrincipalName"] == name


def many() -> Plan:
    """Several steps with the same rights."""
    raw = [binding(f"{place}/b", "edit", f"User:{name}") for place, name in (("dev", "u-alice"), ("lab", "u-bob"))]
    return planned(estate(raw))


def test_what_steps_have_in_common_is_stated_once_and_read_back_in_full() -> None:
    made = many()
    text = document.write(made)
    assert document.read(text, "plan.yaml") == made
    written = yaml.safe_load(text)
    used = [step["effects"][0]["kept"][0]["rules"] for step in written["steps"]]
    assert used[0] == used[1]
    assert used[0].startswith("rights-")
    first = made.steps[0].effects[0].kept[0].rules
    assert [tuple(item["verbs"]) for item in written["rights"][used[0]]] == [item.verbs for item in first]
    assert text.count("pods") < document.write(plan()).count("pods") * 2
    assert list(written)[-2:] == ["rights", "seal"]


def test_what_is_used_once_stays_in_its_place() -> None:
    for made in (plan(), many()):
        text = document.write(made)
        written = yaml.safe_load(text)
        assert all(text.count(name) > 2 for name in written.get("rights", {}))
    kept = yaml.safe_load(document.write(plan()))["steps"][0]["effects"][0]["kept"][0]["rules"]
    assert isinstance(kept, list)
    assert len(kept) > 3


def test_lists_may_stand_in_their_places() -> None:
    """An editor, or a program, that writes the file anew may write them out."""
    made = many()
    written = yaml.safe_load(document.write(made))
    lists = written.pop("rights")

    def filled(value: object) -> object:
        if isinstance(value, dict):
            return {key: filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [filled(item) for item in value]
        return lists.get(value, value) if isinstance(value, str) else value

    assert document.read(yaml.safe_dump(filled(written)), "plan.yaml") == made


@pytest.mark.parametrize("rights", ["{}", "[]", "none"])
def test_a_name_that_is_not_there_is_told_with_its_place(rights: str) -> None:
    text = document.write(many()).partition("\nrights:")[0] + f"\nrights: {rights}\n"
    with pytest.raises(BadInput, match=r"Expected `array`, got `str` - at `\$\.steps\[0\]\.effects\[0\]") as raised:
        document.read(text, "plan.yaml")
    assert "plan again" in str(raised.value)


def test_other_rights_under_a_name_are_another_plan() -> None:
    text = document.write(many())
    head, _, lists = text.partition("\nrights:")
    with pytest.raises(BadInput, match="more than consent was changed in it"):
        document.read(f"{head}\nrights:{lists.replace('pods', 'pods/exec')}", "plan.yaml")


def test_the_file_can_be_read() -> None:
    """Words on one line, sentences on one each, and none of YAML's own references."""
    lines = document.write(many()).splitlines()
    assert "    - namespaces: [dev]" in lines
    assert any(line.startswith("    - 'gain (project) in prod of harvester: ") for line in lines)
    assert not any("&id" in line or ": *" in line for line in lines)
    assert max(map(len, lines)) < 260
