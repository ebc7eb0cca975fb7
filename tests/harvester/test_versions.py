import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbac_audit.harvester.versions import at_least, parse


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("v1.9.0", (1, 9, 0)),
        ("1.9.0", (1, 9, 0)),
        ("v1.9", (1, 9, 0)),
        ("v1.9.0-rc6", (1, 9, 0)),
        ("v1.33.4+rke2r1", (1, 33, 4)),
        (" v2.15.0\n", (2, 15, 0)),
        ("v1.10.12", (1, 10, 12)),
        ("master-head", None),
        ("dev", None),
        ("", None),
        ("v1", None),
        ("1", None),
    ],
)
def test_a_version_is_read_as_its_release(text: str, found: tuple[int, int, int] | None) -> None:
    assert parse(text) == found


@pytest.mark.parametrize(
    ("version", "bound", "newer"),
    [
        ("v1.9.0", "1.9", True),
        ("v1.9.0", "1.9.1", False),
        ("v1.10.0", "1.9", True),
        ("v1.9.0-rc6", "1.9.0", True),
        ("v1.8.3", "1.9", False),
        ("v2.0.0", "1.99.99", True),
        ("master-head", "1.9", None),
        ("v1.9.0", "next", None),
    ],
)
def test_versions_are_compared_as_numbers(version: str, bound: str, newer: bool | None) -> None:
    assert at_least(version, bound) is newer


NUMBERS = st.tuples(*[st.integers(0, 300)] * 3)


@given(NUMBERS, NUMBERS)
def test_the_order_is_that_of_the_numbers(one: tuple[int, int, int], other: tuple[int, int, int]) -> None:
    first, second = ("v" + ".".join(map(str, it)) for it in (one, other))
    assert parse(first) == one
    assert at_least(first, second) is (one >= other)


@given(st.text())
def test_any_text_is_read_or_is_no_release(text: str) -> None:
    found = parse(text)
    assert found is None or all(part >= 0 for part in found)
