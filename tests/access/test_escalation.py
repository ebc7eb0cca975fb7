"""Covers: may a holder of some rules hand out others (component-helpers policy_comparator.go)."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rbac_audit.access import covers, rule_allows, uncovered
from rbac_audit.access.escalation import breakdown
from rbac_audit.snapshot.objects import PolicyRule
from tests.access import reference, worlds
from tests.access.manifests import Manifest
from tests.access.worlds import Request, typed

EVERYTHING: Manifest = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}


def on(verbs: str, resources: str = "pods", names: str = "", groups: str = "core") -> Manifest:
    """A resource rule from lists divided by spaces; `core` is the core group."""
    made: Manifest = {
        "verbs": verbs.split(),
        "apiGroups": ["" if group == "core" else group for group in groups.split()],
        "resources": resources.split(),
    }
    return {**made, "resourceNames": names.split()} if names else made


def at(urls: str, verbs: str = "get") -> Manifest:
    """A URL rule from lists divided by spaces."""
    return {"verbs": verbs.split(), "nonResourceURLs": urls.split()}


def both(rule: Manifest, urls: str) -> Manifest:
    """A rule on resources and URLs, which no API server stores."""
    return {**rule, "nonResourceURLs": urls.split()}


def typed_all(rules: list[Manifest]) -> tuple[PolicyRule, ...]:
    return tuple(map(typed, rules))


COVERED: list[tuple[list[Manifest], list[Manifest]]] = [
    ([], []),
    ([EVERYTHING], [on("get")]),
    ([EVERYTHING], [EVERYTHING]),
    ([EVERYTHING], [on("*", "*/log pods/*", "web", "apps core")]),
    ([on("get list")], [on("list")]),
    ([on("get"), on("list")], [on("get list")]),
    ([on("get"), on("get", "secrets")], [on("get", "secrets pods")]),
    ([on("get", groups="core apps")], [on("get", groups="apps")]),
    ([on("get")], [on("get", names="web db")]),
    ([on("get", names="web db")], [on("get", names="db")]),
    ([on("get", names="web"), on("get", names="db")], [on("get", names="web db")]),
    ([on("get", "*/log")], [on("get", "pods/log")]),
    ([on("get", "*/log")], [on("get", "*/log")]),
    ([on("get", "*/a/b")], [on("get", "pods/a/b")]),
    ([on("get", "pods/*")], [on("get", "pods/*")]),
    ([on("get", "*/*")], [on("get", "pods/*")]),
    ([at("*")], [at("/x/* /y")]),
    ([at("/x/*")], [at("/x/y")]),
    ([at("/x*")], [at("/x/*")]),
    ([at("/x/**")], [at("/x/*")]),
    ([at("/x/*")], [at("/x/**")]),
    ([at("/x", "get put")], [at("/x", "put")]),
    ([at("/x"), at("/y")], [at("/x /y")]),
    # What grants nothing may be handed out by anybody.
    ([], [{"verbs": ["*"], "resources": ["*"]}]),
    ([], [{"verbs": ["*"], "apiGroups": ["*"]}]),
    ([], [{"apiGroups": ["*"], "resources": ["*"]}]),
    ([], [{"nonResourceURLs": ["*"]}]),
    ([both(on("get"), "/x")], [both(on("get"), "/x")]),
    ([on("get"), at("/x")], [both(on("get"), "/x")]),
]

MISSING: list[tuple[list[Manifest], list[Manifest], list[Manifest]]] = [
    ([], [on("get")], [on("get")]),
    ([on("get")], [on("list get watch")], [on("list"), on("watch")]),
    ([on("get")], [on("*")], [on("*")]),
    # Every verb that there is does not make a `*`.
    ([on("get list watch create update patch delete deletecollection")], [on("*")], [on("*")]),
    ([on("get", groups="core apps")], [on("get", groups="*")], [on("get", groups="*")]),
    ([on("get", "pods")], [on("get", "pods/log")], [on("get", "pods/log")]),
    ([on("get", "*/log")], [on("get", "log")], [on("get", "log")]),
    ([on("get", "*/log")], [on("get", "pods/catalog")], [on("get", "pods/catalog")]),
    ([on("get", "*/b")], [on("get", "pods/a/b")], [on("get", "pods/a/b")]),
    ([on("get", "pods/log")], [on("get", "*/log")], [on("get", "*/log")]),
    ([on("get", "pods/*")], [on("get", "pods/log")], [on("get", "pods/log")]),
    ([on("get", "*/*")], [on("get", "pods/log pods *")], [on("get", "pods/log"), on("get", "pods"), on("get", "*")]),
    ([on("get", names="web")], [on("get")], [on("get")]),
    ([on("get", names="web")], [on("get", names="web db")], [on("get", names="db")]),
    ([on("get", names="*")], [on("get", names="web")], [on("get", names="web")]),
    # No single rule holds verb and resource together.
    ([on("get", "pods"), on("list", "secrets")], [on("list", "pods")], [on("list", "pods")]),
    ([{"verbs": ["*"], "resources": ["*"]}], [on("get")], [on("get")]),
    ([at("/x")], [at("/x/* /x /y")], [at("/x/*"), at("/y")]),
    ([at("/x/*")], [at("/x")], [at("/x")]),
    ([at("/x/*")], [at("/x*")], [at("/x*")]),
    ([at("/x*y")], [at("/xzy")], [at("/xzy")]),
    ([at("*")], [at("/x", "put")], [at("/x", "put")]),
    ([EVERYTHING], [at("/x")], [at("/x")]),
    ([at("*", "*")], [on("get")], [on("get")]),
    # A holder limited to names covers no URL, not even its own: policy_comparator.go compares the names as well.
    ([both(on("get", names="web"), "/x")], [both(on("get", names="web"), "/x")], [at("/x")]),
    # Each missing part is listed as often as it is wanted: groups, then resources, verbs, names.
    ([], [on("get"), on("get")], [on("get"), on("get")]),
    (
        [],
        [both(on("get list", "a b", "m n", "core apps"), "/x /y")],
        [
            *(
                on(verb, resource, name, group)
                for group in ("core", "apps")
                for resource in "ab"
                for verb in ("get", "list")
                for name in "mn"
            ),
            *(at(url, verb) for url in ("/x", "/y") for verb in ("get", "list")),
        ],
    ),
]


@pytest.mark.parametrize(("owned", "wanted"), COVERED)
def test_it_covers(owned: list[Manifest], wanted: list[Manifest]) -> None:
    assert uncovered(typed_all(owned), typed_all(wanted)) == ()
    assert covers(typed_all(owned), typed_all(wanted)) is True


@pytest.mark.parametrize(("owned", "wanted", "missing"), MISSING)
def test_it_tells_what_is_missing(owned: list[Manifest], wanted: list[Manifest], missing: list[Manifest]) -> None:
    assert uncovered(typed_all(owned), typed_all(wanted)) == typed_all(missing)
    assert covers(typed_all(owned), typed_all(wanted)) is False


def test_the_owned_rules_may_be_an_iterator() -> None:
    owned = iter(typed_all([on("get"), on("list")]))
    assert covers(owned, typed_all([on("list"), on("get")]))


RULES = worlds.rule_lists()
STORABLE = worlds.rule_lists(storable=True)


@given(RULES, RULES)
def test_it_decides_as_the_loops_of_the_api_server(owned: list[Manifest], wanted: list[Manifest]) -> None:
    whole, missing = reference.covers(owned, wanted)
    assert uncovered(typed_all(owned), typed_all(wanted)) == typed_all(missing)
    assert covers(typed_all(owned), typed_all(wanted)) is whole


@given(STORABLE)
def test_everybody_may_hand_out_what_he_holds(rules: list[Manifest]) -> None:
    assert covers(typed_all(rules), typed_all(rules))


@given(RULES, RULES)
def test_whoever_gets_what_is_missing_may_hand_it_out(owned: list[Manifest], wanted: list[Manifest]) -> None:
    holdings, asked = typed_all(owned), typed_all(wanted)
    assert covers((*holdings, *uncovered(holdings, asked)), asked)


@given(RULES, RULES, RULES)
def test_more_rules_cover_no_less(owned: list[Manifest], more: list[Manifest], wanted: list[Manifest]) -> None:
    less = uncovered(typed_all(owned), typed_all(wanted))
    assert set(uncovered(typed_all([*owned, *more]), typed_all(wanted))) <= set(less)


@given(RULES, RULES, RULES)
@example([at("/x*")], [at("/x/*")], [at("/x/y")])
@example([on("get", "*/*")], [on("get", "pods/*")], [on("get", "pods/*", "web")])
@example([EVERYTHING], [on("get", "*/log")], [on("get", "pods/log")])
def test_it_is_transitive(first: list[Manifest], second: list[Manifest], third: list[Manifest]) -> None:
    # The middle one is made of the first, so that something is covered in most examples.
    middle = tuple(atom for rule in typed_all(second) for atom in breakdown(rule) if covers(typed_all(first), [atom]))
    last = tuple(atom for rule in typed_all(third) for atom in breakdown(rule) if covers(middle, [atom]))
    assert covers(typed_all(first), last)


@given(RULES, RULES, worlds.requests())
def test_what_is_covered_is_allowed(owned: list[Manifest], wanted: list[Manifest], request: Request) -> None:
    holdings = typed_all(owned)
    covered = [atom for rule in typed_all(wanted) for atom in breakdown(rule) if covers(holdings, [atom])]
    if any(rule_allows(atom, request.permission) for atom in covered):
        assert any(rule_allows(rule, request.permission) for rule in holdings)


@given(worlds.rules(), worlds.requests())
def test_the_parts_of_a_rule_allow_what_it_allows(rule: Manifest, request: Request) -> None:
    whole = rule_allows(typed(rule), request.permission)
    assert any(rule_allows(atom, request.permission) for atom in breakdown(typed(rule))) is whole


@given(worlds.rules(), st.data())
def test_every_part_is_of_one_verb_one_thing_and_at_most_one_name(rule: Manifest, data: st.DataObject) -> None:
    atoms = list(breakdown(typed(rule)))
    if atoms:
        atom = data.draw(st.sampled_from(atoms))
        on_resource = (1, 1, 1, min(1, len(rule.get("resourceNames", ()))), 0)
        sizes = (atom.verbs, atom.api_groups, atom.resources, atom.resource_names, atom.non_resource_urls)
        assert tuple(map(len, sizes)) in {on_resource, (1, 0, 0, 0, 1)}
