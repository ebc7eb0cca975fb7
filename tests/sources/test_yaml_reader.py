"""YAML text to manifests: what is read, what is refused and where, and that chunks do not matter."""

import math
from collections.abc import Iterator
from itertools import pairwise

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rbac_audit.sources import limits
from rbac_audit.sources.documents import Document, ListEnd, Part, Problem
from rbac_audit.sources.yaml_reader import read_yaml


def parts(text: str) -> list[Part]:
    return list(read_yaml(iter([text]), "x.yaml"))


def raws(text: str) -> list[object]:
    return [part.raw for part in parts(text) if isinstance(part, Document)]


def problems(text: str) -> list[tuple[int, int, int, str, bool]]:
    return [
        (part.place.document, part.place.item, part.place.line, part.text, part.rest_lost)
        for part in parts(text)
        if isinstance(part, Problem)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\n\n# only a comment\n", []),
        ("---\n---\n---\n", []),
        ("a: 1", [{"a": 1}]),
        ("a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}]),
        ("---\na: 1\n---\n# Source: chart/templates/role.yaml\n---\nb: 2", [{"a": 1}, {"b": 2}]),
        ("--- {a: 1}\n--- # comment\nb: 2\n...\n", [{"a": 1}, {"b": 2}]),
        ("%YAML 1.1\n---\na: 1\n", [{"a": 1}]),
        ("# Source\n---\na: 1\n---", [{"a": 1}]),
        ("a: |\n  one\n  ---\n  two\n", [{"a": "one\n---\ntwo\n"}]),
        ("a: 'one ---\n  --- two'\n", [{"a": "one --- --- two"}]),
        ("a: 1\r\n---\r\nb: 2\r\n", [{"a": 1}, {"b": 2}]),
        ("---x: 1\n", [{"---x": 1}]),
        ("null\n---\n~\n---\na: 1", [{"a": 1}]),
        ("a: 1\n...\n# end\n---\nc: 3\n...\n", [{"a": 1}, {"c": 3}]),
        ('{"a": 1}\n---\n{"b": [1, 2]}\n', [{"a": 1}, {"b": [1, 2]}]),
    ],
)
def test_documents(text: str, expected: list[object]) -> None:
    assert raws(text) == expected


@pytest.mark.parametrize("end", ["\r", "\x85", "\u2028", "\u2029"])
def test_a_document_behind_another_line_end_is_not_lost_in_silence(end: str) -> None:
    text = f"a: 1{end}---{end}b: 2\n---\nc: 3\n"
    assert raws(text) == [{"a": 1}, {"c": 3}]
    assert [(document, text, lost) for document, _, _, text, lost in problems(text)] == [
        (1, "a document whose `---` follows no line feed", True)
    ]


@pytest.mark.parametrize(
    ("scalar", "expected"),
    [
        ("text", "text"),
        ("yes", True),
        ("Off", False),
        ("y", "y"),
        ("'yes'", "yes"),
        ("! yes", "yes"),
        ("!!str yes", "yes"),
        ("", None),
        ("~", None),
        ("Null", None),
        ("nULL", "nULL"),
        ("12", 12),
        ("-1_000", -1000),
        ("010", 8),
        ("0x1F", 31),
        ("0b11", 3),
        ("08", "08"),
        ("1.5", 1.5),
        (".5e+1", 5.0),
        ("1e5", "1e5"),
        ("190:20:30", "190:20:30"),
        ("190:20:30.15", "190:20:30.15"),
        ("2026-11-22T20:41:33Z", "2026-11-22T20:41:33Z"),
        ("2026-11-22", "2026-11-22"),
        ("=", "="),
        ("!!int '7'", 7),
        ("v1.2.3", "v1.2.3"),
        ("-", "-"),
        ("+", "+"),
    ],
)
def test_scalars_are_those_of_yaml_1_1_without_timestamps(scalar: str, expected: object) -> None:
    text = "a: |\n  -\n" if scalar == "-" else f"a: {scalar}\n"
    expected = "-\n" if scalar == "-" else expected
    assert raws(text) == [{"a": expected}]
    assert type(raws(text)[0]["a"]) is type(expected)  # type: ignore[index]  # checked above


