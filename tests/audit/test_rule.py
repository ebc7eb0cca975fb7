import pytest

from tests.estates import every_rule

RULES = {rule.id: rule for rule in every_rule()}


def test_ids_are_kebab_case_and_unique() -> None:
    assert len(RULES) == len(every_rule())
    assert all(name == name.lower() and name.replace("-", "").isalnum() for name in RULES)


@pytest.mark.parametrize("name", RULES)
def test_the_page_of_a_rule_has_its_parts(name: str) -> None:
    rule = RULES[name]
    assert rule.title
    assert "\n" not in rule.title
    assert not rule.title.endswith(".")
    assert rule.why == " ".join(rule.section("Why").split())
    assert rule.why
    assert rule.section("What")
    assert rule.references
    assert rule.fix.text


def test_a_section_ends_where_the_next_begins() -> None:
    rule = RULES["kubevirt-only-binding"]
    assert "##" not in rule.section("Why")
    assert rule.section("Nothing") == ""
    assert rule.page.index(rule.section("What")) < rule.page.index(rule.section("Why"))


@pytest.mark.parametrize("name", RULES)
def test_a_rule_needs_or_uses_something(name: str) -> None:
    """Else it would say clean of a cluster of which nothing was read."""
    rule = RULES[name]
    assert rule.needs or rule.uses or rule.needs_rancher
