"""JSON text to manifests: Lists, single objects, documents in a row, JSON lines, and what is refused."""

import json
from collections import Counter
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbac_audit.snapshot.decode import decode
from rbac_audit.sources import limits
from rbac_audit.sources.documents import Batch, Document, ListEnd, Part, Problem
from rbac_audit.sources.json_reader import read_json
from rbac_audit.sources.json_window import Window
from tests.sources.builders import binding, role, thing

A, B = {"apiVersion": "v1", "kind": "A", "x": [1, {"y": "z"}]}, {"apiVersion": "v1", "kind": "B", "x": None}


def parts(text: str, size: int = 1 << 20) -> list[Part]:
    return list(read_json((text[at : at + size] for at in range(0, len(text), size)), "x.json"))


def raws(text: str) -> list[object]:
    return [part.raw for part in parts(text) if isinstance(part, Document)]


def problems(text: str) -> list[tuple[int, int, str, bool]]:
    return [
        (part.place.document, part.place.line, part.text, part.rest_lost)
        for part in parts(text)
        if isinstance(part, Problem)
    ]


def kubectl(*items: object, kind: str = "List", indent: int | None = 4) -> str:
    content = {"apiVersion": "v1", "items": items, "kind": kind, "metadata": {"resourceVersion": ""}}
    return json.dumps(content, indent=indent) + "\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t", []),
        (json.dumps(A), [A]),
        (json.dumps(A) + json.dumps(B), [A, B]),
        (f"{json.dumps(A, indent=2)}\n---\n{json.dumps(B)}\n", [A, B]),
        (f"{json.dumps(A)}\n{json.dumps(B)}\n\n", [A, B]),
        (kubectl(A, B), [A, B]),
        (kubectl(A, B, indent=None), [A, B]),
        (kubectl(), []),
        (kubectl(A) + kubectl(B), [A, B]),
        (f"[{json.dumps(A)}, {json.dumps(B)}]", [A, B]),
        ("[]", []),
        ("{}", [{}]),
        (
            '{"kind": "FooList", "apiVersion": "g/v1", "items": [{"a": 1}]}',
            [{"kind": "Foo", "apiVersion": "g/v1", "a": 1}],
        ),
        (
            '{"items": [{"a": 1}], "kind": "FooList", "apiVersion": "g/v1"}',
            [{"kind": "Foo", "apiVersion": "g/v1", "a": 1}],
        ),
        ('{"items": null, "kind": "FooList"}', [{"items": None, "kind": "FooList"}]),
        ('{"items": {"a": 1}, "kind": "Menu", "b": {}}', [{"items": {"a": 1}, "kind": "Menu", "b": {}}]),
        ('{"a": 1, "a": 2}', [{"a": 2}]),
        ('{"\\u0061": "\\ud83d\\ude00 \\u00e9"}', [{"a": "😀 é"}]),
        ('{"a": "\\\\ud800"}', [{"a": "\\ud800"}]),
    ],
)
def test_documents(text: str, expected: list[object]) -> None:
    assert raws(text) == expected
    for size in (1, 2, 7):
        assert parts(text, size) == parts(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nonsense", (1, 1, "{ or [ expected at the start of a document", True)),
        ('{"a": 1,\n}', (1, 2, "a field name in quotes expected", True)),
        ('{"a" 1}\n', (1, 1, ": expected after a field name", False)),
        ('{"a": 1\n"b": 2}', (1, 2, ", or } expected after a value", True)),
        ('{"a":\n', (1, 2, "it ends in the middle of a value", True)),
        ('{"a": [1, 2', (1, 1, "it ends in the middle of a value", True)),
        ('{"a": "text', (1, 1, "it ends in the middle of a value", True)),
        ('{\n"a": tru\n}' + " " * 100, (1, 2, "no valid JSON", True)),
        ('{"a": NaN\n}', (1, 1, "NaN and Infinity are no JSON", True)),
        ('{"a": [-Infinity]\n}', (1, 1, "NaN and Infinity are no JSON", True)),
        ('{"a":\n "\\ud800"}\n{}', (1, 2, r"half of a surrogate pair (\ud800 to \udfff) in a text", True)),
        ('{"a":\n "\\uDFFF"}', (1, 2, r"half of a surrogate pair (\ud800 to \udfff) in a text", True)),
        ('{"a":\n' + "1" * 5000 + "}", (1, 2, "a number is too long", True)),
        ('{"a":\n' + "[" * 100_000 + "}", (1, 2, f"nested deeper than {limits.DEPTH} levels", True)),
        ('{"a":\n' + '{"b":' * 100_000 + "}", (1, 2, f"nested deeper than {limits.DEPTH} levels", True)),
        ('{"a":\n' + "[" * 500 + "]" * 500 + "}", (1, 2, f"nested deeper than {limits.DEPTH} levels", True)),
        ("{'a': 1\n}", (1, 1, "a field name in quotes expected", True)),
        ("{'a': 1}\n", (1, 1, "a field name in quotes expected", False)),
    ],
)
def test_what_is_refused_and_where(text: str, expected: tuple[int, int, str, bool]) -> None:
    assert problems(text) == [expected]


def test_depth_is_counted_and_not_guessed_from_the_number_of_brackets() -> None:
    deep: object = "x"
    for _ in range(limits.DEPTH - 1):
        deep = [deep]
    wide: list[object] = [[{"a": []}]] * 200
    assert raws(json.dumps({"a": deep, "b": wide})) == [{"a": deep, "b": wide}]


def test_a_bad_line_of_json_lines_does_not_hide_the_others() -> None:
    text = f'{json.dumps(A)}\n{{"a" 5}}\n{json.dumps(B)}\n{{"x": NaN}}\n{json.dumps(A)}\n'
    assert raws(text) == [A, B, A]
    assert problems(text) == [
        (2, 2, ": expected after a field name", False),
        (4, 4, "NaN and Infinity are no JSON", False),
    ]


def test_a_truncated_list_keeps_what_came_before_and_says_that_the_rest_is_lost() -> None:
    text = kubectl(A, B, A)
    cut = text[: text.rindex('"kind": "A"')]
    assert raws(cut) == [A, B]
    ((_, line, problem, lost),) = problems(cut)
    assert (problem, lost) == ("it ends in the middle of a value", True)
    assert line == cut.count("\n") + 1


def test_a_broken_list_on_one_line_has_lost_its_rest_although_the_next_line_is_read() -> None:
    text = kubectl(A, B, indent=None).replace('"kind": "B"', '"kind" "B"') + json.dumps(A) + "\n"
    assert raws(text) == [A, A]
    assert [(number, lost) for number, _, _, lost in problems(text)] == [(1, True)]


def test_items_that_are_no_manifests_are_named() -> None:
    text = kubectl(A, 5, {"kind": "B"}, [], None)
    found = [part for part in parts(text) if isinstance(part, Problem)]
    assert [(part.place.item, part.text) for part in found] == [
        (2, "an item must be a mapping"),
        (4, "an item must be a mapping"),
        (5, "an item must be a mapping"),
        (3, "neither the item nor its list says apiVersion and kind"),
    ]
    assert [part.items for part in parts(text) if isinstance(part, ListEnd)] == [5]


def test_items_that_wait_for_their_kind_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HELD_ITEMS", 2)
    text = '{"items": [{"a": 1}, {"a": 2}, {"a": 3}], "kind": "FooList", "apiVersion": "g/v1"}'
    assert len(raws(text)) == 2
    assert [problem[2].partition(";")[0] for problem in problems(text)] == [
        "over 2 items without apiVersion and kind before the list says its own"
    ]


def test_places_name_document_item_and_line() -> None:
    places = [str(part.place) for part in parts(kubectl(A, B) + json.dumps(A)) if isinstance(part, Document)]
    first = kubectl(A, B).splitlines()
    opened = [number + 1 for number, line in enumerate(first) if line == "        {"]
    assert places == [
        f"x.json, document 1, item 1, line {opened[0]}",
        f"x.json, document 1, item 2, line {opened[1]}",
        f"x.json, document 2, line {len(first) + 1}",
    ]


def test_one_value_has_a_limit_but_a_list_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ITEM_BYTES", 2_000)
    assert len(raws(kubectl(*[A] * 200))) == 200
    big = {"apiVersion": "v1", "kind": "A", "x": "y" * 10_000}
    found = parts(kubectl(A, big, A), 500)
    assert [part.raw for part in found if isinstance(part, Document)] == [A]
    assert [(part.text, part.rest_lost) for part in found if isinstance(part, Problem)] == [
        ("one value is larger than 0 MiB", True)
    ]
    fields = {f"k{i}": "v" * 100 for i in range(100)}
    found = parts(json.dumps({"a": [], **fields}, indent=1), 500)
    assert [part.text for part in found if isinstance(part, Problem)] == ["one document is larger than 0 MiB"]


def test_reading_is_lazy() -> None:
    def endless() -> Iterator[str]:
        yield '{"kind": "List", "items": ['
        while True:
            yield (json.dumps(A) + ",") * 1000

    first = next(read_json(endless(), "x.json"))
    assert isinstance(first, Document)
    assert first.raw == A


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=6).filter(lambda key: key != "items"), JSON, max_size=4)