@pytest.mark.parametrize("scalar", [".inf", "-.Inf", ".NaN", "!!float .inf", "1.0e+999", "1" * 5000])
def test_numbers_that_json_cannot_write_are_refused(scalar: str) -> None:
    assert problems(f"b: 1\na: {scalar}\n") == [(1, 0, 2, "a number that JSON cannot write", True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", (1, 0, 3, "a key is given twice in one mapping", True)),
        ("a:\n  b: 1\n  b: 1\n", (1, 0, 3, "a key is given twice in one mapping", True)),
        ("x: 1\n---\n\na: [1\n---\nb: 2", (2, 0, 5, "no valid YAML (did not find expected ',' or ']')", True)),
        ("a: !!python/object:os.system x\n", (1, 0, 1, "a tag that manifests may not have", True)),
        ("a: !!python/object/apply:os.system [x]\n", (1, 0, 1, "a tag that manifests may not have", True)),
        ("a: !!binary aGk=\n", (1, 0, 1, "a tag that manifests may not have", True)),
        ("a: !!set {x}\n", (1, 0, 1, "a tag that manifests may not have", True)),
        ("!Sub\na: 1\n", (1, 0, 1, "a tag that manifests may not have", True)),
        ("a: *nowhere\n", (1, 0, 1, "an alias without an anchor before it", True)),
        ("a: &x [*x]\n", (1, 0, 1, "an alias without an anchor before it", True)),
        ("? [a, b]\n: 1\n", (1, 0, 1, "a key must be a plain text", True)),
        ("<<: 5\n", (1, 0, 1, "`<<` merges mappings only", True)),
        ("- a\n- b\n", (1, 0, 1, "a manifest must be a mapping", True)),
        ("just text\n", (1, 0, 1, "a manifest must be a mapping", True)),
        ("a: 1\n---\nb: c\n\nd: \x07\n", (2, 0, 5, "no valid YAML (a character that YAML does not allow)", True)),
        ("# two\n{a: 1}\n{b: 2}\n", (1, 0, 3, "no valid YAML (did not find expected <document start>)", True)),
        ("a: 1\n...\nb: 2\n", (1, 0, 3, "no valid YAML (did not find expected <document start>)", True)),
        ("a: {{ .Values.x }}\n", (1, 0, 1, "a key must be a plain text", True)),
    ],
)
def test_what_is_refused_and_where(text: str, expected: tuple[int, int, int, str, bool]) -> None:
    assert problems(text) == [expected]


def test_a_broken_document_does_not_hide_the_others() -> None:
    text = "a: 1\n---\nb: [\n---\nc: 3\n---\nd: {{ x }}\n---\ne: 5\n"
    assert raws(text) == [{"a": 1}, {"c": 3}, {"e": 5}]
    assert [(document, line) for document, _, line, _, _ in problems(text)] == [(2, 4), (4, 7)]


LIST = """\
apiVersion: v1
items:
- apiVersion: v1
  kind: A
  x: &anchor [1, 2]
- apiVersion: v1
  kind: B
  y: 1
  y: 2
- just text
-   apiVersion: v1
    kind: C
    x: *anchor
- {}
kind: List
metadata:
  resourceVersion: ""
"""


@pytest.mark.parametrize("indented", [False, True])
def test_lists_are_read_item_by_item(indented: bool) -> None:
    text = LIST
    if indented:
        head, _, rest = LIST.partition("items:\n")
        items, _, tail = rest.partition("kind: List")
        text = f"{head}items:\n" + "".join(f"    {line}\n" for line in items.splitlines()) + f"kind: List{tail}"
    found = parts(text)
    assert [(part.raw["kind"], part.raw["x"]) for part in found if isinstance(part, Document)] == [
        ("A", [1, 2]),
        ("C", [1, 2]),
    ]
    assert problems(text) == [
        (1, 2, 9, "a key is given twice in one mapping", False),
        (1, 3, 10, "an item must be a mapping", False),
        (1, 5, 14, "neither the item nor its list says apiVersion and kind", False),
    ]
    assert [(part.kind, part.items) for part in found if isinstance(part, ListEnd)] == [("List", 5)]


