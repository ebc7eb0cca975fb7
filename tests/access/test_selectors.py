"""Label selectors, as apimachinery metav1.LabelSelectorAsSelector and labels.Requirement decide them."""

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given

from rbac_audit.access.aggregation import selects
from rbac_audit.snapshot.objects import LabelSelector
from tests.access import reference, worlds
from tests.access.manifests import READ_PODS, Manifest, authorizer_of, cluster_role

ROLE = {"tier": "prod", "to-view": "true"}


def selector_of(raw: Manifest) -> LabelSelector:
    return msgspec.convert(raw, LabelSelector)


def needs(operator: str, *values: str, key: str = "tier") -> Manifest:
    return {"key": key, "operator": operator, "values": list(values)}


def labelled(**labels: str) -> Manifest:
    return {"matchLabels": {key.replace("_", "-"): value for key, value in labels.items()}}


def expressed(*requirements: Manifest) -> Manifest:
    return {"matchExpressions": list(requirements)}


@pytest.mark.parametrize(
    ("selector", "labels", "matches"),
    [
        ({}, {}, True),
        ({}, ROLE, True),
        (labelled(tier="prod"), ROLE, True),
        (labelled(tier="prod", to_view="true"), ROLE, True),
        (labelled(tier="prod", to_view="false"), ROLE, False),
        (labelled(tier="Prod"), ROLE, False),
        (labelled(zone="a"), ROLE, False),
        (labelled(zone=""), ROLE, False),
        (labelled(zone=""), {"zone": ""}, True),
        (expressed(needs("In", "prod")), ROLE, True),
        (expressed(needs("In", "test", "prod")), ROLE, True),
        (expressed(needs("In", "test")), ROLE, False),
        (expressed(needs("In", "prod", key="zone")), ROLE, False),
        (expressed(needs("In", "", key="zone")), ROLE, False),
        (expressed(needs("In", "", key="zone")), {"zone": ""}, True),
        (expressed(needs("NotIn", "prod")), ROLE, False),
        (expressed(needs("NotIn", "test", "prod")), ROLE, False),
        (expressed(needs("NotIn", "test")), ROLE, True),
        (expressed(needs("NotIn", "prod", key="zone")), ROLE, True),
        (expressed(needs("NotIn", "", key="zone")), ROLE, True),
        (expressed(needs("NotIn", "", key="zone")), {"zone": ""}, False),
        (expressed(needs("Exists")), ROLE, True),
        (expressed(needs("Exists")), {"tier": ""}, True),
        (expressed(needs("Exists", key="zone")), ROLE, False),
        (expressed(needs("DoesNotExist")), ROLE, False),
        (expressed(needs("DoesNotExist")), {"tier": ""}, False),
        (expressed(needs("DoesNotExist", key="zone")), ROLE, True),
        (expressed(needs("Exists"), needs("In", "prod")), ROLE, True),
        (expressed(needs("Exists"), needs("In", "test")), ROLE, False),
        (expressed(needs("In", "test"), needs("Exists")), ROLE, False),
        ({**labelled(to_view="true"), **expressed(needs("In", "prod"))}, ROLE, True),
        ({**labelled(to_view="true"), **expressed(needs("In", "test"))}, ROLE, False),
        ({**labelled(to_view="false"), **expressed(needs("In", "prod"))}, ROLE, False),
    ],
)
def test_a_selector_matches_labels(selector: Manifest, labels: Mapping[str, str], matches: bool) -> None:
    assert selects(selector_of(selector), labels) is matches


INVALID = [
    expressed(needs("Equals", "prod")),
    expressed(needs("in", "prod")),
    expressed(needs("Gt", "1")),
    expressed(needs("", "prod")),
    expressed(needs("In")),
    expressed(needs("NotIn")),
    expressed(needs("Exists", "prod")),
    expressed(needs("DoesNotExist", "prod", key="zone")),
    expressed(needs("Exists", key="")),
    expressed(needs("DoesNotExist", key="no good")),
    expressed(needs("DoesNotExist", key="a/b/c")),
    expressed(needs("DoesNotExist", key="/b")),
    expressed(needs("DoesNotExist", key="a/")),
    expressed(needs("DoesNotExist", key="Example.com/b")),
    expressed(needs("DoesNotExist", key="-b")),
    expressed(needs("DoesNotExist", key="b.")),
    expressed(needs("DoesNotExist", key="b\n")),
    expressed(needs("DoesNotExist", key="b" * 64)),
    expressed(needs("DoesNotExist", key="a." * 126 + "aa/b")),
    expressed(needs("NotIn", "no good")),
    expressed(needs("NotIn", "fine", "-")),
    expressed(needs("NotIn", "v" * 64)),
    expressed(needs("NotIn", "v\n")),
    {"matchLabels": {"tier": "prod\n"}},
    {"matchLabels": {"no good": "x"}},
]
VALID = [
    {},
    expressed(needs("DoesNotExist", key="b" * 63)),
    expressed(needs("DoesNotExist", key="a." * 126 + "a/b")),
    expressed(needs("DoesNotExist", key="rbac.example.com/aggregate-to_view.V1")),
    expressed(needs("NotIn", "v" * 63)),
    expressed(needs("NotIn", "")),
    expressed(needs("NotIn", "A.b_c-9")),
]


@pytest.mark.parametrize("selector", INVALID)
def test_an_invalid_selector_matches_nothing(selector: Manifest) -> None:
    assert not selects(selector_of(selector), {})
    assert not selects(selector_of(selector), {"tier": "prod", "b\n": "v", "": "x", "no good": "x"})


@pytest.mark.parametrize("selector", VALID)
def test_a_valid_selector_may_look_odd(selector: Manifest) -> None:
    assert selects(selector_of(selector), {"tier": "prod"})


@pytest.mark.parametrize("selector", INVALID)
@pytest.mark.parametrize("first", [True, False])
def test_one_invalid_selector_keeps_the_controller_off_the_whole_role(selector: Manifest, first: bool) -> None:
    # syncClusterRole returns at the first error and writes nothing, whatever the other selectors find.
    both = [selector, {}] if first else [{}, selector]
    aggregation = authorizer_of(cluster_role("all", selectors=both), cluster_role("part", READ_PODS)).aggregation
    assert aggregation.members("all") == ()
    assert aggregation.resolved("all") == aggregation.effective("all") == ()
    assert aggregation.names == ("all",)


def test_a_role_without_selectors_selects_nothing() -> None:
    aggregation = authorizer_of(cluster_role("all", selectors=[]), cluster_role("part", READ_PODS)).aggregation
    assert (aggregation.members("all"), aggregation.resolved("all")) == ((), ())


@given(worlds.selectors(), worlds.labels())
def test_selectors_match_as_the_loops_of_apimachinery(selector: Manifest, labels: dict[str, str]) -> None:
    assert selects(selector_of(selector), labels) is reference.selects(selector, labels)