@given(st.lists(OBJECTS, max_size=5), st.integers(1, 40), st.sampled_from([None, 0, 1, 4]), st.booleans())
def test_everything_that_json_writes_is_read_in_chunks_of_any_size(
    objects: list[dict[str, object]], size: int, indent: int | None, ascii_only: bool
) -> None:
    text = "\n".join(json.dumps(each, indent=indent, ensure_ascii=ascii_only) for each in objects)
    assert [part.raw for part in parts(text, size) if isinstance(part, Document)] == objects
    items = [{"apiVersion": "v1", "kind": "A", **each} for each in objects]
    text = json.dumps({"items": items, "kind": "List"}, indent=indent, ensure_ascii=ascii_only)
    found = parts(text, size)
    assert [part.raw for part in found[:-1] if isinstance(part, Document)] == items
    assert isinstance(found[-1], ListEnd)


@given(st.text(st.sampled_from('{}[],:"ab\\ \n1-tnNI'), max_size=30), st.integers(1, 8))
def test_no_text_makes_the_reader_fail_or_depend_on_chunks(text: str, size: int) -> None:
    assert parts(text, size) == parts(text)


def _seen(text: str, size: int, *, batches: bool) -> tuple[list[str], list[tuple[str, str]], dict[str, int]]:
    """Objects, problems, and unknown kinds, whether they came many at once or one by one."""
    objects, bad, unknown = [], [], Counter[str]()
    chunks = (text[at : at + size] for at in range(0, len(text), size))
    for part in read_json(chunks, "x.json", batches=batches):
        match part:
            case Batch():
                objects += list(map(repr, part.objects))
                unknown.update({kind: count for (_, kind), count in part.unknown.items()})
            case Document(raw, place):
                try:
                    item = decode(raw)
                except msgspec.ValidationError as error:
                    bad.append((str(place), str(error)))
                    continue
                if item is None:
                    unknown[str(raw["kind"])] += 1
                else:
                    objects.append(repr(item))
            case Problem():
                bad.append((str(part.place), part.text))
            case ListEnd():
                bad.append((str(part.place), f"{part.items} items"))
    return objects, bad, unknown