def test_a_syntax_error_in_a_list_loses_the_rest_of_it_and_says_so() -> None:
    text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A}\n- {b: [}\n- {c: 3}\n---\nd: 4\n"
    assert raws(text) == [{"apiVersion": "v1", "kind": "A"}, {"d": 4}]
    assert [(number, line, lost) for number, _, line, _, lost in problems(text)] == [(1, 5, True)]


@pytest.mark.parametrize("first", ["apiVersion: g/v1\nkind: FooList\n", ""])
def test_items_of_a_typed_list_take_its_kind(first: str) -> None:
    text = f"{first}items:\n- metadata: {{name: a}}\n" + ("" if first else "apiVersion: g/v1\nkind: FooList\n")
    assert raws(text) == [{"apiVersion": "g/v1", "kind": "Foo", "metadata": {"name": "a"}}]


def test_a_kind_of_its_own_may_have_a_field_items() -> None:
    assert raws("apiVersion: v1\nkind: Menu\nitems: [1, {a: 2}]\n") == [{"apiVersion": "v1", "kind": "Menu"}]


def test_merge_keys_and_anchors() -> None:
    text = "a: &base {x: 1, y: 2}\nb:\n  <<: [*base, {z: 3, x: 9}]\n  y: 5\nc:\n  '<<': 1\n"
    assert raws(text) == [{"a": {"x": 1, "y": 2}, "b": {"y": 5, "x": 1, "z": 3}, "c": {"<<": 1}}]


def test_what_a_document_says_itself_counts_before_what_it_merges() -> None:
    text = "x: &base {kind: Role, apiVersion: v1, y: 2}\n<<: *base\nkind: Secret\n"
    assert raws(text) == [
        {"x": {"kind": "Role", "apiVersion": "v1", "y": 2}, "kind": "Secret", "apiVersion": "v1", "y": 2}
    ]
    assert problems("<<: {a: 1}\n<<: {a: 2}\nb: 1\nb: 2\n") == [(1, 0, 4, "a key is given twice in one mapping", True)]


def test_keys_are_texts() -> None:
    assert raws("1: a\nyes: b\nnull: c\n'': d\n") == [{"1": "a", "yes": "b", "null": "c", "": "d"}]


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("a: " + "[" * (limits.DEPTH - 1) + "]" * (limits.DEPTH - 1), False),
        ("a: " + "[" * limits.DEPTH + "]" * limits.DEPTH, True),
        ("a: " + "[" * 100_000, True),
        ("a:\n" + "".join(" " * depth + "a:\n" for depth in range(1, 300)), True),
        ("a: " + "{b: " * 50_000, True),
        ("- " * 50_000, True),
    ],
)
def test_depth(text: str, refused: bool) -> None:
    found = problems(text)
    assert [problem[3] for problem in found] == ([f"nested deeper than {limits.DEPTH} levels"] if refused else [])


def test_alias_bombs_are_refused_before_they_grow() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 10)}]" for i in range(12)]
    ((_, _, line, problem, _),) = problems("\n".join(lines))
    assert problem == f"one object has over {limits.YAML_COST} values, counting what its aliases repeat"
    assert line <= 6


def test_merge_bombs_are_refused() -> None:
    wide = "a0: &a0 {" + ", ".join(f"k{i}: 1" for i in range(1000)) + "}\n"
    text = wide + "".join(f"b{i}: {{<<: *a0}}\n" for i in range(1000))
    assert [problem[3].partition(" values")[0] for problem in problems(text)] == [
        f"one object has over {limits.YAML_COST}"
    ]


def test_a_long_text_repeated_by_aliases_costs_its_length() -> None:
    text = f"a: &a {'x' * 1_000_000}\n" + "".join(f"b{i}: *a\n" for i in range(100))
    assert len(problems(text)) == 1


