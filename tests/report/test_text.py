import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbac_audit.report.text import UNSAFE, count, one_line, prose, visible
from tests.report.hostile import HOSTILE


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("RoleBinding shop/devs", "RoleBinding shop/devs"),
        ("Gr\u00fc\u00dfe, \u4f60\u597d, \u0430\u0431\u0432", "Gr\u00fc\u00dfe, \u4f60\u597d, \u0430\u0431\u0432"),
        ("a\nb", "a\\u000ab"),
        ("a\tb\r", "a\\u0009b\\u000d"),
        ("\x1b[31mred", "\\u001b[31mred"),
        ("\x9b31mred", "\\u009b31mred"),
        ("next\x85line", "next\\u0085line"),
        ("line\u2028and\u2029paragraph", "line\\u2028and\\u2029paragraph"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\ud800", "\\ud800"),
        ("tag \U000e0041", "tag \\U000e0041"),
        ("[red]x[/red] <script> a|b", "[red]x[/red] <script> a|b"),
    ],
)
def test_what_moves_the_cursor_is_written_as_its_escape(text: str, written: str) -> None:
    assert one_line(text) == written


@given(st.text(st.characters()))
def test_any_text_stays_on_its_line_and_shows_what_it_holds(text: str) -> None:
    line = one_line(text)
    assert len((line + "x").splitlines()) == 1
    assert not {unicodedata.category(char) for char in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert one_line(line) == line


def test_characters_that_act_are_shown() -> None:
    assert visible("a\nb\u202ec\x7f\U000e0041") == "a␊b⟨U+202E⟩c␡⟨U+E0041⟩"
    assert prose("a\n\tb\u202ec") == "a\n\tb⟨U+202E⟩c"


@given(st.text(st.characters()))
def test_nothing_that_acts_is_left_in_what_is_shown(text: str) -> None:
    assert not {unicodedata.category(char) for char in visible(text)} & set(UNSAFE)
    assert not {unicodedata.category(char) for char in prose(text).replace("\n", "").replace("\t", "")} & set(UNSAFE)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_loses_nothing(name: str) -> None:
    kept = [char for char in name if unicodedata.category(char) not in {"Cc", "Cf"}]
    line = iter(one_line(name))
    assert all(char in line for char in kept), "each in its place"


@pytest.mark.parametrize(
    ("number", "written"), [(0, "0 findings"), (1, "1 finding"), (2, "2 findings"), (1_000, "1,000 findings")]
)
def test_a_number_has_its_noun(number: int, written: str) -> None:
    assert count(number, "finding") == written