ITEMS: list[object] = [
    role("a"),
    role("b", rules=[{"verbs": ["}", "},", ",{", '"'], "resources": ["é😀"]}]),
    binding(),
    {**binding("late"), "subjects": None},
    thing("v1", "Secret", "s", "a", data={"x": "eA=="}, metadata={"name": "s", "managedFields": [{}, {"a": {}}]}),
    thing("v1", "ConfigMap", "c", "a", data={"x": '{"items": [{"apiVersion": "v1"}]}'}),
    thing("v1", "Bad kind", "c"),
    thing("management.cattle.io/v3", "Project", "p", "c", spec={"resourceQuota": {"limit": {"pods": "1"}}}),
    role("bad", rules=[5]),
    5,
    {"kind": "Role"},
]


ROLES = [role("a"), role("b", rules=None), role("bad", rules=[5])]


@given(
    st.lists(st.sampled_from(ITEMS), max_size=30)
    | st.lists(st.sampled_from(ROLES), max_size=30)
    | st.tuples(st.sampled_from(ITEMS), st.integers(0, 30)).map(lambda drawn: [drawn[0]] * drawn[1]),
    st.integers(20, 3_000),
    st.sampled_from([None, 1, 4]),
    st.booleans(),
)
def test_many_items_at_once_are_the_same_as_one_by_one(
    items: list[object], size: int, indent: int | None, ordered: bool
) -> None:
    text = json.dumps({"items": items, "kind": "List"}, indent=indent, sort_keys=ordered)
    assert _seen(text, size, batches=True) == _seen(text, size, batches=False)
    half = text[: len(text) // 2]
    assert _seen(half, size, batches=True) == _seen(half, size, batches=False)


def test_kubectl_lists_really_come_many_at_once() -> None:
    found = list(read_json(iter([kubectl(*map(role, map(str, range(1_000))))]), "x.json", batches=True))
    assert [len(part) if isinstance(part, Batch) else 1 for part in found] == [1, 998, 1, 1]


def test_what_is_free_form_comes_one_by_one() -> None:
    quota = {"resourceQuota": {"limit": {"pods": "1"}}}
    projects = [thing("management.cattle.io/v3", "Project", f"p-{number}", "c", spec=quota) for number in range(9)]
    found = list(read_json(iter([kubectl(*projects)]), "x.json", batches=True))
    assert not any(isinstance(part, Batch) for part in found)


def test_the_window_does_not_grow_when_nothing_more_comes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [
        role("a"),
        role("b"),
        *({"metadata": {"name": f"r{i}"}, "kind": "X", "apiVersion": "v1"} for i in range(5_000)),
    ]
    text = kubectl(*items, indent=None)
    grown: list[int] = []
    more = Window.more

    def counted(window: Window) -> bool:
        found = more(window)
        grown.append(len(window.text))
        return found

    monkeypatch.setattr(Window, "more", counted)
    chunks = (text[at : at + 10_000] for at in range(0, len(text), 10_000))
    monkeypatch.setattr(limits, "CHUNK_BYTES", 10_000)
    assert len(list(read_json(chunks, "x.json", batches=True))) == 5_003
    assert max(grown) < 40_000