def test_an_item_has_a_limit_but_a_list_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ITEM_BYTES", 1_000)
    monkeypatch.setattr("rbac_audit.sources.yaml_text._LONGEST_HELD", 100)
    item = "- {apiVersion: v1, kind: A, x: " + "y" * 500 + "}\n"
    chunks = [f"kind: List\napiVersion: v1\nitems:\n{item}", *[item] * 50]
    assert len([part for part in read_yaml(iter(chunks), "x") if isinstance(part, Document)]) == 51
    chunks[20:20] = ["- {x: '" + "y" * 500] + ["y" * 500] * 100 + ["'}\n"]
    found = [part for part in read_yaml(iter(chunks), "x") if isinstance(part, Problem)]
    assert [(part.text, part.rest_lost) for part in found] == [("one item or document is larger than 0 MiB", True)]


def test_many_anchors_are_refused() -> None:
    text = "a:\n" + "".join(f"- &a{i} x\n" for i in range(limits.YAML_ANCHORS + 5))
    assert [problem[3] for problem in problems(text)] == [f"over {limits.YAML_ANCHORS} anchors, or very large ones"]


PIECES = [
    "a: 1\n",
    "---\n",
    "--- x\n",
    "- b\n",
    "...\n",
    "# c\n",
    "\n",
    "k: |\n  t\n  ---\n",
    "'q\n",
    "%T x\n",
    "---",
    "--",
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.lists(st.integers(0, 80), max_size=8))
def test_chunks_do_not_matter(text: str, cuts: list[int]) -> None:
    places = sorted({0, *(cut for cut in cuts if cut < len(text)), len(text)})
    chunks = [text[one:other] for one, other in pairwise(places)]
    assert list(read_yaml(iter(chunks), "x.yaml")) == parts(text)


class Peer(yaml.CSafeLoader):
    """PyYAML's own reader, without what Kubernetes does not have either."""

    yaml_implicit_resolvers = {  # noqa: RUF012 # as in the class above it
        first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith(("timestamp", "value"))]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(st.lists(st.dictionaries(st.text(max_size=8), VALUES, min_size=1, max_size=4), max_size=4), st.booleans())
def test_what_pyyaml_writes_is_read_as_pyyaml_reads_it(documents: list[dict[str, object]], flow: bool) -> None:
    documents = [document for document in documents if "items" not in document]
    text = yaml.dump_all(documents, Dumper=yaml.CSafeDumper, explicit_start=True, default_flow_style=flow)
    assert _same(raws(text), list(yaml.load_all(text, Peer)))


def _same(one: object, other: object) -> bool:
    """Equal, but with 1 and 1.0 and True apart."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and one == other


PLAIN = st.text(st.sampled_from("0123456789.:-+_eExXbBoOfFnNaAyYsStTruUlL~ii"), min_size=1, max_size=8)


@given(PLAIN)
def test_plain_scalars_are_those_of_pyyaml(scalar: str) -> None:
    text = f"a: {scalar}\n"
    try:
        (expected,) = yaml.load_all(text, Peer)
    except (yaml.YAMLError, ValueError):
        return
    if not isinstance(expected, dict) or _differs_by_design(scalar, expected):
        return
    assert raws(text) == [expected]
    assert type(raws(text)[0]["a"]) is type(expected["a"])  # type: ignore[index]  # equal to a mapping


def _differs_by_design(scalar: str, expected: dict[str, object]) -> bool:
    value = expected.get("a")
    return ":" in scalar or (isinstance(value, float) and not math.isfinite(value))


def _endless() -> Iterator[str]:
    yield "apiVersion: v1\nkind: List\nitems:\n"
    while True:
        yield "- {apiVersion: v1, kind: A}\n" * 1000


def test_reading_is_lazy() -> None:
    first = next(read_yaml(_endless(), "x.yaml"))
    assert isinstance(first, Document)
    assert first.raw["kind"] == "A"
